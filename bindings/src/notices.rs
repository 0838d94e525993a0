//! What is to be told to an observer, until it is.
//!
//! One thread for each phone tells it, for as long as the phone is open. Whoever has
//! something to tell leaves it here and goes on; what is not told yet is replaced by
//! what is newer, so that an app that takes its time hears less, and never late.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crewseal_custody::JobId;

use crate::{
    Alarm, Count, CrewError, Delivered, GivingState, Observer, OpenHandoff, ReceivingState, Rule,
    Salvage, SyncProgress,
};

/// Alarms that wait for an observer, at most. Beyond it the oldest is not told.
const MOST_ALARMS: usize = 64;

/// What is to be told to a phone's observer. Copies are of the same.
#[derive(Clone, Default)]
pub struct Notices(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    something: Condvar,
}

#[derive(Default)]
struct Waiting {
    observer: Option<Arc<dyn Observer>>,
    has_thread: bool,
    is_over: bool,
    alarms: VecDeque<Alarm>,
    progress: Option<SyncProgress>,
    tallies: BTreeMap<JobId, Count>,
    /// How many of the store's salvages were told.
    salvages: usize,
    /// What the open handoffs show that were told of: it names them.
    handoffs: BTreeSet<Vec<u8>>,
}

/// One call of the observer.
enum Notice {
    Alarm(Alarm),
    Progress(SyncProgress),
    Tally(JobId, Count),
}

impl Notices {
    /// From now on this observer is told, and no other; nobody, if none is given.
    /// Alarms that nobody was told wait for it.
    pub fn observe(&self, observer: Option<Arc<dyn Observer>>) -> Result<(), CrewError> {
        let mut waiting = self.waiting();
        if observer.is_some() && !waiting.has_thread && !waiting.is_over {
            let shared = Arc::clone(&self.0);
            std::thread::Builder::new()
                .name("crewseal".to_owned())
                .spawn(move || shared.tell())
                .map_err(|_| CrewError::SystemFailed)?;
            waiting.has_thread = true;
        }
        let before = std::mem::replace(&mut waiting.observer, observer);
        drop(waiting);
        self.0.something.notify_one();
        // Letting go of it calls the app, which must not find this locked.
        drop(before);
        Ok(())
    }

    /// Nobody is told anything any more, and the thread ends. A call that has begun
    /// is not waited for: it may be the one that closes the phone.
    pub fn end(&self) {
        let mut waiting = self.waiting();
        let before = waiting.observer.take();
        waiting.is_over = true;
        drop(waiting);
        self.0.something.notify_one();
        drop(before);
    }

    /// A tally changed.
    pub fn tally(&self, job: JobId, count: Count) {
        self.leave(|waiting| {
            if waiting.observer.is_some() {
                waiting.tallies.insert(job, count);
            }
        });
    }

    /// A sync has come so far.
    pub fn progress(&self, progress: SyncProgress) {
        self.leave(|waiting| {
            if waiting.observer.is_some() {
                waiting.progress = Some(progress);
            }
        });
    }

    /// A person should see this. What waits to be told is not told twice.
    pub fn alarm(&self, alarm: Alarm) {
        self.leave(|waiting| waiting.alarm(alarm));
    }

    /// These are all that became of the store so far: the new ones are told.
    pub fn salvages(&self, salvages: Vec<Salvage>) {
        self.leave(|waiting| {
            let known = waiting.salvages;
            // A store that rests has none.
            waiting.salvages = known.max(salvages.len());
            for salvage in salvages.into_iter().skip(known) {
                waiting.alarm(Alarm::StoreSalvaged { salvage });
            }
        });
    }

    /// These handoffs are open: what is wrong with one is told once.
    pub fn handoffs(&self, open: &[OpenHandoff]) {
        let wrong = |handoff: &OpenHandoff| match handoff {
            OpenHandoff::Giving { offer, state: GivingState::Lapsed, shown, .. } => {
                Some((shown.clone(), Alarm::HandoffOverdue { offer: *offer }))
            }
            OpenHandoff::Receiving { state: ReceivingState::Crossed, shown } => {
                Some((shown.clone(), Alarm::HandoffCrossed))
            }
            _ => None,
        };
        self.leave(|waiting| {
            let before = std::mem::take(&mut waiting.handoffs);
            for (shown, alarm) in open.iter().filter_map(wrong) {
                if !before.contains(&shown) {
                    waiting.alarm(alarm);
                }
                waiting.handoffs.insert(shown);
            }
        });
    }

    /// A sync ended.
    pub fn delivered(&self, delivered: &Delivered) {
        if delivered.parked > 0 {
            self.alarm(Alarm::EntriesRefused { entries: delivered.parked });
        }
    }

    /// A call failed: some of what calls fail of is for a person to see whoever
    /// called.
    pub fn failed(&self, error: &CrewError) {
        let alarm = match error {
            CrewError::StoreDamaged => Alarm::StoreDamaged,
            CrewError::KeysGone => Alarm::KeysGone,
            CrewError::KeyRemains => Alarm::KeyRemains,
            CrewError::NotVouchedFor => Alarm::OtherNotVouchedFor,
            CrewError::WrongCertificate => Alarm::WrongCertificate,
            CrewError::NotAdmitted => Alarm::NotVouchedFor,
            CrewError::NotAllowed { rule: Rule::Credential | Rule::Revocation, .. } => {
                Alarm::NotVouchedFor
            }
            _ => return,
        };
        self.alarm(alarm);
    }

    fn leave(&self, what: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.waiting();
        if waiting.is_over {
            return;
        }
        what(&mut waiting);
        let is_heard = waiting.observer.is_some();
        drop(waiting);
        if is_heard {
            self.0.something.notify_one();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting()
    }
}

impl Shared {
    /// What waits is whole whatever panicked while it was locked.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the thread does. Nothing is locked while the app is called.
    fn tell(&self) {
        while let Some((observer, notice)) = self.next() {
            // Whatever becomes of it, the next notice is told.
            let _ = catch_unwind(AssertUnwindSafe(|| match notice {
                Notice::Alarm(alarm) => observer.alarmed(alarm),
                Notice::Progress(progress) => observer.sync_progressed(progress),
                Notice::Tally(job, count) => observer.tally_changed(job, count),
            }));
        }
    }

    fn next(&self) -> Option<(Arc<dyn Observer>, Notice)> {
        let mut waiting = self.waiting();
        while !waiting.is_over {
            if let Some(observer) = waiting.observer.clone()
                && let Some(notice) = waiting.take()
            {
                return Some((observer, notice));
            }
            waiting = self.something.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }
}

impl Waiting {
    fn alarm(&mut self, alarm: Alarm) {
        if self.alarms.contains(&alarm) {
            return;
        }
        if self.alarms.len() == MOST_ALARMS {
            self.alarms.pop_front();
        }
        self.alarms.push_back(alarm);
    }

    fn take(&mut self) -> Option<Notice> {
        if let Some(alarm) = self.alarms.pop_front() {
            return Some(Notice::Alarm(alarm));
        }
        if let Some(progress) = self.progress.take() {
            return Some(Notice::Progress(progress));
        }
        self.tallies.pop_first().map(|(job, count)| Notice::Tally(job, count))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use super::*;
    use crate::ObserverError;

    /// Tells the test what it is told, and waits until it may go on.
    struct Slow {
        told: Sender<String>,
        go_on: Mutex<Receiver<()>>,
    }

    impl Slow {
        fn take(&self, what: String) -> Result<(), ObserverError> {
            self.told.send(what).unwrap();
            self.go_on.lock().unwrap().recv().unwrap();
            Ok(())
        }
    }

    impl Observer for Slow {
        fn tally_changed(&self, _: JobId, count: Count) -> Result<(), ObserverError> {
            self.take(format!("{} of {}", count.seen, count.expected))
        }

        fn sync_progressed(&self, progress: SyncProgress) -> Result<(), ObserverError> {
            self.take(format!("{} receipted", progress.receipted))
        }

        fn alarmed(&self, alarm: Alarm) -> Result<(), ObserverError> {
            self.take(format!("{alarm:?}"))
        }
    }

    const JOB: JobId = JobId([7; 16]);

    fn count(seen: u64) -> Count {
        Count { seen, expected: 42 }
    }

    #[test]
    fn what_is_outdated_is_not_told_and_nobody_waits_for_the_observer() {
        let ((told, hear), (go, go_on)) = (channel(), channel());
        let hear = || hear.recv_timeout(Duration::from_secs(30)).unwrap();
        let notices = Notices::default();
        let observer = Slow { told, go_on: Mutex::new(go_on) };
        notices.observe(Some(Arc::new(observer))).unwrap();
        notices.tally(JOB, count(0));
        assert_eq!(hear(), "0 of 42");
        // It has not gone on, and 100,000 notices do not wait for it.
        for number in 1..=100_000 {
            notices.tally(JOB, count(number));
            let progress = SyncProgress { waiting: 9, receipted: number, parked: 0, unanswered: 0 };
            notices.progress(progress);
            notices.alarm(Alarm::EntriesRefused { entries: number });
            notices.alarm(Alarm::EntriesRefused { entries: number });
        }
        for number in 0..64 {
            go.send(()).unwrap();
            assert_eq!(hear(), format!("EntriesRefused {{ entries: {} }}", 99_937 + number));
        }
        go.send(()).unwrap();
        assert_eq!(hear(), "100000 receipted");
        go.send(()).unwrap();
        assert_eq!(hear(), "100000 of 42");
        notices.end();
        go.send(()).unwrap();
    }

    #[test]
    fn an_observer_that_panics_is_told_the_next() {
        struct Panics(Sender<()>);
        impl Observer for Panics {
            fn tally_changed(&self, _: JobId, _: Count) -> Result<(), ObserverError> {
                self.0.send(()).unwrap();
                panic!("an observer");
            }

            fn sync_progressed(&self, _: SyncProgress) -> Result<(), ObserverError> {
                Ok(())
            }

            fn alarmed(&self, _: Alarm) -> Result<(), ObserverError> {
                Ok(())
            }
        }
        let (told, hear) = channel();
        let notices = Notices::default();
        notices.observe(Some(Arc::new(Panics(told)))).unwrap();
        for number in 0..3 {
            notices.tally(JOB, count(number));
            hear.recv_timeout(Duration::from_secs(30)).unwrap();
        }
        notices.end();
    }

    #[test]
    fn alarms_wait_for_an_observer_and_the_thread_ends_with_the_phone() {
        let ((told, hear), (go, go_on)) = (channel(), channel());
        let notices = Notices::default();
        notices.alarm(Alarm::KeysGone);
        notices.tally(JOB, count(1));
        let observer: Arc<dyn Observer> = Arc::new(Slow { told, go_on: Mutex::new(go_on) });
        let is_held = Arc::downgrade(&observer);
        notices.observe(Some(observer)).unwrap();
        assert_eq!(hear.recv_timeout(Duration::from_secs(30)).unwrap(), "KeysGone");
        notices.end();
        go.send(()).unwrap();
        // Whatever was left is not told, and the observer is let go of: then nobody
        // can send any more.
        assert!(hear.recv_timeout(Duration::from_secs(30)).is_err());
        assert!(is_held.upgrade().is_none());
    }

    #[test]
    fn a_handoff_that_is_overdue_is_told_once() {
        let notices = Notices::default();
        let offer = crewseal_custody::signed::Digest([3; 32]);
        let lapsed = OpenHandoff::Giving {
            offer,
            to: crewseal_custody::DeviceId([1; 16]),
            state: GivingState::Lapsed,
            shown: vec![1, 2, 3],
        };
        for _ in 0..3 {
            notices.handoffs(std::slice::from_ref(&lapsed));
        }
        assert_eq!(notices.waiting().alarms, [Alarm::HandoffOverdue { offer }]);
        // Over, and another one of the same kind.
        notices.waiting().alarms.clear();
        notices.handoffs(&[]);
        notices.handoffs(&[lapsed]);
        assert_eq!(notices.waiting().alarms.len(), 1);
    }
}
