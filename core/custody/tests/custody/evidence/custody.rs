//! Custody: chains, forks and gaps, who holds what, and who says so.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::rules::Rule;
use crewseal_custody::signed::{Digest, Signed};
use crewseal_custody::{
    Act, BoxList, Dispute, EventId, EventKind, FaultKind, Finding, FindingKind, Holder, JobId,
    Lists, Outcome,
};
use fixtures::paper::{self, set};

use super::day::{day, fault, holder, kinds, known, receipted};

#[test]
fn of_a_clean_day_shows_no_fault_and_every_step() {
    let day = day();
    let mut evidence = known(&day.events);
    for event in &day.events {
        receipted(&mut evidence, event, Outcome::Stored, event.claimed_at + 60);
    }
    let custody = evidence.verify();
    assert_eq!(custody.faults, BTreeSet::new());
    for number in (0..10).chain([100, 101]) {
        assert_eq!(holder(&custody, number), Holder::Customer, "{number}");
    }
    let driver = Holder::Device(day.phones[1].device());
    let mover = Holder::Device(day.phones[0].device());
    let passing =
        Holder::InDoubt { giver: day.phones[0].device(), receiver: day.phones[1].device() };
    let steps = &custody.steps[&paper::token(100)];
    let story: Vec<_> = steps.iter().map(|step| (step.kind, step.holder)).collect();
    assert_eq!(
        story,
        [
            (EventKind::Commission, Holder::Customer),
            (EventKind::TakeOver, mover),
            (EventKind::Offer, passing),
            (EventKind::Accept, driver),
            (EventKind::Load, driver),
            (EventKind::Deliver, Holder::Customer),
            (EventKind::SignOff, Holder::Customer),
        ]
    );
    for step in steps {
        assert_eq!(step.not_before, Some(paper::MORNING));
        assert_eq!(step.not_after.map(|at| at <= step.claimed_at + 60), Some(true));
    }
}

#[test]
fn is_the_same_in_whatever_order_it_arrives() {
    let day = day();
    let mut whole = known(&day.events);
    for event in &day.events {
        receipted(&mut whole, event, Outcome::Stored, event.claimed_at + 60);
    }
    let expected = whole.verify();
    // Sets have no order of arrival; what could have one is the dates, and
    // the causes must win over them. Every event in turn is told first.
    for first in 0..day.events.len() {
        let turned = day.events[first..].iter().chain(&day.events[..first]);
        let mut evidence = known(turned);
        for event in day.events.iter().rev() {
            receipted(&mut evidence, event, Outcome::Stored, event.claimed_at + 60);
        }
        assert_eq!(evidence.verify(), expected, "starting with {first}");
    }
    let order: Vec<EventId> = whole.in_order().iter().map(|event| event.id()).collect();
    let told: Vec<EventId> = day.events.iter().map(Signed::id).collect();
    assert_eq!(order, told);
}

#[test]
fn with_a_withheld_event_shows_a_gap_unless_a_receipt_covers_it() {
    let mut mover = paper::mover();
    let first = mover.does(EventKind::TakeOver, paper::boxes([1]));
    let withheld = mover.acts_elsewhere();
    let third = mover.does(EventKind::Deliver, paper::boxes([1]));
    let mut evidence = known([&first, &third]);
    let gap = FaultKind::Gap { device: mover.device(), generation: 1, from: 2, to: 3 };
    assert_eq!(kinds(&evidence.verify()), [gap]);

    receipted(&mut evidence, &withheld, Outcome::Stored, paper::MORNING + 7_200);
    assert_eq!(kinds(&evidence.verify()), []);
}

#[test]
fn two_events_of_one_number_are_a_fork() {
    let mut mover = paper::mover();
    let first = mover.does(EventKind::TakeOver, paper::boxes([1]));
    let place = mover.link;
    let one = mover.does(EventKind::Load, paper::boxes([1]));
    mover.link = place;
    let other = mover.does(EventKind::Count, paper::boxes([1]));
    let custody = known([&first, &one, &other]).verify();
    assert_eq!(kinds(&custody), [FaultKind::Fork]);
    assert_eq!(fault(&custody, FaultKind::Fork).0, BTreeSet::from([one.id(), other.id()]));

    // HQ's receipt is enough to show the other.
    let mut evidence = known([&first, &one]);
    let outcome = Outcome::StoredInDispute(Dispute::Fork);
    receipted(&mut evidence, &other, outcome, paper::MORNING + 7_200);
    assert_eq!(kinds(&evidence.verify()), [FaultKind::Fork]);
}

#[test]
fn a_new_generation_is_no_fork_and_its_numbers_begin_again() {
    let mut mover = paper::mover();
    let first = mover.does(EventKind::TakeOver, paper::boxes([1]));
    (mover.link.generation, mover.link.sequence) = (2, 1);
    let resumed = mover.signs(Act::resume());
    let again = mover.does(EventKind::Count, paper::boxes([1]));
    assert_eq!(kinds(&known([&first, &resumed, &again]).verify()), []);
    assert_eq!(resumed.job, JobId::NONE);
    let mut evidence = known([&first, &again]);
    receipted(&mut evidence, &resumed, Outcome::Stored, paper::MORNING + 7_200);
    assert_eq!(kinds(&evidence.verify()), [], "a receipt shows that something was there");
}

#[test]
fn a_new_generation_that_does_not_say_that_the_store_was_restored_is_named() {
    let mut mover = paper::mover();
    let first = mover.does(EventKind::TakeOver, paper::boxes([1]));
    (mover.link.generation, mover.link.sequence) = (2, 1);
    let again = mover.does(EventKind::Count, paper::boxes([1]));
    let custody = known([&first, &again]).verify();
    assert_eq!(kinds(&custody), [FaultKind::Undeclared]);
    assert_eq!(fault(&custody, FaultKind::Undeclared).0, BTreeSet::from([again.id()]));

    let elsewhere = mover.signs(Act::resume());
    let custody = known([&first, &again, &elsewhere]).verify();
    let named = custody.faults.iter().flat_map(|fault| fault.events.clone());
    assert_eq!(named.collect::<BTreeSet<_>>(), BTreeSet::from([again.id(), elsewhere.id()]));
    let mut driver = paper::driver();
    let first = driver.signs(Act::resume());
    assert_eq!(kinds(&known([&first]).verify()), [FaultKind::Undeclared], "nothing before it");
}

#[test]
fn an_event_that_names_another_before_it_breaks_the_chain() {
    let mut mover = paper::mover();
    let first = mover.does(EventKind::TakeOver, paper::boxes([1]));
    mover.link.previous = Some(Digest([3; 32]));
    let second = mover.does(EventKind::Load, paper::boxes([1]));
    let custody = known([&first, &second]).verify();
    assert_eq!(kinds(&custody), [FaultKind::BrokenChain]);
    assert_eq!(fault(&custody, FaultKind::BrokenChain).0, BTreeSet::from([second.id()]));

    let mut driver = paper::driver();
    driver.link.previous = Some(Digest([3; 32]));
    let first = driver.does(EventKind::Count, BoxList::default());
    assert_eq!(kinds(&known([&first]).verify()), [FaultKind::BrokenChain], "a first event");
}

#[test]
fn whoever_acts_on_anothers_boxes_is_told_so_and_moves_nothing() {
    let (mut mover, mut driver) = (paper::mover(), paper::driver());
    let take_over = mover.does(EventKind::TakeOver, paper::boxes([1, 2]));
    driver.claims = mover.claims;
    let load = driver.does(EventKind::Load, paper::boxes([2, 3]));
    let custody = known([&take_over, &load]).verify();
    assert_eq!(kinds(&custody), [FaultKind::NotTheHolder]);
    let (events, boxes) = fault(&custody, FaultKind::NotTheHolder);
    assert_eq!((events, boxes), (BTreeSet::from([load.id()]), set([2, 3])));
    assert_eq!(holder(&custody, 2), Holder::Device(mover.device()));
}

#[test]
fn custody_passes_for_what_both_have_signed() {
    let (mut mover, mut driver) = (paper::mover(), paper::driver());
    let take_over = mover.does(EventKind::TakeOver, paper::boxes([1, 2, 3, 4]));
    let offer = mover.offers(driver.device(), paper::boxes([1, 2, 3]));
    driver.claims = mover.claims;
    let accept = driver.answers(EventKind::Accept, offer.id(), paper::boxes([2, 3, 4]));
    let custody = known([&take_over, &offer, &accept]).verify();
    assert_eq!(kinds(&custody), [FaultKind::NotAccepted, FaultKind::NotOffered]);
    let both = BTreeSet::from([offer.id(), accept.id()]);
    assert_eq!(fault(&custody, FaultKind::NotAccepted), (both.clone(), set([1])));
    assert_eq!(fault(&custody, FaultKind::NotOffered), (both, set([4])));
    for (number, phone) in [(1, &mover), (2, &driver), (3, &driver), (4, &mover)] {
        assert_eq!(holder(&custody, number), Holder::Device(phone.device()), "box {number}");
    }
}

#[test]
fn an_acceptance_without_an_offer_to_its_device_moves_nothing() {
    let (mut mover, keeper) = (paper::mover(), paper::keeper());
    let take_over = mover.does(EventKind::TakeOver, paper::boxes([1]));
    let to_another = mover.offers(keeper.device(), paper::boxes([1]));
    for about in [to_another.id(), take_over.id(), Digest([1; 32])] {
        let accept = paper::driver().answers(EventKind::Accept, about, paper::boxes([1]));
        let mut evidence = known([&take_over, &to_another, &accept]);
        evidence.credentials.insert(paper::hq().sign(keeper.credential()));
        let custody = evidence.verify();
        assert_eq!(kinds(&custody), [FaultKind::NoSuchOffer]);
        let offered = Holder::InDoubt { giver: mover.device(), receiver: keeper.device() };
        assert_eq!(holder(&custody, 1), offered, "as before");
    }
}

#[test]
fn only_a_supervisor_signs_off() {
    let (mut mover, mut supervisor) = (paper::mover(), paper::supervisor());
    let count = mover.does(EventKind::Count, BoxList::default());
    let own = mover.answers(EventKind::SignOff, count.id(), BoxList::default());
    supervisor.claims = mover.claims;
    let good = supervisor.answers(EventKind::SignOff, count.id(), BoxList::default());
    let custody = known([&count, &own, &good]).verify();
    let expected = [FaultKind::Broken(Rule::Role), FaultKind::Broken(Rule::OwnSignOff)];
    assert_eq!(kinds(&custody), expected);
    assert_eq!(fault(&custody, FaultKind::Broken(Rule::Role)).0, BTreeSet::from([own.id()]));
}

#[test]
fn boxes_of_unknown_lists_are_said_and_the_rest_still_counts() {
    let mut mover = paper::mover();
    let take_over = mover.does(EventKind::TakeOver, paper::boxes([1]));
    let mut other = Lists::new();
    other.add_roll(paper::roll(&paper::tokens(900..910)));
    let strange = other.name(&set([900])).unwrap();
    let load = mover.does(EventKind::Load, strange.clone());
    let finding = Finding { kind: FindingKind::NotOurs, boxes: strange, photo: None };
    let count = mover
        .signs(Act { findings: vec![finding], ..paper::act(EventKind::Count, paper::boxes([1])) });
    let custody = known([&take_over, &load, &count]).verify();
    assert_eq!(kinds(&custody), [FaultKind::UnknownBoxes; 2]);
    let events: BTreeSet<EventId> =
        custody.faults.iter().flat_map(|fault| fault.events.clone()).collect();
    assert_eq!(events, BTreeSet::from([load.id(), count.id()]));
    assert_eq!(custody.steps[&paper::token(1)].len(), 2);
}

#[test]
fn findings_stand_at_the_step_of_their_box() {
    let finding = |kind, numbers: &[u16]| Finding {
        kind,
        boxes: paper::boxes(numbers.to_vec()),
        photo: None,
    };
    let mut mover = paper::mover();
    let take_over = mover.signs(Act {
        findings: vec![
            finding(FindingKind::Damaged, &[1, 2]),
            finding(FindingKind::SealBroken, &[2]),
            finding(FindingKind::Missing, &[9]),
        ],
        ..paper::act(EventKind::TakeOver, paper::boxes([1, 2]))
    });
    let custody = known([&take_over]).verify();
    let found: BTreeMap<u16, Vec<FindingKind>> = [1, 2, 9]
        .map(|number| (number, custody.steps[&paper::token(number)][0].findings.clone()))
        .into();
    assert_eq!(found[&1], [FindingKind::Damaged]);
    assert_eq!(found[&2], [FindingKind::Damaged, FindingKind::SealBroken]);
    assert_eq!(found[&9], [FindingKind::Missing]);
    assert_eq!(holder(&custody, 9), Holder::Customer, "what is missing was not taken");
}
