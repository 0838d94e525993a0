//! What a phone goes through: a backup put back, suspension, a job forgotten, another
//! user, keys that are lost. Nothing that HQ has not receipted is lost by any of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use crewseal::vault::{Damage, KeyVault, StoreError};
use crewseal::{ActRequest, Crew, CrewError};
use crewseal_custody::job::{Erasure, Method, Verification};
use crewseal_custody::signed::Signed;
use crewseal_custody::{DeviceId, Event, EventId, EventKind, FaultKind, JobId, Outcome, SpotCheck};
use crewseal_label::Token;
use fixtures::clock::Standing;
use fixtures::files::{self, copy};
use fixtures::hq::MockHq;
use fixtures::peek::peek;
use fixtures::{paper, vault};
use thief::Secret;

fn open(home: &Path) -> Result<Crew, CrewError> {
    Crew::open(&files::store(home), Arc::new(vault::software(home)), Arc::new(Standing))
}

async fn enrolled(home: &Path, hq: &MockHq) -> Crew {
    let crew = open(home).unwrap();
    crew.enrol(&hq.invitation()).await.unwrap();
    crew.fetch().await.unwrap();
    crew
}

fn boxes() -> BTreeSet<Token> {
    paper::tokens(0..3).into_iter().collect()
}

fn count(crew: &Crew, job: JobId) -> Result<EventId, CrewError> {
    let boxes = if job == paper::JOB { boxes() } else { BTreeSet::from([paper::token(50)]) };
    crew.record(job, &ActRequest::new(EventKind::Count, boxes.clone()))
}

fn put_back(from: &Path, to: &Path) {
    fs::remove_dir_all(to).unwrap();
    copy(from, to);
}

/// What HQ concludes of the events that it has of this crew's phone.
fn faults(hq: &MockHq) -> Vec<FaultKind> {
    let mut evidence = paper::evidence(&[]);
    for credential in hq.credentials().into_values() {
        evidence.credentials.insert(credential);
    }
    for event in hq.events() {
        let place = paper::place(&event, Outcome::Stored, paper::MORNING + 5_000);
        evidence.places.insert(event.id(), place);
        evidence.events.insert(event.id(), event);
    }
    let custody = evidence.verify();
    let kinds = custody.faults.iter().map(|fault| fault.kind);
    // Nobody took the boxes over first, and the paper's lists are of one job.
    let expected = [FaultKind::NotTheHolder, FaultKind::UnknownBoxes];
    kinds.filter(|kind| !expected.contains(kind)).collect()
}

fn numbers(events: &[Signed<Event>]) -> Vec<(EventKind, u32, u64, Option<EventId>)> {
    events.iter().map(|e| (e.kind, e.generation, e.sequence, e.previous)).collect()
}

mod a_backup {
    use super::*;

    #[tokio::test]
    async fn put_back_says_so_before_anything_else_in_the_next_generation() {
        let (home, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let hq = MockHq::start().await;
        let crew = enrolled(home.path(), &hq).await;
        let store = files::store(home.path());
        let first = count(&crew, paper::JOB).unwrap();
        crew.sync().await.unwrap();
        drop(crew);
        copy(&store, backup.path());
        let crew = open(home.path()).unwrap();
        let lost = count(&crew, paper::JOB).unwrap();
        crew.sync().await.unwrap();
        drop(crew);
        put_back(backup.path(), &store);

        // Without a network and without an act: it is queued when the store is opened.
        let crew = open(home.path()).unwrap();
        assert_eq!(crew.outbox().unwrap().waiting, 1);
        drop(crew);
        let crew = open(home.path()).unwrap();
        assert_eq!(crew.outbox().unwrap().waiting, 1, "it is said once");
        let again = count(&crew, paper::JOB).unwrap();
        assert_eq!(crew.sync().await.unwrap().receipted, 3);
        let events = hq.events();
        let ids: Vec<EventId> = events.iter().map(Signed::id).collect();
        let [informed, .., resumed, informed_anew, _] = ids[..] else { panic!("{events:?}") };
        assert_eq!(ids, [informed, first, lost, resumed, informed_anew, again]);
        assert_eq!(
            numbers(&events),
            [
                (EventKind::Informed, 1, 1, None),
                (EventKind::Count, 1, 2, Some(informed)),
                (EventKind::Count, 1, 3, Some(first)),
                (EventKind::Resume, 2, 1, Some(first)),
                // The terms that are said in what is lost, nobody knows here.
                (EventKind::Informed, 2, 2, Some(resumed)),
                (EventKind::Count, 2, 3, Some(informed_anew)),
            ]
        );
        assert_eq!(events[3].job, JobId::NONE);
        assert_eq!(events[4].attachments, events[0].attachments, "they are the same");
        assert_eq!(faults(&hq), [], "a declared gap is no fault");
    }

    #[tokio::test]
    async fn without_its_mark_is_a_fork_that_everybody_sees() {
        let (home, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let hq = MockHq::start().await;
        let crew = enrolled(home.path(), &hq).await;
        count(&crew, paper::JOB).unwrap();
        crew.sync().await.unwrap();
        drop(crew);
        copy(home.path(), backup.path());
        let crew = open(home.path()).unwrap();
        let lost = count(&crew, paper::JOB).unwrap();
        crew.sync().await.unwrap();
        drop(crew);
        // The keys and the mark with it.
        put_back(backup.path(), home.path());
        let crew = open(home.path()).unwrap();
        assert_eq!(crew.outbox().unwrap().waiting, 0, "nothing tells it");
        let again = count(&crew, paper::JOB).unwrap();
        crew.sync().await.unwrap();
        assert_eq!(faults(&hq), [FaultKind::Fork]);
        let forked: BTreeSet<EventId> = hq
            .events()
            .iter()
            .filter(|event| (event.generation, event.sequence) == (1, 3))
            .map(Signed::id)
            .collect();
        assert_eq!(forked, BTreeSet::from([lost, again]));
    }

    #[tokio::test]
    async fn that_was_never_made_begins_the_next_generation_too() {
        let home = tempfile::tempdir().unwrap();
        let hq = MockHq::start().await;
        let crew = enrolled(home.path(), &hq).await;
        count(&crew, paper::JOB).unwrap();
        crew.sync().await.unwrap();
        drop(crew);
        fs::remove_dir_all(files::store(home.path())).unwrap();
        let crew = enrolled(home.path(), &hq).await;
        assert_eq!(crew.outbox().unwrap().waiting, 1, "said as soon as HQ's time is known");
        count(&crew, paper::JOB).unwrap();
        crew.sync().await.unwrap();
        let events = hq.events();
        let (resumed, informed) = (events[2].id(), events[3].id());
        assert_eq!(
            numbers(&events[2..]),
            [
                (EventKind::Resume, 2, 1, None),
                (EventKind::Informed, 2, 2, Some(resumed)),
                (EventKind::Count, 2, 3, Some(informed)),
            ]
        );
        assert_eq!(faults(&hq), []);
    }
}

mod a_suspended_phone {
    use super::*;

    #[tokio::test]
    async fn refuses_every_call_lets_go_of_the_lock_and_goes_on() {
        let home = tempfile::tempdir().unwrap();
        let hq = MockHq::start().await;
        let crew = enrolled(home.path(), &hq).await;
        let first = count(&crew, paper::JOB).unwrap();
        crew.suspend().unwrap();
        crew.suspend().unwrap();
        let closed = |error: CrewError| matches!(error, CrewError::Store(StoreError::Closed));
        assert!(closed(count(&crew, paper::JOB).unwrap_err()));
        assert!(closed(crew.jobs().unwrap_err()));
        assert!(closed(crew.outbox().unwrap_err()));
        assert!(closed(crew.rotate_keys().unwrap_err()));
        assert!(closed(crew.forget(paper::JOB).unwrap_err()));
        assert!(closed(crew.log_out().unwrap_err()));
        assert!(closed(crew.hello(crewseal::Introduction::Omitted).unwrap_err()));
        assert!(closed(crew.sync().await.unwrap_err()));
        assert!(closed(crew.fetch().await.unwrap_err()));
        assert!(closed(crew.enrol(&hq.invitation()).await.unwrap_err()));
        // Nothing holds it: another process could open it.
        drop(open(home.path()).unwrap());
        crew.resume().unwrap();
        crew.resume().unwrap();
        assert!(matches!(open(home.path()), Err(CrewError::Store(StoreError::InUse))));
        let second = count(&crew, paper::JOB).unwrap();
        // The terms, said once, and the acts.
        assert_eq!(crew.sync().await.unwrap().receipted, 3);
        let ids: Vec<EventId> = hq.acts().iter().map(Signed::id).collect();
        assert_eq!(ids, [first, second]);
        assert_eq!(faults(&hq), []);
    }

    /// The answer comes when nobody can take it: the same is delivered again.
    #[tokio::test]
    async fn in_the_middle_of_a_sync_loses_nothing() {
        let home = tempfile::tempdir().unwrap();
        let hq = MockHq::start().await;
        let crew = enrolled(home.path(), &hq).await;
        let act = count(&crew, paper::JOB).unwrap();
        let suspended = crew.clone();
        hq.before_the_next_answer(move || suspended.suspend().unwrap());
        let error = crew.sync().await.unwrap_err();
        assert!(matches!(error, CrewError::Store(StoreError::Closed)), "{error:?}");
        assert_eq!(hq.events().len(), 2, "HQ has it, and the terms before it");
        crew.resume().unwrap();
        assert_eq!(crew.outbox().unwrap().waiting, 2, "and the phone cannot know");
        assert_eq!(crew.sync().await.unwrap().receipted, 2);
        assert_eq!(hq.events().len(), 2);
        let ids: Vec<EventId> = hq.acts().iter().map(Signed::id).collect();
        assert_eq!(ids, [act]);
    }
}

#[tokio::test]
async fn keys_are_exchanged_while_acts_wait_and_a_handoff_is_open() {
    let home = tempfile::tempdir().unwrap();
    let hq = MockHq::start().await;
    let crew = enrolled(home.path(), &hq).await;
    count(&crew, paper::JOB).unwrap();
    let hello = crew.hello(crewseal::Introduction::Omitted).unwrap();
    for _ in 0..3 {
        crew.rotate_keys().unwrap();
        count(&crew, paper::JOB).unwrap();
    }
    drop(crew);
    let crew = open(home.path()).unwrap();
    let [crewseal::Open::Receiving { shown, .. }] = &crew.handoffs().unwrap()[..] else {
        panic!("the handoff is lost")
    };
    assert_eq!(*shown, hello, "the identical bytes");
    assert_eq!(crew.sync().await.unwrap().receipted, 1 + 4, "the terms, said once, and the acts");
    assert_eq!(faults(&hq), []);
}

mod a_job {
    use super::*;

    #[tokio::test]
    async fn of_which_acts_wait_is_not_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let hq = MockHq::start().await;
        let crew = enrolled(home.path(), &hq).await;
        count(&crew, paper::JOB).unwrap();
        count(&crew, paper::OTHER_JOB).unwrap();
        count(&crew, paper::JOB).unwrap();
        let refused = crew.forget(paper::JOB).unwrap_err();
        // Its terms and its two acts, and those of the other job between them, which may be
        // its own: they cannot be read.
        assert!(matches!(refused, CrewError::Unreceipted { entries: 5 }), "{refused:?}");
        let refused = crew.forget(paper::OTHER_JOB).unwrap_err();
        assert!(matches!(refused, CrewError::Unreceipted { entries: 2 }), "{refused:?}");
        assert_eq!(crew.jobs().unwrap().len(), 2);
        crew.sync().await.unwrap();
        // What waits for another job stops nothing and is not touched.
        count(&crew, paper::OTHER_JOB).unwrap();
        crew.forget(paper::JOB).unwrap();
        assert_eq!(crew.outbox().unwrap().waiting, 1);
        assert!(matches!(crew.forget(paper::JOB), Err(CrewError::UnknownJob)));
        assert!(matches!(count(&crew, paper::JOB), Err(CrewError::UnknownJob)));
        assert_eq!(crew.sync().await.unwrap().receipted, 1);
        assert_eq!((hq.acts().len(), hq.events().len()), (4, 4 + 2));
        assert_eq!(faults(&hq), []);
    }

    #[tokio::test]
    async fn that_is_forgotten_is_in_no_file_and_an_older_copy_does_not_open() {
        let (home, old) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let hq = MockHq::start().await;
        let crew = enrolled(home.path(), &hq).await;
        let on_roll: BTreeSet<Token> = paper::tokens(100..103).into_iter().collect();
        crew.commission(paper::JOB, &on_roll).unwrap();
        let key = vault::software(home.path()).public_keys().unwrap().act;
        crew.sync().await.unwrap();
        // As it lies there while the app runs, log and all; the keys beside it.
        copy(home.path(), old.path());
        let sealed = sealed_of_jobs(old.path());
        assert_eq!(sealed.len(), 3, "two packs, and what was stuck on");
        let wraps = wraps_of_jobs(old.path());
        let secrets: Vec<Secret> = sealed
            .iter()
            .chain(&wraps)
            .map(|bytes| Secret::new("of a job", bytes.clone()).unwrap())
            .collect();
        let found = thief::search(home.path(), &secrets).unwrap();
        assert!(found.len() >= secrets.len(), "the control: before, all of it is found");

        crew.forget(paper::OTHER_JOB).unwrap();
        let erasure = crew.forget(paper::JOB).unwrap();
        assert_eq!(thief::search(home.path(), &secrets).unwrap(), [], "while the app runs");
        drop(crew);
        assert_eq!(thief::search(home.path(), &secrets).unwrap(), [], "after it was closed");

        // The old copy with the keys of now: what wrapped its storage key is gone.
        let copied = tempfile::tempdir().unwrap();
        copy(old.path(), copied.path());
        let store = files::store(copied.path());
        let opened =
            Crew::open(&store, Arc::new(vault::software(home.path())), Arc::new(Standing)).unwrap();
        assert_eq!(
            (opened.salvages().unwrap()[0].damage, opened.salvages().unwrap()[0].values),
            (Damage::Key, 0)
        );
        assert!(matches!(opened.jobs(), Err(CrewError::NotEnrolled)));
        drop(opened);
        // The control: with the keys of then it shows the job.
        assert_eq!(open(old.path()).unwrap().jobs().unwrap().len(), 2);

        let read = Signed::<Erasure>::open(erasure.as_bytes(), &key).unwrap();
        assert_eq!((read.job, read.claimed_at), (paper::JOB, paper::MORNING + 3_600));
        assert_eq!(read.method, Method::KeysReplaced);
        assert_eq!(read.verification, Verification::KeyRefusedAndFilesSearched);
        assert_eq!((read.searched >= 2, read.found), (true, 0));
        let crew = open(home.path()).unwrap();
        let kept: Vec<JobId> = crew.erasures().unwrap().iter().map(|erasure| erasure.job).collect();
        assert_eq!(kept, [paper::OTHER_JOB, paper::JOB]);
        assert_eq!(crew.jobs().unwrap(), []);
    }

    /// All that lies in the compartments of jobs, as it is sealed.
    fn sealed_of_jobs(home: &Path) -> Vec<Vec<u8>> {
        column(home, "SELECT sealed FROM value WHERE compartment IS NOT NULL")
    }

    fn wraps_of_jobs(home: &Path) -> Vec<Vec<u8>> {
        column(home, "SELECT key FROM compartment")
    }

    fn column(home: &Path, select: &str) -> Vec<Vec<u8>> {
        let sql = peek(home);
        let mut rows = sql.prepare(select).unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[tokio::test]
    async fn keeps_its_handoffs_under_its_own_key() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let hq = MockHq::start().await;
        let giver = enrolled(one.path(), &hq).await;
        let receiver = enrolled(other.path(), &hq).await;
        giver.fetch().await.unwrap();
        let hello = receiver.hello(crewseal::Introduction::Omitted).unwrap();
        let shown = giver.offer(paper::JOB, &boxes(), &[], &hello).unwrap();
        let offer = receiver.read_offer(&shown).unwrap();
        let accept = receiver.accept(&offer, &boxes(), &[], SpotCheck::Done).unwrap();
        let outside = "SELECT count(*) FROM value WHERE compartment IS NULL";
        let before =
            |home: &Path| -> i64 { peek(home).query_row(outside, [], |row| row.get(0)).unwrap() };
        // Enrolment, recovery code, tick, log, roll, and up to where jobs and rolls are known:
        // nothing of a job.
        assert_eq!((before(one.path()), before(other.path())), (7, 7));

        giver.sync().await.unwrap();
        receiver.sync().await.unwrap();
        let refused = giver.forget(paper::JOB).unwrap_err();
        assert!(
            matches!(refused, CrewError::StillOffered { offer: open } if open == offer.offer),
            "{refused:?}"
        );
        let ack = giver.read_acceptance(&accept).unwrap().ack;
        receiver.read_ack(&ack).unwrap();
        giver.sync().await.unwrap();
        for crew in [&giver, &receiver] {
            crew.forget(paper::JOB).unwrap();
            assert!(crew.handoffs().unwrap().is_empty());
        }
        // One more, the certificate, and one less: the job may come again. And a receipt for
        // each batch.
        assert_eq!((before(one.path()), before(other.path())), (7 + 2, 7 + 1));
        let ids: BTreeSet<DeviceId> = hq.events().iter().map(|event| event.device).collect();
        assert_eq!(ids, BTreeSet::from([giver.device(), receiver.device()]));
    }

    /// A vault that keeps what it should delete is found out, and nothing is certified
    /// until it has.
    #[tokio::test]
    async fn is_not_certified_as_forgotten_while_the_old_key_is_there() {
        let home = tempfile::tempdir().unwrap();
        let hq = MockHq::start().await;
        let hoarding = Arc::new(vault::Hoarding::open(home.path()));
        let crew = Crew::open(&files::store(home.path()), hoarding, Arc::new(Standing)).unwrap();
        crew.enrol(&hq.invitation()).await.unwrap();
        crew.fetch().await.unwrap();
        let refused = crew.forget(paper::JOB).unwrap_err();
        assert!(matches!(refused, CrewError::KeyRemains), "{refused:?}");
        assert_eq!(crew.erasures().unwrap().len(), 0);
        drop(crew);
        let crew = open(home.path()).unwrap();
        let erasures = crew.erasures().unwrap();
        let [erasure] = erasures.as_slice() else { panic!("{erasures:?}") };
        assert_eq!(erasure.job, paper::JOB, "the next opening did the rest");
    }
}

mod another_user {
    use super::*;

    #[tokio::test]
    async fn finds_nothing_to_read_and_delivers_what_waits() {
        let home = tempfile::tempdir().unwrap();
        let hq = MockHq::start().await;
        let crew = enrolled(home.path(), &hq).await;
        let (before, sent) = (crew.device(), count(&crew, paper::JOB).unwrap());
        crew.sync().await.unwrap();
        let waiting: Vec<EventId> =
            [paper::JOB, paper::OTHER_JOB].map(|job| count(&crew, job).unwrap()).to_vec();
        let status = crew.log_out().unwrap();
        // The terms of the other job come before the act in it.
        assert_eq!((status.waiting, status.parked.len(), status.damaged), (3, 0, 0));
        assert!(matches!(crew.jobs(), Err(CrewError::Store(StoreError::Closed))));
        let again = crew.resume().unwrap_err();
        assert!(matches!(again, CrewError::LoggedOut), "{again:?}");
        drop(crew);

        let crew = open(home.path()).unwrap();
        assert_ne!(crew.device(), before, "another device");
        assert_eq!(crew.outbox().unwrap().waiting, 3);
        assert!(matches!(crew.jobs(), Err(CrewError::NotEnrolled)));
        assert!(matches!(crew.sync().await, Err(CrewError::NotEnrolled)));
        drop(crew);
        let crew = enrolled(home.path(), &hq).await;
        let mine = count(&crew, paper::JOB).unwrap();
        assert_eq!(crew.sync().await.unwrap().receipted, 3 + 2);
        let acts = hq.acts();
        let ids: Vec<EventId> = acts.iter().map(Signed::id).collect();
        assert_eq!(ids, [&[sent], &waiting[..], &[mine]].concat());
        let devices: Vec<DeviceId> = acts.iter().map(|event| event.device).collect();
        assert_eq!(devices, [before, before, before, crew.device()]);
        // Its chain is its own, and begins with the terms that it knows.
        let [.., first, _] = &hq.events()[..] else { panic!("nothing came") };
        assert_eq!(
            numbers(&[first.clone(), acts[3].clone()]),
            [(EventKind::Informed, 1, 1, None), (EventKind::Count, 1, 2, Some(first.id()))]
        );
        assert_eq!(faults(&hq), []);
    }

    #[tokio::test]
    async fn may_come_after_the_keys_were_lost() {
        let home = tempfile::tempdir().unwrap();
        let hq = MockHq::start().await;
        let crew = enrolled(home.path(), &hq).await;
        let (before, act) = (crew.device(), count(&crew, paper::JOB).unwrap());
        drop(crew);
        fs::remove_dir_all(home.path().join("keys")).unwrap();
        let crew = open(home.path()).unwrap();
        assert_eq!(crew.salvages().unwrap()[0].damage, Damage::Key);
        assert!(matches!(crew.jobs(), Err(CrewError::NotEnrolled)));
        drop(crew);
        let store = files::store(home.path());
        let crew =
            Crew::start_over(&store, Arc::new(vault::software(home.path())), Arc::new(Standing))
                .unwrap();
        crew.enrol(&hq.invitation()).await.unwrap();
        crew.fetch().await.unwrap();
        assert_eq!(crew.sync().await.unwrap().receipted, 2);
        let [event] = &hq.acts()[..] else { panic!("it is lost") };
        assert_eq!((event.id(), event.device), (act, before));
    }
}
