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

mod fault;
mod state;
mod vfs;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rand::SeedableRng;
use rand::rngs::SmallRng;

pub use fault::{Fault, Operation, SURVIVES, Survives};

use state::{State, lock};

/// A disk under the SQLite files of one directory, for as long as it lives.
pub struct Disk {
    directory: PathBuf,
    state: Arc<Mutex<State>>,
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
