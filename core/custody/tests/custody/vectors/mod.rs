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
use crewseal_custody::job::{Erasure, JobPack};
use crewseal_custody::resolution::Resolution;
use crewseal_custody::roll::RollHead;
use crewseal_custody::signed::{Message, SignedError, Unverified};
use crewseal_custody::wire::{EnrolClaim, SessionRequest};
use crewseal_custody::{
    AttachmentReceipt, BoxList, Confirmation, Event, Manifests, NewKeys, OneTimeCode, RecoveryCode,
    Rejection, Revocations, Tick,
};
use crewseal_label::Token;
use fixtures::paper;

use events::still_states;
use format::{Vector, frozen};
use handoff::{still_greets, still_hands_over, still_is_a_receipt, still_signs_off};
use log::still_proves;
use messages::still_lists;
use pieces::{still_come_together, still_holds};
use sealed::{still_delivers, still_opens, still_rebuilds};
use signed::still_verifies;

mod events;
mod format;
mod handoff;
mod log;
mod messages;
mod numbers;
mod pieces;
mod sealed;
mod signed;

#[test]
fn what_was_frozen_is_written_the_same_today() {
    let frozen = frozen();
    let specimens = [
        messages::specimens(),
        events::specimens(),
        sealed::specimens(),
        handoff::specimens(),
        pieces::specimens(),
        log::specimens(),
    ]
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
            "rejection" => still_verifies::<Rejection>(vector),
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
            "job-pack" => still_verifies::<JobPack>(vector),
            "record" => still_holds(vector),
            "parts" => still_come_together(vector),
            "release" | "drawing" | "words" | "nda" | "draw" | "invitation" | "proof" => {}
            // Written the same today, all of it.
            "device" | "sealing-key" | "attachment" | "news" => {}
            "upload" => still_delivers(vector),
            "key-list" => still_lists(vector),
            "leaf" | "log-proofs" | "checkpoint" | "receipt" | "answer" | "restore" => {
                still_proves(vector);
            }
            other => panic!("{}: a vector of the unknown kind {other}", vector.name),
        }
    }
}

#[test]
fn a_frozen_signature_serves_no_other_key() {
    let other = paper::other_hq().public;
    for vector in frozen().values().filter(|vector| vector.kind == "tick") {
        let read = Unverified::<Tick>::parse(&vector.bytes("cose")).unwrap();
        assert!(read.verify(&other).is_err(), "{}", vector.name);
    }
}

#[test]
fn frozen_manifests_still_grow_one_from_another() {
    let frozen = frozen();
    let mut manifests = Manifests::default();
    for name in ["manifest, version 1", "manifest, version 2"] {
        let bytes = frozen[name].bytes("cose");
        manifests.push(paper::hq_keys().open(&bytes).unwrap()).unwrap();
    }
    assert_eq!(manifests.tokens(), paper::tokens(0..4));
}
