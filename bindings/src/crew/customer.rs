//! What the customer has part in: his code, his drawn signature, his receipt.

use crewseal_custody::{Drawing, EventId, JobId};

use crate::act::request;
use crate::label::tokens;
use crate::{Act, Crew, CrewError, Drawn, DrawnSignature, Finding, Label};

#[uniffi::export(async_runtime = "tokio")]
impl Crew {
    /// Records that the customer confirms an act with his code, typed or scanned. It
    /// is checked here, without a network, and not kept.
    pub async fn release(
        &self,
        job: JobId,
        act: Act,
        statement: EventId,
        code: String,
    ) -> Result<EventId, CrewError> {
        let code = zeroize::Zeroizing::new(code);
        self.ask(move |phone| Ok(phone.release(job, act.into(), statement, &code)?)).await
    }

    /// Records an act for which the customer drew his signature.
    #[uniffi::method(default(findings = []))]
    pub async fn record_drawn(
        &self,
        act: Act,
        job: JobId,
        boxes: Vec<Label>,
        signature: DrawnSignature,
        findings: Vec<Finding>,
    ) -> Result<Drawn, CrewError> {
        self.ask(move |phone| {
            let request = request(act, tokens(&boxes)?, findings)?;
            let drawing = Drawing::try_from(signature).map_err(crewseal::CrewError::from)?;
            let drawn = phone.record_drawn(job, &request, &drawing)?;
            Ok(Drawn {
                event: drawn.event,
                drawing: drawing.to_bytes(),
                salt: drawn.salt.0.to_vec(),
                picture: drawn.picture,
            })
        })
        .await
    }

    /// The customer's receipt of an act of this phone: the text of a QR code that his
    /// own phone's camera reads. It names nobody.
    pub async fn receipt(&self, event: EventId) -> Result<String, CrewError> {
        self.ask(move |phone| Ok(phone.receipt(event)?)).await
    }
}
