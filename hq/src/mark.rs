//! The mark: a file beside the database that knows how far the log is.
//!
//! A database that comes back from a backup knows nothing of what was signed since, and would
//! begin to contradict it. The mark is no part of any backup, so it tells.
//!
//! It is written after each commit, before anybody gets an answer, and nobody waits until it is
//! on the disk: a power cut that takes the newest mark away takes nothing from the database,
//! which is on the disk already, and a mark that is a little behind does no harm. All of it is
//! within one sector and written in place, so it is never half there.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crewseal_custody::log::{TreeHead, root};
use crewseal_custody::signed::Digest;
use data_encoding::HEXLOWER;

use crate::error::HqError;
use crate::log_end::LogEnd;
use crate::private_file;

/// The file's name.
pub(crate) const FILE: &str = "hq.mark";

const FORM: &str = "crewseal-hq mark 1";

/// The file, open for writing once it is there.
pub(crate) struct Mark {
    path: PathBuf,
    state: Mutex<(Option<File>, TreeHead)>,
}

impl Mark {
    /// A mark of a log with nothing in it, which is made with the first leaf.
    pub(crate) fn unmade(directory: &Path) -> Self {
        let root = root(0, &mut |_| Err(())).unwrap_or(Digest([0; 32]));
        let head = TreeHead { generation: 1, size: 0, root };
        Self { path: directory.join(FILE), state: Mutex::new((None, head)) }
    }

    /// Makes the file, for a log with nothing in it: so there is one before there is a leaf.
    pub(crate) fn create(directory: &Path) -> Result<Self, HqError> {
        let mark = Self::unmade(directory);
        let head = mark.head();
        private_file::replace(&mark.path, &text(&head))?;
        Ok(mark)
    }

    /// Opens the file that is there; none if there is none.
    pub(crate) fn open(directory: &Path) -> Result<Option<Self>, HqError> {
        let path = directory.join(FILE);
        let bytes = match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes?,
        };
        let head = parse(&bytes).ok_or(HqError::UnreadableMark)?;
        Ok(Some(Self { path, state: Mutex::new((None, head)) }))
    }

    /// How far the log is that it knows.
    pub(crate) fn head(&self) -> TreeHead {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    /// Notes that the log is this far, if it was not before.
    pub(crate) fn advance(&self, head: &TreeHead) -> Result<(), HqError> {
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, known) = &mut *guard;
        if LogEnd::of(head) <= LogEnd::of(known) {
            return Ok(());
        }
        match file {
            Some(file) => {
                file.seek(SeekFrom::Start(0))?;
                file.write_all(&text(head))?;
            }
            None => {
                private_file::replace(&self.path, &text(head))?;
                *file = Some(OpenOptions::new().write(true).open(&self.path)?);
            }
        }
        *known = *head;
        Ok(())
    }
}

/// Always of one length.
fn text(head: &TreeHead) -> Vec<u8> {
    let TreeHead { generation, size, root } = head;
    format!("{FORM}\n{generation:010}\n{size:020}\n{}\n", HEXLOWER.encode(&root.0)).into_bytes()
}

fn parse(bytes: &[u8]) -> Option<TreeHead> {
    let mut lines = std::str::from_utf8(bytes).ok()?.lines();
    let form = lines.next()?;
    let (generation, size) = (lines.next()?.parse().ok()?, lines.next()?.parse().ok()?);
    let root = HEXLOWER.decode(lines.next()?.as_bytes()).ok()?;
    let root = Digest(root.try_into().ok()?);
    (form == FORM).then_some(TreeHead { generation, size, root })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_only_goes_on_and_is_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let head = |generation, size| TreeHead { generation, size, root: Digest([7; 32]) };
        assert!(Mark::open(directory.path()).unwrap().is_none());
        let mark = Mark::create(directory.path()).unwrap();
        mark.advance(&head(1, 1_000_000)).unwrap();
        mark.advance(&head(1, 5)).unwrap();
        let known = || Mark::open(directory.path()).unwrap().unwrap().head();
        assert_eq!(known(), head(1, 1_000_000));
        mark.advance(&head(2, 1)).unwrap();
        assert_eq!(known(), head(2, 1));
        std::fs::write(directory.path().join(FILE), "crewseal-hq mark 1\n").unwrap();
        assert!(matches!(Mark::open(directory.path()), Err(HqError::UnreadableMark)));
    }
}
