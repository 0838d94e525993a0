//! Frozen vectors: what stands in `vectors/v1.txt` was written on the first
//! day, what stands in `vectors/v2.txt` since the second format of events, and all of it
//! must be read, and written, the same for ever. The files only grow.
//!
//! A file: blocks apart by empty lines, a line `key: value` for each field,
//! `#` before a remark. Bytes are in hex. `name` and `kind` come first; the
//! other fields say in words what the bytes hold.
//!
//! Some fields cannot be made twice, as signatures and sealed bytes are random:
//! those in `ONCE`. They were made once, and what is checked is that they
//! still verify or open.
//!
//! To add a vector, add it to the specimens of its kind and run this test. It fails and
//! shows the block that is missing; append that to the file. Nothing writes to
//! the file by itself, and no block that stands in it is ever changed.

use std::collections::BTreeSet;

use crewseal_custody::cbor::{self, CborError};
use crewseal_custody::job::{Erasure, Method, Verification};
use crewseal_custody::resolution::{Decision, Resolution};
use crewseal_custody::roll::RollHead;
use crewseal_custody::signed::{Message, Signed, SignedError, Unverified};
use crewseal_custody::wire::{EnrolClaim, SessionRequest};
use crewseal_custody::{
    AttachmentReceipt, BoxList, Confirmation, Dispute, Event, EventKind, FindingKind, Manifests,
    NewKeys, OneTimeCode, Outcome, Protection, Receipt, RecoveryCode, Refusal, Revocations, Role,
    Tick,
};
use crewseal_label::Token;
use fixtures::paper;
use minicbor::{Decode, Encode};

use events::still_states;
use format::{Vector, frozen};
use handoff::{still_greets, still_hands_over, still_is_a_receipt, still_signs_off};
use sealed::{still_opens, still_rebuilds};
use signed::still_verifies;

mod events;
mod format;
mod handoff;
mod messages;
mod sealed;
mod signed;

#[test]
fn what_was_frozen_is_written_the_same_today() {
    let frozen = frozen();
    let specimens =
        [messages::specimens(), events::specimens(), sealed::specimens(), handoff::specimens()]
            .concat();
    let missing: Vec<String> = specimens
        .iter()
        .filter(|specimen| !frozen.contains_key(&specimen.name))
        .map(Vector::show)
        .collect();
    assert!(missing.is_empty(), "append these blocks to the file:\n\n{}", missing.join("\n"));
    for specimen in &specimens {
        assert_eq!(specimen.fixed(), frozen[&specimen.name].fixed(), "{}", specimen.name);
    }
    let made: BTreeSet<&String> = specimens.iter().map(|specimen| &specimen.name).collect();
    for (name, vector) in &frozen {
        assert!(made.contains(name) || is_outgrown(vector), "nothing checks the vector {name}");
    }
}

/// Formats that no phone and no HQ speaks any more.
const OUTGROWN: [&str; 2] = ["enrolment of a mover", "session of a mover"];

fn is_outgrown(vector: &Vector) -> bool {
    OUTGROWN.contains(&vector.name.as_str())
}

/// What nobody reads any more is told apart from what is damaged.
fn is_told_apart<T: Message>(vector: &Vector) {
    let read = Unverified::<T>::parse(&vector.bytes("cose")).map(|_| ());
    let told = SignedError::Payload(CborError::Version { found: 1 });
    assert_eq!(read, Err(told), "{}", vector.name);
}

#[test]
fn what_was_signed_and_sealed_once_still_verifies_and_opens() {
    for vector in frozen().values() {
        match vector.kind.as_str() {
            "event" => still_verifies::<Event>(vector),
            "receipt" => still_verifies::<Receipt>(vector),
            "tick" => still_verifies::<Tick>(vector),
            "credential" => still_verifies::<crewseal_custody::Credential>(vector),
            "revocations" => still_verifies::<Revocations>(vector),
            "hello" => still_greets(vector),
            "manifest" => still_verifies::<crewseal_custody::Manifest>(vector),
            "roll" => still_verifies::<RollHead>(vector),
            "enrolment" if is_outgrown(vector) => is_told_apart::<EnrolClaim>(vector),
            "enrolment" => still_verifies::<EnrolClaim>(vector),
            "session" if is_outgrown(vector) => is_told_apart::<SessionRequest>(vector),
            "session" => still_verifies::<SessionRequest>(vector),
            "new-keys" => still_verifies::<NewKeys>(vector),
            "recovery-code" => {
                let code = RecoveryCode::parse(&vector.fields["typed"]).unwrap();
                assert_eq!(code.key().0.to_vec(), vector.bytes("recovery-key"), "{}", vector.name);
            }
            "erasure" => still_verifies::<Erasure>(vector),
            "envelope" => still_opens(vector),
            "batch" => still_rebuilds(vector),
            "handoff" => still_hands_over(vector),
            "sign-off" => still_signs_off(vector),
            "confirmation" => still_verifies::<Confirmation>(vector),
            "customer-receipt" => still_is_a_receipt(vector),
            "one-time-code" => {
                for field in ["text", "typed"] {
                    let code = OneTimeCode::parse(&vector.fields[field]).unwrap();
                    assert_eq!(code.hash().0.to_vec(), vector.bytes("hash"), "{}", vector.name);
                }
            }
            "label" => {
                let token = Token::parse(&vector.fields["text"]).map(|token| *token.as_bytes());
                assert_eq!(token.unwrap().to_vec(), vector.bytes("token"), "{}", vector.name);
            }
            "box-list" => {
                let list: BoxList = cbor::from_slice(&vector.bytes("list")).unwrap();
                let boxes = paper::lists().resolve(&list).unwrap();
                let boxes: Vec<u8> = boxes.iter().flat_map(|token| *token.as_bytes()).collect();
                assert_eq!(boxes, vector.bytes("boxes"), "{}", vector.name);
            }
            "statement" => still_states(vector),
            "resolution" => still_verifies::<Resolution>(vector),
            "attachment-receipt" => still_verifies::<AttachmentReceipt>(vector),
            // Written the same today, all of it.
            "device" | "sealing-key" | "attachment" | "upload" | "news" | "hq-identity" => {}
            other => panic!("{}: a vector of the unknown kind {other}", vector.name),
        }
    }
}

#[test]
fn a_frozen_signature_serves_no_other_key() {
    let other = paper::other_hq().public;
    for vector in frozen().values().filter(|vector| vector.kind == "receipt") {
        let read = Unverified::<Receipt>::parse(&vector.bytes("cose")).unwrap();
        assert!(read.verify(&other).is_err(), "{}", vector.name);
    }
}

#[test]
fn frozen_manifests_still_grow_one_from_another() {
    let frozen = frozen();
    let mut manifests = Manifests::default();
    for name in ["manifest, version 1", "manifest, version 2"] {
        let bytes = frozen[name].bytes("cose");
        manifests.push(Signed::open(&bytes, &paper::hq().public).unwrap()).unwrap();
    }
    assert_eq!(manifests.tokens(), paper::tokens(0..4));
}

/// The numbers that stand in signed bytes and on disks.
#[test]
fn numbers_keep_their_meaning() {
    fn same<T>(table: &[(T, u8)])
    where
        T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + std::fmt::Debug,
    {
        for (value, number) in table {
            assert_eq!(cbor::to_vec(value), [*number], "{value:?}");
            assert_eq!(cbor::from_slice::<T>(&[*number]).as_ref(), Ok(value), "{number}");
        }
    }
    same(&[
        (EventKind::Commission, 1),
        (EventKind::TakeOver, 2),
        (EventKind::Load, 3),
        (EventKind::Store, 4),
        (EventKind::Count, 5),
        (EventKind::Offer, 6),
        (EventKind::Accept, 7),
        (EventKind::Deliver, 8),
        (EventKind::SignOff, 9),
        (EventKind::Pack, 10),
        (EventKind::Seal, 11),
        (EventKind::Depart, 12),
        (EventKind::Arrive, 13),
        (EventKind::Unload, 14),
        (EventKind::Unpack, 15),
        (EventKind::CollectForDestruction, 16),
        (EventKind::Destroy, 17),
        (EventKind::Ack, 18),
        (EventKind::Withdraw, 19),
        (EventKind::Release, 20),
        (EventKind::Resume, 21),
    ]);
    same(&[
        (FindingKind::Missing, 1),
        (FindingKind::NotOurs, 2),
        (FindingKind::Damaged, 3),
        (FindingKind::SealBroken, 4),
        (FindingKind::LabelTyped, 5),
        (FindingKind::LabelReplaced, 6),
        (FindingKind::CountDiffers, 7),
        (FindingKind::Absent, 8),
        (FindingKind::Refused, 9),
        (FindingKind::ClockDisagrees, 10),
    ]);
    same(&[
        (Role::Mover, 1),
        (Role::Driver, 2),
        (Role::Warehouse, 3),
        (Role::Supervisor, 4),
        (Role::Contractor, 5),
    ]);
    same(&[(Method::KeysReplaced, 1)]);
    same(&[(Verification::KeyRefusedAndFilesSearched, 1)]);
    same(&[(Protection::Act, 0), (Protection::Handoff, 1)]);
    same(&[(Decision::SendAgain, 1), (Decision::GiveUp, 2)]);
    same(&[(Dispute::Fork, 1), (Dispute::BrokenChain, 2), (Dispute::UnknownBoxes, 3)]);
    let refusals = [
        (Refusal::Unreadable, 1),
        (Refusal::Malformed, 2),
        (Refusal::UnknownVersion, 3),
        (Refusal::UnknownDevice, 4),
        (Refusal::Signature, 5),
        (Refusal::Mislabelled, 6),
    ];
    same(&refusals);
    for (refusal, number) in refusals {
        assert_eq!(refusal.number(), number, "{refusal:?}");
        assert_eq!(Refusal::from_number(number), Some(refusal), "{number}");
    }
    for number in [0, 7, u8::MAX] {
        assert_eq!(Refusal::from_number(number), None, "{number}");
    }
    let outcomes: [(Outcome, &[u8]); 4] = [
        (Outcome::Stored, &[0x81, 0]),
        (Outcome::StoredAfterGap(300), &[0x82, 1, 0x19, 1, 0x2c]),
        (Outcome::StoredInDispute(Dispute::BrokenChain), &[0x82, 2, 2]),
        (Outcome::Refused(Refusal::Signature), &[0x82, 3, 5]),
    ];
    for (outcome, bytes) in outcomes {
        assert_eq!(cbor::to_vec(&outcome), bytes, "{outcome:?}");
        assert_eq!(cbor::from_slice::<Outcome>(bytes), Ok(outcome), "{bytes:?}");
    }
}
