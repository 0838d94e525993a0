//! The handoff on paper: what its messages carry, what its rules prevent, what
//! they leave in evidence, and three honest phones in any course of events.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not as it should be is what the tests are to fail on"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crewseal_custody::cbor;
use crewseal_custody::handoff::message::{self, Authority, Enclosed, MessageError};
use crewseal_custody::handoff::text::{Collected, Collector, Purpose, Show};
use crewseal_custody::handoff::{
    Compared, Giving, GivingState, HandoffError, Hello, LAPSE, Receiving, ReceivingState, drawn,
};
use crewseal_custody::signed::{PublicKey, Signed, SignedError, Unverified};
use crewseal_custody::{
    Act, BootId, BoxList, Credential, Custody, Event, EventId, Evidence, Fault, FaultKind, Holder,
    Kind, Lists, Salt, Since, Tick, admit,
};
use crewseal_label::Token;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

#[expect(dead_code, reason = "shared by several tests; this one needs a part of it")]
mod crew_on_paper;
use crew_on_paper as paper;
use paper::Phone;

static HQ: LazyLock<PublicKey> = LazyLock::new(|| paper::hq().public);
static LISTS: LazyLock<Lists> = LazyLock::new(paper::lists);
static TICKS: LazyLock<BTreeMap<u64, Signed<Tick>>> =
    LazyLock::new(|| (1..=60).map(|n| (n, paper::hq().sign(paper::tick(n)))).collect());

fn authority() -> Authority<'static> {
    Authority { hq: &HQ, origin: paper::ORIGIN }
}

fn set(numbers: impl IntoIterator<Item = u16>) -> BTreeSet<Token> {
    numbers.into_iter().map(paper::token).collect()
}

fn boxes(numbers: impl IntoIterator<Item = u16>) -> BoxList {
    LISTS.name(&set(numbers)).unwrap()
}

fn now(millis: u64) -> Since {
    Since { boot: BootId([0, 0, 0, 1]), millis }
}

/// The phone's next event, with what an act does not say.
fn signs(phone: &mut Phone, act: Act, finish: impl FnOnce(Event) -> Event) -> Signed<Event> {
    let event = finish(phone.writes(act));
    phone.link.previous = Some(paper::id_of(&event));
    phone.key(event.protection).sign(event)
}

fn offers(phone: &mut Phone, hello: &Hello, list: BoxList) -> Signed<Event> {
    let act = Act { to: Some(hello.device), ..paper::act(Kind::Offer, list) };
    signs(phone, act, |event| Event { commitment: Some(hello.commitment), ..event })
}

fn accepts(
    phone: &mut Phone,
    offer: &Signed<Event>,
    opening: Salt,
    list: BoxList,
) -> Signed<Event> {
    let act = Act { about: Some(offer.id()), ..paper::act(Kind::Accept, list) };
    signs(phone, act, |event| Event { opening: Some(opening), is_checked: Some(true), ..event })
}

fn greets(phone: &Phone, opening: Salt) -> Hello {
    let commitment = Receiving::begin(opening, Vec::new(), now(0)).commitment(&phone.device());
    Hello { device: phone.device(), commitment, tick: None, credential: None, manifests: None }
}

/// One handoff from the mover to the driver, with the two ways that it may end.
struct Exchange {
    giver: Phone,
    receiver: Phone,
    opening: Salt,
    hello: Hello,
    took: Signed<Event>,
    offer: Signed<Event>,
    accept: Signed<Event>,
    ack: Signed<Event>,
    withdrawal: Signed<Event>,
}

const KINDS: [Purpose; 5] =
    [Purpose::Hello, Purpose::Offer, Purpose::Accept, Purpose::Ack, Purpose::Withdraw];

/// The letters of [`KINDS`] that are events.
const EVENTS: [Purpose; 4] = [Purpose::Offer, Purpose::Accept, Purpose::Ack, Purpose::Withdraw];

impl Exchange {
    fn new() -> Self {
        Self::with(Salt([0x0b; 16]), 1)
    }

    /// With this opening, beginning at this number of both chains.
    fn with(opening: Salt, number: u64) -> Self {
        let (mut giver, mut receiver) = (paper::mover(), paper::driver());
        while giver.link.sequence < number {
            giver.acts_elsewhere();
            receiver.acts_elsewhere();
        }
        let hello = greets(&receiver, opening);
        let took = giver.does(Kind::TakeOver, boxes([1, 2, 3, 4]));
        let offer = offers(&mut giver, &hello, boxes([1, 2, 3]));
        let accept = accepts(&mut receiver, &offer, opening, boxes([2, 3, 4]));
        let (link, claims) = (giver.link, giver.claims);
        let ack = giver.answers(Kind::Ack, accept.id(), BoxList::default());
        // As if he had not acknowledged it.
        (giver.link, giver.claims) = (link, claims);
        let withdrawal = giver.answers(Kind::Withdraw, offer.id(), BoxList::default());
        Self { giver, receiver, opening, hello, took, offer, accept, ack, withdrawal }
    }

    fn event(&self, purpose: Purpose) -> &Signed<Event> {
        match purpose {
            Purpose::Offer => &self.offer,
            Purpose::Accept => &self.accept,
            Purpose::Ack => &self.ack,
            _ => &self.withdrawal,
        }
    }

    /// A message, with the sender's credential or tick where one may travel.
    fn message(&self, purpose: Purpose, has_credential: bool, has_tick: bool) -> Vec<u8> {
        let of = |phone: &Phone| has_credential.then(|| paper::hq().sign(phone.credential()));
        let tick = has_tick.then(|| TICKS[&3].clone());
        match purpose {
            Purpose::Hello => {
                Hello { tick, credential: of(&self.receiver), ..self.hello.clone() }.to_bytes()
            }
            Purpose::Offer => {
                let enclosed = Enclosed { credential: of(&self.giver), tick };
                message::offer(&self.offer, &self.hello, &enclosed)
            }
            Purpose::Accept => {
                let enclosed = Enclosed { credential: of(&self.receiver), tick };
                message::accept(&self.accept, &self.offer, &enclosed)
            }
            Purpose::Ack => message::ack(&self.ack, &self.offer, &self.accept),
            _ => message::withdraw(&self.withdrawal, &self.offer),
        }
    }

    fn read(
        &self,
        purpose: Purpose,
        bytes: &[u8],
    ) -> Result<(Unverified<Event>, Enclosed), MessageError> {
        let alone = |event| (event, Enclosed::default());
        match purpose {
            Purpose::Offer => message::read_offer(bytes, &self.hello, authority()),
            Purpose::Accept => message::read_accept(bytes, &self.offer, authority()),
            Purpose::Ack => {
                message::read_ack(bytes, &self.offer, &self.accept, authority()).map(alone)
            }
            _ => message::read_withdraw(bytes, &self.offer, authority()).map(alone),
        }
    }

    /// What comes of a message once its signature was checked.
    fn believed(&self, purpose: Purpose, bytes: &[u8]) -> Option<Signed<Event>> {
        let (event, _) = self.read(purpose, bytes).ok()?;
        let credentials = [self.giver.credential(), self.receiver.credential()];
        admit(event, |device| credentials.iter().find(|c| c.device() == *device)).ok()
    }
}

fn known<'e>(events: impl IntoIterator<Item = &'e Signed<Event>>) -> Evidence {
    let credentials = [paper::mover(), paper::driver(), paper::keeper()].map(|p| p.credential());
    static SIGNED: LazyLock<[Signed<Credential>; 3]> = LazyLock::new(|| {
        [paper::mover(), paper::driver(), paper::keeper()]
            .map(|phone| paper::hq().sign(phone.credential()))
    });
    Evidence {
        credentials: credentials.iter().map(Credential::device).zip(SIGNED.clone()).collect(),
        ticks: TICKS.clone(),
        lists: LISTS.clone(),
        events: events.into_iter().map(|event| (event.id(), event.clone())).collect(),
        ..Evidence::default()
    }
}

fn holder(custody: &Custody, number: u16) -> Holder {
    custody.holders[&paper::token(number)]
}

fn of(custody: &Custody, kind: FaultKind) -> Vec<&Fault> {
    custody.faults.iter().filter(|fault| fault.kind == kind).collect()
}

fn ids<'e>(events: impl IntoIterator<Item = &'e Signed<Event>>) -> BTreeSet<EventId> {
    events.into_iter().map(Signed::id).collect()
}

/// Where one stands in the other.
fn position(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).unwrap()
}

/// In an event's message: what it answers, and the signature.
const ANSWERS: std::ops::Range<usize> = 3..7;
const SIGNATURE: std::ops::Range<usize> = 9..73;

mod messages {
    use super::*;

    /// Each message as it travels: with credential and tick, with one, and bare.
    fn all(exchange: &Exchange) -> Vec<(Purpose, Vec<u8>)> {
        let mut messages = Vec::new();
        for purpose in KINDS {
            for (has_credential, has_tick) in
                [(false, false), (true, false), (false, true), (true, true)]
            {
                messages.push((purpose, exchange.message(purpose, has_credential, has_tick)));
            }
        }
        messages
    }

    #[test]
    fn are_read_as_they_were_written() {
        let exchange = Exchange::new();
        for purpose in EVENTS {
            for (has_credential, has_tick) in
                [(false, false), (true, false), (false, true), (true, true)]
            {
                let bytes = exchange.message(purpose, has_credential, has_tick);
                let (_, enclosed) = exchange.read(purpose, &bytes).unwrap();
                let may = matches!(purpose, Purpose::Offer | Purpose::Accept);
                assert_eq!(enclosed.credential.is_some(), has_credential && may);
                assert_eq!(enclosed.tick.is_some(), has_tick && may);
                let read = exchange.believed(purpose, &bytes).unwrap();
                assert!(read == *exchange.event(purpose), "{purpose:?}");
            }
        }
        for (has_credential, has_tick) in
            [(false, false), (true, false), (false, true), (true, true)]
        {
            let bytes = exchange.message(Purpose::Hello, has_credential, has_tick);
            let hello = Hello::read(&bytes, authority()).unwrap();
            assert_eq!(hello.device, exchange.hello.device);
            assert_eq!(hello.commitment, exchange.hello.commitment);
            assert_eq!(hello.tick.map(|tick| tick.number), has_tick.then_some(3));
            let device = hello.credential.map(|credential| credential.device());
            assert_eq!(device, has_credential.then_some(hello.device));
        }
    }

    #[test]
    fn come_through_as_texts() {
        for (purpose, bytes) in all(&Exchange::new()) {
            let mut show = Show::of(purpose, &bytes).unwrap();
            let mut collector = Collector::new();
            let whole = (0..100).find_map(|_| match collector.add(&show.next_text()).unwrap() {
                Collected::Whole(purpose, bytes) => Some((purpose, bytes)),
                Collected::Part { .. } => None,
            });
            assert_eq!(whole, Some((purpose, bytes)));
        }
    }

    #[test]
    fn with_a_byte_changed_are_never_another_event() {
        let exchange = Exchange::new();
        for (purpose, bytes) in all(&exchange) {
            for (at, mask) in (0..bytes.len()).flat_map(|at| [(at, 1), (at, 0x80)]) {
                let mut changed = bytes.clone();
                changed[at] ^= mask;
                if purpose == Purpose::Hello {
                    // Nothing is signed there: it may be another greeting, and then
                    // it is what it says.
                    if let Ok(hello) = Hello::read(&changed, authority()) {
                        assert_eq!(hello.to_bytes(), changed, "byte {at}");
                    }
                } else if let Some(read) = exchange.believed(purpose, &changed) {
                    assert!(read == *exchange.event(purpose), "{purpose:?}, byte {at}");
                }
            }
        }
    }

    #[test]
    fn cut_off_or_with_more_after_them_are_refused() {
        let exchange = Exchange::new();
        let is_read = |purpose, bytes: &[u8]| match purpose {
            Purpose::Hello => Hello::read(bytes, authority()).is_ok(),
            _ => exchange.read(purpose, bytes).is_ok(),
        };
        for (purpose, bytes) in all(&exchange) {
            assert!(is_read(purpose, &bytes));
            for length in 0..bytes.len() {
                assert!(!is_read(purpose, &bytes[..length]), "{purpose:?}, {length} bytes");
            }
            for more in [&[0][..], &[0xf6], &[0xff], &bytes] {
                assert!(!is_read(purpose, &[&bytes, more].concat()), "{purpose:?}");
            }
        }
    }

    #[test]
    fn of_another_handoff_are_said_to_be() {
        let (one, other) = (Exchange::new(), Exchange::with(Salt([0x0c; 16]), 9));
        for purpose in EVENTS {
            let error = one.read(purpose, &other.message(purpose, true, true)).unwrap_err();
            assert_eq!(error, MessageError::OtherHandoff, "{purpose:?}");
        }
    }

    #[test]
    fn of_one_kind_are_none_of_another() {
        let exchange = Exchange::new();
        for (purpose, bytes) in all(&exchange) {
            for other in EVENTS.into_iter().filter(|other| *other != purpose) {
                assert!(exchange.read(other, &bytes).is_err(), "{purpose:?} as {other:?}");
                // And with the beginning that this other would have.
                let mut begun = bytes.clone();
                begun[ANSWERS].copy_from_slice(&exchange.message(other, false, false)[ANSWERS]);
                assert!(exchange.believed(other, &begun).is_none(), "{purpose:?} as {other:?}");
            }
            if purpose != Purpose::Hello {
                assert!(Hello::read(&bytes, authority()).is_err(), "{purpose:?}");
            }
        }
    }
}

mod prevented {
    use super::*;

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
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];

    /// Of (r, s) the other signature that verifies, (r, n - s).
    fn malleated(signature: &mut [u8]) {
        let mut borrow = 0;
        for at in (0..32).rev() {
            let (first, under) = ORDER[at].overflowing_sub(signature[32 + at]);
            let (second, under_too) = first.overflowing_sub(borrow);
            signature[32 + at] = second;
            borrow = u8::from(under || under_too);
        }
    }

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
        let steered =
            accepts(&mut exchange.receiver, &exchange.offer, Salt([0x0e; 16]), boxes([1]));
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
}

mod detected {
    use super::*;

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
        let kind = FaultKind::Gap {
            device: giver.device(),
            generation: 1,
            from: 2,
            to: offer.sequence + 1,
        };
        assert_eq!(of(&custody, kind)[0].events, ids([ack]));
    }

    /// Offers one box to two, who both sign for it; the driver's clock may be off.
    fn in_two_places(off: u64) -> (Custody, [Signed<Event>; 5]) {
        let (mut giver, mut one, mut other) = (paper::mover(), paper::driver(), paper::keeper());
        one.claims += off;
        let openings = [Salt([1; 16]), Salt([2; 16])];
        let took = giver.does(Kind::TakeOver, boxes([1]));
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
        let load = paper::keeper().does(Kind::Load, boxes([2]));
        let custody = known([took, offer, accept, ack, &load]).verify();
        let found = of(&custody, FaultKind::NotTheHolder);
        assert_eq!((&found[0].events, &found[0].boxes), (&ids([&load]), &set([2])));
    }

    #[test]
    fn a_steered_spot_check() {
        let mut exchange = Exchange::new();
        // Not as the state machine has it: his own phone would not sign it.
        exchange.receiver = paper::driver();
        let steered =
            accepts(&mut exchange.receiver, &exchange.offer, Salt([0x0e; 16]), boxes([1]));
        let custody = known([&exchange.took, &exchange.offer, &steered]).verify();
        let found = of(&custody, FaultKind::WrongOpening);
        assert_eq!(found[0].events, ids([&exchange.offer, &steered]));
    }

    #[test]
    fn offers_that_come_to_nothing_until_the_draw_suits() {
        let (mut giver, receiver) = (paper::mover(), paper::driver());
        let mut events = vec![giver.does(Kind::TakeOver, boxes([1]))];
        let mut offered = BTreeSet::new();
        for number in 1..=4 {
            let custody = known(&events).verify();
            assert_eq!(of(&custody, FaultKind::AbandonedOffers).len(), 0, "{number}");
            let offer = offers(&mut giver, &greets(&receiver, Salt([number; 16])), boxes([1]));
            offered.insert(offer.id());
            events.push(offer);
            let last = events.last().map(Signed::id).unwrap();
            events.push(giver.answers(Kind::Withdraw, last, BoxList::default()));
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
        let mut events = vec![giver.does(Kind::TakeOver, boxes(0..9))];
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
            Some(giver.answers(Kind::Withdraw, offer.id(), BoxList::default()))
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
                return Some(giver.does(Kind::Count, boxes([5])));
            }
            None
        });
        assert_eq!(abandoned(&by_his_own), [set([1])]);
        // HQ's: it had the offers half an hour before its newest tick.
        let newest = TICKS[&60].at;
        for (had, found) in [(newest - LAPSE / 1_000, 1), (newest - LAPSE / 1_000 + 1, 0)] {
            let mut by_hqs = four_offers(same.clone(), |_, _, _, _| None);
            for event in by_hqs.events.values() {
                let receipt = paper::receipt(event, crewseal_custody::Outcome::Stored, had);
                by_hqs.receipts.insert(event.id(), paper::hq().sign(receipt));
            }
            assert_eq!(abandoned(&by_hqs).len(), found, "{had}");
        }
    }

    #[test]
    fn offers_of_the_same_boxes_to_others_are_offered_twice_and_not_abandoned() {
        let mut giver = paper::mover();
        let receivers =
            [paper::driver(), paper::supervisor(), paper::driver(), paper::supervisor()];
        let mut events = vec![giver.does(Kind::TakeOver, boxes([1]))];
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
        let took = giver.does(Kind::TakeOver, boxes([1]));
        let first = offers(&mut giver, &greets(&receiver, opening), boxes([1]));
        let accept = accepts(&mut receiver, &first, opening, boxes([1]));
        let ack = giver.answers(Kind::Ack, accept.id(), BoxList::default());
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
            exchange.giver.answers(Kind::Withdraw, exchange.offer.id(), BoxList::default());
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
        let took = giver.does(Kind::TakeOver, boxes([1]));
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
            let (mut giver, mut one, mut other) =
                (paper::mover(), paper::driver(), paper::keeper());
            one.claims += off;
            let openings = [Salt([1; 16]), Salt([2; 16])];
            let took = giver.does(Kind::TakeOver, boxes([1, 2]));
            let first = offers(&mut giver, &greets(&one, openings[0]), boxes([1, 2]));
            let crossed = accepts(&mut one, &first, openings[0], boxes([1]));
            let back = giver.answers(Kind::Withdraw, first.id(), BoxList::default());
            let custody = known([&took, &first, &crossed, &back]).verify();
            let (giver_id, receiver) = (giver.device(), one.device());
            assert_eq!(holder(&custody, 1), Holder::InDoubt { giver: giver_id, receiver }, "{off}");
            assert_eq!(holder(&custody, 2), Holder::Device(giver_id), "{off}");
            let second = offers(&mut giver, &greets(&other, openings[1]), boxes([1, 2]));
            let accepted = accepts(&mut other, &second, openings[1], boxes([1, 2]));
            let ack = giver.answers(Kind::Ack, accepted.id(), BoxList::default());
            let custody =
                known([&took, &first, &crossed, &back, &second, &accepted, &ack]).verify();
            let found: Vec<FaultKind> = custody.faults.iter().map(|fault| fault.kind).collect();
            assert_eq!(found, [FaultKind::NotAccepted], "{off}");
            for number in [1, 2] {
                assert_eq!(holder(&custody, number), Holder::Device(other.device()), "{off}");
            }
        }
    }
}

mod much_and_little {
    use crewseal_custody::handoff::text::TextError;
    use crewseal_custody::{Finding, FindingKind, Manifests};

    use super::*;

    /// Whoever else writes events may say each thing on its own.
    #[test]
    fn an_event_with_ten_thousand_findings_is_read_and_weighed() {
        let (mut giver, receiver) = (paper::mover(), paper::driver());
        let hello = greets(&receiver, Salt([1; 16]));
        let finding = Finding { kind: FindingKind::Damaged, boxes: boxes([3]), photo: None };
        let act = Act {
            findings: vec![finding; 10_000],
            to: Some(hello.device),
            ..paper::act(Kind::Offer, boxes(0..5))
        };
        let commitment = Some(hello.commitment);
        let offer = signs(&mut giver, act, |event| Event { commitment, ..event });
        let shown = message::offer(&offer, &hello, &Enclosed::default());
        let (read, _) = message::read_offer(&shown, &hello, authority()).unwrap();
        assert!(read.verify(&giver.handoff.public).unwrap() == offer);
        assert_eq!(Show::of(Purpose::Offer, &shown), Err(TextError::TooLong), "no screen shows it");
        let custody = known([&offer]).verify();
        assert_eq!(custody.steps[&paper::token(3)][0].findings.len(), 10_000);
        assert_eq!(custody.steps[&paper::token(2)][0].findings.len(), 0);
    }

    #[test]
    fn a_manifest_of_no_boxes_names_none_and_hides_none() {
        let mut empty = Manifests::default();
        empty.push(paper::hq().sign(paper::manifest(1, None, &[]))).unwrap();
        let mut lists = Lists::new();
        lists.add_manifests(empty.clone());
        let named = lists.name(&set(0..3)).unwrap();
        assert_eq!(named.manifests().count(), 0);
        assert_eq!(lists.resolve(&named), Ok(set(0..3)));
        assert_eq!(lists.name(&set([])).unwrap(), BoxList::default());
        // And what comes later is named as by any other version.
        let first = empty.newest().unwrap().id();
        empty
            .push(paper::hq().sign(paper::manifest(2, Some(first), &paper::tokens(0..3))))
            .unwrap();
        let second = empty.newest().unwrap().id();
        lists.add_manifests(empty);
        for (newest, by) in [(0, None), (1, None), (2, Some(second)), (9, Some(second))] {
            let named = lists.name_for(&set(0..3), |_| newest).unwrap();
            assert_eq!(named.manifests().next().copied(), by, "{newest}");
            assert_eq!(lists.resolve(&named), Ok(set(0..3)), "{newest}");
        }
    }

    proptest! {
        #[test]
        fn a_list_for_whoever_has_an_older_version_names_the_same(
            numbers in proptest::collection::btree_set(0_u16..130, 0..40),
            newest in 0_u32..4,
        ) {
            let mut lists = LISTS.clone();
            let first = paper::manifests(&paper::tokens(0..10)).newest().unwrap().id();
            let mut manifests = paper::manifests(&paper::tokens(0..10));
            let added = paper::tokens(10..40);
            manifests.push(paper::hq().sign(paper::manifest(2, Some(first), &added))).unwrap();
            lists.add_manifests(manifests);
            let boxes = set(numbers);
            let named = lists.name_for(&boxes, |_| newest).unwrap();
            prop_assert_eq!(lists.resolve(&named), Ok(boxes.clone()));
            if newest < 2 {
                // Who has the older version only understands it.
                prop_assert_eq!(LISTS.resolve(&named), Ok(boxes));
            }
        }
    }
}

mod spot_check {
    use super::*;

    proptest! {
        #[test]
        fn is_the_same_for_both_and_of_the_right_number(
            offer: [u8; 32],
            opening: [u8; 16],
            numbers in proptest::collection::btree_set(0_u16..500, 0..80),
        ) {
            let (offer, opening) = (crewseal_custody::signed::Digest(offer), Salt(opening));
            let boxes = set(numbers);
            let here = drawn(&offer, &opening, &boxes);
            let there = boxes.iter().rev().copied().collect();
            prop_assert_eq!(&drawn(&offer, &opening, &there), &here);
            prop_assert!(here.is_subset(&boxes));
            prop_assert_eq!(here.len(), boxes.len().div_ceil(10).min(5));
        }
    }

    #[test]
    fn changes_with_either_side() {
        let boxes = set(0..60);
        let draw = |offer, opening| {
            drawn(&crewseal_custody::signed::Digest([offer; 32]), &Salt([opening; 16]), &boxes)
        };
        let by_offer: BTreeSet<_> = (0..40).map(|offer| draw(offer, 0)).collect();
        let by_opening: BTreeSet<_> = (0..40).map(|opening| draw(0, opening)).collect();
        assert_eq!((by_offer.len(), by_opening.len()), (40, 40));
        let ever: BTreeSet<Token> = by_offer.into_iter().chain(by_opening).flatten().collect();
        assert_eq!(ever, boxes, "any box may be drawn");
    }
}

/// Three honest phones, and people who carry what they scan.
mod model {
    use super::*;

    const BOXES: u16 = 8;

    #[derive(Debug, Clone)]
    enum Move {
        /// Somebody begins to receive.
        Greet(usize),
        /// Somebody offers of what he has to whom showed this greeting, old or new.
        Offer { by: usize, greeting: prop::sample::Index, boxes: u8 },
        /// A camera sees what is or was on a screen, again or for the first time.
        See { message: prop::sample::Index, by: usize },
        /// As most go: the newest message is seen by whom it is for.
        SeeNewest,
        /// The receiver of an offer signs for what he scanned.
        Accept { by: usize, scanned: u8 },
        /// An offer is taken back; if the boxes had gone over, perhaps so are they.
        Withdraw { by: usize, offer: prop::sample::Index, comes_back: bool },
        /// A phone dies and starts again.
        Restart(usize),
        /// Minutes go by.
        Wait(u64),
        /// A whole handoff, broken off after some of its steps, perhaps by taking the
        /// offer back.
        Handoff { by: usize, to: usize, boxes: u8, scanned: u8, steps: u8, back: Option<bool> },
    }

    fn moves() -> impl Strategy<Value = Vec<Move>> {
        let phone = || 0..3_usize;
        let index = any::<prop::sample::Index>;
        let one = prop_oneof![
            2 => phone().prop_map(Move::Greet),
            3 => (phone(), index(), any::<u8>())
                .prop_map(|(by, greeting, boxes)| Move::Offer { by, greeting, boxes }),
            4 => (index(), phone()).prop_map(|(message, by)| Move::See { message, by }),
            3 => Just(Move::SeeNewest),
            3 => (phone(), any::<u8>()).prop_map(|(by, scanned)| Move::Accept { by, scanned }),
            3 => (phone(), index(), any::<bool>())
                .prop_map(|(by, offer, comes_back)| Move::Withdraw { by, offer, comes_back }),
            1 => phone().prop_map(Move::Restart),
            1 => (1..40_u64).prop_map(Move::Wait),
            6 => (
                (phone(), 1..3_usize),
                any::<u8>(),
                any::<u8>(),
                1..6_u8,
                any::<Option<bool>>(),
            )
                .prop_map(|((by, on), boxes, scanned, steps, back)| {
                    Move::Handoff { by, to: (by + on) % 3, boxes, scanned, steps, back }
                }),
        ];
        proptest::collection::vec(one, 1..40)
    }

    struct Shown {
        purpose: Purpose,
        to: Option<usize>,
        bytes: Vec<u8>,
    }

    struct World {
        phones: [Phone; 3],
        credentials: [Signed<Credential>; 3],
        boots: [u32; 3],
        millis: u64,
        giving: [BTreeMap<EventId, Giving>; 3],
        receiving: [Option<Receiving>; 3],
        /// What each phone took part in or was shown.
        seen: [BTreeSet<EventId>; 3],
        /// Who carries each box.
        carrier: [usize; BOXES as usize],
        screens: Vec<Shown>,
        events: BTreeMap<EventId, Signed<Event>>,
        openings: u8,
        /// What was confirmed to its receiver, and which boxes passed.
        confirmed: BTreeMap<EventId, (usize, BTreeSet<Token>)>,
    }

    fn numbers(list: &BoxList) -> Vec<u16> {
        let boxes = LISTS.resolve(list).unwrap();
        (0..BOXES).filter(|number| boxes.contains(&paper::token(*number))).collect()
    }

    fn picked(mask: u8) -> impl Iterator<Item = u16> {
        (0..BOXES).filter(move |number| mask & (1 << number) != 0)
    }

    impl World {
        /// Phones whose clocks are off by so many seconds.
        fn new(off: [u64; 3]) -> Self {
            let mut phones = [paper::mover(), paper::driver(), paper::keeper()];
            phones.iter_mut().zip(off).for_each(|(phone, off)| phone.claims += off);
            let evidence = known([]);
            let credential = |of: usize| evidence.credentials[&phones[of].device()].clone();
            let credentials = [credential(0), credential(1), credential(2)];
            let mut world = Self {
                phones,
                credentials,
                boots: [1; 3],
                millis: 0,
                giving: Default::default(),
                receiving: Default::default(),
                seen: Default::default(),
                carrier: [0; BOXES as usize],
                screens: Vec::new(),
                events: BTreeMap::new(),
                openings: 0,
                confirmed: BTreeMap::new(),
            };
            let took = world.phones[0].does(Kind::TakeOver, boxes(0..BOXES));
            world.keep(0, &took);
            world
        }

        fn now(&self, phone: usize) -> Since {
            Since { boot: BootId(self.boots[phone].to_be_bytes()), millis: self.millis }
        }

        fn keep(&mut self, by: usize, event: &Signed<Event>) {
            self.events.insert(event.id(), event.clone());
            self.seen[by].insert(event.id());
        }

        fn show(&mut self, purpose: Purpose, to: Option<usize>, bytes: Vec<u8>) {
            self.screens.push(Shown { purpose, to, bytes });
        }

        fn phone_of(&self, device: crewseal_custody::DeviceId) -> usize {
            self.phones.iter().position(|phone| phone.device() == device).unwrap()
        }

        fn moves(&mut self, step: &Move) {
            match step {
                Move::Greet(by) => self.greet(*by),
                Move::Offer { by, greeting, boxes } => {
                    let greetings: Vec<usize> = (0..self.screens.len())
                        .filter(|at| self.screens[*at].purpose == Purpose::Hello)
                        .collect();
                    if !greetings.is_empty() {
                        self.offer(*by, *greeting.get(&greetings), *boxes);
                    }
                }
                Move::See { message, by } if !self.screens.is_empty() => {
                    self.see(message.index(self.screens.len()), *by);
                }
                Move::See { .. } => {}
                Move::SeeNewest => self.see_newest(),
                Move::Accept { by, scanned } => self.accept(*by, *scanned),
                Move::Withdraw { by, offer, comes_back } => {
                    let mut offers: Vec<EventId> = self.giving[*by].keys().copied().collect();
                    offers.sort_unstable_by_key(|offer| self.events[offer].sequence);
                    if !offers.is_empty() {
                        self.withdraw(*by, *offer.get(&offers), *comes_back);
                    }
                }
                Move::Restart(by) => self.restart(*by),
                Move::Wait(minutes) => self.millis += minutes * 60_000,
                Move::Handoff { by, to, boxes, scanned, steps, back } => {
                    self.greet(*to);
                    let before = self.screens.len();
                    self.offer(*by, before - 1, *boxes);
                    for step in 2..=*steps {
                        if self.screens.len() == before {
                            return;
                        }
                        match step {
                            3 => self.accept(*to, *scanned),
                            _ => self.see_newest(),
                        }
                    }
                    let newest = self.giving[*by].keys().max_by_key(|id| self.events[id].sequence);
                    if let (Some(offer), Some(comes_back)) = (newest.copied(), *back) {
                        self.withdraw(*by, offer, comes_back);
                    }
                }
            }
        }

        fn see_newest(&mut self) {
            if let Some(Shown { to: Some(to), .. }) = self.screens.last() {
                self.see(self.screens.len() - 1, *to);
            }
        }

        fn greet(&mut self, by: usize) {
            self.openings += 1;
            let opening = Salt([self.openings; 16]);
            let hello = greets(&self.phones[by], opening).to_bytes();
            self.receiving[by] = Some(Receiving::begin(opening, hello.clone(), self.now(by)));
            self.show(Purpose::Hello, None, hello);
        }

        /// Of what he has, what is not in an open offer of his.
        fn offer(&mut self, by: usize, greeting: usize, mask: u8) {
            let hello = Hello::read(&self.screens[greeting].bytes, authority()).unwrap();
            let to = self.phone_of(hello.device);
            let now = self.now(by);
            let open = self.giving[by].iter().filter(|(_, giving)| {
                matches!(
                    giving.state(now),
                    GivingState::Offered | GivingState::Lapsed | GivingState::Restarted
                )
            });
            let bound: BTreeSet<u16> =
                open.flat_map(|(id, _)| numbers(&self.events[id].boxes)).collect();
            let may = |n: &u16| self.carrier[usize::from(*n)] == by && !bound.contains(n);
            let offered: Vec<u16> = picked(mask).filter(may).collect();
            if by == to || offered.is_empty() {
                return;
            }
            let event = offers(&mut self.phones[by], &hello, boxes(offered));
            self.keep(by, &event);
            let bytes = message::offer(&event, &hello, &Enclosed::default());
            let giving = Giving::begin(&event, &hello, &self.credentials[to], bytes.clone(), now);
            self.giving[by].insert(event.id(), giving);
            self.show(Purpose::Offer, Some(to), bytes);
        }

        fn see(&mut self, message: usize, by: usize) {
            let Shown { purpose, to, bytes, .. } = &self.screens[message];
            let (to, bytes) = (*to, bytes.clone());
            let did = match purpose {
                Purpose::Offer => self.see_offer(&bytes, by),
                Purpose::Accept => self.see_acceptance(&bytes, by),
                Purpose::Ack => self.see_ack(&bytes, by),
                Purpose::Withdraw => self.see_withdrawal(&bytes, by),
                _ => None,
            };
            assert!(did.is_none() || to == Some(by), "it was for another");
        }

        fn admit(&self, event: Unverified<Event>) -> Option<Signed<Event>> {
            admit(event, |device| {
                self.credentials.iter().find(|c| c.device() == *device).map(|c| &**c)
            })
            .ok()
        }

        fn see_offer(&mut self, bytes: &[u8], by: usize) -> Option<()> {
            let (me, now) = (self.phones[by].device(), self.now(by));
            let commitment = self.receiving[by].as_ref()?.commitment(&me);
            let hello =
                Hello { device: me, commitment, tick: None, credential: None, manifests: None };
            let (offer, _) = message::read_offer(bytes, &hello, authority()).ok()?;
            let offer = self.admit(offer)?;
            let giver = self.credentials[self.phone_of(offer.device)].clone();
            self.receiving[by].as_mut()?.offered(&me, &offer, &giver, now).ok()?;
            self.seen[by].insert(offer.id());
            Some(())
        }

        fn accept(&mut self, by: usize, mask: u8) {
            let now = self.now(by);
            let Some(receiving) = &self.receiving[by] else { return };
            if receiving.state(now) != ReceivingState::Offered {
                return;
            }
            let opening = receiving.opening();
            let offer = Unverified::<Event>::parse(receiving.offer().unwrap()).unwrap().id();
            let offer = self.events[&offer].clone();
            let giver = self.phone_of(offer.device);
            // What stands before the two, whether it was offered or not.
            let here = |n: &u16| [giver, by].contains(&self.carrier[usize::from(*n)]);
            let scanned: Vec<u16> = picked(mask).filter(here).collect();
            let event = accepts(&mut self.phones[by], &offer, opening, boxes(scanned.clone()));
            let bytes = message::accept(&event, &offer, &Enclosed::default());
            self.receiving[by].as_mut().unwrap().accepted(&event, bytes.clone()).unwrap();
            self.keep(by, &event);
            self.show(Purpose::Accept, Some(giver), bytes);
            // Who took his offer back lets nobody carry the boxes off.
            if self.giving[giver][&offer.id()].state(self.now(giver)) != GivingState::Withdrawn {
                for number in numbers(&offer.boxes) {
                    if scanned.contains(&number) {
                        self.carrier[usize::from(number)] = by;
                    }
                }
            }
        }

        fn see_acceptance(&mut self, bytes: &[u8], by: usize) -> Option<()> {
            let now = self.now(by);
            let (offer, accept) = self.giving[by].keys().find_map(|offer| {
                let offer = &self.events[offer];
                let (accept, _) = message::read_accept(bytes, offer, authority()).ok()?;
                Some((offer.clone(), self.admit(accept)?))
            })?;
            let receiver = self.phone_of(accept.device);
            let giving = self.giving[by].get_mut(&offer.id())?;
            giving.accepted(&offer, &accept, now).ok()?;
            self.seen[by].insert(accept.id());
            if giving.state(now) == GivingState::Accepted {
                let ack = self.phones[by].answers(Kind::Ack, accept.id(), BoxList::default());
                let bytes = message::ack(&ack, &offer, &accept);
                giving.acknowledged(bytes.clone());
                self.keep(by, &ack);
                self.show(Purpose::Ack, Some(receiver), bytes);
            }
            Some(())
        }

        fn see_ack(&mut self, bytes: &[u8], by: usize) -> Option<()> {
            let receiving = self.receiving[by].as_ref()?;
            let accept = Unverified::<Event>::parse(receiving.acceptance()?).unwrap().id();
            let accept = self.events[&accept].clone();
            let offer = self.events[&accept.about?].clone();
            let ack = message::read_ack(bytes, &offer, &accept, authority()).ok()?;
            let ack = self.admit(ack)?;
            self.receiving[by].as_mut()?.confirmed(&ack).unwrap();
            self.seen[by].insert(ack.id());
            let [offered, accepted] =
                [&offer, &accept].map(|event| LISTS.resolve(&event.boxes).unwrap());
            let passing = Compared::of(&offered, &accepted).passing;
            self.confirmed.insert(accept.id(), (by, passing));
            Some(())
        }

        fn see_withdrawal(&mut self, bytes: &[u8], by: usize) -> Option<()> {
            let offer = self.receiving[by].as_ref()?.offer()?;
            let offer = self.events[&Unverified::<Event>::parse(offer).unwrap().id()].clone();
            let withdrawal = message::read_withdraw(bytes, &offer, authority()).ok()?;
            let withdrawal = self.admit(withdrawal)?;
            // After an ACK there is none of an honest giver.
            self.receiving[by].as_mut()?.withdrawn(&withdrawal).unwrap();
            self.seen[by].insert(withdrawal.id());
            Some(())
        }

        fn withdraw(&mut self, by: usize, offer: EventId, comes_back: bool) {
            let now = self.now(by);
            let mut giving = self.giving[by][&offer].clone();
            if giving.state(now) == GivingState::Withdrawn || giving.withdrawn(Vec::new()).is_err()
            {
                return;
            }
            let event = self.phones[by].answers(Kind::Withdraw, offer, BoxList::default());
            self.keep(by, &event);
            let offer = self.events[&offer].clone();
            let to = self.phone_of(offer.to.unwrap());
            let bytes = message::withdraw(&event, &offer);
            giving.withdrawn(bytes.clone()).unwrap();
            self.giving[by].insert(offer.id(), giving);
            self.show(Purpose::Withdraw, Some(to), bytes);
            if comes_back {
                for number in numbers(&offer.boxes) {
                    // Unless he gave it on, or may have: then he has it no more.
                    let carrier = &mut self.carrier[usize::from(number)];
                    let gave = self.giving[to]
                        .keys()
                        .any(|id| numbers(&self.events[id].boxes).contains(&number));
                    if *carrier == to && !gave {
                        *carrier = by;
                    }
                }
            }
        }

        /// Whatever was kept is as it was, and the screens show the identical bytes.
        fn restart(&mut self, by: usize) {
            self.boots[by] += 1;
            for giving in self.giving[by].values_mut() {
                let again: Giving = cbor::from_slice(&cbor::to_vec(giving)).unwrap();
                assert_eq!(again.shown(), giving.shown());
                assert_eq!(again, *giving);
                *giving = again;
            }
            if let Some(receiving) = &mut self.receiving[by] {
                let again: Receiving = cbor::from_slice(&cbor::to_vec(receiving)).unwrap();
                assert_eq!(again.shown(), receiving.shown());
                assert_eq!(again, *receiving);
                *receiving = again;
            }
        }

        fn verify(&self) -> Custody {
            known(self.events.values()).verify()
        }

        /// Holders and faults, with events by their place in their device's chain.
        fn result(&self, custody: &Custody) -> (BTreeMap<Token, Holder>, Vec<String>) {
            let place = |id: &EventId| {
                let event = &self.events[id];
                (event.device, event.generation, event.sequence)
            };
            let mut faults: Vec<String> = custody
                .faults
                .iter()
                .map(|fault| {
                    let events: BTreeSet<_> = fault.events.iter().map(place).collect();
                    let boxes: Vec<_> = fault.boxes.iter().map(Token::to_text).collect();
                    format!("{:?} {events:?} {boxes:?}", fault.kind)
                })
                .collect();
            faults.sort();
            (custody.holders.clone(), faults)
        }
    }

    fn parties(holder: Holder) -> Vec<crewseal_custody::DeviceId> {
        match holder {
            Holder::Device(device) => vec![device],
            Holder::InDoubt { giver, receiver } => vec![giver, receiver],
            Holder::Customer | Holder::Destroyed => Vec::new(),
        }
    }

    /// What no honest phone may ever be told.
    const BLAME: [FaultKind; 7] = [
        FaultKind::OfferedTwice,
        FaultKind::AcceptedTwice,
        FaultKind::WrongOpening,
        FaultKind::Contradiction,
        FaultKind::NotTheHolder,
        FaultKind::Fork,
        FaultKind::BrokenChain,
    ];

    /// How often each course of events comes up, lest the model be of nothing.
    #[test]
    fn of_three_phones_comes_to_what_it_is_about() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let (mut confirmed, mut crossed, mut gone_on, mut offered_again) = (0, 0, 0, 0);
        for _ in 0..200 {
            let steps = moves().new_tree(&mut runner).unwrap().current();
            let mut world = World::new([0; 3]);
            steps.iter().for_each(|step| world.moves(step));
            let of = |kind| world.events.values().filter(move |event| event.kind == kind);
            confirmed += world.confirmed.len();
            gone_on += of(Kind::Offer).filter(|o| o.device != world.phones[0].device()).count();
            for back in of(Kind::Withdraw) {
                let offer = &world.events[&back.about.unwrap()];
                crossed += of(Kind::Accept).filter(|a| a.about == back.about).count();
                offered_again += of(Kind::Offer)
                    .filter(|again| again.device == back.device && again.sequence > back.sequence)
                    .filter(|again| {
                        let [one, other] = [offer, again].map(|o| numbers(&o.boxes));
                        one.iter().any(|number| other.contains(number))
                    })
                    .count();
            }
        }
        for (course, times) in [
            ("confirmed", confirmed),
            ("taken back and signed for", crossed),
            ("given on", gone_on),
            ("taken back and offered again", offered_again),
        ] {
            assert!(times > 20, "{course}: {times} times");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn honest_phones_are_never_blamed_and_every_box_has_one_holder(
            moves in moves(),
            off in any::<[u16; 3]>(),
            shuffle in any::<prop::sample::Index>(),
        ) {
            let [mut world, mut skewed] =
                [[0; 3], off.map(u64::from)].map(World::new);
            for step in &moves {
                world.moves(step);
                skewed.moves(step);
            }
            let custody = world.verify();

            for fault in &custody.faults {
                prop_assert!(!BLAME.contains(&fault.kind), "{:?}", world.result(&custody).1);
            }
            for event in world.events.values().filter(|event| event.kind == Kind::Offer) {
                for token in LISTS.resolve(&event.boxes).unwrap() {
                    prop_assert!(custody.holders.contains_key(&token));
                }
            }
            // Who carries a box may be its holder.
            for number in 0..BOXES {
                let carrier = world.phones[world.carrier[usize::from(number)]].device();
                let holder = holder(&custody, number);
                prop_assert!(holder.may_be(carrier), "box {number}: {holder:?}, not {carrier:?}");
            }

            // In whatever order they are told, and whatever the phones' clocks say.
            let mut events: Vec<_> = world.events.values().collect();
            let middle = shuffle.index(events.len());
            events.rotate_left(middle);
            events[..].reverse();
            prop_assert_eq!(&known(events).verify(), &custody);
            let other = skewed.verify();
            prop_assert_eq!(skewed.result(&other), world.result(&custody));

            // Who was confirmed has what passed, unless he gave it on.
            for (accept, (by, passing)) in &world.confirmed {
                let (me, accept) = (world.phones[*by].device(), &world.events[accept]);
                for token in passing {
                    let gave_on = world.events.values().any(|event| {
                        event.kind == Kind::Offer
                            && event.device == me
                            && event.sequence > accept.sequence
                            && LISTS.resolve(&event.boxes).unwrap().contains(token)
                    });
                    let holder = custody.holders[token];
                    prop_assert!(gave_on || holder == Holder::Device(me), "{holder:?}");
                }
            }

            // Nobody's own view names one who never had it.
            for (phone, seen) in world.phones.iter().zip(&world.seen) {
                let view = known(seen.iter().map(|id| &world.events[id])).verify();
                for (token, holder) in view.holders {
                    for party in parties(holder).into_iter().filter(|p| *p != phone.device()) {
                        let had = custody.steps[&token].iter().any(|s| s.holder.may_be(party));
                        prop_assert!(had, "{holder:?}");
                    }
                }
            }
        }
    }
}
