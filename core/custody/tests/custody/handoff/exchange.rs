//! A handoff from mover to driver, with all that it is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crewseal_custody::handoff::message::{self, Authority, Enclosed, MessageError};
use crewseal_custody::handoff::text::Purpose;
use crewseal_custody::handoff::{Hello, Receiving};
use crewseal_custody::signed::{Signed, Unverified};
use crewseal_custody::{
    Act, BootId, BoxList, Credential, Custody, Event, EventId, EventKind, Evidence, Fault,
    FaultKind, Holder, HqKeys, Lists, Salt, Since, SpotCheck, Tick, admit,
};
use fixtures::paper::{self, Phone, set};

pub static HQ: LazyLock<HqKeys> = LazyLock::new(paper::hq_keys);
pub static LISTS: LazyLock<Lists> = LazyLock::new(paper::lists);
pub static TICKS: LazyLock<BTreeMap<u64, Signed<Tick>>> =
    LazyLock::new(|| (1..=60).map(|n| (n, paper::hq().sign(paper::tick(n)))).collect());

pub fn authority() -> Authority<'static> {
    Authority { hq: &HQ, origin: paper::ORIGIN }
}

pub fn boxes(numbers: impl IntoIterator<Item = u16>) -> BoxList {
    LISTS.name(&set(numbers)).unwrap()
}

pub fn now(millis: u64) -> Since {
    Since { boot: BootId([0, 0, 0, 1]), millis }
}

/// The phone's next event, with what an act does not say.
pub fn signs(phone: &mut Phone, act: Act, finish: impl FnOnce(Event) -> Event) -> Signed<Event> {
    let event = finish(phone.writes(act));
    phone.link.previous = Some(paper::id_of(&event));
    phone.key(event.protection).sign(event)
}

pub fn offers(phone: &mut Phone, hello: &Hello, list: BoxList) -> Signed<Event> {
    let act = Act { to: Some(hello.device), ..paper::act(EventKind::Offer, list) };
    signs(phone, act, |event| Event { commitment: Some(hello.commitment), ..event })
}

pub fn accepts(
    phone: &mut Phone,
    offer: &Signed<Event>,
    opening: Salt,
    list: BoxList,
) -> Signed<Event> {
    let act = Act { about: Some(offer.id()), ..paper::act(EventKind::Accept, list) };
    signs(phone, act, |event| Event {
        opening: Some(opening),
        spot_check: Some(SpotCheck::Done),
        ..event
    })
}

pub fn greets(phone: &Phone, opening: Salt) -> Hello {
    let commitment = Receiving::begin(opening, Vec::new(), now(0)).commitment(&phone.device());
    Hello { device: phone.device(), commitment, tick: None, credential: None, manifests: None }
}

/// One handoff from the mover to the driver, with the two ways that it may end.
pub struct Exchange {
    pub giver: Phone,
    pub receiver: Phone,
    pub opening: Salt,
    pub hello: Hello,
    pub took: Signed<Event>,
    pub offer: Signed<Event>,
    pub accept: Signed<Event>,
    pub ack: Signed<Event>,
    pub withdrawal: Signed<Event>,
}

pub const KINDS: [Purpose; 5] =
    [Purpose::Hello, Purpose::Offer, Purpose::Accept, Purpose::Ack, Purpose::Withdraw];

/// The letters of [`KINDS`] that are events.
pub const EVENTS: [Purpose; 4] = [Purpose::Offer, Purpose::Accept, Purpose::Ack, Purpose::Withdraw];

impl Exchange {
    pub fn new() -> Self {
        Self::with(Salt([0x0b; 16]), 1)
    }

    /// With this opening, beginning at this number of both chains.
    pub fn with(opening: Salt, number: u64) -> Self {
        let (mut giver, mut receiver) = (paper::mover(), paper::driver());
        while giver.link.sequence < number {
            giver.acts_elsewhere();
            receiver.acts_elsewhere();
        }
        let hello = greets(&receiver, opening);
        let took = giver.does(EventKind::TakeOver, boxes([1, 2, 3, 4]));
        let offer = offers(&mut giver, &hello, boxes([1, 2, 3]));
        let accept = accepts(&mut receiver, &offer, opening, boxes([2, 3, 4]));
        let (link, claims) = (giver.link, giver.claims);
        let ack = giver.answers(EventKind::Ack, accept.id(), BoxList::default());
        // As if he had not acknowledged it.
        (giver.link, giver.claims) = (link, claims);
        let withdrawal = giver.answers(EventKind::Withdraw, offer.id(), BoxList::default());
        Self { giver, receiver, opening, hello, took, offer, accept, ack, withdrawal }
    }

    pub fn event(&self, purpose: Purpose) -> &Signed<Event> {
        match purpose {
            Purpose::Offer => &self.offer,
            Purpose::Accept => &self.accept,
            Purpose::Ack => &self.ack,
            _ => &self.withdrawal,
        }
    }

    /// A message, with the sender's credential or tick where one may travel.
    pub fn message(&self, purpose: Purpose, has_credential: bool, has_tick: bool) -> Vec<u8> {
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

    pub fn read(
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
    pub fn believed(&self, purpose: Purpose, bytes: &[u8]) -> Option<Signed<Event>> {
        let (event, _) = self.read(purpose, bytes).ok()?;
        let credentials = [self.giver.credential(), self.receiver.credential()];
        admit(event, |device| credentials.iter().find(|c| c.device() == *device)).ok()
    }
}

pub fn known<'e>(events: impl IntoIterator<Item = &'e Signed<Event>>) -> Evidence {
    static SIGNED: LazyLock<[Signed<Credential>; 3]> = LazyLock::new(|| {
        [paper::mover(), paper::driver(), paper::keeper()]
            .map(|phone| paper::hq().sign(phone.credential()))
    });
    Evidence {
        credentials: SIGNED.iter().cloned().collect(),
        ticks: TICKS.clone(),
        lists: LISTS.clone(),
        events: events.into_iter().map(|event| (event.id(), event.clone())).collect(),
        ..Evidence::default()
    }
}

pub fn holder(custody: &Custody, number: u16) -> Holder {
    custody.holders[&paper::token(number)]
}

pub fn of(custody: &Custody, kind: FaultKind) -> Vec<&Fault> {
    custody.faults.iter().filter(|fault| fault.kind == kind).collect()
}

pub fn ids<'e>(events: impl IntoIterator<Item = &'e Signed<Event>>) -> BTreeSet<EventId> {
    events.into_iter().map(Signed::id).collect()
}

/// Where one stands in the other.
pub fn position(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).unwrap()
}

/// In an event's message: what it answers, and the signature.
pub const ANSWERS: std::ops::Range<usize> = 3..7;
pub const SIGNATURE: std::ops::Range<usize> = 9..73;
