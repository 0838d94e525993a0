//! The fields of a signed payload, apart and together again, so that a message can leave out
//! what the other side knows and its reader can put it back.

use std::collections::BTreeMap;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

/// A payload's fields by key, each as the CBOR that it is.
pub(super) type Fields = BTreeMap<u8, Vec<u8>>;

/// The fields of a payload; none if it is anything but one map with small numbers as keys.
pub(super) fn split(payload: &[u8]) -> Option<Fields> {
    let mut decoder = Decoder::new(payload);
    if decoder.datatype().ok()? != Type::Map {
        return None;
    }
    let count = decoder.map().ok()??;
    let mut fields = Fields::new();
    for _ in 0..count {
        let key = decoder.u8().ok()?;
        let from = decoder.position();
        decoder.skip().ok()?;
        if fields.insert(key, payload.get(from..decoder.position())?.to_vec()).is_some() {
            return None;
        }
    }
    (decoder.position() == payload.len()).then_some(fields)
}

/// The payload of these fields.
pub(super) fn join(fields: &Fields) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes);
    // Writing to memory cannot fail.
    let _: Result<_, _> = encoder.map(fields.len() as u64);
    for (key, value) in fields {
        let mut encoder = Encoder::new(&mut bytes);
        let _: Result<_, _> = encoder.u8(*key);
        bytes.extend_from_slice(value);
    }
    bytes
}
