//! What HQ keeps: through restarts, against changes, and only with its keys.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crewseal_custody::EventKind;
use crewseal_custody::wire::Batch;
use crewseal_hq::clock::SystemClock;
use crewseal_hq::{Hq, HqError, JobPlan, KeysError, Listen, serve};
use crewseal_label::Token;
use reqwest::StatusCode;
use rusqlite::Connection;

use crate::phone::{Site, success};

fn open(dir: &Path) -> Result<Hq, HqError> {
    Hq::open(dir, Arc::new(SystemClock::start()))
}

fn create(dir: &Path) -> Result<Hq, HqError> {
    Hq::create(dir, "hq.test", Arc::new(SystemClock::start()))
}

fn refusal<T>(result: Result<T, HqError>) -> HqError {
    result.err().unwrap()
}

fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect()
}

#[tokio::test]
async fn everything_survives_a_restart() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let envelope = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    let first = phone.deliver(std::slice::from_ref(&envelope)).await;
    site.running.shutdown().await;
    drop(site.hq);

    let hq = open(&site.dir.path().join("data")).unwrap();
    assert_eq!(hq.keys(), phone.keys);
    let running = serve(hq.clone(), Listen::default()).unwrap();
    phone.invitation.url = running.url().to_owned();
    phone.http = crate::phone::client(&phone.invitation.authority);
    let ended = success(phone.get("/v1/tick").await).await;
    assert_eq!(ended, Err(StatusCode::UNAUTHORIZED), "sessions are in memory");
    phone.sign_in().await.unwrap();
    let batch = Batch::of(&[], &[envelope]);
    let again = phone.deliver_batch(&batch).await.unwrap();
    assert_eq!(again[0].placed(), first[0].placed());
    running.shutdown().await;
}

#[test]
fn a_newer_database_is_refused_and_left_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    drop(create(dir.path()).unwrap());
    let db = Connection::open(dir.path().join("hq.db")).unwrap();
    db.pragma_update(None, "user_version", 999).unwrap();
    db.close().unwrap();
    let before = files(dir.path());
    let refused = refusal(open(dir.path()));
    assert!(matches!(refused, HqError::NewerDatabase { found: 999, known: 11 }), "{refused}");
    let after = files(dir.path());
    assert!(before["hq.db"] == after["hq.db"]);
    assert!(before["hq.keys"] == after["hq.keys"]);
}

#[tokio::test]
async fn evidence_cannot_be_changed_or_deleted() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let envelope = phone.act(EventKind::Count, site.job, &[site.label(0)]);
    phone.deliver(&[envelope]).await;
    site.hq.revoke(phone.device(), 1).unwrap();
    let db = Connection::open(site.dir.path().join("data/hq.db")).unwrap();
    for (table, column) in [
        ("events", "bytes"),
        ("log_leaves", "bytes"),
        ("log_acts", "salt"),
        ("ticks", "bytes"),
        ("manifests", "bytes"),
        ("rolls", "head"),
        ("revocations", "bytes"),
        ("credentials", "bytes"),
    ] {
        let rows = format!("SELECT count(*) FROM {table}");
        let count = || db.query_row(&rows, [], |row| row.get::<_, i64>(0)).unwrap();
        let before = count();
        assert!(before > 0, "{table}");
        for change in [
            format!("DELETE FROM {table}"),
            format!("UPDATE {table} SET {column} = x'00'"),
            format!("REPLACE INTO {table} SELECT * FROM {table}"),
        ] {
            let refused = db.execute(&change, []).unwrap_err().to_string();
            assert!(refused.contains("evidence"), "{change}: {refused}");
        }
        assert_eq!(count(), before, "{table}");
    }
}

#[tokio::test]
async fn a_busy_database_asks_to_come_back() {
    let site = Site::open();
    let phone = site.phone().await;
    let db = Connection::open(site.dir.path().join("data/hq.db")).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = phone.get("/v1/tick").await;
    assert_eq!(answer.headers()["retry-after"], "5");
    assert_eq!(success(answer).await, Err(StatusCode::SERVICE_UNAVAILABLE));
    db.execute_batch("ROLLBACK").unwrap();
    assert!(success(phone.get("/v1/tick").await).await.is_ok());
}

#[test]
fn an_hq_is_founded_once_and_opened_whole() {
    let dir = tempfile::tempdir().unwrap();
    drop(create(dir.path()).unwrap());
    assert!(matches!(refusal(create(dir.path())), HqError::AlreadyThere));
    drop(open(dir.path()).unwrap());
    for file in ["hq.keys", "hq.db"] {
        let (here, away) = (dir.path().join(file), dir.path().join("away"));
        std::fs::rename(&here, &away).unwrap();
        let missing = refusal(open(dir.path()));
        assert!(matches!(missing, HqError::Missing { file: name } if name == file));
        assert!(matches!(refusal(create(dir.path())), HqError::AlreadyThere));
        std::fs::rename(&away, &here).unwrap();
    }
}

#[test]
fn keys_stay_in_their_file_and_with_their_database() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(create(one.path()).unwrap());
    drop(create(two.path()).unwrap());
    let keys = one.path().join("hq.keys");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for file in ["hq.keys", "hq.db"] {
            let metadata = std::fs::metadata(one.path().join(file)).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{file}");
        }
        std::fs::set_permissions(&keys, PermissionsExt::from_mode(0o644)).unwrap();
        let exposed = refusal(open(one.path()));
        assert!(matches!(exposed, HqError::Keys(KeysError::Exposed)));
        std::fs::set_permissions(&keys, PermissionsExt::from_mode(0o600)).unwrap();
    }
    let own = std::fs::read(&keys).unwrap();
    std::fs::write(&keys, std::fs::read(two.path().join("hq.keys")).unwrap()).unwrap();
    assert!(matches!(refusal(open(one.path())), HqError::Keys(KeysError::OtherHq)));
    std::fs::write(&keys, &own[..own.len() - 1]).unwrap();
    assert!(matches!(refusal(open(one.path())), HqError::Keys(KeysError::Unreadable)));
    std::fs::write(&keys, &own).unwrap();
    open(one.path()).unwrap();
}

#[test]
fn codes_and_keys_are_not_in_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let hq = create(dir.path()).unwrap();
    let invitation =
        hq.invite(crewseal_custody::Role::Driver, "Driver 3", &[], "https://localhost").unwrap();
    drop(hq);
    let holds = |file: &str, part: &[u8]| {
        let bytes = std::fs::read(dir.path().join(file)).unwrap();
        bytes.windows(part.len()).any(|window| window == part)
    };
    assert!(holds("hq.db", b"Driver 3"), "the search finds what is there");
    assert!(!holds("hq.db", &invitation.code.0));
    // Every PKCS#8 key of P-256 begins with its version and its algorithm.
    let private = [2, 1, 0, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    assert!(holds("hq.keys", &private));
    assert!(holds("list.key", &private));
    assert!(!holds("hq.db", &private));
}

#[test]
fn a_dispatcher_uses_minted_labels_and_known_jobs() {
    let dir = tempfile::tempdir().unwrap();
    let hq = create(dir.path()).unwrap();
    assert!(matches!(refusal(hq.mint_roll(0)), HqError::RollSize));
    assert!(matches!(refusal(hq.mint_roll(65_537)), HqError::RollSize));
    let roll = hq.mint_roll(2).unwrap();
    let label = |place| roll.get(place).unwrap();
    let plan = |labelled: &[Token]| JobPlan { labelled: labelled.to_vec(), ..JobPlan::default() };
    let made_up = Token::from_bytes([7; 16]);
    assert!(matches!(refusal(hq.open_job(&plan(&[made_up]))), HqError::NotMinted));
    let twice = plan(&[label(0), label(0)]);
    assert!(matches!(refusal(hq.open_job(&twice)), HqError::Manifest(_)));
    let elsewhere = JobPlan { sensitive: [label(1)].into(), ..plan(&[label(0)]) };
    assert!(matches!(refusal(hq.open_job(&elsewhere)), HqError::NotLabelled));
    assert!(hq.jobs().unwrap().is_empty(), "what was refused left nothing behind");

    let job = hq.open_job(&plan(&[])).unwrap();
    hq.add_boxes(job, &[label(0)], &[].into(), &BTreeMap::new()).unwrap();
    let again = hq.add_boxes(job, &[label(0)], &[].into(), &BTreeMap::new());
    assert!(matches!(refusal(again), HqError::Manifest(_)));
    let unknown = crewseal_custody::JobId([0; 16]);
    assert!(matches!(
        refusal(hq.add_boxes(unknown, &[], &[].into(), &BTreeMap::new())),
        HqError::UnknownJob(_)
    ));
    let invited = hq.invite(crewseal_custody::Role::Mover, "Mover 1", &[unknown], "");
    assert!(matches!(refusal(invited), HqError::UnknownJob(_)));
    let device = crewseal_custody::DeviceId([0; 16]);
    assert!(matches!(refusal(hq.assign(device, job)), HqError::UnknownDevice(_)));
}

#[test]
fn errors_and_debug_output_hold_nothing_personal() {
    let plan = JobPlan {
        customer: crewseal_custody::personal::Personal::new("Customer 1"),
        ..JobPlan::default()
    };
    assert!(!format!("{plan:?}").contains("Ada"));
}
