//! What this device did, act by act: what a supervisor is asked to sign off and a
//! customer gets a receipt for. The acts themselves cannot be read here any more.
//!
//! There may be many of them. The newest lie in the store's head, which an act changes
//! anyway; when they are many, or one is of another job, they go into the last page of
//! their job.

use std::collections::BTreeSet;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::signed::Signed;
use crewseal_custody::{BoxList, Event, EventId, JobId, SignOffEntry};
use minicbor::{Decode, Encode};

use super::CrewError;
use super::chain::{self, Sealed};
use super::persisted::stored;
use crate::vault::{Collection, StoreError, Transaction};

/// The last page of a job by the job, the full ones by the job and their number.
const DIARY: Collection = Collection("diary");
/// How many acts a page takes. Fewer would be more pages, and whoever opens the store
/// goes through all of their names; with more, writing to the last one takes longer.
const FULL: usize = 512;
/// How many the head takes: with so many its row fits in one page of SQLite's.
const RECENT: usize = 16;

/// One act of this device, in short.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(array)]
pub(super) struct Line {
    #[n(0)]
    pub(super) entry: SignOffEntry,
    /// Among those of a sign-off of several.
    #[n(1)]
    pub(super) is_signed_off: bool,
}

/// Acts of a job that follow on each other.
#[derive(Clone, PartialEq, Encode, Decode)]
#[cbor(map)]
pub(super) struct Page {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    job: JobId,
    /// How many full pages of the job come before it.
    #[n(2)]
    number: u32,
    /// In the order in which they were recorded.
    #[n(3)]
    lines: Vec<Line>,
}

impl Line {
    /// Of an act of this device, whose lists are canonical.
    pub(super) fn of(event: &Signed<Event>) -> Self {
        let count = |list: &BoxList| u32::try_from(list.count()).unwrap_or(u32::MAX);
        let findings = event.findings.iter().map(|found| (found.kind, count(&found.boxes)));
        let entry = SignOffEntry {
            event: event.id(),
            kind: event.kind,
            boxes: count(&event.boxes),
            findings: findings.collect(),
        };
        Self { entry, is_signed_off: false }
    }
}

impl Page {
    fn new(job: JobId) -> Self {
        Self { version: Version, job, number: 0, lines: Vec::new() }
    }

    const fn is_full(&self) -> bool {
        self.lines.len() >= FULL
    }

    fn name(&self) -> Vec<u8> {
        let mut name = self.job.0.to_vec();
        if self.is_full() {
            name.extend(self.number.to_be_bytes());
        }
        name
    }

    /// As it lies in the store's head.
    pub(super) fn seal(&self, t: &mut Transaction<'_>) -> Result<Sealed, CrewError> {
        Sealed::close(t, self.job, &cbor::to_vec(self))
    }

    fn put(&self, t: &mut Transaction<'_>) -> Result<(), CrewError> {
        let compartment = t.compartment(&self.job.0)?;
        Ok(t.put(DIARY, &self.name(), Some(&compartment), &cbor::to_vec(self))?)
    }
}

/// Adds acts of a job to the newest, or puts all of them into pages where they become
/// too many.
pub(super) fn write_down(
    t: &mut Transaction<'_>,
    recent: Option<Page>,
    job: JobId,
    lines: Vec<Line>,
) -> Result<Option<Page>, CrewError> {
    let mut newest = match recent {
        Some(page) if page.job == job => page,
        other => {
            other.map_or(Ok(()), |page| flush_page(t, page))?;
            Page::new(job)
        }
    };
    newest.lines.extend(lines);
    if newest.lines.len() < RECENT {
        return Ok(Some(newest));
    }
    flush_page(t, newest)?;
    Ok(None)
}

/// Puts acts into the last page of their job, and into new ones where that is full.
fn flush_page(t: &mut Transaction<'_>, newest: Page) -> Result<(), CrewError> {
    let mut page = match t.get(DIARY, &newest.job.0)? {
        Some(last) => stored(&last)?,
        // Of a damaged store the last page alone may be lost.
        None => {
            let of_job = stored_pages(t)?.into_iter().filter(|page| page.job == newest.job);
            let number = of_job.map(|page| page.number.saturating_add(1)).max().unwrap_or(0);
            Page { number, ..Page::new(newest.job) }
        }
    };
    for line in newest.lines {
        page.lines.push(line);
        if page.is_full() {
            page.put(t)?;
            page.lines.clear();
            page.number = page.number.saturating_add(1);
        }
    }
    page.put(t)
}

/// What this device did in a job, in the order of its numbers.
pub(super) fn read_lines(t: &Transaction<'_>, job: JobId) -> Result<Vec<Line>, CrewError> {
    Ok(pages(t)?.into_iter().filter(|page| page.job == job).flat_map(|page| page.lines).collect())
}

/// What this device did in this event, if it was one of its own.
pub(super) fn find(t: &Transaction<'_>, event: EventId) -> Result<Option<SignOffEntry>, CrewError> {
    let mut lines = pages(t)?.into_iter().flat_map(|page| page.lines);
    Ok(lines.find(|line| line.entry.event == event).map(|line| line.entry))
}

/// Notes that these acts of a job were signed off together.
pub(super) fn sign_off(
    t: &mut Transaction<'_>,
    job: JobId,
    events: &BTreeSet<EventId>,
) -> Result<(), CrewError> {
    let mark = |page: &mut Page| {
        for line in &mut page.lines {
            line.is_signed_off |= events.contains(&line.entry.event);
        }
    };
    for before in stored_pages(t)?.into_iter().filter(|page| page.job == job) {
        let mut page = before.clone();
        mark(&mut page);
        if page != before {
            page.put(t)?;
        }
    }
    if let Some(mut recent) = read_recent(t)?.filter(|page| page.job == job) {
        mark(&mut recent);
        let (chain, recent) = (chain::read_chain(t)?, recent.seal(t)?);
        chain::put(t, &chain, Some(recent))?;
    }
    Ok(())
}

/// The newest acts, which lie in the store's head; none if their job was forgotten.
fn read_recent(t: &Transaction<'_>) -> Result<Option<Page>, CrewError> {
    let acts = chain::read_recent(t)?.map(|recent| recent.open(t)).transpose()?.flatten();
    acts.map(|acts| stored(&acts)).transpose()
}

/// The same, or none: where they are lost, what comes next is recorded all the same.
pub(super) fn recent_if_whole(t: &Transaction<'_>) -> Result<Option<Page>, CrewError> {
    match read_recent(t) {
        Err(CrewError::Store(StoreError::ValueCorrupt)) => Ok(None),
        recent => recent,
    }
}

/// All pages, those of a job in their order.
fn pages(t: &Transaction<'_>) -> Result<Vec<Page>, CrewError> {
    let mut pages = stored_pages(t)?;
    pages.sort_by_key(|page| page.number);
    pages.extend(read_recent(t)?);
    Ok(pages)
}

/// The pages that lie for themselves.
fn stored_pages(t: &Transaction<'_>) -> Result<Vec<Page>, CrewError> {
    t.all(DIARY)?.iter().map(|bytes| stored(bytes)).collect()
}
