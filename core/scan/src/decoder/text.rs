//! From the words of a code to its text: segments of digits, capitals, bytes
//! and Kanji (ISO/IEC 18004, 7.4).

use encoding_rs::{Encoding, SHIFT_JIS, WINDOWS_1252};

use super::version::Version;

struct Bits<'a> {
    words: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn left(&self) -> usize {
        self.words.len() * 8 - self.at
    }

    fn take(&mut self, count: usize) -> Option<u32> {
        if count > self.left() || count > 24 {
            return None;
        }
        let mut value = 0;
        for _ in 0..count {
            let word = *self.words.get(self.at / 8)?;
            value = value << 1 | u32::from(word >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }
}

const CAPITALS: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Bits of a segment's length.
fn length_bits(version: Version, mode: u32) -> usize {
    let class = match version.number() {
        1..=9 => 0,
        10..=26 => 1,
        _ => 2,
    };
    match mode {
        1 => [10, 12, 14][class],
        2 => [9, 11, 13][class],
        4 => [8, 16, 16][class],
        _ => [8, 10, 12][class],
    }
}

/// The text, or none if the words break the rules. Bytes without a declared
/// character set are UTF-8 if they can be, else Windows-1252 or Shift JIS.
pub fn text(version: Version, words: &[u8]) -> Option<String> {
    let mut bits = Bits { words, at: 0 };
    let mut text = String::new();
    let mut charset: Option<&'static Encoding> = None;
    // FNC1: the text is made of fields, as of GS1 and other trades.
    let mut is_of_fields = false;
    loop {
        if bits.left() < 4 {
            return Some(text);
        }
        let mode = bits.take(4)?;
        match mode {
            0 => return Some(text),
            1 => digits(&mut bits, version, &mut text)?,
            2 => {
                let start = text.len();
                capitals(&mut bits, version, &mut text)?;
                if is_of_fields {
                    let fields = text.split_off(start);
                    text.push_str(&separated(&fields));
                }
            }
            3 => {
                bits.take(16)?;
            }
            4 => bytes(&mut bits, version, charset, &mut text)?,
            5 => is_of_fields = true,
            7 => charset = character_set(&mut bits)?,
            8 => kanji(&mut bits, version, &mut text)?,
            9 => {
                bits.take(8)?;
                is_of_fields = true;
            }
            _ => return None,
        }
    }
}

fn digits(bits: &mut Bits<'_>, version: Version, text: &mut String) -> Option<()> {
    let mut left = bits.take(length_bits(version, 1))? as usize;
    while left > 0 {
        let count = left.min(3);
        let value = bits.take([0, 4, 7, 10][count])?;
        if value >= [1, 10, 100, 1000][count] {
            return None;
        }
        let written = format!("{value:0count$}");
        text.push_str(&written);
        left -= count;
    }
    Some(())
}

fn capitals(bits: &mut Bits<'_>, version: Version, text: &mut String) -> Option<()> {
    let mut left = bits.take(length_bits(version, 2))? as usize;
    while left > 0 {
        if left == 1 {
            let value = bits.take(6)? as usize;
            text.push(char::from(*CAPITALS.get(value)?));
            return Some(());
        }
        let value = bits.take(11)? as usize;
        text.push(char::from(*CAPITALS.get(value / 45)?));
        text.push(char::from(*CAPITALS.get(value % 45)?));
        left -= 2;
    }
    Some(())
}

/// Capitals know no separator of fields, so a percent sign stands for it, and
/// two for one (ISO/IEC 18004, 7.4.8).
fn separated(fields: &str) -> String {
    let parts: Vec<String> = fields.split("%%").map(|part| part.replace('%', "\u{1D}")).collect();
    parts.join("%")
}

fn bytes(
    bits: &mut Bits<'_>,
    version: Version,
    charset: Option<&'static Encoding>,
    text: &mut String,
) -> Option<()> {
    let count = bits.take(length_bits(version, 4))? as usize;
    if count * 8 > bits.left() {
        return None;
    }
    let mut bytes = Vec::with_capacity(count);
    for _ in 0..count {
        bytes.push(bits.take(8)? as u8);
    }
    match charset {
        Some(charset) => text.push_str(&charset.decode_without_bom_handling(&bytes).0),
        None => match String::from_utf8(bytes) {
            Ok(utf8) => text.push_str(&utf8),
            Err(error) => {
                let bytes = error.into_bytes();
                let (japanese, is_wrong) = SHIFT_JIS.decode_without_bom_handling(&bytes);
                if is_wrong {
                    text.push_str(&WINDOWS_1252.decode_without_bom_handling(&bytes).0);
                } else {
                    text.push_str(&japanese);
                }
            }
        },
    }
    Some(())
}

fn kanji(bits: &mut Bits<'_>, version: Version, text: &mut String) -> Option<()> {
    let count = bits.take(length_bits(version, 8))? as usize;
    for _ in 0..count {
        let value = bits.take(13)?;
        let spread = ((value / 0xc0) << 8) + value % 0xc0;
        let code = spread + if spread < 0x1f00 { 0x8140 } else { 0xc140 };
        let pair = [(code >> 8) as u8, code as u8];
        text.push_str(&SHIFT_JIS.decode_without_bom_handling(&pair).0);
    }
    Some(())
}

/// The character set that an ECI names; none means the default.
fn character_set(bits: &mut Bits<'_>) -> Option<Option<&'static Encoding>> {
    let first = bits.take(8)?;
    let number = if first & 0x80 == 0 {
        first
    } else if first & 0x40 == 0 {
        (first & 0x3f) << 8 | bits.take(8)?
    } else if first & 0x20 == 0 {
        (first & 0x1f) << 16 | bits.take(16)?
    } else {
        return None;
    };
    let name = match number {
        1 | 3 => "iso-8859-1",
        4..=13 | 15..=18 => {
            return Some(Encoding::for_label(format!("iso-8859-{}", number - 2).as_bytes()));
        }
        20 => "shift_jis",
        21 => "windows-1250",
        22 => "windows-1251",
        23 => "windows-1252",
        24 => "windows-1256",
        25 => "utf-16be",
        26 | 170 => "utf-8",
        27 => "ascii",
        28 => "big5",
        29 | 31 => "gbk",
        30 => "euc-kr",
        32 => "gb18030",
        _ => return Some(None),
    };
    Some(Encoding::for_label(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use qrcode::EcLevel;
    use qrcode::bits::Bits as Writer;
    use qrcode::types::QrError;

    use super::*;

    fn version(number: usize) -> Version {
        Version::new(number).unwrap()
    }

    fn writer(number: i16) -> Writer {
        Writer::new(qrcode::Version::Normal(number))
    }

    /// The text of what is written into a code of a version, and padded as codes are.
    fn read_in(number: i16, write: impl Fn(&mut Writer) -> Result<(), QrError>) -> Option<String> {
        let mut bits = writer(number);
        write(&mut bits).unwrap();
        bits.push_terminator(EcLevel::L).unwrap();
        text(version(usize::try_from(number).unwrap()), &bits.into_bytes())
    }

    /// The same in a small, a middling and a large code, whose lengths are written
    /// with different numbers of bits.
    #[track_caller]
    fn assert_read(write: impl Fn(&mut Writer) -> Result<(), QrError>, expected: &str) {
        for number in [6, 10, 26, 27, 40] {
            assert_eq!(read_in(number, &write).as_deref(), Some(expected), "version {number}");
        }
    }

    #[test]
    fn digits_and_capitals_are_read() {
        for digits in ["0", "42", "007", "0000", "90210", "123456789012345678901234567890"] {
            assert_read(|bits| bits.push_numeric_data(digits.as_bytes()), digits);
        }
        for capitals in ["A", "AC-42", "$ %*+-./:", "10C4KRM9G8Y2V0WXT5NPQ3ZJ7ADEF"] {
            assert_read(|bits| bits.push_alphanumeric_data(capitals.as_bytes()), capitals);
        }
    }

    #[test]
    fn bytes_are_what_they_can_be() {
        assert_read(|bits| bits.push_byte_data("Kiste \u{1F4E6}".as_bytes()), "Kiste \u{1F4E6}");
        assert_read(|bits| bits.push_byte_data(b"\xfcber M\xfcller"), "\u{FC}ber M\u{FC}ller");
        assert_read(|bits| bits.push_byte_data(b"\x93\x5f\xe4\xaa"), "\u{70B9}\u{8317}");
        assert_read(|bits| bits.push_byte_data(b""), "");
    }

    #[test]
    fn kanji_are_read() {
        // The standard's own example, and the last of each range.
        assert_read(|bits| bits.push_kanji_data(b"\x93\x5f\xe4\xaa"), "\u{70B9}\u{8317}");
        assert_read(|bits| bits.push_kanji_data(b"\x81\x40\xea\xa4"), "\u{3000}\u{7199}");
    }

    #[test]
    fn a_declared_character_set_is_obeyed_to_the_next() {
        let write = |bits: &mut Writer| {
            bits.push_eci_designator(9)?;
            bits.push_byte_data(b"\xe1\xe2")?;
            bits.push_eci_designator(26)?;
            bits.push_byte_data("\u{FC}".as_bytes())?;
            bits.push_eci_designator(20)?;
            bits.push_byte_data(b"\x93\x5f")?;
            bits.push_alphanumeric_data(b"A")
        };
        assert_read(write, "\u{3B1}\u{3B2}\u{FC}\u{70B9}A");
    }

    #[test]
    fn designators_have_one_to_three_bytes() {
        for designator in [3, 127, 128, 170, 899, 16_383, 16_384, 999_999] {
            let write = |bits: &mut Writer| {
                bits.push_eci_designator(designator)?;
                bits.push_byte_data(b"box 1")
            };
            assert_read(write, "box 1");
        }
        // Four ones begin none.
        assert_eq!(text(version(1), &[0x7f, 0xff, 0xff, 0xff, 0xff]), None);
    }

    #[test]
    fn one_of_several_codes_says_its_part() {
        // Mode 3, the second of four, the parity of the whole, and the bytes "ab".
        let words = [0x31, 0x35, 0xa4, 0x02, 0x61, 0x62, 0x00];
        assert_eq!(text(version(6), &words).as_deref(), Some("ab"));
        // Cut off in its head.
        assert_eq!(text(version(6), &words[..2]), None);
    }

    #[test]
    fn fields_of_other_trades_are_separated() {
        // The standard's own example, and a percent sign in a field.
        let first = |bits: &mut Writer| {
            bits.push_fnc1_first_position()?;
            bits.push_numeric_data(b"01049123451234591597033130128")?;
            bits.push_alphanumeric_data(b"%10ABC123%%4%")
        };
        assert_read(first, "01049123451234591597033130128\u{1D}10ABC123%4\u{1D}");
        // Elsewhere it is one.
        assert_read(|bits| bits.push_alphanumeric_data(b"5%%"), "5%%");
        let second = |bits: &mut Writer| {
            bits.push_fnc1_second_position(37)?;
            bits.push_alphanumeric_data(b"AA12")
        };
        assert_read(second, "AA12");
    }

    #[test]
    fn nothing_is_an_empty_text() {
        assert_eq!(text(version(1), &[]).as_deref(), Some(""));
        assert_eq!(text(version(1), &[0x00, 0xec, 0x11]).as_deref(), Some(""));
        assert_read(|_| Ok(()), "");
    }

    #[test]
    fn what_breaks_the_rules_is_no_text() {
        // Three digits that say 1000, two that say 100, one that says 10.
        assert_eq!(text(version(1), &[0b0001_0000, 0b0000_1111, 0b1111_1010, 0]), None);
        assert_eq!(text(version(1), &[0b0001_0000, 0b0000_1011, 0b0010_0000, 0]), None);
        assert_eq!(text(version(1), &[0b0001_0000, 0b0000_0110, 0b1000_0000, 0]), None);
        // Two capitals that say 45 times 45.
        assert_eq!(text(version(1), &[0b0010_0000, 0b0001_0111, 0b1110_1001, 0]), None);
        for unknown in [6, 10, 11, 12, 13, 14, 15] {
            assert_eq!(text(version(1), &[unknown << 4, 0, 0]), None, "mode {unknown}");
        }
    }

    #[test]
    fn what_is_cut_off_is_no_text() {
        let mut bits = writer(6);
        bits.push_numeric_data(b"123456789").unwrap();
        bits.push_alphanumeric_data(b"ABCDEFG").unwrap();
        bits.push_eci_designator(20_000).unwrap();
        bits.push_kanji_data(b"\x93\x5f\xe4\xaa").unwrap();
        bits.push_byte_data(b"abcdefgh").unwrap();
        let words = bits.into_bytes();
        assert!(text(version(6), &words).is_some());
        let texts: Vec<Option<String>> =
            (0..words.len()).map(|kept| text(version(6), &words[..kept])).collect();
        // Only between segments a text may end, if the bits are full.
        let whole = texts.iter().flatten().count();
        assert!(whole <= 5, "{texts:?}");
        assert_eq!(texts.last(), Some(&None));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            text in "\\PC{0,40}",
            digits in "[0-9]{0,30}",
            number in prop::sample::select(vec![6, 10, 27]),
        ) {
            let write = |bits: &mut Writer| {
                bits.push_numeric_data(digits.as_bytes())?;
                bits.push_byte_data(text.as_bytes())
            };
            let read = if number == 6 && digits.len() + 4 * text.len() > 120 {
                read_in(10, write)
            } else {
                read_in(number, write)
            };
            prop_assert_eq!(read, Some(format!("{digits}{text}")));
        }

        #[test]
        fn any_words_are_a_text_or_none(
            number in 1..=40_usize,
            words in prop::collection::vec(any::<u8>(), 0..400),
        ) {
            if let Some(text) = text(version(number), &words) {
                // A byte says at most three of a text: a half-width kana.
                prop_assert!(text.len() <= 3 * words.len());
            }
        }
    }
}
