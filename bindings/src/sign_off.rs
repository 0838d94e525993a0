//! What a supervisor is asked to sign off, and what he signed.

use crewseal::{Asked, SignedOffBy, ToSign};
use crewseal_custody::{EventId, JobId};

use crate::{Crew, CrewError, FindingKind, Introduction, Partner};

/// What another phone asks this phone's carrier to sign off. Its signature was
/// verified; show it, and give it to `Crew.answerSignOff`.
#[derive(Debug, uniffi::Object)]
pub struct SignOffRequest {
    asked: ToSign,
}

/// One act, in short.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SignOffEntry {
    /// The event.
    pub event: EventId,
    /// What was done.
    pub step: Step,
    /// With how many boxes.
    pub boxes: u32,
    /// What was found.
    pub findings: Vec<FindingCount>,
}

/// What was found, with how many boxes.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct FindingCount {
    /// What.
    pub kind: FindingKind,
    /// With how many boxes.
    pub boxes: u32,
}

/// What an event says was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Step {
    /// Labels were stuck on boxes.
    Commission,
    /// The crew took boxes over at the customer's door.
    TakeOver,
    /// They went onto a vehicle.
    Load,
    /// They were put into a warehouse.
    Store,
    /// They were counted where they stand.
    Count,
    /// They were offered to another device.
    Offer,
    /// They were accepted from another device.
    Accept,
    /// They were handed to the customer.
    Deliver,
    /// A supervisor signed off, or his code was given.
    SignOff,
    /// Goods went into them.
    Pack,
    /// They, or the vehicle, were closed with a seal.
    Seal,
    /// The vehicle left with them.
    Depart,
    /// The vehicle came.
    Arrive,
    /// They went off a vehicle.
    Unload,
    /// They were opened and emptied at the customer's.
    Unpack,
    /// They were collected to be destroyed.
    CollectForDestruction,
    /// They were destroyed with what was in them.
    Destroy,
    /// The giver saw the acceptance of his offer.
    Ack,
    /// The giver took an offer back.
    Withdraw,
    /// The customer's code confirmed a statement.
    Release,
    /// The device's store was restored.
    Resume,
    /// The device learnt other terms of HQ's.
    Informed,
    /// They went back to the customer on the way.
    HandBack,
    /// They turned up, of no job that is known.
    Found,
    /// Their labels are on no box any more.
    VoidLabel,
}

/// A sign-off that a supervisor gave on his own phone, verified.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SignedOff {
    /// The supervisor.
    pub supervisor: Partner,
    /// His sign-off's event.
    pub event: EventId,
}

/// What this phone asked a supervisor to sign off, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AskedSignOff {
    /// What it is about.
    pub entries: Vec<SignOffEntry>,
    /// What to show the supervisor.
    pub shown: Vec<u8>,
    /// His sign-off, once it was read.
    pub signed: Option<SignedOff>,
}

#[uniffi::export]
impl SignOffRequest {
    /// Whose phone asks.
    #[must_use]
    pub fn crew(&self) -> Partner {
        Partner::of(&self.asked.crew)
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> JobId {
        self.asked.request.job
    }

    /// What it did, act by act.
    #[must_use]
    pub fn entries(&self) -> Vec<SignOffEntry> {
        self.asked.request.entries.iter().map(SignOffEntry::from).collect()
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl Crew {
    /// Asks a supervisor to sign off one act of this phone or, without an event, all
    /// that it did in a job since the last time. The bytes are what to show him, the
    /// same each time.
    #[uniffi::method(default(event = None))]
    pub async fn ask_sign_off(
        &self,
        job: JobId,
        introduction: Introduction,
        event: Option<EventId>,
    ) -> Result<Vec<u8>, CrewError> {
        self.ask(move |phone| Ok(phone.ask_sign_off(job, event, introduction)?)).await
    }

    /// Reads what a crew's phone asks this phone's carrier to sign off.
    pub async fn read_sign_off_request(
        &self,
        shown: Vec<u8>,
    ) -> Result<std::sync::Arc<SignOffRequest>, CrewError> {
        self.ask(move |phone| {
            let asked = phone.read_sign_off_request(&shown)?;
            Ok(std::sync::Arc::new(SignOffRequest { asked }))
        })
        .await
    }

    /// Signs off what was asked. The person is asked to confirm, and must be a
    /// supervisor; the bytes are what to show the crew, the same each time.
    pub async fn answer_sign_off(
        &self,
        request: std::sync::Arc<SignOffRequest>,
    ) -> Result<Vec<u8>, CrewError> {
        self.ask(move |phone| Ok(phone.answer_sign_off(&request.asked)?)).await
    }

    /// Reads the supervisor's sign-off of what was asked here, and keeps it.
    pub async fn read_sign_off(&self, shown: Vec<u8>) -> Result<SignedOff, CrewError> {
        self.ask(move |phone| Ok((&phone.read_sign_off(&shown)?).into())).await
    }

    /// What this phone asked to have signed off in a job, and what came of it.
    pub async fn sign_offs(&self, job: JobId) -> Result<Vec<AskedSignOff>, CrewError> {
        self.ask(move |phone| Ok(phone.sign_offs(job)?.iter().map(AskedSignOff::from).collect()))
            .await
    }

    /// Claims a supervisor's sign-off with his one-time code, typed or scanned on this
    /// phone. It stays a claim until HQ confirms it. The code is not kept here.
    #[uniffi::method(default(event = None))]
    pub async fn claim_sign_off(
        &self,
        job: JobId,
        code: String,
        event: Option<EventId>,
    ) -> Result<EventId, CrewError> {
        let code = zeroize::Zeroizing::new(code);
        self.ask(move |phone| Ok(phone.claim_sign_off(job, event, &code)?)).await
    }
}

impl From<&crewseal_custody::SignOffEntry> for SignOffEntry {
    fn from(entry: &crewseal_custody::SignOffEntry) -> Self {
        let count = |(kind, boxes): &(crewseal_custody::FindingKind, u32)| FindingCount {
            kind: (*kind).into(),
            boxes: *boxes,
        };
        Self {
            event: entry.event,
            step: entry.kind.into(),
            boxes: entry.boxes,
            findings: entry.findings.iter().map(count).collect(),
        }
    }
}

impl From<&SignedOffBy> for SignedOff {
    fn from(signed: &SignedOffBy) -> Self {
        Self { supervisor: Partner::of(&signed.supervisor), event: signed.event.id() }
    }
}

impl From<&Asked> for AskedSignOff {
    fn from(asked: &Asked) -> Self {
        Self {
            entries: asked.request.entries.iter().map(SignOffEntry::from).collect(),
            shown: asked.shown.clone(),
            signed: asked.signed.as_ref().map(SignedOff::from),
        }
    }
}

impl From<crewseal_custody::EventKind> for Step {
    fn from(kind: crewseal_custody::EventKind) -> Self {
        use crewseal_custody::EventKind;
        match kind {
            EventKind::Commission => Self::Commission,
            EventKind::TakeOver => Self::TakeOver,
            EventKind::Load => Self::Load,
            EventKind::Store => Self::Store,
            EventKind::Count => Self::Count,
            EventKind::Offer => Self::Offer,
            EventKind::Accept => Self::Accept,
            EventKind::Deliver => Self::Deliver,
            EventKind::SignOff => Self::SignOff,
            EventKind::Pack => Self::Pack,
            EventKind::Seal => Self::Seal,
            EventKind::Depart => Self::Depart,
            EventKind::Arrive => Self::Arrive,
            EventKind::Unload => Self::Unload,
            EventKind::Unpack => Self::Unpack,
            EventKind::CollectForDestruction => Self::CollectForDestruction,
            EventKind::Destroy => Self::Destroy,
            EventKind::Ack => Self::Ack,
            EventKind::Withdraw => Self::Withdraw,
            EventKind::Release => Self::Release,
            EventKind::Resume => Self::Resume,
            EventKind::Informed => Self::Informed,
            EventKind::HandBack => Self::HandBack,
            EventKind::Found => Self::Found,
            EventKind::VoidLabel => Self::VoidLabel,
        }
    }
}
