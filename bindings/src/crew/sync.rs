//! What passes between a phone and HQ.

use std::sync::Arc;

use crewseal_custody::{EventId, JobId};
use zeroize::Zeroizing;

use crate::id::RefusalId;
use crate::{
    CancelToken, Crew, CrewError, Decision, Delivered, Fetched, HqContradiction, HqReceipt,
    JobPack, OutboxStatus, ReceiptEvidence, SyncProgress,
};

#[uniffi::export(async_runtime = "tokio")]
impl Crew {
    /// Fetches HQ's time, the jobs and the depot's rolls. Do it before the crew
    /// goes where there is no network.
    #[uniffi::method(default(cancel = None))]
    pub async fn fetch(&self, cancel: Option<Arc<CancelToken>>) -> Result<Fetched, CrewError> {
        self.with_hq(cancel, async { Ok(self.phone.fetch().await?) }).await
    }

    /// The jobs on this phone that are open now.
    pub async fn jobs(&self) -> Result<Vec<JobPack>, CrewError> {
        self.ask(|phone| Ok(phone.jobs()?.iter().map(JobPack::from).collect())).await
    }

    /// Jobs that HQ told have ended and that are still on this phone: `forget` each.
    pub async fn ended_jobs(&self) -> Result<Vec<JobId>, CrewError> {
        self.ask(|phone| Ok(phone.ended_jobs()?)).await
    }

    /// Evidence that HQ contradicted itself, the oldest first. Where HQ does, `fetch` or `sync`
    /// throws `FromHq` once, and this phone goes on with what HQ said first. What `sync`
    /// delivered before is delivered.
    pub async fn contradictions(&self) -> Result<Vec<HqContradiction>, CrewError> {
        self.ask(|phone| Ok(phone.contradictions()?)).await
    }

    /// Delivers what waits to HQ, once through the queue. What was receipted
    /// before an error stays receipted.
    #[uniffi::method(default(cancel = None))]
    pub async fn sync(&self, cancel: Option<Arc<CancelToken>>) -> Result<Delivered, CrewError> {
        let delivered = self.with_hq(cancel, self.deliver()).await?;
        self.notices.delivered(&delivered);
        // Whoever was away meanwhile is told; this sync has succeeded whatever is said.
        let _ = self.handoffs().await;
        Ok(delivered)
    }

    /// What HQ's receipt for an event of this phone proves; none before HQ gave one, three
    /// years after, and while HQ has lost the event.
    pub async fn hq_receipt(&self, event: EventId) -> Result<Option<HqReceipt>, CrewError> {
        self.ask(move |phone| Ok(phone.hq_receipt(event)?.map(HqReceipt::from))).await
    }

    /// The receipt itself with HQ's key lists, for whoever asks for proof. Of what HQ has lost
    /// there is one, too.
    pub async fn receipt_evidence(
        &self,
        event: EventId,
    ) -> Result<Option<ReceiptEvidence>, CrewError> {
        self.ask(move |phone| Ok(phone.receipt_evidence(event)?.map(ReceiptEvidence::from))).await
    }

    /// The events that HQ gave a receipt for and has lost, and that are not here any more to be
    /// sent again. Tell HQ; `receipt_evidence` proves each.
    pub async fn receipted_and_lost(&self) -> Result<Vec<EventId>, CrewError> {
        self.ask(|phone| Ok(phone.receipted_and_lost()?)).await
    }

    /// Sets whether delivered entries are kept when HQ has no replica of its log: for 90 days,
    /// 64 MiB at most. By default they are deleted at once. Set it each time the phone is
    /// opened.
    pub fn keep_unreplicated(&self, keeps: bool) {
        self.phone.keep_unreplicated(keeps);
    }

    /// How the queue to HQ stands.
    pub async fn outbox(&self) -> Result<OutboxStatus, CrewError> {
        self.ask(|phone| Ok(phone.outbox()?.into())).await
    }

    /// Decides, as a supervisor, on an entry that HQ refused on another phone, by what that
    /// phone's outbox says of it. The person is asked to confirm. The bytes are to be
    /// brought to that phone, for its `resolve`; they hold the note, of at most 500
    /// characters, as anybody can read it.
    pub async fn decide(
        &self,
        event: EventId,
        refusal: RefusalId,
        decision: Decision,
        note: String,
    ) -> Result<Vec<u8>, CrewError> {
        let note = Zeroizing::new(note);
        self.ask(move |phone| Ok(phone.decide(event, refusal.0, decision.into(), &note)?)).await
    }

    /// Does what a supervisor decided on an entry of this phone's outbox, by the bytes of
    /// his phone's `decide`. They serve once.
    ///
    /// `Stranger` says that no supervisor of a job on this phone decided it: fetch, if he is
    /// new. `NotForThisPhone` says that no entry here waits for this decision.
    pub async fn resolve(&self, decision: Vec<u8>) -> Result<(), CrewError> {
        let decision = Zeroizing::new(decision);
        self.ask(move |phone| Ok(phone.resolve(&decision)?)).await
    }
}

impl Crew {
    async fn deliver(&self) -> Result<Delivered, CrewError> {
        let waiting = self.outbox().await?.waiting;
        let tell = |delivered: &Delivered| {
            self.notices.progress(SyncProgress {
                waiting,
                receipted: delivered.receipted,
                parked: delivered.parked,
                unanswered: delivered.unanswered,
            });
        };
        Ok(self.phone.sync_telling(tell).await?)
    }
}
