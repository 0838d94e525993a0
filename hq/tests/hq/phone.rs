//! The other end: an HQ in a temporary directory, and phones that talk to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::envelope::{Envelope, Epoch, SealingKey};
use crewseal_custody::job::JobPack;
use crewseal_custody::log::SignedCheckpoint;
use crewseal_custody::logged::ProvenEvent;
use crewseal_custody::personal::Personal;
use crewseal_custody::roll::Roll;
use crewseal_custody::signed::{Digest, PublicKey, Signed, SignedError};
use crewseal_custody::wire::{
    Answered, Batch, BatchAnswer, CBOR, Challenge, ChallengeRequest, CredentialRequest, EnrolClaim,
    EnrolRequest, Invitation, News, Sent, Session, SessionRequest,
};
use crewseal_custody::{
    Act, Anchor, BootId, BoxList, CarrierId, Credential, DeviceId, Event, EventId, EventKind, HqId,
    HqKeys, JobId, Link, Lists, Moment, NewKeys, Outcome, Protection, RecoveryCode, Refusal, Role,
    Salt, Since, Tick, Voucher,
};
use crewseal_hq::clock::Clock;
use crewseal_hq::{Hq, JobPlan, Listen, Running, serve};
use crewseal_label::Token;
use fixtures::random::generator;
use reqwest::StatusCode;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

/// The system's time, moved as a test needs it.
#[derive(Default)]
pub struct TestClock {
    seconds: AtomicU64,
    /// By how much somebody set it, which no time passed for.
    set: AtomicI64,
}

impl TestClock {
    pub fn advance(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Sets it ahead, or back.
    pub fn set_by(&self, seconds: i64) {
        self.set.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> u64 {
        self.uptime().as_secs().saturating_add_signed(self.set.load(Ordering::SeqCst))
    }

    fn uptime(&self) -> Duration {
        let real = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        Duration::from_secs(real + self.seconds.load(Ordering::SeqCst))
    }
}

/// A server that runs its upkeep only when a test asks it to: the clients here
/// judge that by the time of this machine, which no test can set.
pub fn listening() -> Listen {
    Listen { upkeep_every: Duration::from_secs(24 * 60 * 60), ..Listen::default() }
}

/// An HQ that serves, with one roll and one job of three labelled boxes.
pub struct Site {
    pub dir: tempfile::TempDir,
    pub clock: Arc<TestClock>,
    pub hq: Hq,
    pub running: Running,
    pub roll: Roll,
    pub job: JobId,
}

impl Site {
    pub fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::<TestClock>::default();
        let hq = Hq::create(&dir.path().join("data"), "hq.test", clock.clone()).unwrap();
        let roll = hq.mint_roll(40).unwrap();
        let running = serve(hq.clone(), listening()).unwrap();
        let mut site = Self { dir, clock, hq, running, roll, job: JobId([0; 16]) };
        site.job = site.open_job(0..3);
        site
    }

    /// A job whose labelled boxes are at these places of the roll.
    pub fn open_job(&self, places: std::ops::Range<usize>) -> JobId {
        let labelled: Vec<Token> = places.map(|place| self.label(place)).collect();
        let plan = JobPlan {
            title: Personal::new("Flat on the third floor"),
            customer: Personal::new("Customer 1"),
            origin: Personal::new("5 Example Street"),
            destination: Personal::new("12 Sample Road"),
            boxes: 10,
            sensitive: labelled.first().copied().into_iter().collect(),
            labelled,
            classes: BTreeMap::new(),
            opens_at: self.clock.now() - 10,
            closes_at: self.clock.now() + 1_000_000,
        };
        self.hq.open_job(&plan).unwrap()
    }

    pub fn label(&self, place: usize) -> Token {
        self.roll.get(place).unwrap()
    }

    pub fn invite(&self, jobs: &[JobId]) -> Invitation {
        self.hq.invite(Role::Mover, "Mover 17", jobs, self.running.url()).unwrap()
    }

    /// A phone that is enrolled for the job and has a session.
    pub async fn phone(&self) -> Phone {
        let mut phone = Phone::new(self.invite(&[self.job]), self.hq.keys());
        phone.enrol().await.unwrap();
        phone.sign_in().await.unwrap();
        phone
    }
}

/// A key pair as a phone's vault holds it.
pub struct Key(EcdsaKeyPair);

impl Key {
    pub fn new() -> Self {
        let rng = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &rng).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &rng).unwrap())
    }

    pub fn of_pkcs8(pkcs8: &[u8]) -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        Self(EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &SystemRandom::new()).unwrap())
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().try_into().unwrap())
    }

    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(&SystemRandom::new(), bytes).unwrap().as_ref().try_into().unwrap()
    }

    pub fn signed<T: crewseal_custody::signed::Message>(&self, message: T) -> Signed<T> {
        Signed::sign(message, &self.public(), |bytes| Ok::<_, SignedError>(self.sign(bytes)))
            .unwrap()
    }
}

/// A phone, as far as HQ sees one.
pub struct Phone {
    pub invitation: Invitation,
    pub keys: Arc<HqKeys>,
    pub http: reqwest::Client,
    pub act: Key,
    pub handoff: Key,
    pub recovery: RecoveryCode,
    pub voucher: Option<Voucher>,
    pub token: String,
    pub epoch: Epoch,
    pub anchor: Anchor,
    pub generation: u32,
    pub sequence: u64,
    pub previous: Option<EventId>,
}

fn epoch(keys: &HqKeys) -> Epoch {
    let sealing = SealingKey::from_bytes(keys.sealing_key(0).unwrap()).unwrap();
    Epoch::begin(&sealing, &mut generator()).unwrap()
}

impl Phone {
    pub fn new(invitation: Invitation, keys: Arc<HqKeys>) -> Self {
        let http = client(&invitation.authority);
        let epoch = epoch(&keys);
        Self {
            http,
            act: Key::new(),
            handoff: Key::new(),
            recovery: RecoveryCode::from_bytes(
                ring::rand::generate(&SystemRandom::new()).unwrap().expose(),
            ),
            voucher: None,
            token: String::new(),
            epoch,
            anchor: Anchor { number: 0, nonce: Salt([0; 16]) },
            generation: 1,
            sequence: 0,
            previous: None,
            invitation,
            keys,
        }
    }

    pub fn device(&self) -> DeviceId {
        DeviceId::of(&self.act.public(), &self.handoff.public())
    }

    pub async fn post(&self, place: &str, body: Vec<u8>) -> reqwest::Response {
        self.http
            .post(format!("{}{place}", self.invitation.url))
            .header("content-type", CBOR)
            .bearer_auth(&self.token)
            .body(body)
            .send()
            .await
            .unwrap()
    }

    pub async fn get(&self, place: &str) -> reqwest::Response {
        let url = format!("{}{place}", self.invitation.url);
        self.http.get(url).bearer_auth(&self.token).send().await.unwrap()
    }

    pub fn claim(&self) -> EnrolClaim {
        EnrolClaim {
            version: Version,
            code: self.invitation.code.clone(),
            act_key: self.act.public(),
            handoff_key: self.handoff.public(),
            hq: self.invitation.hq,
            origin: self.invitation.origin.clone(),
            recovery_key: self.invitation.carrier.is_none().then(|| self.recovery.key()),
            voucher: self.voucher,
        }
    }

    /// Whoever carries it, if it is his first.
    pub fn carrier(&self) -> CarrierId {
        self.recovery.key().carrier(&self.device())
    }

    /// Its keys, as those of a further device of this carrier.
    pub fn new_keys(&self, carrier: CarrierId) -> NewKeys {
        NewKeys {
            version: Version,
            hq: self.invitation.hq,
            carrier,
            act_key: self.act.public(),
            handoff_key: self.handoff.public(),
        }
    }

    /// HQ's newest word about a device.
    pub async fn renew(&self, device: DeviceId) -> Result<Signed<Credential>, StatusCode> {
        let request = CredentialRequest { version: Version, device };
        let bytes = success(self.post("/v1/credential", cbor::to_vec(&request)).await).await?;
        Ok(self.keys.open(&bytes).unwrap())
    }

    pub async fn enrol(&self) -> Result<Signed<Credential>, StatusCode> {
        let act = self.act.signed(self.claim());
        let handoff = self.handoff.signed(self.claim());
        self.enrol_with(act.as_bytes(), handoff.as_bytes()).await
    }

    pub async fn enrol_with(
        &self,
        act: &[u8],
        handoff: &[u8],
    ) -> Result<Signed<Credential>, StatusCode> {
        let request = EnrolRequest {
            version: Version,
            act_proof: act.to_vec().into(),
            handoff_proof: handoff.to_vec().into(),
        };
        let answer = self.post("/v1/enrol", cbor::to_vec(&request)).await;
        let bytes = success(answer).await?;
        Ok(self.keys.open(&bytes).unwrap())
    }

    pub async fn challenge(&self) -> [u8; 32] {
        let request = ChallengeRequest { version: Version, device: self.device() };
        let answer = self.post("/v1/challenge", cbor::to_vec(&request)).await;
        let bytes = success(answer).await.unwrap();
        cbor::from_slice::<Challenge>(&bytes).unwrap().challenge
    }

    pub async fn answer(&self, challenge: [u8; 32], key: &Key) -> Result<Session, StatusCode> {
        let (hq, origin) = (self.invitation.hq, self.invitation.origin.clone());
        self.answer_for(challenge, key, hq, origin).await
    }

    /// The answer to a challenge for some HQ.
    pub async fn answer_for(
        &self,
        challenge: [u8; 32],
        key: &Key,
        hq: HqId,
        origin: String,
    ) -> Result<Session, StatusCode> {
        let device = self.device();
        let request = SessionRequest { version: Version, device, challenge, hq, origin };
        let answer = self.post("/v1/session", key.signed(request).as_bytes().to_vec()).await;
        Ok(cbor::from_slice(&success(answer).await?).unwrap())
    }

    pub async fn sign_in(&mut self) -> Result<(), StatusCode> {
        let session = self.answer(self.challenge().await, &self.act).await?;
        self.token = session.token.clone();
        let bytes = success(self.get("/v1/tick").await).await?;
        let tick: Signed<Tick> = self.keys.open(&bytes).unwrap();
        self.anchor = Anchor { number: tick.number, nonce: tick.nonce };
        Ok(())
    }

    /// What is new since these cursors.
    pub async fn news(&self, query: &str) -> Result<News, StatusCode> {
        let bytes = success(self.get(&format!("/v1/news{query}")).await).await?;
        Ok(cbor::from_versioned::<_, 1>(&bytes).unwrap())
    }

    /// The packs of the jobs that are new to a phone that knows none.
    pub async fn packs(&self) -> Vec<Signed<JobPack>> {
        let jobs = self.news("").await.unwrap().jobs;
        let hq = &self.keys;
        jobs.iter().flat_map(|jobs| &jobs.packs).map(|bytes| hq.open(bytes).unwrap()).collect()
    }

    /// The next event of this phone's chain.
    pub fn event(&mut self, kind: EventKind, job: JobId, boxes: BoxList) -> Event {
        self.sequence += 1;
        let link = Link {
            device: self.device(),
            generation: self.generation,
            sequence: self.sequence,
            previous: self.previous,
        };
        let moment = Moment {
            claimed_at: std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs(),
            since: Since { boot: BootId([1; 4]), millis: 1_000 },
            anchor: self.anchor,
        };
        let salt = Salt(ring::rand::generate(&SystemRandom::new()).unwrap().expose());
        Event::new(link, moment, salt, Act::new(kind, job, boxes))
    }

    pub fn sign(&mut self, event: Event) -> Signed<Event> {
        let key = match event.protection {
            Protection::Act => &self.act,
            Protection::Handoff => &self.handoff,
        };
        let signed = key.signed(event);
        self.previous = Some(signed.id());
        signed
    }

    /// Begins another epoch of its queue, as one has an end.
    pub fn begin_epoch(&mut self) {
        self.epoch = epoch(&self.keys);
    }

    pub fn seal(&mut self, event: &Signed<Event>) -> Envelope {
        self.seal_as(event, event.id(), event.as_bytes())
    }

    /// Any content under the address of an event.
    pub fn seal_as(&mut self, event: &Event, id: EventId, content: &[u8]) -> Envelope {
        self.epoch.seal(event.device, event.generation, event.sequence, id, content).unwrap()
    }

    /// An act on boxes named one by one, signed and sealed.
    pub fn act(&mut self, kind: EventKind, job: JobId, boxes: &[Token]) -> Envelope {
        let event = self.event(kind, job, singly(boxes));
        let signed = self.sign(event);
        self.seal(&signed)
    }

    /// That it knows some terms of a job, or of what is of none, from here on.
    pub fn says_what_it_knows(&mut self, job: JobId) -> Envelope {
        let event = self.event(EventKind::Informed, job, singly(&[]));
        let signed = self.sign(Event { attachments: vec![Digest([0xc1; 32])], ..event });
        self.seal(&signed)
    }

    pub fn batch(&self, envelopes: &[Envelope]) -> Batch {
        Batch::of(&[self.epoch.header()], envelopes)
    }

    pub async fn deliver(&self, envelopes: &[Envelope]) -> Vec<Told> {
        self.deliver_batch(&self.batch(envelopes)).await.unwrap()
    }

    /// Delivers a batch and checks HQ's answer as every phone does. What it leaves out is asked
    /// again, until everything is answered.
    pub async fn deliver_batch(&self, batch: &Batch) -> Result<Vec<Told>, StatusCode> {
        let envelopes = batch.envelopes().unwrap();
        let headers: Vec<Vec<u8>> = batch.epochs().iter().map(|header| header.to_vec()).collect();
        let mut told = Vec::new();
        while told.len() < envelopes.len() {
            let left = Batch::of(&headers, &envelopes[told.len()..]).asking_for_salts();
            let sent: Vec<Sent> = envelopes[told.len()..]
                .iter()
                .map(|envelope| Sent::of(envelope.address(), None))
                .collect();
            let answer = self.post_batch(&left).await?;
            told.extend(self.told(&answer, &sent));
        }
        Ok(told)
    }

    /// What HQ answers a batch, as it came.
    pub async fn post_batch(&self, batch: &Batch) -> Result<BatchAnswer, StatusCode> {
        let bytes = success(self.post("/v1/outbox", cbor::to_vec(batch)).await).await?;
        Ok(cbor::from_versioned::<_, 2>(&bytes).unwrap())
    }

    /// What an answer says of the first of these, up to the first of which it says nothing.
    pub fn told(&self, answer: &BatchAnswer, sent: &[Sent]) -> Vec<Told> {
        let Answered { placed, rejections } = answer.verify(sent, &self.keys).unwrap();
        let checkpoint = placed.as_ref().map(|(_, proven)| proven.checkpoint.clone());
        let mut placed = placed.into_iter().flat_map(|(_, proven)| proven.events);
        let mut told = Vec::new();
        for entry in sent {
            let refused = rejections.iter().find(|rejection| {
                (rejection.event, rejection.device, rejection.sequence)
                    == (entry.id, entry.device, entry.sequence)
                    && rejection.generation == entry.generation
            });
            let said = match refused {
                Some(rejection) => Err(rejection.refusal),
                None => match placed.next() {
                    Some(event) => Ok(event),
                    None => break,
                },
            };
            told.push(Told { event: entry.id, said, checkpoint: checkpoint.clone() });
        }
        assert!(!told.is_empty(), "the first is always answered");
        told
    }
}

/// What HQ says of one entry, verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The event, as its envelope names it.
    pub event: EventId,
    /// Where it stands, or why HQ did not store it.
    pub said: Result<ProvenEvent, Refusal>,
    /// Under which checkpoint.
    pub checkpoint: Option<SignedCheckpoint>,
}

impl Told {
    /// Where it stands.
    pub fn placed(&self) -> ProvenEvent {
        self.said.unwrap()
    }
}

/// What became of entries.
pub type Said = Result<Outcome, Refusal>;

pub fn outcomes(told: &[Told]) -> Vec<Said> {
    told.iter().map(|told| told.said.map(|event| event.logged.outcome)).collect()
}

/// A box list that needs no other list to be read.
pub fn singly(boxes: &[Token]) -> BoxList {
    Lists::new().name(&boxes.iter().copied().collect::<BTreeSet<_>>()).unwrap()
}

/// The body of a success, or the status of a refusal, which must be a problem
/// document that names the same status.
pub async fn success(answer: reqwest::Response) -> Result<Vec<u8>, StatusCode> {
    let status = answer.status();
    let content_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
    let body = answer.bytes().await.unwrap();
    if status.is_success() {
        assert_eq!(content_type, CBOR);
        return Ok(body.to_vec());
    }
    assert_eq!(content_type, "application/problem+json");
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["status"], status.as_u16());
    assert!(problem["type"].as_str().unwrap().starts_with("urn:crewseal:problem:"));
    Err(status)
}

/// A client that believes this authority and no other.
pub fn client(authority: &[u8]) -> reqwest::Client {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.to_vec().into()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
}
