use crewseal_label::Token;
use proptest::collection::vec;
use proptest::prelude::*;
use qrcode::bits::Bits;
use qrcode::{EcLevel, Version};

use super::*;
use crate::signed::Namespace;

fn message(length: usize) -> Vec<u8> {
    (0..length).map(|i| u8::try_from(i * i % 251).unwrap()).collect()
}

fn purpose() -> impl Strategy<Value = Purpose> {
    prop::sample::select(&Purpose::ALL[..])
}

fn fits(text: &str, version: i16) -> bool {
    let mut bits = Bits::new(Version::Normal(version));
    bits.push_alphanumeric_data(text.as_bytes())
        .and_then(|()| bits.push_terminator(EcLevel::M))
        .is_ok()
}

fn part(sequence: u32, pieces: u32, length: u32, piece: &[u8]) -> String {
    let piece = piece.to_vec();
    let part = Part { sequence, pieces, length, checksum: 7, piece };
    text(Purpose::Offer, PART, &cbor::to_vec(&part))
}

#[test]
fn base45_is_that_of_the_rfc_and_strict() {
    for (bytes, encoded) in [
        ("AB", "BB8"),
        ("Hello!!", "%69 VD92EX0"),
        ("base-45", "UJCLQE7W581"),
        ("ietf!", "QED8WEX0"),
    ] {
        assert_eq!(text(Purpose::Hello, WHOLE, bytes.as_bytes()), format!("H:{encoded}"));
        assert_eq!(decode(encoded.as_bytes()), Ok(bytes.into()));
    }
    assert_eq!(decode(b"FGW"), Ok(vec![0xff, 0xff]));
    assert_eq!(decode(b"U5"), Ok(vec![0xff]));
    for wrong in ["GGW", ":::", "V5", "::", "BB8V5", "A", "BB8A", "bb8", "BB\u{e9}", "BB8\n"] {
        assert_eq!(decode(wrong.as_bytes()), Err(TextError::Malformed), "{wrong}");
    }
}

#[test]
fn what_fits_each_version_is_known() {
    let capacity = |version| {
        let text = |length| text(Purpose::Offer, WHOLE, &vec![0xff; length]);
        (1..).take_while(|&length| fits(&text(length), version)).last().unwrap()
    };
    let all: Vec<usize> = (8..=20).map(capacity).collect();
    assert_eq!(all, [146, 173, 206, 242, 278, 320, 350, 398, 436, 488, 542, 604, 645]);
    assert_eq!(MAX_ONE, 645);
    assert_eq!(PIECE, 300);
    for (characters, version) in [(MAX_TEXT, 20), (PART_TEXT, 13)] {
        assert!(fits(&"A".repeat(characters), version));
        assert!(!fits(&"A".repeat(characters + 1), version));
    }
}

#[test]
fn one_or_many_by_length() {
    for (length, pieces) in [(1, 1), (MAX_ONE, 1), (MAX_ONE + 1, 3), (MAX_MESSAGE, 219)] {
        let mut show = Show::of(Purpose::Offer, &message(length)).unwrap();
        assert_eq!((show.pieces(), show.is_one()), (pieces, pieces == 1), "{length}");
        let texts = show.texts.clone();
        assert_eq!(texts.len(), if pieces == 1 { 1 } else { 4 * pieces });
        for text in texts.iter().chain(&texts[..1]) {
            assert_eq!(&show.next_text(), text);
            assert!(fits(text, if pieces == 1 { 20 } else { 13 }));
        }
    }
    assert_eq!(Show::of(Purpose::Offer, &[]), Err(TextError::Empty));
    assert_eq!(Show::of(Purpose::Offer, &message(MAX_MESSAGE + 1)), Err(TextError::TooLong));
}

#[test]
fn the_texts_are_these_for_ever() {
    let letters: String = Purpose::ALL.into_iter().map(Purpose::letter).collect();
    assert_eq!(letters, "HOAKWQYNV");
    let one = Show::of(Purpose::Accept, &message(9)).unwrap().next_text();
    assert_eq!(one, "A:100/M0Q12+P4J1");
    let many = Show::of(Purpose::Offer, &message(700)).unwrap();
    let all = Namespace::Event.digest(&[many.texts.join("\n").as_bytes()]);
    assert_eq!(
        (&many.texts[0][..40], all.to_string().as_str()),
        ("O/T GSH0PF0IF3LJ7Z:H9QTZ50P611838A61DAPG", "739de59e")
    );
}

#[test]
fn other_texts_are_not_ours() {
    let label = Token::from_bytes([7; 16]).to_text();
    for text in [
        "",
        "H",
        "H:"[..1].as_ref(),
        "B:BB8",
        "S:BB8",
        "T:BB8",
        "h:BB8",
        "H;BB8",
        "HTTP://A",
        "é:BB8",
        &label,
    ] {
        assert_eq!(Collector::new().add(text), Err(TextError::NotOurs), "{text}");
    }
    assert_eq!(Collector::new().add("H:"), Err(TextError::Empty));
    assert_eq!(Collector::new().add("H/"), Err(TextError::Malformed));
    assert_eq!(Collector::new().add("H:bb8"), Err(TextError::Malformed));
    let long = format!("H:{}", "0".repeat(MAX_TEXT - 1));
    assert_eq!(Collector::new().add(&long), Err(TextError::TooLong));
    assert_eq!(Collector::new().add(&long[..MAX_TEXT]).map(drop), Ok(()));
}

#[test]
fn a_part_that_no_message_has_is_refused() {
    let ten = [1; 10];
    assert_eq!(Collector::new().add(&part(1, 2, 20, &ten)), Ok(Collected::Part { have: 1, of: 2 }));
    for (sequence, pieces, length, piece) in [
        (0, 2, 20, &ten[..]),
        (9, 2, 20, &ten),
        (u32::MAX, 2, 20, &ten),
        (1, 0, 20, &ten),
        (1, 0, 0, &ten),
        (1, 1, 20, &ten),
        (1, 3, 20, &ten),
        (1, u32::MAX, u32::MAX, &ten),
        (1, 6554, 65536, &ten),
        (1, 513, 5130, &ten),
        (1, 2, 0, &ten),
        (1, 2, 20, &[]),
        (1, 0, 0, &[]),
        (1, 1, 65537, &ten),
    ] {
        let text = part(sequence, pieces, length, piece);
        let refused = Collector::new().add(&text);
        assert_eq!(refused, Err(TextError::Malformed), "{sequence} {pieces} {length}");
    }
    let canonical = decode(&part(1, 2, 20, &ten).as_bytes()[2..]).unwrap();
    let long_head = [&[0x98, 5], &canonical[1..]].concat();
    let trailing = [&canonical[..], &[0]].concat();
    for bytes in [long_head, trailing, canonical[..canonical.len() - 1].to_vec()] {
        let text = text(Purpose::Offer, PART, &bytes);
        assert_eq!(Collector::new().add(&text), Err(TextError::Malformed));
    }
}

#[test]
fn parts_of_another_message_wait_for_a_reset() {
    let first = message(2000);
    let mut second = first.clone();
    second[1999] ^= 1;
    let texts = |purpose, message: &[u8]| Show::of(purpose, message).unwrap().texts;
    let mut collector = Collector::new();
    let parts = texts(Purpose::Offer, &first);
    assert_eq!(collector.add(&parts[0]), Ok(Collected::Part { have: 1, of: 7 }));
    assert_eq!(collector.add(&parts[0]), Ok(Collected::Part { have: 1, of: 7 }));
    for other in [
        texts(Purpose::Offer, &second),
        texts(Purpose::Accept, &first),
        texts(Purpose::Offer, &first[..1999]),
    ] {
        assert_eq!(collector.add(&other[1]), Err(TextError::AnotherMessage));
    }
    // One QR comes through, and takes nothing with it.
    let one = texts(Purpose::Withdraw, b"never mind");
    let whole = Ok(Collected::Whole(Purpose::Withdraw, b"never mind".to_vec()));
    assert_eq!(collector.add(&one[0]), whole);
    for text in &parts[1..6] {
        assert!(matches!(collector.add(text), Ok(Collected::Part { .. })));
    }
    let whole = Ok(Collected::Whole(Purpose::Offer, first));
    assert_eq!(collector.add(&parts[6]), whole);
    assert_eq!(collector.add(&parts[20]), whole);
    let other = texts(Purpose::Offer, &second);
    assert_eq!(collector.add(&other[0]), Err(TextError::AnotherMessage));
    collector.reset();
    assert_eq!(collector.add(&other[0]), Ok(Collected::Part { have: 1, of: 7 }));
}

#[test]
fn a_forged_part_costs_the_message_and_no_more() {
    let mut collector = Collector::new();
    assert_eq!(collector.add(&part(1, 2, 20, &[1; 10])), Ok(Collected::Part { have: 1, of: 2 }));
    assert_eq!(collector.add(&part(2, 2, 20, &[2; 10])), Err(TextError::Mismatch));
    assert_eq!(format!("{collector:?}"), "Collector(nothing)");
    // Padding that is not zero, likewise.
    assert_eq!(collector.add(&part(1, 1, 9, &[1; 10])), Err(TextError::Mismatch));
    assert_eq!(collector.add(&part(1, 2, 20, &[1; 10])), Ok(Collected::Part { have: 1, of: 2 }));
}

#[test]
fn nothing_of_a_message_is_in_debug_output() {
    let show = Show::of(Purpose::Offer, b"secret").unwrap();
    assert_eq!(format!("{show:?}"), "Show(1 texts of 1 pieces)");
    let whole = Collector::new().add(&show.texts[0]).unwrap();
    assert_eq!(format!("{whole:?}"), "Whole(Offer, 6 bytes)");
}

/// With every third part lost the longest message still arrives, from fewer
/// than two parts read for each piece.
#[test]
fn the_longest_message_arrives_through_a_lossy_camera() {
    let message = message(MAX_MESSAGE);
    let mut show = Show::of(Purpose::SignOffRequest, &message).unwrap();
    let mut collector = Collector::new();
    let mut read = 0;
    for shown in 1.. {
        let text = show.next_text();
        if shown % 3 == 0 {
            continue;
        }
        read += 1;
        if let Collected::Whole(purpose, whole) = collector.add(&text).unwrap() {
            assert_eq!((purpose, whole), (Purpose::SignOffRequest, message));
            break;
        }
    }
    assert!(read < 2 * show.pieces(), "{read}");
}

/// The most that a crafted sender can make a reader keep: every part of the
/// most pieces that is mixed, so that no piece is ever known.
#[test]
fn all_the_parts_there_can_be_have_an_end() {
    let is_mixed = |text: &String| {
        let bytes = decode(&text.as_bytes()[2..]).unwrap();
        !minicbor::decode::<fountain::Part>(&bytes).unwrap().is_simple()
    };
    let mut collector = Collector::new();
    let sequences = MAX_PIECES + 1..=MAX_PIECES * ROUNDS;
    let mixed: Vec<String> = sequences
        .map(|sequence| part(sequence, MAX_PIECES, 65536, &[1; 128]))
        .filter(is_mixed)
        .collect();
    assert!(mixed.len() > 1000);
    for text in mixed {
        assert_eq!(collector.add(&text), Ok(Collected::Part { have: 0, of: 512 }));
    }
    let one_more = part(MAX_PIECES * ROUNDS + 1, MAX_PIECES, 65536, &[1; 128]);
    assert_eq!(collector.add(&one_more), Err(TextError::Malformed));
}

proptest! {
    #[test]
    fn one_is_read_as_shown(purpose in purpose(), message in vec(any::<u8>(), 1..=MAX_ONE)) {
        let mut show = Show::of(purpose, &message).unwrap();
        prop_assert!(show.is_one());
        let text = show.next_text();
        prop_assert_eq!(&show.next_text(), &text);
        prop_assert!(fits(&text, 20));
        prop_assert_eq!(Collector::new().add(&text), Ok(Collected::Whole(purpose, message)));
    }

    /// Any parts, in any order and any number, make the message or wait for
    /// more; with all of them it is there.
    #[test]
    fn many_are_read_in_any_order_with_loss_and_repetition(
        purpose in purpose(),
        message in vec(any::<u8>(), MAX_ONE + 1..6000),
        order in vec(any::<prop::sample::Index>(), 0..200),
    ) {
        let show = Show::of(purpose, &message).unwrap();
        let whole = Collected::Whole(purpose, message);
        let mut collector = Collector::new();
        let mut known = 0;
        for index in order {
            match collector.add(index.get::<String>(&show.texts)).unwrap() {
                Collected::Part { have, of } => {
                    prop_assert!(known <= have && have < of && of == show.pieces());
                    known = have;
                }
                done => prop_assert_eq!(&done, &whole),
            }
        }
        let last = show.texts.iter().rev().map(|text| collector.add(text).unwrap()).last();
        prop_assert_eq!(last, Some(whole));
    }

    #[test]
    fn any_text_is_read_or_refused(
        start in "[HOAKWQY][:/]|.{0,2}",
        rest in "[0-9A-Z $%*+./:-]{0,400}|.{0,40}",
    ) {
        let mut collector = Collector::new();
        let text = start + &rest;
        if let Ok(Collected::Whole(purpose, message)) = collector.add(&text) {
            // One message, one text.
            if text.as_bytes()[1] == WHOLE {
                prop_assert_eq!(Show::of(purpose, &message).unwrap().next_text(), text);
            }
        }
    }

    /// What a part's bytes are, nothing of them panics, on its own or among
    /// those of an honest message.
    #[test]
    fn any_bytes_of_a_part_are_read_or_refused(
        bytes in vec(any::<u8>(), 0..60),
        head in (0..20_u32, 0..6_u32, 0..60_u32, any::<u32>()),
        piece in vec(any::<u8>(), 0..20),
    ) {
        let (sequence, pieces, length, checksum) = head;
        let part = Part { sequence, pieces, length, checksum, piece };
        let mut collector = Collector::new();
        for bytes in [&bytes, &cbor::to_vec(&part)] {
            let _ = collector.add(&text(Purpose::Ack, PART, bytes));
        }
    }

    /// A crowd of parts of one shape whose pieces are anything.
    #[test]
    fn parts_that_disagree_never_panic(
        pieces in 1..9_u32,
        parts in vec((1..36_u32, any::<[u8; 3]>()), 0..60),
    ) {
        let mut collector = Collector::new();
        for (sequence, piece) in parts {
            match collector.add(&part(sequence, pieces, pieces * 3, &piece)) {
                Ok(Collected::Whole(_, whole)) => {
                    prop_assert_eq!(whole.len(), piece.len() * usize::try_from(pieces).unwrap());
                }
                Ok(Collected::Part { have, of }) => prop_assert!(have < of),
                Err(error) => prop_assert!(
                    error == TextError::Mismatch
                        || (error == TextError::Malformed && sequence > pieces * ROUNDS)
                ),
            }
        }
    }

    #[test]
    fn a_mutated_text_is_never_the_message_of_another(
        message in vec(any::<u8>(), 1..2000),
        turn in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        character in "[0-9A-Z $%*+./:-]|.",
    ) {
        let show = Show::of(Purpose::Offer, &message).unwrap();
        let text = turn.get::<String>(&show.texts);
        let at = at.index(text.len());
        let mutated = format!("{}{character}{}", &text[..at], &text[at + 1..]);
        let mut collector = Collector::new();
        let read = collector.add(&mutated);
        for text in &show.texts {
            let _ = collector.add(text);
        }
        if mutated != *text {
            prop_assert_ne!(read, Ok(Collected::Whole(Purpose::Offer, message)));
        }
    }
}
