//! Messages that are signed: what they say must stay, how they were signed is random.

use crewseal_custody::cbor::{self};
use crewseal_custody::signed::{Message, PublicKey, Signed};
use data_encoding::HEXLOWER;
use fixtures::paper;

use super::format::Vector;

pub fn signed_message<T: Message>(vector: Vector, key: &paper::Key, message: T) -> Vector {
    let signed = key.sign(message);
    let payload = cbor::to_vec(&*signed);
    vector
        .with_bytes("payload", &payload)
        .with_bytes("id", &signed.id().0)
        .with_bytes("key", &key.public.0)
        .with_bytes("cose", signed.as_bytes())
}

/// The frozen signature still verifies, and what it signs reads as before.
pub fn still_verifies<T: Message>(vector: &Vector) {
    let name = &vector.name;
    let key = PublicKey(vector.bytes("key").try_into().expect("a public key"));
    let signed: Signed<T> =
        Signed::open(&vector.bytes("cose"), &key).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(HEXLOWER.encode(&signed.id().0), vector.fields["id"], "{name}");
    assert_eq!(cbor::to_vec(&*signed), vector.bytes("payload"), "{name}");
}
