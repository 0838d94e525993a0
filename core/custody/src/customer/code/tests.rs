use proptest::prelude::*;

use super::*;
use crate::cbor;
use crate::signed::Digest;

const JOB: JobId = JobId(*b"a job's pseudony");
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ACT: EventId = Digest([7; 32]);

fn code() -> ReleaseCode {
    ReleaseCode::from_bytes([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x10, 0x32])
}

fn error(text: &str) -> Option<ReleaseCodeError> {
    ReleaseCode::parse(text).err()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn spaces_hyphens_case_and_lookalikes_are_forgiven() {
    let text = code().to_text();
    let spoken = text.to_lowercase().replace('0', "o").replace('1', "i");
    let grouped = code().to_grouped();
    let spaced = grouped.replace('-', " \u{2013} ");
    for forgiven in [&text, &spoken, &*grouped, &spaced, &text.replace('1', "l")] {
        assert_eq!(ReleaseCode::parse(forgiven).unwrap().0, code().0, "{forgiven}");
    }
    assert_eq!(grouped.split('-').map(str::len).collect::<Vec<_>>(), [6, 6, 6]);
}

#[test]
fn errors_say_what_to_look_at() {
    let text = code().to_text();
    assert_eq!(error(""), Some(ReleaseCodeError::Length { characters: 0 }));
    assert_eq!(error(&text[..17]), Some(ReleaseCodeError::Length { characters: 17 }));
    assert_eq!(error(&"7".repeat(1 << 20)), Some(ReleaseCodeError::Length { characters: 256 }));
    let label = crewseal_label::Token::from_bytes([5; 16]).to_text();
    assert_eq!(error(&label), Some(ReleaseCodeError::Length { characters: 29 }));
    let foreign = format!("{}-U{}", &text[..6], &text[7..]);
    assert_eq!(error(&foreign), Some(ReleaseCodeError::Character { position: 7 }));
    let swapped = format!("{}{}{}", &text[1..2], &text[..1], &text[2..]);
    assert_eq!(error(&swapped), Some(ReleaseCodeError::Check));
}

#[test]
fn every_error_in_one_or_two_characters_is_caught() {
    let text: Vec<u8> = code().to_text().bytes().collect();
    let with = |at: usize, error: usize, text: &[u8]| {
        let value = ALPHABET.iter().position(|&c| c == text[at]).unwrap();
        let mut text = text.to_vec();
        text[at] = ALPHABET[value ^ error];
        text
    };
    let caught =
        |text: &[u8]| error(std::str::from_utf8(text).unwrap()) == Some(ReleaseCodeError::Check);
    for i in 0..RELEASE_CHARS {
        for a in 1..32 {
            let one = with(i, a, &text);
            assert!(caught(&one), "position {i}, error {a}");
            for j in i + 1..RELEASE_CHARS {
                for b in 1..32 {
                    let two = with(j, b, &one);
                    assert!(caught(&two), "positions {i} and {j}, errors {a} and {b}");
                }
            }
        }
    }
}

#[test]
fn a_code_releases_one_act_of_one_kind_in_one_job() {
    let key = ReleaseKey::of(JOB, 1, EventKind::Deliver, &code());
    let proof = code().sign(JOB, 1, &ACT);
    assert!(key.authorises(JOB, EventKind::Deliver, &ACT, &proof));

    let other_job = JobId([9; 16]);
    assert!(!key.authorises(other_job, EventKind::Deliver, &ACT, &proof));
    assert!(!key.authorises(JOB, EventKind::TakeOver, &ACT, &proof));
    assert!(!key.authorises(JOB, EventKind::Deliver, &Digest([8; 32]), &proof));
    assert!(!key.authorises(JOB, EventKind::Deliver, &ACT, &ReleaseProof { number: 2, ..proof }));

    // The same bits under another number or job are another key.
    let elsewhere = code().sign(JOB, 2, &ACT);
    let renumbered = ReleaseProof { number: 1, ..elsewhere };
    assert!(!key.authorises(JOB, EventKind::Deliver, &ACT, &elsewhere));
    assert!(!key.authorises(JOB, EventKind::Deliver, &ACT, &renumbered));
    let second = ReleaseKey::of(JOB, 2, EventKind::Deliver, &code());
    assert!(!second.authorises(JOB, EventKind::Deliver, &ACT, &proof));
    assert_ne!(second.public, key.public);
    assert_ne!(ReleaseKey::of(other_job, 1, EventKind::Deliver, &code()).public, key.public);

    // Another code is too.
    let other = ReleaseCode::from_bytes([3; 10]).sign(JOB, 1, &ACT);
    assert!(!key.authorises(JOB, EventKind::Deliver, &ACT, &other));
    for at in 0..64 {
        let mut damaged = proof;
        damaged.signature[at] ^= 1;
        assert!(!key.authorises(JOB, EventKind::Deliver, &ACT, &damaged), "byte {at}");
    }
}

#[test]
fn what_was_frozen_is_written_the_same_today() {
    let key = ReleaseKey::of(JOB, 1, EventKind::Deliver, &code());
    let proof = code().sign(JOB, 1, &ACT);
    assert_eq!(*code().to_grouped(), "04HMAS-W9NF6Y-Y41JB7");
    assert_eq!(
        hex(&key.public),
        "874fa62f51164bc6dd443438efab23c51bd484d7ab84255b31bc7ad570f287a6"
    );
    assert_eq!(
        hex(&proof.signature),
        concat!(
            "83e308535ef826299d9a9c5a63eb8bbb3a4fd58365bf00297374e1b32eef2c52",
            "495301828f26f2f2c9df012967d552b25678a2bc873cc4d7a97b12145f51ce04"
        )
    );

    let written = cbor::to_vec(&key);
    assert_eq!(hex(&written), format!("8301085820{}", hex(&key.public)));
    assert_eq!(cbor::from_slice(&written), Ok(key));
    let written = cbor::to_vec(&proof);
    assert_eq!(hex(&written), format!("82015840{}", hex(&proof.signature)));
    assert_eq!(cbor::from_slice(&written), Ok(proof));
}

#[test]
fn nothing_shows_a_code() {
    const fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<ReleaseCode>();
    assert_eq!(format!("{:?}", code()), "ReleaseCode(..)");
    assert_eq!(format!("{:#?}", Some(code())), "Some(\n    ReleaseCode(..),\n)");

    let text = code().to_text();
    let mut wrong = text.to_string();
    wrong.replace_range(3..4, if text.as_bytes()[3] == b'7' { "8" } else { "7" });
    let shown = format!(
        "{:?} {:?} {} {}",
        ReleaseKey::of(JOB, 1, EventKind::Deliver, &code()),
        code().sign(JOB, 1, &ACT),
        error(&wrong).unwrap(),
        error(&text[..16]).unwrap(),
    );
    let shown = shown.to_uppercase();
    for secret in text.as_bytes().windows(5) {
        assert!(!shown.contains(std::str::from_utf8(secret).unwrap()), "{shown}");
    }
    assert!(!shown.contains(&hex(&code().0[..4]).to_uppercase()), "{shown}");
}

proptest! {
    #[test]
    fn what_is_printed_is_read(bytes: [u8; 10]) {
        let code = ReleaseCode::from_bytes(bytes);
        prop_assert_eq!(code.to_text().len(), RELEASE_CHARS);
        prop_assert_eq!(ReleaseCode::parse(&code.to_text()).unwrap().0, bytes);
        prop_assert_eq!(ReleaseCode::parse(&code.to_grouped()).unwrap().0, bytes);
    }

    #[test]
    fn any_text_is_a_code_or_an_error(text in ".{0,64}", near in "[0-9A-Za-z -]{16,24}") {
        for text in [text, near] {
            if let Ok(code) = ReleaseCode::parse(&text) {
                prop_assert_eq!(ReleaseCode::parse(&code.to_text()).unwrap().0, code.0);
            }
        }
    }
}
