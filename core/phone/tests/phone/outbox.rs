//! The queue: only HQ's receipt for an entry removes it.

use crewseal::outbox::answered::{self, Settled};
use crewseal::outbox::open_store;
use crewseal::outbox::queue::{self, Status, Waiting};
use crewseal::random;
use crewseal::vault::{Store, StoreError};
use crewseal_custody::cbor::{self, Version};
use crewseal_custody::envelope::{Epoch, EpochHeader, OpenedEpoch, OpeningKey};
use crewseal_custody::logged::ProvenEvent;
use crewseal_custody::personal::Personal;
use crewseal_custody::resolution::{Decision, Resolution};
use crewseal_custody::signed::{Digest, Signed};
use crewseal_custody::{DeviceId, Event, EventKind, Outcome, Refusal};
use fixtures::log::PaperLog;
use fixtures::{files, paper, vault};

fn hq() -> OpeningKey {
    OpeningKey::from_bytes(&[0x4b; 32]).unwrap()
}

fn header(epoch: &Epoch) -> EpochHeader {
    cbor::from_versioned::<_, 1>(&epoch.header()).unwrap()
}

fn opened(epoch: &Epoch) -> OpenedEpoch {
    hq().epoch(&header(epoch)).unwrap()
}

mod queues {
    use super::*;

    /// A queue of three acts, closed.
    struct Queued {
        home: tempfile::TempDir,
        epoch: Epoch,
        events: Vec<Signed<Event>>,
    }

    fn open(home: &tempfile::TempDir) -> Store {
        open_store(&files::store(home.path()), &vault::software(home.path())).unwrap()
    }

    fn queued() -> Queued {
        let home = tempfile::tempdir().unwrap();
        let mut mover = paper::mover();
        let mut epoch = Epoch::begin(hq().public(), &mut random::generator()).unwrap();
        let events: Vec<_> =
            (0..3).map(|number| mover.does(EventKind::Load, paper::boxes([number]))).collect();
        let stored: Result<(), StoreError> = open(&home).transaction(|t| {
            queue::begin_epoch(t, epoch.id(), &epoch.header())?;
            for e in &events {
                let (device, id) = (e.device, e.id());
                let sealed = epoch.seal(device, e.generation, e.sequence, id, e.as_bytes());
                queue::push(t, &sealed.unwrap(), None)?;
            }
            Ok(())
        });
        assert_eq!(stored, Ok(()));
        Queued { home, epoch, events }
    }

    fn waiting(store: &mut Store) -> Result<Vec<Waiting>, StoreError> {
        store.transaction(|t| queue::waiting(t, 0, 100))
    }

    fn settle(store: &mut Store, entry: &Waiting, proven: &ProvenEvent) -> Settled {
        store.transaction(|t| answered::settle(t, entry, proven, None)).unwrap()
    }

    /// What a receipt proves of an event.
    fn proven(event: &Signed<Event>, outcome: Outcome) -> ProvenEvent {
        PaperLog::default().log(event, paper::logged(event, outcome, paper::MORNING))
    }

    #[test]
    fn let_an_entry_go_only_for_its_own_receipt() {
        let queued = queued();
        let mut store = open(&queued.home);
        let entries = waiting(&mut store).unwrap();
        let good = proven(&queued.events[1], Outcome::Stored);
        let mut others = vec![good; 4];
        others[0].id = queued.events[0].id();
        others[1].logged.device = DeviceId([9; 16]);
        others[2].logged.generation += 1;
        others[3].logged.sequence += 1;
        for (place, other) in others.into_iter().enumerate() {
            let settled = settle(&mut store, &entries[1], &other);
            assert_eq!(settled, Settled::Unknown, "{place}");
        }
        assert_eq!(waiting(&mut store).unwrap(), entries);
        let settled = settle(&mut store, &entries[1], &good);
        assert_eq!(settled, Settled::Delivered);
        assert_eq!(waiting(&mut store).unwrap(), [entries[0].clone(), entries[2].clone()]);
    }

    #[test]
    fn let_an_entry_go_that_hq_stored_with_a_remark() {
        use crewseal_custody::Dispute;
        let queued = queued();
        let mut store = open(&queued.home);
        let outcomes = [
            Outcome::Stored,
            Outcome::StoredAfterGap(1),
            Outcome::StoredInDispute(Dispute::BrokenChain),
        ];
        let entries = waiting(&mut store).unwrap();
        for ((entry, event), outcome) in entries.iter().zip(&queued.events).zip(outcomes) {
            assert_eq!(settle(&mut store, entry, &proven(event, outcome)), Settled::Delivered);
        }
        assert_eq!(store.transaction(|t| queue::status(t)), Ok(Status::default()));
    }

    #[test]
    fn park_what_was_refused_and_go_on() {
        let queued = queued();
        let mut store = open(&queued.home);
        let entries = waiting(&mut store).unwrap();
        let refused = paper::rejection(&queued.events[0], Refusal::Malformed, paper::MORNING);
        let mut other = refused.clone();
        other.sequence += 1;
        for (rejection, expected) in [(other, Settled::Unknown), (refused, Settled::Parked)] {
            let rejection = paper::hq().sign(rejection);
            let settled = store.transaction(|t| answered::refuse(t, &entries[0], &rejection));
            assert_eq!(settled, Ok(expected));
        }
        drop(store);
        let mut store = open(&queued.home);
        assert_eq!(waiting(&mut store).unwrap(), entries[1..]);
        let status = store.transaction(|t| queue::status(t)).unwrap();
        assert_eq!((status.waiting, status.damaged), (2, 0));
        let parked = &status.parked[0];
        assert_eq!((parked.event, parked.reason), (queued.events[0].id(), Refusal::Malformed));
    }

    /// HQ refuses the first entry that waits; the id of its word.
    fn refused(store: &mut Store, queued: &Queued, at: u64) -> Digest {
        let refused = paper::rejection(&queued.events[0], Refusal::Signature, at);
        let rejection = paper::hq().sign(refused);
        let entry = waiting(store).unwrap().remove(0);
        let settled = store.transaction(|t| answered::refuse(t, &entry, &rejection));
        assert_eq!(settled, Ok(Settled::Parked));
        rejection.id()
    }

    fn resolution(queued: &Queued, refusal: Digest, decision: Decision) -> Signed<Resolution> {
        let supervisor = paper::supervisor();
        supervisor.handoff.sign(Resolution {
            version: Version,
            event: queued.events[0].id(),
            refusal,
            decision,
            note: Personal::new("HQ has the credential now"),
            by: supervisor.device(),
            claimed_at: paper::MORNING,
        })
    }

    #[test]
    fn send_a_parked_entry_again_once_for_each_decision() {
        let queued = queued();
        let mut store = open(&queued.home);
        let whole = waiting(&mut store).unwrap();
        let first = refused(&mut store, &queued, paper::MORNING);
        let again = resolution(&queued, first, Decision::SendAgain);
        let resolve = |store: &mut Store, resolution: &Signed<Resolution>| {
            store.transaction(|t| answered::resolve(t, resolution)).unwrap()
        };
        let other = resolution(&queued, queued.events[1].id(), Decision::SendAgain);
        assert!(!resolve(&mut store, &other), "of another refusal");
        assert!(resolve(&mut store, &again));
        assert_eq!(waiting(&mut store).unwrap(), whole, "as it was, where it was");
        assert!(!resolve(&mut store, &again), "nothing is parked");

        let second = refused(&mut store, &queued, paper::MORNING + 60);
        assert!(!resolve(&mut store, &again), "it served");
        drop(store);
        let mut store = open(&queued.home);
        let give_up = resolution(&queued, second, Decision::GiveUp);
        assert!(resolve(&mut store, &give_up));
        assert_eq!(waiting(&mut store).unwrap(), whole[1..]);
        let status = store.transaction(|t| queue::status(t)).unwrap();
        assert_eq!((status.waiting, status.damaged), (2, 0));
        let parked = &status.parked[0];
        assert_eq!((parked.event, parked.refusal), (queued.events[0].id(), Some(second)));
        let note = parked.given_up.as_ref().map(Personal::reveal);
        assert_eq!(note, Some("HQ has the credential now"));
        assert!(!resolve(&mut store, &resolution(&queued, second, Decision::SendAgain)));

        // What was given up is there all the same, until HQ says that it has it.
        let settled = settle(&mut store, &whole[0], &proven(&queued.events[0], Outcome::Stored));
        assert_eq!(settled, Settled::Delivered);
        let status = store.transaction(|t| queue::status(t)).unwrap();
        assert_eq!((status.waiting, status.parked), (2, Vec::new()));
    }

    /// Within a second HQ's words on the same refusal are the same.
    #[test]
    fn stay_parked_and_decidable_when_hq_refuses_again_within_the_second() {
        let queued = queued();
        let mut store = open(&queued.home);
        for _ in 0..3 {
            let refusal = refused(&mut store, &queued, paper::MORNING);
            let status = store.transaction(|t| queue::status(t)).unwrap();
            assert_eq!((status.waiting, status.damaged), (2, 0));
            assert_eq!(status.parked[0].refusal, Some(refusal));
            let again = resolution(&queued, refusal, Decision::SendAgain);
            assert!(store.transaction(|t| answered::resolve(t, &again)).unwrap());
            assert!(!store.transaction(|t| answered::resolve(t, &again)).unwrap());
            assert_eq!(waiting(&mut store).unwrap().len(), 3);
        }
        let refusal = refused(&mut store, &queued, paper::MORNING);
        let give_up = resolution(&queued, refusal, Decision::GiveUp);
        assert!(store.transaction(|t| answered::resolve(t, &give_up)).unwrap());
        let status = store.transaction(|t| queue::status(t)).unwrap();
        assert!(status.parked[0].given_up.is_some());
    }

    #[test]
    fn do_not_take_a_later_entry_for_the_one_that_had_its_place() {
        let mut queued = queued();
        let mut store = open(&queued.home);
        let entries = waiting(&mut store).unwrap();
        let receipt = proven(&queued.events[2], Outcome::Stored);
        assert_eq!(settle(&mut store, &entries[2], &receipt), Settled::Delivered);
        // The next entry gets the number of the last, which is gone.
        let later = queued.epoch.seal(DeviceId([1; 16]), 1, 4, Digest([2; 32]), b"act").unwrap();
        store.transaction(|t| queue::push(t, &later, None)).unwrap();
        assert_eq!(waiting(&mut store).unwrap()[2].position, entries[2].position);
        assert_eq!(settle(&mut store, &entries[2], &receipt), Settled::Unknown);
        assert_eq!(waiting(&mut store).unwrap()[2].envelope, later);
    }

    #[test]
    fn find_an_epochs_header_in_whichever_table_has_it_whole() {
        for (name, sql, expected) in [
            ("nothing happened", "", true),
            ("lost", "DELETE FROM epoch", true),
            ("the copy lost", "DELETE FROM epoch_copy", true),
            ("altered", "UPDATE epoch SET header = randomblob(length(header))", true),
            ("cut off", "UPDATE epoch SET header = substr(header, 1, 99)", true),
            ("the copy altered", "UPDATE epoch_copy SET header = x'00'", true),
            ("both lost", "DELETE FROM epoch; DELETE FROM epoch_copy", false),
        ] {
            let queued = queued();
            let file = files::database(queued.home.path());
            rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap();
            let id = queued.epoch.id();
            let found =
                open(&queued.home).transaction(|t| Ok::<_, StoreError>(queue::header(t, id)));
            let wanted = expected.then(|| queued.epoch.header());
            assert_eq!(found, Ok(wanted), "{name}");
        }
    }

    #[test]
    fn hold_entries_that_hq_opens_after_the_phone_was_restarted() {
        let queued = queued();
        let opened = opened(&queued.epoch);
        for (entry, event) in waiting(&mut open(&queued.home)).unwrap().iter().zip(&queued.events) {
            assert_eq!(*opened.open(&entry.envelope).unwrap(), event.as_bytes());
            assert_eq!(entry.envelope.address().event, event.id());
        }
    }

    #[test]
    fn set_aside_an_entry_that_was_damaged_on_the_disk() {
        let queued = queued();
        let file = files::database(queued.home.path());
        let sql = "UPDATE outbox SET envelope = randomblob(length(envelope)) WHERE position = 2";
        rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap();
        let mut store = open(&queued.home);
        let positions: Vec<i64> =
            waiting(&mut store).unwrap().iter().map(|entry| entry.position).collect();
        assert_eq!(positions, [1, 3], "the others go on");
        let status = store.transaction(|t| queue::status(t)).unwrap();
        assert_eq!((status.waiting, status.damaged), (2, 1), "and nothing is thrown away");
    }
}
