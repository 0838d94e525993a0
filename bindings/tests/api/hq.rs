//! An HQ of one job and one roll, that lets everyone in and stores nothing: as
//! much as an app's side can be shown with.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Router, body};
use axum_server::tls_rustls::RustlsConfig;
use crewseal_custody::cbor::{self, Version};
use crewseal_custody::envelope::{Envelope, OpeningKey};
use crewseal_custody::job::JobPack;
use crewseal_custody::personal::Personal;
use crewseal_custody::roll::{Leaf, Roll, RollHead};
use crewseal_custody::signed::{Message, PublicKey, Signed, SignedError, Unverified};
use crewseal_custody::wire::{
    Batch, CBOR, Challenge, EnrolClaim, EnrolRequest, EnrolmentCode, Invitation, Jobs, Receipts,
    Rolls, Session,
};
use crewseal_custody::{
    Credential, JobId, Kind, Lists, Manifest, Outcome, Receipt, Refusal, ReleaseCode, ReleaseKey,
    Role, Salt, Tick,
};
use crewseal_label::Token;
use minicbor::bytes::ByteVec;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use rustls::pki_types::PrivatePkcs8KeyDer;

/// The job.
pub const JOB: JobId = JobId([9; 16]);
/// The labels of its boxes.
pub const BOXES: [[u8; 16]; 3] = [[1; 16], [2; 16], [3; 16]];
/// The label on the roll.
pub const BLANK: [u8; 16] = [4; 16];

/// What the customer got at booking, for the pickup.
pub fn release_code() -> ReleaseCode {
    ReleaseCode::from_bytes([0x33; 10])
}

/// A running HQ.
pub struct Hq {
    invitation: Invitation,
    refuses: Arc<AtomicBool>,
}

struct Desk {
    signing: EcdsaKeyPair,
    key: PublicKey,
    roster: Mutex<Vec<ByteVec>>,
    refuses: Arc<AtomicBool>,
    answers: AtomicU64,
}

impl Hq {
    /// Begins to listen.
    pub async fn open() -> Self {
        let (authority, tls) = certificates();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());

        let (scheme, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(scheme, &random).unwrap();
        let signing = EcdsaKeyPair::from_pkcs8(scheme, pkcs8.as_ref(), &random).unwrap();
        let key = PublicKey(signing.public_key().as_ref().try_into().unwrap());
        let refuses = Arc::new(AtomicBool::new(false));
        let (told, roster) = (Arc::clone(&refuses), Mutex::default());
        let desk =
            Arc::new(Desk { signing, key, roster, refuses: told, answers: AtomicU64::new(0) });
        let router = Router::new()
            .route("/v1/enrol", post(enrol))
            .route("/v1/challenge", post(challenge))
            .route("/v1/session", post(session))
            .route("/v1/tick", get(tick))
            .route("/v1/jobs", get(jobs))
            .route("/v1/rolls", get(rolls))
            .route("/v1/outbox", post(outbox))
            .with_state(desk);
        let server = axum_server::from_tcp_rustls(listener, tls).unwrap();
        tokio::spawn(server.serve(router.into_make_service()));

        let sealing_key = OpeningKey::from_bytes(&[8; 32]).unwrap().public().to_bytes().into();
        let code = EnrolmentCode([5; 16]);
        let invitation =
            Invitation { version: Version, url, authority, hq: key, sealing_key, code };
        Self { invitation, refuses }
    }

    /// Whether it refuses from now on what is delivered.
    pub fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::SeqCst);
    }

    /// What it hands to a new phone.
    pub fn invitation(&self) -> Vec<u8> {
        cbor::to_vec(&self.invitation)
    }
}

impl Desk {
    fn sign<T: Message>(&self, message: T) -> Signed<T> {
        Signed::sign(message, &self.key, |bytes| {
            let signature = self.signing.sign(&SystemRandom::new(), bytes);
            Ok::<_, SignedError>(signature.unwrap().as_ref().try_into().unwrap())
        })
        .unwrap()
    }
}

/// An authority of its own, and a server that it vouches for.
fn certificates() -> (ByteVec, RustlsConfig) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    (authority.der().to_vec().into(), RustlsConfig::from_config(Arc::new(tls)))
}

fn answer(body: impl Into<body::Body>) -> impl IntoResponse {
    ([(CONTENT_TYPE, CBOR)], body.into())
}

async fn enrol(State(desk): State<Arc<Desk>>, request: Bytes) -> impl IntoResponse {
    let request: EnrolRequest = cbor::from_slice(&request).unwrap();
    let claim = Unverified::<EnrolClaim>::parse(&request.act_proof).unwrap();
    let mut roster = desk.roster.lock().unwrap();
    // The third to come is the supervisor.
    let is_supervisor = roster.len() == 2;
    let credential = desk.sign(Credential {
        version: Version,
        act_key: claim.claims().act_key,
        handoff_key: claim.claims().handoff_key,
        pseudonym: if is_supervisor { "Supervisor 2" } else { "Mover 17" }.to_owned(),
        role: if is_supervisor { Role::Supervisor } else { Role::Mover },
        valid_from: 0,
        valid_to: u64::MAX,
        qualifications: None,
    });
    let credential = credential.as_bytes().to_vec();
    roster.push(credential.clone().into());
    answer(credential)
}

async fn challenge() -> impl IntoResponse {
    answer(cbor::to_vec(&Challenge { version: Version, challenge: [6; 32] }))
}

async fn session() -> impl IntoResponse {
    let token = "open-to-everyone".to_owned();
    answer(cbor::to_vec(&Session { version: Version, token, expires_in: 3_600 }))
}

async fn tick(State(desk): State<Arc<Desk>>) -> impl IntoResponse {
    let tick = Tick {
        version: Version,
        origin: "hq.test".to_owned(),
        number: 1,
        at: 1_800_000_000,
        nonce: Salt([7; 16]),
        root: None,
        epoch: None,
    };
    answer(desk.sign(tick).as_bytes().to_vec())
}

async fn jobs(State(desk): State<Arc<Desk>>) -> impl IntoResponse {
    let manifest = desk.sign(Manifest {
        version: Version,
        job: JOB,
        number: 1,
        previous: None,
        added: BOXES.concat().into(),
    });
    let pack = desk.sign(JobPack {
        version: Version,
        job: JOB,
        title: Personal::new("Third floor, no lift"),
        customer: Personal::new("Customer 1"),
        origin: Personal::new("5 Example Street"),
        destination: Personal::new("12 Sample Road"),
        opens_at: 0,
        closes_at: u64::MAX,
        boxes: 3,
        manifests: vec![manifest.as_bytes().to_vec().into()],
        sensitive: Lists::new().name(&[].into()).unwrap(),
        roster: desk.roster.lock().unwrap().clone(),
        release_keys: vec![ReleaseKey::of(JOB, 1, Kind::TakeOver, &release_code())],
        classes: BTreeMap::new(),
    });
    answer(cbor::to_vec(&Jobs { version: Version, packs: vec![pack.as_bytes().to_vec().into()] }))
}

async fn rolls(State(desk): State<Arc<Desk>>) -> impl IntoResponse {
    let leaves = vec![Leaf::Token(Token::from_bytes(BLANK))];
    let roll = Roll::new(desk.sign(RollHead::over(&leaves).unwrap()), leaves).unwrap();
    answer(cbor::to_vec(&Rolls { version: Version, rolls: vec![roll.to_wire()] }))
}

async fn outbox(State(desk): State<Arc<Desk>>, batch: Bytes) -> impl IntoResponse {
    let batch: Batch = cbor::from_slice(&batch).unwrap();
    let refuses = desk.refuses.load(Ordering::SeqCst);
    let outcome = if refuses { Outcome::Refused(Refusal::UnknownDevice) } else { Outcome::Stored };
    // Each refusal is another one.
    let at = 1_800_000_000 + desk.answers.fetch_add(1, Ordering::SeqCst);
    let receipt = |bytes: &ByteVec| {
        let address = *Envelope::parse(bytes).unwrap().address();
        let receipt = desk.sign(Receipt {
            version: Version,
            event: address.event,
            device: address.device,
            generation: address.generation,
            sequence: address.sequence,
            outcome,
            at,
            origin: "hq.test".to_owned(),
        });
        ByteVec::from(receipt.as_bytes().to_vec())
    };
    let receipts = batch.envelopes.iter().map(receipt).collect();
    answer(cbor::to_vec(&Receipts { version: Version, receipts }))
}
