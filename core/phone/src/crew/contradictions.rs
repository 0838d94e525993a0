//! Evidence that HQ contradicted itself: two messages, as they came.

use crewseal_custody::cbor::{self, Version};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::CrewError;
use super::persisted::{CONTRADICTIONS, stored};
use super::phone::Crew;
use crate::vault::{Compartment, Transaction};

/// So many contradictions of one kind and of one message are kept. An HQ that goes on with
/// another log contradicts the first with every answer.
const MOST_OF_ONE: usize = 8;

/// Evidence that HQ contradicted itself.
///
/// | what was refused | what it contradicts |
/// |---|---|
/// | a list of revoked devices | the list that is known, or the tick under which it came and which does not know it |
/// | a key list | the list of that number that is known |
/// | a checkpoint or a tick | the checkpoint, the tick or the restore that it does not go on from, or the one after which it comes and which is of a later time |
/// | a restore | the checkpoint whose replicated size it loses, or that it does not agree with |
/// | a tick | the list of revoked devices that HQ told, or nothing, where it names more than it told for a day |
/// | a job pack | the newer one of the job that is known; it goes when the job is forgotten |
/// | an answer to a batch | the checkpoint in it, which is of another log than the answer says |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HqContradiction {
    /// The message that this phone went on with, as HQ signed it.
    pub kept: Vec<u8>,
    /// The message that it refused.
    pub refused: Vec<u8>,
}

/// Two messages of HQ of which one contradicts the other.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(map)]
pub(super) struct Contradicting {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    kept: ByteVec,
    #[n(2)]
    refused: ByteVec,
}

impl Crew {
    /// Evidence that HQ contradicted itself, the oldest first.
    ///
    /// # Errors
    /// [`CrewError::Store`].
    pub fn contradictions(&self) -> Result<Vec<HqContradiction>, CrewError> {
        self.phone.state()?.store.transaction(|t| {
            let all = read(t)?.into_iter();
            let all = all.map(|Contradicting { kept, refused, .. }| HqContradiction {
                kept: kept.into(),
                refused: refused.into(),
            });
            Ok(all.collect())
        })
    }
}

fn read(t: &Transaction<'_>) -> Result<Vec<Contradicting>, CrewError> {
    t.whole(CONTRADICTIONS)?.iter().map(|bytes| stored(bytes)).collect()
}

/// Keeps two messages, once; whether they are new. With a compartment they are forgotten with
/// it.
pub(super) fn keep(
    t: &mut Transaction<'_>,
    compartment: Option<&Compartment>,
    (kept, refused): (&[u8], &[u8]),
) -> Result<bool, CrewError> {
    let known = read(t)?;
    let is_it = |one: &&Contradicting| content(&one.kept) == content(kept);
    let is_known = known.iter().filter(is_it).any(|one| content(&one.refused) == content(refused));
    if is_known || known.iter().filter(is_it).count() >= MOST_OF_ONE {
        return Ok(false);
    }
    let name = ring::digest::digest(&ring::digest::SHA256, &[kept, refused].concat());
    let (kept, refused) = (kept.to_vec().into(), refused.to_vec().into());
    let both = Contradicting { version: Version, kept, refused };
    t.put(CONTRADICTIONS, name.as_ref(), compartment, &cbor::to_vec(&both))?;
    Ok(true)
}

/// A message without its signature, which is another one each time that the same is signed.
fn content(message: &[u8]) -> &[u8] {
    const SIGN1: u8 = 0xd2;
    const SIGNATURE: usize = 64;
    let content = message.len().saturating_sub(SIGNATURE);
    match message.first() {
        Some(&SIGN1) => message.get(..content).unwrap_or(message),
        _ => message,
    }
}
