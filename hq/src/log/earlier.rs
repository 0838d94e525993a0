//! What was stored before there was a log gets its places in it, once: HQ's own acts first,
//! then the events in the order in which they came, with what their receipts said.

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::logged::{ActKind, Logged};
use crewseal_custody::roll::RollHead;
use crewseal_custody::signed::{Digest, Message, Unverified};
use crewseal_custody::{
    Credential, DeviceId, Event, EventId, Manifest, Outcome, Revocations, Tick, UnverifiedKeyList,
};
use minicbor::data::Tag;
use minicbor::{Decode, Decoder, Encode};
use rusqlite::{Connection, params};

use crate::error::HqError;
use crate::hq::Hq;
use crate::store::{self, LogWriter, column};

const DAMAGED: HqError = HqError::Damaged { what: "a receipt of an earlier format" };

/// A receipt for one event, as HQ signed it before there was a log.
#[derive(Encode, Decode)]
#[cbor(map)]
struct OldReceipt {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    event: EventId,
    #[n(2)]
    device: DeviceId,
    #[n(3)]
    generation: u32,
    #[n(4)]
    sequence: u64,
    #[n(5)]
    outcome: Outcome,
    #[n(6)]
    at: u64,
    #[n(7)]
    origin: String,
}

impl OldReceipt {
    /// The payload of a COSE_Sign1 that HQ wrote itself.
    fn read(signed: &[u8]) -> Option<Self> {
        let mut decoder = Decoder::new(signed);
        let is_one = decoder.tag().ok()? == Tag::new(18) && decoder.array().ok()? == Some(4);
        decoder.bytes().ok()?;
        decoder.map().ok()?;
        let payload = decoder.bytes().ok().filter(|_| is_one)?;
        cbor::from_slice(payload).ok()
    }
}

impl Hq {
    /// Begins HQ's first log, with all that is here already.
    pub(crate) fn begin_log(&self) -> Result<(), HqError> {
        let now = self.clock.now();
        let head = self.store.write(|db| {
            // Another process may have done it meanwhile.
            if store::newest_log(db)?.is_some() {
                return Ok(None);
            }
            store::begin_log(db, 1, None)?;
            let mut log = LogWriter::open(db, &self.log_state.tiles, now)?;
            log_acts(&mut log, db)?;
            let newest = log_events(&mut log, db)?;
            log.at = log.at.max(newest);
            store::note_time(db, log.at)?;
            Ok(self.close(log)?.1)
        })?;
        head.map_or(Ok(()), |head| self.log_state.mark.advance(&head))
    }
}

fn log_acts(log: &mut LogWriter<'_>, db: &Connection) -> Result<(), HqError> {
    for list in store::key_lists(db)? {
        let list = UnverifiedKeyList::parse(&list)?;
        log.act(ActKind::KeyList, &list.message().id())?;
    }
    each(log, db, "SELECT head FROM rolls ORDER BY number", ActKind::Roll, id::<RollHead>)?;
    let credentials = "SELECT bytes FROM credentials ORDER BY rowid";
    each(log, db, credentials, ActKind::Credential, id::<Credential>)?;
    let manifests = "SELECT bytes FROM manifests ORDER BY rowid";
    each(log, db, manifests, ActKind::Manifest, id::<Manifest>)?;
    let revocations = "SELECT bytes FROM revocations ORDER BY epoch";
    each(log, db, revocations, ActKind::Revocations, id::<Revocations>)?;
    let mut ticks = db.prepare("SELECT bytes FROM ticks ORDER BY number")?;
    let mut rows = ticks.query([])?;
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(0)?;
        let tick =
            Unverified::<Tick>::parse(&bytes).map_err(|_| HqError::Damaged { what: "a tick" })?;
        log.act_salted(ActKind::Tick, &tick.id(), &tick.claims().nonce)?;
    }
    Ok(())
}

fn each(
    log: &mut LogWriter<'_>,
    db: &Connection,
    select: &str,
    kind: ActKind,
    id: fn(&[u8]) -> Result<Digest, HqError>,
) -> Result<(), HqError> {
    let mut query = db.prepare(select)?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(0)?;
        log.act(kind, &id(&bytes)?)?;
    }
    Ok(())
}

fn id<T: Message>(bytes: &[u8]) -> Result<Digest, HqError> {
    let read = Unverified::<T>::parse(bytes);
    Ok(read.map_err(|_| HqError::Damaged { what: "what HQ signed" })?.id())
}

/// Gives the events their places. The answer is the newest time that HQ wrote in receipts.
fn log_events(log: &mut LogWriter<'_>, db: &Connection) -> Result<u64, HqError> {
    let mut next = db.prepare(
        "SELECT arrival, id, events.bytes, receipts.bytes FROM events
         JOIN receipts ON receipts.event = events.id
         WHERE arrival > ?1 ORDER BY arrival LIMIT 1",
    )?;
    let mut place_it = db.prepare(
        "UPDATE events SET log = ?2, place = ?3, outcome = ?4, logged_at = ?5 WHERE arrival = ?1",
    )?;
    let (mut newest, mut after) = (0, -1_i64);
    loop {
        let mut rows = next.query([after])?;
        let Some(row) = rows.next()? else { return Ok(newest) };
        after = row.get(0)?;
        let (event, receipt): (Vec<u8>, Vec<u8>) = (row.get(2)?, row.get(3)?);
        let event = Unverified::<Event>::parse(&event)
            .map_err(|_| HqError::Damaged { what: "an event" })?;
        let OldReceipt { device, generation, sequence, outcome, at, .. } =
            OldReceipt::read(&receipt).ok_or(DAMAGED)?;
        let logged = Logged { device, generation, sequence, outcome, at };
        let placed = log.event_of(event.claims(), event.id(), &logged)?;
        place_it.execute(params![
            after,
            placed.log,
            column(placed.place),
            cbor::to_vec(&outcome),
            column(at)
        ])?;
        newest = at.max(newest);
    }
}
