//! A scanning session: a draft on the screen, of which nothing is recorded.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crewseal_custody::JobId;
use crewseal_label::Token;
use crewseal_scan::{Reader, Session, Tally};

use crate::frame::within;
use crate::label::{labels, token};
use crate::notices::Notices;
use crate::{Alarm, Commission, Count, CrewError, FrameFormat, Label, Sighted, Sighting};

/// Boxes scanned against a job's list. Nothing of it is kept until it is given
/// to `Crew.commission`, `Crew.recordScanned`, `Crew.offer` or `Crew.accept`.
///
/// Start a new one after anything was fetched or recorded: it knows the lists as
/// they were when it began.
#[derive(uniffi::Object)]
pub struct ScanSession {
    job: JobId,
    /// What reads frames, apart from the session: the screen asks for the count
    /// while a frame is read, and must not wait for it.
    camera: Mutex<Camera>,
    session: Mutex<Session>,
    notices: Notices,
}

/// A reader, and memory for frames that cannot be read where they lie.
#[derive(Default)]
struct Camera {
    reader: Reader,
    converted: Vec<u8>,
}

impl ScanSession {
    pub(crate) fn new(job: JobId, tally: Tally, notices: Notices) -> Self {
        let (camera, session) = (Mutex::default(), Mutex::new(Session::new(tally)));
        Self { job, camera, session, notices }
    }

    /// Does something to the session, and tells if it counts otherwise then.
    fn change<T>(&self, what: impl FnOnce(&mut Session) -> T) -> T {
        let mut session = self.session();
        let before = session.tally().count();
        let done = what(&mut session);
        let after = session.tally().count();
        // Left while the session is locked: the last count told is the last one.
        if (before.seen, before.expected) != (after.seen, after.expected) {
            self.notices.tally(self.job, after.into());
        }
        done
    }

    /// The boxes of the job that were scanned.
    pub(crate) fn boxes(&self) -> BTreeSet<Token> {
        self.session().tally().seen().copied().collect()
    }

    /// Tells of a box that does not belong here.
    fn warn_of(&self, sighting: &Sighting) {
        if let Sighting::OtherJob { label } = sighting {
            self.notices.alarm(Alarm::OtherJob { job: self.job, label: label.clone() });
        }
    }

    /// A panic while it was locked leaves sets of labels, whole each.
    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A panic while it was locked leaves memory that the next frame overwrites.
    fn camera(&self) -> MutexGuard<'_, Camera> {
        self.camera.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[uniffi::export]
impl ScanSession {
    /// The job.
    #[must_use]
    pub fn job(&self) -> JobId {
        self.job
    }

    /// Takes note of a text that was typed, or scanned with something else than
    /// the camera. Spaces, hyphens, lower case, O for 0 and I or L for 1 are
    /// forgiven; nothing else is. A label that was taken back counts again.
    pub fn typed(&self, text: &str) -> Sighting {
        let sighting = self.change(|session| session.typed(text)).into();
        self.warn_of(&sighting);
        sighting
    }

    /// Takes note of every code in a frame of the camera, and says of each code
    /// in view what it is and where, in no particular order. For the buffer the
    /// same holds as for `readFrame`.
    ///
    /// Call it with every frame, one at a time: how long a code is in view is
    /// counted in frames. `budget_millis` limits the time that one takes.
    #[uniffi::method(default(budget_millis = 4294967295))]
    pub fn sight_frame(
        &self,
        buffer: &[u8],
        format: &FrameFormat,
        budget_millis: u32,
    ) -> Result<Vec<Sighted>, CrewError> {
        let mut camera = self.camera();
        let Camera { reader, converted } = &mut *camera;
        let frame = format.frame(buffer, converted)?;
        let readings = within(budget_millis, |look| reader.live(&frame, look));
        // The camera stays locked until its frame is noted: frames keep their
        // order.
        let sighted = self.change(|session| session.sight(&readings));
        let sighted: Vec<_> = sighted.into_iter().map(Sighted::from).collect();
        for entering in sighted.iter().filter(|sighted| sighted.is_entering) {
            self.warn_of(&entering.sighting);
        }
        Ok(sighted)
    }

    /// Takes a box into the job, because the crew has just stuck this label on
    /// it.
    pub fn commission(&self, label: Label) -> Result<Commission, CrewError> {
        let token = token(&label)?;
        Ok(match self.change(|session| session.commission(token)) {
            crewseal_scan::Commission::FromRoll => Commission::FromRoll,
            crewseal_scan::Commission::Provisional => Commission::Provisional,
            crewseal_scan::Commission::Already => Commission::Already,
            crewseal_scan::Commission::OtherJob => Commission::OtherJob,
        })
    }

    /// Takes back what was last done with a label: a commissioned box leaves
    /// the job, any other is not counted any more. While the camera has it in
    /// view it is `Undone` and not counted again. Says whether there was anything
    /// to take back.
    pub fn undo(&self, label: Label) -> Result<bool, CrewError> {
        let token = token(&label)?;
        Ok(self.change(|session| session.undo(&token)))
    }

    /// Takes back the box that was counted last, and says which it was; none, if
    /// this session counted none.
    pub fn undo_last(&self) -> Option<Label> {
        self.change(Session::undo_last).map(Label::from)
    }

    /// How far the session is.
    #[must_use]
    pub fn count(&self) -> Count {
        self.session().tally().count().into()
    }

    /// Boxes of the job that were scanned.
    #[must_use]
    pub fn seen(&self) -> Vec<Label> {
        labels(self.session().tally().seen())
    }

    /// Boxes of the job that were not scanned yet; `callOut` is what to shout
    /// across the room.
    #[must_use]
    pub fn missing(&self) -> Vec<Label> {
        labels(self.session().tally().missing())
    }

    /// Boxes that entered the job in this session: give them to
    /// `Crew.commission`.
    #[must_use]
    pub fn commissioned(&self) -> Vec<Label> {
        labels(self.session().tally().commissioned())
    }

    /// What was scanned and does not belong here: boxes of other jobs and
    /// unknown labels.
    #[must_use]
    pub fn foreign(&self) -> Vec<Sighting> {
        self.session().tally().foreign().map(Sighting::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::{Sender, channel};
    use std::time::Duration;

    use crewseal_label::Token;

    use super::*;
    use crate::{Observer, ObserverError, SyncProgress};

    struct Told(Sender<(Option<Count>, Option<Alarm>)>);

    impl Observer for Told {
        fn tally_changed(&self, _: JobId, count: Count) -> Result<(), ObserverError> {
            self.0.send((Some(count), None)).map_err(|_| ObserverError::Failed)
        }

        fn sync_progressed(&self, _: SyncProgress) -> Result<(), ObserverError> {
            Ok(())
        }

        fn alarmed(&self, alarm: Alarm) -> Result<(), ObserverError> {
            self.0.send((None, Some(alarm))).map_err(|_| ObserverError::Failed)
        }
    }

    #[test]
    fn what_changes_the_count_is_told_and_a_box_of_another_job_is_an_alarm() {
        let job = JobId([7; 16]);
        let [mine, other] = [[1; 16], [2; 16]].map(Token::from_bytes);
        let tally = Tally::new([mine]).with_elsewhere([other]);
        let notices = Notices::default();
        let (told, hear) = channel();
        notices.observe(Some(Arc::new(Told(told)))).unwrap();
        let hear = || hear.recv_timeout(Duration::from_secs(30)).unwrap();
        let session = ScanSession::new(job, tally, notices.clone());
        session.typed(&mine.to_text());
        assert_eq!(hear(), (Some(Count { seen: 1, expected: 1 }), None));
        session.typed(&mine.to_text());
        session.typed(&other.to_text());
        let label = Label::from(other);
        assert_eq!(hear(), (None, Some(Alarm::OtherJob { job, label })));
        session.undo_last();
        assert_eq!(hear(), (Some(Count { seen: 0, expected: 1 }), None));
        notices.end();
    }
}
