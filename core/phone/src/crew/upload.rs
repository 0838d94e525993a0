//! Photos on their way to HQ: after the acts that name them, part by part, each from where
//! HQ is. A photo leaves the phone only against HQ's receipt for all of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crewseal_custody::cbor::Version;
use crewseal_custody::signed::Signed;
use crewseal_custody::wire::{AttachmentPart, AttachmentState};
use crewseal_custody::{AttachmentOutcome, AttachmentReceipt, HqKeys};
use minicbor::bytes::ByteVec;

use super::CrewError;
use super::connection::Connection;
use super::phone::{Crew, Phone};
use crate::blocking_pool;
use crate::outbox::attachment::{self, Attached};
use crate::sync::{NOT_FOUND, SyncError};

/// Chunks in a part: 128 KiB, which a slow network takes within the time that an answer
/// may take. Only one part is in memory.
const PART: u32 = 8;

/// What an upload achieved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uploaded {
    /// Photos that HQ has, with its receipt verified, and that are gone here.
    pub receipted: u64,
    /// Photos that are not any more what was sealed. They stay, and are not sent again.
    pub damaged: u64,
    /// Photos that HQ did not take yet, for their act is not there or the answer was not
    /// HQ's; they wait.
    pub unanswered: u64,
}

/// How a photo came out.
enum Came {
    Receipted,
    Damaged,
    Unanswered,
}

impl Crew {
    /// Sends the photos that wait, oldest first, each from where HQ is. Do it after
    /// [`sync`](Self::sync), which brings the acts that name them, and where the network
    /// is not paid for by the byte.
    ///
    /// # Errors
    /// [`CrewError::Sync`] says when to try again. Whatever was receipted before stays
    /// receipted, and what HQ has of a photo need not be sent again.
    pub async fn upload(&self) -> Result<Uploaded, CrewError> {
        let mut uploaded = Uploaded::default();
        let mut connection = self.delivery_connection().await?;
        let crew = self.clone();
        let photos = blocking_pool::run(move || crew.photos()).await?;
        let whole: Vec<_> = photos.into_iter().filter(|photo| !photo.is_damaged).collect();
        if !whole.is_empty() {
            connection = self.ready(connection).await?;
        }
        for photo in whole {
            match self.upload_one(&mut connection, photo).await? {
                Came::Receipted => uploaded.receipted += 1,
                Came::Damaged => uploaded.damaged += 1,
                Came::Unanswered => uploaded.unanswered += 1,
            }
        }
        self.phone.failures.store(0, Ordering::Relaxed);
        Ok(uploaded)
    }

    async fn upload_one(&self, hq: &mut Connection, photo: Attached) -> Result<Came, CrewError> {
        let mut held = 0;
        loop {
            let phone = Arc::clone(&self.phone);
            let part = blocking_pool::run(move || phone.next_part(photo, held)).await?;
            // All is sent, and HQ wants more: some of it is gone from here.
            let Some(part) = part else { return Ok(Came::Damaged) };
            let state = match hq.client.attach(&self.phone.vault, &part).await {
                Ok(state) => state,
                Err(SyncError::Refused { status: NOT_FOUND }) => return Ok(Came::Unanswered),
                Err(error) => return Err(self.phone.failed(error)),
            };
            self.follow_keys(hq).await?;
            if let Some(receipt) = receipt(&hq.keys, photo, &state) {
                let phone = Arc::clone(&self.phone);
                let outcome = receipt.outcome;
                blocking_pool::run(move || phone.settle_photo(&receipt)).await?;
                return Ok(match outcome {
                    AttachmentOutcome::Stored => Came::Receipted,
                    AttachmentOutcome::Altered => Came::Damaged,
                });
            }
            if state.held <= held {
                return Ok(Came::Unanswered);
            }
            held = state.held;
        }
    }
}

/// HQ's receipt for this photo. Whatever is not that answers nothing.
fn receipt(
    hq: &HqKeys,
    photo: Attached,
    state: &AttachmentState,
) -> Option<Signed<AttachmentReceipt>> {
    let receipt = hq.open::<AttachmentReceipt>(state.receipt.as_ref()?).ok()?;
    (receipt.digest == photo.digest && receipt.event == photo.event).then_some(receipt)
}

impl Phone {
    /// The part from this chunk on; none if nothing is left, and then the photo is set
    /// aside.
    fn next_part(&self, photo: Attached, first: u32) -> Result<Option<AttachmentPart>, CrewError> {
        self.state()?.store.transaction(|t| {
            let chunks = attachment::chunks(t, &photo.digest, first, PART)?;
            if chunks.is_empty() {
                attachment::set_aside(t, &photo.digest)?;
                return Ok(None);
            }
            let Attached { event, digest, .. } = photo;
            let chunks = chunks.into_iter().map(ByteVec::from).collect();
            Ok(Some(AttachmentPart { version: Version, event, digest, first, chunks }))
        })
    }

    fn settle_photo(&self, receipt: &Signed<AttachmentReceipt>) -> Result<(), CrewError> {
        self.state()?.store.transaction(|t| Ok(attachment::settle(t, receipt)?))
    }
}
