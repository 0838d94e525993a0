//! What can go wrong with a store.

use std::io;

use super::VaultError;
use super::seal::{BadSeal, SealError};
use crate::random;

/// Why the store did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process, or this one a second time, has it open.
    #[error("the store is open elsewhere; close it there first")]
    InUse,
    /// Written by a newer version of the app. Nothing was changed.
    #[error("the store is of format {found}, newer than this app knows ({known}); update the app")]
    Newer {
        /// The file's format.
        found: i64,
        /// The newest format that is known here.
        known: i64,
    },
    /// The directory or file cannot be written.
    #[error("the store cannot be written to; check the directory's permissions")]
    ReadOnly,
    /// No space is left.
    #[error("the disk is full; free some space and try again")]
    Full,
    /// A value was changed or moved, or its key is damaged. The others are as they
    /// were; writing the value anew mends it.
    #[error("a value in the store is damaged; fetch it anew")]
    ValueCorrupt,
    /// The file is damaged. Nothing is read from it or written to it any more; when
    /// it is opened again, a new one is begun and what is whole goes into it.
    #[error("the store is damaged; close it and open it again, and do not delete anything")]
    DatabaseCorrupt,
    /// The disk or the system failed. What was being written is there as a whole or
    /// not at all; read before doing it again.
    #[error("reading or writing failed; try again later")]
    Io,
    /// It was closed, because the app is suspended.
    #[error("the store is closed; open it again first")]
    Closed,
    /// The keys.
    #[error("{0}")]
    Vault(#[from] VaultError),
}

impl From<BadSeal> for StoreError {
    fn from(_: BadSeal) -> Self {
        Self::ValueCorrupt
    }
}

impl From<SealError> for StoreError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::NoRandomBytes => Self::Io,
            SealError::TooLarge => Self::Full,
        }
    }
}

impl From<random::Unavailable> for StoreError {
    fn from(_: random::Unavailable) -> Self {
        Self::Io
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::ReadOnly
            }
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::DatabaseCorrupt,
            // A row is not what the schema says.
            Some(ErrorCode::TypeMismatch) | None => Self::DatabaseCorrupt,
            Some(_) => Self::Io,
        }
    }
}
