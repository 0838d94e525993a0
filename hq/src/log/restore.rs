//! Restore: the log that goes on after HQ lost the end of one, as when its database came back
//! from a backup.
//!
//! What still lies in the log that ended keeps its places, and is proven under the last
//! checkpoint that is here. What stood above is lost at HQ until those who have it send it
//! again: it gets places in the log that begins.

use std::path::Path;
use std::sync::Arc;

use crewseal_custody::Salt;
use crewseal_custody::cbor::Version;
use crewseal_custody::log::{SignedCheckpoint, TreeHead, root};
use crewseal_custody::logged::{ActKind, Restore, UnverifiedRestore};
use rusqlite::Connection;

use crate::clock::Clock;
use crate::error::HqError;
use crate::hq::Hq;
use crate::keys::ListKey;
use crate::log_end::LogEnd;
use crate::mark;
use crate::random::random;
use crate::store::{self, LogWriter, StoredLog, TileNodes};

/// What a restore came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// The end of the log that is kept.
    pub kept: LogEnd,
    /// How far it is known to have gone; what lies between is lost unless phones send it again.
    pub lost_up_to: Option<LogEnd>,
    /// The log that goes on.
    pub generation: u32,
}

impl Hq {
    /// Begins the log that goes on from a database that is behind what HQ signed: its mark is
    /// further, or is missing, or a checkpoint that somebody brought shows it. The list keys of
    /// HQ's newest list sign it.
    ///
    /// With `lost_replicated` it goes on though HQ signed that a backup has more than there is
    /// here. That accuses HQ for all time.
    ///
    /// # Errors
    /// [`HqError::NothingLost`], [`HqError::LostReplicated`], [`HqError::LaterLog`],
    /// [`HqError::Contradicted`], [`HqError::Checkpoint`] for a checkpoint that is none of
    /// HQ's, and [`HqError::KeyList`] if too few list keys sign.
    pub fn restore(
        directory: &Path,
        clock: Arc<dyn Clock>,
        brought: &[Vec<u8>],
        list_keys: &[ListKey],
        lost_replicated: bool,
    ) -> Result<Restored, HqError> {
        let is_marked = directory.join(mark::FILE).try_exists()?;
        let hq = Self::open_behind(directory, clock)?;
        let mark = is_marked.then(|| hq.log_state.mark.head());
        let keys = hq.keys();
        let brought = brought.iter().map(|bytes| Ok(keys.open_checkpoint(bytes)?));
        let brought = brought.collect::<Result<Vec<SignedCheckpoint>, HqError>>()?;
        let newest = brought.iter().max_by_key(|one| LogEnd::of(&one.checkpoint().head));
        let restored = hq.store.write(|db| {
            let log = store::newest_log(db)?.ok_or(HqError::NothingLost)?;
            let kept = hq.kept(db, &log, heads(&brought, mark))?;
            let lost_up_to = furthest(&kept, mark, newest)?;
            let replicated = brought.iter().filter_map(|one| one.checkpoint().replicated).max();
            if let Some(size) = replicated.filter(|size| *size > kept.size && !lost_replicated) {
                return Err(HqError::LostReplicated { size });
            }
            let restore = Restore {
                version: Version,
                origin: hq.origin().to_owned(),
                kept,
                newest: newest
                    .map(|one| one.as_text().as_bytes().to_vec())
                    .unwrap_or_default()
                    .into(),
                at: hq.clock.now().max(log_time(db)?),
                salt: Salt(random()?),
            };
            let head = hq.go_on(db, restore, list_keys)?;
            Ok((
                Restored { kept: LogEnd::of(&kept), lost_up_to, generation: head.generation },
                head,
            ))
        })?;
        hq.log_state.mark.advance(&restored.1)?;
        Ok(restored.0)
    }

    /// The head of the log as it is here, which must not contradict what is known of it.
    fn kept(
        &self,
        db: &Connection,
        log: &StoredLog,
        known: impl Iterator<Item = TreeHead>,
    ) -> Result<TreeHead, HqError> {
        let StoredLog { generation, size, .. } = *log;
        let mut nodes = TileNodes::of(db, &self.log_state.tiles, generation, size);
        for head in known {
            let is_here = head.generation == generation && head.size <= size;
            if is_here && root(head.size, &mut nodes)? != head.root {
                return Err(HqError::Contradicted);
            }
        }
        Ok(TreeHead { generation, size, root: root(size, &mut nodes)? })
    }

    /// Signs the restore and begins the log with it. Who is revoked holds in it, too.
    fn go_on(
        &self,
        db: &Connection,
        restore: Restore,
        list_keys: &[ListKey],
    ) -> Result<TreeHead, HqError> {
        let mut signed = UnverifiedRestore::propose(restore)?;
        for key in list_keys {
            key.sign(&mut signed)?;
        }
        let bytes = signed.to_bytes();
        let restore = Restore::open(&bytes, &self.keys())?;
        store::begin_log(db, restore.generation(), Some(&bytes))?;
        let mut log = LogWriter::open(db, &self.log_state.tiles, restore.at)?;
        log.push(&restore.leaf())?;
        if let Some(list) = store::revocations(db, &self.keys())? {
            log.act(ActKind::Revocations, &list.id())?;
        }
        store::note_time(db, restore.at)?;
        self.close(log)?.1.ok_or(HqError::Damaged { what: "the log" })
    }
}

/// What is known of HQ's logs.
fn heads(
    brought: &[SignedCheckpoint],
    mark: Option<TreeHead>,
) -> impl Iterator<Item = TreeHead> + use<'_> {
    brought.iter().map(|one| one.checkpoint().head).chain(mark)
}

fn log_time(db: &Connection) -> Result<u64, HqError> {
    Ok(store::newest_time(db)?.0)
}

/// How far the log is known to have gone, further than what is kept.
fn furthest(
    kept: &TreeHead,
    mark: Option<TreeHead>,
    newest: Option<&SignedCheckpoint>,
) -> Result<Option<LogEnd>, HqError> {
    let brought = newest.map(|one| one.checkpoint().head);
    let known = [mark, brought].into_iter().flatten().map(|head| LogEnd::of(&head)).max();
    let here = LogEnd::of(kept);
    if known.is_some_and(|end| end.generation > here.generation) {
        return Err(HqError::LaterLog);
    }
    let further = known.filter(|end| *end > here);
    // Without a mark nobody knows whether something was lost, so it may have been.
    if further.is_none() && mark.is_some() {
        return Err(HqError::NothingLost);
    }
    Ok(further)
}
