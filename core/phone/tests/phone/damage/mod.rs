//! What becomes of a store whose files were damaged: whatever is whole is used and
//! delivered, whatever is not is named, and nothing is thrown away.
//!
//! Bits are flipped at places spread evenly. With CREWSEAL_TEST_WHOLE=1 in the
//! environment every byte is taken, and more pages.

use std::fs;
use std::path::Path;

use crewseal::vault::{Salvage, Store};
use disk::Disk;
use fixtures::files::{copy_phone, log};
use fixtures::stored::{Held, Phone, open, queued, value};
use tempfile::TempDir;

mod logs;
mod rot;
mod rows;
mod salvage;

const FRAME: usize = 24 + 4_096;

fn whole() -> bool {
    std::env::var_os("CREWSEAL_TEST_WHOLE").is_some()
}

/// A store whose last acts lie in the log only. Returns what it holds, and what it
/// held before its last act.
fn small() -> (TempDir, Held, Held) {
    let home = tempfile::tempdir().unwrap();
    let work = tempfile::tempdir().unwrap();
    let _disk = Disk::under(&work.path().join("store"));
    let (mut phone, mut held) = (Phone::new(), Held::default());
    let mut store = open(work.path()).unwrap();
    held.name(&mut store, b"a", b"Customer 1", None);
    held.name(&mut store, b"b", b"Customer 2", Some(b"job"));
    held.name(&mut store, b"c", &b"Customer 3".repeat(600), Some(b"job"));
    for bytes in [300, 9_000, 300] {
        held.act(&mut phone, &mut store, bytes);
    }
    drop(store);
    let mut store = open(work.path()).unwrap();
    held.name(&mut store, b"a", b"Customer 4", None);
    held.act(&mut phone, &mut store, 300);
    held.act(&mut phone, &mut store, 5_000);
    let before = held.clone();
    held.act(&mut phone, &mut store, 300);
    copy_phone(work.path(), home.path());
    assert!(fs::metadata(log(home.path())).unwrap().len() > 0, "nothing lies in the log");
    (home, held, before)
}

fn salvages(store: &Store) -> Vec<Salvage> {
    store.salvages().collect()
}

fn damaged(home: &Path, file: &Path, damage: impl FnOnce(&mut Vec<u8>)) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    copy_phone(home, to.path());
    let file = to.path().join(file.strip_prefix(home).unwrap());
    let mut bytes = fs::read(&file).unwrap();
    damage(&mut bytes);
    fs::write(&file, bytes).unwrap();
    to
}

/// That it holds all of this, and how it was told of damage.
fn holds(home: &Path, held: &Held) -> Vec<Salvage> {
    let mut store = open(home).unwrap();
    for ((drawer, name), written) in &held.values {
        assert_eq!(value(&mut store, drawer, name), Ok(Some(written.clone())), "{drawer}");
    }
    assert_eq!(queued(&mut store), Ok(held.queue.clone()));
    salvages(&store)
}
