//! The client: HTTPS to one HQ, trusted by its own authority alone.
//!
//! A session lasts as long as HQ lets it: whatever answers 401 is asked again
//! once, with a new session, so an expired token never wedges the queue.

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crewseal_custody::cbor::{self, CborError, Version};
use crewseal_custody::delivery_grant::{Endpoint, StoredGrant};
use crewseal_custody::signed::{Message as _, Signed};
use crewseal_custody::wire::{
    AttachmentPart, AttachmentState, Batch, BatchAnswer, CBOR, CONNECT_TIME, Challenge,
    ChallengeRequest, CredentialRequest, Cursor, DeliveryGrant, EnrolClaim, EnrolRequest, KeyLists,
    MAX_ANSWER, News, STALL_TIME, Session, SessionRequest, upload_time,
};
use crewseal_custody::{DeviceId, HqId, Protection};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, StatusCode, redirect};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::blocking_pool::{self, PoolError};
use crate::clock::Clock;
use crate::vault::{KeyVault, PATIENCE, VaultError};

/// The most that is read of a refusal.
const MAX_PROBLEM: usize = 1 << 10;
/// The version of a message of which there is only the first.
const FIRST: u8 = 1;

/// The status of an answer about what HQ does not have, or does not grant.
pub(crate) const NOT_FOUND: u16 = 404;

/// Why HQ could not be talked to. Whatever it is, the queue keeps everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SyncError {
    /// No network, or HQ does not answer.
    #[error("HQ cannot be reached; it will be tried again")]
    Offline,
    /// A portal of the network answers in HQ's place.
    #[error("this network wants a login first; open its page in the browser")]
    CaptivePortal,
    /// By the phone's clock, HQ's certificate is not valid now.
    #[error("the phone's clock is wrong; set date and time")]
    WrongClock,
    /// HQ's certificate has ended by HQ's own time. The fault is HQ's: this phone and its
    /// clock are well.
    #[error("HQ's certificate has ended; tell HQ, everything is kept here meanwhile")]
    CertificateEnded,
    /// Somebody else than HQ answers, or HQ's certificate is not the agreed one.
    #[error("the server is not HQ; use another network and tell HQ")]
    WrongCertificate,
    /// HQ asks to wait.
    #[error("HQ is busy; it will be tried again")]
    Busy {
        /// How long it asks to wait, if it said.
        retry_after: Option<Duration>,
    },
    /// HQ does not let this device in, even with a new session.
    #[error("HQ does not let this device in; ask a supervisor")]
    NotAdmitted,
    /// The network is too slow for so much at once, or HQ stopped answering: less is sent
    /// the next time.
    #[error("the network is too slow now, or HQ does not answer; less will be sent at once")]
    TooSlow,
    /// HQ, or something before it, takes less at once.
    #[error("too much at once for HQ; less will be sent")]
    TooLarge,
    /// What HQ put together of a batch is not what was sent.
    #[error("HQ could not read what was sent; it will be sent in smaller parts")]
    Differs,
    /// HQ does not know the cursor that a download was to go on from.
    #[error("HQ knows nothing of what was fetched before; all of it must be fetched again")]
    Cursor,
    /// HQ speaks only newer versions than this app. What is queued is still delivered.
    #[error("this app is too old for HQ; update the app")]
    AppTooOld,
    /// HQ does not know the versions that this app speaks.
    #[error("HQ's program is older than this app; tell HQ")]
    HqTooOld,
    /// HQ says that the request is wrong: a fault in this app or at HQ.
    #[error("HQ refused the request with status {status}; report it")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// The answer was cut off or is none of HQ's.
    #[error("HQ's answer could not be read; it will be tried again")]
    Unreadable,
    /// The address or the authority in the invitation is not one.
    #[error("the invitation is wrong; ask HQ for another")]
    Invitation,
    /// Another call did not get an answer of the key hardware, or of a person, for ten
    /// seconds, and this one cannot go before it.
    #[error("another step still waits for the keys or for a person; finish it, then try again")]
    KeysBusy,
    /// The key hardware.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// Asking the key hardware did not end, or did not begin.
    #[error("{0}")]
    Pool(#[from] PoolError),
}

/// Up to where a phone knows each stream of HQ's news; none where it begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursors {
    /// Of jobs.
    pub jobs: Option<Cursor>,
    /// Of rolls.
    pub rolls: Option<Cursor>,
    /// Of revocations.
    pub revocations: Option<Cursor>,
}

/// The HQ that this phone's claims are for; no other takes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// Its identity.
    pub hq: HqId,
    /// The name of its log.
    pub origin: String,
}

/// Certificates are judged by this phone's clock.
struct ByClock(Arc<dyn Clock>);

impl TimeProvider for ByClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0.now())))
    }
}

impl fmt::Debug for ByClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByClock")
    }
}

/// By what HQ lets a client in.
enum Admission {
    /// By sessions of this phone, which are for this HQ.
    Sessions(Audience),
    /// By a delivery token, in whose place there is no session.
    DeliveryToken,
}

/// A connection to HQ.
pub struct Client {
    http: reqwest::Client,
    url: url::Url,
    token: Mutex<Option<Zeroizing<String>>>,
    /// Whether the call that has the token's lock waits for the vault.
    waits_for_vault: AtomicBool,
    patience: Duration,
    /// How long HQ may take to begin an answer to a body of so many bytes.
    upload_time: fn(usize) -> Duration,
    /// How long the next bytes of an answer may take.
    stall_time: Duration,
    admission: Admission,
    /// The number of HQ's newest key list, as it was told with the session.
    key_list: AtomicU32,
    /// A lower bound of HQ's time, in seconds since 1970-01-01 UTC.
    least_time: AtomicU64,
}

impl Client {
    /// A client for the HQ at this address, whose certificate must come from one of
    /// these authorities (DER) and no other, and which takes claims for `audience`.
    ///
    /// # Errors
    /// [`SyncError::Invitation`].
    pub fn new(
        url: &str,
        authorities: &[ByteVec],
        audience: Audience,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SyncError> {
        Self::connecting(url, authorities, Admission::Sessions(audience), clock)
    }

    fn connecting(
        url: &str,
        authorities: &[ByteVec],
        admission: Admission,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SyncError> {
        let url: url::Url = url.parse().map_err(|_| SyncError::Invitation)?;
        if url.scheme() != "https" || url.cannot_be_a_base() {
            return Err(SyncError::Invitation);
        }
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            let certificate = CertificateDer::from(authority.to_vec());
            roots.add(certificate).map_err(|_| SyncError::Invitation)?;
        }
        // The provider is named here and not installed for the process: that
        // is the app's to decide, not a library's.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_details(provider, Arc::new(ByClock(clock)))
            .with_safe_default_protocol_versions()
            .map_err(|_| SyncError::Invitation)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIME)
            .build()
            .map_err(|_| SyncError::Invitation)?;
        let (token, waits_for_vault) = (Mutex::default(), AtomicBool::new(false));
        Ok(Self {
            http,
            url,
            token,
            waits_for_vault,
            patience: PATIENCE,
            upload_time,
            stall_time: STALL_TIME,
            admission,
            key_list: AtomicU32::new(0),
            least_time: AtomicU64::new(0),
        })
    }

    /// A client that delivers by a grant, and is let do nothing else.
    ///
    /// # Errors
    /// [`SyncError::Invitation`].
    pub fn delivering(grant: &StoredGrant, clock: Arc<dyn Clock>) -> Result<Self, SyncError> {
        let token = Some(Zeroizing::new(grant.token.0.clone())).into();
        let Endpoint { url, authorities, .. } = &grant.endpoint;
        let by_token = Admission::DeliveryToken;
        Ok(Self { token, ..Self::connecting(url, authorities, by_token, clock)? })
    }

    /// The right to deliver without this phone's keys.
    ///
    /// # Errors
    /// [`SyncError`]; [`SyncError::Refused`] with status 404 from an HQ that grants none.
    pub async fn delivery(&self, vault: &Arc<dyn KeyVault>) -> Result<DeliveryGrant, SyncError> {
        read(&self.ask(vault, Method::GET, "v1/delivery", None).await?)
    }

    /// Whether HQ lets this client in by sessions of this phone.
    #[must_use]
    pub const fn is_with_sessions(&self) -> bool {
        matches!(self.admission, Admission::Sessions(_))
    }

    /// Notes a lower bound of HQ's time, in seconds since 1970-01-01 UTC. It tells an expired
    /// certificate of HQ's from a wrong clock of the phone's.
    pub fn note_time(&self, least: u64) {
        self.least_time.fetch_max(least, Ordering::Relaxed);
    }

    /// The number of HQ's newest key list, as it was told with the newest session; 0 before
    /// there was one.
    #[must_use]
    pub fn key_list(&self) -> u32 {
        self.key_list.load(Ordering::Relaxed)
    }

    /// HQ's key lists after the one with this number, unverified. It takes no session: a list
    /// says itself whose it is.
    ///
    /// # Errors
    /// [`SyncError`].
    pub async fn key_lists(&self, after: u32) -> Result<KeyLists, SyncError> {
        read(&self.send(Method::GET, &format!("v1/keys?after={after}"), None, None).await?)
    }

    /// Asks for a credential; the answer is its signed bytes, unverified.
    ///
    /// # Errors
    /// [`SyncError`].
    pub async fn enrol(&self, request: &EnrolRequest) -> Result<Vec<u8>, SyncError> {
        self.send(Method::POST, "v1/enrol", None, Some(cbor::to_vec(request))).await
    }

    /// HQ's newest word about this device, which HQ renews when little of its time is left:
    /// a signed credential, unverified.
    ///
    /// # Errors
    /// [`SyncError`]; [`SyncError::Refused`] with status 404 from an HQ that renews none,
    /// [`SyncError::NotAdmitted`] if it does not renew this one.
    pub async fn credential(
        &self,
        vault: &Arc<dyn KeyVault>,
        device: DeviceId,
    ) -> Result<Vec<u8>, SyncError> {
        let request = CredentialRequest { version: Version, device };
        self.ask(vault, Method::POST, "v1/credential", Some(cbor::to_vec(&request))).await
    }

    /// HQ's clock: a signed tick, unverified.
    ///
    /// # Errors
    /// [`SyncError`].
    pub async fn tick(&self, vault: &Arc<dyn KeyVault>) -> Result<Vec<u8>, SyncError> {
        self.ask(vault, Method::GET, "v1/tick", None).await
    }

    /// What is new since these cursors, unverified.
    ///
    /// # Errors
    /// [`SyncError`]; [`SyncError::Cursor`] if HQ takes one of them for none of its own.
    pub async fn news(
        &self,
        vault: &Arc<dyn KeyVault>,
        known: &Cursors,
    ) -> Result<News, SyncError> {
        let streams =
            [("jobs", &known.jobs), ("rolls", &known.rolls), ("revocations", &known.revocations)];
        let mut path = "v1/news".to_owned();
        for (name, cursor) in streams {
            if let Some(cursor) = cursor {
                path.push(if path.contains('?') { '&' } else { '?' });
                path.push_str(name);
                path.push('=');
                path.push_str(&cursor.to_text());
            }
        }
        read(&self.ask(vault, Method::GET, &path, None).await?)
    }

    /// Delivers a batch.
    ///
    /// # Errors
    /// [`SyncError`]. Whether HQ has the batch is then unknown; sending it
    /// again does no harm.
    pub async fn deliver(
        &self,
        vault: &Arc<dyn KeyVault>,
        batch: &Batch,
    ) -> Result<BatchAnswer, SyncError> {
        read_version::<_, 2>(
            &self.ask(vault, Method::POST, "v1/outbox", Some(cbor::to_vec(batch))).await?,
        )
    }

    /// Delivers a part of an attachment.
    ///
    /// # Errors
    /// [`SyncError`]; [`SyncError::Refused`] with status 404 if HQ does not have the
    /// event that names it. Whether HQ has the part is then unknown; sending it again
    /// does no harm.
    pub async fn attach(
        &self,
        vault: &Arc<dyn KeyVault>,
        part: &AttachmentPart,
    ) -> Result<AttachmentState, SyncError> {
        read(&self.ask(vault, Method::POST, "v1/attachments", Some(cbor::to_vec(part))).await?)
    }

    /// One request in a session, with a new session if HQ asks for one.
    async fn ask(
        &self,
        vault: &Arc<dyn KeyVault>,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, SyncError> {
        let mut token = self.token().await?;
        if let Some(known) = token.as_ref() {
            match self.send(method.clone(), path, Some(known), body.clone()).await {
                Err(SyncError::NotAdmitted) => {}
                answer => return answer,
            }
        }
        let Admission::Sessions(audience) = &self.admission else {
            return Err(SyncError::NotAdmitted);
        };
        let fresh = token.insert(self.begin_session(vault, audience.clone()).await?);
        self.send(method, path, Some(fresh), body).await
    }

    /// Waits for the calls before this one. HQ answers them within a time, or not at all; a
    /// vault may never do.
    async fn token(&self) -> Result<MutexGuard<'_, Option<Zeroizing<String>>>, SyncError> {
        loop {
            match timeout(self.patience, self.token.lock()).await {
                Ok(token) => return Ok(token),
                Err(_) if self.waits_for_vault.load(Ordering::SeqCst) => {
                    return Err(SyncError::KeysBusy);
                }
                Err(_) => {}
            }
        }
    }

    /// Asks the vault where waiting does no harm, while this call has the token's lock.
    async fn ask_vault<T: Send + 'static>(
        &self,
        vault: &Arc<dyn KeyVault>,
        ask: impl FnOnce(&dyn KeyVault) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, SyncError> {
        let vault = Arc::clone(vault);
        self.waits_for_vault.store(true, Ordering::SeqCst);
        let _asking = Asking(&self.waits_for_vault);
        blocking_pool::run(move || Ok(ask(vault.as_ref())?)).await
    }

    async fn begin_session(
        &self,
        vault: &Arc<dyn KeyVault>,
        audience: Audience,
    ) -> Result<Zeroizing<String>, SyncError> {
        let keys = self.ask_vault(vault, |vault| vault.public_keys()).await?;
        let device = DeviceId::of(&keys.act, &keys.handoff);
        let request = cbor::to_vec(&ChallengeRequest { version: Version, device });
        let answer = self.send(Method::POST, "v1/challenge", None, Some(request)).await?;
        let Challenge { challenge, .. } = read(&answer)?;
        let signing = self.ask_vault(vault, move |vault| {
            let Audience { hq, origin } = audience;
            let request = SessionRequest { version: Version, device, challenge, hq, origin };
            Signed::sign(request, &keys.act, |bytes| vault.sign(Protection::Act, bytes))
        });
        let signed = signing.await?;
        let body = signed.as_bytes().to_vec();
        let answer = self.send(Method::POST, "v1/session", None, Some(body)).await?;
        let session: Session = read(&answer)?;
        self.key_list.store(session.key_list, Ordering::Relaxed);
        Ok(Zeroizing::new(session.token))
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&Zeroizing<String>>,
        body: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, SyncError> {
        let url = self.url.join(path).map_err(|_| SyncError::Invitation)?;
        let mut request = self.http.request(method, url);
        if let Some(token) = token {
            let bearer = Zeroizing::new(format!("Bearer {}", token.as_str()));
            request = request.header(AUTHORIZATION, bearer.as_str());
        }
        let bytes = body.as_ref().map_or(0, Vec::len);
        let version = sent_version(path, body.as_deref().unwrap_or_default());
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, CBOR).body(body);
        }
        let answer = timeout((self.upload_time)(bytes), request.send()).await;
        let least = self.least_time.load(Ordering::Relaxed);
        let answer = answer.map_err(|_| SyncError::TooSlow)?;
        let mut response = answer.map_err(|error| name(&error, least))?;
        match judge(&response) {
            Ok(()) => self.body(&mut response, MAX_ANSWER).await,
            Err(SyncError::Refused { status: UNSUPPORTED }) => {
                let problem = self.body(&mut response, MAX_PROBLEM).await?;
                Err(judge_versions(version, &problem))
            }
            Err(error) => Err(error),
        }
    }

    /// What follows of an answer, at most so many bytes.
    async fn body(
        &self,
        response: &mut reqwest::Response,
        most: usize,
    ) -> Result<Vec<u8>, SyncError> {
        let mut body = Vec::new();
        loop {
            let next = timeout(self.stall_time, response.chunk()).await;
            let Some(chunk) =
                next.map_err(|_| SyncError::TooSlow)?.map_err(|_| SyncError::Unreadable)?
            else {
                return Ok(body);
            };
            if body.len().saturating_add(chunk.len()) > most {
                return Err(SyncError::Unreadable);
            }
            body.extend_from_slice(&chunk);
        }
    }
}

/// Until the vault has answered, or the call was given up.
struct Asking<'a>(&'a AtomicBool);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

pub(super) fn read<T>(answer: &[u8]) -> Result<T, SyncError>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    read_version::<T, FIRST>(answer)
}

/// Reads an answer of another version than the first.
fn read_version<T, const VERSION: u8>(answer: &[u8]) -> Result<T, SyncError>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    cbor::from_versioned::<T, VERSION>(answer).map_err(|error| match error {
        CborError::Version { .. } => SyncError::AppTooOld,
        _ => SyncError::Unreadable,
    })
}

/// The version of what is sent: the message's, or that of the signed claim in it.
fn sent_version(path: &str, body: &[u8]) -> u64 {
    match path {
        "v1/session" => *SessionRequest::VERSIONS.end(),
        "v1/enrol" => *EnrolClaim::VERSIONS.end(),
        _ => cbor::version_of(body).unwrap_or(FIRST.into()),
    }
}

/// The status of a refusal of a message's format.
const UNSUPPORTED: u16 = 415;

/// Who of the two is too old, by the version of what was sent and the list of those that HQ
/// knows in its problem document: `"versions":[1,2]`.
fn judge_versions(sent: u64, problem: &[u8]) -> SyncError {
    let text = String::from_utf8_lossy(problem);
    let list = text.split_once("\"versions\":[").and_then(|(_, rest)| rest.split_once(']'));
    let known = list.and_then(|(list, _)| {
        list.split(',').map(|number| number.trim().parse::<u64>().ok()).max().flatten()
    });
    match known {
        None => SyncError::Refused { status: UNSUPPORTED },
        Some(newest) if newest > sent => SyncError::AppTooOld,
        Some(_) => SyncError::HqTooOld,
    }
}

/// What a status and a content type say.
fn judge(response: &reqwest::Response) -> Result<(), SyncError> {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    match response.status() {
        StatusCode::OK if header(CONTENT_TYPE) == Some(CBOR) => Ok(()),
        StatusCode::OK => Err(SyncError::CaptivePortal),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(SyncError::NotAdmitted),
        StatusCode::NETWORK_AUTHENTICATION_REQUIRED => Err(SyncError::CaptivePortal),
        status if status.is_redirection() => Err(SyncError::CaptivePortal),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let seconds = header(RETRY_AFTER).and_then(|value| value.trim().parse().ok());
            Err(SyncError::Busy { retry_after: seconds.map(Duration::from_secs) })
        }
        StatusCode::GONE => Err(SyncError::Cursor),
        StatusCode::PAYLOAD_TOO_LARGE => Err(SyncError::TooLarge),
        StatusCode::UNPROCESSABLE_ENTITY => Err(SyncError::Differs),
        StatusCode::REQUEST_TIMEOUT => Err(SyncError::TooSlow),
        status if status.is_server_error() => Err(SyncError::Busy { retry_after: None }),
        status => Err(SyncError::Refused { status: status.as_u16() }),
    }
}

/// What a failed request died of, by the TLS error at the bottom of it. HQ's time is `least`
/// at least, in seconds since 1970-01-01 UTC.
fn name(error: &reqwest::Error, least: u64) -> SyncError {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidCertificate(certificate)) = error.downcast_ref() {
            return match certificate {
                CertificateError::ExpiredContext { not_after, .. }
                    if not_after.as_secs() < least =>
                {
                    SyncError::CertificateEnded
                }
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => SyncError::WrongClock,
                _ => SyncError::WrongCertificate,
            };
        }
        // An I/O error's source is its content's source; the content itself,
        // here another I/O error around the TLS error, has to be asked for.
        let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = match inside {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    SyncError::Offline
}

#[cfg(test)]
mod tests;
