//! An HQ of one job and one roll: as much as an app's side can be shown with.

use crewseal_custody::signed::Signed;
use crewseal_custody::{EventKind, JobId, Refusal, ReleaseCode, ReleaseKey, Revocations, Role};
use crewseal_label::Token;
use fixtures::hq::{Job, MockHq};

/// The job.
pub const JOB: JobId = JobId([9; 16]);
/// The labels of its boxes.
pub const BOXES: [[u8; 16]; 3] = [[1; 16], [2; 16], [3; 16]];
/// The label on the roll.
pub const BLANK: [u8; 16] = [4; 16];

/// What the customer got at booking, for the pickup.
pub fn release_code() -> ReleaseCode {
    ReleaseCode::from_bytes([0x33; 10])
}

/// A running HQ.
pub struct Hq(MockHq);

impl Hq {
    /// Begins to listen. The third phone to enrol is the supervisor's.
    pub async fn open() -> Self {
        let job = Job {
            id: JOB,
            title: "Third floor, no lift",
            labels: BOXES.map(Token::from_bytes).to_vec(),
            expected: 3,
            open: (0, u64::MAX),
            release_keys: vec![ReleaseKey::of(JOB, 1, EventKind::TakeOver, &release_code())],
        };
        let hq = MockHq::of(vec![job], vec![Token::from_bytes(BLANK)]).await;
        for _ in 0..2 {
            hq.enrol_as(Role::Mover, "Mover 17");
        }
        hq.enrol_as(Role::Supervisor, "Supervisor 2");
        Self(hq)
    }

    /// Whether it refuses from now on what is delivered.
    pub fn refuse(&self, refuses: bool) {
        self.0.refuse_all(refuses.then_some(Refusal::UnknownDevice));
    }

    /// From now on its job is over.
    pub fn end(&self) {
        self.0.end(JOB);
    }

    /// From now on this is its list of revoked devices.
    pub fn revoke(&self, list: Signed<Revocations>) {
        self.0.revoke(list);
    }

    /// Answers the next batch as something before it does that takes none so large.
    pub fn take_none_so_large(&self) {
        self.0.answer_status(413);
    }

    /// What it hands to a new phone.
    pub fn invitation(&self) -> Vec<u8> {
        self.0.invitation()
    }
}
