//! Scanning, and what is recorded of it.

use std::sync::Arc;

use crewseal::ActRequest;
use crewseal_custody::personal::Personal;
use crewseal_custody::{Body, EventId, EventKind, JobId, rules};

use crate::act::{found, request};
use crate::label::tokens;
use crate::{Act, Countersign, Crew, CrewError, Finding, Label, ScanSession};

#[uniffi::export(async_runtime = "tokio")]
impl Crew {
    /// Begins to scan against an open job's list.
    pub async fn begin_scan(&self, job: JobId) -> Result<Arc<ScanSession>, CrewError> {
        let notices = self.notices.clone();
        self.ask(move |phone| {
            if !phone.jobs()?.iter().any(|pack| pack.job == job) {
                return Err(CrewError::UnknownJob);
            }
            Ok(Arc::new(ScanSession::new(job, phone.tally(job)?, notices)))
        })
        .await
    }

    /// Records, in one signed event, that labels were stuck on boxes of a job.
    pub async fn commission(&self, job: JobId, boxes: Vec<Label>) -> Result<EventId, CrewError> {
        self.ask(move |phone| Ok(phone.commission(job, &tokens(&boxes)?)?)).await
    }

    /// Records one act on boxes of a job, with what was found wrong; `about` is
    /// the event that a supervisor signs off.
    #[uniffi::method(default(findings = [], about = None))]
    pub async fn record(
        &self,
        act: Act,
        job: JobId,
        boxes: Vec<Label>,
        findings: Vec<Finding>,
        about: Option<EventId>,
    ) -> Result<EventId, CrewError> {
        self.ask(move |phone| {
            let request = request(act, tokens(&boxes)?, findings)?;
            Ok(phone.record(job, &ActRequest { about, ..request })?)
        })
        .await
    }

    /// Records one act on the boxes that a session has seen by now, with what was found
    /// wrong, in the session's job: `record` with `session.seen()`, without handing the
    /// labels to and fro. The session goes on as it was.
    #[uniffi::method(default(findings = []))]
    pub async fn record_scanned(
        &self,
        act: Act,
        session: Arc<ScanSession>,
        findings: Vec<Finding>,
    ) -> Result<EventId, CrewError> {
        self.ask(move |phone| {
            let request = request(act, session.boxes(), findings)?;
            Ok(phone.record(session.job(), &request)?)
        })
        .await
    }

    /// Records that boxes, or a vehicle with them, were closed with a seal of this number. The
    /// number goes to HQ sealed, as notes do.
    pub async fn record_seal(
        &self,
        job: JobId,
        boxes: Vec<Label>,
        number: String,
    ) -> Result<EventId, CrewError> {
        self.ask(move |phone| {
            let said = Some(Body::SealNumber(Personal::new(number)));
            let request = ActRequest::new(EventKind::Seal, tokens(&boxes)?);
            Ok(phone.record(job, &ActRequest { said, ..request })?)
        })
        .await
    }

    /// Records that boxes turned up that are of no job on this phone. Whoever carries it has
    /// them until he hands them over.
    pub async fn record_found(&self, boxes: Vec<Label>) -> Result<EventId, CrewError> {
        self.ask(move |phone| Ok(phone.found(&tokens(&boxes)?, None)?)).await
    }

    /// Whose signature an act will need besides this one; nobody's, if nothing comes
    /// back. Say it before the act is recorded.
    #[uniffi::method(default(findings = []))]
    pub async fn needs(
        &self,
        act: Act,
        job: JobId,
        boxes: Vec<Label>,
        findings: Vec<Finding>,
    ) -> Result<Option<Countersign>, CrewError> {
        self.ask(move |phone| {
            let (boxes, findings) = (tokens(&boxes)?, found(&findings)?);
            Ok(match phone.needs(act.into(), job, &boxes, &findings)? {
                Some(rules::Rule::SecondPerson) => Some(Countersign::SecondPerson),
                Some(rules::Rule::Supervisor) => Some(Countersign::Supervisor),
                _ => None,
            })
        })
        .await
    }
}
