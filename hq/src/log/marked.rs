//! Whether the database is the one that was signed last.

use crewseal_custody::log::root;

use crate::error::HqError;
use crate::hq::Hq;
use crate::log_end::LogEnd;
use crate::store::{self, TileNodes};

impl Hq {
    /// Whether the database goes on from what the mark knows.
    pub(crate) fn check_mark(&self) -> Result<(), HqError> {
        let known = self.log_state.mark.head();
        self.store.read(|db| {
            let log = store::newest_log(db)?;
            let (generation, size) = log.map_or((1, 0), |log| (log.generation, log.size));
            let (here, end) = (LogEnd { generation, size }, LogEnd::of(&known));
            if here < end {
                return Err(HqError::Behind { here, known: end });
            }
            let mut nodes = TileNodes::of(db, &self.log_state.tiles, generation, size);
            let goes_on = generation > end.generation || root(end.size, &mut nodes)? == known.root;
            if goes_on { Ok(()) } else { Err(HqError::Contradicted) }
        })
    }
}
