//! The custody record: all that proves a job's custody, in one file that needs
//! no database and no network to check.
//!
//! It is one message signed by HQ whose payload holds the messages themselves,
//! each with its own signature. So every byte is covered at least once, a
//! device's words stay the device's even against HQ, and when a byte is wrong
//! the inner signatures tell where.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::cbor::{self, CborError, Version};
use crate::hq_keys::{HqKeys, HqMessage};
use crate::list_signed::KeyListError;
use crate::log::Checkpoint;
use crate::logged::{ActKind, ProvenEvent, Receipt, ReceiptError, Restore};
use crate::roll::{RollError, RollWire};
use crate::signed::{Digest, Message, Namespace, Signed, SignedError, Unverified};
use crate::{
    Anchor, BoxClass, BoxList, BoxListError, Confirmation, Credential, DeviceId, Event, Evidence,
    HqId, JobId, LogPlace, Manifest, ManifestError, Manifests, Refused, ReleaseKey, Revocations,
    SignedOff, Statement, StatementError, Tick, attribute, classes,
};

/// The largest record that is read: 64 MiB.
pub const MAX_RECORD: usize = 64 << 20;

/// An exported custody record.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Record {
    /// Format version.
    #[n(0)]
    pub version: Version<3>,
    /// The job.
    #[n(1)]
    pub job: JobId,
    /// The name of HQ's log.
    #[n(2)]
    pub origin: String,
    /// HQ's key lists, from the first. A reader compares its digest, or the
    /// [`fingerprint`](crate::fingerprint) of it, with the one he knows.
    #[n(3)]
    pub key_lists: Vec<ByteVec>,
    /// When it was exported, in seconds since 1970-01-01 UTC.
    #[n(4)]
    pub at: u64,
    /// Signed [`Credential`]s: of each device all that HQ gave it, and those of the devices
    /// that vouch for it.
    #[n(5)]
    pub credentials: Vec<ByteVec>,
    /// Signed [`Tick`]s that events name.
    #[n(6)]
    pub ticks: Vec<ByteVec>,
    /// Signed [`Manifest`]s, oldest first.
    #[n(7)]
    pub manifests: Vec<ByteVec>,
    /// Rolls, with other jobs' labels hidden.
    #[n(8)]
    pub rolls: Vec<RollWire>,
    /// Signed [`Event`]s.
    #[n(9)]
    pub events: Vec<ByteVec>,
    /// [`Receipt`]s, one of each log that these events stand in: of the events, of what the same
    /// devices did between them in other jobs, and of the ticks.
    #[n(10)]
    pub receipts: Vec<ByteVec>,
    /// What the customer could release with a code, as HQ says.
    #[n(11)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub release_keys: Vec<ReleaseKey>,
    /// The boxes with papers, devices or valuables, as HQ says.
    #[n(12)]
    #[cbor(skip_if = "BoxList::is_empty")]
    pub sensitive: BoxList,
    /// Which of them are in which class, as HQ says.
    #[n(13)]
    #[cbor(skip_if = "BTreeMap::is_empty")]
    pub classes: BTreeMap<BoxClass, BoxList>,
    /// The newest signed [`Revocations`], if HQ ever revoked a device.
    #[n(14)]
    pub revocations: Option<ByteVec>,
    /// That events are among those of a sign-off of several. Each proof stands alone:
    /// a record may leave out the others' events and proofs.
    #[n(15)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub inclusions: Vec<SignedOff>,
    /// Signed [`Confirmation`]s.
    #[n(16)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub confirmations: Vec<ByteVec>,
    /// The [`Statement`]s that events name and that were not erased.
    #[n(17)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub statements: Vec<ByteVec>,
    /// Signed [`Restore`]s: how each log but the first goes on from the one before.
    #[n(18)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub restores: Vec<ByteVec>,
}

impl Message for Record {
    const NAMESPACE: Namespace = Namespace::Record;
    const VERSIONS: RangeInclusive<u64> = 3..=3;
}

impl HqMessage for Record {
    fn signed_at(&self) -> Option<u64> {
        Some(self.at)
    }
}

/// A part of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// The file as a whole.
    Whole,
    /// A credential, by its place.
    Credential(usize),
    /// A tick, by its place.
    Tick(usize),
    /// A manifest's version, by its place.
    Manifest(usize),
    /// A roll, by its place.
    Roll(usize),
    /// An event, by its place.
    Event(usize),
    /// A receipt, by its place.
    Receipt(usize),
    /// That HQ lost the end of a log, by its place.
    Restore(usize),
    /// The classes of the boxes.
    Classes,
    /// The revocations.
    Revocations,
    /// A proof that an event was signed off with others, by its place.
    Inclusion(usize),
    /// HQ's word on a sign-off that was claimed, by its place.
    Confirmation(usize),
    /// A statement, by its place.
    Statement(usize),
}

/// The place is said counted from 1, as a person counts.
impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, place) = match self {
            Self::Whole => return f.write_str("the record"),
            Self::Credential(place) => ("credential", place),
            Self::Tick(place) => ("tick", place),
            Self::Manifest(place) => ("manifest version", place),
            Self::Roll(place) => ("roll", place),
            Self::Event(place) => ("event", place),
            Self::Receipt(place) => ("receipt", place),
            Self::Restore(place) => ("restore of the log", place),
            Self::Classes => return f.write_str("the classes of the boxes"),
            Self::Revocations => return f.write_str("the revocations"),
            Self::Inclusion(place) => ("proof of a sign-off", place),
            Self::Confirmation(place) => ("word on a sign-off", place),
            Self::Statement(place) => ("statement", place),
        };
        write!(f, "{name} {}", place.saturating_add(1))
    }
}

/// What is wrong with a part of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// More than [`MAX_RECORD`] bytes.
    #[error("too large to be a custody record")]
    TooLarge,
    /// A message or its signature.
    #[error("{0}")]
    Signed(#[from] SignedError),
    /// HQ's key lists.
    #[error("{0}")]
    KeyLists(#[from] KeyListError),
    /// The record is by the HQ that it says, but another one was expected.
    #[error("signed by another HQ than the one expected")]
    OtherHq,
    /// An event.
    #[error("{0}")]
    Event(#[from] Refused),
    /// A roll.
    #[error("{0}")]
    Roll(#[from] RollError),
    /// A manifest.
    #[error("{0}")]
    Manifest(#[from] ManifestError),
    /// A list of boxes with a class.
    #[error("{0}")]
    Boxes(#[from] BoxListError),
    /// The same message stands twice.
    #[error("stands in the record twice")]
    Repeated,
    /// A message of another job.
    #[error("belongs to another job")]
    OtherJob,
    /// A credential of a device that names another carrier than an earlier one of it.
    #[error("names another carrier for the same keys")]
    OtherCarrier,
    /// A credential that claims a voucher which is not its carrier's.
    #[error("claims a voucher that does not verify")]
    Voucher,
    /// A tick, restore or revocation of another log than the record's.
    #[error("belongs to another log")]
    OtherOrigin,
    /// A receipt.
    #[error("{0}")]
    Receipt(#[from] ReceiptError),
    /// A receipt that cannot be read.
    #[error("{0}")]
    Unreadable(#[from] CborError),
    /// A receipt that names an event's device or numbers otherwise.
    #[error("names its event's device or numbers otherwise")]
    OtherNumbers,
    /// An event that stands in HQ's log before the tick that it names, which it cannot have
    /// known: HQ's log is not in the order in which things came.
    #[error("stands in HQ's log before the tick that it names")]
    BeforeItsTick,
    /// A restore below a size of which HQ had signed that another place has what is in the log.
    #[error("loses what HQ had said to have twice")]
    LostReplicated,
    /// A statement that no event names, or that is none.
    #[error("{0}")]
    Statement(#[from] StatementError),
    /// A proof that does not lead to the root of the sign-off that it names.
    #[error("does not prove that its event was signed off")]
    NoProof,
}

/// A record that was read, and what in it did not hold.
pub struct Reading {
    /// The record.
    pub record: Record,
    /// The HQ that it is of, by its key lists.
    pub hq: HqKeys,
    /// All in it whose signatures hold.
    pub evidence: Evidence,
    /// What did not hold. Empty: every byte is covered by a good signature.
    pub errors: Vec<(Section, RecordError)>,
}

impl Record {
    /// Reads a record and checks every signature in it.
    ///
    /// `hq` is HQ's identity as the reader knows it; without it, the first key list in the
    /// record is believed, which shows only that the record agrees with itself.
    ///
    /// # Errors
    /// If the file cannot be read as a record at all. What is wrong inside is
    /// collected in [`Reading::errors`].
    pub fn read(bytes: &[u8], hq: Option<&HqId>) -> Result<Reading, RecordError> {
        if bytes.len() > MAX_RECORD {
            return Err(RecordError::TooLarge);
        }
        let message = Unverified::<Self>::parse(bytes)?;
        let record = message.claims().clone();
        let keys = HqKeys::read(&record.key_lists)?;
        let is_other = hq.is_some_and(|hq| *hq != keys.identity());
        let whole = keys.verify(message);
        let is_of_log = keys.origin() == record.origin;
        let mut checks = Checks { hq: keys, errors: Vec::new() };
        checks.holds(Section::Whole, !is_other, RecordError::OtherHq);
        checks.holds(Section::Whole, is_of_log, RecordError::OtherOrigin);
        checks.keep(Section::Whole, whole);
        let evidence = checks.evidence(&record);
        Ok(Reading { evidence, errors: checks.errors, hq: checks.hq, record })
    }
}

struct Checks {
    hq: HqKeys,
    errors: Vec<(Section, RecordError)>,
}

impl Checks {
    fn keep<T, E: Into<RecordError>>(&mut self, at: Section, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.errors.push((at, error.into()))).ok()
    }

    fn by_hq<T: HqMessage>(&mut self, at: Section, bytes: &ByteVec) -> Option<Signed<T>> {
        let read = self.hq.open(bytes);
        self.keep(at, read)
    }

    fn once<T>(&mut self, at: Section, before: Option<T>) {
        if before.is_some() {
            self.errors.push((at, RecordError::Repeated));
        }
    }

    /// What of it holds. Lists come before what names boxes by them, and events before
    /// what is about them.
    fn evidence(&mut self, record: &Record) -> Evidence {
        let mut evidence = Evidence::default();
        self.hqs_word(record, &mut evidence);
        self.lists(record, &mut evidence);
        self.revocations(record, &mut evidence);
        self.events(record, &mut evidence);
        self.receipts(record, &mut evidence);
        self.sign_offs(record, &mut evidence);
        self.statements(record, &mut evidence);
        evidence
    }

    /// Codes, credentials and ticks.
    fn hqs_word(&mut self, record: &Record, evidence: &mut Evidence) {
        for key in &record.release_keys {
            let before = evidence.release_keys.insert(key.number, *key);
            self.once(Section::Whole, before);
        }
        self.credentials(record, evidence);
        for (place, bytes) in record.ticks.iter().enumerate() {
            let at = Section::Tick(place);
            if let Some(tick) = self.by_hq::<Tick>(at, bytes) {
                self.holds(at, tick.origin == record.origin, RecordError::OtherOrigin);
                let before = evidence.ticks.insert(tick.number, tick);
                self.once(at, before);
            }
        }
    }

    /// HQ's word about devices. A credential that claims what nobody signed counts for
    /// nothing: it says of itself that HQ's word alone should not do.
    fn credentials(&mut self, record: &Record, evidence: &mut Evidence) {
        let mut places = BTreeMap::new();
        for (place, bytes) in record.credentials.iter().enumerate() {
            let at = Section::Credential(place);
            let Some(credential) = self.by_hq::<Credential>(at, bytes) else { continue };
            let device = credential.device();
            let of_another = evidence
                .credentials
                .get(&device)
                .is_some_and(|known| known.carrier != credential.carrier);
            if of_another {
                self.errors.push((at, RecordError::OtherCarrier));
                continue;
            }
            places.insert((device, credential.serial), at);
            let before = evidence.credentials.insert(credential);
            self.once(at, before);
        }
        let hq = self.hq.identity();
        let all = evidence.credentials.clone();
        evidence.credentials.retain(|credential| {
            let older = |device: &DeviceId| all.get(device).map(|signed| &**signed);
            let is_good = credential.has_good_voucher(hq, older);
            let at = places.get(&(credential.device(), credential.serial)).copied();
            self.holds(at.unwrap_or(Section::Whole), is_good, RecordError::Voucher);
            is_good
        });
    }

    /// Manifests, rolls and classes.
    fn lists(&mut self, record: &Record, evidence: &mut Evidence) {
        let mut manifests = Manifests::default();
        for (place, bytes) in record.manifests.iter().enumerate() {
            let at = Section::Manifest(place);
            if let Some(manifest) = self.by_hq::<Manifest>(at, bytes) {
                self.holds(at, manifest.job == record.job, RecordError::OtherJob);
                let pushed = manifests.push(manifest);
                self.keep(at, pushed);
            }
        }
        evidence.lists.add_manifests(manifests);
        for (place, wire) in record.rolls.iter().enumerate() {
            let opened = wire.open(&self.hq);
            if let Some(roll) = self.keep(Section::Roll(place), opened) {
                evidence.lists.add_roll(roll);
            }
        }
        let named = classes(&record.sensitive, &record.classes, &evidence.lists);
        evidence.classes = self.keep(Section::Classes, named).unwrap_or_default();
    }

    fn revocations(&mut self, record: &Record, evidence: &mut Evidence) {
        if let Some(bytes) = &record.revocations {
            let at = Section::Revocations;
            evidence.revocations = self.by_hq::<Revocations>(at, bytes);
            let is_ours = evidence.revocations.as_ref().is_none_or(|r| r.origin == record.origin);
            self.holds(at, is_ours, RecordError::OtherOrigin);
        }
    }

    fn events(&mut self, record: &Record, evidence: &mut Evidence) {
        for (place, bytes) in record.events.iter().enumerate() {
            let at = Section::Event(place);
            let parsed = Unverified::<Event>::parse(bytes);
            let Some(event) = self.keep(at, parsed) else { continue };
            let signed =
                attribute(event, |device| evidence.credentials.get(device).map(|one| &**one));
            let Some(event) = self.keep(at, signed) else { continue };
            // What a device says of itself is of no job and of each.
            let is_ours = event.job == record.job || event.job == JobId::NONE;
            self.holds(at, is_ours, RecordError::OtherJob);
            let is_well_formed = event.check_form().is_ok();
            let kept = if is_well_formed { &mut evidence.events } else { &mut evidence.ill_formed };
            let before = kept.insert(event.id(), event);
            self.once(at, before);
        }
    }

    /// Where events and ticks stand in HQ's log, and how one log goes on from another.
    fn receipts(&mut self, record: &Record, evidence: &mut Evidence) {
        for (place, bytes) in record.receipts.iter().enumerate() {
            let at = Section::Receipt(place);
            let read = cbor::from_versioned::<Receipt, 2>(bytes);
            let Some(receipt) = self.keep(at, read) else { continue };
            let verified = receipt.verify(&self.hq);
            let Some(proven) = self.keep(at, verified) else { continue };
            let checkpoint = *proven.checkpoint.checkpoint();
            let log = checkpoint.head.generation;
            let before = evidence.checkpoints.insert(log, checkpoint);
            self.once(at, before);
            for ProvenEvent { id, place: index, logged, .. } in proven.events {
                let is_its = evidence.signed(&id).is_none_or(|event| {
                    (event.device, event.generation, event.sequence)
                        == (logged.device, logged.generation, logged.sequence)
                });
                self.holds(at, is_its, RecordError::OtherNumbers);
                let before = evidence.places.insert(id, LogPlace { log, index, logged });
                self.once(at, before);
            }
            let ticks = evidence.ticks.values();
            let places = ticks.filter_map(|tick| {
                let (index, _) =
                    proven.acts.get(&tick.id()).filter(|(_, kind)| *kind == ActKind::Tick)?;
                Some((tick.number, (log, *index)))
            });
            evidence.tick_places.extend(places);
        }
        self.after_ticks(record, evidence);
        for (place, bytes) in record.restores.iter().enumerate() {
            let at = Section::Restore(place);
            let read = Restore::open(bytes, &self.hq);
            let Some(restore) = self.keep(at, read) else { continue };
            let brought = self.hq.open_checkpoint(&restore.newest).ok();
            let brought = brought.map(|signed| *signed.checkpoint());
            let ended = evidence.checkpoints.get(&restore.kept.generation).copied();
            let is_lost = |checkpoint: Checkpoint| {
                checkpoint.head.generation == restore.kept.generation
                    && checkpoint.replicated > Some(restore.kept.size)
            };
            let loses = brought.into_iter().chain(ended).any(is_lost);
            self.holds(at, !loses, RecordError::LostReplicated);
            evidence.restores.push(restore);
        }
    }

    /// HQ logs a tick when it signs it, so no event that names one can stand before it.
    fn after_ticks(&mut self, record: &Record, evidence: &Evidence) {
        let mut places = BTreeMap::new();
        for tick in evidence.ticks.values() {
            if let Some(place) = evidence.tick_places.get(&tick.number) {
                places.insert(Anchor { number: tick.number, nonce: tick.nonce }, *place);
            }
        }
        for (place, bytes) in record.events.iter().enumerate() {
            let Ok(event) = Unverified::<Event>::parse(bytes) else { continue };
            let tick = places.get(&event.claims().anchor);
            let its = evidence.places.get(&event.id()).map(|its| (its.log, its.index));
            let is_after = tick.zip(its).is_none_or(|(tick, its)| *tick < its);
            self.holds(Section::Event(place), is_after, RecordError::BeforeItsTick);
        }
    }

    /// Proofs that events are among those of a sign-off, and HQ's word on claims.
    fn sign_offs(&mut self, record: &Record, evidence: &mut Evidence) {
        for (place, proof) in record.inclusions.iter().enumerate() {
            let SignedOff { sign_off, event, inclusion } = proof;
            let root = evidence.events.get(sign_off).and_then(|sign_off| sign_off.root);
            let at = Section::Inclusion(place);
            let proves = root.is_some_and(|root| inclusion.proves(&root, event));
            self.holds(at, proves, RecordError::NoProof);
            let before = evidence.inclusions.insert((*sign_off, *event), inclusion.clone());
            self.once(at, before);
        }
        for (place, bytes) in record.confirmations.iter().enumerate() {
            let at = Section::Confirmation(place);
            if let Some(said) = self.by_hq::<Confirmation>(at, bytes) {
                self.holds(at, said.origin == record.origin, RecordError::OtherOrigin);
                let before = evidence.confirmations.insert(said.event, said);
                self.once(at, before);
            }
        }
    }

    /// What events name by its digest.
    fn statements(&mut self, record: &Record, evidence: &mut Evidence) {
        let signed = evidence.events.values().chain(evidence.ill_formed.values());
        let named: BTreeSet<Digest> = signed.filter_map(|event| event.statement).collect();
        for (place, bytes) in record.statements.iter().enumerate() {
            let at = Section::Statement(place);
            let digest = Statement::digest_of(bytes);
            let named = named.get(&digest).ok_or(StatementError::OtherDigest);
            let read = named.and_then(|digest| Statement::read(bytes, digest));
            if let Some(statement) = self.keep(at, read) {
                let before = evidence.statements.insert(digest, statement);
                self.once(at, before);
            }
        }
    }

    fn holds(&mut self, at: Section, holds: bool, otherwise: RecordError) {
        if !holds {
            self.errors.push((at, otherwise));
        }
    }
}
