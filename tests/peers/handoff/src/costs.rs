//! What a handoff costs over the bare signatures in it.

use std::time::Duration;

use crewseal_custody::handoff::message::{self, Authority, Enclosed};
use crewseal_custody::handoff::text::{Collected, Collector, Purpose, Show};
use crewseal_custody::handoff::{Compared, Giving, Hello, Receiving, drawn};
use crewseal_custody::signed::{Signed, Unverified};
use crewseal_custody::{BootId, Credential, Event, Since, admit};
use fixtures::paper::{self, Key, ORIGIN};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use crate::clock::{alternate, time};
use fixtures::messages::{Anchored, Load, Meeting};

/// Handoffs that are timed together.
const TOGETHER: usize = 10;

/// What was measured of handoffs; times are of one.
pub struct Handoffs {
    pub operations: Operations,
    pub of_200: Duration,
    pub bare: Duration,
    pub of_1000: Duration,
}

/// Operations of ring.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Operations {
    pub signings: usize,
    pub verifications: usize,
}

impl Operations {
    /// A signature is verified before it leaves the phone.
    fn signed(&mut self, event: Signed<Event>) -> Signed<Event> {
        self.signings += 1;
        self.verifications += 1;
        event
    }

    fn admitted(&mut self, event: Unverified<Event>, credential: &Credential) -> Signed<Event> {
        self.verifications += 1;
        admit(event, |_| Some(credential)).expect("it was signed with that key")
    }
}

pub fn measure(rounds: usize) -> Handoffs {
    let meeting = Meeting::new();
    let (small, large) = (Load::new(200), Load::new(1_000));
    let operations = hand_over(&meeting, &small);
    assert_eq!(operations, hand_over(&meeting, &large), "whatever the number of boxes");
    let bare = Bare::new();
    let several = |load| {
        time(|| {
            for _ in 0..TOGETHER {
                hand_over(&meeting, load);
            }
        })
        .0
    };
    let [of_200, bare, of_1000] = alternate(
        rounds,
        [
            &mut || several(&small),
            &mut || time(|| (0..TOGETHER).for_each(|_| bare.run(operations))).0,
            &mut || several(&large),
        ],
    )
    .map(|time| time / TOGETHER as u32);
    Handoffs { operations, of_200, bare, of_1000 }
}

/// Ring and nothing around it.
pub struct Bare {
    key: Key,
    message: Vec<u8>,
    signature: [u8; 64],
}

impl Bare {
    pub fn new() -> Self {
        let key = paper::mover().act;
        // As long as what is signed of an event.
        let message = vec![0x5a; 350];
        let signature = key.raw(&message);
        Self { key, message, signature }
    }

    pub fn run(&self, operations: Operations) {
        for _ in 0..operations.signings {
            std::hint::black_box(self.key.raw(&self.message));
        }
        for _ in 0..operations.verifications {
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.key.public.0);
            key.verify(&self.message, &self.signature).expect("it was signed above");
        }
    }
}

/// From one screen to the other phone's camera.
fn carry(purpose: Purpose, message: &[u8]) -> Vec<u8> {
    let text = Show::of(purpose, message).expect("neither empty nor too long").next_text();
    match Collector::new().add(&text) {
        Ok(Collected::Whole(of, bytes)) if of == purpose => bytes,
        other => panic!("one QR was shown, and {other:?} was read"),
    }
}

/// All of a handoff, on both phones, with nothing kept: HELLO, OFFER, ACCEPT,
/// ACK. Both know the other's credential, and have verified it before.
fn hand_over(meeting: &Meeting, load: &Load) -> Operations {
    let Meeting { receiver, giver_credential, receiver_credential, opening, .. } = meeting;
    let Load { boxes, lists } = load;
    let me = receiver.device();
    let authority = Authority { hq: &meeting.hq, origin: ORIGIN };
    let now = Since { boot: BootId([1; 4]), millis: 1 };
    let none = Enclosed::default();
    let mut done = Operations::default();

    // The receiver.
    let hello = meeting.hello();
    let shown = hello.to_bytes();
    let mut receiving = Receiving::begin(*opening, shown.clone(), now);

    // The giver.
    let greeting = Hello::read(&carry(Purpose::Hello, &shown), authority).expect("HELLO");
    done.verifications += 1;
    let list = lists.name(boxes).expect("few enough");
    let offer = done.signed(meeting.offer(list, &greeting));
    let shown = message::offer(&offer, &greeting, &none);
    let mut giving = Giving::begin(&offer, &greeting, receiver_credential, shown.clone(), now);

    // The receiver.
    let bytes = carry(Purpose::Offer, &shown);
    let (read, _) = message::read_offer(&bytes, &hello, authority).expect("OFFER");
    let read = done.admitted(read, giver_credential);
    receiving.offered(&me, &read, giver_credential, now).expect("an offer to him");
    let offered = lists.resolve(&read.boxes).expect("a known list");
    let check = drawn(&read.id(), &receiving.opening(), &offered);
    assert_eq!(check.len(), 5);
    let compared = Compared::of(&offered, boxes);
    assert_eq!(compared.passing.len(), boxes.len());
    let list = lists.name(boxes).expect("few enough");
    let accept = done.signed(meeting.accept(list, &read, Anchored::Other));
    let shown = message::accept(&accept, &read, &none);
    receiving.accepted(&accept, shown.clone()).expect("the answer to it");

    // The giver.
    let bytes = carry(Purpose::Accept, &shown);
    let (event, _) = message::read_accept(&bytes, &offer, authority).expect("ACCEPT");
    let event = done.admitted(event, receiver_credential);
    giving.accepted(&offer, &event, now).expect("the answer to it");
    let offered = lists.resolve(&offer.boxes).expect("a known list");
    let accepted = lists.resolve(&event.boxes).expect("a known list");
    let compared = Compared::of(&offered, &accepted);
    assert!(compared.not_accepted.is_empty() && compared.not_offered.is_empty());
    let ack = done.signed(meeting.ack(&event, offer.id(), Anchored::Same));
    let shown = message::ack(&ack, &offer, &event);
    giving.acknowledged(shown.clone());

    // The receiver.
    let bytes = carry(Purpose::Ack, &shown);
    let event = message::read_ack(&bytes, &read, &accept, authority).expect("ACK");
    let event = done.admitted(event, giver_credential);
    receiving.confirmed(&event).expect("the answer to his");
    done
}
