//! What HQ's answer to a batch makes of the queue. Nothing is settled unless checkpoint, proof
//! and outcome hold, and the checkpoint agrees with what is known of HQ's log.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use crewseal_custody::cbor;
use crewseal_custody::log::Checkpoint;
use crewseal_custody::logged::ProvenEvent;
use crewseal_custody::signed::Signed;
use crewseal_custody::wire::{Answered, BatchAnswer, Sent};
use crewseal_custody::{Contradiction, EventId, HqKeys, Rejection};

use super::CrewError;
use super::delivery::{Delivered, Settlement};
use super::known_log::Heard;
use super::log_view::Learnt;
use super::phone::{Crew, Phone};
use super::{contradictions, known_log, receipts};
use crate::outbox::answered::{self, Settled};
use crate::outbox::kept::{self, Placed};
use crate::outbox::queue::Waiting;
use crate::vault::Transaction;

impl Crew {
    /// Sets whether delivered entries are kept when HQ has no replica of its log: for 90 days,
    /// 64 MiB at most. By default they are deleted at once. The setting does not outlast the
    /// process. Where HQ has a replica, entries are kept until they are in it, whatever is set
    /// here.
    pub fn keep_unreplicated(&self, keeps: bool) {
        self.phone.keeps_unreplicated.store(keeps, Ordering::Relaxed);
    }
}

impl Phone {
    /// Does to the queue what an answer says.
    ///
    /// # Errors
    /// [`CrewError::Answer`] or [`CrewError::Contradiction`], and nothing is settled.
    pub(super) fn settle(
        &self,
        hq: &HqKeys,
        entries: &[Waiting],
        answer: &BatchAnswer,
    ) -> Result<Settlement, CrewError> {
        let sent = entries.iter().map(|entry| Sent::of(entry.envelope.address(), entry.leaf_salt));
        let sent: Vec<Sent> = sent.collect();
        let verified = answer.verify(&sent, hq);
        let store = &mut self.state()?.store;
        let answered = match verified {
            Ok(answered) => answered,
            Err(error) => {
                store.transaction(|t| keep_answer(t, hq, answer))?;
                return Err(CrewError::Answer(error));
            }
        };
        let keeps_unreplicated = self.keeps_unreplicated.load(Ordering::Relaxed);
        let settled =
            store.transaction(|t| settle_all(t, hq, entries, &answered, keeps_unreplicated))?;
        settled.map_err(CrewError::Contradiction)
    }
}

/// Keeps an answer that does not hold, if HQ's log key signed the checkpoint in it.
fn keep_answer(
    t: &mut Transaction<'_>,
    hq: &HqKeys,
    answer: &BatchAnswer,
) -> Result<(), CrewError> {
    let checkpoint = answer.checkpoint.as_bytes();
    if hq.open_checkpoint(checkpoint).is_ok() {
        contradictions::keep(t, None, (checkpoint, &cbor::to_vec(answer)))?;
    }
    Ok(())
}

fn settle_all(
    t: &mut Transaction<'_>,
    hq: &HqKeys,
    entries: &[Waiting],
    answered: &Answered,
    keeps_unreplicated: bool,
) -> Result<Result<Settlement, Contradiction>, CrewError> {
    let checkpoint = answered.placed.as_ref().map(|(_, proven)| &proven.checkpoint);
    let mut trouble = None;
    if let Some(signed) = checkpoint {
        let mut view = known_log::read(t, hq)?;
        match known_log::learn_from_hq(t, &mut view, Learnt::of_checkpoint(signed))? {
            Heard::TakenIn(how) => trouble = how,
            Heard::Refused(how) => return Ok(Err(how)),
        }
        known_log::put(t, hq, &view)?;
    }
    let events = answered.placed.iter().flat_map(|(_, proven)| &proven.events);
    let events: BTreeMap<EventId, &ProvenEvent> = events.map(|event| (event.id, event)).collect();
    let rejections = answered.rejections.iter().map(|rejection| (rejection.event, rejection));
    let rejections: BTreeMap<EventId, &Signed<Rejection>> = rejections.collect();
    let mut delivered = Delivered::default();
    for entry in entries {
        let event = &entry.envelope.address().event;
        let settled = match (events.get(event), rejections.get(event)) {
            (Some(proven), _) => {
                let at = checkpoint.map(|signed| *signed.checkpoint());
                let keep = at.and_then(|at| stays(at, proven, keeps_unreplicated));
                answered::settle(t, entry, proven, keep)?
            }
            (None, Some(rejection)) => answered::refuse(t, entry, rejection)?,
            (None, None) => {
                delivered.unanswered += 1;
                continue;
            }
        };
        match settled {
            Settled::Delivered => delivered.receipted += 1,
            Settled::Parked => delivered.parked += 1,
            // Another sync was quicker.
            Settled::Unknown => {}
        }
    }
    if let Some((receipt, proven)) = &answered.placed {
        if delivered.receipted > 0 {
            receipts::keep(t, receipt)?;
        }
        let Checkpoint { head, replicated, .. } = *proven.checkpoint.checkpoint();
        if let Some(size) = replicated {
            kept::replicated(t, head.generation, size)?;
        }
    }
    Ok(Ok(Settlement { delivered, trouble }))
}

/// Where an entry is kept that stands in the log under this checkpoint; none if it goes.
fn stays(checkpoint: Checkpoint, proven: &ProvenEvent, keeps_unreplicated: bool) -> Option<Placed> {
    let is_unreplicated =
        checkpoint.replicated.map_or(keeps_unreplicated, |size| proven.place >= size);
    let (generation, place) = (checkpoint.head.generation, proven.place);
    is_unreplicated.then_some(Placed { generation, place, at: checkpoint.at })
}
