//! Dark or light: every pixel against what is usual around it.
//!
//! A threshold for each block of 8 x 8 pixels, from the 5 x 5 blocks around it.
//! Where these hardly differ there is nothing to read and all is light, which
//! saves looking for patterns in noise. Blocks are measured once, on the
//! picture at half size; those of all other sizes follow from them. And only
//! rows that are searched are ever split.

use super::gray::Gray;

/// Pixels along the side of a block.
pub const BLOCK: usize = 8;

/// Blocks to each side that have a say in a threshold.
const AROUND: usize = 2;

/// Blocks across all that have one.
const WHOLE: usize = 2 * AROUND + 1;

/// Darkest, lightest and mean luma of each block.
#[derive(Default)]
pub struct Blocks {
    columns: usize,
    rows: usize,
    low: Vec<u8>,
    high: Vec<u8>,
    mean: Vec<u8>,
}

/// How a threshold is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The mean around.
    Mean,
    /// Half-way between the darkest and the lightest around.
    Middle,
}

/// Pixels of the picture at half size along the side of the smallest blocks.
const HALF_BLOCK: usize = 4;

impl Blocks {
    fn reset(&mut self, columns: usize, rows: usize) {
        (self.columns, self.rows) = (columns, rows);
        self.low.resize(columns * rows, 0);
        self.high.resize(columns * rows, 0);
        self.mean.resize(columns * rows, 0);
    }

    /// Measures a picture at half size in blocks that are 8 pixels wide in the
    /// whole.
    pub fn measure(&mut self, half: Gray<'_>) {
        let (columns, rows) = (half.width.div_ceil(HALF_BLOCK), half.height.div_ceil(HALF_BLOCK));
        self.reset(columns, rows);
        for row in 0..rows {
            // Two of the four rows say enough.
            let top = row * HALF_BLOCK;
            let one = half.row(top);
            let other = half.row((top + 2).min(half.height - 1));
            let out = row * columns..(row + 1) * columns;
            let lows = &mut self.low[out.clone()];
            let highs = &mut self.high[out.clone()];
            let means = &mut self.mean[out];
            let (one, one_rest) = one.as_chunks::<HALF_BLOCK>();
            let (other, other_rest) = other.as_chunks::<HALF_BLOCK>();
            for ((((low, high), mean), a), b) in
                lows.iter_mut().zip(&mut *highs).zip(&mut *means).zip(one).zip(other)
            {
                (*low, *high, *mean) = measure(*a, *b);
            }
            if let (Some(&a), Some(&b)) = (one_rest.last(), other_rest.last()) {
                let last = columns - 1;
                let fill = |rest: &[u8], by: u8| {
                    [0, 1, 2, 3].map(|index: usize| rest.get(index).copied().unwrap_or(by))
                };
                (lows[last], highs[last], means[last]) =
                    measure(fill(one_rest, a), fill(other_rest, b));
            }
        }
    }

    /// Measures a picture by one row of each block, the one so far down. For a
    /// glance that will search no other rows.
    pub fn measure_rows(&mut self, gray: Gray<'_>, first: usize) {
        let (columns, rows) = (gray.width.div_ceil(BLOCK), gray.height.div_ceil(BLOCK));
        self.reset(columns, rows);
        for row in 0..rows {
            let line = gray.row((row * BLOCK + first).min(gray.height - 1));
            let out = row * columns..(row + 1) * columns;
            for (((low, high), mean), pixels) in self.low[out.clone()]
                .iter_mut()
                .zip(&mut self.high[out.clone()])
                .zip(&mut self.mean[out])
                .zip(line.chunks(BLOCK))
            {
                // A block that the edge cuts off is filled up with its last pixel.
                let last = pixels[pixels.len() - 1];
                let eight: [u8; BLOCK] = pixels.try_into().unwrap_or_else(|_| {
                    std::array::from_fn(|index| pixels.get(index).copied().unwrap_or(last))
                });
                let [a, b, c, d, e, f, g, h] = eight;
                (*low, *high, *mean) = measure([a, b, c, d], [e, f, g, h]);
            }
        }
    }

    /// The blocks of a picture at half the size of these blocks' picture.
    pub fn halve(&self, half: &mut Self) {
        half.reset(self.columns.div_ceil(2), self.rows.div_ceil(2));
        for row in 0..half.rows {
            let below = (2 * row + 1).min(self.rows - 1);
            let of = |row: usize| row * self.columns..(row + 1) * self.columns;
            let out = row * half.columns..(row + 1) * half.columns;
            let join = |from: &[u8], to: &mut [u8], join: fn([u8; 4]) -> u8| {
                fours(&from[of(2 * row)], &from[of(below)], &mut to[out.clone()], join);
            };
            join(&self.low, &mut half.low, |[a, b, c, d]| a.min(b).min(c.min(d)));
            join(&self.high, &mut half.high, |[a, b, c, d]| a.max(b).max(c.max(d)));
            join(&self.mean, &mut half.mean, |four| {
                (four.iter().map(|&mean| u16::from(mean)).sum::<u16>() / 4) as u8
            });
        }
    }
}

/// Squares of four from two lines, each joined to one; a last column alone counts
/// twice.
#[inline]
fn fours(upper: &[u8], lower: &[u8], to: &mut [u8], join: impl Fn([u8; 4]) -> u8) {
    let ((twos, one), (twos_below, one_below)) = (upper.as_chunks::<2>(), lower.as_chunks::<2>());
    for ((to, &[a, b]), &[c, d]) in to.iter_mut().zip(twos).zip(twos_below) {
        *to = join([a, b, c, d]);
    }
    if let (Some(to), [a], [c]) = (to.last_mut(), one, one_below) {
        *to = join([*a, *a, *c, *c]);
    }
}

/// Darkest, lightest and mean of eight pixels.
#[inline]
fn measure(a: [u8; 4], b: [u8; 4]) -> (u8, u8, u8) {
    let low = [0, 1, 2, 3].map(|index: usize| a[index].min(b[index]));
    let high = [0, 1, 2, 3].map(|index: usize| a[index].max(b[index]));
    let sum: u16 = a.iter().chain(&b).map(|&pixel| u16::from(pixel)).sum();
    (
        low[0].min(low[1]).min(low[2].min(low[3])),
        high[0].max(high[1]).max(high[2].max(high[3])),
        (sum / 8) as u8,
    )
}

/// A threshold for each block.
#[derive(Default)]
pub struct Limits {
    columns: usize,
    rows: usize,
    limits: Vec<u8>,
    lows: Vec<u8>,
    highs: Vec<u8>,
    sums: Vec<u16>,
    five_lows: Vec<u8>,
    five_highs: Vec<u8>,
    five_sums: Vec<u16>,
}

impl Limits {
    /// Thresholds by a rule; where dark and light differ by less than `flat`,
    /// nothing is dark.
    pub fn choose(&mut self, blocks: &Blocks, rule: Rule, flat: u8) {
        let (columns, rows) = (blocks.columns, blocks.rows);
        (self.columns, self.rows) = (columns, rows);
        self.limits.resize(columns * rows, 0);
        self.lows.resize(columns, 0);
        self.highs.resize(columns, 0);
        self.sums.resize(columns, 0);
        // Columns of five blocks first, then five of those side by side.
        for row in 0..rows {
            let (top, bottom) = around(row, rows);
            self.lows.fill(255);
            self.highs.fill(0);
            self.sums.fill(0);
            for other in top..bottom {
                let line = other * columns..(other + 1) * columns;
                for (a, &b) in self.lows.iter_mut().zip(&blocks.low[line.clone()]) {
                    *a = (*a).min(b);
                }
                for (a, &b) in self.highs.iter_mut().zip(&blocks.high[line.clone()]) {
                    *a = (*a).max(b);
                }
                for (a, &b) in self.sums.iter_mut().zip(&blocks.mean[line]) {
                    *a += u16::from(b);
                }
            }
            if columns < WHOLE {
                let low = self.lows.iter().fold(255, |a, &b| b.min(a));
                let high = self.highs.iter().fold(0, |a, &b| b.max(a));
                let mean = self.sums.iter().sum::<u16>() / ((bottom - top) * columns) as u16;
                self.limits[row * columns..][..columns].fill(rule.limit(low, high, mean, flat));
                continue;
            }
            fives(&self.lows, &mut self.five_lows, u8::min);
            fives(&self.highs, &mut self.five_highs, u8::max);
            fives(&self.sums, &mut self.five_sums, |a, b| a + b);
            let blocks = ((bottom - top) * WHOLE) as u16;
            let limits = &mut self.limits[row * columns..][..columns];
            for (((limit, &low), &high), &sum) in limits[AROUND..]
                .iter_mut()
                .zip(&self.five_lows)
                .zip(&self.five_highs)
                .zip(&self.five_sums)
            {
                *limit = rule.limit(low, high, sum / blocks, flat);
            }
            let (first, last) = (limits[AROUND], limits[columns - 1 - AROUND]);
            limits[..AROUND].fill(first);
            limits[columns - AROUND..].fill(last);
        }
    }
}

impl Rule {
    #[inline]
    fn limit(self, low: u8, high: u8, mean: u16, flat: u8) -> u8 {
        if high.saturating_sub(low) < flat {
            0
        } else if self == Self::Middle {
            low / 2 + high / 2
        } else {
            mean as u8
        }
    }
}

/// What five neighbours make together, for each five of a line.
fn fives<T: Copy>(line: &[T], out: &mut Vec<T>, join: impl Fn(T, T) -> T) {
    out.clear();
    let Some(count) = line.len().checked_sub(WHOLE - 1) else { return };
    let from = |index: usize| &line[index..index + count];
    out.extend(
        from(0)
            .iter()
            .zip(from(1))
            .zip(from(2))
            .zip(from(3))
            .zip(from(4))
            .map(|((((&a, &b), &c), &d), &e)| join(join(join(a, b), join(c, d)), e)),
    );
}

fn around(at: usize, count: usize) -> (usize, usize) {
    let from = at.saturating_sub(AROUND).min(count.saturating_sub(WHOLE));
    (from, (from + WHOLE).min(count))
}

/// A picture with its thresholds.
#[derive(Clone, Copy)]
pub struct Split<'a> {
    pub gray: Gray<'a>,
    pub limits: &'a Limits,
}

impl Split<'_> {
    /// Half of the threshold at a pixel: it is dark if half of its luma is less.
    #[inline]
    pub fn limit(&self, x: usize, y: usize) -> u8 {
        let limits = self.limits;
        let column = (x / BLOCK).min(limits.columns - 1);
        let row = (y / BLOCK).min(limits.rows - 1);
        limits.limits[row * limits.columns + column] / 2
    }

    /// A row as bits, the first pixel in the lowest bit of the first word; set
    /// is dark.
    pub fn row(&self, y: usize, words: &mut Vec<u64>) {
        let limits = self.limits;
        let row = (y / BLOCK).min(limits.rows - 1);
        let limits = &limits.limits[row * limits.columns..][..limits.columns];
        let line = self.gray.row(y);
        words.clear();
        let (whole, rest) = line.as_chunks::<BLOCK>();
        words.extend(whole.chunks(8).zip(limits.chunks(8)).map(|(eights, limits)| {
            let mut packed = 0u64;
            for (eight, &limit) in eights.iter().rev().zip(limits[..eights.len()].iter().rev()) {
                packed = packed << 8 | darker(*eight, limit);
            }
            packed
        }));
        words.resize(line.len().div_ceil(64), 0);
        if !rest.is_empty() {
            let limit = limits[whole.len().min(limits.len() - 1)];
            for (index, &pixel) in rest.iter().enumerate() {
                let x = whole.len() * BLOCK + index;
                words[x / 64] |= u64::from(pixel / 2 < limit / 2) << (x % 64);
            }
        }
    }
}

/// Which of eight pixels are darker than a limit, without their lowest bit. One
/// subtraction for all eight: the highest bit of each byte stays if nothing was
/// borrowed.
#[inline]
fn darker(eight: [u8; 8], limit: u8) -> u64 {
    const SEVEN: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const TOP: u64 = 0x8080_8080_8080_8080;
    let pixels = u64::from_le_bytes(eight) >> 1 & SEVEN;
    let limits = u64::from(limit >> 1) * 0x0101_0101_0101_0101;
    let lighter = ((pixels | TOP) - limits) & TOP;
    let dark = (lighter ^ TOP) >> 7;
    dark.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decoder::gray::halve;

    fn limits(gray: Gray<'_>, rule: Rule) -> Limits {
        let mut memory = Vec::new();
        let mut blocks = Blocks::default();
        blocks.measure(halve(gray, &mut memory));
        let mut limits = Limits::default();
        limits.choose(&blocks, rule, 20);
        limits
    }

    #[test]
    fn nothing_is_dark_where_all_is_even() {
        let pixels: Vec<u8> =
            (0..100 * 90).map(|at| 100 + u8::try_from(at % 19).unwrap()).collect();
        let gray = Gray { width: 100, height: 90, stride: 100, pixels: &pixels };
        for rule in [Rule::Mean, Rule::Middle] {
            let limits = limits(gray, rule);
            let mut words = Vec::new();
            for y in 0..90 {
                Split { gray, limits: &limits }.row(y, &mut words);
                assert!(words.iter().all(|&word| word == 0), "{rule:?}: {words:?}");
            }
        }
    }

    #[test]
    fn light_falling_off_makes_no_difference() {
        // Stripes of eight pixels on paper that goes from light to nearly black.
        let paper = |x: usize| 250 - x / 2;
        let is_stripe = |x: usize| (x / 8).is_multiple_of(2);
        let luma = |x: usize| if is_stripe(x) { paper(x) / 2 } else { paper(x) };
        let pixels: Vec<u8> =
            (0..400 * 80).map(|at| u8::try_from(luma(at % 400)).unwrap()).collect();
        let gray = Gray { width: 400, height: 80, stride: 400, pixels: &pixels };
        for rule in [Rule::Mean, Rule::Middle] {
            let limits = limits(gray, rule);
            let mut words = Vec::new();
            Split { gray, limits: &limits }.row(40, &mut words);
            for x in 0..400 {
                let is_dark = words[x / 64] >> (x % 64) & 1 == 1;
                assert_eq!(is_dark, is_stripe(x), "{rule:?}: {x}");
            }
        }
    }

    proptest! {
        /// Bits are packed eight at a time; each must be what its pixel and its
        /// limit say.
        #[test]
        fn a_row_is_what_its_pixels_are(
            (width, height, gap) in (2..200_usize, 2..40_usize, 0..9_usize),
            noise in prop::collection::vec(any::<u8>(), 199 * 40),
            rule in prop::sample::select(vec![Rule::Mean, Rule::Middle]),
        ) {
            let stride = width + gap;
            let pixels: Vec<u8> = noise.iter().copied().cycle().take(stride * height).collect();
            let gray = Gray { width, height, stride, pixels: &pixels };
            let limits = limits(gray, rule);
            let split = Split { gray, limits: &limits };
            let mut words = vec![7; 2];
            for y in 0..height {
                split.row(y, &mut words);
                prop_assert_eq!(words.len(), width.div_ceil(64));
                for at in 0..words.len() * 64 {
                    let is_dark = at < width && gray.row(y)[at] / 2 < split.limit(at, y);
                    prop_assert_eq!(words[at / 64] >> (at % 64) & 1 == 1, is_dark, "{}, {}", at, y);
                }
            }
        }

        #[test]
        fn blocks_of_any_picture_can_be_measured(
            (width, height) in (1..70_usize, 1..70_usize),
            noise in prop::collection::vec(any::<u8>(), 70 * 70),
            first in 0..BLOCK,
        ) {
            let gray = Gray { width, height, stride: width, pixels: &noise };
            let (mut blocks, mut half, mut limits) =
                (Blocks::default(), Blocks::default(), Limits::default());
            blocks.measure_rows(gray, first);
            blocks.halve(&mut half);
            for (blocks, side) in [(&blocks, BLOCK), (&half, 2 * BLOCK)] {
                limits.choose(blocks, Rule::Mean, 0);
                prop_assert_eq!(limits.columns, width.div_ceil(side));
                prop_assert_eq!(limits.rows, height.div_ceil(side));
                let least = noise[..width * height].iter().min();
                prop_assert!(limits.limits.iter().min() >= least);
            }
        }
    }
}
