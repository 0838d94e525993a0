//! The calls that are measured, in Rust: the same functions of the API, and for acts
//! the same wait for a thread of the core's.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crewseal_ffi::{
    Act, Clock, ClockError, Crew, FrameFormat, HighWaterMark, KeyVault, KeyVaultError, Protection,
    PublicKeys, ScanSession, SinceBoot,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

use crate::picture::Picture;
use crate::trouble::Trouble;

/// A phone in Rust.
pub struct InRust {
    crew: Arc<Crew>,
    vault: Arc<TimedVault>,
    session: Arc<ScanSession>,
}

impl InRust {
    pub async fn open(directory: &Path, invitation: &Path) -> Result<Self, Trouble> {
        let vault = Arc::new(TimedVault::new()?);
        let directory = directory.to_str().ok_or("a directory that is no text")?.to_owned();
        let (keys, clock) = (Arc::clone(&vault) as _, Arc::new(SystemClock) as _);
        let crew = Arc::new(Crew::open(directory, keys, clock, None).await?);
        crew.enrol(std::fs::read(invitation)?, None).await?;
        crew.fetch(None).await?;
        let job = crew.jobs().await?.first().ok_or("HQ sent no job")?.id;
        let session = crew.begin_scan(job).await?;
        for label in session.missing() {
            session.typed(&label.text);
        }
        crew.record_scanned(Act::TakeOver, Arc::clone(&session), Vec::new()).await?;
        Ok(Self { crew, vault, session })
    }

    /// Records that the boxes that were scanned were counted: all. The time is without
    /// that of the keys.
    pub async fn act(&self) -> Result<Duration, Trouble> {
        let (before, start) = (self.vault.spent(), Instant::now());
        self.crew.record_scanned(Act::Count, Arc::clone(&self.session), Vec::new()).await?;
        Ok(start.elapsed().saturating_sub(self.vault.spent() - before))
    }

    /// Sights a frame: the time, and how many codes were in view.
    pub fn frame(&self, picture: &Picture) -> Result<(Duration, usize), Trouble> {
        let start = Instant::now();
        let Picture { luma, width, height } = picture;
        let format = FrameFormat::luma(*width, *height, *width, 1, 0);
        let sighted = self.session.sight_frame(luma, &format, u32::MAX)?.len();
        Ok((start.elapsed(), sighted))
    }
}

/// Keys whose own time can be told from the core's. It wraps nothing, as the store goes
/// with it.
struct TimedVault {
    act: EcdsaKeyPair,
    handoff: EcdsaKeyPair,
    mark: Mutex<Option<HighWaterMark>>,
    nanos: AtomicU64,
}

impl TimedVault {
    fn new() -> Result<Self, Trouble> {
        Ok(Self {
            act: key_pair()?,
            handoff: key_pair()?,
            mark: Mutex::default(),
            nanos: AtomicU64::new(0),
        })
    }

    fn spent(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::SeqCst))
    }

    fn timed<T>(&self, work: impl FnOnce(&Self) -> T) -> T {
        let start = Instant::now();
        let done = work(self);
        let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::SeqCst);
        done
    }
}

fn key_pair() -> Result<EcdsaKeyPair, Trouble> {
    let (scheme, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
    let pkcs8 =
        EcdsaKeyPair::generate_pkcs8(scheme, &random).map_err(|_| "no key could be made")?;
    Ok(EcdsaKeyPair::from_pkcs8(scheme, pkcs8.as_ref(), &random)
        .map_err(|_| "no key could be made")?)
}

impl KeyVault for TimedVault {
    fn public_keys(&self) -> Result<PublicKeys, KeyVaultError> {
        let key = |pair: &EcdsaKeyPair| pair.public_key().as_ref().to_vec();
        self.timed(|vault| Ok(PublicKeys { act: key(&vault.act), handoff: key(&vault.handoff) }))
    }

    fn sign(&self, protection: Protection, message: Vec<u8>) -> Result<Vec<u8>, KeyVaultError> {
        self.timed(|vault| {
            let pair = match protection {
                Protection::Act => &vault.act,
                Protection::Handoff => &vault.handoff,
            };
            let der = pair.sign(&SystemRandom::new(), &message);
            der.map(|der| der.as_ref().to_vec()).map_err(|_| KeyVaultError::Hardware)
        })
    }

    fn attestation(&self) -> Result<Option<Vec<u8>>, KeyVaultError> {
        Ok(None)
    }

    fn wrap(&self, key: Vec<u8>) -> Result<Vec<u8>, KeyVaultError> {
        Ok(key)
    }

    fn unwrap(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, KeyVaultError> {
        Ok(wrapped)
    }

    fn begin_rotation(&self) -> Result<(), KeyVaultError> {
        Ok(())
    }

    fn is_rotating(&self) -> Result<bool, KeyVaultError> {
        Ok(false)
    }

    fn finish_rotation(&self) -> Result<(), KeyVaultError> {
        Ok(())
    }

    fn erase(&self) -> Result<(), KeyVaultError> {
        Err(KeyVaultError::Hardware)
    }

    fn mark(&self) -> Result<Option<HighWaterMark>, KeyVaultError> {
        self.timed(|vault| Ok(*vault.mark.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn raise_mark(&self, mark: HighWaterMark) -> Result<(), KeyVaultError> {
        self.timed(|vault| {
            *vault.mark.lock().unwrap_or_else(PoisonError::into_inner) = Some(mark);
            Ok(())
        })
    }
}

/// The computer's clocks.
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Result<u64, ClockError> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map(|since| since.as_secs()).map_err(|_| ClockError::Failed)
    }

    fn since_boot(&self) -> Result<SinceBoot, ClockError> {
        static START: OnceLock<Instant> = OnceLock::new();
        let millis = START.get_or_init(Instant::now).elapsed().as_millis();
        Ok(SinceBoot { boot: 1, millis: u64::try_from(millis).map_err(|_| ClockError::Failed)? })
    }
}
