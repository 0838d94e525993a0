//! What this device did, act by act: what a supervisor is asked to sign off and a
//! customer gets a receipt for. The acts themselves cannot be read here any more.
//!
//! There may be many of them, so they lie in pages of several, and an act writes to
//! the last page of its job only.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};

use super::CrewError;
use super::kept::stored;
use crate::cbor::{self, Version};
use crate::custody::{Entry, Event, EventId, JobId, Lists};
use crate::signed::Signed;
use crate::vault::{Drawer, Transaction};

/// The last page of a job by the job, the full ones by the job and the number of
/// their first act.
const DIARY: Drawer = Drawer("diary");
/// How many acts a page takes. With so many it fits in one of SQLite's.
const FULL: usize = 32;

/// One act of this device, in short.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(array)]
pub(super) struct Line {
    /// Generation and sequence.
    #[n(0)]
    number: (u32, u64),
    #[n(1)]
    pub(super) entry: Entry,
    /// Among those of a sign-off of several.
    #[n(2)]
    pub(super) is_signed_off: bool,
}

/// Acts of a job that follow on each other.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(map)]
struct Page {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    job: JobId,
    #[n(2)]
    lines: Vec<Line>,
}

impl Line {
    pub(super) fn of(event: &Signed<Event>, lists: &Lists) -> Self {
        let count = |list| {
            let boxes = lists.resolve(list).map_or(0, |boxes| boxes.len());
            u32::try_from(boxes).unwrap_or(u32::MAX)
        };
        let findings = event.findings.iter().map(|found| (found.kind, count(&found.boxes)));
        let entry = Entry {
            event: event.id(),
            kind: event.kind,
            boxes: count(&event.boxes),
            findings: findings.collect(),
        };
        let number = (event.generation, event.sequence);
        Self { number, entry, is_signed_off: false }
    }
}

impl Page {
    fn new(job: JobId) -> Self {
        Self { version: Version, job, lines: Vec::new() }
    }

    const fn is_full(&self) -> bool {
        self.lines.len() >= FULL
    }

    fn name(&self) -> Vec<u8> {
        let mut name = self.job.0.to_vec();
        if let Some(first) = self.lines.first().filter(|_| self.is_full()) {
            name.extend(first.number.0.to_be_bytes());
            name.extend(first.number.1.to_be_bytes());
        }
        name
    }

    fn put(&self, t: &mut Transaction<'_>) -> Result<(), CrewError> {
        let compartment = t.compartment(&self.job.0)?;
        Ok(t.put(DIARY, &self.name(), Some(&compartment), &cbor::to_vec(self))?)
    }
}

/// Writes acts of a job down for the rest of it.
pub(super) fn write_down(
    t: &mut Transaction<'_>,
    job: JobId,
    lines: impl IntoIterator<Item = Line>,
) -> Result<(), CrewError> {
    let last = t.get(DIARY, &job.0)?;
    let mut page = last.map_or_else(|| Ok(Page::new(job)), |bytes| stored(&bytes))?;
    for line in lines {
        page.lines.push(line);
        if page.is_full() {
            page.put(t)?;
            page.lines.clear();
        }
    }
    page.put(t)
}

/// What this device did in a job, in the order of its numbers.
pub(super) fn read_lines(t: &Transaction<'_>, job: JobId) -> Result<Vec<Line>, CrewError> {
    let of_job = pages(t)?.into_iter().filter(|page| page.job == job);
    let mut lines: Vec<Line> = of_job.flat_map(|page| page.lines).collect();
    lines.sort_by_key(|line| line.number);
    Ok(lines)
}

/// What this device did in this event, if it was one of its own.
pub(super) fn find(t: &Transaction<'_>, event: EventId) -> Result<Option<Entry>, CrewError> {
    let mut lines = pages(t)?.into_iter().flat_map(|page| page.lines);
    Ok(lines.find(|line| line.entry.event == event).map(|line| line.entry))
}

/// Notes that these acts of a job were signed off together.
pub(super) fn sign_off(
    t: &mut Transaction<'_>,
    job: JobId,
    events: &BTreeSet<EventId>,
) -> Result<(), CrewError> {
    for mut page in pages(t)?.into_iter().filter(|page| page.job == job) {
        let before = page.clone();
        for line in &mut page.lines {
            line.is_signed_off |= events.contains(&line.entry.event);
        }
        if page != before {
            page.put(t)?;
        }
    }
    Ok(())
}

fn pages(t: &Transaction<'_>) -> Result<Vec<Page>, CrewError> {
    t.all(DIARY)?.iter().map(|bytes| stored(bytes)).collect()
}
