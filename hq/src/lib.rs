//! HQ's end of Crewseal: what a dispatcher prepares, what phones deliver, and
//! what an auditor gets.
//!
//! An [`Hq`] is a directory with two files: `hq.db`, which may be copied, and
//! `hq.keys`, which may not. Whatever decides whether a signed act is believed
//! is `crewseal_custody`, the same code that runs on the phones.

pub mod clock;
pub mod dispatch;
pub mod evidence;
mod intake;
mod keys;
mod objects;
mod phones;
mod store;

use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::sync::Arc;

use clock::Clock;
use crewseal_custody::roll::RollError;
use crewseal_custody::signed::{Message, PublicKey, Signed, SignedError};
use crewseal_custody::{DeviceId, JobId, ManifestError};
pub use dispatch::desk::JobPlan;
use evidence::verdict;
pub use intake::{Delivered, Stats};
use keys::Keys;
pub use objects::photos::Photo;
pub use phones::door::EnrolError;
pub use phones::serve::{Listen, Running, serve};
use ring::rand::{SecureRandom, SystemRandom};
use store::Store;

/// An open HQ. Clones share one database and may be used from any thread; all
/// methods wait for the disk, so async callers put them on blocking threads.
#[derive(Clone)]
pub struct Hq {
    store: Arc<Store>,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    origin: Arc<str>,
}

/// What HQ cannot do, and what whoever runs it can do about it.
#[derive(Debug, thiserror::Error)]
pub enum HqError {
    /// [`Hq::create`] where something is already.
    #[error("this directory already holds an HQ; open it, or choose an empty directory")]
    AlreadyThere,
    /// [`Hq::open`] where one of the two files is missing.
    #[error("{file} is missing; bring it back from the backup, or create a new HQ elsewhere")]
    Missing {
        /// The file's name.
        file: &'static str,
    },
    /// The database was written by a newer program. It was left as it was.
    #[error("the database has format {found}, this program knows {known}; use the newer program")]
    NewerDatabase {
        /// The database's format.
        found: u64,
        /// The newest format known here.
        known: u64,
    },
    /// The file of keys.
    #[error("hq.keys cannot be used: {0}")]
    Keys(KeysError),
    /// Another program keeps the database locked.
    #[error("the database is busy; try again in a moment")]
    Busy,
    /// The database.
    #[error("the database: {0}")]
    Database(rusqlite::Error),
    /// What stands in the database is not what HQ wrote there.
    #[error("the database is damaged ({what}); restore it from the backup")]
    Damaged {
        /// What could not be read back.
        what: &'static str,
    },
    /// A file other than the database.
    #[error("a file: {0}")]
    File(#[from] std::io::Error),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes; try again later")]
    Random,
    /// HQ's own signature did not verify.
    #[error("HQ's signature does not verify ({0}); report this")]
    Signing(#[from] SignedError),
    /// No certificate for these names.
    #[error("no server certificate can be made for these names; look at how they are spelt")]
    ServerName,
    /// No job with this id.
    #[error("there is no job {0}")]
    UnknownJob(JobId),
    /// No device with this id.
    #[error("there is no device {0}")]
    UnknownDevice(DeviceId),
    /// One-time codes for a device that is no supervisor's.
    #[error("device {0} is no supervisor's; only supervisors sign off")]
    NotASupervisor(DeviceId),
    /// A label that HQ never minted.
    #[error("one of the labels was not minted here")]
    NotMinted,
    /// A sensitive box that is on no manifest of the job.
    #[error("a box is marked as sensitive that is not among the labelled ones")]
    NotLabelled,
    /// A roll of no labels or of too many.
    #[error("a roll has 1 to 65,536 labels")]
    RollSize,
    /// More than 255 release codes for one job.
    #[error("a job has at most 255 release codes")]
    TooManyCodes,
    /// A label that the manifest already names.
    #[error("{0}: a label stands there twice")]
    Manifest(#[from] ManifestError),
    /// More than a record may hold.
    #[error("the job's record is larger than 64 MiB")]
    RecordTooLarge,
}

/// What is wrong with `hq.keys`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// Not a file of keys, or of a newer program.
    #[error("it cannot be read; bring it back from the backup")]
    Unreadable,
    /// Other users of this machine may read it.
    #[error("others may read it; take that right away from them (chmod 600)")]
    Exposed,
    /// It belongs to another database.
    #[error("it belongs to another HQ's database")]
    OtherHq,
    /// No keys could be made.
    #[error("no keys could be made; try again")]
    Generate,
}

impl Hq {
    /// Founds an HQ in a directory, which is made if it is not there. `origin`
    /// names its log in every tick and receipt and never changes.
    ///
    /// # Errors
    /// [`HqError::AlreadyThere`], or what the disk says.
    pub fn create(dir: &Path, origin: &str, clock: Arc<dyn Clock>) -> Result<Self, HqError> {
        fs::create_dir_all(dir)?;
        if dir.join(store::FILE).try_exists()? || dir.join(keys::FILE).try_exists()? {
            return Err(HqError::AlreadyThere);
        }
        let keys = keys::found(&dir.join(keys::FILE), clock.now())?;
        let store = Store::found(&dir.join(store::FILE), origin, keys.public())?;
        Ok(Self { store: store.into(), keys: keys.into(), clock, origin: origin.into() })
    }

    /// Opens the HQ in a directory.
    ///
    /// # Errors
    /// [`HqError::Missing`], [`HqError::NewerDatabase`], [`HqError::Keys`], or
    /// what the disk says.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, HqError> {
        for file in [keys::FILE, store::FILE] {
            if !dir.join(file).try_exists()? {
                return Err(HqError::Missing { file });
            }
        }
        let store = Store::open(&dir.join(store::FILE))?;
        let keys = Keys::read(&dir.join(keys::FILE))?;
        let (origin, key) = store.identity()?;
        if key != *keys.public() {
            return Err(HqError::Keys(KeysError::OtherHq));
        }
        Ok(Self { store: store.into(), keys: keys.into(), clock, origin: origin.into() })
    }

    /// HQ's signing key, which phones know from their invitation.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        self.keys.public()
    }

    /// The fingerprint of HQ's signing key, for two people to compare.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        verdict::fingerprint(self.key())
    }

    /// The name of HQ's log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    fn sign<T: Message>(&self, message: T) -> Result<Signed<T>, HqError> {
        Signed::sign(message, self.key(), |bytes| self.keys.sign(bytes))
    }
}

impl From<RollError> for HqError {
    fn from(error: RollError) -> Self {
        match error {
            RollError::Head(signed) => Self::Signing(signed),
            RollError::List => Self::RollSize,
        }
    }
}

impl From<rusqlite::Error> for HqError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
        match error.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked) => Self::Busy,
            _ => Self::Database(error),
        }
    }
}

fn random<const N: usize>() -> Result<[u8; N], HqError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| HqError::Random)?;
    Ok(bytes)
}

/// Makes a file that only the user who runs HQ may read, and that was not there.
fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
