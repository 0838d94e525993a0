//! Jobs as a screen shows them.

use std::fmt;

use crewseal_custody::JobId;
use crewseal_custody::job;

/// A job that is open on this phone. Its texts are about people: show them to
/// the crew, and store or send them nowhere. Printing a job shows its id only.
// Not `Job`: Kotlin's coroutines have one, which the generated code imports.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct JobPack {
    /// The job's pseudonym.
    pub id: JobId,
    /// What the crew calls it.
    pub title: String,
    /// Whom to ask for at the door.
    pub customer: String,
    /// Where the boxes are.
    pub origin: String,
    /// Where they go.
    pub destination: String,
    /// From when the crew may see it, in seconds since 1970-01-01 UTC.
    pub opens_at: u64,
    /// When it is to be forgotten, in seconds since 1970-01-01 UTC.
    pub closes_at: u64,
    /// How many boxes were agreed, labelled or not.
    pub boxes: u32,
}

impl fmt::Debug for JobPack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobPack({})", self.id)
    }
}

impl From<&job::JobPack> for JobPack {
    fn from(pack: &job::JobPack) -> Self {
        Self {
            id: pack.job,
            title: pack.title.reveal().to_owned(),
            customer: pack.customer.reveal().to_owned(),
            origin: pack.origin.reveal().to_owned(),
            destination: pack.destination.reveal().to_owned(),
            opens_at: pack.opens_at,
            closes_at: pack.closes_at,
            boxes: pack.boxes,
        }
    }
}
