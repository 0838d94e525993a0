//! The messages of a handoff, and the versions of the QRs that show them.

use std::collections::BTreeSet;

use crewseal_custody::handoff::Hello;
use crewseal_custody::handoff::message::{self, Enclosed, ManifestVersions};
use crewseal_custody::handoff::text::{Purpose, Show};
use crewseal_custody::signed::{Digest, PublicKey, Signed};
use crewseal_custody::{
    Act, Anchor, BootId, BoxClass, BoxList, Commitment, Credential, Event, EventKind, Licence,
    Link, Lists, Manifests, Moment, Nda, Qualifications, Salt, Since, SpotCheck, Tick,
};
use crewseal_label::Token;
use qrcode::{EcLevel, QrCode, Version};

use fixtures::paper::{self as paper, MORNING, Phone};

/// The number of HQ's newest tick: two years of one every ten minutes.
pub const TICK: u64 = 100_000;
/// Where the two phones' chains are.
const SEQUENCE: u64 = 300;

/// Boxes, and the lists in which both phones find them.
pub struct Load {
    pub boxes: BTreeSet<Token>,
    pub lists: Lists,
}

impl Load {
    /// So many boxes, all in one manifest and all handed over.
    pub fn new(count: u16) -> Self {
        let tokens = paper::tokens(0..count);
        let mut manifests = Manifests::default();
        let signed = paper::hq().sign(paper::manifest(1, None, &tokens));
        manifests.push(signed).expect("a first version");
        let mut lists = Lists::new();
        lists.add_manifests(manifests);
        Self { boxes: tokens.into_iter().collect(), lists }
    }
}

/// Two phones that meet.
pub struct Meeting {
    pub giver: Phone,
    pub receiver: Phone,
    pub giver_credential: Signed<Credential>,
    pub receiver_credential: Signed<Credential>,
    pub hq: PublicKey,
    pub tick: Signed<Tick>,
    pub opening: Salt,
}

/// Which tick an event names.
#[derive(Clone, Copy)]
pub enum Anchored {
    /// The one that both phones have by then.
    Same,
    /// One that the other phone does not have.
    Other,
}

/// What a phone with one open job says of its manifest.
fn one_job() -> ManifestVersions {
    let mut manifests = Manifests::default();
    let signed = paper::hq().sign(paper::manifest(1, None, &paper::tokens(0..1)));
    manifests.push(signed).expect("a first version");
    ManifestVersions::of([&manifests])
}

/// With all that HQ says of somebody who drives: a licence, an agreement, training and
/// two classes of boxes.
fn qualified(phone: &Phone) -> Credential {
    let nda =
        Nda { text: Nda::digest("I tell nobody what I see."), until: paper::MORNING + 86_400 };
    let qualifications = Qualifications {
        licences: [Licence::Driving].into(),
        nda: Some(nda),
        trained_until: Some(paper::MORNING + 172_800),
        classes: [BoxClass::Papers, BoxClass::Valuables].into(),
    };
    Credential { qualifications: Some(qualifications), ..phone.credential() }
}

impl Meeting {
    pub fn new() -> Self {
        let (giver, mut receiver) = (paper::mover(), paper::driver());
        // Both called so, as what is called longer needs more room.
        receiver.pseudonym = "Mover 17";
        let hq = paper::hq();
        Self {
            giver_credential: hq.sign(qualified(&giver)),
            receiver_credential: hq.sign(qualified(&receiver)),
            // Of an HQ that has revoked a few devices.
            tick: hq.sign(Tick { epoch: Some(7), ..paper::tick(TICK) }),
            hq: hq.public,
            opening: Salt([0x0e; 16]),
            giver,
            receiver,
        }
    }

    /// The receiver's greeting to somebody who knows its credential: with the newest tick.
    pub fn hello(&self) -> Hello {
        Hello {
            device: self.receiver.device(),
            commitment: Commitment::to(&self.opening, &self.receiver.device()),
            tick: Some(self.tick.clone()),
            credential: None,
            manifests: Some(one_job()),
        }
    }

    /// Its greeting to a stranger: with its credential.
    pub fn introduction(&self) -> Hello {
        let credential = Some(self.receiver_credential.clone());
        Hello { tick: None, credential, ..self.hello() }
    }

    /// The giver's offer. Its chain has an event before.
    pub fn offer(&self, boxes: BoxList, hello: &Hello) -> Signed<Event> {
        let act = Act { to: Some(hello.device), ..paper::act(EventKind::Offer, boxes) };
        let event = event(&self.giver, 0, Digest([0x61; 32]), Anchored::Same, act);
        self.giver.handoff.sign(Event { commitment: Some(hello.commitment), ..event })
    }

    /// The receiver's acceptance. Its chain has an event before, of its own.
    pub fn accept(
        &self,
        boxes: BoxList,
        offer: &Signed<Event>,
        anchored: Anchored,
    ) -> Signed<Event> {
        let act = Act { about: Some(offer.id()), ..paper::act(EventKind::Accept, boxes) };
        let event = event(&self.receiver, 0, Digest([0x72; 32]), anchored, act);
        let (opening, spot_check) = (Some(self.opening), Some(SpotCheck::Done));
        self.receiver.handoff.sign(Event { opening, spot_check, ..event })
    }

    /// The giver's acknowledgement, after the offer and perhaps others.
    pub fn ack(
        &self,
        accept: &Signed<Event>,
        previous: Digest,
        anchored: Anchored,
    ) -> Signed<Event> {
        let act =
            Act { about: Some(accept.id()), ..paper::act(EventKind::Ack, BoxList::default()) };
        self.giver.handoff.sign(event(&self.giver, 1, previous, anchored, act))
    }
}

fn event(phone: &Phone, later: u64, previous: Digest, anchored: Anchored, act: Act) -> Event {
    let sequence = SEQUENCE + later;
    let link = Link { sequence, previous: Some(previous), ..phone.link };
    let number = match anchored {
        Anchored::Same => TICK,
        Anchored::Other => TICK + 1,
    };
    let moment = Moment {
        claimed_at: MORNING + TICK * 600 + later * 60,
        since: Since { boot: BootId([0xb0, 0x07, 0, 1]), millis: 300_000 + later * 60_000 },
        anchor: Anchor { number, nonce: paper::nonce(number) },
    };
    Event::new(link, moment, Salt([0x5a; 16]), act)
}

/// A message as it is shown.
#[derive(Clone)]
pub struct Shown {
    pub name: &'static str,
    pub bytes: usize,
    pub text: String,
    /// The QR's version, at level M.
    pub version: u16,
}

impl Shown {
    fn of(name: &'static str, purpose: Purpose, message: &[u8]) -> Self {
        let mut show = Show::of(purpose, message).expect("neither empty nor too long");
        let text = show.next_text();
        // In parts it would be small and not what was asked.
        let version = if show.is_one() { version(&code(&text)) } else { 41 };
        Self { name, bytes: message.len(), text, version }
    }
}

/// The QR of a text, as small as it can be at level M.
pub fn code(text: &str) -> QrCode {
    QrCode::with_error_correction_level(text, EcLevel::M).expect("not longer than a QR holds")
}

fn version(code: &QrCode) -> u16 {
    match code.version() {
        Version::Normal(version) => u16::try_from(version).unwrap_or(u16::MAX),
        Version::Micro(_) => 1,
    }
}

/// What is measured of sizes.
pub struct Sizes {
    /// HELLO, OFFER, ACCEPT, ACK; 200 boxes, credentials known.
    pub known: Vec<Shown>,
    /// HELLO, OFFER, ACCEPT with credentials and the tick inside.
    pub introduced: Vec<Shown>,
    /// The four with 1,000 boxes.
    pub thousand: Vec<Shown>,
    /// Where the other phone has to be told more, or less, and what else.
    pub others: Vec<Shown>,
}

pub fn sizes() -> Sizes {
    let meeting = Meeting::new();
    let known = |count| {
        let load = Load::new(count);
        let hello = meeting.hello();
        let list = || load.lists.name(&load.boxes).expect("few enough");
        let offer = meeting.offer(list(), &hello);
        let accept = meeting.accept(list(), &offer, Anchored::Other);
        let ack = meeting.ack(&accept, offer.id(), Anchored::Same);
        let none = Enclosed::default();
        vec![
            Shown::of("HELLO", Purpose::Hello, &hello.to_bytes()),
            Shown::of("OFFER", Purpose::Offer, &message::offer(&offer, &hello, &none)),
            Shown::of("ACCEPT", Purpose::Accept, &message::accept(&accept, &offer, &none)),
            Shown::of("ACK", Purpose::Ack, &message::ack(&ack, &offer, &accept)),
        ]
    };
    let load = Load::new(200);
    let list = || load.lists.name(&load.boxes).expect("few enough");
    let hello = meeting.introduction();
    let offer = meeting.offer(list(), &hello);
    let accept = meeting.accept(list(), &offer, Anchored::Other);
    let credential = Some(meeting.giver_credential.clone());
    let with_credential = Enclosed { credential, tick: None };
    let with_tick = Enclosed { credential: None, tick: Some(meeting.tick.clone()) };
    let introduced = vec![
        Shown::of("HELLO", Purpose::Hello, &hello.to_bytes()),
        Shown::of("OFFER", Purpose::Offer, &message::offer(&offer, &hello, &with_credential)),
        Shown::of("ACCEPT", Purpose::Accept, &message::accept(&accept, &offer, &with_tick)),
    ];

    let same = meeting.accept(list(), &offer, Anchored::Same);
    let late = meeting.ack(&accept, Digest([0x61; 32]), Anchored::Other);
    let rooted = Tick { root: Some(Digest([0x33; 32])), ..paper::tick(TICK) };
    let rooted = Hello { tick: Some(paper::hq().sign(rooted)), ..meeting.hello() };
    let none = Enclosed::default();
    let others = vec![
        Shown::of(
            "ACCEPT, of the offer's own tick",
            Purpose::Accept,
            &message::accept(&same, &offer, &none),
        ),
        Shown::of(
            "ACK, after another event and another tick",
            Purpose::Ack,
            &message::ack(&late, &offer, &accept),
        ),
        Shown::of("HELLO, with a tick of HQ's log", Purpose::Hello, &rooted.to_bytes()),
    ];
    Sizes { known: known(200), introduced, thousand: known(1_000), others }
}
