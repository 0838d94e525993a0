//! The verdict on an exported custody record: `crewseal-hq verify EXPORT`.
//!
//! It needs the file and nothing else, no database and no network, so whoever
//! has the file can come to it: the customer, an auditor, a court.

use std::fmt;

use crewseal_custody::signed::PublicKey;
use crewseal_custody::{Record, RecordError, Section, SignOff};
use serde::Serialize;

use crate::evidence::account::{Account, Matter, Weight, What};
use crate::evidence::words;
use crate::keys::fingerprint;

/// Checks every signature of a record and says what its events come to.
///
/// `hq` is HQ's key as the reader knows it. Without it the record is checked
/// against the key that stands in it, and the reader compares the fingerprint.
#[must_use]
pub fn verify(bytes: &[u8], hq: Option<&PublicKey>) -> Verdict {
    match Record::read(bytes, hq) {
        Err(error) => Verdict {
            standing: Standing::DoesNotHold,
            hq: None,
            contents: None,
            flaws: vec![Flaw::new(&Section::Whole, &error)],
            open: Vec::new(),
            remarks: Vec::new(),
        },
        Ok(reading) => {
            let account = Account::of(&reading);
            let flaws: Vec<Flaw> =
                reading.errors.iter().map(|(section, error)| Flaw::new(section, error)).collect();
            let open: Vec<Open> =
                account.matters.iter().map(|matter| Open::of(matter, &account)).collect();
            let remarks = account.remarks().map(|(event, outcome)| Remark {
                event: event.to_string(),
                outcome: words::outcome(outcome),
            });
            let remarks: Vec<Remark> = remarks.collect();
            let standing = match (flaws.is_empty(), open.is_empty() && remarks.is_empty()) {
                (false, _) => Standing::DoesNotHold,
                (true, false) => Standing::HoldsWithOpenMatters,
                (true, true) => Standing::Holds,
            };
            let known = hq.is_some_and(|hq| *hq == reading.record.hq);
            let key = Key { fingerprint: fingerprint(&reading.record.hq), known };
            let contents = Some(Contents::of(&account));
            Verdict { standing, hq: Some(key), contents, flaws, open, remarks }
        }
    }
}

/// As [`verify`], for a reader who was told the fingerprint of HQ's key, in any
/// case and grouping.
#[must_use]
pub fn verify_as_told(bytes: &[u8], told: &str) -> Verdict {
    let digits = |text: &str| -> String {
        text.chars().filter(char::is_ascii_hexdigit).map(|c| c.to_ascii_lowercase()).collect()
    };
    let key = Record::read(bytes, None).ok().map(|reading| reading.record.hq);
    match key.filter(|key| digits(&fingerprint(key)) == digits(told)) {
        Some(key) => verify(bytes, Some(&key)),
        // No key has all bytes zero: the record is of another HQ than told.
        None => verify(bytes, Some(&PublicKey([0; 65]))),
    }
}

/// What there is to say of a record. `Display` is the text for a person, the
/// serde form the one for a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// How it stands.
    pub standing: Standing,
    /// HQ's key; none if the file is no record.
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

/// HQ's key as it stands in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    /// Its [`fingerprint`].
    pub fingerprint: String,
    /// Whether it is the key that the reader knows. Without that the record
    /// only agrees with itself.
    pub known: bool,
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
    /// Whether it accuses nobody.
    pub neutral: bool,
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

impl Contents {
    fn of(account: &Account<'_>) -> Self {
        let (record, evidence) = (&account.reading.record, &account.reading.evidence);
        let how = |is: fn(&SignOff) -> bool| {
            let sign_offs = account.custody.sign_offs.values();
            sign_offs.filter(|sign_offs| sign_offs.values().any(is)).count()
        };
        Self {
            job: record.job.to_string(),
            origin: words::printable(&record.origin),
            exported_at: record.at,
            events: evidence.events.len(),
            devices: account.devices().len(),
            receipts: evidence.receipts.len(),
            boxes: account.boxes.len(),
            taken_over: account.taken(),
            delivered: account.delivered(),
            signed_off: how(|how| matches!(how, SignOff::Signed(_))),
            confirmed: how(|how| matches!(how, SignOff::Confirmed(_))),
            claimed: how(|how| matches!(how, SignOff::Claimed)),
            headline: account.headline(),
        }
    }
}

impl Flaw {
    fn new(section: &Section, error: &RecordError) -> Self {
        Self { section: words::section(section), what: words::record_error(error) }
    }
}

impl Open {
    fn of(matter: &Matter, account: &Account<'_>) -> Self {
        let (source, meaning) = match &matter.what {
            What::Finding(_) => (Source::Finding, None),
            What::Fault(kind) => {
                (Source::Fault, Some(words::fault_meaning(kind, |device| account.carrier(device))))
            }
        };
        Self {
            source,
            neutral: matter.what.weight() == Weight::Neutral,
            what: matter.what.name().to_owned(),
            meaning,
            boxes: account.call_outs(&matter.boxes).into_iter().map(str::to_owned).collect(),
            events: matter.events.iter().map(ToString::to_string).collect(),
            by: matter.devices.iter().map(|device| account.carrier(device)).collect(),
            held_by: matter.held_by.iter().map(|holder| account.holder(holder)).collect(),
            claimed_at: matter.claimed_at,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let standing = match self.standing {
            Standing::Holds => words::HOLDS,
            Standing::HoldsWithOpenMatters => words::HOLDS_WITH_OPEN_MATTERS,
            Standing::DoesNotHold => words::DOES_NOT_HOLD,
        };
        writeln!(f, "{standing}")?;
        if let Some(contents) = &self.contents {
            writeln!(f, "{}", words::contents(contents))?;
        }
        if let Some(key) = &self.hq {
            writeln!(f, "\n{}", words::hq_key(key))?;
        }
        if !self.flaws.is_empty() {
            writeln!(f, "\n{}", words::FLAWS)?;
            for flaw in &self.flaws {
                writeln!(f, "  {}: {}", flaw.section, flaw.what)?;
            }
        }
        if !self.open.is_empty() {
            let heading = if self.flaws.is_empty() { words::OPEN } else { words::OPEN_IN_REST };
            writeln!(f, "\n{heading}")?;
            for open in &self.open {
                writeln!(f, "  {}", words::open(open))?;
            }
        }
        if !self.remarks.is_empty() {
            writeln!(f, "\n{}", words::REMARKS)?;
            for remark in &self.remarks {
                writeln!(f, "  {}", words::remark(remark))?;
            }
        }
        Ok(())
    }
}
