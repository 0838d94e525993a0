//! What the customer has part in: his code, his drawn signature, his receipt.

use std::collections::BTreeSet;

use crewseal_custody::signed::Signed;
use crewseal_custody::{
    Act, CustomerReceipt, Drawing, Event, EventId, EventKind, JobId, Protection, ReleaseCode, Salt,
    SignOffEntry,
};

use super::act::ActRequest;
use super::phone::{Crew, salt};
use super::{CrewError, diary};
use crate::drawing;

/// An act with a drawn signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// The event.
    pub event: EventId,
    /// What the drawing's digest among the attachments is salted with. Whoever is to
    /// show later that it was this drawing keeps both.
    pub salt: Salt,
    /// The drawing as PNG, one pixel for each point of the pad.
    pub picture: Vec<u8>,
}

impl Crew {
    /// Records that the customer confirms an act with a code, typed or scanned. The
    /// code is checked here, offline, and not kept.
    ///
    /// # Errors
    /// [`CrewError::ReleaseCode`] for a slip in typing, [`CrewError::WrongCode`] for a
    /// code of something else, and others.
    pub fn release(
        &self,
        job: JobId,
        kind: EventKind,
        act: EventId,
        code: &str,
    ) -> Result<EventId, CrewError> {
        let pack = self.phone.open_job(job)?;
        let code = ReleaseCode::parse(code)?;
        let proof = pack
            .release_keys
            .iter()
            .map(|key| (key, code.sign(job, key.number, &act)))
            .find(|(key, proof)| key.authorises(job, kind, &act, proof))
            .map(|(_, proof)| proof)
            .ok_or(CrewError::WrongCode)?;
        let none = BTreeSet::new();
        let mut release = self.phone.act(EventKind::Release, job, &none)?;
        release.about = Some(act);
        let complete = |event| Event { proof: Some(proof), ..event };
        self.phone.record_with(release, &none, complete, |_, event| Ok(event.id()))
    }

    /// Records an act for which the customer drew his signature: its salted digest is
    /// among the act's attachments.
    ///
    /// # Errors
    /// As [`record`](Self::record), and [`CrewError::Drawing`] if it has no picture.
    pub fn record_drawn(
        &self,
        job: JobId,
        request: &ActRequest,
        drawing: &Drawing,
    ) -> Result<Drawn, CrewError> {
        let (salt, picture) = (salt()?, drawing::picture(drawing, 1)?);
        let attached = vec![drawing.digest(&salt)];
        let act = self.phone.act_alone(job, request)?;
        let act = Act { attachments: attached, ..act };
        let event = self.phone.record(act, &BTreeSet::new())?;
        Ok(Drawn { event, salt, picture })
    }

    /// The receipt of an act of this phone, for the customer: the text of a QR that
    /// any phone's camera reads.
    ///
    /// # Errors
    /// [`CrewError::NoReceipt`] and others.
    pub fn receipt(&self, event: EventId) -> Result<String, CrewError> {
        let done = self.phone.state()?.store.transaction(|t| diary::find(t, event))?;
        let SignOffEntry { kind, boxes, .. } = done.ok_or(CrewError::NoReceipt)?;
        let receipt = CustomerReceipt::of(event, kind, boxes).ok_or(CrewError::NoReceipt)?;
        let vault = &self.phone.vault;
        let receipt: Signed<CustomerReceipt> =
            Signed::sign(receipt, &vault.public_keys()?.act, |bytes| {
                vault.sign(Protection::Act, bytes)
            })?;
        self.phone.raise_high_water_mark()?;
        Ok(CustomerReceipt::to_text(&receipt))
    }
}
