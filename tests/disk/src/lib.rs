//! A disk that fails as it is told, under SQLite, and forgets what was not synced.
//!
//! [`Disk::under`] puts itself between SQLite and the files of one directory. What
//! SQLite writes goes to the files at once, as it would go to the system's cache;
//! what has been synced is kept apart. So [`Disk::after_power_cut`] can say what a
//! disk would hold: what was synced, and of the rest nothing, some or all, in any
//! order, each write whole or in part.
//!
//! A failed sync is the worst that systems do: the error is told once, what was to
//! be synced counts as written, and is not on the disk.

mod vfs;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// The part of a disk that is written as a whole or not at all.
const SECTOR: usize = 512;

/// What SQLite asks of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Reads from a file.
    Read,
    /// Writes into a file.
    Write,
    /// Cuts a file off.
    Truncate,
    /// Makes durable what was written.
    Sync,
}

/// How one operation goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, and an error of the disk is told.
    Error,
    /// Nothing is done: the disk is full.
    Full,
    /// Less is read than was asked for; the rest is zeros, as at a file's end.
    Short,
    /// Half is written, and an error of the disk is told.
    Half,
    /// The power fails: nothing is done, now or later.
    PowerCut,
}

impl Fault {
    /// All that can befall an operation.
    #[must_use]
    pub const fn of(operation: Operation) -> &'static [Self] {
        match operation {
            Operation::Read => &[Self::Error, Self::Short],
            Operation::Write => &[Self::Error, Self::Full, Self::Half, Self::PowerCut],
            Operation::Truncate | Operation::Sync => &[Self::Error, Self::PowerCut],
        }
    }
}

/// What of that which was not synced outlives a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survives {
    /// Nothing.
    Nothing,
    /// Everything.
    Everything,
    /// Some writes and not others, in whatever order they were made.
    Some,
    /// Some sectors of some writes.
    Sectors,
}

/// All that can outlive a power cut.
pub const SURVIVES: [Survives; 4] =
    [Survives::Nothing, Survives::Everything, Survives::Some, Survives::Sectors];

/// A disk under the SQLite files of one directory, for as long as it lives.
pub struct Disk {
    directory: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    operations: Vec<Operation>,
    fault: Option<(usize, Fault)>,
    is_dead: bool,
    files: BTreeMap<PathBuf, File>,
}

#[derive(Default)]
struct File {
    synced: Vec<u8>,
    pending: Vec<Change>,
}

enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate { to: usize },
}

impl Disk {
    /// A disk that works.
    ///
    /// # Panics
    /// If SQLite does not take it.
    #[must_use]
    pub fn under(directory: &Path) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        vfs::watch(directory, &state);
        Self { directory: directory.to_owned(), state }
    }

    /// Lets the operation of this number, counted from 0, go wrong.
    #[must_use]
    pub fn failing(self, number: usize, fault: Fault) -> Self {
        lock(&self.state).fault = Some((number, fault));
        self
    }

    /// What has been asked of it.
    #[must_use]
    pub fn operations(&self) -> Vec<Operation> {
        lock(&self.state).operations.clone()
    }

    /// Whether the power has failed.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        lock(&self.state).is_dead
    }

    /// Writes into a directory what the disk would hold if the power failed now.
    /// Files that SQLite never opened are copied as they are.
    ///
    /// # Errors
    /// What the directory's own disk fails with.
    pub fn after_power_cut(&self, to: &Path, survives: Survives, seed: u64) -> std::io::Result<()> {
        let mut random = SmallRng::seed_from_u64(seed);
        let state = lock(&self.state);
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(&self.directory)? {
            let from = entry?.path();
            let Some(name) = from.file_name().filter(|_| from.is_file()) else { continue };
            // Its memory is shared by processes, and dies with them.
            if name.to_string_lossy().ends_with("-shm") {
                continue;
            }
            match state.files.get(&from) {
                Some(file) => fs::write(to.join(name), file.after(survives, &mut random))?,
                None => fs::copy(&from, to.join(name)).map(drop)?,
            }
        }
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        vfs::forget(&self.directory);
    }
}

impl State {
    /// Counts an operation and says how it goes wrong.
    fn next(&mut self, operation: Operation) -> Option<Fault> {
        if self.is_dead {
            return Some(Fault::PowerCut);
        }
        let number = self.operations.len();
        self.operations.push(operation);
        let fault = self.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        self.is_dead = fault == Some(Fault::PowerCut);
        fault
    }

    fn opened(&mut self, path: &Path) {
        let read = || File { synced: fs::read(path).unwrap_or_default(), pending: Vec::new() };
        self.files.entry(path.to_owned()).or_insert_with(read);
    }

    fn change(&mut self, path: &Path, change: Change) {
        self.files.entry(path.to_owned()).or_default().pending.push(change);
    }

    fn synced(&mut self, path: &Path) {
        let file = self.files.entry(path.to_owned()).or_default();
        for change in std::mem::take(&mut file.pending) {
            change.apply(&mut file.synced);
        }
    }

    /// What was to be synced is not on the disk, and nobody will write it again.
    fn lost(&mut self, path: &Path) {
        self.files.entry(path.to_owned()).or_default().pending.clear();
    }

    fn deleted(&mut self, path: &Path) {
        self.files.remove(path);
    }
}

impl File {
    fn after(&self, survives: Survives, random: &mut SmallRng) -> Vec<u8> {
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

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
