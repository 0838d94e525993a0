//! From the modules of a code to its words: format, mask, order, repair.
//!
//! A module is not black or white here but a number: positive for dark, and the
//! farther from zero the surer. What cannot be mended by itself is tried again
//! with its least certain words erased, which doubles what a torn or glaring
//! corner may cost.

use super::galois::{self, Syndromes};
use super::version::{Version, is_function};
use crate::Level;

/// Where the bits of a version's words lie.
#[derive(Default)]
pub struct Layout {
    version: Option<Version>,
    /// Column and row of each bit, the first word's first.
    bits: Vec<(u8, u8)>,
}

impl Layout {
    /// Becomes that of a version.
    pub fn become_of(&mut self, version: Version) {
        if self.version == Some(version) {
            return;
        }
        self.version = Some(version);
        self.bits.clear();
        let side = version.side();
        let bits = version.words() * 8;
        let mut right = side - 1;
        let mut is_upward = true;
        // In pairs of columns from the right, up and down in turns; the column of
        // the timing pattern is no part of a pair.
        loop {
            if right == 6 {
                right = 5;
            }
            for step in 0..side {
                let row = if is_upward { side - 1 - step } else { step };
                for column in [right, right - 1] {
                    if self.bits.len() < bits && !is_function(version, column, row) {
                        self.bits.push((column as u8, row as u8));
                    }
                }
            }
            if right < 2 {
                break;
            }
            right -= 2;
            is_upward = !is_upward;
        }
    }
}

/// Modules of a code, row by row: dark above zero, light below.
pub struct Modules<'a> {
    pub version: Version,
    pub layout: &'a Layout,
    pub values: &'a [f32],
}

impl Modules<'_> {
    fn at(&self, column: usize, row: usize) -> f32 {
        self.values[row * self.version.side() + column]
    }
}

/// The words of a code after repair, without its check words.
pub struct Words {
    pub level: Level,
    pub data: Vec<u8>,
    pub is_mirrored: bool,
}

/// All 32 format sequences: five bits of data, ten of BCH, masked.
fn format_sequence(data: u16) -> u16 {
    let mut rest = data << 10;
    for bit in (10..15).rev() {
        if rest & (1 << bit) != 0 {
            rest ^= 0x537 << (bit - 10);
        }
    }
    (data << 10 | rest) ^ 0x5412
}

/// All version sequences: six bits of data, twelve of Golay.
fn version_sequence(version: u32) -> u32 {
    let mut rest = version << 12;
    for bit in (12..18).rev() {
        if rest & (1 << bit) != 0 {
            rest ^= 0x1f25 << (bit - 12);
        }
    }
    version << 12 | rest
}

/// The version whose sequence is nearest, if no more than three bits are wrong,
/// which is all that its distance of 8 allows.
pub fn nearest_version(bits: u32) -> Option<i32> {
    (7..=40u8)
        .map(|version| ((version_sequence(u32::from(version)) ^ bits).count_ones(), version))
        .min()
        .filter(|(errors, _)| *errors <= 3)
        .map(|(_, version)| i32::from(version))
}

/// Bits of a format that may be wrong. The distance of its code is 7.
const FORMAT_ERRORS: u32 = 3;

/// The two places of each bit of the format, most significant first.
fn format_places(side: usize, bit: usize) -> [(usize, usize); 2] {
    const FIRST: [(usize, usize); 15] = [
        (0, 8),
        (1, 8),
        (2, 8),
        (3, 8),
        (4, 8),
        (5, 8),
        (7, 8),
        (8, 8),
        (8, 7),
        (8, 5),
        (8, 4),
        (8, 3),
        (8, 2),
        (8, 1),
        (8, 0),
    ];
    let second = if bit < 7 { (8, side - 1 - bit) } else { (side - 15 + bit, 8) };
    [FIRST[bit], second]
}

struct Format {
    level: Level,
    mask: u8,
    errors: u32,
}

/// The format nearest to what both copies say. A copy alone may be within three
/// wrong bits; the two together are weighed by how sure each bit is.
fn read_format(modules: &Modules<'_>, is_mirrored: bool) -> Option<Format> {
    let side = modules.version.side();
    let read = |copy: usize, bit: usize| {
        let (column, row) = format_places(side, bit)[copy];
        let (column, row) = if is_mirrored { (row, column) } else { (column, row) };
        modules.at(column, row).clamp(-1.0, 1.0)
    };
    let first: [f32; 15] = std::array::from_fn(|bit| read(0, bit));
    let second: [f32; 15] = std::array::from_fn(|bit| read(1, bit));
    let both = std::array::from_fn(|bit| first[bit] + second[bit]);
    let sure = [first, second, both];
    let mut best: Option<(f32, Format)> = None;
    for data in 0..32u16 {
        let sequence = format_sequence(data);
        let mut errors = u32::MAX;
        let mut weight = 0.0;
        for (copy, bits) in sure.iter().enumerate() {
            let mut wrong = 0;
            for (bit, &value) in bits.iter().enumerate() {
                let is_dark = sequence >> (14 - bit) & 1 == 1;
                wrong += u32::from(is_dark != (value > 0.0));
                if copy == 2 {
                    weight += if is_dark { value } else { -value };
                }
            }
            errors = errors.min(wrong);
        }
        if errors <= FORMAT_ERRORS && best.as_ref().is_none_or(|(most, _)| weight > *most) {
            let level = match data >> 3 {
                0 => Level::M,
                1 => Level::L,
                2 => Level::H,
                _ => Level::Q,
            };
            best = Some((weight, Format { level, mask: (data & 7) as u8, errors }));
        }
    }
    best.map(|(_, format)| format)
}

fn is_masked(mask: u8, column: usize, row: usize) -> bool {
    let (j, i) = (column, row);
    match mask {
        0 => (i + j) % 2 == 0,
        1 => i % 2 == 0,
        2 => j % 3 == 0,
        3 => (i + j) % 3 == 0,
        4 => (i / 2 + j / 3) % 2 == 0,
        5 => i * j % 2 + i * j % 3 == 0,
        6 => (i * j % 2 + i * j % 3) % 2 == 0,
        _ => ((i + j) % 2 + i * j % 3) % 2 == 0,
    }
}

/// The words in the order in which they lie, and how sure the least sure bit of
/// each is.
fn raw_words(modules: &Modules<'_>, mask: u8, is_mirrored: bool) -> (Vec<u8>, Vec<f32>) {
    let side = modules.version.side();
    let (words, _) = modules.layout.bits.as_chunks::<8>();
    words
        .iter()
        .map(|places| {
            let (mut word, mut least) = (0u8, f32::MAX);
            for &(column, row) in places {
                let (column, row) = (usize::from(column), usize::from(row));
                let at = if is_mirrored { column * side + row } else { row * side + column };
                let value = modules.values[at];
                let is_dark = (value > 0.0) != is_masked(mask, column, row);
                word = word << 1 | u8::from(is_dark);
                least = least.min(value.abs());
            }
            (word, least)
        })
        .unzip()
}

/// Check words that must be left over when words are erased, so that noise does
/// not read as something.
const LEFT_OVER: usize = 6;

/// Of these, check words that no further error may need. Three errors in the six
/// that are left over would fit one of some thousand blocks of noise, two fit
/// one of millions.
const SPARE: usize = 2;

/// Most attempts with erased words on one block.
const ATTEMPTS: usize = 6;

/// Decodes. None, if this is no QR code or too much of it is gone.
pub fn decode(modules: &Modules<'_>) -> Option<Words> {
    // One that is seen in a mirror has its format transposed.
    let straight = read_format(modules, false);
    let mirrored = read_format(modules, true);
    let mut tries: Vec<(Format, bool)> =
        straight.map(|f| (f, false)).into_iter().chain(mirrored.map(|f| (f, true))).collect();
    tries.sort_by_key(|(format, _)| format.errors);
    tries.into_iter().find_map(|(format, is_mirrored)| words(modules, &format, is_mirrored))
}

fn words(modules: &Modules<'_>, format: &Format, is_mirrored: bool) -> Option<Words> {
    let version = modules.version;
    let (raw, sureness) = raw_words(modules, format.mask, is_mirrored);
    let blocks = version.blocks(format.level);
    let checks = version.checks(format.level);
    let short = raw.len() / blocks;
    let short_blocks = blocks - raw.len() % blocks;
    let mut data = Vec::with_capacity(raw.len());
    let mut block: Vec<u8> = Vec::with_capacity(short + 1);
    let mut sure: Vec<f32> = Vec::with_capacity(short + 1);
    for index in 0..blocks {
        let length = short + usize::from(index >= short_blocks);
        block.clear();
        sure.clear();
        for at in 0..length {
            let is_check = at >= length - checks;
            let place = if is_check {
                // Check words follow all data words.
                raw.len() - checks * blocks + (at - (length - checks)) * blocks + index
            } else if at < short - checks {
                at * blocks + index
            } else {
                // The one more that long blocks have.
                (short - checks) * blocks + index - short_blocks
            };
            block.push(raw[place]);
            sure.push(sureness[place]);
        }
        mend(&mut block, checks, &sure)?;
        data.extend_from_slice(&block[..length - checks]);
    }
    Some(Words { level: format.level, data, is_mirrored })
}

fn mend(block: &mut [u8], checks: usize, sure: &[f32]) -> Option<usize> {
    let syndromes = Syndromes::of(block, checks)?;
    if let Some(wrong) = galois::mend(block, &syndromes, &[], 0) {
        return Some(wrong);
    }
    let most = checks.saturating_sub(LEFT_OVER);
    if most < 2 {
        return None;
    }
    let mut order: Vec<usize> = (0..block.len()).collect();
    order.sort_by(|&a, &b| sure[a].total_cmp(&sure[b]));
    let step = most.div_ceil(ATTEMPTS).max(2);
    let mut count = step.min(most);
    loop {
        if let Some(wrong) = galois::mend(block, &syndromes, &order[..count], SPARE) {
            return Some(wrong + count);
        }
        if count >= most {
            return None;
        }
        count = (count + step).min(most);
    }
}

#[cfg(test)]
mod tests;
