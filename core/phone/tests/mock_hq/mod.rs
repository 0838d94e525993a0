//! An HQ that stands in for the real one, over real HTTPS on this machine: it
//! opens, checks and answers as HQ does, and misbehaves when it is told to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum_server::tls_rustls::RustlsConfig;
use crewseal_custody::cbor::{self, Version};
use crewseal_custody::envelope::{
    AttachmentKey, Entry, Envelope, EpochHeader, OpenedEpoch, OpeningKey,
};
use crewseal_custody::job::JobPack;
use crewseal_custody::personal::Personal;
use crewseal_custody::signed::{Message, Signed, Unverified};
use crewseal_custody::wire::{
    AttachmentPart, AttachmentState, Batch, CBOR, Challenge, ChallengeRequest, Endpoint,
    EnrolClaim, EnrolRequest, EnrolmentCode, Invitation, Jobs, Receipts, Rolls, Session,
    SessionRequest,
};
use crewseal_custody::{
    BoxList, Credential, DeviceId, Event, EventId, Manifest, Outcome, Receipt, Refusal, Role, admit,
};
use minicbor::bytes::ByteVec;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::crew_on_paper as paper;

/// What happens to the next batch.
#[derive(Debug, Clone)]
enum Mood {
    /// Not even read: a status, with a header of its own.
    Status(u16, Option<u64>),
    /// Not even read: a page of the network's login.
    Html,
    /// Not even read: sent on to the network's login.
    Redirect,
    /// Stored, and half of the answer is sent.
    Truncated,
    /// Stored, and the connection breaks before the answer's first byte.
    Dropped,
    /// Stored, and signed by another HQ.
    SignedByAnother,
    /// Stored, and the receipts name another device.
    ForAnotherDevice,
    /// Stored, and every second receipt is left out.
    Halved,
    /// The entries at these places are refused.
    Refusing(BTreeSet<usize>),
}

/// How the server's certificate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Papers {
    /// From the authority that the invitation names.
    Good,
    /// From it, and ended years ago.
    Expired,
    /// From another authority.
    OfAnother,
}

/// What HQ knows, and what it was told to do.
#[derive(Default)]
struct Desk {
    moods: VecDeque<Mood>,
    requests: Vec<String>,
    credentials: BTreeMap<DeviceId, Signed<Credential>>,
    session: u32,
    nobody: bool,
    roles: VecDeque<(Role, &'static str)>,
    manifests: Option<Vec<Signed<Manifest>>>,
    events: Vec<Signed<Event>>,
    outcomes: BTreeMap<EventId, Outcome>,
    before_answer: Option<Box<dyn FnOnce() + Send>>,
    keys: Vec<AttachmentKey>,
    states: VecDeque<AttachmentState>,
    parts: Vec<AttachmentPart>,
}

/// The stand-in.
pub struct MockHq {
    desk: Arc<Mutex<Desk>>,
    url: String,
    authority: Vec<u8>,
    handle: axum_server::Handle<std::net::SocketAddr>,
}

fn opening_key() -> OpeningKey {
    OpeningKey::from_bytes(&[0x4b; 32]).unwrap()
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

impl MockHq {
    /// An HQ as it should be.
    pub async fn start() -> Self {
        Self::start_with(Papers::Good).await
    }

    /// An HQ with such a certificate.
    pub async fn start_with(papers: Papers) -> Self {
        let (own, other) = (authority(), authority());
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        if papers == Papers::Expired {
            params.not_before = rcgen::date_time_ymd(2001, 1, 1);
            params.not_after = rcgen::date_time_ymd(2002, 1, 1);
        }
        let issuer = if papers == Papers::OfAnother { &other } else { &own };
        let certificate = params.signed_by(&key, issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .unwrap();

        let desk = Arc::new(Mutex::new(Desk::default()));
        let routes = Router::new()
            .route("/v1/enrol", post(enrol))
            .route("/v1/challenge", post(challenge))
            .route("/v1/session", post(session))
            .route("/v1/tick", get(tick))
            .route("/v1/jobs", get(jobs))
            .route("/v1/rolls", get(rolls))
            .route("/v1/outbox", post(outbox))
            .route("/v1/attachments", post(attachments))
            .with_state(Arc::clone(&desk));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let handle = axum_server::Handle::new();
        let config = RustlsConfig::from_config(Arc::new(tls));
        let server = axum_server::from_tcp_rustls(listener, config).unwrap();
        tokio::spawn(server.handle(handle.clone()).serve(routes.into_make_service()));
        handle.listening().await.unwrap();
        let url = format!("https://localhost:{port}");
        Self { desk, url, authority: own.der().to_vec(), handle }
    }

    /// What a new phone is shown.
    pub fn invitation(&self) -> Vec<u8> {
        cbor::to_vec(&Invitation {
            version: Version,
            endpoint: Endpoint {
                url: self.url.clone(),
                authority: self.authority.clone().into(),
                hq: paper::hq().public,
            },
            sealing_key: opening_key().public().to_bytes().into(),
            code: EnrolmentCode([0xc0; 16]),
        })
    }

    /// Answers the next batch with 503 and how long to wait.
    pub fn answer_503(&self, retry_after: Option<u64>) {
        self.desk().moods.push_back(Mood::Status(503, retry_after));
    }

    /// Answers the next batch with 429 and how long to wait.
    pub fn answer_429(&self, retry_after: Option<u64>) {
        self.desk().moods.push_back(Mood::Status(429, retry_after));
    }

    /// Answers the next batch with a status that no phone expects.
    pub fn answer_status(&self, status: u16) {
        self.desk().moods.push_back(Mood::Status(status, None));
    }

    /// Answers the next batch as a network's login page does.
    pub fn answer_html(&self) {
        self.desk().moods.push_back(Mood::Html);
    }

    /// Sends the next batch on to a network's login page.
    pub fn redirect(&self) {
        self.desk().moods.push_back(Mood::Redirect);
    }

    /// Stores the next batch and sends half of the answer.
    pub fn truncate_answer(&self) {
        self.desk().moods.push_back(Mood::Truncated);
    }

    /// Stores the next batch and breaks the connection.
    pub fn drop_answer(&self) {
        self.desk().moods.push_back(Mood::Dropped);
    }

    /// Stores the next batch and signs its receipts with another key.
    pub fn sign_with_another_key(&self) {
        self.desk().moods.push_back(Mood::SignedByAnother);
    }

    /// Stores the next batch and answers to another device.
    pub fn answer_for_another_device(&self) {
        self.desk().moods.push_back(Mood::ForAnotherDevice);
    }

    /// Stores the next batch and leaves out every second receipt.
    pub fn answer_half(&self) {
        self.desk().moods.push_back(Mood::Halved);
    }

    /// Refuses the entries at these places of the next batch.
    pub fn refuse(&self, places: impl IntoIterator<Item = usize>) {
        self.desk().moods.push_back(Mood::Refusing(places.into_iter().collect()));
    }

    /// Ends all sessions; a new one can be had.
    pub fn expire_sessions(&self) {
        self.desk().session += 1;
    }

    /// From now on no session is worth anything.
    pub fn admit_nobody(&self) {
        self.desk().nobody = true;
    }

    /// The next device to enrol is carried by such a one. Without it, by Mover 17.
    pub fn enrol_as(&self, role: Role, pseudonym: &'static str) {
        self.desk().roles.push_back((role, pseudonym));
    }

    /// From now on the first job's pack has these versions of its manifest.
    pub fn issue(&self, manifests: Vec<Signed<Manifest>>) {
        self.desk().manifests = Some(manifests);
    }

    /// Does something when the next batch is stored and not answered yet.
    pub fn before_the_next_answer(&self, act: impl FnOnce() + Send + 'static) {
        self.desk().before_answer = Some(Box::new(act));
    }

    /// The credentials of the devices that it enrolled.
    pub fn credentials(&self) -> BTreeMap<DeviceId, Signed<Credential>> {
        self.desk().credentials.clone()
    }

    /// Goes off the network.
    pub fn stop(&self) {
        self.handle.shutdown();
    }

    /// How many requests of this path came.
    pub fn requests(&self, path: &str) -> usize {
        self.desk().requests.iter().filter(|request| *request == path).count()
    }

    /// The events that it stored, each once, as they came.
    pub fn events(&self) -> Vec<Signed<Event>> {
        self.desk().events.clone()
    }

    /// The keys of attachments that came with events, each time they came.
    pub fn attachment_keys(&self) -> Vec<AttachmentKey> {
        self.desk().keys.clone()
    }

    /// How the next part of an attachment is answered. Without it, as one that nobody
    /// names.
    pub fn answer_part(&self, state: AttachmentState) {
        self.desk().states.push_back(state);
    }

    /// The parts of attachments that came.
    pub fn parts(&self) -> Vec<AttachmentPart> {
        self.desk().parts.clone()
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap()
    }
}

type Hq = State<Arc<Mutex<Desk>>>;

fn answer(body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, CBOR)], body).into_response()
}

fn open_desk<'d>(desk: &'d Hq, path: &str) -> MutexGuard<'d, Desk> {
    let mut desk = desk.0.lock().unwrap();
    desk.requests.push(path.to_owned());
    desk
}

fn is_admitted(desk: &Desk, headers: &HeaderMap) -> bool {
    let token = format!("Bearer session-{}", desk.session);
    !desk.nobody && headers.get(AUTHORIZATION).is_some_and(|header| *header == *token)
}

async fn enrol(desk: Hq, body: Bytes) -> Response {
    let mut desk = open_desk(&desk, "enrol");
    let request: EnrolRequest = cbor::from_versioned::<_, 1>(&body).unwrap();
    let claim = Unverified::<EnrolClaim>::parse(&request.act_proof).unwrap();
    let key = claim.claims().act_key;
    let claim = claim.verify(&key).unwrap();
    let again = Signed::<EnrolClaim>::open(&request.handoff_proof, &claim.handoff_key).unwrap();
    assert_eq!(*again, *claim, "both keys say the same");
    let (role, pseudonym) = desk.roles.pop_front().unwrap_or((Role::Mover, "Mover 17"));
    let credential = paper::hq().sign(Credential {
        version: Version,
        act_key: claim.act_key,
        handoff_key: claim.handoff_key,
        pseudonym: pseudonym.to_owned(),
        role,
        valid_from: 0,
        valid_to: u64::MAX,
        qualifications: None,
    });
    let bytes = credential.as_bytes().to_vec();
    desk.credentials.insert(credential.device(), credential);
    answer(bytes)
}

async fn challenge(desk: Hq, body: Bytes) -> Response {
    drop(open_desk(&desk, "challenge"));
    let _: ChallengeRequest = cbor::from_versioned::<_, 1>(&body).unwrap();
    answer(cbor::to_vec(&Challenge { version: Version, challenge: [0xcc; 32] }))
}

async fn session(desk: Hq, body: Bytes) -> Response {
    let desk = open_desk(&desk, "session");
    let request = Unverified::<SessionRequest>::parse(&body).unwrap();
    let Some(credential) = desk.credentials.get(&request.claims().device) else {
        return StatusCode::FORBIDDEN.into_response();
    };
    request.verify(&credential.act_key).unwrap();
    let token = format!("session-{}", desk.session);
    answer(cbor::to_vec(&Session { version: Version, token, expires_in: 3_600 }))
}

async fn tick(desk: Hq, headers: HeaderMap) -> Response {
    if !is_admitted(&open_desk(&desk, "tick"), &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    answer(paper::hq().sign(paper::tick(1)).as_bytes().to_vec())
}

async fn jobs(desk: Hq, headers: HeaderMap) -> Response {
    let desk = open_desk(&desk, "jobs");
    if !is_admitted(&desk, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let supervisor = paper::hq().sign(paper::supervisor().credential());
    let roster: Vec<ByteVec> = desk
        .credentials
        .values()
        .chain([&supervisor])
        .map(|c| c.as_bytes().to_vec().into())
        .collect();
    let only = |job, boxes| {
        let manifest = paper::manifest(1, None, &paper::tokens(boxes));
        vec![paper::hq().sign(Manifest { job, ..manifest })]
    };
    let pack = |job, title: &str, manifests: Vec<Signed<Manifest>>| {
        let pack = paper::hq().sign(JobPack {
            version: Version,
            job,
            title: Personal::new(title),
            customer: Personal::new("Customer 1"),
            origin: Personal::new("5 Example Street"),
            destination: Personal::new("12 Sample Road"),
            opens_at: paper::MORNING,
            closes_at: paper::MORNING + 86_400,
            boxes: 12,
            manifests: manifests.iter().map(|m| m.as_bytes().to_vec().into()).collect(),
            sensitive: BoxList::default(),
            roster: roster.clone(),
            release_keys: Vec::new(),
            classes: BTreeMap::new(),
        });
        pack.as_bytes().to_vec().into()
    };
    let packs = vec![
        pack(
            paper::JOB,
            "Household move 1",
            desk.manifests.clone().unwrap_or_else(|| only(paper::JOB, 0..10)),
        ),
        pack(paper::OTHER_JOB, "Household move 2", only(paper::OTHER_JOB, 50..52)),
    ];
    answer(cbor::to_vec(&Jobs { version: Version, packs }))
}

async fn rolls(desk: Hq, headers: HeaderMap) -> Response {
    if !is_admitted(&open_desk(&desk, "rolls"), &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let rolls = vec![paper::roll(&paper::tokens(100..120)).to_wire()];
    answer(cbor::to_vec(&Rolls { version: Version, rolls }))
}

async fn outbox(desk: Hq, headers: HeaderMap, body: Bytes) -> Response {
    let mut desk = open_desk(&desk, "outbox");
    if !is_admitted(&desk, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mood = desk.moods.pop_front();
    match mood {
        Some(Mood::Status(status, retry_after)) => {
            let mut response = StatusCode::from_u16(status).unwrap().into_response();
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
            }
            return response;
        }
        Some(Mood::Html) => return axum::response::Html("<h1>Free Wi-Fi</h1>").into_response(),
        Some(Mood::Redirect) => {
            return (StatusCode::FOUND, [(LOCATION, "https://login.example")]).into_response();
        }
        _ => {}
    }
    let receipts = desk.settle(&body, mood.as_ref());
    if let Some(act) = desk.before_answer.take() {
        act();
    }
    let bytes = cbor::to_vec(&Receipts { version: Version, receipts });
    match mood {
        Some(Mood::Truncated) => broken(&bytes, bytes.len() / 2),
        Some(Mood::Dropped) => broken(&bytes, 0),
        _ => answer(bytes),
    }
}

async fn attachments(desk: Hq, headers: HeaderMap, body: Bytes) -> Response {
    let mut desk = open_desk(&desk, "attachments");
    if !is_admitted(&desk, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    desk.parts.push(cbor::from_versioned::<_, 1>(&body).unwrap());
    match desk.states.pop_front() {
        Some(state) => answer(cbor::to_vec(&state)),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Desk {
    fn settle(&mut self, body: &[u8], mood: Option<&Mood>) -> Vec<ByteVec> {
        let batch: Batch = cbor::from_versioned::<_, 1>(body).unwrap();
        let key = opening_key();
        let headers = batch.epochs.iter().map(|header| {
            let header: EpochHeader = cbor::from_versioned::<_, 1>(header).unwrap();
            (header.epoch(), key.epoch(&header).unwrap())
        });
        let epochs: BTreeMap<_, OpenedEpoch> = headers.collect();
        let mut receipts = Vec::new();
        for (place, envelope) in batch.envelopes.iter().enumerate() {
            let envelope = Envelope::parse(envelope).unwrap();
            let address = *envelope.address();
            let content = epochs[&address.epoch].open(&envelope).unwrap();
            let entry = Entry::read(&content).unwrap();
            let event = Unverified::<Event>::parse(&entry.event).unwrap();
            self.keys.extend(entry.keys);
            let event = admit(event, |device| self.credentials.get(device).map(|c| &**c)).unwrap();
            assert_eq!(event.id(), address.event);
            let refused = matches!(mood, Some(Mood::Refusing(places)) if places.contains(&place));
            let outcome =
                if refused { Outcome::Refused(Refusal::Signature) } else { Outcome::Stored };
            if !refused && self.outcomes.insert(event.id(), outcome).is_none() {
                self.events.push(event.clone());
            }
            let mut receipt: Receipt = paper::receipt(&event, outcome, paper::MORNING + 5_000);
            if matches!(mood, Some(Mood::ForAnotherDevice)) {
                receipt.device = DeviceId([0xdd; 16]);
            }
            if matches!(mood, Some(Mood::Halved)) && place % 2 == 1 {
                continue;
            }
            let signer = match mood {
                Some(Mood::SignedByAnother) => paper::other_hq(),
                _ => paper::hq(),
            };
            receipts.push(signed(&signer, receipt));
        }
        receipts
    }
}

fn signed<T: Message>(key: &paper::Key, message: T) -> ByteVec {
    key.sign(message).as_bytes().to_vec().into()
}

/// An answer that promises more than is sent before the connection breaks.
fn broken(bytes: &[u8], sent: usize) -> Response {
    let first = Bytes::copy_from_slice(&bytes[..sent]);
    let body = if sent == 0 { Broken::Now } else { Broken::After(first) };
    let mut response = answer(Vec::new());
    response.headers_mut().insert(CONTENT_LENGTH, bytes.len().into());
    *response.body_mut() = Body::new(body);
    response
}

/// A body whose end never comes.
enum Broken {
    After(Bytes),
    /// One turn of patience, so that what was given is sent.
    Soon,
    Now,
}

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        match std::mem::replace(&mut *self, Self::Now) {
            Self::After(bytes) => {
                *self = Self::Soon;
                Poll::Ready(Some(Ok(http_body::Frame::data(bytes))))
            }
            Self::Soon => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::Now => Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into()))),
        }
    }
}
