//! The customer: codes that confirm, and what nobody delivered.

use crewseal_custody::signed::Signed;
use crewseal_custody::{Act, BoxList, Event, EventId, EventKind, FaultKind, Finding, FindingKind};
use crewseal_custody::{ReleaseCode, ReleaseKey, ReleaseProof};
use fixtures::paper::{self, set};

use super::day::{fault, kinds, known};

/// A crew that takes over and delivers, and a customer with a code for each.
struct Released {
    mover: paper::Phone,
    take_over: Signed<Event>,
    deliver: Signed<Event>,
    codes: [ReleaseCode; 2],
}

impl Released {
    fn new() -> Self {
        let mut mover = paper::mover();
        let take_over = mover.does(EventKind::TakeOver, paper::boxes([1]));
        let deliver = mover.does(EventKind::Deliver, paper::boxes([1]));
        let codes = [[0x11; 10], [0x22; 10]].map(ReleaseCode::from_bytes);
        Self { mover, take_over, deliver, codes }
    }

    fn release(&mut self, about: EventId, proof: ReleaseProof) -> Signed<Event> {
        let act = Act { about: Some(about), ..paper::act(EventKind::Release, BoxList::default()) };
        let event = Event { proof: Some(proof), ..self.mover.writes(act) };
        let event = self.mover.act.sign(event);
        self.mover.link.previous = Some(event.id());
        event
    }

    fn faults(&self, releases: &[&Signed<Event>]) -> Vec<FaultKind> {
        let events = [&self.take_over, &self.deliver].into_iter().chain(releases.iter().copied());
        let mut evidence = known(events);
        for (number, kind) in [(1, EventKind::TakeOver), (2, EventKind::Deliver)] {
            let code = &self.codes[usize::from(number) - 1];
            let key = ReleaseKey::of(paper::JOB, number, kind, code);
            evidence.release_keys.insert(number, key);
        }
        kinds(&evidence.verify())
    }
}

#[test]
fn a_release_confirms_the_act_that_it_cites() {
    let mut day = Released::new();
    let (taken, delivered) = (day.take_over.id(), day.deliver.id());
    assert_eq!(day.faults(&[]), [FaultKind::NotConfirmed, FaultKind::NotConfirmed]);
    let first = day.codes[0].sign(paper::JOB, 1, &taken);
    let first = day.release(taken, first);
    assert_eq!(day.faults(&[&first]), [FaultKind::NotConfirmed]);
    let second = day.codes[1].sign(paper::JOB, 2, &delivered);
    let second = day.release(delivered, second);
    assert_eq!(day.faults(&[&first, &second]), []);
    let again = day.codes[0].sign(paper::JOB, 1, &taken);
    let again = day.release(taken, again);
    assert_eq!(day.faults(&[&first, &second, &again]), [], "twice the same is once");
}

#[test]
fn a_release_code_for_another_act_or_guessed_confirms_nothing() {
    let mut day = Released::new();
    let (taken, delivered) = (day.take_over.id(), day.deliver.id());
    let guessed = ReleaseCode::from_bytes([0x33; 10]);
    let proofs = [
        ("of another act", day.codes[1].sign(paper::JOB, 2, &taken)),
        ("under another number", day.codes[1].sign(paper::JOB, 1, &taken)),
        ("of another job", day.codes[0].sign(paper::OTHER_JOB, 1, &taken)),
        ("over another statement", day.codes[0].sign(paper::JOB, 1, &delivered)),
        ("guessed", guessed.sign(paper::JOB, 1, &taken)),
    ];
    for (name, proof) in proofs {
        let release = day.release(taken, proof);
        let faults = day.faults(&[&release]);
        assert!(faults.contains(&FaultKind::WrongRelease), "{name}: {faults:?}");
        assert_eq!(faults.iter().filter(|f| **f == FaultKind::NotConfirmed).count(), 2, "{name}");
    }
}

#[test]
fn a_release_code_used_twice_confirms_neither() {
    let mut day = Released::new();
    let second_delivery = day.mover.does(EventKind::Deliver, paper::boxes([1]));
    let releases = [day.deliver.id(), second_delivery.id()].map(|statement| {
        let proof = day.codes[1].sign(paper::JOB, 2, &statement);
        day.release(statement, proof)
    });
    let faults = day.faults(&[&second_delivery, &releases[0], &releases[1]]);
    assert!(faults.contains(&FaultKind::ReleasedTwice), "{faults:?}");
    assert_eq!(faults.iter().filter(|f| **f == FaultKind::NotConfirmed).count(), 3);
}

#[test]
fn an_absent_or_refusing_customer_blocks_nothing_and_is_said() {
    for kind in [FindingKind::Absent, FindingKind::Refused] {
        let mut day = Released::new();
        let finding = Finding { kind, boxes: paper::boxes([1]), photo: None };
        let act = paper::act(EventKind::Deliver, paper::boxes([1]));
        day.mover = paper::mover();
        day.take_over = day.mover.does(EventKind::TakeOver, paper::boxes([1]));
        day.deliver = day.mover.signs(Act { findings: vec![finding], ..act });
        assert_eq!(day.faults(&[]), [FaultKind::NotConfirmed], "the taking over only");
    }
}

#[test]
fn what_was_taken_over_and_is_not_delivered_is_named() {
    let mut mover = paper::mover();
    let take_over = mover.does(EventKind::TakeOver, paper::boxes([1, 2, 3]));
    assert_eq!(kinds(&known([&take_over]).verify()), [], "on the road nothing is missing");
    let deliver = mover.does(EventKind::Deliver, paper::boxes([1, 3]));
    let custody = known([&take_over, &deliver]).verify();
    assert_eq!(kinds(&custody), [FaultKind::NotDelivered]);
    assert_eq!(fault(&custody, FaultKind::NotDelivered).1, set([2]));
}
