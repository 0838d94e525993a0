//! A store with values and a queue, and what it must still hold after whatever was
//! done to its files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crewseal::outbox::{open_store, queue};
use crewseal::random;
use crewseal::vault::{Collection, SoftwareVault, Store, StoreError};
use crewseal_custody::envelope::{Epoch, OpeningKey};
use crewseal_custody::signed::Digest;
use crewseal_custody::{DeviceId, EventId};
use thief::Secret;

/// Stands for the store's head among the collections.
pub const HEAD: &str = "head";
pub const NAMES: Collection = Collection("names");
/// How every value begins, and what the acts are full of.
const PLAIN: &[u8] = b"Customer ";

/// What a store holds: values by collection and name, and the queue in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    pub values: BTreeMap<(&'static str, Vec<u8>), Vec<u8>>,
    pub queue: Vec<EventId>,
}

/// A phone that acts.
pub struct Phone {
    epoch: Option<Epoch>,
    sequence: u64,
}

pub fn vault(home: &Path) -> SoftwareVault {
    SoftwareVault::open(&home.join("keys"), "passphrase", 1).unwrap()
}

pub fn open(home: &Path) -> Result<Store, StoreError> {
    open_store(&home.join("store"), &vault(home))
}

pub fn database(home: &Path) -> PathBuf {
    home.join("store/crewseal.db")
}

pub fn log(home: &Path) -> PathBuf {
    home.join("store/crewseal.db-wal")
}

/// Copies keys and store, without what other processes share.
pub fn copy(from: &Path, to: &Path) {
    for directory in ["keys", "store"] {
        fs::create_dir_all(to.join(directory)).unwrap();
        for entry in fs::read_dir(from.join(directory)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_file() && !name.ends_with("-shm") {
                fs::copy(&path, to.join(directory).join(name)).unwrap();
            }
        }
    }
}

pub fn event(number: u64) -> EventId {
    let mut id = [0x77; 32];
    id[..8].copy_from_slice(&number.to_be_bytes());
    Digest(id)
}

impl Phone {
    pub fn new() -> Self {
        Self { epoch: None, sequence: 0 }
    }

    /// Records an act of so many bytes, with its number as the head in the same transaction. The
    /// number is used up only if it was recorded.
    pub fn act(&mut self, store: &mut Store, bytes: usize) -> Result<EventId, StoreError> {
        let sequence = self.sequence + 1;
        let epoch = &mut self.epoch;
        let acted = store.transaction(|t| {
            // What an act after a failure must not rely on is read again.
            let last = t.head().map_or(0, |last| u64::from_be_bytes(last.try_into().unwrap()));
            let sequence = sequence.max(last + 1);
            if epoch.is_none() {
                let hq = OpeningKey::from_bytes(&[0x4b; 32]).unwrap();
                let begun = Epoch::begin(hq.public(), &mut random::generator()).unwrap();
                queue::begin_epoch(t, begun.id(), &begun.header())?;
                *epoch = Some(begun);
            }
            let sealing = epoch.as_mut().unwrap();
            let content: Vec<u8> = PLAIN.iter().copied().cycle().take(bytes).collect();
            let id = event(sequence);
            let envelope = sealing.seal(DeviceId([1; 16]), 1, sequence, id, &content).unwrap();
            queue::push(t, &envelope)?;
            t.set_head(&sequence.to_be_bytes());
            Ok((sequence, id))
        });
        match acted {
            Ok((sequence, id)) => {
                self.sequence = sequence;
                Ok(id)
            }
            Err(error) => {
                self.epoch = None;
                Err(error)
            }
        }
    }
}

impl Held {
    pub fn act(&mut self, phone: &mut Phone, store: &mut Store, bytes: usize) {
        let id = phone.act(store, bytes).unwrap();
        self.queue.push(id);
        self.values.insert((HEAD, Vec::new()), phone.sequence.to_be_bytes().to_vec());
    }

    pub fn name(&mut self, store: &mut Store, name: &[u8], value: &[u8], job: Option<&[u8]>) {
        store.transaction(|t| put_name(t, name, value, job)).unwrap();
        self.values.insert((NAMES.0, name.to_vec()), value.to_vec());
    }
}

pub fn put_name(
    t: &mut crewseal::vault::Transaction<'_>,
    name: &[u8],
    value: &[u8],
    job: Option<&[u8]>,
) -> Result<(), StoreError> {
    let compartment = job.map(|job| t.compartment(job)).transpose()?;
    t.put(NAMES, name, compartment.as_ref(), value)
}

pub fn value(
    store: &mut Store,
    collection: &'static str,
    name: &[u8],
) -> Result<Option<Vec<u8>>, StoreError> {
    store.transaction(|t| match collection {
        HEAD => Ok(t.head().map(<[u8]>::to_vec)),
        _ => Ok(t.get(Collection(collection), name)?.map(|value| value.to_vec())),
    })
}

/// The whole entries of the queue.
pub fn queued(store: &mut Store) -> Result<Vec<EventId>, StoreError> {
    let entries = store.transaction(|t| queue::waiting(t, 0, usize::MAX))?;
    Ok(entries.iter().map(|entry| entry.envelope.address().event).collect())
}

/// That a thief finds nothing that was written in any file of a store, whatever
/// became of it: log, index, quarantine.
pub fn is_unreadable(home: &Path, what: &str) {
    let plain = [Secret::new("what was written", PLAIN).unwrap()];
    assert_eq!(thief::search(&home.join("store"), &plain).unwrap(), [], "{what}");
}

/// The control: the same search finds it where it was leaked.
pub fn would_be_found(home: &Path) {
    let leak = home.join("store/leaked");
    fs::write(&leak, [b"of ".as_slice(), PLAIN, b"1"].concat()).unwrap();
    let plain = [Secret::new("what was written", PLAIN).unwrap()];
    assert!(!thief::search(&home.join("store"), &plain).unwrap().is_empty());
    fs::remove_file(leak).unwrap();
}
