//! Finder patterns: the three nested squares in the corners of a code.
//!
//! Any straight line through the centre of one meets dark, light, dark, light
//! and dark in the ratio 1:1:3:1:1, whatever way the code is turned. So rows of
//! bits are searched for that ratio, the column through it must show it too,
//! and then the grey picture is asked: rays from the centre find the three
//! edges to a fraction of a pixel. A square fitted to them gives the centre and
//! the two ways in which the modules lie, which is what tells later which
//! three belong together.

use super::gray::{Gray, Vec2, vec2};
use super::square::Square;
use super::threshold::Split;

/// One finder pattern.
#[derive(Debug, Clone, Copy)]
pub struct Finder {
    pub centre: Vec2,
    /// From one module to the next, along one side and along the other. Which
    /// is which, and which way, the pattern does not tell: it has four symmetries.
    pub across: Vec2,
    pub along: Vec2,
    /// Luma of its dark and its light modules.
    pub dark: f32,
    pub light: f32,
    /// Rays that found all three edges, of [`RAYS`].
    pub rays: usize,
    /// How far the edges are from a square, in modules.
    pub error: f32,
}

impl Finder {
    /// Side of a module in pixels, of both ways the mean.
    pub fn module(&self) -> f32 {
        self.across.cross(self.along).abs().sqrt()
    }

    pub fn is_inverted(&self) -> bool {
        self.dark > self.light
    }

    /// The more rays found its edges and the squarer these are, the clearer it is.
    pub fn clarity(&self) -> f32 {
        self.rays as f32 / RAYS as f32 - self.error * 2.0
    }

    pub fn scaled(&self, by: f32) -> Self {
        Self { centre: self.centre * by, across: self.across * by, along: self.along * by, ..*self }
    }
}

pub const RAYS: usize = 24;

/// Rays that must find their edges.
const RAYS_NEEDED: usize = 14;

/// Patterns that are looked for at one size.
const MOST: usize = 1_000;

/// Least difference between dark and light, in luma.
const CONTRAST: f32 = 10.0;

/// Looks for patterns, with memory that is used again.
#[derive(Default)]
pub struct Search {
    words: Vec<u64>,
    /// Where a row changes.
    edges: Vec<u16>,
    /// For each edge whether a pattern may begin there.
    hopeful: Vec<u8>,
    /// Centres and halves of sides of what was found, not to be looked at again.
    known: Vec<(Vec2, f32)>,
}

/// Which rows of a picture are searched, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Rows {
    /// The first, and how far it is to the next.
    pub first: usize,
    pub step: usize,
    /// Patterns that are wider, in pixels, are left out.
    pub widest: usize,
    /// How many times as long as an outer run all five together may be: 7, if
    /// blur left nothing of it to its neighbours.
    pub longest: usize,
}

/// Five runs together against the shortest of them, in what is sharp and what is
/// not.
pub const SHARP: usize = 16;
pub const BLURRED: usize = 24;

impl Search {
    /// All patterns that these rows of a picture cross.
    pub fn find(
        &mut self,
        split: Split<'_>,
        rows: Rows,
        is_over: &dyn Fn() -> bool,
        found: &mut Vec<Finder>,
    ) {
        self.known.clear();
        let Rows { first, step, widest, longest } = rows;
        let mut y = first;
        while y < split.gray.height && self.known.len() < MOST && !is_over() {
            split.row(y, &mut self.words);
            edges(&self.words, split.gray.width, &mut self.edges);
            mark(&self.edges, &mut self.hopeful);
            for start in 0..self.hopeful.len() {
                if self.hopeful[start] == 0 {
                    continue;
                }
                let six: [usize; 6] =
                    [0, 1, 2, 3, 4, 5].map(|index: usize| usize::from(self.edges[start + index]));
                if six[5] - six[0] > widest || !is_like_finder(&six, longest) {
                    continue;
                }
                let is_dark = start % 2 == 0;
                let x = (six[2] + six[3]) / 2;
                let total = six[5] - six[0];
                let here = vec2(x as f32, y as f32 + 0.5);
                if self.known.iter().any(|(centre, half)| {
                    (centre.x - here.x).abs() < *half && (centre.y - here.y).abs() < *half
                }) {
                    continue;
                }
                if let Some(finder) = confirm(split, (x, y), (total, longest), is_dark) {
                    self.known.push((finder.centre, finder.module() * 2.0));
                    found.push(finder);
                }
            }
            y += step;
        }
    }
}

/// Where a row of bits changes, its end included; what lies before the first is
/// light.
fn edges(row: &[u64], width: usize, edges: &mut Vec<u16>) {
    edges.clear();
    let mut before = 0u64;
    for (index, &word) in row.iter().enumerate() {
        let mut changes = word ^ (word << 1 | before);
        before = word >> 63;
        edges.reserve(64);
        while changes != 0 {
            edges.push((index * 64) as u16 + changes.trailing_zeros() as u16);
            changes &= changes - 1;
        }
    }
    if edges.last().is_none_or(|&last| usize::from(last) < width) {
        edges.push(width as u16);
    }
}

/// Marks where five runs may be as 1:1:3:1:1: the middle one is more than a
/// quarter and less than two thirds of all, the others are less than two fifths
/// of the middle one or little. No branch, so that it is done for many at once.
fn mark(edges: &[u16], hopeful: &mut Vec<u8>) {
    hopeful.clear();
    let Some(count) = edges.len().checked_sub(5) else { return };
    let from = |index: usize| &edges[index..index + count];
    hopeful.extend(
        from(0).iter().zip(from(1)).zip(from(2)).zip(from(3)).zip(from(4)).zip(from(5)).map(
            |(((((&a, &b), &c), &d), &e), &f)| {
                let total = f - a;
                let middle = d - c;
                let thin = (total >> 2) + 1;
                u8::from(middle > total >> 2)
                    & u8::from(b - a <= thin)
                    & u8::from(c - b <= thin)
                    & u8::from(e - d <= thin)
                    & u8::from(f - e <= thin)
            },
        ),
    );
}

/// Whether five runs are as 1:1:3:1:1, more or less.
#[inline]
fn is_like_finder(six: &[usize], longest: usize) -> bool {
    let total = six[5] - six[0];
    let middle = six[3] - six[2];
    // The middle is 3/7 = 0.43 of all.
    if 4 * middle <= total || 8 * middle >= 5 * total + 8 || total < 7 {
        return false;
    }
    // The others are 1/7 each.
    let is_thin = |run: usize| longest * run >= total && 4 * run <= total + 4;
    is_thin(six[1] - six[0])
        && is_thin(six[2] - six[1])
        && is_thin(six[4] - six[3])
        && is_thin(six[5] - six[4])
}

/// Follows the runs from a pixel to one side: ends of the first, second and
/// third, none longer than a pattern of such a length has them. One threshold
/// does for all, as they change slowly.
fn three_runs(
    gray: Gray<'_>,
    limit: u8,
    (x, y): (usize, usize),
    way: Way,
    is_dark: bool,
    total: usize,
) -> Option<[usize; 3]> {
    let (mut at, step, room) = match way {
        Way::Left => (y * gray.stride + x, 1usize.wrapping_neg(), x),
        Way::Right => (y * gray.stride + x, 1, gray.width - 1 - x),
        Way::Up => (y * gray.stride + x, gray.stride.wrapping_neg(), y),
        Way::Down => (y * gray.stride + x, gray.stride, gray.height - 1 - y),
    };
    let mut ends = [0; 3];
    let mut steps = 0;
    let mut most = 0;
    for (index, end) in ends.iter_mut().enumerate() {
        let wanted = is_dark == (index % 2 == 0);
        most += if index == 0 { total + 1 } else { total * 3 / 5 + 2 };
        loop {
            steps += 1;
            if steps > room {
                if index < 2 {
                    return None;
                }
                break;
            }
            if steps > most {
                return None;
            }
            at = at.wrapping_add(step);
            if (gray.pixels[at] / 2 < limit) != wanted {
                break;
            }
        }
        *end = steps;
    }
    Some(ends)
}

#[derive(Clone, Copy)]
enum Way {
    Left,
    Right,
    Up,
    Down,
}

/// The runs through a pixel along a column or a row: the middle of the middle
/// one and the length of all, if they are as 1:1:3:1:1.
fn cross(
    split: Split<'_>,
    at: (usize, usize),
    is_column: bool,
    is_dark: bool,
    (total, longest): (usize, usize),
) -> Option<(f32, usize)> {
    let (back, on, from) =
        if is_column { (Way::Up, Way::Down, at.1) } else { (Way::Left, Way::Right, at.0) };
    let limit = split.limit(at.0, at.1);
    let on = three_runs(split.gray, limit, at, on, is_dark, total)?;
    let back = three_runs(split.gray, limit, at, back, is_dark, total)?;
    // From the pixel's own place: the ends before it lie at from - back + 1.
    let edge = |steps: usize| (from + 1).wrapping_sub(steps);
    let six =
        [edge(back[2]), edge(back[1]), edge(back[0]), from + on[0], from + on[1], from + on[2]];
    if six[0] > six[5] || !is_like_finder(&six, longest) {
        return None;
    }
    Some(((six[2] + six[3]) as f32 / 2.0, six[5] - six[0]))
}

fn confirm(
    split: Split<'_>,
    (x, y): (usize, usize),
    (total, longest): (usize, usize),
    is_dark: bool,
) -> Option<Finder> {
    let (cy, tall) = cross(split, (x, y), true, is_dark, (total, longest))?;
    let middle = (cy as usize).min(split.gray.height - 1);
    let (cx, wide) = cross(split, (x, middle), false, is_dark, (tall, longest))?;
    if wide > tall * 5 / 2 || tall > wide * 5 / 2 {
        return None;
    }
    let centre = vec2(cx, cy);
    fit(split.gray, centre, wide as f32 / 7.0, tall as f32 / 7.0)
}

/// Fits a square to the edges around a centre.
pub fn fit(gray: Gray<'_>, centre: Vec2, wide: f32, tall: f32) -> Option<Finder> {
    // What is dark and light here: the middle, and the ring around it.
    let mut dark = 0.0;
    for (dx, dy) in [(0.0, 0.0), (0.6, 0.0), (-0.6, 0.0), (0.0, 0.6), (0.0, -0.6)] {
        dark += gray.at(centre + vec2(dx * wide, dy * tall)) / 5.0;
    }
    // At every angle the ring is somewhere between 1.5 and 3.5 modules out; the
    // value farthest from the middle's is it.
    let mut light = 0.0;
    let mut is_lighter = 0.0;
    for (dx, dy) in [(2.0, 0.0), (-2.0, 0.0), (0.0, 2.0), (0.0, -2.0)] {
        let value = gray.at(centre + vec2(dx * wide, dy * tall));
        light += value / 4.0;
        is_lighter += (value - dark).signum();
    }
    if (light - dark).abs() < CONTRAST || f32::abs(is_lighter) < 3.0 {
        return None;
    }
    let mut points = [Vec2::default(); RAYS];
    let mut count = 0;
    let step = (1.0 / wide.max(tall)).clamp(0.12, 0.5);
    for ray in 0..RAYS {
        // 7 and 24 have no common factor: any first few rays are spread.
        let turn = (ray * 7 % RAYS) as f32 / RAYS as f32 * std::f32::consts::TAU;
        let way = vec2(turn.cos() * wide, turn.sin() * tall);
        if let Some([second, third]) = ring(gray, centre, way, (dark, light), step) {
            points[count] = way * f32::midpoint(second, third);
            count += 1;
        }
        // Enough to see that nothing will come of it.
        if (ray == 3 && count < 2) || (ray == 7 && count < 5) {
            return None;
        }
    }
    if count < RAYS_NEEDED {
        return None;
    }
    let square = Square::nearest(&points[..count], f32::midpoint(wide, tall))?;
    if square.error > 0.14 {
        return None;
    }
    let finder = Finder {
        centre: centre + square.offset,
        across: square.across,
        along: square.along,
        dark,
        light,
        rays: count,
        error: square.error,
    };
    // Too flat to be read, or no square at all.
    let (a, b) = (finder.across.length(), finder.along.length());
    let is_plausible = finder.module() > 0.35 * a.max(b)
        && a.max(b) < 4.0 * a.min(b)
        && square.offset.length() < 1.5 * a.max(b);
    is_plausible.then_some(finder)
}

/// Rises and falls smaller than this share of the contrast are noise.
const NOISE: f32 = 0.12;

/// A dark ring is darker than the light one by at least this share of the
/// contrast: blur may leave no more of it.
const RING: f32 = 0.12;

/// Samples of a ray, at most.
const SAMPLES: usize = 52;

/// Along a way whose unit is about a module: where the light ring ends and where
/// the dark one does.
///
/// Blur makes a ring of one module paler than the middle of three, so there is
/// no one threshold for all edges: each is half-way between the extremes to
/// both sides of it.
fn ring(
    gray: Gray<'_>,
    centre: Vec2,
    way: Vec2,
    (dark, light): (f32, f32),
    step: f32,
) -> Option<[f32; 2]> {
    let mut values = [0.0; SAMPLES];
    let noise = NOISE.max(4.0 / (light - dark).abs());
    let per_luma = 1.0 / (light - dark);
    // The lightest of the light ring and the darkest of the dark one, each once
    // it is left again by more than noise.
    let (mut peak, mut trough) = (0, 0);
    let mut count = 1;
    let mut is_past_peak = false;
    let mut is_out = false;
    while count < SAMPLES && (count as f32) * step < 6.0 {
        let place = centre + way * (count as f32 * step);
        // The middle is 0 and the light ring about 1. Beyond the picture all is
        // light: codes are cut out along their edge by people who know no quiet
        // zone.
        let is_inside = gray.contains(place);
        let value = if is_inside { (gray.at(place) - dark) * per_luma } else { 1.0 };
        values[count] = value;
        if !is_past_peak {
            if value > values[peak] {
                peak = count;
            } else if value < values[peak] - noise && values[peak] > 0.4 {
                is_past_peak = true;
                trough = count;
            }
        } else if value < values[trough] {
            trough = count;
        } else if value > values[trough] + noise
            && value >= f32::midpoint(values[trough], values[peak])
        {
            is_out = true;
            break;
        }
        count += 1;
    }
    if !is_out || values[peak] - values[trough] < RING {
        return None;
    }
    let crossing = |range: std::ops::Range<usize>, limit: f32, rises: bool| {
        range.into_iter().find_map(|at| {
            let (before, here) = (values[at], values[at + 1]);
            let is_crossed = if rises { here >= limit } else { here <= limit };
            is_crossed.then(|| {
                let part = if here == before { 1.0 } else { (limit - before) / (here - before) };
                (at as f32 + part.clamp(0.0, 1.0)) * step
            })
        })
    };
    let limit = f32::midpoint(values[peak], values[trough]);
    let first = crossing(0..peak, values[peak] / 2.0, true)?;
    let second = crossing(peak..trough, limit, false)?;
    let third = crossing(trough..count, limit, true)?;
    let is_ring = first > 0.7
        && first < 3.4
        && second > first * 1.2
        && second < first * 2.6
        && third > first * 1.65
        && third < first * 4.0
        && third - second < (second * 1.1).min(2.6);
    is_ring.then_some([second, third])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn edges_are_where_a_row_changes(
            width in 1..300_usize,
            runs in prop::collection::vec(1..40_usize, 1..80),
        ) {
            // Light and dark in turns, then the same to the end.
            let mut row = vec![false; width];
            let mut at = 0;
            for (index, run) in runs.iter().enumerate() {
                let end = (at + run).min(width);
                row[at..end].fill(index % 2 == 1);
                at = end;
            }
            let mut words = vec![0u64; width.div_ceil(64)];
            for (at, _) in row.iter().enumerate().filter(|(_, is_dark)| **is_dark) {
                words[at / 64] |= 1 << (at % 64);
            }
            let mut expected: Vec<usize> =
                (1..width).filter(|&at| row[at] != row[at - 1]).collect();
            if row[0] {
                expected.insert(0, 0);
            }
            expected.push(width);
            let mut found = Vec::new();
            edges(&words, width, &mut found);
            let found: Vec<usize> = found.into_iter().map(usize::from).collect();
            prop_assert_eq!(found, expected);
        }

        /// The quick look over all edges leaves nothing out that the close one
        /// would take.
        #[test]
        fn what_is_like_a_finder_is_hopeful(
            module in 1..60_u16,
            longest in prop::sample::select(vec![SHARP, BLURRED]),
            runs in prop::collection::vec((1..8_u16, 0..5_u16), 5..40),
        ) {
            let mut row = vec![0];
            for (modules, more) in runs {
                row.push(row[row.len() - 1] + modules * module + more);
            }
            let mut hopeful = Vec::new();
            mark(&row, &mut hopeful);
            prop_assert_eq!(hopeful.len(), row.len() - 5);
            for (six, &hopeful) in row.windows(6).zip(&hopeful) {
                let six: Vec<usize> = six.iter().copied().map(usize::from).collect();
                prop_assert!(hopeful == 1 || !is_like_finder(&six, longest), "{:?}", six);
            }
        }
    }
}
