//! What HQ cannot do: the errors that every room answers with.

use std::sync::Arc;

use crewseal_custody::log::CheckpointError;
use crewseal_custody::roll::RollError;
use crewseal_custody::signed::SignedError;
use crewseal_custody::{CarrierId, DeviceId, EventId, JobId, KeyListError, ManifestError};

use crate::log_end::LogEnd;

/// What HQ cannot do, and what whoever runs it can do about it.
#[derive(Debug, thiserror::Error)]
pub enum HqError {
    /// [`Hq::create`](crate::Hq::create) where something is already.
    #[error("this directory already holds an HQ; open it, or choose an empty directory")]
    AlreadyThere,
    /// [`Hq::open`](crate::Hq::open) where one of the two files is missing.
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
    Keys(#[from] KeysError),
    /// A key list.
    #[error("{0}")]
    KeyList(#[from] KeyListError),
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
    /// No carrier with this id.
    #[error("there is no carrier {0}")]
    UnknownCarrier(CarrierId),
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
    /// The machine's clock is before the newest time that HQ wrote.
    #[error(
        "the clock is {seconds} seconds behind what HQ signed last; set it right, or, if it is, \
         say so with `crewseal-hq log correct-clock`"
    )]
    ClockBehind {
        /// By how much.
        seconds: u64,
    },
    /// The machine's clock leapt ahead while HQ was running.
    #[error(
        "the clock leapt {seconds} seconds ahead; set it right, or, if it is, say so with \
         `crewseal-hq log correct-clock`"
    )]
    ClockAhead {
        /// By how much.
        seconds: u64,
    },
    /// The database lacks what HQ signed: it came back from a backup.
    #[error(
        "the database is behind what HQ signed: it has {here}, and HQ had signed {known}; bring \
         back the newest database, or, if that is lost, begin a new log with \
         `crewseal-hq log restore`"
    )]
    Behind {
        /// How far it is.
        here: LogEnd,
        /// How far it was.
        known: LogEnd,
    },
    /// The database's log is not the one that was signed.
    #[error(
        "the database contradicts what HQ signed before; it is another's or was changed: bring \
         back the one that goes with hq.mark"
    )]
    Contradicted,
    /// The mark is gone.
    #[error(
        "hq.mark is missing, so nobody knows whether this database is the newest; bring it with \
         the database, or, if that came from a backup, begin a new log with \
         `crewseal-hq log restore`"
    )]
    NoMark,
    /// The mark cannot be read.
    #[error(
        "hq.mark cannot be read; if the database is the newest for certain, take the file away \
         and begin a new log with `crewseal-hq log restore`"
    )]
    UnreadableMark,
    /// A restore of a database of which nothing is lost.
    #[error("nothing shows that this database lost anything; it can be used as it is")]
    NothingLost,
    /// A restore below what HQ signed that a backup has.
    #[error(
        "HQ signed that a backup has {size} leaves, more than are here: bring that backup back; \
         with --lost-replicated the log goes on without them, which accuses HQ for all time"
    )]
    LostReplicated {
        /// Up to which size.
        size: u64,
    },
    /// A restore of a database from before another restore.
    #[error("HQ has begun a later log since; bring back a database from after that")]
    LaterLog,
    /// A size beyond the log's.
    #[error("the log has {size} leaves; no backup can have more")]
    NotSoLarge {
        /// How many there are.
        size: u64,
    },
    /// A checkpoint that is none of HQ's.
    #[error("{0}")]
    Checkpoint(#[from] CheckpointError),
    /// There is no such event.
    #[error("HQ has no event {0}")]
    UnknownEvent(EventId),
    /// What failed for several who waited for one commit, told to each.
    #[error("{0}")]
    Shared(Arc<Self>),
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
    /// It lacks a key that the key list names.
    #[error("it lacks a key that the key list names; bring it back from the backup")]
    Gone,
    /// No key of the key list holds at this time.
    #[error("no key holds now; look at the clock, or adopt a new key list")]
    Ended,
    /// No key list names a key of the log.
    #[error(
        "no key list names a key for HQ's log; make one with `crewseal-hq keys propose --log`, \
         have it signed, and adopt it"
    )]
    NoLogKey,
    /// No keys could be made.
    #[error("no keys could be made; try again")]
    Generate,
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
