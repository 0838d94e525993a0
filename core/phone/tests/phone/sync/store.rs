//! What the phone keeps of it all: the queue, the mark, and nothing in clear.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use crewseal::vault::{KeyVault, Mark, SoftwareVault, VaultError};
use crewseal::{ActRequest, CrewError};
use crewseal_custody::cbor::Version;
use crewseal_custody::personal::Personal;
use crewseal_custody::resolution::{Decision, Resolution};
use crewseal_custody::signed::Signed;
use crewseal_custody::{EventKind, FindingKind, JobId};
use crewseal_label::Token;
use crewseal_scan::Sighting;
use fixtures::hq::{Line, MockHq, Relay};
use fixtures::peek::peek;
use fixtures::{files, paper};
use thief::{Form, Secret};

use super::morning::{Morning, SAID, Watched, boxes, count, morning, open};

#[tokio::test]
async fn after_its_store_was_damaged_a_phone_delivers_everything_and_goes_on() {
    for what in ["the database's header", "the key's wrap", "the vault's keys for it"] {
        let Morning { home, vault, crew, hq } = morning().await;
        count(&crew).unwrap();
        count(&crew).unwrap();
        crew.sync().await.unwrap();
        for _ in 0..3 {
            count(&crew).unwrap();
        }
        drop(crew);
        let file = files::database(home.path());
        let mut bytes = fs::read(&file).unwrap();
        match what {
            "the database's header" => bytes[..100].fill(7),
            "the key's wrap" => {
                let sql = "SELECT storage_key FROM vault";
                let wrapped: Vec<u8> = rusqlite::Connection::open(&file)
                    .unwrap()
                    .query_row(sql, [], |row| row.get(0))
                    .unwrap();
                let at = bytes.windows(wrapped.len()).position(|place| place == wrapped);
                bytes[at.unwrap() + 20] ^= 1;
            }
            _ => {
                let other = tempfile::tempdir().unwrap();
                let other = SoftwareVault::open(other.path(), "passphrase", 1).unwrap();
                let wrapped = other.wrap(&[7; 32]).unwrap();
                let update = "UPDATE vault SET storage_key = ?1";
                let sql = rusqlite::Connection::open(&file).unwrap();
                sql.execute(update, [wrapped]).unwrap();
                drop(sql);
                bytes = fs::read(&file).unwrap();
            }
        }
        fs::write(&file, bytes).unwrap();

        let crew = open(home.path(), &vault);
        let told = crew.salvages().unwrap();
        assert_eq!(told.len(), 1, "{what}");
        let keeps_values = what == "the database's header";
        assert_eq!(told[0].has_all_values, keeps_values, "{what}");
        if !keeps_values {
            assert!(matches!(count(&crew), Err(CrewError::NotEnrolled)), "{what}");
            crew.enrol(&hq.invitation()).await.unwrap();
            crew.fetch().await.unwrap();
        }
        let delivered = crew.sync().await.unwrap();
        assert!(delivered.receipted >= 3, "{what}: {delivered:?}");
        count(&crew).unwrap();
        crew.sync().await.unwrap();
        // Whatever was lost here: no number stands for two acts.
        let events = hq.events();
        let numbers: BTreeSet<_> =
            events.iter().map(|event| (event.generation, event.sequence)).collect();
        // A chain that was lost begins its new generation with saying so, and the terms anew.
        let (generation, said) = if keeps_values { (1, 6) } else { (2, 8) };
        assert_eq!((events.len(), numbers.len()), (said, said), "{what}");
        assert_eq!(hq.acts().len(), 6, "{what}");
        assert_eq!(events.last().map(|event| event.generation), Some(generation), "{what}");
        assert_eq!(crew.outbox().unwrap().waiting, 0, "{what}");
    }
}

#[tokio::test]
async fn a_phone_that_is_not_enrolled_or_never_fetched_says_so() {
    let home = tempfile::tempdir().unwrap();
    let (vault, hq) = (Arc::<Watched>::default(), MockHq::start().await);
    let crew = open(home.path(), &vault);
    assert!(matches!(count(&crew), Err(CrewError::NotEnrolled)));
    assert!(matches!(crew.sync().await, Err(CrewError::NotEnrolled)));
    assert!(matches!(crew.fetch().await, Err(CrewError::NotEnrolled)));
    assert!(matches!(crew.tally(paper::JOB), Err(CrewError::NotEnrolled)));
    crew.enrol(&hq.invitation()).await.unwrap();
    assert!(matches!(count(&crew), Err(CrewError::UnknownJob)), "no job without a fetch");
    assert_eq!(crew.outbox().unwrap().waiting, 0, "nothing half recorded");
    assert!(matches!(crew.enrol(b"no invitation").await, Err(CrewError::Invitation(_))));
}

#[tokio::test]
async fn a_label_of_another_job_is_not_taken_into_this_one() {
    let Morning { home: _home, crew, .. } = morning().await;
    let foreign = BTreeSet::from([paper::token(51), paper::token(100)]);
    let refused = crew.commission(paper::JOB, &foreign);
    assert!(matches!(refused, Err(CrewError::OtherJob)), "{refused:?}");
    // The call that does not look at other jobs takes none in either.
    let uncalled = ActRequest::new(EventKind::Commission, foreign);
    let refused = crew.record(paper::JOB, &uncalled);
    assert!(matches!(refused, Err(CrewError::CallOfItsOwn)), "{refused:?}");
    assert_eq!(crew.outbox().unwrap().waiting, 0, "none of them is recorded");
    let mine = BTreeSet::from([paper::token(100)]);
    crew.commission(paper::JOB, &mine).unwrap();
    let mut tally = crew.tally(paper::OTHER_JOB).unwrap();
    let seen = tally.sight(&paper::token(100).to_text());
    assert_eq!(seen, Sighting::OtherJob(paper::token(100)), "it is in the first job now");
    assert!(matches!(crew.tally(JobId([9; 16])), Err(CrewError::UnknownJob)));
}

#[tokio::test]
async fn a_device_that_is_enrolled_again_talks_to_the_new_address() {
    let Morning { home: _home, crew, hq, .. } = morning().await;
    let moved = Relay::to(hq.port(), Line::default(), Line::default()).await;
    crew.enrol(&hq.invitation_by(&moved)).await.unwrap();
    let before = moved.passed().up;
    crew.fetch().await.unwrap();
    count(&crew).unwrap();
    // The terms that it knows, and the act.
    assert_eq!(crew.sync().await.unwrap().receipted, 2);
    assert!(moved.passed().up > before, "by the new address");
    assert_eq!((hq.requests("outbox"), hq.acts().len()), (1, 1));
}

#[tokio::test]
async fn a_restart_keeps_queue_and_chain() {
    let Morning { home, vault, crew, hq } = morning().await;
    let first = count(&crew).unwrap();
    drop(crew);
    let crew = open(home.path(), &vault);
    assert_eq!(crew.outbox().unwrap().waiting, 1);
    let second = count(&crew).unwrap();
    assert_eq!(crew.sync().await.unwrap().receipted, 2);
    let events = hq.events();
    assert_eq!(events.iter().map(Signed::id).collect::<Vec<_>>(), [first, second]);
    assert_eq!(events[1].previous, Some(first));
    assert_eq!((events[1].generation, events[1].sequence), (1, SAID + 2));
}

#[tokio::test]
async fn no_byte_leaves_before_the_mark_is_raised() {
    let day = morning().await;
    day.act();
    day.act();
    *day.vault.refuses.lock().unwrap() = true;
    let error = day.crew.sync().await.unwrap_err();
    assert!(matches!(error, CrewError::Vault(VaultError::Hardware)), "{error:?}");
    assert_eq!(day.hq.requests("outbox"), 0);
    let offered = day
        .crew
        .hello(crewseal::Introduction::Omitted)
        .and_then(|hello| day.crew.offer(paper::JOB, &boxes(), &[], &hello));
    assert!(offered.is_err(), "nor is anything shown to another phone");

    *day.vault.refuses.lock().unwrap() = false;
    day.delivers(3).await;
    let raised = day.vault.raised.lock().unwrap().clone();
    assert_eq!(raised, [Mark { generation: 1, sequence: SAID + 3 }]);
    day.delivers(0).await;
    assert_eq!(day.vault.raised.lock().unwrap().len(), 1, "once for each release, not oftener");
}

/// What a thief must not find on the disk, by name.
fn secrets(day: &Morning) -> Vec<Secret> {
    let secret = |name: &str, bytes: &[u8]| Secret::new(name, bytes).unwrap();
    let storage_key = day.vault.storage_key.lock().unwrap().expect("a store was made");
    let mut secrets = vec![
        secret("the storage key", &storage_key),
        secret("the passphrase", b"passphrase"),
        secret("the customer", b"Customer 1"),
        secret("where from", b"5 Example Street"),
        secret("where to", b"12 Sample Road"),
        secret("the job", &paper::JOB.0),
        secret("the carrier", b"Mover 17"),
        secret("the session", b"session-0"),
        secret("the invitation", &[0xc0; 16]),
        secret("the tick", &paper::nonce(1).0),
    ];
    for number in (0..10).chain(100..120) {
        let token = paper::token(number);
        secrets.push(secret(&format!("label {number}"), token.as_bytes()));
        secrets.push(secret(&format!("text of label {number}"), token.to_text().as_bytes()));
    }
    secrets
}

#[tokio::test]
async fn nothing_that_means_anything_lies_on_the_disk_in_clear() {
    let day = morning().await;
    let on_roll: BTreeSet<Token> = paper::tokens(100..103).into_iter().collect();
    day.crew.commission(paper::JOB, &on_roll).unwrap();
    day.act();
    day.hq.refuse([1]);
    day.crew.sync().await.unwrap();
    day.act();
    assert_eq!(day.waiting(), 1);

    let secrets = secrets(&day);
    let nothing = thief::search(day.home.path(), &secrets).unwrap();
    assert_eq!(nothing, [], "while the app runs");
    let Morning { home, vault: _, crew, hq: _ } = day;
    drop(crew);
    assert_eq!(thief::search(home.path(), &secrets).unwrap(), [], "after it was closed");

    // The same search does find what lies there.
    let written: Vec<Vec<u8>> = secrets.iter().map(Secret::written).collect();
    fs::write(home.path().join("store/control"), written.concat()).unwrap();
    let found = thief::search(home.path(), &secrets).unwrap();
    for secret in &secrets {
        let forms: BTreeSet<Form> =
            found.iter().filter(|find| find.secret == secret.name).map(|find| find.form).collect();
        assert_eq!(forms, BTreeSet::from([Form::Raw, Form::Hex, Form::Base64]), "{}", secret.name);
    }
}

/// The epoch and index of each entry of the queue, and how many epochs have a header.
fn queue_on_disk(home: &Path) -> (Vec<([u8; 16], u16, u64)>, i64) {
    let database = peek(home);
    let mut entries = database.prepare("SELECT envelope FROM outbox ORDER BY position").unwrap();
    let entries = entries.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let addresses = entries.map(|entry| {
        let envelope = crewseal_custody::envelope::Envelope::parse(&entry.unwrap()).unwrap();
        let address = envelope.address();
        (address.epoch.0, address.index, address.sequence)
    });
    let epochs = database.query_row("SELECT count(*) FROM epoch", [], |row| row.get(0)).unwrap();
    (addresses.collect(), epochs)
}

#[tokio::test]
async fn a_failed_commit_burns_one_index_and_keeps_its_epoch_if_that_is_stored() {
    let m = morning().await;
    let boxes: BTreeSet<Token> = paper::tokens(0..2).into_iter().collect();
    let act = |found: &[FindingKind]| {
        let findings = found.iter().map(|kind| (*kind, boxes.clone())).collect();
        let request = ActRequest::new(EventKind::Load, boxes.clone());
        m.crew.record(paper::JOB, &ActRequest { findings, ..request })
    };
    let much = {
        use FindingKind::{Damaged, LabelReplaced, LabelTyped, Missing, SealBroken};
        [Damaged, LabelReplaced, LabelTyped, Missing, SealBroken]
    };
    // Acts with much to say do not get into the queue.
    m.crew.suspend().unwrap();
    let fail = "CREATE TRIGGER fail BEFORE INSERT ON outbox WHEN length(NEW.envelope) > 448
                BEGIN SELECT RAISE(ABORT, 'no'); END";
    let file = files::database(m.home.path());
    rusqlite::Connection::open(file).unwrap().execute_batch(fail).unwrap();
    m.crew.resume().unwrap();
    let (_, epochs_before) = queue_on_disk(m.home.path());

    // The first commit holds the epoch's header, too: both are lost.
    assert!(matches!(act(&much), Err(CrewError::Store(_))));
    assert_eq!(queue_on_disk(m.home.path()), (Vec::new(), epochs_before));
    act(&[]).unwrap();
    // Now the header is stored: only an index is lost.
    assert!(matches!(act(&much), Err(CrewError::Store(_))));
    act(&[]).unwrap();
    let (entries, epochs) = queue_on_disk(m.home.path());
    let epoch = entries[0].0;
    let expected = vec![(epoch, 0, SAID + 1), (epoch, 2, SAID + 2)];
    assert_eq!((entries, epochs), (expected, epochs_before + 1));
    let delivered = m.crew.sync().await.unwrap();
    assert_eq!(delivered.receipted, 2);
    assert_eq!(m.hq.events().len(), 2);
}

#[tokio::test]
async fn several_acts_in_one_commit_are_all_there_or_none() {
    let m = morning().await;
    let boxes: BTreeSet<Token> = paper::tokens(0..2).into_iter().collect();
    let request = |kind| ActRequest::new(kind, boxes.clone());
    let all = [request(EventKind::Load), request(EventKind::Depart), request(EventKind::Arrive)];
    let ids = m.crew.record_all(paper::JOB, &all).unwrap();
    let refused =
        m.crew.record_all(paper::JOB, &[request(EventKind::Unload), request(EventKind::Offer)]);
    assert!(matches!(refused, Err(CrewError::CallOfItsOwn)));
    m.crew.sync().await.unwrap();
    let events = m.hq.events();
    assert_eq!(events.iter().map(Signed::id).collect::<Vec<_>>(), ids);
    let before: Vec<_> = events.iter().map(|event| event.previous).collect();
    assert_eq!(before[1..], [Some(ids[0]), Some(ids[1])]);
    assert_eq!(events[0].sequence, SAID + 1);
}

#[tokio::test]
async fn a_parked_entry_goes_again_by_a_supervisors_word_and_nobody_elses() {
    let m = morning().await;
    let boxes: BTreeSet<Token> = paper::tokens(0..2).into_iter().collect();
    let event =
        m.crew.record(paper::JOB, &ActRequest::new(EventKind::Load, boxes.clone())).unwrap();
    m.hq.refuse([0]);
    assert_eq!(m.crew.sync().await.unwrap().parked, 1);
    let refusal = m.crew.outbox().unwrap().parked[0].refusal.unwrap();
    let decides = |phone: &paper::Phone| {
        let resolution = Resolution {
            version: Version,
            event,
            refusal,
            decision: Decision::SendAgain,
            note: Personal::new("HQ knows the device now"),
            by: phone.device(),
            claimed_at: paper::MORNING,
        };
        phone.handoff.sign(resolution).as_bytes().to_vec()
    };
    // A mover may not, nor the phone itself, nor somebody in the supervisor's name.
    let of_himself = m.crew.decide(event, refusal, Decision::SendAgain, "please").unwrap();
    for wrong in [decides(&paper::mover()), of_himself] {
        assert!(matches!(m.crew.resolve(&wrong), Err(CrewError::Stranger)));
    }
    let forged = paper::Phone { handoff: paper::mover().handoff, ..paper::supervisor() };
    assert!(matches!(m.crew.resolve(&decides(&forged)), Err(CrewError::FromPhone(_))));
    assert_eq!(m.crew.outbox().unwrap().waiting, 0);

    let word = decides(&paper::supervisor());
    m.crew.resolve(&word).unwrap();
    assert_eq!(m.crew.outbox().unwrap().waiting, 1);
    assert!(matches!(m.crew.resolve(&word), Err(CrewError::NotForMe)), "it serves once");
    assert!(matches!(
        m.crew.decide(event, refusal, Decision::GiveUp, &"x".repeat(501)),
        Err(CrewError::NoteTooLong)
    ));
}
