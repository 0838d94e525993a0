//! A verdict on a record, as data: for a person its text is in `wording`, for a machine
//! it is JSON.

use serde::{Serialize, Serializer};

use super::severity::Severity;

/// What there is to say of a record. `Display` is the text for a person, the
/// serde form the one for a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// How it stands.
    pub standing: Standing,
    /// HQ, by its fingerprint; none if the file is no record.
    pub hq: Option<Key>,
    /// What the record holds; none if the file is no record.
    pub contents: Option<Contents>,
    /// What does not hold.
    pub flaws: Vec<Flaw>,
    /// What the events leave open: findings and faults, serious first.
    pub open: Vec<Open>,
    /// HQ's answers that are more than a plain "stored".
    pub remarks: Vec<Remark>,
}

/// How a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Every signature holds and nothing is open.
    Holds,
    /// Every signature holds; there are findings, faults or remarks to read.
    HoldsWithOpenMatters,
    /// Some part does not hold, the key is another than expected, or the file
    /// is no record.
    DoesNotHold,
}

impl Standing {
    /// The exit status of the command: 0, 1, 2 in the order of the variants.
    ///
    /// A neutral matter, a typed label or a clock that disagrees, gives 1 too:
    /// whether it matters is for a person to say, and 0 means that there is
    /// nothing to read.
    #[must_use]
    pub const fn exit_status(self) -> u8 {
        match self {
            Self::Holds => 0,
            Self::HoldsWithOpenMatters => 1,
            Self::DoesNotHold => 2,
        }
    }
}

/// HQ as it stands in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    /// HQ's [`fingerprint`](crewseal_custody::fingerprint).
    pub fingerprint: String,
    /// Whether the reader knows it. In JSON: `known`, true or false.
    #[serde(rename = "known", serialize_with = "is_known")]
    pub trust: KeyTrust,
}

/// Whether the reader of a record knows HQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyTrust {
    /// It is the HQ that the reader named.
    Known,
    /// The reader has yet to compare it, or named another. Without that the record only
    /// agrees with itself.
    Unknown,
}

/// What a record holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// The job, by the first eight digits of its pseudonym.
    pub job: String,
    /// The name of HQ's log.
    pub origin: String,
    /// When it was exported, in seconds since 1970-01-01 UTC.
    pub exported_at: u64,
    /// Events whose signatures hold.
    pub events: usize,
    /// Devices that signed them.
    pub devices: usize,
    /// Receipts of HQ.
    pub receipts: usize,
    /// The job's boxes.
    pub boxes: usize,
    /// Boxes that the crew took over.
    pub taken_over: usize,
    /// Of those, boxes that were delivered.
    pub delivered: usize,
    /// Events that a supervisor signed off on his own phone.
    pub signed_off: usize,
    /// Events whose sign-off was claimed with a supervisor's code, and HQ confirmed it.
    pub confirmed: usize,
    /// Events whose sign-off was claimed so, and HQ has yet to confirm it.
    pub claimed: usize,
    /// How it stands, in one sentence.
    pub headline: String,
}

/// A part of the record that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// Which part.
    pub section: String,
    /// What is wrong with it.
    pub what: String,
}

/// A finding or a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Open {
    /// Whether somebody signed that he found it, or the events show it.
    pub source: Source,
    /// How much it asks for. In JSON: `neutral`, true or false.
    #[serde(rename = "neutral", serialize_with = "is_neutral")]
    pub severity: Severity,
    /// What it is.
    pub what: String,
    /// What it means; a finding says enough by its name.
    pub meaning: Option<String>,
    /// The boxes, by the last four characters of their labels.
    pub boxes: Vec<String>,
    /// The events that prove it, by the first eight digits of their ids.
    pub events: Vec<String>,
    /// Who signed those.
    pub by: Vec<String>,
    /// Who had the boxes until then.
    pub held_by: Vec<String>,
    /// When, by the phone's clock, in seconds since 1970-01-01 UTC.
    pub claimed_at: Option<u64>,
}

/// Where an open matter comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Somebody signed that he found it.
    Finding,
    /// The events show it.
    Fault,
}

/// HQ's answer to an event, where it is more than "stored".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The event, by the first eight digits of its id.
    pub event: String,
    /// HQ's answer.
    pub outcome: String,
}

fn is_known<S: Serializer>(trust: &KeyTrust, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(*trust == KeyTrust::Known)
}

fn is_neutral<S: Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(*severity == Severity::Neutral)
}
