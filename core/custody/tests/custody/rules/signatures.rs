//! Whose second signature counts, and for what.

use super::*;

const LATE: u64 = paper::MORNING + 20_000;

fn second() -> FaultKind {
    FaultKind::Broken(Rule::SecondPerson)
}

fn supervisor() -> FaultKind {
    FaultKind::Broken(Rule::Supervisor)
}

fn all(events: &[&Signed<Event>]) -> Evidence {
    let phones = [paper::mover(), paper::driver(), paper::supervisor()];
    let events: Vec<_> = events.iter().map(|event| (*event, LATE)).collect();
    known(&[&phones[0], &phones[1], &phones[2]], &events)
}

fn signs_off(event: &Signed<Event>) -> Signed<Event> {
    paper::supervisor().answers(EventKind::SignOff, event.id(), event.boxes.clone())
}

fn finds(phone: &mut Phone, kind: FindingKind, number: u16) -> Signed<Event> {
    let finding = Finding { kind, boxes: paper::boxes([number]), photo: None };
    let act = paper::act(EventKind::Count, BoxList::default());
    phone.signs(Act { findings: vec![finding], ..act })
}

#[test]
fn of_two_people_are_needed_for_boxes_of_a_higher_class() {
    for kind in [EventKind::TakeOver, EventKind::CollectForDestruction, EventKind::Deliver] {
        for number in [PAPERS, DEVICES, VALUABLES, UNKNOWN] {
            let act = paper::mover().does(kind, paper::boxes([number, ORDINARY]));
            let expected = (second(), [act.id()].into(), set([number]));
            assert_eq!(faults(&all(&[&act])), [expected], "{kind:?} {number}");
            assert_eq!(kinds(&all(&[&act, &signs_off(&act)])), [], "{kind:?} {number}");
        }
        let act = paper::mover().does(kind, paper::boxes([ORDINARY]));
        assert_eq!(kinds(&all(&[&act])), [], "{kind:?} of an ordinary box");
    }
    let load = paper::mover().does(EventKind::Load, paper::boxes([PAPERS]));
    assert_eq!(kinds(&all(&[&load])), []);
}

#[test]
fn of_a_receiver_count_where_boxes_went_on_by_a_handoff() {
    let (mut mover, mut driver) = (paper::mover(), paper::driver());
    let took = mover.does(EventKind::TakeOver, paper::boxes([PAPERS, VALUABLES, ORDINARY]));
    let offer = mover.offers(driver.device(), paper::boxes([PAPERS, VALUABLES]));
    assert_eq!(kinds(&all(&[&took, &offer])), [second()], "offered is not signed for");
    let some = driver.answers(EventKind::Accept, offer.id(), paper::boxes([PAPERS]));
    assert_eq!(kinds(&all(&[&took, &offer, &some])), [second()], "one of the two");
    let mut driver = paper::driver();
    let both = driver.answers(EventKind::Accept, offer.id(), paper::boxes([PAPERS, VALUABLES]));
    assert_eq!(kinds(&all(&[&took, &offer, &both])), []);
    // He who had them from another and delivers alone is alone at the door.
    let deliver = driver.does(EventKind::Deliver, paper::boxes([PAPERS, VALUABLES]));
    assert_eq!(kinds(&all(&[&took, &offer, &both, &deliver])), [second()]);
}

#[test]
fn of_a_supervisor_are_needed_for_what_is_found_or_destroyed() {
    for kind in [FindingKind::Missing, FindingKind::Damaged, FindingKind::SealBroken] {
        let count = finds(&mut paper::mover(), kind, PAPERS);
        let expected = (supervisor(), [count.id()].into(), set([PAPERS]));
        assert_eq!(faults(&all(&[&count])), [expected], "{kind:?}");
        assert_eq!(kinds(&all(&[&count, &signs_off(&count)])), [], "{kind:?}");
        let count = finds(&mut paper::mover(), kind, ORDINARY);
        assert_eq!(kinds(&all(&[&count])), [], "{kind:?} on an ordinary box");
    }
    let typed = finds(&mut paper::mover(), FindingKind::LabelTyped, PAPERS);
    assert_eq!(kinds(&all(&[&typed])), []);

    let destroy = paper::mover().does(EventKind::Destroy, paper::boxes([ORDINARY]));
    assert_eq!(kinds(&all(&[&destroy])), [supervisor()]);
    assert_eq!(kinds(&all(&[&destroy, &signs_off(&destroy)])), []);
}

#[test]
fn of_the_same_person_of_another_role_or_of_a_revoked_device_do_not_count() {
    let mut driver = paper::driver();
    let count = finds(&mut driver, FindingKind::Missing, PAPERS);
    let by_mover = paper::mover().answers(EventKind::SignOff, count.id(), BoxList::default());
    assert!(kinds(&all(&[&count, &by_mover])).contains(&supervisor()), "another role");

    let sign_off = signs_off(&count);
    let mut evidence = all(&[&count, &sign_off]);
    evidence.revocations = Some(revoked(1, paper::supervisor().device(), paper::MORNING));
    let expected = [FaultKind::Broken(Rule::Revocation), supervisor()];
    assert_eq!(kinds(&evidence), expected, "a revoked one");

    let mut alone = paper::supervisor();
    let count = finds(&mut alone, FindingKind::Missing, PAPERS);
    let own = alone.answers(EventKind::SignOff, count.id(), BoxList::default());
    let found = faults(&all(&[&count, &own]));
    let both = BTreeSet::from([count.id(), own.id()]);
    assert!(found.contains(&(FaultKind::Broken(Rule::OwnSignOff), both, set([]))));
    assert!(found.iter().any(|(kind, _, _)| *kind == supervisor()), "his own");
}

/// Of a sign-off of several events the record shows only the root.
#[test]
fn of_a_day_s_batch_leave_open_which_acts_were_signed_off() {
    let count = finds(&mut paper::mover(), FindingKind::Missing, PAPERS);
    let batch = paper::supervisor().writes(paper::act(EventKind::SignOff, BoxList::default()));
    let root = Batch::of(&[count.id()].into()).map(|batch| batch.root());
    let batch = paper::supervisor().handoff.sign(Event { root, ..batch });
    let found = kinds(&all(&[&count, &batch]));
    assert_eq!(found, [FaultKind::NotProvable(Rule::Supervisor)]);
}
