//! The files of a disk: what was synced, and what was only written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rand::Rng;
use rand::rngs::SmallRng;

use crate::fault::{Fault, Operation, Survives};

/// The part of a disk that is written as a whole or not at all.
const SECTOR: usize = 512;

/// A disk as it is: what was asked of it, and what it holds.
#[derive(Default)]
pub(crate) struct State {
    pub operations: Vec<Operation>,
    pub fault: Option<(usize, Fault)>,
    pub is_dead: bool,
    pub files: BTreeMap<PathBuf, File>,
}

/// A file: what of it is on the disk, and what is on the way there.
#[derive(Default)]
pub(crate) struct File {
    synced: Vec<u8>,
    pending: Vec<Change>,
}

pub(crate) enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate { to: usize },
}

impl State {
    /// Counts an operation and says how it goes wrong.
    pub fn next(&mut self, operation: Operation) -> Option<Fault> {
        if self.is_dead {
            return Some(Fault::PowerCut);
        }
        let number = self.operations.len();
        self.operations.push(operation);
        let fault = self.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        self.is_dead = fault == Some(Fault::PowerCut);
        fault
    }

    pub fn opened(&mut self, path: &Path) {
        let read = || File { synced: fs::read(path).unwrap_or_default(), pending: Vec::new() };
        self.files.entry(path.to_owned()).or_insert_with(read);
    }

    pub fn change(&mut self, path: &Path, change: Change) {
        self.files.entry(path.to_owned()).or_default().pending.push(change);
    }

    pub fn synced(&mut self, path: &Path) {
        let file = self.files.entry(path.to_owned()).or_default();
        for change in std::mem::take(&mut file.pending) {
            change.apply(&mut file.synced);
        }
    }

    /// What was to be synced is not on the disk, and nobody will write it again.
    pub fn lost(&mut self, path: &Path) {
        self.files.entry(path.to_owned()).or_default().pending.clear();
    }

    pub fn deleted(&mut self, path: &Path) {
        self.files.remove(path);
    }
}

impl File {
    pub fn after(&self, survives: Survives, random: &mut SmallRng) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        for change in &self.pending {
            let is_kept = match survives {
                Survives::Nothing => false,
                Survives::Everything => true,
                Survives::Some | Survives::Sectors => random.random_bool(0.5),
            };
            match change {
                _ if !is_kept => {}
                Change::Write { at, bytes: written } if survives == Survives::Sectors => {
                    for (sector, part) in written.chunks(SECTOR).enumerate() {
                        if random.random_bool(0.5) {
                            write(&mut bytes, at + sector * SECTOR, part);
                        }
                    }
                }
                change => change.apply(&mut bytes),
            }
        }
        bytes
    }
}

impl Change {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => write(file, *at, bytes),
            Self::Truncate { to } => file.resize(*to, 0),
        }
    }
}

fn write(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if file.len() < at + bytes.len() {
        file.resize(at + bytes.len(), 0);
    }
    if let Some(place) = file.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

pub(crate) fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
