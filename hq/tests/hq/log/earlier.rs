//! A database from before there was a log.

use std::path::Path;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::signed::Digest;
use crewseal_custody::{DeviceId, EventKind, KeyList, Outcome, Record, UnverifiedKeyList};
use crewseal_hq::{Hq, HqError, KeysError, ListKey, Rotation, serve};
use minicbor::{Decode, Encode};
use rusqlite::{Connection, params};

use super::data;
use crate::phone::{Site, listening, outcomes};

/// A receipt as HQ signed it for each event.
#[derive(Encode, Decode)]
#[cbor(map)]
struct OldReceipt {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    event: Digest,
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

/// Brings a database back to format 10, with a receipt for each event.
pub fn take_the_log_away(data: &Path) {
    let db = Connection::open(data.join("hq.db")).unwrap();
    type Row = (Vec<u8>, [u8; 16], u32, u64, Vec<u8>, u64);
    let rows: Vec<Row> = db
        .prepare("SELECT id, device, generation, sequence, outcome, logged_at FROM events")
        .unwrap()
        .query_map([], |row| {
            let number = |at| row.get::<_, i64>(at).map(|n| u64::try_from(n).unwrap());
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, number(3)?, row.get(4)?, number(5)?))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for (id, device, generation, sequence, outcome, at) in rows {
        let payload = cbor::to_vec(&OldReceipt {
            version: Version,
            event: Digest(id.clone().try_into().unwrap()),
            device: DeviceId(device),
            generation,
            sequence,
            outcome: cbor::from_slice(&outcome).unwrap(),
            at,
            origin: "hq.test".to_owned(),
        });
        let mut sign1 = vec![0xd2, 0x84, 0x43, 0xa1, 1, 0x28, 0xa0, 0x58];
        sign1.push(u8::try_from(payload.len()).unwrap());
        sign1.extend(payload);
        sign1.extend([0x58, 64]);
        sign1.extend([0; 64]);
        db.execute("INSERT INTO receipts (event, bytes) VALUES (?1, ?2)", params![id, sign1])
            .unwrap();
    }
    let of_11 = include_str!("../../../src/store/11.sql");
    let named = |what: &str| {
        of_11
            .lines()
            .filter_map(|line| line.strip_prefix(what)?.split(' ').next())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for trigger in named("CREATE TRIGGER ") {
        db.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    for table in ["log_tiles", "log_acts", "log_leaves", "logs", "hq_time", "clock_corrections"] {
        db.execute_batch(&format!("DROP TABLE {table}")).unwrap();
    }
    for column in ["log", "place", "outcome", "logged_at"] {
        db.execute_batch(&format!("ALTER TABLE events DROP COLUMN {column}")).unwrap();
    }
    db.execute_batch(
        "CREATE TRIGGER events_do_not_change BEFORE UPDATE ON events
         BEGIN SELECT RAISE(ABORT, 'events are evidence and do not change'); END;",
    )
    .unwrap();
    db.pragma_update(None, "user_version", 10).unwrap();
    let _there_may_be_none = std::fs::remove_file(data.join("hq.mark"));
}

#[tokio::test]
async fn what_was_receipted_gets_its_place_once() {
    let mut site = Site::open();
    let (mut phone, lost) = (site.phone().await, site.phone().await);
    site.hq.revoke(lost.device(), 7).unwrap();
    let _early = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    let late = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    let before = phone.deliver(std::slice::from_ref(&late)).await;
    let address = site.running.address();
    let (data, clock) = (data(&site), site.clock.clone());
    site.running.shutdown().await;
    drop(site.hq);
    take_the_log_away(&data);

    site.hq = Hq::open(&data, clock.clone()).unwrap();
    let size = site.hq.log_end().unwrap().unwrap().size;
    // A key list, a roll, two credentials, a manifest, a revocation, two ticks, an event.
    assert_eq!(size, 9);
    let listen = crewseal_hq::Listen { address, ..listening() };
    site.running = serve(site.hq.clone(), listen).unwrap();
    phone.sign_in().await.unwrap();
    let told = phone.deliver(&[late]).await;
    assert_eq!(outcomes(&told), [Ok(Outcome::StoredAfterGap(1))]);
    assert_eq!(told[0].placed().logged, before[0].placed().logged, "HQ's word is that of then");
    assert_eq!(told[0].placed().place, 8);
    let record = site.hq.export(site.job).unwrap();
    let reading = Record::read(&record, Some(&site.hq.identity())).unwrap();
    assert_eq!(reading.errors, []);
    assert_eq!(reading.evidence.places.len(), 1);
    let before = site.hq.log_end().unwrap();
    assert_eq!(Hq::open(&data, clock).unwrap().log_end().unwrap(), before, "once");
}

/// An HQ that was founded before there was a log, whose lists name no key for it.
#[tokio::test]
async fn an_hq_without_a_log_key_says_what_to_do() {
    let site = Site::open();
    let (data, clock) = (data(&site), site.clock.clone());
    let list_key = ListKey::read(&data.join("list.key")).unwrap();
    let first = site.hq.keys().newest().unwrap().clone();
    site.running.shutdown().await;
    drop(site.hq);
    take_the_log_away(&data);
    let mut without = UnverifiedKeyList::propose(KeyList { log: Vec::new(), ..first }).unwrap();
    list_key.sign(&mut without).unwrap();
    let db = Connection::open(data.join("hq.db")).unwrap();
    db.execute_batch("DROP TRIGGER key_lists_do_not_change").unwrap();
    db.execute("UPDATE key_lists SET bytes = ?1", [without.to_bytes()]).unwrap();
    db.close().unwrap();

    let hq = Hq::open(&data, clock.clone()).unwrap();
    let refused = hq.tick().unwrap_err();
    assert!(matches!(refused, HqError::Keys(KeysError::NoLogKey)), "{refused}");
    assert!(refused.to_string().contains("keys propose --log"), "{refused}");
    let mut list = hq.propose_keys(&Rotation { log: true, ..Rotation::default() }).unwrap();
    list_key.sign(&mut list).unwrap();
    hq.adopt_keys(&list.to_bytes()).unwrap();
    assert!(hq.tick().is_ok(), "it begins at once");
    drop(hq);
    assert!(Hq::open(&data, clock).unwrap().tick().is_ok());
}
