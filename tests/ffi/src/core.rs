//! An act by the core's own functions, on the thread that calls: what remains of it
//! without the API.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crewseal::clock::Clock;
use crewseal::vault::{KeyVault, Mark, PublicKeys, SoftwareVault, VaultError};
use crewseal::{ActRequest, Crew};
use crewseal_custody::{BootId, EventKind, JobId, Protection};
use crewseal_label::Token;
use crewseal_scan::Session;
use zeroize::Zeroizing;

use crate::trouble::Trouble;

/// A phone without the API.
pub struct Core {
    crew: Crew,
    vault: Arc<TimedVault>,
    job: JobId,
    session: Session,
}

impl Core {
    pub async fn open(directory: &Path, invitation: &Path) -> Result<Self, Trouble> {
        let keys = SoftwareVault::open(&directory.join("keys"), "the core", 1)?;
        let vault = Arc::new(TimedVault { keys, nanos: AtomicU64::new(0) });
        let crew =
            Crew::open(&directory.join("phone"), Arc::clone(&vault) as _, Arc::new(SystemClock))?;
        crew.enrol(&std::fs::read(invitation)?).await?;
        crew.fetch().await?;
        let job = crew.jobs()?.first().ok_or("HQ sent no job")?.job;
        let tally = crew.tally(job)?;
        let boxes: BTreeSet<Token> = tally.missing().copied().collect();
        let mut session = Session::new(tally);
        for token in &boxes {
            session.typed(&token.to_text());
        }
        let phone = Self { crew, vault, job, session };
        phone.record(EventKind::TakeOver)?;
        Ok(phone)
    }

    /// Records that the boxes that were scanned were counted: all. The time is without
    /// that of the keys.
    pub fn act(&self) -> Result<Duration, Trouble> {
        let (before, start) = (self.vault.spent(), Instant::now());
        self.record(EventKind::Count)?;
        Ok(start.elapsed().saturating_sub(self.vault.spent() - before))
    }

    fn record(&self, kind: EventKind) -> Result<(), Trouble> {
        let boxes: BTreeSet<_> = self.session.tally().seen().copied().collect();
        self.crew.record(self.job, &ActRequest::new(kind, boxes.clone()))?;
        Ok(())
    }
}

/// Keys whose own time can be told from the core's.
struct TimedVault {
    keys: SoftwareVault,
    nanos: AtomicU64,
}

impl TimedVault {
    fn spent(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::SeqCst))
    }

    fn timed<T>(&self, work: impl FnOnce(&SoftwareVault) -> T) -> T {
        let start = Instant::now();
        let done = work(&self.keys);
        let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::SeqCst);
        done
    }
}

impl KeyVault for TimedVault {
    fn public_keys(&self) -> Result<PublicKeys, VaultError> {
        self.timed(SoftwareVault::public_keys)
    }

    fn sign(&self, protection: Protection, message: &[u8]) -> Result<[u8; 64], VaultError> {
        self.timed(|keys| keys.sign(protection, message))
    }

    fn attestation(&self) -> Result<Option<Vec<u8>>, VaultError> {
        self.keys.attestation()
    }

    fn wrap(&self, key: &[u8; 32]) -> Result<Vec<u8>, VaultError> {
        self.timed(|keys| keys.wrap(key))
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        self.timed(|keys| keys.unwrap(wrapped))
    }

    fn begin_rotation(&self) -> Result<(), VaultError> {
        self.keys.begin_rotation()
    }

    fn is_rotating(&self) -> Result<bool, VaultError> {
        self.timed(SoftwareVault::is_rotating)
    }

    fn finish_rotation(&self) -> Result<(), VaultError> {
        self.keys.finish_rotation()
    }

    fn erase(&self) -> Result<(), VaultError> {
        self.keys.erase()
    }

    fn mark(&self) -> Result<Mark, VaultError> {
        self.timed(SoftwareVault::mark)
    }

    fn raise_mark(&self, mark: Mark) -> Result<(), VaultError> {
        self.timed(|keys| keys.raise_mark(mark))
    }
}

/// The computer's clocks.
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
    }

    fn since_boot(&self) -> (BootId, u64) {
        static START: OnceLock<Instant> = OnceLock::new();
        let millis = START.get_or_init(Instant::now).elapsed().as_millis();
        (BootId([1; 4]), u64::try_from(millis).unwrap_or(u64::MAX))
    }
}
