//! Answers: where the events of a batch stand, and what HQ says of each.

use crewseal_custody::cbor::Version;
use crewseal_custody::envelope::Address;
use crewseal_custody::log::{MOST_RUNS, prove_runs};
use crewseal_custody::wire::{BatchAnswer, OutcomeRun};
use crewseal_custody::{Refusal, Rejection};
use minicbor::bytes::ByteVec;

use super::{ReadEntry, WrittenBatch};
use crate::error::HqError;
use crate::hq::Hq;
use crate::log::{places_of_runs, proof_bytes};
use crate::store::{self, PlacedEvent, Standing, TileNodes};

impl Hq {
    /// The answer to a batch, under the checkpoint of the commit in which it was written.
    ///
    /// The first entries are placed as far as four runs in one log go; the phone asks again for
    /// the others.
    pub(super) fn answer(
        &self,
        entries: &[ReadEntry],
        written: &WrittenBatch,
        standing: &Standing,
        salts: bool,
    ) -> Result<BatchAnswer, HqError> {
        let refused = entries.iter().zip(&written.places).filter_map(|(entry, place)| {
            let (address, taken) = entry;
            let refusal = *taken.as_ref().err().filter(|_| place.is_none())?;
            Some(self.rejection(address, refusal, written.at))
        });
        let rejections = refused.collect::<Result<Vec<_>, HqError>>()?;
        let placed: Vec<PlacedEvent> = written.places.iter().flatten().copied().collect();
        let Some(log) = placed.first().map(|event| event.log) else {
            return Ok(nothing_placed(rejections));
        };
        let of_log = placed.iter().take_while(|event| event.log == log);
        let places: Vec<u64> = of_log.map(|event| event.place).collect();
        let (runs, count) = places_of_runs(&places, MOST_RUNS);
        let placed = placed.get(..count).unwrap_or_default();
        let (checkpoint, proof) = self.proven(log, places.into_iter().take(count), standing)?;
        let all_salts = || placed.iter().flat_map(|event| event.salt.0).collect::<Vec<u8>>();
        Ok(BatchAnswer {
            version: Version,
            checkpoint,
            runs,
            outcomes: outcome_runs(placed),
            proof,
            rejections,
            salts: salts.then(|| all_salts().into()),
        })
    }

    /// The checkpoint of a log, and the proof of these places under it. Of the log that is
    /// written it is the one of this commit.
    fn proven(
        &self,
        log: u32,
        places: impl Iterator<Item = u64>,
        standing: &Standing,
    ) -> Result<(String, ByteVec), HqError> {
        let mut places: Vec<u64> = places.collect();
        places.sort_unstable();
        places.dedup();
        self.store.read(|db| {
            let (size, checkpoint) = if log == standing.generation {
                (standing.size, standing.checkpoint.clone())
            } else {
                let ended = store::log_of(db, log)?;
                let ended = ended.ok_or(HqError::Damaged { what: "the log" })?;
                (ended.size, ended.checkpoint)
            };
            let mut nodes = TileNodes::of(db, &self.log_state.tiles, log, size);
            let proof = prove_runs(&places, size, &mut nodes)?;
            Ok((checkpoint, proof_bytes(&proof)))
        })
    }

    /// That HQ did not store what came under an address.
    fn rejection(&self, address: &Address, refusal: Refusal, at: u64) -> Result<ByteVec, HqError> {
        let Address { event, device, generation, sequence, .. } = *address;
        let rejection = self.sign(Rejection {
            version: Version,
            event,
            device,
            generation,
            sequence,
            refusal,
            at,
            origin: self.origin().to_owned(),
        })?;
        Ok(rejection.as_bytes().to_vec().into())
    }
}

fn nothing_placed(rejections: Vec<ByteVec>) -> BatchAnswer {
    BatchAnswer {
        version: Version,
        checkpoint: String::new(),
        runs: Vec::new(),
        outcomes: Vec::new(),
        proof: Vec::new().into(),
        rejections,
        salts: None,
    }
}

/// What HQ says of each, the same once.
fn outcome_runs(placed: &[PlacedEvent]) -> Vec<OutcomeRun> {
    let mut runs: Vec<OutcomeRun> = Vec::new();
    for PlacedEvent { logged, .. } in placed {
        match runs.last_mut() {
            Some(run) if (run.outcome, run.at) == (logged.outcome, logged.at) => run.count += 1,
            _ => runs.push(OutcomeRun { count: 1, outcome: logged.outcome, at: logged.at }),
        }
    }
    runs
}
