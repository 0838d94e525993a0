//! The custody record of one job: all that proves it, and nothing of the other
//! jobs but that some event of the same devices exists.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::logged::{ActKind, LoggedAct};
use crewseal_custody::roll::RollWire;
use crewseal_custody::signed::{Digest, Signed, Unverified};
use crewseal_custody::{
    Batch, DeviceId, Event, EventKind, JobId, Lists, MAX_RECORD, Record, SignedOff, Tick, Voucher,
    attribute,
};
use crewseal_label::Token;
use minicbor::bytes::ByteVec;
use rusqlite::{Connection, OptionalExtension};

use crate::error::HqError;
use crate::hq::Hq;
use crate::store::{self, column};

impl Hq {
    /// A job's signed [`Record`]. Two exports of the same events differ only in
    /// their time and signature.
    ///
    /// # Errors
    /// [`HqError::UnknownJob`], [`HqError::RecordTooLarge`], or the database.
    pub fn export(&self, job: JobId) -> Result<Vec<u8>, HqError> {
        let record = self.store.read(|db| self.record(db, job))?;
        let record = self.sign(record)?.as_bytes().to_vec();
        if record.len() > MAX_RECORD { Err(HqError::RecordTooLarge) } else { Ok(record) }
    }

    fn record(&self, db: &Connection, job: JobId) -> Result<Record, HqError> {
        if !store::has_job(db, &job)? {
            return Err(HqError::UnknownJob(job));
        }
        let events = self.events(db, &job)?;
        let ticks = self.ticks(db, &events)?;
        let devices: BTreeSet<DeviceId> = events.iter().map(|event| event.device).collect();
        let manifests = store::manifests(db, &self.keys(), &job)?;
        let mut lists = Lists::new();
        lists.add_manifests(manifests.clone());
        let (sensitive, classes) = store::classes(db, &lists, &job)?;
        Ok(Record {
            version: Version,
            job,
            origin: self.origin().to_owned(),
            key_lists: self.keys().lists().to_vec(),
            at: self.now(),
            credentials: self.credentials_of(db, devices)?,
            ticks: ticks.iter().map(bytes).collect(),
            manifests: manifests.versions().iter().map(bytes).collect(),
            rolls: self.rolls_of(db, &job, &events)?,
            events: events.iter().map(bytes).collect(),
            receipts: self.receipts_of(db, &events, &ticks)?,
            release_keys: store::release_keys(db, &job)?,
            sensitive,
            classes,
            revocations: store::revocations(db, &self.keys())?.as_ref().map(bytes),
            inclusions: inclusions(&job, &events),
            confirmations: confirmations(db, &events)?,
            statements: statements(db, &events)?,
            restores: restores(db)?,
        })
    }

    /// The job's events, and what its devices say of themselves, by device and number:
    /// whatever form they have.
    fn events(&self, db: &Connection, job: &JobId) -> Result<Vec<Signed<Event>>, HqError> {
        let damaged = || HqError::Damaged { what: "an event" };
        let mut query = db.prepare(
            "SELECT bytes FROM events WHERE job = ?1
                 OR (job = ?2 AND device IN (SELECT device FROM events WHERE job = ?1))
             ORDER BY device, generation, sequence, id",
        )?;
        let rows = query.query_map([job.0, JobId::NONE.0], |row| row.get::<_, Vec<u8>>(0))?;
        let mut events = Vec::new();
        for bytes in rows {
            let event = Unverified::<Event>::parse(&bytes?).map_err(|_| damaged())?;
            let credential = store::credential(db, &self.keys(), &event.claims().device)?;
            let event = attribute(event, |_| credential.as_deref()).map_err(|_| damaged())?;
            events.push(event);
        }
        Ok(events)
    }

    /// The ticks that events name, by number.
    fn ticks(
        &self,
        db: &Connection,
        events: &[Signed<Event>],
    ) -> Result<Vec<Signed<Tick>>, HqError> {
        let numbers: BTreeSet<u64> = events.iter().map(|event| event.anchor.number).collect();
        let mut query = db.prepare("SELECT bytes FROM ticks WHERE number = ?1")?;
        let mut ticks = Vec::with_capacity(numbers.len());
        for number in numbers {
            let bytes: Option<Vec<u8>> =
                query.query_row([column(number)], |row| row.get(0)).optional()?;
            let tick = bytes.map(|bytes| self.keys().open(&bytes)).transpose();
            ticks.extend(tick.map_err(|_| HqError::Damaged { what: "a tick" })?);
        }
        Ok(ticks)
    }

    /// Where the events stand in HQ's logs, and all that their devices did before the last of
    /// them, so that no chain seems to have a gap; and where the ticks stand.
    fn receipts_of(
        &self,
        db: &Connection,
        events: &[Signed<Event>],
        ticks: &[Signed<Tick>],
    ) -> Result<Vec<ByteVec>, HqError> {
        let mut chains: BTreeMap<(DeviceId, u32), u64> = BTreeMap::new();
        for event in events {
            let last = chains.entry((event.device, event.generation)).or_default();
            *last = event.sequence.max(*last);
        }
        let mut placed = Vec::with_capacity(events.len());
        for ((device, generation), last) in chains {
            placed.extend(store::placed_of(db, (&device, generation), last)?);
        }
        let mut acts: BTreeMap<u32, Vec<LoggedAct>> = BTreeMap::new();
        for log in store::logs(db)? {
            for tick in ticks {
                let (message, kind) = (tick.id(), ActKind::Tick);
                if let Some((place, salt)) = store::act_in(db, log.generation, &message)? {
                    let act = LoggedAct { place, kind, salt, message };
                    acts.entry(log.generation).or_default().push(act);
                }
            }
        }
        let receipts = self.receipts(db, &placed, &acts)?;
        Ok(receipts.iter().map(|receipt| cbor::to_vec(receipt).into()).collect())
    }

    /// All that HQ ever said of these devices, and of those that vouch for them, by device
    /// and serial.
    fn credentials_of(
        &self,
        db: &Connection,
        devices: BTreeSet<DeviceId>,
    ) -> Result<Vec<ByteVec>, HqError> {
        let mut waiting = devices;
        let mut histories = BTreeMap::new();
        while let Some(device) = waiting.pop_first() {
            let history = store::credential_history(db, &self.keys(), &device)?;
            let vouching = history.iter().filter_map(|credential| match credential.voucher {
                Some(Voucher::Device { device, .. }) => Some(device),
                _ => None,
            });
            waiting.extend(vouching.filter(|older| !histories.contains_key(older)));
            histories.insert(device, history);
        }
        Ok(histories.values().flatten().map(bytes).collect())
    }

    /// The rolls that the job's events name labels of, all others hidden.
    fn rolls_of(
        &self,
        db: &Connection,
        job: &JobId,
        events: &[Signed<Event>],
    ) -> Result<Vec<RollWire>, HqError> {
        let mut lists = store::lists(db, &self.keys(), job)?;
        let mut named: BTreeSet<Token> = BTreeSet::new();
        for event in events {
            let findings = event.findings.iter().map(|finding| &finding.boxes);
            for list in findings.chain([&event.boxes]) {
                named.extend(
                    store::resolve(db, &self.keys(), &mut lists, list)?.unwrap_or_default(),
                );
            }
        }
        let mut rolls: BTreeSet<Digest> = BTreeSet::new();
        for token in &named {
            rolls.extend(store::roll_of(db, token)?);
        }
        let rolls = rolls.iter().filter_map(|id| store::roll(db, &self.keys(), id).transpose());
        rolls.map(|roll| Ok(roll?.disclosing(|token| named.contains(token)).to_wire())).collect()
    }
}

/// How each log but the first goes on from the one before.
fn restores(db: &Connection) -> Result<Vec<ByteVec>, HqError> {
    let logs = store::logs(db)?;
    Ok(logs.into_iter().filter_map(|log| Some(log.restore?.into())).collect())
}

/// That events were signed off with others. A sign-off of several names its root and
/// the newest of them; they are what that event's device did in this job before it,
/// as far as the root goes back. What it said of itself meanwhile is none of them.
fn inclusions(job: &JobId, events: &[Signed<Event>]) -> Vec<SignedOff> {
    let is_act = |event: &&Signed<Event>| event.job == *job && event.kind.row().is_act;
    let sign_offs = events
        .iter()
        .filter(|event| event.kind == EventKind::SignOff && event.check_form().is_ok());
    let batch = |sign_off: &Signed<Event>| {
        let newest = events.iter().position(|event| Some(event.id()) == sign_off.about)?;
        let before = events.get(..=newest)?;
        let device = before.last()?.device;
        let did = before.iter().rev().take_while(|event| event.device == device);
        Batch::ending(&sign_off.root?, did.filter(is_act).map(Signed::id))
    };
    let proofs = sign_offs.filter_map(|sign_off| Some((sign_off.id(), batch(sign_off)?)));
    proofs
        .flat_map(|(sign_off, batch)| {
            let proofs = batch.events().iter().filter_map(|event| {
                let inclusion = batch.proof(event)?;
                Some(SignedOff { sign_off, event: *event, inclusion })
            });
            proofs.collect::<Vec<_>>()
        })
        .collect()
}

/// What HQ said of those among them that were claimed with a code.
fn confirmations(db: &Connection, events: &[Signed<Event>]) -> Result<Vec<ByteVec>, HqError> {
    let mut query = db.prepare("SELECT bytes FROM confirmations WHERE event = ?1")?;
    let mut said = Vec::new();
    for event in events.iter().filter(|event| event.code.is_some()) {
        let bytes: Option<Vec<u8>> =
            query.query_row([event.id().0], |row| row.get(0)).optional()?;
        said.extend(bytes.map(ByteVec::from));
    }
    Ok(said)
}

/// What events say of persons and contents, as far as it was not erased. Two events may say the
/// same, which is one statement.
fn statements(db: &Connection, events: &[Signed<Event>]) -> Result<Vec<ByteVec>, HqError> {
    let mut query = db.prepare("SELECT bytes FROM statements WHERE event = ?1")?;
    let mut said: BTreeMap<Digest, ByteVec> = BTreeMap::new();
    for event in events {
        let Some(digest) = event.statement else { continue };
        let bytes: Option<Vec<u8>> =
            query.query_row([event.id().0], |row| row.get(0)).optional()?;
        said.extend(bytes.map(|bytes| (digest, bytes.into())));
    }
    Ok(said.into_values().collect())
}

fn bytes<T: crewseal_custody::signed::Message>(signed: &Signed<T>) -> ByteVec {
    signed.as_bytes().to_vec().into()
}
