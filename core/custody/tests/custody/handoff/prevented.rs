//! What the rules of a handoff prevent.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::cbor;
use crewseal_custody::handoff::message::{self, MessageError};
use crewseal_custody::handoff::text::Purpose;
use crewseal_custody::handoff::{
    Giving, GivingState, HandoffError, Hello, Receiving, ReceivingState,
};
use crewseal_custody::signed::SignedError;
use crewseal_custody::{BootId, EventId, FaultKind, Holder, LAPSE, Lists, Salt, Since};
use fixtures::paper::{self};

use super::exchange::{
    ANSWERS, EVENTS, Exchange, SIGNATURE, accepts, authority, boxes, greets, holder, ids, known,
    now, of, offers, position,
};
use crate::malleated::malleated;

fn receiving(exchange: &Exchange) -> Receiving {
    let mut receiving = Receiving::begin(exchange.opening, b"hello".to_vec(), now(0));
    let giver = paper::hq().sign(exchange.giver.credential());
    receiving.offered(&exchange.receiver.device(), &exchange.offer, &giver, now(1)).unwrap();
    receiving
}

fn giving(exchange: &Exchange) -> Giving {
    let receiver = paper::hq().sign(exchange.receiver.credential());
    Giving::begin(&exchange.offer, &exchange.hello, &receiver, b"offer".to_vec(), now(0))
}

#[test]
fn replay_of_an_offer_to_the_same_phone_after_its_acceptance() {
    let mut exchange = Exchange::new();
    let me = exchange.receiver.device();
    let giver = paper::hq().sign(exchange.giver.credential());
    let mut receiving = receiving(&exchange);
    receiving.accepted(&exchange.accept, b"accept".to_vec()).unwrap();
    let before = receiving.clone();
    assert_eq!(receiving.offered(&me, &exchange.offer, &giver, now(2)), Ok(()));
    assert_eq!(receiving, before, "the same bytes are shown, nothing is signed again");
    let by = exchange.accept.id();
    let again = receiving.accepted(&exchange.accept, b"again".to_vec());
    assert_eq!(again, Err(HandoffError::Answered { by }));
    // Another offer on the old greeting.
    let other = offers(&mut exchange.giver, &exchange.hello, boxes([4]));
    let refused = receiving.offered(&me, &other, &giver, now(2));
    assert_eq!(refused, Err(HandoffError::Answered { by }));
    assert_eq!(receiving, before);
    // The old offer on a new greeting.
    let mut anew = Receiving::begin(Salt([0x0d; 16]), b"hello".to_vec(), now(3));
    let refused = anew.offered(&me, &exchange.offer, &giver, now(4));
    assert_eq!(refused, Err(HandoffError::OtherHandoff));
}

#[test]
fn replay_of_an_offer_to_another_phone() {
    let exchange = Exchange::new();
    let keeper = paper::keeper();
    let bytes = exchange.message(Purpose::Offer, false, false);
    let own = greets(&keeper, exchange.opening);
    let error = message::read_offer(&bytes, &own, authority()).unwrap_err();
    assert_eq!(error, MessageError::OtherHandoff);
    // Even if he bound himself to the same, and the beginning fits.
    let same = Hello { commitment: exchange.hello.commitment, ..own };
    let (read, _) = message::read_offer(&bytes, &same, authority()).unwrap();
    assert!(read.verify(&exchange.giver.handoff.public).is_err());
    let giver = paper::hq().sign(exchange.giver.credential());
    let mut receiving = Receiving::begin(exchange.opening, Vec::new(), now(0));
    let refused = receiving.offered(&keeper.device(), &exchange.offer, &giver, now(0));
    assert_eq!(refused, Err(HandoffError::OtherHandoff));
    assert_eq!(receiving.state(now(0)), ReceivingState::Greeted);
}

#[test]
fn replay_of_an_acceptance_into_another_offer() {
    let mut exchange = Exchange::new();
    let second = offers(&mut exchange.giver, &exchange.hello, boxes([4]));
    let mut bytes = exchange.message(Purpose::Accept, false, false);
    let error = message::read_accept(&bytes, &second, authority()).unwrap_err();
    assert_eq!(error, MessageError::OtherHandoff);
    bytes[ANSWERS].copy_from_slice(&second.id().0[..4]);
    let (read, _) = message::read_accept(&bytes, &second, authority()).unwrap();
    assert!(read.verify(&exchange.receiver.handoff.public).is_err());
    let receiver = paper::hq().sign(exchange.receiver.credential());
    let mut giving = Giving::begin(&second, &exchange.hello, &receiver, Vec::new(), now(0));
    let refused = giving.accepted(&second, &exchange.accept, now(1));
    assert_eq!(refused, Err(HandoffError::OtherHandoff));
    assert_eq!(giving.state(now(1)), GivingState::Offered);
    // Nor does it move the second offer's box in anybody's evidence.
    let Exchange { took, offer, withdrawal, accept, .. } = &exchange;
    let custody = known([took, offer, withdrawal, accept, &second]).verify();
    let (giver, receiver) = (exchange.giver.device(), exchange.receiver.device());
    assert_eq!(holder(&custody, 4), Holder::InDoubt { giver, receiver });
}

#[test]
fn a_list_that_is_changed_after_signing() {
    let exchange = Exchange::new();
    for (purpose, list, other) in [
        (Purpose::Offer, boxes([1, 2, 3]), boxes([1, 2, 4])),
        (Purpose::Accept, boxes([2, 3, 4]), boxes([2, 3, 5])),
    ] {
        let mut bytes = exchange.message(purpose, false, false);
        let (list, other) = (cbor::to_vec(&list), cbor::to_vec(&other));
        let at = position(&bytes, &list);
        bytes[at..at + list.len()].copy_from_slice(&other);
        let (read, _) = exchange.read(purpose, &bytes).unwrap();
        assert_eq!(cbor::to_vec(&read.claims().boxes), other, "it reads well");
        assert!(exchange.believed(purpose, &bytes).is_none(), "and nobody signed it");
    }
}

#[test]
fn a_signature_of_one_message_under_another() {
    let exchange = Exchange::new();
    for purpose in EVENTS {
        for other in EVENTS.into_iter().filter(|other| *other != purpose) {
            let mut bytes = exchange.message(purpose, false, false);
            let signature = &exchange.message(other, false, false)[SIGNATURE];
            assert_eq!(signature, exchange.event(other).parts().1);
            bytes[SIGNATURE].copy_from_slice(signature);
            let (read, _) = exchange.read(purpose, &bytes).unwrap();
            for phone in [&exchange.giver, &exchange.receiver] {
                for key in [&phone.act.public, &phone.handoff.public] {
                    let refused = read.clone().verify(key);
                    assert_eq!(refused, Err(SignedError::Signature), "{other:?}");
                }
            }
        }
    }
}

/// The order of P-256.
#[test]
fn a_malleated_signature_as_a_second_event() {
    let exchange = Exchange::new();
    let mut bytes = exchange.message(Purpose::Accept, false, false);
    malleated(&mut bytes[SIGNATURE]);
    let twin = exchange.believed(Purpose::Accept, &bytes).unwrap();
    assert_ne!(twin.as_bytes(), exchange.accept.as_bytes());
    assert_eq!(twin.id(), exchange.accept.id());
    let mut giving = giving(&exchange);
    giving.accepted(&exchange.offer, &exchange.accept, now(1)).unwrap();
    let before = giving.clone();
    assert_eq!(giving.accepted(&exchange.offer, &twin, now(2)), Ok(()));
    assert_eq!(giving, before);
    let Exchange { took, offer, accept, ack, .. } = &exchange;
    let custody = known([took, offer, accept, ack]).verify();
    assert_eq!(known([took, offer, accept, &twin, ack]).verify(), custody);
    assert_eq!(known([took, offer, &twin, ack]).verify(), custody);
}

/// HQ cannot give a signed list another meaning either.
#[test]
fn a_manifest_that_is_rewritten() {
    let Exchange { took, offer, accept, ack, .. } = &Exchange::new();
    let mut evidence = known([took, offer, accept, ack]);
    evidence.lists = Lists::new();
    evidence.lists.add_manifests(paper::manifests(&paper::tokens(20..30)));
    let custody = evidence.verify();
    assert_eq!(custody.holders, BTreeMap::new(), "nobody has a box of the new list");
    let unknown: BTreeSet<EventId> =
        of(&custody, FaultKind::UnknownBoxes).iter().flat_map(|f| f.events.clone()).collect();
    assert_eq!(unknown, ids([took, offer, accept]));
}

#[test]
fn an_acceptance_with_another_opening_than_the_greeting_bound() {
    let mut exchange = Exchange::new();
    let steered = accepts(&mut exchange.receiver, &exchange.offer, Salt([0x0e; 16]), boxes([1]));
    let mut giving = giving(&exchange);
    let refused = giving.accepted(&exchange.offer, &steered, now(1));
    assert_eq!(refused, Err(HandoffError::Opening));
    assert_eq!(giving.acceptance(), None);
    let refused = receiving(&exchange).accepted(&steered, Vec::new());
    assert_eq!(refused, Err(HandoffError::OtherHandoff));
}

#[test]
fn an_answer_to_an_offer_that_lapsed_or_was_taken_back() {
    let exchange = Exchange::new();
    let mut late = giving(&exchange);
    assert_eq!(late.state(now(LAPSE)), GivingState::Lapsed);
    let refused = late.accepted(&exchange.offer, &exchange.accept, now(LAPSE));
    assert_eq!(refused, Err(HandoffError::Lapsed));
    assert_eq!(late.accepted(&exchange.offer, &exchange.accept, now(LAPSE - 1)), Ok(()));
    let by = exchange.accept.id();
    assert_eq!(late.withdrawn(Vec::new()), Err(HandoffError::Answered { by }));
    let mut back = giving(&exchange);
    back.withdrawn(b"withdraw".to_vec()).unwrap();
    let refused = back.accepted(&exchange.offer, &exchange.accept, now(1));
    assert_eq!(refused, Err(HandoffError::Withdrawn));
    assert_eq!(back.shown(), b"withdraw");
}

const REBOOTED: Since = Since { boot: BootId([0, 0, 0, 2]), millis: 1 };

/// Who signed for the boxes in time has them, whatever became of the giver's
/// battery; nothing is signed where nobody can say how late it is.
#[test]
fn a_reboot_makes_an_offers_age_unknown_and_only_a_new_signature_is_refused() {
    let exchange = Exchange::new();
    let mut giving = giving(&exchange);
    assert_eq!(giving.state(REBOOTED), GivingState::Restarted);
    assert_eq!(giving.accepted(&exchange.offer, &exchange.accept, REBOOTED), Ok(()));
    assert_eq!(giving.state(REBOOTED), GivingState::Accepted);
    let receiving = receiving(&exchange);
    assert_eq!(receiving.state(now(LAPSE - 1)), ReceivingState::Offered);
    assert_eq!(receiving.state(REBOOTED), ReceivingState::Lapsed);
    let giver = paper::hq().sign(exchange.giver.credential());
    let mut anew = Receiving::begin(exchange.opening, Vec::new(), now(0));
    let me = exchange.receiver.device();
    let refused = anew.offered(&me, &exchange.offer, &giver, REBOOTED);
    assert_eq!(refused, Err(HandoffError::Lapsed));
}

#[test]
fn an_acceptance_of_what_the_giver_showed_that_he_took_back() {
    let exchange = Exchange::new();
    let mut early = receiving(&exchange);
    assert_eq!(early.withdrawn(&exchange.ack), Err(HandoffError::OtherHandoff));
    assert_eq!(early.withdrawn(&exchange.withdrawal), Ok(()));
    let kept = early.clone();
    assert_eq!(early.withdrawn(&exchange.withdrawal), Ok(()), "twice is once");
    assert_eq!(early, kept);
    let read = cbor::from_versioned::<Receiving, 1>(&cbor::to_vec(&early)).unwrap();
    assert_eq!(read, early, "and after a restart");
    for when in [now(1), now(LAPSE), REBOOTED] {
        assert_eq!(early.state(when), ReceivingState::Withdrawn);
    }
    let refused = early.accepted(&exchange.accept, Vec::new());
    assert_eq!(refused, Err(HandoffError::Withdrawn));
    let giver = paper::hq().sign(exchange.giver.credential());
    let me = exchange.receiver.device();
    let refused = early.offered(&me, &exchange.offer, &giver, now(1));
    assert_eq!(refused, Err(HandoffError::Withdrawn));

    let mut crossed = receiving(&exchange);
    crossed.accepted(&exchange.accept, b"accept".to_vec()).unwrap();
    assert_eq!(crossed.withdrawn(&exchange.withdrawal), Ok(()));
    assert_eq!(crossed.state(now(1)), ReceivingState::Crossed);
    assert_eq!(crossed.shown(), b"accept");

    let mut confirmed = receiving(&exchange);
    confirmed.accepted(&exchange.accept, Vec::new()).unwrap();
    confirmed.confirmed(&exchange.ack).unwrap();
    let by = exchange.accept.id();
    assert_eq!(confirmed.withdrawn(&exchange.withdrawal), Err(HandoffError::Answered { by }));
    assert_eq!(confirmed.state(now(1)), ReceivingState::Confirmed);
    let mut greeted = Receiving::begin(exchange.opening, Vec::new(), now(0));
    let refused = greeted.withdrawn(&exchange.withdrawal);
    assert_eq!(refused, Err(HandoffError::OtherHandoff));
}
