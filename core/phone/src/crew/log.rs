//! After each sync and fetch HQ is asked to show that what the phone has seen of its log is of
//! one log, or where it went on after HQ lost the end of it.

use std::sync::Arc;

use crewseal_custody::log::{proves_consistency, root_by_inclusion};
use crewseal_custody::logged::Restore;
use crewseal_custody::signed::Digest;
use crewseal_custody::wire::{Consistency, RestoreNews};
use crewseal_custody::{Contradiction, HqKeys};

use super::CrewError;
use super::connection::Connection;
use super::log_view::{Learnt, LogView, Pair, Question};
use super::phone::{Crew, Phone};
use super::{contradictions, known_log, receipts};
use crate::blocking_pool;
use crate::outbox::kept;
use crate::sync::{NOT_FOUND, SyncError};
use crate::vault::Transaction;

/// So much is asked at once. There are fewer heads than that; the rest is for another time.
const MOST_QUESTIONS: usize = 24;

/// What HQ answered.
enum Answer {
    Consistency(Consistency),
    Restore(RestoreNews),
    /// HQ has nothing to show.
    Nothing,
}

/// Where a log ended and how the next one goes on, verified.
struct Restored {
    end: Learnt,
    goes_on: Learnt,
}

impl Crew {
    /// Has HQ show that what was learnt of its log is one log. Where HQ cannot be reached, it
    /// is asked another time.
    ///
    /// # Errors
    /// [`CrewError::Contradiction`] if it cannot show it: both messages are kept, and this is
    /// said once.
    pub(super) async fn ask_log(&self, connection: &Connection) -> Result<(), CrewError> {
        let mut trouble = None;
        for _ in 0..MOST_QUESTIONS {
            let (phone, hq) = (Arc::clone(&self.phone), connection.keys.clone());
            let (question, how) = blocking_pool::run(move || phone.next_question(&hq)).await?;
            trouble = trouble.or(how);
            let Some(question) = question else { break };
            let Some(answer) = ask(connection, &question).await else { break };
            let (phone, hq) = (Arc::clone(&self.phone), connection.keys.clone());
            let judged = blocking_pool::run(move || phone.judge(&hq, &question, &answer));
            trouble = trouble.or(judged.await?);
        }
        trouble.map_or(Ok(()), |how| Err(CrewError::Contradiction(how)))
    }
}

/// What HQ answers to a question; none if it cannot be asked now.
async fn ask(connection: &Connection, question: &Question) -> Option<Answer> {
    let client = &connection.client;
    let answer = match question {
        Question::Consistency(Pair { known, other }) => {
            let (from, to) = in_order(known, other);
            let generation = from.head.generation;
            let asked = client.consistency(generation, from.head.size, to.head.size);
            asked.await.map(Answer::Consistency)
        }
        Question::Restore(Pair { known, .. }) => {
            let generation = known.head.generation.saturating_add(1);
            client.restore(generation).await.map(Answer::Restore)
        }
    };
    match answer {
        Ok(answer) => Some(answer),
        Err(SyncError::Refused { status: NOT_FOUND }) => Some(Answer::Nothing),
        Err(_) => None,
    }
}

/// The smaller one first.
fn in_order<'l>(one: &'l Learnt, other: &'l Learnt) -> (&'l Learnt, &'l Learnt) {
    if one.head.size <= other.head.size { (one, other) } else { (other, one) }
}

impl Phone {
    /// What is to be asked next, and how what was learnt contradicts itself without asking.
    /// What is kept for too long goes on the way.
    fn next_question(
        &self,
        hq: &HqKeys,
    ) -> Result<(Option<Question>, Option<Contradiction>), CrewError> {
        self.state()?.store.transaction(|t| {
            let before = known_log::read(t, hq)?;
            kept::let_go(t, before.newest())?;
            receipts::purge(t, hq, before.newest())?;
            let (mut view, mut trouble) = (before.clone(), None);
            while let Some(pair) = view.take_contradiction() {
                if keep_pair(t, &pair)? {
                    trouble = trouble.or(Some(Contradiction::Logs));
                }
            }
            for pair in view.times_back() {
                if keep_pair(t, &pair)? {
                    trouble = trouble.or(Some(Contradiction::Time));
                }
            }
            let question = view.question();
            if view != before {
                known_log::put(t, hq, &view)?;
            }
            Ok((question, trouble))
        })
    }

    /// Draws the conclusion from HQ's answer: how HQ contradicts itself, if that is new.
    fn judge(
        &self,
        hq: &HqKeys,
        question: &Question,
        answer: &Answer,
    ) -> Result<Option<Contradiction>, CrewError> {
        self.state()?.store.transaction(|t| {
            let mut view = known_log::read(t, hq)?;
            let trouble = match (question, answer) {
                (Question::Consistency(pair), Answer::Consistency(shown)) if holds(pair, shown) => {
                    view.shown(&pair.other);
                    None
                }
                (Question::Restore(pair), Answer::Restore(news)) => {
                    match Restored::read(hq, news, pair.known.head.generation) {
                        Some(restored) => go_on(t, &mut view, restored)?,
                        None => deny(t, &mut view, question, pair)?,
                    }
                }
                (Question::Consistency(pair) | Question::Restore(pair), _) => {
                    deny(t, &mut view, question, pair)?
                }
            };
            known_log::put(t, hq, &view)?;
            Ok(trouble)
        })
    }
}

/// HQ does not show what it signed.
fn deny(
    t: &mut Transaction<'_>,
    view: &mut LogView,
    question: &Question,
    pair: &Pair,
) -> Result<Option<Contradiction>, CrewError> {
    view.not_shown(question);
    Ok(keep_pair(t, pair)?.then_some(Contradiction::Logs))
}

/// Goes on with the next log: what HQ lost waits again, and the rest is safe with it.
fn go_on(
    t: &mut Transaction<'_>,
    view: &mut LogView,
    restored: Restored,
) -> Result<Option<Contradiction>, CrewError> {
    let Restored { end, goes_on } = restored;
    let (generation, size) = (end.head.generation, end.head.size);
    let lost = view.restored(end.clone(), goes_on);
    kept::wait_again(t, generation, size)?;
    kept::replicated(t, generation, size)?;
    let Some(known) = lost else { return Ok(None) };
    let is_new = keep_pair(t, &Pair { known, other: end })?;
    Ok(is_new.then_some(Contradiction::LostReplicated))
}

fn keep_pair(t: &mut Transaction<'_>, pair: &Pair) -> Result<bool, CrewError> {
    contradictions::keep(t, None, (&pair.known.signed, &pair.other.signed))
}

/// Whether a proof shows that of the two the larger one goes on from the smaller one.
fn holds(pair: &Pair, shown: &Consistency) -> bool {
    let (from, to) = in_order(&pair.known, &pair.other);
    let head = |learnt: &Learnt| (learnt.head.size, learnt.head.root);
    let ((from, from_root), (to, to_root)) = (head(from), head(to));
    hashes(&shown.proof)
        .is_some_and(|proof| proves_consistency((from, &from_root), (to, &to_root), &proof))
}

/// The hashes of a proof.
fn hashes(bytes: &[u8]) -> Option<Vec<Digest>> {
    let (hashes, odd) = bytes.as_chunks::<32>();
    odd.is_empty().then(|| hashes.iter().copied().map(Digest).collect())
}

impl Restored {
    /// What HQ shows of how the log after this generation began; none if HQ's list keys did
    /// not sign it, or if it is not what that log begins with.
    fn read(hq: &HqKeys, news: &RestoreNews, generation: u32) -> Option<Self> {
        let restore = Restore::open(&news.restore, hq).ok()?;
        let signed = hq.open_checkpoint(news.checkpoint.as_bytes()).ok()?;
        let head = signed.checkpoint().head;
        let root = root_by_inclusion(&restore.leaf().hash(), 0, head.size, &hashes(&news.proof)?);
        let is_next =
            restore.kept.generation == generation && restore.generation() == head.generation;
        let is_first = is_next && root == Some(head.root);
        is_first.then(|| Self {
            end: Learnt::of_restore(&restore, &news.restore),
            goes_on: Learnt::of_checkpoint(&signed),
        })
    }
}
