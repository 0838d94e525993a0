//! Three honest phones, and people who carry what they scan.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::cbor;
use crewseal_custody::handoff::message::{self, Enclosed};
use crewseal_custody::handoff::text::Purpose;
use crewseal_custody::handoff::{Compared, Giving, GivingState, Hello, Receiving, ReceivingState};
use crewseal_custody::signed::{Signed, Unverified};
use crewseal_custody::{
    BootId, BoxList, Credential, Custody, Event, EventId, EventKind, FaultKind, Holder, Salt,
    Since, admit,
};
use crewseal_label::Token;
use fixtures::paper::{self, Phone};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::exchange::{LISTS, accepts, authority, boxes, greets, holder, known, offers};

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
        let credential =
            |of: usize| evidence.credentials.get(&phones[of].device()).unwrap().clone();
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
        let took = world.phones[0].does(EventKind::TakeOver, boxes(0..BOXES));
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
        admit(event, |device| self.credentials.iter().find(|c| c.device() == *device).map(|c| &**c))
            .ok()
    }

    fn see_offer(&mut self, bytes: &[u8], by: usize) -> Option<()> {
        let (me, now) = (self.phones[by].device(), self.now(by));
        let commitment = self.receiving[by].as_ref()?.commitment(&me);
        let hello = Hello { device: me, commitment, tick: None, credential: None, manifests: None };
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
            let ack = self.phones[by].answers(EventKind::Ack, accept.id(), BoxList::default());
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
        if giving.state(now) == GivingState::Withdrawn || giving.withdrawn(Vec::new()).is_err() {
            return;
        }
        let event = self.phones[by].answers(EventKind::Withdraw, offer, BoxList::default());
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
        gone_on += of(EventKind::Offer).filter(|o| o.device != world.phones[0].device()).count();
        for back in of(EventKind::Withdraw) {
            let offer = &world.events[&back.about.unwrap()];
            crossed += of(EventKind::Accept).filter(|a| a.about == back.about).count();
            offered_again += of(EventKind::Offer)
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
        for event in world.events.values().filter(|event| event.kind == EventKind::Offer) {
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
                    event.kind == EventKind::Offer
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
