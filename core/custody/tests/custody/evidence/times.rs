//! Time: what can be proven of it, by whose clock, and in which order acts were made.

use std::collections::BTreeSet;

use crewseal_custody::rules::Rule;
use crewseal_custody::{BoxList, Credential, EventId, EventKind, FaultKind, Holder, Outcome};
use fixtures::paper::{self};

use super::day::{fault, holder, kinds, known, receipted};

#[test]
fn a_tick_that_hq_never_signed_is_named() {
    let mut mover = paper::mover();
    mover.tick = 99;
    let unknown = mover.does(EventKind::Count, BoxList::default());
    let mut evidence = known([&unknown]);
    assert_eq!(kinds(&evidence.verify()), [FaultKind::UnknownAnchor]);
    // The number is HQ's, the random bytes are not.
    let tick = crewseal_custody::Tick { nonce: paper::nonce(98), ..paper::tick(99) };
    evidence.ticks.insert(99, paper::hq().sign(tick));
    assert_eq!(kinds(&evidence.verify()), [FaultKind::UnknownAnchor]);
}

#[test]
fn a_clock_disagrees_only_beyond_the_tolerance() {
    let earliest = paper::MORNING;
    let latest = paper::MORNING + 3_600;
    for (claimed, disagrees) in [
        (earliest - 121, true),
        (earliest - 120, false),
        (earliest, false),
        (latest + 120, false),
        (latest + 121, true),
        (0, true),
        (u64::MAX, true),
    ] {
        let mut mover = paper::mover();
        mover.claims = claimed.min(u64::MAX - 60);
        let count = mover.does(EventKind::Count, BoxList::default());
        let mut evidence = known([&count]);
        receipted(&mut evidence, &count, Outcome::Stored, latest);
        let expected: &[FaultKind] = if disagrees { &[FaultKind::ClockDisagrees] } else { &[] };
        assert_eq!(kinds(&evidence.verify()), expected, "claimed {claimed}");
    }
}

#[test]
fn a_credential_is_broken_only_if_the_whole_time_lies_outside() {
    let mut mover = paper::mover();
    mover.tick = 4;
    let count = mover.does(EventKind::Count, BoxList::default());
    let (earliest, latest) = (paper::tick(4).at, paper::MORNING + 7_200);
    let (broken, straddled) =
        (FaultKind::Broken(Rule::Credential), FaultKind::NotProvable(Rule::Credential));
    for (valid_from, valid_to, expected) in [
        (earliest - 9, earliest - 1, Some(broken)),
        (earliest - 9, earliest, Some(broken)),
        (earliest - 9, earliest + 1, Some(straddled)),
        (earliest + 9, latest - 9, Some(straddled)),
        (latest - 1, latest + 9, Some(straddled)),
        (latest + 1, latest + 9, Some(broken)),
        (earliest, latest, Some(straddled)),
        (earliest, latest + 1, None),
    ] {
        let mut evidence = known([&count]);
        receipted(&mut evidence, &count, Outcome::Stored, latest);
        let credential = Credential { valid_from, valid_to, ..paper::mover().credential() };
        evidence.credentials.insert(paper::hq().sign(credential));
        let expected: Vec<FaultKind> = expected.into_iter().collect();
        assert_eq!(kinds(&evidence.verify()), expected, "{valid_from} to {valid_to}");
    }
}

/// Without a receipt nothing bounds the act from above, so it may have been
/// made once the credential held: not provable, and so no fault.
#[test]
fn what_cannot_be_proven_is_no_fault() {
    let count = paper::mover().does(EventKind::Count, BoxList::default());
    let mut evidence = known([&count]);
    let credential = Credential {
        valid_from: paper::MORNING + 86_400,
        valid_to: paper::MORNING + 90_000,
        ..paper::mover().credential()
    };
    evidence.credentials.insert(paper::hq().sign(credential));
    assert_eq!(kinds(&evidence.verify()), []);
}

#[test]
fn bounds_come_from_causes_and_consequences_of_other_devices_too() {
    let (mut mover, mut driver) = (paper::mover(), paper::driver());
    let take_over = mover.does(EventKind::TakeOver, paper::boxes([1]));
    mover.tick = 5;
    let offer = mover.offers(driver.device(), paper::boxes([1]));
    driver.claims = mover.claims;
    let accept = driver.answers(EventKind::Accept, offer.id(), paper::boxes([1]));
    let mut evidence = known([&take_over, &offer, &accept]);
    receipted(&mut evidence, &accept, Outcome::Stored, paper::MORNING + 5_000);
    let custody = evidence.verify();
    let bounds: Vec<_> = custody.steps[&paper::token(1)]
        .iter()
        .map(|step| (step.not_before.unwrap(), step.not_after.unwrap()))
        .collect();
    let (early, late) = (paper::tick(5).at, paper::MORNING + 5_000);
    assert_eq!(bounds, [(paper::MORNING, late), (early, late), (early, late)]);
}

/// The event between is of another job, so only its receipt is here, and
/// meanwhile the phone's clock was put back. The numbers still say which
/// act came first.
#[test]
fn a_devices_own_numbers_order_its_acts_even_across_what_is_not_shown() {
    let mut mover = paper::mover();
    let take_over = mover.does(EventKind::TakeOver, paper::boxes([1]));
    let elsewhere = mover.acts_elsewhere();
    mover.claims = paper::MORNING + 60;
    let deliver = mover.does(EventKind::Deliver, paper::boxes([1]));
    let mut evidence = known([&take_over, &deliver]);
    receipted(&mut evidence, &elsewhere, Outcome::Stored, paper::MORNING + 9_000);
    let custody = evidence.verify();
    assert_eq!(kinds(&custody), []);
    assert_eq!(holder(&custody, 1), Holder::Customer);
}

/// Numbers and causes that contradict each other are for a liar to make;
/// every event is still judged, in an order that all compute alike.
#[test]
fn no_event_is_lost_when_numbers_and_causes_run_in_a_circle() {
    let mut mover = paper::mover();
    mover.link.sequence = 7;
    let late = mover.does(EventKind::Count, paper::boxes([1]));
    mover.link.sequence = 5;
    let early = mover.does(EventKind::Count, paper::boxes([2]));
    assert_eq!(early.previous, Some(late.id()));
    let evidence = known([&late, &early]);
    let order: BTreeSet<EventId> = evidence.in_order().iter().map(|e| e.id()).collect();
    assert_eq!(order, BTreeSet::from([late.id(), early.id()]));
    let custody = evidence.verify();
    assert_eq!(fault(&custody, FaultKind::NotTheHolder).1.len(), 1);
    assert_eq!(custody.steps.len(), 2);
}
