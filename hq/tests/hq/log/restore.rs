//! A database that comes back from a backup, and the log that goes on from it.

use std::path::Path;
use std::sync::Arc;

use crewseal_custody::cbor;
use crewseal_custody::envelope::Envelope;
use crewseal_custody::log::{LogKey, root_by_inclusion};
use crewseal_custody::signed::Digest;
use crewseal_custody::wire::RestoreNews;
use crewseal_custody::{EventKind, Record};
use crewseal_hq::clock::Clock;
use crewseal_hq::{Hq, HqError, ListKey, Listen, Restored, serve};
use rusqlite::Connection;

use super::{checkpoint, data, hq, leaves, root_of};
use crate::phone::{Phone, Site, success};

fn count(phone: &mut Phone, site: &Site) -> Envelope {
    phone.act(EventKind::Count, site.job, &[site.label(0)])
}

/// A copy of the database as it is.
fn back_up(site: &Site) {
    let copy = site.dir.path().join("backup.db");
    let db = Connection::open(data(site).join("hq.db")).unwrap();
    db.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
}

/// Puts the copy in place of the database. Whoever has that open goes on with what is gone.
fn bring_back(directory: &Path) {
    let data = directory.join("data");
    for file in ["hq.db", "hq.db-wal", "hq.db-shm"] {
        let _may_be_gone = std::fs::remove_file(data.join(file));
    }
    std::fs::copy(directory.join("backup.db"), data.join("hq.db")).unwrap();
}

fn list_key(data: &Path) -> ListKey {
    ListKey::read(&data.join("list.key")).unwrap()
}

fn restore(site: &Site, brought: &[Vec<u8>], lost_replicated: bool) -> Result<Restored, HqError> {
    let keys = [list_key(&data(site))];
    Hq::restore(&data(site), site.clock.clone(), brought, &keys, lost_replicated)
}

#[tokio::test]
async fn a_database_behind_its_mark_is_refused() {
    let site = Site::open();
    let open = || Hq::open(&data(&site), site.clock.clone()).map(drop);
    back_up(&site);
    let before = checkpoint(&site).checkpoint().head;
    site.hq.tick().unwrap();
    bring_back(site.dir.path());
    let refused = open().unwrap_err();
    let HqError::Behind { here, known } = &refused else { panic!("{refused}") };
    assert_eq!((here.size, known.size), (before.size, before.size + 1));
    assert!(refused.to_string().contains("crewseal-hq log restore"), "{refused}");
    let (status, said) = hq(site.dir.path(), "serve --data data --listen 127.0.0.1:0");
    assert_eq!(status, Some(2), "{said}");

    let mark = data(&site).join("hq.mark");
    std::fs::rename(&mark, site.dir.path().join("away")).unwrap();
    assert!(matches!(open(), Err(HqError::NoMark)));
    assert!(!mark.exists(), "asking makes none");
    std::fs::write(&mark, "no mark").unwrap();
    assert!(matches!(open(), Err(HqError::UnreadableMark)));
}

/// The database of another life: as far as the mark, and another log.
#[tokio::test]
async fn a_database_that_contradicts_its_mark_is_refused() {
    let site = Site::open();
    back_up(&site);
    site.hq.tick().unwrap();
    let mark = data(&site).join("hq.mark");
    let signed = std::fs::read(&mark).unwrap();
    bring_back(site.dir.path());
    std::fs::remove_file(&mark).unwrap();
    restore(&site, &[], false).unwrap();
    // It is put back as if it had never been.
    bring_back(site.dir.path());
    let db = Connection::open(data(&site).join("hq.db")).unwrap();
    db.execute("UPDATE logs SET size = size", []).unwrap();
    drop(db);
    std::fs::remove_file(&mark).unwrap();
    std::fs::write(&mark, &signed).unwrap();
    let open = Hq::open(&data(&site), site.clock.clone()).map(drop);
    assert!(matches!(open, Err(HqError::Behind { .. })));
    let text = String::from_utf8(signed).unwrap();
    let root = text.lines().last().unwrap();
    let size = format!("{:020}", 1);
    let forged = text.replace(text.lines().nth(2).unwrap(), &size).replace(root, &"00".repeat(32));
    std::fs::write(&mark, forged).unwrap();
    let open = Hq::open(&data(&site), site.clock.clone()).map(drop);
    assert!(matches!(open, Err(HqError::Contradicted)));
}

#[tokio::test]
async fn the_log_that_goes_on_says_where_the_old_one_ended_and_phones_see_it() {
    let mut site = Site::open();
    let mut phone = site.phone().await;
    let lost_phone = site.phone().await;
    site.hq.revoke(lost_phone.device(), 7).unwrap();
    let (kept, lost) = (count(&mut phone, &site), count(&mut phone, &site));
    let kept_told = phone.deliver(std::slice::from_ref(&kept)).await;
    back_up(&site);
    let ended = checkpoint(&site);
    let lost_told = phone.deliver(std::slice::from_ref(&lost)).await;
    let newest = lost_told[0].checkpoint.clone().unwrap();
    let address = site.running.address();
    let keys = site.hq.keys();
    let directory = site.dir.path().to_owned();
    let clock = Arc::clone(&site.clock);
    site.running.shutdown().await;
    bring_back(&directory);
    let (data, brought) = (directory.join("data"), [newest.as_text().as_bytes().to_vec()]);
    let list_keys = [list_key(&data)];
    let restored = Hq::restore(&data, clock.clone(), &brought, &list_keys, false).unwrap();
    assert_eq!(restored.kept.size, ended.checkpoint().head.size);
    assert_eq!(restored.lost_up_to.unwrap().size, newest.checkpoint().head.size);
    assert_eq!(restored.generation, 2);

    site.hq = Hq::open(&data, clock).unwrap();
    let listen = Listen { address, ..crate::phone::listening() };
    site.running = serve(site.hq.clone(), listen).unwrap();
    phone.sign_in().await.unwrap();
    // How phones see it.
    let bytes = success(phone.get("/v1/log/restore?generation=2").await).await.unwrap();
    let news: RestoreNews = cbor::from_versioned::<_, 1>(&bytes).unwrap();
    let restore = crewseal_custody::logged::Restore::open(&news.restore, &keys).unwrap();
    assert_eq!(restore.kept, ended.checkpoint().head);
    assert_eq!(restore.newest.as_slice(), newest.as_text().as_bytes());
    let head = keys.open_checkpoint(news.checkpoint.as_bytes()).unwrap().checkpoint().head;
    assert_eq!(head.generation, 2);
    let proof: Vec<Digest> = news.proof.as_chunks::<32>().0.iter().copied().map(Digest).collect();
    let leaf = restore.leaf().hash();
    assert_eq!(root_by_inclusion(&leaf, 0, head.size, &proof), Some(head.root));
    assert_eq!(head.root, root_of(&leaves(&data, 2), head.size));

    // What lay in the backup keeps its place; what comes again gets another.
    let told = phone.deliver(&[kept.clone(), lost.clone()]).await;
    assert_eq!(told[0].placed(), kept_told[0].placed());
    assert_eq!(told[0].checkpoint, Some(ended), "the last one that HQ has of it");
    let again = told[1].placed();
    assert_ne!(again.place, lost_told[0].placed().place);
    assert_eq!(told[1].checkpoint.as_ref().unwrap().checkpoint().head.generation, 2);
    assert_eq!(phone.deliver(&[lost]).await[0].placed(), again);

    // Who is revoked stands in the new log, too.
    let news = phone.news("").await.unwrap();
    assert!(news.revocations.unwrap().proof.is_some());
    let record = site.hq.export(site.job).unwrap();
    let reading = Record::read(&record, Some(&site.hq.identity())).unwrap();
    assert_eq!(reading.errors, []);
    assert_eq!((reading.record.receipts.len(), reading.evidence.restores.len()), (2, 1));
    let logs: Vec<u32> = reading.evidence.places.values().map(|place| place.log).collect();
    assert!(logs.contains(&1) && logs.contains(&2), "{logs:?}");
}

#[tokio::test]
async fn a_restore_is_asked_for_reasons() {
    let site = Site::open();
    let other = Site::open();
    assert!(matches!(restore(&site, &[], false), Err(HqError::NothingLost)));
    back_up(&site);
    let size = checkpoint(&site).checkpoint().head.size;
    site.hq.tick().unwrap();
    site.hq.note_replicated(size + 1).unwrap();
    let replicated = site.hq.checkpoint().unwrap().into_bytes();
    bring_back(site.dir.path());
    let foreign = restore(&site, &[other.hq.checkpoint().unwrap().into_bytes()], false);
    assert!(matches!(foreign, Err(HqError::Checkpoint(_))));
    let wrong_key = [list_key(&data(&other))];
    let wrong = Hq::restore(&data(&site), site.clock.clone(), &[], &wrong_key, false);
    assert!(matches!(wrong, Err(HqError::KeyList(_))));

    let brought = [replicated];
    let lost = restore(&site, &brought, false).unwrap_err();
    assert!(matches!(lost, HqError::LostReplicated { size: replicated } if replicated == size + 1));
    assert!(lost.to_string().contains("accuses HQ"), "{lost}");
    assert!(Hq::open(&data(&site), site.clock.clone()).is_err(), "nothing was done");
    assert_eq!(restore(&site, &brought, true).unwrap().generation, 2);
    drop(Hq::open(&data(&site), site.clock.clone()).unwrap());

    // A backup from before that cannot be gone on with any more.
    bring_back(site.dir.path());
    assert!(matches!(restore(&site, &[], true), Err(HqError::LaterLog)));
}

#[tokio::test]
async fn a_log_is_restored_by_a_command() {
    let site = Site::open();
    back_up(&site);
    site.hq.tick().unwrap();
    std::fs::write(site.dir.path().join("newest"), site.hq.checkpoint().unwrap()).unwrap();
    bring_back(site.dir.path());
    let line = "log restore --data data --list-key data/list.key --checkpoint newest";
    let (status, said) = hq(site.dir.path(), line);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("HQ goes on in log 2"), "{said}");
    assert!(said.contains("receipted and lost"), "{said}");
    let (status, said) = hq(site.dir.path(), line);
    assert_eq!(status, Some(2), "once is enough: {said}");
}

#[tokio::test]
async fn checkpoints_say_up_to_where_a_backup_goes() {
    let site = Site::open();
    assert_eq!(checkpoint(&site).checkpoint().replicated, None);
    let size = checkpoint(&site).checkpoint().head.size;
    assert!(matches!(site.hq.note_replicated(size + 1), Err(HqError::NotSoLarge { .. })));
    let (status, said) = hq(site.dir.path(), &format!("log replicated --data data --size {size}"));
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(checkpoint(&site).checkpoint().replicated, Some(size));
    site.hq.note_replicated(size - 1).unwrap();
    site.hq.tick().unwrap();
    assert_eq!(checkpoint(&site).checkpoint().replicated, Some(size), "it is never taken back");
}

/// Log keys are exchanged like all others, and what an earlier one signed stays good.
#[tokio::test]
async fn the_key_of_the_log_is_exchanged() {
    let site = Site::open();
    let before = checkpoint(&site);
    let rotation = crewseal_hq::Rotation { log: true, ..Default::default() };
    let mut list = site.hq.propose_keys(&rotation).unwrap();
    list_key(&data(&site)).sign(&mut list).unwrap();
    site.hq.adopt_keys(&list.to_bytes()).unwrap();
    let listed: Vec<LogKey> = site.hq.keys().newest().unwrap().log.clone();
    assert_eq!(listed.len(), 2);
    site.clock.advance(60);
    site.hq.tick().unwrap();
    let keys = site.hq.keys();
    assert_eq!(keys.log_key(site.clock.now()), Some(&listed[1].key));
    assert!(keys.open_checkpoint(before.as_text().as_bytes()).is_ok());
    assert!(checkpoint(&site).checkpoint().at >= listed[1].from);
}
