//! The phone as apps hold it: every act of the core, with its types turned
//! into what other languages have.

use std::path::Path;
use std::sync::Arc;

use crewseal::{Found, blocking_pool, clock, vault};
use crewseal_custody::{DeviceId, EventId, JobId, Kind, rules};

use crate::cancel::unless_cancelled;
use crate::clock::AppClock;
use crate::keys::AppVault;
use crate::label::tokens;
use crate::observer::Notices;
use crate::within::PhoneId;
use crate::{
    Acceptance, CancelToken, Clock, CrewError, Delivered, Erasure, Fetched, JobPack, KeyVault,
    Label, NetworkState, Observer, Offer, OpenHandoff, OutboxStatus, ReceivingState, Salvage,
    ScanSession, SyncProgress, network,
};

/// A phone of a crew: its keys, its store and its HQ. An app has one.
#[derive(uniffi::Object)]
pub struct Crew {
    phone: crewseal::Crew,
    network: Option<Arc<dyn NetworkState>>,
    notices: Notices,
    id: PhoneId,
}

/// What was done with boxes. Labelling, offering and accepting have functions
/// of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Act {
    /// The crew took them over at the customer's door.
    TakeOver,
    /// They went onto a vehicle.
    Load,
    /// They were put into a warehouse.
    Store,
    /// They were counted where they stand.
    Count,
    /// They were handed to the customer.
    Deliver,
    /// A supervisor signs off what he saw.
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
}

/// Whose signature an act needs besides its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Countersign {
    /// A second person's: who takes the boxes on in a handoff, or a supervisor who
    /// signs it off.
    SecondPerson,
    /// A supervisor's, who signs it off.
    Supervisor,
}

/// What is not as it should be, and with which boxes.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Finding {
    /// What is wrong.
    pub kind: FindingKind,
    /// With which boxes.
    pub boxes: Vec<Label>,
}

/// What is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum FindingKind {
    /// Expected, and not here.
    Missing,
    /// Here, and of no list of this job.
    NotOurs,
    /// The box or what can be seen of it is damaged.
    Damaged,
    /// The seal is broken or another one.
    SealBroken,
    /// The label cannot be read by machine; its text was typed.
    LabelTyped,
    /// A new label was stuck over one that could not be read.
    LabelReplaced,
    /// What was counted is another number than what was said.
    CountDiffers,
    /// The person who should confirm was not there.
    Absent,
    /// The person who should confirm would not.
    Refused,
    /// The phone's clock disagrees with the other side's.
    ClockDisagrees,
}

/// Where a finger was on a pad, and when.
#[derive(Clone, Copy, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct PadPoint {
    /// From the left of the pad.
    pub x: u16,
    /// From the top of the pad.
    pub y: u16,
    /// Milliseconds since the pad was shown.
    pub millis: u32,
}

/// What was drawn on a pad.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct DrawnSignature {
    /// How wide the pad is, in points.
    pub width: u16,
    /// How high it is.
    pub height: u16,
    /// Stroke by stroke, as the finger went.
    pub strokes: Vec<Vec<PadPoint>>,
}

/// An act with a drawn signature. Whoever is to show later that it was this drawing
/// keeps drawing and salt.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Drawn {
    /// The event.
    pub event: EventId,
    /// The strokes, as they are kept.
    pub drawing: Vec<u8>,
    /// What the drawing's digest among the event's attachments is salted with.
    pub salt: Vec<u8>,
    /// The drawing as PNG.
    pub picture: Vec<u8>,
}

/// Who can draw it again can sign for the customer elsewhere.
impl std::fmt::Debug for PadPoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PadPoint(..)")
    }
}

impl std::fmt::Debug for DrawnSignature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DrawnSignature({} strokes)", self.strokes.len())
    }
}

impl std::fmt::Debug for Drawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Drawn({})", self.event)
    }
}

impl From<PadPoint> for crewseal_custody::Point {
    fn from(point: PadPoint) -> Self {
        Self { x: point.x, y: point.y, millis: point.millis }
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl Crew {
    /// Opens the phone whose store is in this directory, named from the root; a new
    /// one, if there is none. The directory must be left out of backups. Without a `network`, HQ is
    /// tried whatever connects the phone.
    #[uniffi::constructor(default(network = None))]
    pub async fn open(
        directory: String,
        vault: Arc<dyn KeyVault>,
        clock: Arc<dyn Clock>,
        network: Option<Arc<dyn NetworkState>>,
    ) -> Result<Self, CrewError> {
        Self::begin(crewseal::Crew::open, directory, vault, clock, network).await
    }

    /// Opens a phone whose keys are gone for good, with new ones. What only they
    /// opened is lost; what waits for HQ stays, and is delivered once this phone is
    /// enrolled again.
    #[uniffi::constructor(default(network = None))]
    pub async fn start_over(
        directory: String,
        vault: Arc<dyn KeyVault>,
        clock: Arc<dyn Clock>,
        network: Option<Arc<dyn NetworkState>>,
    ) -> Result<Self, CrewError> {
        Self::begin(crewseal::Crew::start_over, directory, vault, clock, network).await
    }

    /// From now on this observer is told of tallies, of syncs and of what a person
    /// should see, and no other; nobody, if none is given. Alarms that nobody was told
    /// wait for it. Closing the phone ends it.
    pub fn observe(&self, observer: Option<Arc<dyn Observer>>) -> Result<(), CrewError> {
        self.notices.observe(observer)
    }

    /// Whether this device is enrolled: if not, the app begins with an invitation.
    pub async fn is_enrolled(&self) -> Result<bool, CrewError> {
        self.ask(|phone| Ok(phone.is_enrolled()?)).await
    }

    /// What became of the store each time that it was damaged, the oldest first.
    pub async fn salvages(&self) -> Result<Vec<Salvage>, CrewError> {
        self.ask(Salvage::all).await
    }

    /// This device's id, which other phones need to offer it boxes.
    #[must_use]
    pub fn device_id(&self) -> DeviceId {
        self.phone.device()
    }

    /// Enrols this device with HQ, by the bytes of an invitation that HQ made.
    #[uniffi::method(default(cancel = None))]
    pub async fn enrol(
        &self,
        invitation: Vec<u8>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<(), CrewError> {
        self.with_hq(cancel, async { Ok(self.phone.enrol(&invitation).await?) }).await
    }

    /// Fetches HQ's time, the jobs and the depot's rolls. Do it before the crew
    /// goes where there is no network.
    #[uniffi::method(default(cancel = None))]
    pub async fn fetch(&self, cancel: Option<Arc<CancelToken>>) -> Result<Fetched, CrewError> {
        self.with_hq(cancel, async { Ok(self.phone.fetch().await?.into()) }).await
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

    /// How the queue to HQ stands.
    pub async fn outbox(&self) -> Result<OutboxStatus, CrewError> {
        self.ask(|phone| Ok(phone.outbox()?.into())).await
    }

    /// The jobs on this phone that are open now.
    pub async fn jobs(&self) -> Result<Vec<JobPack>, CrewError> {
        self.ask(|phone| Ok(phone.jobs()?.iter().map(JobPack::from).collect())).await
    }

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
            let (boxes, findings) = (tokens(&boxes)?, found(&findings)?);
            Ok(phone.record(act.into(), job, &boxes, &findings, about)?)
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
            let (boxes, findings) = (session.boxes(), found(&findings)?);
            Ok(phone.record(act.into(), session.job(), &boxes, &findings, None)?)
        })
        .await
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

    /// Begins to receive: the bytes are what to show the giver, as a QR code.
    /// `introduce` puts this device's credential in, for a giver who does not know
    /// it.
    #[uniffi::method(default(introduce = false))]
    pub async fn hello(&self, introduce: bool) -> Result<Vec<u8>, CrewError> {
        self.ask(move |phone| Ok(phone.hello(introduce)?)).await
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
        is_checked: bool,
        findings: Vec<Finding>,
    ) -> Result<Vec<u8>, CrewError> {
        self.ask(move |phone| {
            let (scanned, findings) = (tokens(&scanned)?, found(&findings)?);
            Ok(phone.accept(&offer.view, &scanned, &findings, is_checked)?)
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
            let (boxes, findings) = (tokens(&boxes)?, found(&findings)?);
            let stroke = |points: Vec<PadPoint>| crewseal_custody::Stroke {
                points: points.into_iter().map(crewseal_custody::Point::from).collect(),
            };
            let DrawnSignature { width, height, strokes } = signature;
            let strokes = strokes.into_iter().map(stroke).collect();
            let drawing = crewseal_custody::Drawing::new(width, height, strokes)
                .map_err(crewseal::CrewError::from)?;
            let drawn = phone.record_drawn(act.into(), job, &boxes, &findings, &drawing)?;
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

    /// Takes an offer back that nobody answered. The bytes are what to show the
    /// other phone, if it is still there.
    pub async fn withdraw(&self, offer: EventId) -> Result<Vec<u8>, CrewError> {
        self.ask(move |phone| Ok(phone.withdraw(offer)?)).await
    }

    /// Closes the store and lets go of its lock. Call it before the system suspends
    /// the app: iOS kills one that holds a lock then. Until `resume` every other
    /// call throws `Suspended` and changes nothing.
    ///
    /// If it throws `KeysBusy` the store is open and locked as before: another call still
    /// waits for the keys or for a person. End that, and call it again.
    pub async fn suspend(&self) -> Result<(), CrewError> {
        self.ask(|phone| Ok(phone.suspend()?)).await
    }

    /// Opens the store again.
    pub async fn resume(&self) -> Result<(), CrewError> {
        let notices = self.notices.clone();
        self.ask(move |phone| {
            phone.resume()?;
            // If they cannot be told now, the app hears so and resumes once more.
            notices.salvages(Salvage::all(phone)?);
            Ok(())
        })
        .await
    }

    /// Exchanges the keys that the store hangs on for new ones, and deletes the old
    /// ones. Also the way out when the wrapping key was lost while the store is open,
    /// as after a new fingerprint.
    pub async fn rotate_keys(&self) -> Result<(), CrewError> {
        self.ask(|phone| Ok(phone.rotate_keys()?)).await
    }

    /// Forgets a job of which nothing waits for HQ: its key, all that it sealed, and
    /// every key by which that could be had again. The certificate says what was done
    /// and how it was looked at afterwards.
    pub async fn forget(&self, job: JobId) -> Result<Erasure, CrewError> {
        self.ask(move |phone| Ok((&phone.forget(job)?).into())).await
    }

    /// The certificates of the jobs that this device forgot.
    pub async fn erasures(&self) -> Result<Vec<Erasure>, CrewError> {
        self.ask(|phone| Ok(phone.erasures()?.iter().map(Erasure::from).collect())).await
    }

    /// Logs out, for another user or because HQ says so: everything that can be read
    /// goes, and so do this device's keys. What waits for HQ stays, as returned, and
    /// whichever device is enrolled next on this phone delivers it. Afterwards open
    /// the phone again and enrol.
    pub async fn log_out(&self) -> Result<OutboxStatus, CrewError> {
        self.ask(|phone| Ok(phone.log_out()?.into())).await
    }
}

impl Crew {
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&crewseal::Crew) -> Result<T, CrewError> + Send + 'static,
    ) -> Result<T, CrewError> {
        self.id.check()?;
        let (phone, notices) = (self.phone.clone(), self.notices.clone());
        blocking_pool::run(move || {
            let done = work(&phone);
            if let Err(error) = &done {
                notices.failed(error);
            }
            // Asking a store that turned out damaged has it salvaged. If another call keeps
            // it from being told now, the next resume or opening tells it.
            if matches!(done, Err(CrewError::SystemFailed))
                && let Ok(salvages) = Salvage::all(&phone)
            {
                notices.salvages(salvages);
            }
            done
        })
        .await
    }

    async fn begin(
        open: impl FnOnce(
            &Path,
            Arc<dyn vault::KeyVault>,
            Arc<dyn clock::Clock>,
        ) -> Result<crewseal::Crew, crewseal::CrewError>
        + Send
        + 'static,
        directory: String,
        vault: Arc<dyn KeyVault>,
        clock: Arc<dyn Clock>,
        network: Option<Arc<dyn NetworkState>>,
    ) -> Result<Self, CrewError> {
        blocking_pool::run(move || {
            let directory = Path::new(&directory);
            // On a phone no directory is the one to begin at.
            if !directory.is_absolute() {
                return Err(CrewError::StoreReadOnly);
            }
            let id = PhoneId::new();
            let vault = Arc::new(AppVault { vault, phone: id });
            let clock = Arc::new(AppClock { clock, phone: id });
            let phone = open(directory, vault, clock)?;
            let notices = Notices::default();
            notices.salvages(Salvage::all(&phone)?);
            Ok(Self { id, phone, network, notices })
        })
        .await
    }

    /// What talks to HQ: not without a network, and only until it is given up.
    pub(crate) async fn with_hq<T>(
        &self,
        cancel: Option<Arc<CancelToken>>,
        work: impl Future<Output = Result<T, CrewError>>,
    ) -> Result<T, CrewError> {
        self.id.check()?;
        let network = self.network.clone();
        let done = unless_cancelled(cancel, async {
            if network.is_some() {
                blocking_pool::run(move || network::check(network.as_ref())).await?;
            }
            work.await
        });
        done.await.inspect_err(|error| self.notices.failed(error))
    }

    /// The phone of the core.
    pub(crate) const fn phone(&self) -> &crewseal::Crew {
        &self.phone
    }

    /// Fails on a network that costs by the byte.
    pub(crate) async fn unmetered(&self) -> Result<(), CrewError> {
        let network = self.network.clone();
        blocking_pool::run(move || network::check_unmetered(network.as_ref())).await
    }

    async fn deliver(&self) -> Result<Delivered, CrewError> {
        let waiting = self.outbox().await?.waiting;
        let tell = |delivered: &crewseal::Delivered| {
            self.notices.progress(SyncProgress {
                waiting,
                receipted: delivered.receipted,
                parked: delivered.parked,
                unanswered: delivered.unanswered,
            });
        };
        Ok(self.phone.sync_telling(tell).await?.into())
    }
}

/// Nobody is told anything of a phone that is closed.
impl Drop for Crew {
    fn drop(&mut self) {
        self.notices.end();
    }
}

pub(crate) fn found(findings: &[Finding]) -> Result<Vec<Found>, CrewError> {
    findings.iter().map(|finding| Ok((finding.kind.into(), tokens(&finding.boxes)?))).collect()
}

impl From<Act> for Kind {
    fn from(act: Act) -> Self {
        match act {
            Act::TakeOver => Self::TakeOver,
            Act::Load => Self::Load,
            Act::Store => Self::Store,
            Act::Count => Self::Count,
            Act::Deliver => Self::Deliver,
            Act::SignOff => Self::SignOff,
            Act::Pack => Self::Pack,
            Act::Seal => Self::Seal,
            Act::Depart => Self::Depart,
            Act::Arrive => Self::Arrive,
            Act::Unload => Self::Unload,
            Act::Unpack => Self::Unpack,
            Act::CollectForDestruction => Self::CollectForDestruction,
            Act::Destroy => Self::Destroy,
        }
    }
}

impl From<crewseal_custody::FindingKind> for FindingKind {
    fn from(kind: crewseal_custody::FindingKind) -> Self {
        use crewseal_custody::FindingKind as Core;
        match kind {
            Core::Missing => Self::Missing,
            Core::NotOurs => Self::NotOurs,
            Core::Damaged => Self::Damaged,
            Core::SealBroken => Self::SealBroken,
            Core::LabelTyped => Self::LabelTyped,
            Core::LabelReplaced => Self::LabelReplaced,
            Core::CountDiffers => Self::CountDiffers,
            Core::Absent => Self::Absent,
            Core::Refused => Self::Refused,
            Core::ClockDisagrees => Self::ClockDisagrees,
        }
    }
}

impl From<FindingKind> for crewseal_custody::FindingKind {
    fn from(kind: FindingKind) -> Self {
        match kind {
            FindingKind::Missing => Self::Missing,
            FindingKind::NotOurs => Self::NotOurs,
            FindingKind::Damaged => Self::Damaged,
            FindingKind::SealBroken => Self::SealBroken,
            FindingKind::LabelTyped => Self::LabelTyped,
            FindingKind::LabelReplaced => Self::LabelReplaced,
            FindingKind::CountDiffers => Self::CountDiffers,
            FindingKind::Absent => Self::Absent,
            FindingKind::Refused => Self::Refused,
            FindingKind::ClockDisagrees => Self::ClockDisagrees,
        }
    }
}
