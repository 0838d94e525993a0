//! A crew on paper: HQ, three phones, labels and lists, with fixed keys, so
//! that ids are the same on every run. Only signatures differ, as ECDSA's do.

use crewseal_custody::cbor::Version;
use crewseal_custody::roll::{Leaf, Roll, RollHead};
use crewseal_custody::signed::{Digest, Message, PublicKey, Signed, SignedError};
use crewseal_custody::{
    Act, Anchor, BootId, BoxList, Credential, DeviceId, Event, EventId, Evidence, JobId, Kind,
    Link, Lists, Manifest, Manifests, Moment, Outcome, Protection, Qualifications, Receipt, Role,
    Salt, Since, Tick,
};
use crewseal_label::Token;
use data_encoding::HEXLOWER;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

/// The job of this crew.
pub const JOB: JobId = JobId([0x0a; 16]);
/// Another job, with the boxes 50 and 51.
pub const OTHER_JOB: JobId = JobId([0xee; 16]);
/// The name of HQ's log.
pub const ORIGIN: &str = "hq.example/log";
/// When HQ's tick number 1 was signed: 2026-06-01, 06:00 UTC.
pub const MORNING: u64 = 1_780_293_600;

/// A key that is written down.
pub struct Key {
    pair: EcdsaKeyPair,
    /// The public key.
    pub public: PublicKey,
}

impl Key {
    fn written(private: &str, public: &str) -> Self {
        let (private, public) = (hex(private), hex(public));
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &private,
            &public,
            &SystemRandom::new(),
        );
        Self { pair: pair.unwrap(), public: PublicKey(public.try_into().unwrap()) }
    }

    /// r and s over some bytes.
    pub fn raw(&self, bytes: &[u8]) -> [u8; 64] {
        self.pair.sign(&SystemRandom::new(), bytes).unwrap().as_ref().try_into().unwrap()
    }

    /// Signs a message.
    pub fn sign<T: Message>(&self, message: T) -> Signed<T> {
        Signed::sign::<SignedError>(message, &self.public, |bytes| Ok(self.raw(bytes))).unwrap()
    }
}

/// The bytes of a hex text.
pub fn hex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).unwrap()
}

/// HQ's key.
pub fn hq() -> Key {
    Key::written(
        "e6cd8e95b965fdcf6be1a0f18fb6bf7c154be1311337c6de4cad199d6d23c2f2",
        "041f7c4ee6907f7f6adde6ae88fa24f4a441ca6f2a523c7fe52a403f68adce8377\
         7f67cee661e6651ef0510113f0159c5942bb71090acd68de527b963b319bd44e",
    )
}

/// The key of an HQ that is not ours.
pub fn other_hq() -> Key {
    Key::written(
        "6712a9a4b15eab7658f2256d7cf19e0316555479f13e8cb85843c5477f5d02b6",
        "048137a9b718b06db5bd48f059f0f3bf3f95017cdc592f0d07a87e22633871805a\
         01938ce96211bf98c7a87615c93f8426c5b026f0994c0d7b2ae78b3438cc56a3",
    )
}

/// The mover's phone.
pub fn mover() -> Phone {
    let act = Key::written(
        "ca7f052155fd008074d897e7ccdc98c073d76b21296a1b618574a18ea1a37327",
        "04830692de9a891f32ed42af283ba011b0ca6695e419dddf31677a0aa0d45ba11f\
         c12ee8bc2611a01929cbbb3132ed747d2ff6b3a27e244de95036500404733a8a",
    );
    let handoff = Key::written(
        "185f92af8a86a3856d497dd30811303c4fb98688cf60c72c9ffcf7273d030db0",
        "042780a1e106c1b6912a711d6b65b8e1b48edc390c5cc0cd4eb88dbe096f30b10b\
         54b4c7487ad6db280648788c44169f8b4d3d40fa94296b407b02fed06ba08a9f",
    );
    Phone::new(act, handoff, "Mover 17", Role::Mover)
}

/// The driver's phone.
pub fn driver() -> Phone {
    let act = Key::written(
        "ba9efb699dac5ebf31d5f61dc474b941cb42b8bb5b7924fbd94edaf0820f7229",
        "04524f0d45c2c518ac119517585c3e6d67bb45e12c0bd1af46da3a546e41e4d90c\
         358da88b6325de848d6813ac6702118da5cc847888779f0d8d31b231a5139d51",
    );
    let handoff = Key::written(
        "c0e74d80133543178d5acc658b639463dc51be38308486fd68670d6c74826ea8",
        "0483418aa55d77be075aa22d7181569867587bb0a1399e1238356df200db3e5854\
         10a2fff5f749a39effef5307b8bbc0886e1693df87916090a94f7a1135ca46ad",
    );
    Phone::new(act, handoff, "Driver 4", Role::Driver)
}

/// The supervisor's phone.
pub fn supervisor() -> Phone {
    let act = Key::written(
        "b565f013e06b461049cbd09cad38e62560e3566d314ed60f37543236b5d845c0",
        "0434ecf5868c0b33d9447637050ac6b5dcbd55dbddc34f923905531a2df10e2fe9\
         a0ad1e83058d1279130870cb5fbc0caaf19bee24c3d342df7b1baf48bc8cd859",
    );
    let handoff = Key::written(
        "d3a8232f0b8277767c1bdfa7185f98669071c1fcc2b748ebf90885808738af40",
        "04e94a13d1c9c676cd838ac4eabc0790bb4c30628eb4e95e04cce51a6dccb703a3\
         8389d4b162540aa395c0f8fdb1fd14c9f936674e47b47da0f905903a61ebc428",
    );
    Phone::new(act, handoff, "Supervisor 2", Role::Supervisor)
}

/// The warehouse's phone.
pub fn keeper() -> Phone {
    let (pseudonym, role) = ("Keeper 2", Role::Warehouse);
    Phone { pseudonym, role, ..supervisor() }
}

/// A phone of the crew, with the end of its chain and its clocks.
pub struct Phone {
    /// The key for acts.
    pub act: Key,
    /// The key for handoffs.
    pub handoff: Key,
    /// What the crew calls its carrier.
    pub pseudonym: &'static str,
    /// What its carrier does.
    pub role: Role,
    /// What HQ says of its carrier beyond that.
    pub qualifications: Option<Qualifications>,
    /// Where its next event goes.
    pub link: Link,
    /// What its clock says. Each event takes it a minute on.
    pub claims: u64,
    /// The number of the newest tick it holds.
    pub tick: u64,
}

impl Phone {
    fn new(act: Key, handoff: Key, pseudonym: &'static str, role: Role) -> Self {
        let device = DeviceId::of(&act.public, &handoff.public);
        let link = Link { device, generation: 1, sequence: 1, previous: None };
        let (qualifications, claims) = (None, MORNING + 3_600);
        Self { act, handoff, pseudonym, role, qualifications, link, claims, tick: 1 }
    }

    /// This device.
    pub fn device(&self) -> DeviceId {
        self.link.device
    }

    /// The key of a protection.
    pub fn key(&self, protection: Protection) -> &Key {
        match protection {
            Protection::Act => &self.act,
            Protection::Handoff => &self.handoff,
        }
    }

    /// HQ's word about it, good for a day around the morning.
    pub fn credential(&self) -> Credential {
        Credential {
            version: Version,
            act_key: self.act.public,
            handoff_key: self.handoff.public,
            pseudonym: self.pseudonym.to_owned(),
            role: self.role,
            valid_from: MORNING - 43_200,
            valid_to: MORNING + 43_200,
            qualifications: self.qualifications.clone(),
        }
    }

    /// Its next event, unsigned; the chain goes on.
    pub fn writes(&mut self, act: Act) -> Event {
        let moment = Moment {
            claimed_at: self.claims,
            since: Since { boot: BootId([0xb0, 0x07, 0, 1]), millis: self.link.sequence * 60_000 },
            anchor: Anchor { number: self.tick, nonce: nonce(self.tick) },
        };
        let mut salt = self.link.device.0;
        let number = self.link.sequence ^ u64::from(self.link.generation) << 32;
        salt.iter_mut().zip(number.to_le_bytes()).for_each(|(byte, of)| *byte ^= of);
        let event = Event::new(self.link, moment, Salt(salt), act);
        self.link.previous = Some(id_of(&event));
        self.link.sequence += 1;
        self.claims += 60;
        event
    }

    /// Its next event, signed with the key that its kind wants.
    pub fn signs(&mut self, act: Act) -> Signed<Event> {
        let event = self.writes(act);
        self.key(event.protection).sign(event)
    }

    /// An act on boxes.
    pub fn does(&mut self, kind: Kind, boxes: BoxList) -> Signed<Event> {
        self.signs(act(kind, boxes))
    }

    /// An act that answers another's.
    pub fn answers(&mut self, kind: Kind, about: EventId, boxes: BoxList) -> Signed<Event> {
        self.signs(Act { about: Some(about), ..act(kind, boxes) })
    }

    /// An offer of boxes to another.
    pub fn offers(&mut self, to: DeviceId, boxes: BoxList) -> Signed<Event> {
        self.signs(Act { to: Some(to), ..act(Kind::Offer, boxes) })
    }

    /// An act of which nothing is shown, as one in another job.
    pub fn acts_elsewhere(&mut self) -> Signed<Event> {
        self.signs(Act { job: OTHER_JOB, ..act(Kind::Count, BoxList::default()) })
    }
}

/// The id that an event has before anybody signed it.
pub fn id_of(event: &Event) -> EventId {
    Event::NAMESPACE.digest(&[&crewseal_custody::cbor::to_vec(event)])
}

/// An act without anything special.
pub fn act(kind: Kind, boxes: BoxList) -> Act {
    Act::new(kind, JOB, boxes)
}

/// The label of a number.
pub fn token(number: u16) -> Token {
    let [high, low] = number.to_be_bytes();
    let mut bytes = [0x5a; 16];
    bytes[0] = high.wrapping_mul(0x9d) ^ low.wrapping_mul(0x3b);
    bytes[14] = high;
    bytes[15] = low;
    Token::from_bytes(bytes)
}

/// The labels of some numbers.
pub fn tokens(numbers: impl IntoIterator<Item = u16>) -> Vec<Token> {
    numbers.into_iter().map(token).collect()
}

/// A version of the job's manifest.
pub fn manifest(number: u32, previous: Option<Digest>, added: &[Token]) -> Manifest {
    let added: Vec<u8> = added.iter().flat_map(|token| *token.as_bytes()).collect();
    Manifest { version: Version, job: JOB, number, previous, added: added.into() }
}

/// The manifest of one version.
pub fn manifests(boxes: &[Token]) -> Manifests {
    let mut manifests = Manifests::default();
    manifests.push(hq().sign(manifest(1, None, boxes))).unwrap();
    manifests
}

/// A roll of these labels.
pub fn roll(labels: &[Token]) -> Roll {
    let leaves: Vec<Leaf> = labels.iter().copied().map(Leaf::Token).collect();
    Roll::new(hq().sign(RollHead::over(&leaves).unwrap()), leaves).unwrap()
}

/// What the crew knows: ten boxes on the manifest, 100 to 119 on a roll.
pub fn lists() -> Lists {
    let mut lists = Lists::new();
    lists.add_manifests(manifests(&tokens(0..10)));
    lists.add_roll(roll(&tokens(100..120)));
    lists
}

/// A list of boxes by their numbers.
pub fn boxes(numbers: impl IntoIterator<Item = u16>) -> BoxList {
    lists().name(&numbers.into_iter().map(token).collect()).unwrap()
}

/// The random bytes of a tick.
pub fn nonce(number: u64) -> Salt {
    let mut bytes = [0x71; 16];
    bytes.iter_mut().zip(number.to_le_bytes()).for_each(|(byte, of)| *byte ^= of);
    Salt(bytes)
}

/// HQ's clock: a tick every ten minutes from the morning on.
pub fn tick(number: u64) -> Tick {
    Tick {
        version: Version,
        origin: ORIGIN.to_owned(),
        number,
        at: MORNING + (number - 1) * 600,
        nonce: nonce(number),
        root: None,
        epoch: None,
    }
}

/// HQ's answer to an event.
pub fn receipt(event: &Signed<Event>, outcome: Outcome, at: u64) -> Receipt {
    Receipt {
        version: Version,
        event: event.id(),
        device: event.device,
        generation: event.generation,
        sequence: event.sequence,
        outcome,
        at,
        origin: ORIGIN.to_owned(),
    }
}

/// What HQ knows of these phones before they did anything.
pub fn evidence(phones: &[&Phone]) -> Evidence {
    let hq = hq();
    Evidence {
        credentials: phones.iter().map(|p| (p.device(), hq.sign(p.credential()))).collect(),
        ticks: (1..=60).map(|number| (number, hq.sign(tick(number)))).collect(),
        lists: lists(),
        ..Evidence::default()
    }
}
