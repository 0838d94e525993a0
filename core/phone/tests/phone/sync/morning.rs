//! A phone on its first morning, at an HQ that misbehaves when it is told to.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crewseal::sync::SyncError;
use crewseal::vault::{Mark, VaultError};
use crewseal::{ActRequest, Crew, CrewError, Delivered};
use crewseal_custody::signed::Signed;
use crewseal_custody::{EventId, EventKind};
use crewseal_label::Token;
use fixtures::clock::Standing;
use fixtures::hq::MockHq;
use fixtures::vault::{Call, Hooked, Moment};
use fixtures::{files, paper};

/// What the vault was told, and whether it refuses to raise the mark.
#[derive(Default)]
pub struct Watched {
    pub storage_key: Mutex<Option<[u8; 32]>>,
    pub refuses: Mutex<bool>,
    pub raised: Mutex<Vec<Mark>>,
}

impl Watched {
    fn sees(&self, moment: Moment, call: Call<'_>) -> Result<(), VaultError> {
        match (moment, call) {
            (Moment::Before, Call::Wrap(key)) => *self.storage_key.lock().unwrap() = Some(*key),
            (Moment::Before, Call::RaiseMark(_)) if *self.refuses.lock().unwrap() => {
                return Err(VaultError::Hardware);
            }
            (Moment::After, Call::RaiseMark(mark)) => self.raised.lock().unwrap().push(mark),
            _ => {}
        }
        Ok(())
    }
}

pub fn open(home: &Path, vault: &Arc<Watched>) -> Crew {
    let watched = Arc::clone(vault);
    let vault = Hooked::open(home, move |moment, call| watched.sees(moment, call));
    Crew::open(&files::store(home), Arc::new(vault), Arc::new(Standing)).unwrap()
}

/// A phone on its first morning: enrolled, with job and rolls, and with an act at HQ before
/// which it said the terms of the job. What comes now is acts.
pub struct Morning {
    pub home: tempfile::TempDir,
    pub vault: Arc<Watched>,
    pub crew: Crew,
    pub hq: MockHq,
}

/// How many events the phone of a morning has signed.
pub const SAID: u64 = 2;

pub async fn morning() -> Morning {
    let home = tempfile::tempdir().unwrap();
    let (vault, hq) = (Arc::<Watched>::default(), MockHq::start().await);
    let crew = open(home.path(), &vault);
    crew.enrol(&hq.invitation()).await.unwrap();
    let fetched = crew.fetch().await.unwrap();
    assert_eq!((fetched.jobs, fetched.labels), (2, 20));
    count(&crew).unwrap();
    assert_eq!(crew.sync().await.unwrap().receipted, SAID);
    hq.forget_what_came();
    vault.raised.lock().unwrap().clear();
    Morning { home, vault, crew, hq }
}

impl Morning {
    pub fn act(&self) -> EventId {
        count(&self.crew).unwrap()
    }

    pub fn waiting(&self) -> u64 {
        self.crew.outbox().unwrap().waiting
    }

    pub fn at_hq(&self) -> Vec<EventId> {
        self.hq.events().iter().map(Signed::id).collect()
    }

    /// Syncs, which must fail, and says why and when to try again.
    pub async fn fails(&self) -> (SyncError, Option<Duration>) {
        why(self.crew.sync().await.expect_err("it cannot succeed"))
    }

    pub async fn delivers(&self, receipted: u64) {
        let expected = Delivered { receipted, parked: 0, unanswered: 0 };
        assert_eq!(self.crew.sync().await.unwrap(), expected);
        assert_eq!(self.waiting(), 0);
    }
}

pub fn boxes() -> BTreeSet<Token> {
    paper::tokens(0..3).into_iter().collect()
}

pub fn count(crew: &Crew) -> Result<EventId, CrewError> {
    crew.record(paper::JOB, &ActRequest::new(EventKind::Count, boxes()))
}

pub fn why(error: CrewError) -> (SyncError, Option<Duration>) {
    match error {
        CrewError::Sync { error, again_after } => (error, again_after),
        other => panic!("not an error of the sync: {other:?}"),
    }
}
