//! Places of events, and what is proven of them over the wire.

use std::time::Duration;

use crewseal_custody::cbor;
use crewseal_custody::envelope::Envelope;
use crewseal_custody::log::{MOST_RUNS, Tile, proves_consistency, root_by_inclusion};
use crewseal_custody::logged::{ActKind, Leaf};
use crewseal_custody::signed::{Digest, Signed};
use crewseal_custody::wire::{Consistency, Sent};
use crewseal_custody::{EventKind, Record, Revocations, Tick};
use reqwest::StatusCode;
use rusqlite::Connection;

use super::{checkpoint, data, leaves, root_of, tiles};
use crate::phone::{Phone, Site, success};

fn count(phone: &mut Phone, site: &Site) -> Envelope {
    phone.act(EventKind::Count, site.job, &[site.label(0)])
}

#[tokio::test]
async fn a_fresh_batch_is_one_run_whatever_it_answers_or_labels() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let mut batch = vec![phone.act(EventKind::Commission, site.job, &[site.label(20)])];
    batch.extend((0..5).map(|_| count(&mut phone, &site)));
    let before = checkpoint(&site).checkpoint().head.size;
    let answer = phone.post_batch(&phone.batch(&batch).asking_for_salts()).await.unwrap();
    assert_eq!((answer.runs.len(), answer.runs[0].first, answer.runs[0].count), (1, before, 6));
    assert_eq!(answer.outcomes.len(), 1, "one word for all");
    let log = leaves(&data(&site), 1);
    let kinds: Vec<u8> =
        log[usize::try_from(before).unwrap()..].iter().map(|leaf| leaf[0]).collect();
    assert_eq!(kinds, [0, 0, 0, 0, 0, 0, 4], "the manifest's version comes after them");
    let head = checkpoint(&site).checkpoint().head;
    assert_eq!(head.root, root_of(&log, head.size));
}

#[tokio::test]
async fn salts_come_only_if_asked_for() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let batch = [count(&mut phone, &site)];
    let answer = phone.post_batch(&phone.batch(&batch)).await.unwrap();
    assert_eq!(answer.salts, None);
}

#[tokio::test]
async fn what_does_not_fit_in_four_runs_is_asked_again() {
    let site = Site::open();
    let (mut phone, mut other) = (site.phone().await, site.phone().await);
    let mut mine = Vec::new();
    let mut first = Vec::new();
    for _ in 0..7 {
        mine.push(count(&mut phone, &site));
        first.extend(phone.deliver(&mine[mine.len() - 1..]).await);
        let between = count(&mut other, &site);
        other.deliver(&[between]).await;
    }
    let batch = phone.batch(&mine).asking_for_salts();
    let answer = phone.post_batch(&batch).await.unwrap();
    assert_eq!(answer.runs.len(), MOST_RUNS);
    let sent: Vec<Sent> = mine.iter().map(|one| Sent::of(one.address(), None)).collect();
    assert_eq!(phone.told(&answer, &sent).len(), 4, "the first four");
    let again = phone.deliver(&mine).await;
    for (again, first) in again.iter().zip(&first) {
        assert_eq!(again.placed(), first.placed(), "its first place");
    }
}

/// While one commit waits for the disk, whoever comes meanwhile waits for the next one, and
/// all of them share it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn batches_that_come_together_are_written_under_one_checkpoint() {
    let site = Site::open();
    let mut phones = Vec::new();
    for _ in 0..6 {
        phones.push(site.phone().await);
    }
    let batches: Vec<[Envelope; 1]> =
        phones.iter_mut().map(|phone| [count(phone, &site)]).collect();
    let other = Connection::open(data(&site).join("hq.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut deliveries = tokio::task::JoinSet::new();
    for (phone, batch) in phones.into_iter().zip(batches) {
        deliveries.spawn(async move { phone.deliver(&batch).await });
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    other.execute_batch("ROLLBACK").unwrap();
    let told = deliveries.join_all().await;
    let mut checkpoints: Vec<String> =
        told.iter().map(|told| told[0].checkpoint.as_ref().unwrap().as_text().to_owned()).collect();
    checkpoints.sort();
    checkpoints.dedup();
    assert!(checkpoints.len() <= 2, "the first, and all that waited for it: {checkpoints:#?}");
}

#[tokio::test]
async fn a_tick_knows_the_log_just_before_itself() {
    let site = Site::open();
    let phone = site.phone().await;
    let bytes = success(phone.get("/v1/tick").await).await.unwrap();
    let tick: Signed<Tick> = phone.keys.open(&bytes).unwrap();
    let head = tick.log.unwrap();
    let log = leaves(&data(&site), 1);
    assert_eq!(head.root, root_of(&log, head.size));
    assert_eq!(log[usize::try_from(head.size).unwrap()], tick.leaf().to_bytes());
    assert_eq!(log[0], Leaf::parse(&log[0]).unwrap().to_bytes());
}

#[tokio::test]
async fn the_list_of_revoked_devices_stands_under_the_tick_that_comes_with_it() {
    let site = Site::open();
    let (phone, lost) = (site.phone().await, site.phone().await);
    assert_eq!(phone.news("").await.unwrap().revocations.unwrap().proof, None, "no list yet");
    site.hq.revoke(lost.device(), 7).unwrap();
    let news = phone.news("").await.unwrap();
    let tick: Signed<Tick> = phone.keys.open(&news.tick).unwrap();
    let revocations = news.revocations.unwrap();
    let list: Signed<Revocations> = phone.keys.open(&revocations.list.unwrap()).unwrap();
    let proof = revocations.proof.unwrap();
    let head = tick.log.unwrap();
    assert!(proof.proves(ActKind::Revocations, &list.id(), &head));
    assert!(!proof.proves(ActKind::Revocations, &Digest([7; 32]), &head));
}

/// As anybody reads it, without a session.
#[tokio::test]
async fn tiles_and_checkpoint_are_served_in_the_layout_of_c2sp() {
    let site = Site::open();
    let mut phone = site.phone().await;
    for _ in 0..2 {
        let batch: Vec<Envelope> = (0..150).map(|_| count(&mut phone, &site)).collect();
        phone.deliver(&batch).await;
    }
    phone.token.clear();
    let answer = phone.get("/v1/log/checkpoint").await;
    assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
    let signed = phone.keys.open_checkpoint(&answer.bytes().await.unwrap()).unwrap();
    let head = signed.checkpoint().head;
    assert!(head.size > 300);
    let directory = tempfile::tempdir().unwrap();
    for (path, tile) in tiles(head.size) {
        let answer = phone.get(&format!("/v1/log/{path}")).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/octet-stream");
        let (Tile::Hashes { width, .. } | Tile::Entries { width, .. }) = tile;
        let caching = answer.headers()["cache-control"].to_str().unwrap();
        assert_eq!(caching.contains("immutable"), width == 256, "{path}");
        let file = directory.path().join(&path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, answer.bytes().await.unwrap()).unwrap();
    }
    crewseal_hq::log::files::check(directory.path(), &head).unwrap();
    let earlier = phone.get("/v1/log/tile/0/000.p/7").await;
    assert_eq!(earlier.bytes().await.unwrap().len(), 7 * 32, "of an earlier checkpoint");
    for beyond in ["tile/0/002", "tile/1/000", "tile/0/001", "tile/entries/9", "tile/0/0", "tile"] {
        let answer = success(phone.get(&format!("/v1/log/{beyond}")).await).await;
        assert_eq!(answer, Err(StatusCode::NOT_FOUND), "{beyond}");
    }
}

#[tokio::test]
async fn a_later_size_is_shown_to_go_on_from_an_earlier_one() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let before = checkpoint(&site).checkpoint().head;
    let batch: Vec<Envelope> = (0..40).map(|_| count(&mut phone, &site)).collect();
    phone.deliver(&batch).await;
    let after = checkpoint(&site).checkpoint().head;
    phone.token.clear();
    let asked = async |from: u64, to: u64| {
        let path = format!("/v1/log/consistency?generation=1&from={from}&to={to}");
        let bytes = success(phone.get(&path).await).await?;
        Ok::<Consistency, StatusCode>(cbor::from_versioned::<_, 1>(&bytes).unwrap())
    };
    let proof = asked(before.size, after.size).await.unwrap().proof;
    let proof: Vec<Digest> = proof.as_chunks::<32>().0.iter().copied().map(Digest).collect();
    let (old, new) = ((before.size, &before.root), (after.size, &after.root));
    assert!(proves_consistency(old, new, &proof));
    for (from, to) in [(before.size, after.size + 1), (after.size, before.size)] {
        assert_eq!(asked(from, to).await, Err(StatusCode::NOT_FOUND), "{from} to {to}");
    }
    let other = success(phone.get("/v1/log/consistency?generation=2&from=0&to=0").await).await;
    assert_eq!(other, Err(StatusCode::NOT_FOUND));
    let none = success(phone.get("/v1/log/restore?generation=1").await).await;
    assert_eq!(none, Err(StatusCode::NOT_FOUND), "the first log began with nothing lost");
}

#[tokio::test]
async fn one_proof_in_a_record_is_of_all_its_places() {
    let site = Site::open();
    let (mut phone, mut other) = (site.phone().await, site.phone().await);
    let elsewhere = site.open_job(10..12);
    for _ in 0..3 {
        let batch = [count(&mut phone, &site), phone.act(EventKind::Count, elsewhere, &[])];
        phone.deliver(&batch).await;
        let between = [count(&mut other, &site)];
        other.deliver(&between).await;
    }
    let record = site.hq.export(site.job).unwrap();
    let reading = Record::read(&record, Some(&site.hq.identity())).unwrap();
    assert_eq!(reading.errors, []);
    assert_eq!(reading.record.receipts.len(), 1);
    assert_eq!(reading.evidence.places.len(), 8, "two of another job, of which no more is said");
    assert_eq!(reading.evidence.tick_places.len(), 2);
    assert_eq!(reading.evidence.checkpoints[&1], *checkpoint(&site).checkpoint());
}

/// What a phone asks of a proof of its own, by hand.
#[tokio::test]
async fn one_event_is_in_the_log_by_the_tiles_alone() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let envelope = count(&mut phone, &site);
    let told = phone.deliver(&[envelope]).await;
    let placed = told[0].placed();
    let leaf = Leaf::event(placed.id, &placed.salt, &placed.logged);
    let log = leaves(&data(&site), 1);
    assert_eq!(log[usize::try_from(placed.place).unwrap()], leaf.to_bytes());
    let head = checkpoint(&site).checkpoint().head;
    let receipt = site.hq.receipt(&placed.id).unwrap();
    let path: Vec<Digest> = receipt.proof.as_chunks::<32>().0.iter().copied().map(Digest).collect();
    assert!(receipt.verify(&site.hq.keys()).is_ok());
    // The last leaf's neighbours are all to the left, so the two proofs have the same hashes.
    let mut upwards = path.clone();
    upwards.reverse();
    assert_eq!(root_by_inclusion(&leaf.hash(), placed.place, head.size, &upwards), Some(head.root));
}
