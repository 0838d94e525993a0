//! The jobs on a phone, and what is to be scanned in them.

use std::collections::BTreeSet;

use crewseal_custody::JobId;
use crewseal_custody::job::JobPack;
use crewseal_label::Token;
use crewseal_scan::Tally;

use super::CrewError;
use super::act_cache::is_open;
use super::persisted::{read_enrolment, read_packs, read_progress};
use super::phone::{Crew, Phone, State};

impl Crew {
    /// The jobs on this phone that are open now.
    ///
    /// # Errors
    /// [`CrewError`].
    pub fn jobs(&self) -> Result<Vec<JobPack>, CrewError> {
        let now = self.phone.clock.now();
        let packs = self.phone.state()?.store.transaction(read_packs)?;
        Ok(packs.into_iter().filter(|pack| is_open(pack, now)).collect())
    }

    /// The tally of a job, to scan against: its boxes, the blank labels, and
    /// the boxes of other jobs.
    ///
    /// # Errors
    /// [`CrewError`].
    pub fn tally(&self, job: JobId) -> Result<Tally, CrewError> {
        self.phone.open_job(job)?;
        let mut state = self.phone.state()?;
        let State { store, lists, .. } = &mut *state;
        store.transaction(|t| {
            let hq = read_enrolment(t)?.keys()?;
            let (mut mine, mut elsewhere) = (BTreeSet::new(), BTreeSet::new());
            for pack in read_packs(t)? {
                let boxes = if pack.job == job { &mut mine } else { &mut elsewhere };
                boxes.extend(pack.manifests(&hq)?.tokens());
                boxes.extend(read_progress(t, pack.job)?.entered());
            }
            let known: BTreeSet<Token> = &mine | &elsewhere;
            let on_rolls = lists.rolls().flat_map(|roll| roll.tokens().map(|(_, token)| token));
            let blank: Vec<Token> = on_rolls.filter(|token| !known.contains(token)).collect();
            Ok(Tally::new(mine).with_blank(blank).with_elsewhere(elsewhere))
        })
    }
}

impl Phone {
    pub(super) fn open_job(&self, job: JobId) -> Result<JobPack, CrewError> {
        let packs = self.state()?.store.transaction(read_packs)?;
        let pack = packs.into_iter().find(|pack| pack.job == job).ok_or(CrewError::UnknownJob)?;
        if is_open(&pack, self.clock.now()) { Ok(pack) } else { Err(CrewError::NotOpen) }
    }
}
