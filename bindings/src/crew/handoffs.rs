//! Handoffs, from one phone's screen to the other's camera and back.

use std::sync::Arc;

use crewseal_custody::{EventId, JobId};

use crate::act::found;
use crate::label::tokens;
use crate::{
    Acceptance, Crew, CrewError, Finding, Introduction, Label, Offer, OpenHandoff, ReceivingState,
    SpotCheck,
};

#[uniffi::export(async_runtime = "tokio")]
impl Crew {
    /// Begins to receive: the bytes are what to show the giver, as a QR code.
    pub async fn hello(&self, introduction: Introduction) -> Result<Vec<u8>, CrewError> {
        self.ask(move |phone| Ok(phone.hello(introduction)?)).await
    }

    /// Offers boxes to the device that shows this hello. The person is asked to
    /// confirm; the bytes are what to show the other phone, as a QR code.
    #[uniffi::method(default(findings = []))]
    pub async fn offer(
        &self,
        job: JobId,
        boxes: Vec<Label>,
        hello: Vec<u8>,
        findings: Vec<Finding>,
    ) -> Result<Vec<u8>, CrewError> {
        self.ask(move |phone| {
            let (boxes, findings) = (tokens(&boxes)?, found(&findings)?);
            Ok(phone.offer(job, &boxes, &findings, &hello)?)
        })
        .await
    }

    /// Reads an offer that another phone showed, and verifies who made it.
    pub async fn read_offer(&self, shown: Vec<u8>) -> Result<Arc<Offer>, CrewError> {
        self.ask(move |phone| Ok(Arc::new(Offer { view: phone.read_offer(&shown)? }))).await
    }

    /// Accepts what this device scanned itself of an offer, however much that
    /// is, and says whether the drawn boxes were checked by hand. The person is
    /// asked to confirm; the bytes are what to show the giver.
    #[uniffi::method(default(findings = []))]
    pub async fn accept(
        &self,
        offer: Arc<Offer>,
        scanned: Vec<Label>,
        check: SpotCheck,
        findings: Vec<Finding>,
    ) -> Result<Vec<u8>, CrewError> {
        self.ask(move |phone| {
            let (scanned, findings) = (tokens(&scanned)?, found(&findings)?);
            Ok(phone.accept(&offer.view, &scanned, &findings, check)?)
        })
        .await
    }

    /// Reads the acceptance that the other phone showed of an offer made here,
    /// and signs that it was seen.
    pub async fn read_acceptance(&self, shown: Vec<u8>) -> Result<Acceptance, CrewError> {
        self.ask(move |phone| Ok(phone.read_acceptance(&shown)?.into())).await
    }

    /// Reads the giver's acknowledgement: until then the handoff is unconfirmed.
    pub async fn read_ack(&self, shown: Vec<u8>) -> Result<EventId, CrewError> {
        self.ask(move |phone| Ok(phone.read_ack(&shown)?)).await
    }

    /// Takes an offer back that nobody answered. The bytes are what to show the
    /// other phone, if it is still there.
    pub async fn withdraw(&self, offer: EventId) -> Result<Vec<u8>, CrewError> {
        self.ask(move |phone| Ok(phone.withdraw(offer)?)).await
    }

    /// Reads the giver's withdrawal of the offer that was read here: nothing comes of
    /// it, or, if it was accepted meanwhile, the two have crossed.
    pub async fn read_withdraw(&self, shown: Vec<u8>) -> Result<ReceivingState, CrewError> {
        self.ask(move |phone| Ok(phone.read_withdraw(&shown)?.into())).await
    }

    /// The handoffs of this phone that are not over, with what to show again: after a
    /// crash the identical bytes.
    pub async fn handoffs(&self) -> Result<Vec<OpenHandoff>, CrewError> {
        let notices = self.notices.clone();
        self.ask(move |phone| {
            let open: Vec<_> = phone.handoffs()?.into_iter().map(OpenHandoff::from).collect();
            notices.handoffs(&open);
            Ok(open)
        })
        .await
    }
}
