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
