//! Photos of acts: recorded with them, and sent when the network allows.

use std::sync::Arc;

use crewseal::PhotoRefused;
pub use crewseal::Uploaded;
use crewseal::outbox::attachment::{self, QUOTA};
use crewseal_custody::{EventId, JobId};

use crate::act::request;
use crate::label::tokens;
use crate::{Act, CancelToken, Crew, CrewError, Finding, Label};

/// How photos are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct PhotoLimits {
    /// The longest side of a photo that leaves the phone, in pixels.
    #[uniffi(default = 2048)]
    pub longest_side: u32,
    /// What all photos that wait may take on this phone, in bytes; null: 1 GiB.
    #[uniffi(default = None)]
    pub quota: Option<u64>,
}

/// An act that was recorded with photos.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Photographed {
    /// The event: it is recorded whatever became of the photos.
    pub event: EventId,
    /// The photos that are not with it.
    pub refused: Vec<RefusedPhoto>,
}

/// A photo that was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct RefusedPhoto {
    /// Its place among those that were given, from 0.
    pub place: u32,
    /// Why.
    pub fault: PhotoFault,
}

/// Why a photo was not kept, though its act was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum PhotoFault {
    /// The file is no photo that can be read.
    NotAPhoto,
    /// Even scaled it is larger than a photo may be: set a shorter long side.
    TooLarge,
    /// The photos that wait take as much room as they may: send them first.
    Quota,
    /// The disk is full.
    Full,
}

/// A photo that is not at HQ yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct WaitingPhoto {
    /// The event that names it.
    pub event: EventId,
    /// Bytes that it takes here.
    pub size: u64,
    /// Whether it is not any more what was sealed. It stays, and is not sent again.
    pub is_damaged: bool,
}

/// What an upload achieved.
#[uniffi::remote(Record)]
pub struct Uploaded {
    /// Photos that HQ has, with a receipt that was verified. They are gone here.
    pub receipted: u64,
    /// Photos that are not any more what was sealed. They stay.
    pub damaged: u64,
    /// Photos that HQ did not take yet. They wait.
    pub unanswered: u64,
}

/// Over what photos may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum UploadOver {
    /// A network that costs nothing.
    Unmetered,
    /// Any network, also one that costs by the byte.
    AnyNetwork,
}

#[uniffi::export(async_runtime = "tokio")]
impl Crew {
    /// Records one act with photos, files as the camera wrote them. Each is scaled,
    /// encoded anew without anything but the picture, and sealed to HQ. The act is
    /// recorded even when a photo cannot be kept.
    #[uniffi::method(default(findings = [], limits = None))]
    pub async fn record_with_photos(
        &self,
        act: Act,
        job: JobId,
        boxes: Vec<Label>,
        photos: Vec<Vec<u8>>,
        findings: Vec<Finding>,
        limits: Option<PhotoLimits>,
    ) -> Result<Photographed, CrewError> {
        self.ask(move |phone| {
            let request = request(act, tokens(&boxes)?, findings)?;
            let longest =
                limits.map_or(crewseal::outbox::LONGEST_SIDE, |limits| limits.longest_side);
            let quota = limits.and_then(|limits| limits.quota).unwrap_or(QUOTA);
            let photos: Vec<&[u8]> = photos.iter().map(Vec::as_slice).collect();
            Ok(phone.record_with_photos(job, &request, &photos, longest, quota)?.into())
        })
        .await
    }

    /// The photos that are not at HQ yet, oldest first.
    pub async fn photos(&self) -> Result<Vec<WaitingPhoto>, CrewError> {
        self.ask(|phone| Ok(phone.photos()?.into_iter().map(WaitingPhoto::from).collect())).await
    }

    /// Sends the photos that wait, each from where HQ is. Do it after `sync`, which
    /// brings the acts that name them. On a network that costs by the byte it throws
    /// `Metered` and sends nothing, unless any network will do.
    #[uniffi::method(default(cancel = None))]
    pub async fn upload(
        &self,
        over: UploadOver,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Uploaded, CrewError> {
        let work = async {
            if over == UploadOver::Unmetered {
                self.unmetered().await?;
            }
            Ok(self.phone().upload().await?)
        };
        self.with_hq(cancel, work).await
    }
}

impl From<crewseal::Photographed> for Photographed {
    fn from(recorded: crewseal::Photographed) -> Self {
        let refused = recorded.refused.into_iter().map(|(place, why)| RefusedPhoto {
            place: u32::try_from(place).unwrap_or(u32::MAX),
            fault: match why {
                PhotoRefused::Photo(_) => PhotoFault::NotAPhoto,
                PhotoRefused::TooLarge => PhotoFault::TooLarge,
                PhotoRefused::Quota { .. } => PhotoFault::Quota,
                PhotoRefused::Full => PhotoFault::Full,
            },
        });
        Self { event: recorded.event, refused: refused.collect() }
    }
}

impl From<attachment::Attached> for WaitingPhoto {
    fn from(photo: attachment::Attached) -> Self {
        Self { event: photo.event, size: photo.size, is_damaged: photo.is_damaged }
    }
}
