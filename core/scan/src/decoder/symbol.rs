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
mod tests {
    use proptest::prelude::*;
    use qrcode::bits::Bits;
    use qrcode::canvas::{Canvas, MaskPattern};
    use qrcode::{Color, EcLevel, QrCode};

    use super::*;
    use crate::decoder::text;

    const LEVELS: [(Level, EcLevel); 4] = [
        (Level::L, EcLevel::L),
        (Level::M, EcLevel::M),
        (Level::Q, EcLevel::Q),
        (Level::H, EcLevel::H),
    ];

    /// A code's modules, as sure as can be.
    struct Code {
        version: Version,
        layout: Layout,
        values: Vec<f32>,
    }

    impl Code {
        /// One that is full of what a byte segment can hold, and its text.
        fn full(number: i16, level: EcLevel) -> (Self, String) {
            let version = qrcode::Version::Normal(number);
            let mut bits = Bits::new(version);
            let room = bits.max_len(level).unwrap() - 4 - if number < 10 { 8 } else { 16 };
            let text: String = ('!'..='~').cycle().take(room / 8).collect();
            bits.push_byte_data(text.as_bytes()).unwrap();
            bits.push_terminator(level).unwrap();
            (Self::of(&QrCode::with_bits(bits, level).unwrap().into_colors()), text)
        }

        fn of(colors: &[Color]) -> Self {
            let version = Version::new((colors.len().isqrt() - 17) / 4).unwrap();
            let mut layout = Layout::default();
            layout.become_of(version);
            let value = |color: &Color| if *color == Color::Dark { 1.0 } else { -1.0 };
            Self { version, layout, values: colors.iter().map(value).collect() }
        }

        fn at(&mut self, column: usize, row: usize) -> &mut f32 {
            &mut self.values[row * self.version.side() + column]
        }

        fn transpose(&mut self) {
            let side = self.version.side();
            let straight = self.values.clone();
            for (at, value) in self.values.iter_mut().enumerate() {
                *value = straight[at % side * side + at / side];
            }
        }

        /// Flips the modules of so many words from a place on in the order in which
        /// they lie, and makes them this sure.
        fn damage(&mut self, words: std::ops::Range<usize>, sure: f32) {
            let side = self.version.side();
            for &(column, row) in &self.layout.bits[words.start * 8..words.end * 8] {
                let value = &mut self.values[usize::from(row) * side + usize::from(column)];
                *value = -*value * sure;
            }
        }

        fn decode(&self) -> Option<Words> {
            decode(&Modules { version: self.version, layout: &self.layout, values: &self.values })
        }

        fn text(&self) -> Option<String> {
            text::text(self.version, &self.decode()?.data)
        }
    }

    #[test]
    fn every_version_and_level_is_decoded_straight_and_mirrored() {
        for number in 1..=40 {
            for (level, their_level) in LEVELS {
                let (mut code, text) = Code::full(number, their_level);
                for is_mirrored in [false, true] {
                    let words = code.decode().unwrap();
                    assert_eq!((words.level, words.is_mirrored), (level, is_mirrored));
                    assert_eq!(text::text(code.version, &words.data).as_ref(), Some(&text));
                    code.transpose();
                }
            }
        }
    }

    /// Which one a writer takes depends on the text; here each has its turn.
    #[test]
    fn every_mask_is_taken_off() {
        let (number, level) = (qrcode::Version::Normal(7), EcLevel::M);
        let mut bits = Bits::new(number);
        bits.push_byte_data(b"eight masks").unwrap();
        bits.push_terminator(level).unwrap();
        let (data, checks) =
            qrcode::ec::construct_codewords(&bits.into_bytes(), number, level).unwrap();
        for (mask, pattern) in (0..).zip([
            MaskPattern::Checkerboard,
            MaskPattern::HorizontalLines,
            MaskPattern::VerticalLines,
            MaskPattern::DiagonalLines,
            MaskPattern::LargeCheckerboard,
            MaskPattern::Fields,
            MaskPattern::Diamonds,
            MaskPattern::Meadow,
        ]) {
            let mut canvas = Canvas::new(number, level);
            canvas.draw_all_functional_patterns();
            canvas.draw_data(&data, &checks);
            canvas.apply_mask(pattern);
            let code = Code::of(&canvas.into_colors());
            let modules =
                Modules { version: code.version, layout: &code.layout, values: &code.values };
            assert_eq!(read_format(&modules, false).unwrap().mask, mask);
            assert_eq!(code.text().as_deref(), Some("eight masks"), "{mask}");
        }
    }

    #[test]
    fn sequences_are_those_of_the_standard() {
        // Annexes C and D have these as examples.
        assert_eq!(format_sequence(0b00101), 0b100_0000_1100_1110);
        assert_eq!(version_sequence(7), 0b00_0111_1100_1001_0100);
        for (code, least) in [
            ((0..32).map(|data| u32::from(format_sequence(data))).collect::<Vec<_>>(), 7),
            ((7..=40).map(version_sequence).collect(), 8),
        ] {
            for (index, one) in code.iter().enumerate() {
                assert!(code[..index].iter().all(|other| (one ^ other).count_ones() >= least));
            }
        }
    }

    #[test]
    fn a_version_with_three_wrong_bits_is_known() {
        for version in 7..=40 {
            let bits = version_sequence(version);
            for wrong in [0, 1, 0b11 << 16, 0b1_0000_0100_0000_0001] {
                assert_eq!(nearest_version(bits ^ wrong), i32::try_from(version).ok());
            }
        }
        assert_eq!(nearest_version(0), None);
        assert_eq!(nearest_version(!0), None);
    }

    #[test]
    fn unsure_words_are_taken_for_lost() {
        // 26 words, of which 17 are check words: 8 can be wrong anywhere.
        let (mut code, text) = Code::full(1, EcLevel::H);
        code.damage(18..26, 1.0);
        assert_eq!(code.text().as_ref(), Some(&text));
        code.damage(17..18, 1.0);
        assert_eq!(code.text(), None);
        // Eleven, if they are the least sure, and two more.
        let (mut code, text) = Code::full(1, EcLevel::H);
        code.damage(0..11, 0.1);
        code.damage(20..22, 1.0);
        assert_eq!(code.text(), Some(text));
        // More would leave too little to tell a code from noise by.
        code.damage(22..23, 1.0);
        assert_eq!(code.text(), None);
    }

    /// Words that are erased cost what else tells a code from noise.
    #[test]
    fn noise_is_no_block() {
        let mut random = 7u64;
        let mut word = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random >> 24) as u8
        };
        // Versions 1-H, 2-Q and 5-L, the last of which was the worst.
        for (words, checks) in [(26, 17), (44, 22), (134, 26)] {
            let sure: Vec<f32> = (0..words).map(|at| (at * 37 % words) as f32).collect();
            for _ in 0..5_000 {
                let mut block: Vec<u8> = (0..words).map(|_| word()).collect();
                assert_eq!(mend(&mut block, checks, &sure), None, "{block:?}");
            }
        }
    }

    #[test]
    fn a_format_of_which_one_copy_is_gone_is_read() {
        for gone in 0..2 {
            let (mut code, text) = Code::full(3, EcLevel::Q);
            for bit in 0..15 {
                let (column, row) = format_places(code.version.side(), bit)[gone];
                *code.at(column, row) = 0.0;
            }
            assert_eq!(code.text(), Some(text), "copy {gone}");
        }
    }

    #[test]
    fn a_picture_of_nothing_is_no_code() {
        for number in [1, 2, 7, 40] {
            let version = Version::new(number).unwrap();
            let mut layout = Layout::default();
            layout.become_of(version);
            for value in [0.0, 1.0, -1.0, f32::NAN, f32::INFINITY] {
                let values = vec![value; version.side().pow(2)];
                let modules = Modules { version, layout: &layout, values: &values };
                // All light or dark is no format, and noise is no codeword.
                assert!(decode(&modules).is_none(), "{number}: {value}");
            }
        }
    }

    proptest! {
        #[test]
        fn three_wrong_bits_in_each_copy_of_the_format_are_put_right(
            number in 1..8_i16,
            level in prop::sample::select(LEVELS.to_vec()),
            wrong in prop::array::uniform2(
                prop::sample::subsequence((0..15).collect::<Vec<usize>>(), 0..=3),
            ),
            is_mirrored: bool,
        ) {
            let (mut code, text) = Code::full(number, level.1);
            for (copy, bits) in wrong.iter().enumerate() {
                for &bit in bits {
                    let (column, row) = format_places(code.version.side(), bit)[copy];
                    *code.at(column, row) *= -1.0;
                }
            }
            if is_mirrored {
                code.transpose();
            }
            prop_assert_eq!(code.text(), Some(text));
        }

        #[test]
        fn noise_is_decoded_as_nothing(
            number in 1..4_usize,
            noise in prop::collection::vec(-1.0..1.0_f32, 29 * 29),
        ) {
            let version = Version::new(number).unwrap();
            let mut layout = Layout::default();
            layout.become_of(version);
            let values = &noise[..version.side().pow(2)];
            let words = decode(&Modules { version, layout: &layout, values });
            // A format is always near in noise; a level of few checks may even hold.
            prop_assert!(words.is_none_or(|words| words.level == Level::L && number == 1));
        }
    }
}
