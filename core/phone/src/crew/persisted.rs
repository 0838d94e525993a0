//! What the phone keeps, sealed, between two starts of the app.

use std::collections::BTreeSet;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::delivery_grant::Endpoint;
use crewseal_custody::job::JobPack;
use crewseal_custody::roll::RollWire;
use crewseal_custody::signed::{PublicKey, Signed, Unverified};
use crewseal_custody::{BootId, Credential, HqId, HqKeys, JobId, Lists, RecoveryCode, Tick};
use crewseal_label::Token;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use super::CrewError;
use crate::clock::Clock;
use crate::vault::{Collection, StoreError, Transaction, WrapNonce};

pub(super) const ENROLMENT: Collection = Collection("enrolment");
pub(super) const TICK: Collection = Collection("tick");
pub(super) const JOB: Collection = Collection("job");
pub(super) const ROLL: Collection = Collection("roll");
/// Offers of this device, by the id of the offer.
pub(super) const GIVING: Collection = Collection("giving");
/// The handoff in which this device receives.
pub(super) const RECEIVING: Collection = Collection("receiving");
/// HQ's newest list of revoked devices.
pub(super) const REVOCATIONS: Collection = Collection("revocations");
/// What a supervisor was asked to sign off, and his answer, by the id of the request.
pub(super) const ASKED: Collection = Collection("asked");
/// What this device signed off for others, by the id of their request.
pub(super) const ANSWERED: Collection = Collection("answered");
/// Jobs that are being forgotten, by job.
pub(super) const FORGETTING: Collection = Collection("forgetting");
/// Certificates that jobs were forgotten, by job.
pub(super) const ERASURE: Collection = Collection("erasure");
/// Up to where each stream of HQ's news is known here, by its name.
pub(super) const NEWS: Collection = Collection("news");
/// Parts of a roll that is not whole yet, by roll and first place.
pub(super) const PARTS: Collection = Collection("roll-parts");
/// Jobs that HQ told have ended, by job.
pub(super) const ENDED: Collection = Collection("ended");
/// What HQ said against its own word, by the digest of both messages.
pub(super) const CONTRADICTIONS: Collection = Collection("contradictions");
/// The carrier's recovery code, until he has it on paper.
pub(super) const RECOVERY: Collection = Collection("recovery");
const PROGRESS: Collection = Collection("progress");
/// The name in a collection that holds one thing.
pub(super) const ONLY: &[u8] = b"";

/// A job whose key is deleted, and what is still to be looked at before that is
/// certified.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct Forgetting {
    #[n(0)]
    pub(super) version: Version<1>,
    #[n(1)]
    pub(super) job: JobId,
    /// By which the wrap of the job's key is found, if it is still there.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub(super) wrap: WrapNonce,
    /// The storage key of before, as the vault wrapped it.
    #[n(3)]
    pub(super) storage_key: ByteVec,
}

/// What a device keeps of its enrolment.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(map)]
pub(super) struct Enrolment {
    #[n(0)]
    pub(super) version: Version<1>,
    #[n(1)]
    pub(super) url: String,
    /// From before there were key lists, as the next two: the authority of HQ's server, the
    /// one key by which HQ signed, and the key to seal to.
    #[n(2)]
    pub(super) authority: Option<ByteVec>,
    #[n(3)]
    pub(super) hq: Option<PublicKey>,
    #[n(4)]
    pub(super) sealing_key: Option<ByteVec>,
    #[n(5)]
    pub(super) credential: ByteVec,
    /// The name of HQ's log. None in what was kept before claims had to name it.
    #[n(6)]
    pub(super) origin: Option<String>,
    /// The credentials that HQ renewed since, the oldest first.
    #[n(7)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub(super) earlier: Vec<ByteVec>,
    /// HQ's key lists, from the first, checked before they were kept.
    #[n(8)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub(super) key_lists: Vec<ByteVec>,
}

impl Enrolment {
    /// The keys by which HQ is believed.
    pub(super) fn keys(&self) -> Result<HqKeys, CrewError> {
        match self.hq {
            Some(key) if self.key_lists.is_empty() => Ok(HqKeys::of_one_key(key)),
            _ => {
                HqKeys::read_verified(&self.key_lists).map_err(|_| StoreError::ValueCorrupt.into())
            }
        }
    }

    /// Where HQ answers.
    pub(super) fn endpoint(&self) -> Result<Endpoint, CrewError> {
        let (url, keys) = (self.url.clone(), self.keys()?);
        Ok(match &self.authority {
            Some(authority) => Endpoint { url, authorities: vec![authority.clone()], keys },
            None => Endpoint::of(url, keys),
        })
    }

    /// The key to seal to at this time of HQ's.
    pub(super) fn sealing_key(&self, keys: &HqKeys, at: u64) -> Result<ByteVec, CrewError> {
        let listed = keys.sealing_key(at).map(|key| key.to_vec().into());
        listed.or_else(|| self.sealing_key.clone()).ok_or(StoreError::ValueCorrupt.into())
    }

    /// HQ's newest word about this device.
    pub(super) fn credential(&self) -> Result<Signed<Credential>, CrewError> {
        self.keys()?.open(&self.credential).map_err(CrewError::FromHq)
    }
}

/// The recovery code of this phone's carrier, until he has it on paper.
#[derive(Clone, Encode, Decode)]
#[cbor(map)]
pub(super) struct KeptRecoveryCode {
    #[n(0)]
    pub(super) version: Version<1>,
    /// The HQ for which it was drawn.
    #[n(1)]
    pub(super) hq: HqId,
    #[n(2)]
    pub(super) code: RecoveryCode,
}

/// The newest tick, and when it came by the phone's monotonic clock.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(map)]
pub(super) struct KeptTick {
    #[n(0)]
    pub(super) version: Version<1>,
    #[n(1)]
    pub(super) tick: ByteVec,
    #[n(2)]
    pub(super) boot: BootId,
    #[n(3)]
    pub(super) millis: u64,
}

impl KeptTick {
    /// HQ's time in it.
    pub(super) fn at(&self) -> Result<u64, CrewError> {
        let tick = Unverified::<Tick>::parse(&self.tick).map_err(|_| StoreError::ValueCorrupt)?;
        Ok(tick.claims().at)
    }

    /// One that comes now.
    pub(super) fn of(tick: &Signed<Tick>, clock: &dyn Clock) -> Self {
        let (boot, millis) = clock.since_boot();
        Self { version: Version, tick: tick.as_bytes().to_vec().into(), boot, millis }
    }
}

/// What the screen needs to know of a job between two starts of the app.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(map)]
pub(super) struct Progress {
    #[n(0)]
    pub(super) version: Version<1>,
    /// Labels that entered the job after its manifest was made, 16 bytes each.
    #[n(1)]
    pub(super) entered: ByteVec,
}

impl Progress {
    pub(super) fn entered(&self) -> impl Iterator<Item = Token> {
        self.entered.as_chunks::<16>().0.iter().map(|bytes| Token::from_bytes(*bytes))
    }
}

/// Keeps in mind which labels entered a job beyond its manifest.
pub(super) fn remember(
    t: &mut Transaction<'_>,
    job: JobId,
    entered: &BTreeSet<Token>,
    lists: &Lists,
) -> Result<(), CrewError> {
    if entered.is_empty() {
        return Ok(());
    }
    let listed = lists.tokens_of_job(job);
    let mut known = read_progress(t, job)?;
    let before: BTreeSet<Token> = known.entered().chain(listed.iter().copied()).collect();
    let new: Vec<u8> = (entered - &before).iter().flat_map(|token| *token.as_bytes()).collect();
    if new.is_empty() {
        return Ok(());
    }
    known.entered.extend(new);
    let compartment = t.compartment(&job.0)?;
    t.put(PROGRESS, &job.0, Some(&compartment), &cbor::to_vec(&known))?;
    Ok(())
}

pub(super) fn read_progress(t: &Transaction<'_>, job: JobId) -> Result<Progress, CrewError> {
    let none = Progress { version: Version, entered: Vec::new().into() };
    t.get(PROGRESS, &job.0)?.map_or(Ok(none), |bytes| stored(&bytes))
}

pub(super) fn read_enrolment(t: &Transaction<'_>) -> Result<Enrolment, CrewError> {
    let bytes = t.get(ENROLMENT, ONLY)?.ok_or(CrewError::NotEnrolled)?;
    stored(&bytes)
}

/// The name of HQ's log, which claims to HQ must say.
pub(super) fn read_origin(t: &Transaction<'_>, enrolment: &Enrolment) -> Result<String, CrewError> {
    if let Some(origin) = &enrolment.origin {
        return Ok(origin.clone());
    }
    let kept = t.get(TICK, ONLY)?.ok_or(CrewError::NotEnrolled)?;
    let tick = enrolment.keys()?.open::<Tick>(&stored::<KeptTick>(&kept)?.tick);
    Ok(tick.map_err(CrewError::FromHq)?.origin.clone())
}

pub(super) fn read_packs(t: &mut Transaction<'_>) -> Result<Vec<JobPack>, CrewError> {
    let hq = read_enrolment(t)?.keys()?;
    let packs = open_packs(&t.all(JOB)?, &hq)?;
    Ok(packs.iter().map(|pack| JobPack::clone(pack)).collect())
}

/// The job packs that are not damaged.
pub(super) fn whole_packs(
    t: &Transaction<'_>,
    hq: &HqKeys,
) -> Result<Vec<Signed<JobPack>>, CrewError> {
    open_packs(&t.whole(JOB)?, hq)
}

fn open_packs(
    packs: &[Zeroizing<Vec<u8>>],
    hq: &HqKeys,
) -> Result<Vec<Signed<JobPack>>, CrewError> {
    packs.iter().map(|bytes| hq.open(bytes).map_err(CrewError::FromHq)).collect()
}

/// The lists that are whole. A damaged one must not keep the phone from going on
/// with the others; it comes again with the next fetch.
pub(super) fn load_lists(t: &mut Transaction<'_>, hq: &HqKeys) -> Result<Lists, CrewError> {
    let mut lists = Lists::new();
    for bytes in t.whole(ROLL)? {
        lists.add_roll(stored::<RollWire>(&bytes)?.open(hq)?);
    }
    for pack in whole_packs(t, hq)? {
        lists.add_manifests(pack.manifests(hq)?);
    }
    Ok(lists)
}

pub(super) fn stored<T>(bytes: &[u8]) -> Result<T, CrewError>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    cbor::from_versioned::<T, 1>(bytes).map_err(|_| StoreError::ValueCorrupt.into())
}
