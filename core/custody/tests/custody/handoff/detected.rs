//! What the rules of a handoff cannot prevent, and evidence shows.

use std::collections::BTreeSet;

use crewseal_custody::LAPSE;
use crewseal_custody::signed::Signed;
use crewseal_custody::{BoxList, Custody, Event, EventKind, Evidence, FaultKind, Holder, Salt};
use crewseal_label::Token;
use fixtures::paper::{self, Phone, set};

use super::exchange::{Exchange, TICKS, accepts, boxes, greets, holder, ids, known, of, offers};

#[test]
fn a_phone_restored_from_a_copy_that_goes_on_twice() {
    let Exchange { took, offer, accept, ack, withdrawal, .. } = &Exchange::new();
    let custody = known([took, offer, accept, ack, withdrawal]).verify();
    assert_eq!(of(&custody, FaultKind::Fork)[0].events, ids([ack, withdrawal]));
}

#[test]
fn an_event_left_out_of_the_middle() {
    let Exchange { giver, took, offer, accept, ack, .. } = &Exchange::new();
    let custody = known([took, accept, ack]).verify();
    let kind =
        FaultKind::Gap { device: giver.device(), generation: 1, from: 2, to: offer.sequence + 1 };
    assert_eq!(of(&custody, kind)[0].events, ids([ack]));
}

/// Offers one box to two, who both sign for it; the driver's clock may be off.
fn in_two_places(off: u64) -> (Custody, [Signed<Event>; 5]) {
    let (mut giver, mut one, mut other) = (paper::mover(), paper::driver(), paper::keeper());
    one.claims += off;
    let openings = [Salt([1; 16]), Salt([2; 16])];
    let took = giver.does(EventKind::TakeOver, boxes([1]));
    let first = offers(&mut giver, &greets(&one, openings[0]), boxes([1]));
    let second = offers(&mut giver, &greets(&other, openings[1]), boxes([1]));
    let accepted = accepts(&mut one, &first, openings[0], boxes([1]));
    let again = accepts(&mut other, &second, openings[1], boxes([1]));
    let events = [took, first, second, accepted, again];
    (known(&events).verify(), events)
}

/// And neither of those who took it in good faith is blamed.
#[test]
fn the_same_token_in_two_places() {
    for off in [0, 100_000] {
        let (custody, [_, first, second, accepted, again]) = in_two_places(off);
        let found = of(&custody, FaultKind::OfferedTwice);
        assert_eq!(found.len(), 1, "{off}");
        assert_eq!(found[0].events, ids([&first, &second]), "two signatures of one");
        assert_eq!(found[0].boxes, set([1]));
        let theirs = ids([&accepted, &again]);
        let blamed = custody.faults.iter().find(|fault| fault.events.is_subset(&theirs));
        assert_eq!(blamed, None, "{off}");
    }
}

#[test]
fn a_copied_label_on_a_box_that_nobody_handed_over() {
    let Exchange { took, offer, accept, ack, .. } = &Exchange::new();
    let load = paper::keeper().does(EventKind::Load, boxes([2]));
    let custody = known([took, offer, accept, ack, &load]).verify();
    let found = of(&custody, FaultKind::NotTheHolder);
    assert_eq!((&found[0].events, &found[0].boxes), (&ids([&load]), &set([2])));
}

#[test]
fn a_steered_spot_check() {
    let mut exchange = Exchange::new();
    // Not as the state machine has it: his own phone would not sign it.
    exchange.receiver = paper::driver();
    let steered = accepts(&mut exchange.receiver, &exchange.offer, Salt([0x0e; 16]), boxes([1]));
    let custody = known([&exchange.took, &exchange.offer, &steered]).verify();
    let found = of(&custody, FaultKind::WrongOpening);
    assert_eq!(found[0].events, ids([&exchange.offer, &steered]));
}

#[test]
fn offers_that_come_to_nothing_until_the_draw_suits() {
    let (mut giver, receiver) = (paper::mover(), paper::driver());
    let mut events = vec![giver.does(EventKind::TakeOver, boxes([1]))];
    let mut offered = BTreeSet::new();
    for number in 1..=4 {
        let custody = known(&events).verify();
        assert_eq!(of(&custody, FaultKind::AbandonedOffers).len(), 0, "{number}");
        let offer = offers(&mut giver, &greets(&receiver, Salt([number; 16])), boxes([1]));
        offered.insert(offer.id());
        events.push(offer);
        let last = events.last().map(Signed::id).unwrap();
        events.push(giver.answers(EventKind::Withdraw, last, BoxList::default()));
    }
    let custody = known(&events).verify();
    assert_eq!(of(&custody, FaultKind::AbandonedOffers)[0].events, offered);
    assert_eq!(of(&custody, FaultKind::OfferedTwice).len(), 0, "each was taken back");
    assert_eq!(of(&custody, FaultKind::AbandonedOffers)[0].boxes, set([1]));
}

/// Four offers to the driver, what comes after each of them, and what is found.
fn four_offers(
    lists: [BoxList; 4],
    mut then: impl FnMut(&mut Phone, &mut Phone, &Signed<Event>, Salt) -> Option<Signed<Event>>,
) -> Evidence {
    let (mut giver, mut receiver) = (paper::mover(), paper::driver());
    let mut events = vec![giver.does(EventKind::TakeOver, boxes(0..9))];
    for (number, list) in (1..).zip(lists) {
        let opening = Salt([number; 16]);
        let offer = offers(&mut giver, &greets(&receiver, opening), list);
        let after = then(&mut giver, &mut receiver, &offer, opening);
        events.push(offer);
        events.extend(after);
    }
    known(&events)
}

fn abandoned(evidence: &Evidence) -> Vec<BTreeSet<Token>> {
    let custody = evidence.verify();
    of(&custody, FaultKind::AbandonedOffers).iter().map(|f| f.boxes.clone()).collect()
}

#[test]
fn offers_of_the_same_boxes_count_and_others_do_not() {
    let taken_back = |giver: &mut Phone, _: &mut Phone, offer: &Signed<Event>, _| {
        Some(giver.answers(EventKind::Withdraw, offer.id(), BoxList::default()))
    };
    let apart = [boxes([1]), boxes([2]), boxes([3]), boxes([4])];
    assert_eq!(abandoned(&four_offers(apart, taken_back)), [] as [BTreeSet<Token>; 0]);
    let all = [boxes([1, 2]), boxes([2, 3]), boxes([2, 4]), boxes([1, 2, 5])];
    assert_eq!(abandoned(&four_offers(all.clone(), taken_back)), [set([2])]);
    let three = [boxes([1, 2]), boxes([2, 3]), boxes([2, 4]), boxes([1, 3, 5])];
    assert_eq!(abandoned(&four_offers(three, taken_back)), [] as [BTreeSet<Token>; 0]);
    // What came to something is none, and what may still be answered is none yet.
    let accepted = |_: &mut Phone, receiver: &mut Phone, offer: &Signed<Event>, opening| {
        Some(accepts(receiver, offer, opening, boxes([2])))
    };
    assert_eq!(abandoned(&four_offers(all.clone(), accepted)), [] as [BTreeSet<Token>; 0]);
    let open = four_offers(all, |_, _, _, _| None);
    assert_eq!(abandoned(&open), [] as [BTreeSet<Token>; 0]);
}

#[test]
fn offers_that_lapsed_count_as_soon_as_a_clock_shows_it() {
    let same = [boxes([1]), boxes([1]), boxes([1]), boxes([1])];
    // The giver's own clock: his next act in the same boot is so much later. On
    // paper a minute goes by between two of his events.
    let mut minutes = 0;
    let by_his_own = four_offers(same.clone(), |giver, _, _, _| {
        minutes += 1;
        if minutes == 4 {
            giver.link.sequence += LAPSE / 60_000;
            return Some(giver.does(EventKind::Count, boxes([5])));
        }
        None
    });
    assert_eq!(abandoned(&by_his_own), [set([1])]);
    // HQ's: it had the offers half an hour before its newest tick.
    let newest = TICKS[&60].at;
    for (had, found) in [(newest - LAPSE / 1_000, 1), (newest - LAPSE / 1_000 + 1, 0)] {
        let mut by_hqs = four_offers(same.clone(), |_, _, _, _| None);
        for event in by_hqs.events.values() {
            let place = paper::place(event, crewseal_custody::Outcome::Stored, had);
            by_hqs.places.insert(event.id(), place);
        }
        assert_eq!(abandoned(&by_hqs).len(), found, "{had}");
    }
}

#[test]
fn offers_of_the_same_boxes_to_others_are_offered_twice_and_not_abandoned() {
    let mut giver = paper::mover();
    let receivers = [paper::driver(), paper::supervisor(), paper::driver(), paper::supervisor()];
    let mut events = vec![giver.does(EventKind::TakeOver, boxes([1]))];
    for (number, receiver) in (1..).zip(&receivers) {
        events.push(offers(&mut giver, &greets(receiver, Salt([number; 16])), boxes([1])));
    }
    let custody = known(&events).verify();
    // Each later one against each that was open: 1 + 2 + 3.
    assert_eq!(of(&custody, FaultKind::OfferedTwice).len(), 6);
    assert_eq!(of(&custody, FaultKind::AbandonedOffers).len(), 0);
    // An acknowledgement between two closes the first, as a withdrawal does.
    let (mut giver, mut receiver) = (paper::mover(), paper::driver());
    let opening = Salt([1; 16]);
    let took = giver.does(EventKind::TakeOver, boxes([1]));
    let first = offers(&mut giver, &greets(&receiver, opening), boxes([1]));
    let accept = accepts(&mut receiver, &first, opening, boxes([1]));
    let ack = giver.answers(EventKind::Ack, accept.id(), BoxList::default());
    let back = offers(&mut receiver, &greets(&giver, Salt([2; 16])), boxes([1]));
    let again = accepts(&mut giver, &back, Salt([2; 16]), boxes([1]));
    let second = offers(&mut giver, &greets(&receiver, Salt([3; 16])), boxes([1]));
    let custody = known([&took, &first, &accept, &ack, &back, &again, &second]).verify();
    assert_eq!(of(&custody, FaultKind::OfferedTwice).len(), 0);
}

#[test]
fn a_second_acceptance() {
    let mut exchange = Exchange::new();
    let again =
        accepts(&mut exchange.receiver, &exchange.offer, exchange.opening, boxes([1, 2, 3]));
    let Exchange { took, offer, accept, ack, .. } = &exchange;
    let custody = known([took, offer, accept, ack, &again]).verify();
    let found = of(&custody, FaultKind::AcceptedTwice);
    assert_eq!(found[0].events, ids([accept, &again]), "two signatures of one");
    // The one with the lowest number counts.
    assert_eq!(holder(&custody, 1), Holder::Device(exchange.giver.device()));
    assert_eq!(holder(&custody, 2), Holder::Device(exchange.receiver.device()));
}

#[test]
fn an_offer_of_what_is_still_offered() {
    let mut exchange = Exchange::new();
    // Without taking the first one back.
    let (mut giver, another) = (paper::mover(), greets(&paper::keeper(), Salt([2; 16])));
    giver.link = exchange.giver.link;
    giver.link.sequence = exchange.offer.sequence + 1;
    giver.link.previous = Some(exchange.offer.id());
    let second = offers(&mut giver, &another, boxes([3, 4]));
    let custody = known([&exchange.took, &exchange.offer, &second]).verify();
    let found = of(&custody, FaultKind::OfferedTwice);
    assert_eq!(found[0].events, ids([&exchange.offer, &second]));
    assert_eq!(found[0].boxes, set([3]));
    // With its withdrawal between them it is none.
    let second = offers(&mut exchange.giver, &another, boxes([3, 4]));
    let Exchange { took, offer, withdrawal, .. } = &exchange;
    let custody = known([took, offer, withdrawal, &second]).verify();
    assert_eq!(of(&custody, FaultKind::OfferedTwice).len(), 0);
    // And if what lies between is withheld, the gap is the finding: he may have
    // taken it back there.
    let custody = known([took, offer, &second]).verify();
    assert_eq!(of(&custody, FaultKind::OfferedTwice).len(), 0);
}

#[test]
fn an_offer_that_is_acknowledged_and_taken_back() {
    let mut exchange = Exchange::new();
    exchange.giver.link.previous = Some(exchange.ack.id());
    exchange.giver.link.sequence = exchange.ack.sequence + 1;
    let withdrawal =
        exchange.giver.answers(EventKind::Withdraw, exchange.offer.id(), BoxList::default());
    let Exchange { took, offer, accept, ack, .. } = &exchange;
    let custody = known([took, offer, accept, ack, &withdrawal]).verify();
    let found = of(&custody, FaultKind::Contradiction);
    assert_eq!(found[0].events, ids([offer, ack, &withdrawal]));
    assert_eq!(holder(&custody, 2), Holder::Device(exchange.receiver.device()));
}

#[test]
fn an_acceptance_dated_back_before_its_offer_can_have_been_made() {
    let (mut giver, mut receiver) = (paper::mover(), paper::driver());
    let opening = Salt([1; 16]);
    let took = giver.does(EventKind::TakeOver, boxes([1]));
    giver.tick = 31;
    giver.claims = paper::MORNING + 5 * 3_600;
    let offer = offers(&mut giver, &greets(&receiver, opening), boxes([1]));
    // His phone says half past six, and names a tick of the early morning; what
    // he answers names one of eleven o'clock.
    receiver.claims = paper::MORNING + 1_800;
    let accept = accepts(&mut receiver, &offer, opening, boxes([1]));
    let custody = known([&took, &offer, &accept]).verify();
    assert_eq!(of(&custody, FaultKind::ClockDisagrees)[0].events, ids([&accept]));
    assert_eq!(custody.faults.len(), 1);
}

/// The giver took it back, the receiver had signed for it, and neither saw what
/// the other did. Nobody lied, and the box may go on.
#[test]
fn no_fault_where_a_withdrawal_and_an_acceptance_cross() {
    for off in [0, 200, 100_000] {
        let (mut giver, mut one, mut other) = (paper::mover(), paper::driver(), paper::keeper());
        one.claims += off;
        let openings = [Salt([1; 16]), Salt([2; 16])];
        let took = giver.does(EventKind::TakeOver, boxes([1, 2]));
        let first = offers(&mut giver, &greets(&one, openings[0]), boxes([1, 2]));
        let crossed = accepts(&mut one, &first, openings[0], boxes([1]));
        let back = giver.answers(EventKind::Withdraw, first.id(), BoxList::default());
        let custody = known([&took, &first, &crossed, &back]).verify();
        let (giver_id, receiver) = (giver.device(), one.device());
        assert_eq!(holder(&custody, 1), Holder::InDoubt { giver: giver_id, receiver }, "{off}");
        assert_eq!(holder(&custody, 2), Holder::Device(giver_id), "{off}");
        let second = offers(&mut giver, &greets(&other, openings[1]), boxes([1, 2]));
        let accepted = accepts(&mut other, &second, openings[1], boxes([1, 2]));
        let ack = giver.answers(EventKind::Ack, accepted.id(), BoxList::default());
        let custody = known([&took, &first, &crossed, &back, &second, &accepted, &ack]).verify();
        let found: Vec<FaultKind> = custody.faults.iter().map(|fault| fault.kind).collect();
        assert_eq!(found, [FaultKind::NotAccepted], "{off}");
        for number in [1, 2] {
            assert_eq!(holder(&custody, number), Holder::Device(other.device()), "{off}");
        }
    }
}
