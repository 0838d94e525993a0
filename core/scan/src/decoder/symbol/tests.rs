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
        let modules = Modules { version: code.version, layout: &code.layout, values: &code.values };
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
