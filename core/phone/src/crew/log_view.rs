//! What a phone knows of HQ's log, so that HQ cannot show it one log and others another: the
//! newest head that HQ has shown to go on from all before, and the heads that the phone learnt
//! since, from HQ or from another phone, each as HQ signed it.
//!
//! It decides what to ask HQ and what an answer means, and asks nobody itself.

use crewseal_custody::cbor::Version;
use crewseal_custody::log::{SignedCheckpoint, TreeHead};
use crewseal_custody::logged::Restore;
use crewseal_custody::signed::Signed;
use crewseal_custody::{Contradiction, Tick};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// How many heads are kept until HQ was asked. Of more the smallest and the largest stay: what
/// goes on from the one to the other has all between in it.
pub(super) const MOST_LEARNT: usize = 16;

/// A head of HQ's log, as HQ signed it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(super) struct Learnt {
    #[n(0)]
    pub(super) head: TreeHead,
    /// HQ's time.
    #[n(1)]
    pub(super) at: u64,
    /// Up to which size HQ says that it has a copy.
    #[n(2)]
    pub(super) replicated: Option<u64>,
    /// The number of a tick.
    #[n(3)]
    pub(super) tick: Option<u64>,
    /// The checkpoint, the tick, or that the log ended here.
    #[n(4)]
    pub(super) signed: ByteVec,
}

/// What is known of one HQ's log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct LogView {
    #[n(0)]
    version: Version<1>,
    /// The newest head of which HQ showed that it goes on from all before; the first one is
    /// taken as it is.
    #[n(1)]
    proven: Option<Learnt>,
    /// Heads of which HQ was not asked yet.
    #[n(2)]
    learnt: Vec<Learnt>,
    /// The checkpoint that names the largest replicated size of the log that goes on.
    #[n(3)]
    safest: Option<Learnt>,
    /// The logs that ended, as far as HQ still had them.
    #[n(4)]
    ended: Vec<Learnt>,
    /// HQ's newest time in all of them.
    #[n(5)]
    newest: u64,
    /// Since when, by HQ's time, its ticks name more revocations than it tells, and how many
    /// they name.
    #[n(6)]
    untold: Option<Untold>,
}

/// Revocations that HQ's ticks name and that did not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct Untold {
    #[n(0)]
    epoch: u64,
    #[n(1)]
    since: u64,
    #[n(2)]
    is_named: bool,
}

/// How long HQ may take from revoking to telling it, in seconds.
const MOST_UNTOLD: u64 = 24 * 60 * 60;

/// What is to be asked of HQ about a head that was learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    /// That of the two the larger one goes on from the smaller one.
    Consistency(Pair),
    /// How the log after the known one began.
    Restore(Pair),
}

/// Two signed messages of HQ about its log: one that the phone goes by, and another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) known: Learnt,
    pub(super) other: Learnt,
}

impl Learnt {
    pub(super) fn of_checkpoint(signed: &SignedCheckpoint) -> Self {
        let checkpoint = signed.checkpoint();
        Self {
            head: checkpoint.head,
            at: checkpoint.at,
            replicated: checkpoint.replicated,
            tick: None,
            signed: signed.as_text().as_bytes().to_vec().into(),
        }
    }

    /// None of a tick from before there was a log.
    pub(super) fn of_tick(tick: &Signed<Tick>) -> Option<Self> {
        let signed = tick.as_bytes().to_vec().into();
        let (head, at, number) = (tick.log?, tick.at, tick.number);
        Some(Self { head, at, replicated: None, tick: Some(number), signed })
    }

    /// Where a log ended, by these signed bytes.
    pub(super) fn of_restore(restore: &Restore, signed: &[u8]) -> Self {
        let signed = signed.to_vec().into();
        Self { head: restore.kept, at: restore.at, replicated: None, tick: None, signed }
    }

    /// How the two contradict each other by themselves, whatever HQ shows: they are of no one
    /// log, or HQ's time goes back from the one to the other.
    fn contradicts(&self, other: &Self) -> Option<Contradiction> {
        let by_number = self.tick.zip(other.tick);
        // Of two ticks in the same second either may have the higher number.
        let ticks_back = by_number.is_some_and(|(one, two)| {
            (one < two && self.at > other.at) || (one > two && self.at < other.at)
        });
        if self.head.generation != other.head.generation {
            return ticks_back.then_some(Contradiction::Time);
        }
        let place = |one: &Self| (one.head.size, one.at);
        let (first, then) = if place(self) <= place(other) { (self, other) } else { (other, self) };
        let is_of_one_size = first.head.size == then.head.size;
        let is_split = is_of_one_size && first.head.root != then.head.root;
        let copies = first.replicated.zip(then.replicated);
        let loses = place(first) != place(then) && copies.is_some_and(|(one, two)| one > two);
        if is_split || loses {
            return Some(Contradiction::Logs);
        }
        let goes_back = ticks_back || (!is_of_one_size && first.at > then.at);
        goes_back.then_some(Contradiction::Time)
    }

    /// Whether another message goes on with a log of which this one says that it ended.
    fn ends_before(&self, other: &Self) -> bool {
        let (kept, head) = (self.head, other.head);
        let is_split = kept.size == head.size && kept.root != head.root;
        let goes_on = head.size > kept.size && other.at > self.at;
        kept.generation == head.generation && (is_split || goes_on)
    }
}

impl LogView {
    /// HQ's newest time that is known of its log.
    pub(super) const fn newest(&self) -> u64 {
        self.newest
    }

    /// Whether what stood in this place is lost at HQ.
    pub(super) fn is_void(&self, generation: u32, place: u64) -> bool {
        let is_it = |ended: &&Learnt| ended.head.generation == generation;
        self.ended.iter().find(is_it).is_some_and(|ended| place >= ended.head.size)
    }

    /// Whether HQ lost the end of a log before.
    pub(super) const fn was_restored(&self) -> bool {
        !self.ended.is_empty()
    }

    fn heads(&self) -> impl Iterator<Item = &Learnt> {
        self.proven.iter().chain(&self.safest).chain(&self.learnt)
    }

    /// What is of no one log with a message, by itself.
    pub(super) fn contradicted_by(&self, new: &Learnt) -> Option<&Learnt> {
        let is_other = |known: &&Learnt| known.contradicts(new) == Some(Contradiction::Logs);
        let by_end = self.ended.iter().find(|ended| ended.ends_before(new));
        self.heads().find(is_other).or(by_end)
    }

    /// What HQ takes back with a message that it says now: a larger log of before.
    pub(super) fn rolled_back_by(&self, new: &Learnt) -> Option<&Learnt> {
        let is_larger = |known: &&Learnt| {
            let (head, then) = (known.head, new.head);
            head.generation == then.generation && head.size > then.size && known.at < new.at
        };
        self.heads().find(is_larger)
    }

    /// The head next to a message, if HQ's time goes back from the one to the other. HQ's clock
    /// was wrong, then or now, which is no reason to let its log go; and it is wrong once, not
    /// with every head from before it.
    pub(super) fn is_back_from(&self, new: &Learnt) -> Option<&Learnt> {
        let apart = |known: &&Learnt| {
            let (one, other) = (known.head, new.head);
            (one.generation.abs_diff(other.generation), one.size.abs_diff(other.size))
        };
        let next = self.heads().filter(|known| *known != new).min_by_key(apart)?;
        (next.contradicts(new) == Some(Contradiction::Time)).then_some(next)
    }

    /// Takes a head in. What it contradicts is found when HQ is to be asked.
    pub(super) fn learn(&mut self, new: Learnt) {
        self.newest = self.newest.max(new.at);
        self.note_copy(&new);
        let Some(proven) = &mut self.proven else {
            self.proven = Some(new);
            return;
        };
        // Of one head the later message is kept: nothing larger may be of before it.
        let same = self.learnt.iter_mut().chain([proven]).find(|known| known.head == new.head);
        match same {
            Some(known) if known.tick.is_some() == new.tick.is_some() && known.at < new.at => {
                *known = new;
            }
            Some(known) if known.contradicts(&new).is_none() => {}
            _ => self.learnt.push(new),
        }
        self.thin_out();
    }

    fn note_copy(&mut self, new: &Learnt) {
        let goes_on = self.proven.as_ref().map(|proven| proven.head.generation);
        let is_of_it = goes_on.is_none_or(|generation| generation == new.head.generation);
        let most = self.safest.as_ref().and_then(|safest| safest.replicated);
        if is_of_it && new.replicated > most {
            self.safest = Some(new.clone());
        }
    }

    /// Lets go of one between the smallest and the largest where there are too many.
    fn thin_out(&mut self) {
        let place = |learnt: &Learnt| (learnt.head.generation, learnt.head.size);
        while self.learnt.len() > MOST_LEARNT {
            let (least, most) =
                (self.learnt.iter().map(place).min(), self.learnt.iter().map(place).max());
            let is_between =
                |learnt: &Learnt| Some(place(learnt)) != least && Some(place(learnt)) != most;
            let at = self.learnt.iter().position(is_between).unwrap_or(0);
            self.learnt.remove(at);
        }
    }

    /// Two messages that are of no one log by themselves, of which the other is let go.
    pub(super) fn take_contradiction(&mut self) -> Option<Pair> {
        for at in 0..self.learnt.len() {
            let mut others = self.clone();
            let other = others.learnt.remove(at);
            if let Some(known) = others.contradicted_by(&other) {
                let known = known.clone();
                self.learnt.remove(at);
                return Some(Pair { known, other });
            }
        }
        None
    }

    /// The messages from which HQ's time goes back, each with one that comes after it.
    pub(super) fn times_back(&self) -> Vec<Pair> {
        let back = self.learnt.iter().filter_map(|other| {
            let known = self.is_back_from(other)?.clone();
            Some(Pair { known, other: other.clone() })
        });
        back.collect()
    }

    /// What HQ is to be asked next. Heads of which there is nothing to ask are let go.
    pub(super) fn question(&mut self) -> Option<Question> {
        self.learnt.sort_by_key(|learnt| (learnt.head.generation, learnt.head.size));
        while let Some(next) = self.learnt.first().cloned() {
            let proven = self.proven.clone()?;
            let (here, there) = (proven.head, next.head);
            if there.generation > here.generation {
                return Some(Question::Restore(Pair { known: proven, other: next }));
            }
            if there.generation == here.generation {
                if here.size > 0 && there.size > 0 && here != there {
                    return Some(Question::Consistency(Pair { known: proven, other: next }));
                }
                self.shown(&next);
                continue;
            }
            let ended = self.ended.iter().find(|end| end.head.generation == there.generation);
            if let Some(ended) = ended.filter(|end| there.size > 0 && there.size < end.head.size) {
                let known = ended.clone();
                return Some(Question::Consistency(Pair { known, other: next }));
            }
            self.drop_learnt(&next);
        }
        None
    }

    fn drop_learnt(&mut self, learnt: &Learnt) {
        self.learnt.retain(|known| known != learnt);
    }

    /// HQ showed that a head is of the log that is known.
    pub(super) fn shown(&mut self, learnt: &Learnt) {
        self.drop_learnt(learnt);
        let is_newer = self.proven.as_ref().is_some_and(|proven| {
            proven.head.generation == learnt.head.generation && proven.head.size < learnt.head.size
        });
        if is_newer {
            self.proven = Some(learnt.clone());
        }
    }

    /// HQ did not show it: the other message is let go, and with one of a later log all of
    /// those.
    pub(super) fn not_shown(&mut self, question: &Question) {
        match question {
            Question::Consistency(Pair { other, .. }) => self.drop_learnt(other),
            Question::Restore(Pair { known, .. }) => {
                let generation = known.head.generation;
                self.learnt.retain(|learnt| learnt.head.generation <= generation);
            }
        }
    }

    /// HQ showed where the known log ended and how the next one goes on. What comes back is
    /// the checkpoint that named a replicated size which is lost all the same.
    pub(super) fn restored(&mut self, end: Learnt, goes_on: Learnt) -> Option<Learnt> {
        let kept = end.head.size;
        let lost = self.safest.take().filter(|safest| safest.replicated > Some(kept));
        if let Some(before) = self.proven.take().filter(|before| before.head.size <= kept) {
            self.learnt.push(before);
        }
        self.newest = self.newest.max(goes_on.at);
        self.ended.push(end);
        self.note_copy(&goes_on);
        self.proven = Some(goes_on);
        let learnt = self.learnt.clone();
        learnt.iter().for_each(|learnt| self.note_copy(learnt));
        lost
    }

    /// Notes how many revocations HQ's tick names and how many came; whether HQ has told fewer
    /// for longer than it may. It is said once.
    pub(super) fn are_untold(&mut self, (named, told): (u64, u64), at: u64) -> bool {
        if named <= told {
            self.untold = None;
            return false;
        }
        let first = Untold { epoch: named, since: at, is_named: false };
        // That there are more meanwhile does not begin the time anew.
        let untold = self.untold.get_or_insert(first);
        if untold.is_named && named > untold.epoch {
            *untold = first;
        }
        let is_too_long = at >= untold.since.saturating_add(MOST_UNTOLD) && !untold.is_named;
        (untold.epoch, untold.is_named) = (named, untold.is_named || is_too_long);
        is_too_long
    }
}

#[cfg(test)]
mod tests;
