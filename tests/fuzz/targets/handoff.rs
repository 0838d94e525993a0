//! What phones show each other, as another phone's screen shows it, or anybody's.
//!
//! `CREWSEAL_FUZZ` says which message: hello, offer, accept, ack, withdraw, request,
//! sign-off, receipt or texts. A greeting and a receipt are the input itself. Of the
//! other messages the first byte is even for the message itself, and odd for places
//! where an honest one is changed and by what; texts come one after another, each
//! begun by its length. Nothing may panic; what verifies must be what was signed, and
//! what is put together of texts must be no longer than a message may be.
#![no_main]

use std::sync::LazyLock;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::{
    HqKeys, Act, Anchor, BootId, BoxList, Commitment, CustomerReceipt, DeviceId, Event, EventKind,
    FindingKind, JobId, Link, Moment, Salt, SignOffEntry, SignOffRequest, Since, Subject,
};
use crewseal_custody::handoff::Hello;
use crewseal_custody::handoff::message::{self, Authority, Enclosed};
use crewseal_custody::handoff::text::{Collected, Collector, MAX_MESSAGE};
use crewseal_custody::signed::{PublicKey, Signed, SignedError, Unverified};
use libfuzzer_sys::fuzz_target;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

/// What the messages answer.
struct Scene {
    hq: PublicKey,
    /// The same key as HQ's only one.
    keys: HqKeys,
    hello: Hello,
    offer: Signed<Event>,
    accept: Signed<Event>,
    ack: Signed<Event>,
    withdrawal: Signed<Event>,
    request: Signed<SignOffRequest>,
    sign_off: Signed<Event>,
    receipt: Signed<CustomerReceipt>,
}

static SCENE: LazyLock<Scene> = LazyLock::new(Scene::new);

impl Scene {
    fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_private_key_and_public_key;
        let (private, public) = keys();
        let key = pair(algorithm, &private, &public, &random).expect("a key that is written down");
        let public = PublicKey(key.public_key().as_ref().try_into().expect("65 bytes"));
        let raw = |bytes: &[u8]| {
            let signature = key.sign(&random, bytes).map_err(|_| SignedError::Signature)?;
            signature.as_ref().try_into().map_err(|_| SignedError::Signature)
        };
        let sign =
            |event: Event| Signed::sign::<SignedError>(event, &public, raw).expect("it verifies");
        let (giver, receiver) = (DeviceId([1; 16]), DeviceId([2; 16]));
        let commitment = Commitment([3; 20]);
        let hello =
            Hello { device: receiver, commitment, tick: None, credential: None, manifests: None };
        let act = |kind, to, about| Act {
            to,
            about,
            ..Act::new(kind, JobId([4; 16]), BoxList::default())
        };
        let moment = Moment {
            claimed_at: 1_780_293_600,
            since: Since { boot: BootId([5; 4]), millis: 6 },
            anchor: Anchor { number: 7, nonce: Salt([8; 16]) },
        };
        let link = |device| Link { device, generation: 1, sequence: 1, previous: None };
        let offer =
            Event::new(link(giver), moment, Salt([9; 16]), act(EventKind::Offer, Some(receiver), None));
        let offer = sign(Event { commitment: Some(commitment), ..offer });
        let accept = act(EventKind::Accept, None, Some(offer.id()));
        let accept = sign(Event::new(link(receiver), moment, Salt([10; 16]), accept));
        let ack = act(EventKind::Ack, None, Some(accept.id()));
        let ack = sign(Event::new(link(giver), moment, Salt([11; 16]), ack));
        let withdrawal = act(EventKind::Withdraw, None, Some(offer.id()));
        let withdrawal = sign(Event::new(link(giver), moment, Salt([12; 16]), withdrawal));
        let entry = |of: &Signed<Event>| SignOffEntry {
            event: of.id(),
            kind: of.kind,
            boxes: 3,
            findings: vec![(FindingKind::Damaged, 2)],
        };
        let request = SignOffRequest {
            version: Version,
            device: giver,
            job: JobId([4; 16]),
            entries: vec![entry(&offer), entry(&ack)],
            salt: Salt([13; 16]),
        };
        let request = Signed::sign::<SignedError>(request, &public, raw).expect("it verifies");
        let Subject { about, root } = Subject::of(&request.entries).expect("two acts");
        let seen = act(EventKind::SignOff, None, Some(about));
        let seen = Act { attachments: vec![request.id()], ..seen };
        let seen = Event::new(link(receiver), moment, Salt([14; 16]), seen);
        let sign_off = sign(Event { root, ..seen });
        let receipt = CustomerReceipt::of(offer.id(), EventKind::Deliver, 41).expect("a customer's");
        let receipt = Signed::sign::<SignedError>(receipt, &public, raw).expect("it verifies");
        let keys = HqKeys::of_one_key(public);
        Self { hq: public, keys, hello, offer, accept, ack, withdrawal, request, sign_off, receipt }
    }
}

/// A key that everybody may know.
fn keys() -> ([u8; 32], [u8; 65]) {
    let private = *b"\xe6\xcd\x8e\x95\xb9\x65\xfd\xcf\x6b\xe1\xa0\xf1\x8f\xb6\xbf\x7c\
        \x15\x4b\xe1\x31\x13\x37\xc6\xde\x4c\xad\x19\x9d\x6d\x23\xc2\xf2";
    let public = *b"\x04\x1f\x7c\x4e\xe6\x90\x7f\x7f\x6a\xdd\xe6\xae\x88\xfa\x24\xf4\
        \xa4\x41\xca\x6f\x2a\x52\x3c\x7f\xe5\x2a\x40\x3f\x68\xad\xce\x83\x77\
        \x7f\x67\xce\xe6\x61\xe6\x65\x1e\xf0\x51\x01\x13\xf0\x15\x9c\x59\x42\
        \xbb\x71\x09\x0a\xcd\x68\xde\x52\x7b\x96\x3b\x31\x9b\xd4\x4e";
    (private, public)
}

/// Which message this run is about.
#[derive(Clone, Copy)]
enum About {
    Hello,
    Offer,
    Accept,
    Ack,
    Withdraw,
    Request,
    SignOff,
    Receipt,
    Texts,
}

static ABOUT: LazyLock<About> = LazyLock::new(|| match std::env::var("CREWSEAL_FUZZ").as_deref() {
    Ok("hello") => About::Hello,
    Ok("offer") => About::Offer,
    Ok("accept") => About::Accept,
    Ok("ack") => About::Ack,
    Ok("withdraw") => About::Withdraw,
    Ok("request") => About::Request,
    Ok("sign-off") => About::SignOff,
    Ok("receipt") => About::Receipt,
    Ok("texts") => About::Texts,
    other => panic!("CREWSEAL_FUZZ names no message: {other:?}"),
});

fuzz_target!(|input: &[u8]| {
    let about = *ABOUT;
    match about {
        About::Hello => hello(input),
        About::Receipt => receipt(input),
        About::Texts => texts(input),
        _ => {
            let Some((how, bytes)) = input.split_first() else { return };
            let bytes = if how % 2 == 0 { bytes.to_vec() } else { changed(about, bytes) };
            match about {
                About::Request => request(&bytes),
                _ => event(about, &bytes),
            }
        }
    }
});

fn hello(bytes: &[u8]) {
    let authority = Authority { hq: &SCENE.keys, origin: "hq" };
    if let Ok(hello) = Hello::read(bytes, authority) {
        assert_eq!(hello.to_bytes(), bytes, "one greeting, one form");
    }
}

/// An honest message with bytes replaced: two for the place, one for the value.
fn changed(about: About, changes: &[u8]) -> Vec<u8> {
    let Scene { hello, offer, accept, ack, withdrawal, request, sign_off, .. } = &*SCENE;
    let none = Enclosed::default();
    let mut bytes = match about {
        About::Offer => message::offer(offer, hello, &none),
        About::Accept => message::accept(accept, offer, &none),
        About::Ack => message::ack(ack, offer, accept),
        About::Request => message::sign_off_request(request, None),
        About::SignOff => message::sign_off(sign_off, request, &none),
        _ => message::withdraw(withdrawal, offer),
    };
    for [high, low, value] in changes.as_chunks().0 {
        let place = usize::from(u16::from_be_bytes([*high, *low])) % bytes.len();
        bytes[place] = *value;
    }
    bytes
}

fn event(about: About, bytes: &[u8]) {
    let Scene { hq, hello, offer, accept, ack, withdrawal, request, sign_off, .. } = &*SCENE;
    let authority = Authority { hq: &SCENE.keys, origin: "hq" };
    let alone = |(event, _)| event;
    let (read, honest) = match about {
        About::Offer => (message::read_offer(bytes, hello, authority).map(alone), offer),
        About::Accept => (message::read_accept(bytes, offer, authority).map(alone), accept),
        About::Ack => (message::read_ack(bytes, offer, accept, authority), ack),
        About::SignOff => (message::read_sign_off(bytes, request, authority).map(alone), sign_off),
        _ => (message::read_withdraw(bytes, offer, authority), withdrawal),
    };
    let Ok(event) = read else { return };
    assert_eq!(event.claims().kind, honest.kind);
    assert_eq!(event.claims().version, honest.version);
    let again = Unverified::<Event>::parse(event.as_bytes()).expect("it is read again");
    assert_eq!(again.claims(), event.claims());
    assert!(cbor::to_vec(event.claims()).len() < bytes.len() + 512, "nothing comes of nothing");
    if let Ok(event) = event.verify(hq) {
        assert_eq!(event.id(), honest.id(), "nobody signed this");
    }
}

fn request(bytes: &[u8]) {
    let Scene { hq, request, .. } = &*SCENE;
    let authority = Authority { hq: &SCENE.keys, origin: "hq" };
    let Ok((read, credential)) = message::read_sign_off_request(bytes, authority) else { return };
    assert!(credential.is_none(), "HQ signed none");
    assert!(Subject::of(&read.claims().entries).is_some(), "there is something to sign");
    if let Ok(read) = read.verify(hq) {
        assert_eq!(read.id(), request.id(), "nobody signed this");
        assert_eq!(message::sign_off_request(&read, None), bytes, "one request, one form");
    }
}

fn receipt(bytes: &[u8]) {
    let Scene { hq, receipt, .. } = &*SCENE;
    // The honest one, with what the fuzzer makes of it, as well as anything.
    let honest = CustomerReceipt::to_text(receipt);
    let mut text = honest.into_bytes();
    for [high, low, value] in bytes.as_chunks().0 {
        let place = usize::from(u16::from_be_bytes([*high, *low])) % text.len();
        text[place] = *value;
    }
    for text in [bytes, &text] {
        let Ok(read) = CustomerReceipt::parse(&String::from_utf8_lossy(text)) else { continue };
        if let Ok(read) = read.verify(hq) {
            assert_eq!(read.id(), receipt.id(), "nobody signed this");
        }
    }
}

/// As a camera reads them, good and bad, in whatever order.
fn texts(bytes: &[u8]) {
    let mut collector = Collector::new();
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (text, after) = after.split_at(length);
        rest = after;
        match collector.add(&String::from_utf8_lossy(text)) {
            Ok(Collected::Whole(_, message)) => {
                assert!((1..=MAX_MESSAGE).contains(&message.len()));
            }
            Ok(Collected::Part { have, of }) => assert!(have < of),
            Err(_) => {}
        }
    }
}
