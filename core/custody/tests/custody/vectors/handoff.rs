//! Handoffs and sign-offs, as they travel between phones.

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::handoff::Hello;
use crewseal_custody::handoff::message::{self, Authority, Enclosed};
use crewseal_custody::handoff::text::{Collected, Collector, Purpose, Show};
use crewseal_custody::signed::{Digest, Signed};
use crewseal_custody::{
    Act, BoxList, Commitment, Confirmation, Credential, CustomerReceipt, DeviceId, Event,
    EventKind, FindingKind, OneTimeCode, Salt, SignOffEntry, SignOffRequest, SpotCheck, Subject,
    Tick,
};
use fixtures::paper;

use super::events::in_its_format;
use super::format::Vector;
use super::messages::{qualifications, recovered};
use super::signed::signed_message;

pub fn specimens() -> Vec<Vector> {
    vec![
        hello_vector("a greeting that tells of revocations"),
        introduction_vector("a greeting with a credential"),
        vouched_introduction_vector("a greeting with a credential and a voucher"),
        handoff_vector(1),
        handoff_vector(2),
        sign_off_vector(1),
        sign_off_vector(2),
        one_time_code("a supervisor's one-time code", [0x0c; 10]),
        confirmation("HQ confirms a claim", Some(paper::supervisor().device())),
        confirmation("HQ refuses a claim", None),
        customer_receipt(
            "a customer's receipt",
            CustomerReceipt::of(Digest([0xde; 32]), EventKind::Deliver, 41).unwrap(),
        ),
    ]
}

/// there would have been.
struct Handoff {
    opening: Salt,
    hello: Hello,
    offer: Signed<Event>,
    accept: Signed<Event>,
    ack: Signed<Event>,
    withdraw: Signed<Event>,
}

fn handoff(format: u8) -> Handoff {
    let (mut giver, mut receiver) =
        (paper::mover().in_format(format), paper::driver().in_format(format));
    let opening = Salt([0x0e; 16]);
    let commitment = Commitment::to(&opening, &receiver.device());
    let tick = Some(paper::hq().sign(paper::tick(1)));
    let hello =
        Hello { device: receiver.device(), commitment, tick, credential: None, manifests: None };
    let offer =
        Act { to: Some(receiver.device()), ..paper::act(EventKind::Offer, paper::boxes(0..3)) };
    let offer = Event { commitment: Some(commitment), ..giver.writes(offer) };
    let offer = giver.handoff.sign(offer);
    let accept =
        Act { about: Some(offer.id()), ..paper::act(EventKind::Accept, paper::boxes(0..2)) };
    let accept = Event {
        opening: Some(opening),
        spot_check: Some(SpotCheck::Done),
        ..receiver.writes(accept)
    };
    let accept = receiver.handoff.sign(accept);
    giver.link.previous = Some(offer.id());
    let answer = |kind, about| Act { about: Some(about), ..paper::act(kind, BoxList::default()) };
    let link = giver.link;
    let ack = giver.writes(answer(EventKind::Ack, accept.id()));
    giver.link = link;
    let withdraw = giver.writes(answer(EventKind::Withdraw, offer.id()));
    Handoff {
        opening,
        hello,
        ack: giver.handoff.sign(ack),
        withdraw: giver.act.sign(withdraw),
        offer,
        accept,
    }
}

fn handoff_vector(format: u8) -> Vector {
    let name = &in_its_format("a handoff of three boxes", format);
    let Handoff { opening, hello, offer, accept, ack, withdraw } = handoff(format);
    let none = Enclosed::default();
    let shown = message::offer(&offer, &hello, &none);
    let text = Show::of(Purpose::Offer, &shown).unwrap().next_text();
    Vector::new("handoff", name)
        .with_bytes("opening", &opening.0)
        .with_bytes("commitment", &hello.commitment.0)
        .with_bytes("offer-payload", &cbor::to_vec(&*offer))
        .with_bytes("accept-payload", &cbor::to_vec(&*accept))
        .with_bytes("ack-payload", &cbor::to_vec(&*ack))
        .with_bytes("withdraw-payload", &cbor::to_vec(&*withdraw))
        .with_bytes("hello", &hello.to_bytes())
        .with_bytes("offer", &shown)
        .with("text", text)
        .with_bytes("accept", &message::accept(&accept, &offer, &none))
        .with_bytes("ack", &message::ack(&ack, &offer, &accept))
        .with_bytes("withdraw", &message::withdraw(&withdraw, &offer))
}

/// Each message reads, verifies, and is written the same again.
pub fn still_hands_over(vector: &Vector) {
    let hq = paper::hq_keys();
    let authority = Authority { hq: &hq, origin: paper::ORIGIN };
    let (giver, receiver) = (paper::mover(), paper::driver());
    let hello = Hello::read(&vector.bytes("hello"), authority).unwrap();
    assert_eq!(hello.to_bytes(), vector.bytes("hello"));
    assert_eq!(hello.commitment.0.to_vec(), vector.bytes("commitment"));
    let shown = vector.bytes("offer");
    let whole = Collected::Whole(Purpose::Offer, shown.clone());
    assert_eq!(Collector::new().add(&vector.fields["text"]), Ok(whole));
    let (offer, none) = message::read_offer(&shown, &hello, authority).unwrap();
    let offer = offer.verify(&giver.handoff.public).unwrap();
    assert_eq!(message::offer(&offer, &hello, &none), shown);
    let shown = vector.bytes("accept");
    let (accept, none) = message::read_accept(&shown, &offer, authority).unwrap();
    let accept = accept.verify(&receiver.handoff.public).unwrap();
    assert_eq!(message::accept(&accept, &offer, &none), shown);
    let shown = vector.bytes("ack");
    let ack = message::read_ack(&shown, &offer, &accept, authority).unwrap();
    let ack = ack.verify(&giver.handoff.public).unwrap();
    assert_eq!(message::ack(&ack, &offer, &accept), shown);
    let shown = vector.bytes("withdraw");
    let withdraw = message::read_withdraw(&shown, &offer, authority).unwrap();
    let withdraw = withdraw.verify(&giver.act.public).unwrap();
    assert_eq!(message::withdraw(&withdraw, &offer), shown);
    for (field, event) in [
        ("offer-payload", &offer),
        ("accept-payload", &accept),
        ("ack-payload", &ack),
        ("withdraw-payload", &withdraw),
    ] {
        assert_eq!(cbor::to_vec(&**event), vector.bytes(field), "{field}");
    }
}

/// What a supervisor was asked to sign off of two acts, and his answer.
fn sign_off(format: u8) -> (Signed<SignOffRequest>, Signed<Event>) {
    let (mut mover, mut supervisor) =
        (paper::mover().in_format(format), paper::supervisor().in_format(format));
    let damaged = vec![(FindingKind::Damaged, 2)];
    let acts = [(EventKind::TakeOver, 10, damaged), (EventKind::Load, 10, Vec::new())];
    let entries = acts.map(|(kind, boxes, findings)| {
        let event = paper::id_of(&mover.writes(paper::act(kind, paper::boxes(0..10))));
        SignOffEntry { event, kind, boxes, findings }
    });
    let request = SignOffRequest {
        version: Version,
        device: mover.device(),
        job: paper::JOB,
        entries: entries.into(),
        salt: Salt([0x50; 16]),
    };
    let request = mover.act.sign(request);
    let Subject { about, root } = Subject::of(&request.entries).unwrap();
    let act = Act {
        about: Some(about),
        attachments: vec![request.id()],
        ..paper::act(EventKind::SignOff, BoxList::default())
    };
    let event = Event { root, ..supervisor.writes(act) };
    (request, supervisor.handoff.sign(event))
}

fn sign_off_vector(format: u8) -> Vector {
    let name = &in_its_format("a sign-off of two acts, asked and answered", format);
    let (request, event) = sign_off(format);
    Vector::new("sign-off", name)
        .with_bytes("request-payload", &cbor::to_vec(&*request))
        .with_bytes("request-id", &request.id().0)
        .with_bytes("root", &event.root.unwrap().0)
        .with_bytes("sign-off-payload", &cbor::to_vec(&*event))
        .with_bytes("request", &message::sign_off_request(&request, None))
        .with_bytes("sign-off", &message::sign_off(&event, &request, &Enclosed::default()))
}

pub fn still_signs_off(vector: &Vector) {
    let hq = paper::hq_keys();
    let authority = Authority { hq: &hq, origin: paper::ORIGIN };
    let shown = vector.bytes("request");
    let (request, none) = message::read_sign_off_request(&shown, authority).unwrap();
    let request = request.verify(&paper::mover().act.public).unwrap();
    assert_eq!(message::sign_off_request(&request, none.as_ref()), shown);
    assert_eq!(cbor::to_vec(&*request), vector.bytes("request-payload"));
    let shown = vector.bytes("sign-off");
    let (event, none) = message::read_sign_off(&shown, &request, authority).unwrap();
    let event = event.verify(&paper::supervisor().handoff.public).unwrap();
    assert_eq!(message::sign_off(&event, &request, &none), shown);
    assert_eq!(cbor::to_vec(&*event), vector.bytes("sign-off-payload"));
}

fn customer_receipt(name: &str, receipt: CustomerReceipt) -> Vector {
    let text = CustomerReceipt::to_text(&paper::mover().act.sign(receipt));
    Vector::new("customer-receipt", name)
        .with_bytes("payload", &cbor::to_vec(&receipt))
        .with("receipt-text", text)
}

pub fn still_is_a_receipt(vector: &Vector) {
    let receipt = CustomerReceipt::parse(&vector.fields["receipt-text"]).unwrap();
    let receipt = receipt.verify(&paper::mover().act.public).unwrap();
    assert_eq!(cbor::to_vec(&*receipt), vector.bytes("payload"));
}

fn confirmation(name: &str, supervisor: Option<DeviceId>) -> Vector {
    let said = Confirmation {
        version: Version,
        event: Digest([0x5e; 32]),
        supervisor,
        at: paper::MORNING + 7_200,
        origin: paper::ORIGIN.to_owned(),
    };
    signed_message(Vector::new("confirmation", name), &paper::hq(), said)
}

fn one_time_code(name: &str, bytes: [u8; 10]) -> Vector {
    let code = OneTimeCode::from_bytes(bytes);
    Vector::new("one-time-code", name)
        .with_bytes("code", &bytes)
        .with("text", &*code.to_text())
        .with("typed", &*code.to_grouped())
        .with_bytes("hash", &code.hash().0)
}

fn hello_vector(name: &str) -> Vector {
    let tick = paper::hq().sign(Tick { epoch: Some(3), ..paper::tick(2) });
    let hello = Hello { tick: Some(tick), ..handoff(1).hello };
    Vector::new("hello", name)
        .with_bytes("device", &hello.device.0)
        .with_bytes("commitment", &hello.commitment.0)
        .with("epoch", 3)
        .with_bytes("hello", &hello.to_bytes())
}

/// HELLO of one whom the giver may not know, with all that a credential says.
fn introduction_vector(name: &str) -> Vector {
    let driver = paper::driver();
    let credential = Credential { qualifications: Some(qualifications()), ..driver.credential() };
    introduction_with(name, paper::in_first_format(credential))
}

/// The same in the second format, of a device for which a recovery code vouches.
fn vouched_introduction_vector(name: &str) -> Vector {
    introduction_with(name, Credential { qualifications: Some(qualifications()), ..recovered() })
}

fn introduction_with(name: &str, credential: Credential) -> Vector {
    let driver = paper::driver();
    let hello = Hello {
        device: driver.device(),
        tick: None,
        credential: Some(paper::hq().sign(credential)),
        ..handoff(1).hello
    };
    Vector::new("hello", name)
        .with_bytes("device", &hello.device.0)
        .with_bytes("commitment", &hello.commitment.0)
        .with_bytes("hello", &hello.to_bytes())
}

pub fn still_greets(vector: &Vector) {
    let hq = paper::hq_keys();
    let authority = Authority { hq: &hq, origin: paper::ORIGIN };
    let hello = Hello::read(&vector.bytes("hello"), authority).unwrap();
    assert_eq!(hello.to_bytes(), vector.bytes("hello"));
    assert_eq!(hello.device.0.to_vec(), vector.bytes("device"));
    let epoch = hello.tick.and_then(|tick| tick.epoch);
    assert_eq!(epoch.map(|epoch| epoch.to_string()), vector.fields.get("epoch").cloned());
    if let Some(credential) = hello.credential {
        assert_eq!(credential.device(), hello.device);
        assert_eq!(credential.qualifications, Some(qualifications()));
    }
}
