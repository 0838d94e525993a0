//! Acts with photos: prepared, sealed and bound to the act in the same commit.

use crewseal_custody::envelope::MAX_ATTACHMENT;
use crewseal_custody::{EventId, JobId};
use crewseal_scan::photo::PhotoError;

use super::CrewError;
use super::act::ActRequest;
use super::phone::Crew;
use crate::outbox::attachment::{self, Attached};
use crate::outbox::prepare_photo;
use crate::vault::StoreError;

/// An act that was recorded with photos.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photographed {
    /// The act.
    pub event: EventId,
    /// The photos that are not with it, by their places, and why.
    pub refused: Vec<(usize, PhotoRefused)>,
}

/// Why a photo was not kept, though its act was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhotoRefused {
    /// It cannot be read.
    #[error("{0}")]
    Photo(PhotoError),
    /// Even scaled it is larger than a photo may be.
    #[error("the photo is too large; set a shorter long side")]
    TooLarge,
    /// The photos that wait take as much room as they may.
    #[error("photos that wait take all of {quota} bytes; sync, then take it again")]
    Quota {
        /// How much they may take.
        quota: u64,
    },
    /// No space is left on the disk.
    #[error("the disk is full; free some space and take the photo again")]
    Full,
}

impl Crew {
    /// Records one act with photos, as they were taken: each is scaled to `longest`
    /// pixels on its long side, loses all that is not picture, and is sealed to HQ.
    /// The act is recorded even when a photo cannot be: then the answer says why.
    ///
    /// `quota` is what all photos that wait may take on this phone, in bytes;
    /// [`LONGEST_SIDE`](crate::outbox::LONGEST_SIDE) and
    /// [`QUOTA`](crate::outbox::attachment::QUOTA) are what to use unless something
    /// else is wanted.
    ///
    /// # Errors
    /// As of [`record`](Self::record).
    pub fn record_with_photos(
        &self,
        job: JobId,
        request: &ActRequest,
        photos: &[&[u8]],
        longest: u32,
        quota: u64,
    ) -> Result<Photographed, CrewError> {
        let act = self.phone.act_alone(job, request)?;
        let mut taken = self.phone.state()?.store.transaction(|t| attachment::taken(t))?;
        let (mut ready, mut refused) = (Vec::new(), Vec::new());
        for (place, photo) in photos.iter().enumerate() {
            match prepare_photo(photo, longest) {
                Ok(photo) if photo.len() > MAX_ATTACHMENT => {
                    refused.push((place, PhotoRefused::TooLarge));
                }
                Ok(photo) => {
                    let size = u64::try_from(photo.len()).unwrap_or(u64::MAX);
                    if taken.saturating_add(size) > quota {
                        refused.push((place, PhotoRefused::Quota { quota }));
                    } else {
                        taken += size;
                        ready.push((place, photo));
                    }
                }
                Err(error) => refused.push((place, PhotoRefused::Photo(error))),
            }
        }
        let (places, ready): (Vec<usize>, Vec<_>) = ready.into_iter().unzip();
        let event = match self.phone.record_with_photos(act.clone(), &ready) {
            Err(CrewError::Store(StoreError::Full)) if !ready.is_empty() => {
                refused.extend(places.into_iter().map(|place| (place, PhotoRefused::Full)));
                self.phone.record_with_photos(act, &[])?
            }
            recorded => recorded?,
        };
        Ok(Photographed { event, refused })
    }

    /// The photos that are not at HQ yet, oldest first.
    ///
    /// # Errors
    /// [`CrewError::Store`].
    pub fn photos(&self) -> Result<Vec<Attached>, CrewError> {
        self.phone.state()?.store.transaction(|t| Ok(attachment::kept(t)?))
    }
}
