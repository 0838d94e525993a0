//! The check of an exported custody record: `crewseal-hq verify EXPORT`.
//!
//! It needs the file and nothing else, no database and no network, so whoever
//! has the file can come to the same verdict: the customer, an auditor, a court.

use crewseal_custody::{HqId, Reading, Record, RecordError, Section, SignOff, fingerprint};

use super::job_summary::{JobSummary, Matter, MatterKind};
use super::verdict::{Contents, Flaw, Key, KeyTrust, Open, Remark, Source, Standing, Verdict};
use super::wording;

/// Checks every signature of a record and says what its events come to.
///
/// `hq` is HQ's identity as the reader knows it. Without it the record is checked
/// against the key lists that stand in it, and the reader compares the fingerprint.
#[must_use]
pub fn verify(bytes: &[u8], hq: Option<&HqId>) -> Verdict {
    match Record::read(bytes, hq) {
        Ok(reading) if hq.is_some_and(|hq| *hq == reading.hq.identity()) => {
            judge(&reading, KeyTrust::Known)
        }
        Ok(reading) => judge(&reading, KeyTrust::Unknown),
        Err(error) => no_record(&error),
    }
}

/// As [`verify`], for a reader who was told HQ's fingerprint, in any grouping.
#[must_use]
pub fn verify_as_told(bytes: &[u8], told: &str) -> Verdict {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    match Record::read(bytes, None) {
        Ok(reading) if digits(&fingerprint_of(&reading)) == digits(told) => {
            judge(&reading, KeyTrust::Known)
        }
        Ok(mut reading) => {
            reading.errors.insert(0, (Section::Whole, RecordError::OtherHq));
            judge(&reading, KeyTrust::Unknown)
        }
        Err(error) => no_record(&error),
    }
}

/// The fingerprint of the HQ that a record says it is of.
#[must_use]
pub fn fingerprint_of(reading: &Reading) -> String {
    fingerprint(&reading.hq.identity())
}

/// The verdict on a file that is no record.
fn no_record(error: &RecordError) -> Verdict {
    Verdict {
        standing: Standing::DoesNotHold,
        hq: None,
        contents: None,
        flaws: vec![flaw(&Section::Whole, error)],
        open: Vec::new(),
        remarks: Vec::new(),
    }
}

fn judge(reading: &Reading, trust: KeyTrust) -> Verdict {
    let summary = JobSummary::of(reading);
    let flaws: Vec<Flaw> =
        reading.errors.iter().map(|(section, error)| flaw(section, error)).collect();
    let open: Vec<Open> = summary.matters.iter().map(|matter| open(matter, &summary)).collect();
    let remarks = summary.remarks().map(|(event, outcome)| Remark {
        event: event.to_string(),
        outcome: wording::outcome(outcome),
    });
    let remarks: Vec<Remark> = remarks.collect();
    let standing = match (flaws.is_empty(), open.is_empty() && remarks.is_empty()) {
        (false, _) => Standing::DoesNotHold,
        (true, false) => Standing::HoldsWithOpenMatters,
        (true, true) => Standing::Holds,
    };
    let key = Key { fingerprint: fingerprint_of(reading), trust };
    let contents = Some(contents(&summary));
    Verdict { standing, hq: Some(key), contents, flaws, open, remarks }
}

/// What the record holds.
fn contents(summary: &JobSummary<'_>) -> Contents {
    let (record, evidence) = (&summary.reading.record, &summary.reading.evidence);
    let how = |is: fn(&SignOff) -> bool| {
        let sign_offs = summary.custody.sign_offs.values();
        sign_offs.filter(|sign_offs| sign_offs.values().any(is)).count()
    };
    Contents {
        job: record.job.to_string(),
        origin: wording::printable(&record.origin),
        exported_at: record.at,
        events: evidence.events.len(),
        devices: summary.devices().len(),
        receipts: evidence.places.len(),
        boxes: summary.boxes.len(),
        taken_over: summary.taken(),
        delivered: summary.delivered(),
        signed_off: how(|how| matches!(how, SignOff::Signed(_))),
        confirmed: how(|how| matches!(how, SignOff::Confirmed(_))),
        claimed: how(|how| matches!(how, SignOff::Claimed)),
        headline: summary.headline(),
    }
}

fn flaw(section: &Section, error: &RecordError) -> Flaw {
    Flaw { section: wording::section(section), what: wording::record_error(error) }
}

/// A finding or fault, in words.
fn open(matter: &Matter, summary: &JobSummary<'_>) -> Open {
    let (source, meaning) = match &matter.kind {
        MatterKind::Finding(_) => (Source::Finding, None),
        MatterKind::Fault(kind) => {
            (Source::Fault, Some(wording::fault_meaning(kind, |device| summary.carrier(device))))
        }
    };
    Open {
        source,
        severity: matter.kind.severity(),
        what: matter.kind.name().to_owned(),
        meaning,
        boxes: summary.call_outs(&matter.boxes).into_iter().map(str::to_owned).collect(),
        events: matter.events.iter().map(ToString::to_string).collect(),
        by: matter.devices.iter().map(|device| summary.carrier(device)).collect(),
        held_by: matter.held_by.iter().map(|holder| summary.holder(holder)).collect(),
        claimed_at: matter.claimed_at,
    }
}
