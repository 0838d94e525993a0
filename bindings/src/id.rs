//! Ids cross as lower-case hexadecimal text: it compares, it serves as a key of
//! a map, and it says as little as the bytes do.

use crewseal_custody::signed::Digest;
use crewseal_custody::{DeviceId, EventId, JobId};
use data_encoding::HEXLOWER;

use crate::CrewError;

/// Which refusal of HQ's: the id of its receipt that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalId(pub Digest);

uniffi::custom_type!(RefusalId, String, {
    lower: |id| HEXLOWER.encode(&id.0.0),
    try_lift: |text| Ok(RefusalId(Digest(bytes(&text)?))),
});

uniffi::custom_type!(JobId, String, {
    remote,
    lower: |id| HEXLOWER.encode(&id.0),
    try_lift: |text| Ok(JobId(bytes(&text)?)),
});

uniffi::custom_type!(DeviceId, String, {
    remote,
    lower: |id| HEXLOWER.encode(&id.0),
    try_lift: |text| Ok(DeviceId(bytes(&text)?)),
});

uniffi::custom_type!(EventId, String, {
    remote,
    lower: |id| HEXLOWER.encode(&id.0),
    try_lift: |text| Ok(Digest(bytes(&text)?)),
});

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], CrewError> {
    let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| CrewError::NotAnId)?;
    bytes.try_into().map_err(|_| CrewError::NotAnId)
}
