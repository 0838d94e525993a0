//! Phones, enrolled at an HQ on this machine, that do what is measured.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crewseal::vault::SoftwareVault;
use crewseal::{ActRequest, Crew};
use crewseal_custody::signed::Digest;
use crewseal_custody::{EventKind, FindingKind};
use crewseal_label::Token;

use fixtures::clock::Standing;
use fixtures::paper;

/// How many acts an epoch has where many wait: so many between two starts.
pub const AN_EPOCH: usize = 100;

/// A phone's directory, and its keys, which are not on any clock.
pub struct Home {
    directory: PathBuf,
    vault: Arc<SoftwareVault>,
}

impl Home {
    pub fn new(directory: PathBuf) -> Self {
        let vault = SoftwareVault::open(&directory.join("keys"), "passphrase", 1);
        Self { vault: Arc::new(vault.expect("a new vault")), directory }
    }

    /// A new phone that is ready to record.
    pub async fn enrolled(directory: PathBuf, invitation: &[u8]) -> Self {
        let home = Self::new(directory);
        let crew = home.open();
        crew.enrol(invitation).await.expect("an HQ that answers");
        crew.fetch().await.expect("an HQ that answers");
        home
    }

    pub fn open(&self) -> Crew {
        let vault = Arc::<SoftwareVault>::clone(&self.vault);
        Crew::open(&self.store(), vault, Arc::new(Standing)).expect("a whole store")
    }

    pub fn store(&self) -> PathBuf {
        self.directory.join("store")
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Lets so many acts wait, started anew after every hundred.
    pub fn fill(&self, acts: usize) {
        for _ in 0..acts / AN_EPOCH {
            hundred(&self.open());
        }
    }

    /// The size of the database once all of the log is in it.
    pub fn size(&self) -> u64 {
        let path = self.store().join("crewseal.db");
        let database = rusqlite::Connection::open(&path).expect("a database");
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: i64 = database.query_row(checkpoint, [], |row| row.get(0)).expect("a checkpoint");
        assert_eq!(busy, 0, "somebody else has it open");
        std::fs::metadata(path).expect("a file").len()
    }
}

fn boxes() -> BTreeSet<Token> {
    paper::tokens(0..10).into_iter().collect()
}

/// An act with a finding that answers another: about 300 bytes once signed.
fn request() -> ActRequest {
    let damaged = paper::tokens(3..4).into_iter().collect();
    ActRequest {
        findings: vec![(FindingKind::Damaged, damaged)],
        about: Some(Digest([7; 32])),
        ..ActRequest::new(EventKind::Load, boxes())
    }
}

/// One act.
pub fn one(crew: &Crew) {
    let request = request();
    crew.record(paper::JOB, &request).expect("an open job");
}

/// A hundred acts in one commit.
pub fn hundred(crew: &Crew) {
    crew.record_all(paper::JOB, &vec![request(); AN_EPOCH]).expect("an open job");
}
