//! The face that apps see: one phone, its keys, its store and its HQ.
//!
//! It decides nothing itself. What an act is, who holds what and what a receipt
//! means is said in [`custody`](crewseal_custody); here the steps are put in
//! order, and the order matters: sign, verify, commit durably, raise the
//! high-water mark, and only then may a byte of an event leave the phone.

mod diary;
mod error;
mod handoff;
mod head;
mod kept;
mod known;
mod life;
mod on_demand;
mod phone;
mod ready;
mod sign_off;
mod turn;
mod upload;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::envelope::MAX_ATTACHMENT;
use crewseal_custody::envelope::SealingKey;
use crewseal_custody::job::JobPack;
use crewseal_custody::personal::Personal;
use crewseal_custody::resolution::{Decision, MAX_NOTE, Resolution};
use crewseal_custody::rules::{self, Rule};
use crewseal_custody::signed::{Digest, PublicKey, Signed, SignedError, Unverified};
use crewseal_custody::wire::{Endpoint, Invitation};
use crewseal_custody::{
    Act, Credential, CustomerReceipt, DeviceId, Drawing, Entry, Event, EventId, FindingKind, JobId,
    Kind, Protection, Refused, ReleaseCode, Revocations, Role, Salt, Tick,
};
use crewseal_label::Token;
use crewseal_scan::photo::PhotoError;
use crewseal_scan::{Commission, Tally};

pub use self::error::{Advice, CrewError};
pub use self::handoff::{Acceptance, OfferView, Open};
use self::kept::{Enrolment, read_enrolment, read_packs, read_progress};
use self::known::Known;
use self::phone::{Phone, State};
use self::ready::is_open;
pub use self::sign_off::{Asked, SignedOffBy, ToSign};
use self::turn::Turns;
pub use self::upload::Uploaded;
use crate::clock::Clock;
use crate::drawing;
use crate::outbox::attachment::{self, Attached};
use crate::outbox::prepare_photo;
use crate::outbox::queue::{self, Status};
use crate::sync::{Client, NOT_FOUND, SyncError};
use crate::vault::{KeyVault, Salvage, StoreError, Transaction};

/// What was found wrong with which boxes.
pub type Found = (FindingKind, BTreeSet<Token>);

/// A phone of a crew.
#[derive(Clone)]
pub struct Crew {
    phone: Arc<Phone>,
}

/// One act of several that are recorded together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// What was done.
    pub kind: Kind,
    /// On which boxes.
    pub boxes: BTreeSet<Token>,
    /// What was found wrong.
    pub findings: Vec<Found>,
    /// The event that it answers.
    pub about: Option<EventId>,
}

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

/// What came from HQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetched {
    /// Jobs of this device.
    pub jobs: usize,
    /// Labels on the depot's rolls.
    pub labels: usize,
}

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

/// What a sync achieved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Entries that HQ has, with its receipt verified, and that are gone here.
    pub receipted: u64,
    /// Entries that HQ refused; they are parked.
    pub parked: u64,
    /// Entries that HQ did not answer, or not with a receipt of its own; they
    /// wait.
    pub unanswered: u64,
}

impl Crew {
    /// Opens the phone whose store is in this directory; a new one, if there is
    /// none. Reads and writes files and asks the vault: not for a screen's
    /// thread.
    ///
    /// A store that is damaged is salvaged: [`salvages`](Self::salvages) tells of it.
    /// Everything that waits can still be delivered; what HQ has signed for this
    /// phone may have to be fetched again, and where even the enrolment is lost the
    /// phone must be enrolled.
    ///
    /// # Errors
    /// [`CrewError::Store`] or [`CrewError::Vault`].
    pub fn open(
        directory: &Path,
        vault: Arc<dyn KeyVault>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CrewError> {
        let (store, keys, lists) = on_demand::load(directory, vault.as_ref())?;
        let device = DeviceId::of(&keys.act, &keys.handoff);
        let state = State { store, lists, epoch: None, ready: None, client: None };
        let (directory, state) = (directory.to_owned(), Turns::new(state));
        let failures = AtomicU32::new(0);
        let phone = Phone { directory, vault, clock, device, keys, state, failures };
        phone.go_on(&mut *phone.state()?)?;
        Ok(Self { phone: Arc::new(phone) })
    }

    /// This device.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.phone.device
    }

    /// Whether this device is enrolled: HQ was found once, and what it said is whole.
    ///
    /// # Errors
    /// [`CrewError::Store`].
    pub fn is_enrolled(&self) -> Result<bool, CrewError> {
        match self.phone.state()?.store.transaction(|t| read_enrolment(t)) {
            Ok(_) => Ok(true),
            Err(CrewError::NotEnrolled | CrewError::Store(StoreError::Damaged)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Enrols this device with HQ, by an invitation that HQ made.
    ///
    /// # Errors
    /// [`CrewError`].
    pub async fn enrol(&self, invitation: &[u8]) -> Result<(), CrewError> {
        let invitation: Invitation =
            cbor::from_versioned::<_, 1>(invitation).map_err(CrewError::Invitation)?;
        let unusable = |error| CrewError::Sync { error, again_after: None };
        SealingKey::from_bytes(&invitation.sealing_key)
            .map_err(|_| unusable(SyncError::Invitation))?;
        let Endpoint { url, authority, hq } = invitation.endpoint;
        let client = Client::new(&url, &authority).map_err(unusable)?;
        let phone = Arc::clone(&self.phone);
        let code = invitation.code;
        let request = blocking(move || phone.enrol_request(code)).await?;
        let answer = client.enrol(&request).await.map_err(|error| self.phone.failed(error))?;
        let credential: Signed<Credential> =
            Signed::open(&answer, &hq).map_err(CrewError::FromHq)?;
        if credential.device() != self.phone.device {
            return Err(CrewError::FromHq(SignedError::Signature));
        }
        let enrolment = Enrolment {
            version: Version,
            url,
            authority,
            hq,
            sealing_key: invitation.sealing_key,
            credential: answer.into(),
        };
        let phone = Arc::clone(&self.phone);
        // If it cannot be kept now, HQ gives this device the same credential again for the
        // same invitation.
        blocking(move || phone.keep_enrolment(&enrolment)).await
    }

    /// Fetches HQ's time, the job packs and the depot's rolls, and which devices are
    /// revoked if that is not known here.
    ///
    /// # Errors
    /// [`CrewError`].
    pub async fn fetch(&self) -> Result<Fetched, CrewError> {
        let (client, hq) = self.client().await?;
        let vault = &self.phone.vault;
        let tick = client.tick(vault).await.map_err(|error| self.phone.failed(error))?;
        let jobs = client.jobs(vault).await.map_err(|error| self.phone.failed(error))?;
        let rolls = client.rolls(vault).await.map_err(|error| self.phone.failed(error))?;
        let tick = Signed::<Tick>::open(&tick, &hq).map_err(CrewError::FromHq)?;
        let revocations = self.newer_revocations(&client, &hq, &tick).await?;
        self.renew_slip(&client).await?;
        let packs: Vec<Signed<JobPack>> = jobs
            .packs
            .iter()
            .map(|pack| Signed::open(pack, &hq).map_err(CrewError::FromHq))
            .collect::<Result<_, _>>()?;
        for pack in &packs {
            pack.manifests(&hq)?;
        }
        let phone = Arc::clone(&self.phone);
        blocking(move || {
            let (list, state) = (revocations.as_ref(), &mut *phone.state()?);
            let fetched = phone.keep(state, &hq, &tick, list, &packs, &rolls.rolls)?;
            phone.go_on(state)?;
            Ok(fetched)
        })
        .await
    }

    /// Keeps a right to deliver for a time when this phone's keys are gone.
    async fn renew_slip(&self, client: &Client) -> Result<(), CrewError> {
        let phone = Arc::clone(&self.phone);
        if !blocking(move || phone.wants_slip()).await? {
            return Ok(());
        }
        match client.delivery(&self.phone.vault).await {
            Ok(right) => {
                let phone = Arc::clone(&self.phone);
                blocking(move || phone.keep_slip(right)).await
            }
            // An HQ that grants none.
            Err(SyncError::Refused { status: NOT_FOUND }) => Ok(()),
            Err(error) => Err(self.phone.failed(error)),
        }
    }

    /// HQ's list of revoked devices, if there is a newer one than here.
    async fn newer_revocations(
        &self,
        client: &Client,
        hq: &PublicKey,
        tick: &Signed<Tick>,
    ) -> Result<Option<Signed<Revocations>>, CrewError> {
        let (phone, hq, epoch) = (Arc::clone(&self.phone), *hq, tick.epoch);
        if !blocking(move || phone.has_older_revocations(&hq, epoch)).await? {
            return Ok(None);
        }
        let list = client.revocations(&self.phone.vault).await;
        let list = list.map_err(|error| self.phone.failed(error))?;
        Ok(Some(Signed::open(&list, &hq).map_err(CrewError::FromHq)?))
    }

    /// The jobs on this phone that are open now.
    ///
    /// # Errors
    /// [`CrewError`].
    pub fn jobs(&self) -> Result<Vec<JobPack>, CrewError> {
        let now = self.phone.clock.now();
        let packs = self.phone.state()?.store.transaction(read_packs)?;
        Ok(packs.into_iter().filter(|pack| is_open(pack, now)).collect())
    }

    /// The tally of a job, to scan against: its boxes, the blank labels, and
    /// the boxes of other jobs.
    ///
    /// # Errors
    /// [`CrewError`].
    pub fn tally(&self, job: JobId) -> Result<Tally, CrewError> {
        self.phone.open_job(job)?;
        let mut state = self.phone.state()?;
        let State { store, lists, .. } = &mut *state;
        store.transaction(|t| {
            let hq = read_enrolment(t)?.hq;
            let (mut mine, mut elsewhere) = (BTreeSet::new(), BTreeSet::new());
            for pack in read_packs(t)? {
                let boxes = if pack.job == job { &mut mine } else { &mut elsewhere };
                boxes.extend(pack.manifests(&hq)?.tokens());
                boxes.extend(read_progress(t, pack.job)?.entered());
            }
            let known: BTreeSet<Token> = &mine | &elsewhere;
            let on_rolls = lists.rolls().flat_map(|roll| roll.tokens().map(|(_, token)| token));
            let blank: Vec<Token> = on_rolls.filter(|token| !known.contains(token)).collect();
            Ok(Tally::new(mine).with_blank(blank).with_elsewhere(elsewhere))
        })
    }

    /// Records that labels were stuck on boxes of a job.
    ///
    /// # Errors
    /// [`CrewError::OtherJob`] if one of them is on a box of another job that
    /// this phone knows; then none is recorded. Others as everywhere.
    pub fn commission(&self, job: JobId, boxes: &BTreeSet<Token>) -> Result<EventId, CrewError> {
        let mut tally = self.tally(job)?;
        if boxes.iter().any(|token| tally.commission(*token) == Commission::OtherJob) {
            return Err(CrewError::OtherJob);
        }
        let pack = self.phone.open_job(job)?;
        self.phone.check(Kind::Commission, &pack, boxes)?;
        let act = self.phone.act(Kind::Commission, job, boxes)?;
        self.phone.record(act, boxes)
    }

    /// Whose signature an act will need besides this one, to be said before it is
    /// signed: a second person's, a supervisor's or nobody's.
    ///
    /// # Errors
    /// [`CrewError::Forbidden`] if a rule forbids the act to this phone's carrier,
    /// and others.
    pub fn needs(
        &self,
        kind: Kind,
        job: JobId,
        boxes: &BTreeSet<Token>,
        findings: &[Found],
    ) -> Result<Option<Rule>, CrewError> {
        let pack = self.phone.open_job(job)?;
        self.phone.check(kind, &pack, boxes)?;
        let trouble = findings.iter().filter(|(finding, _)| rules::is_trouble(*finding));
        let in_trouble = trouble.flat_map(|(_, boxes)| boxes).copied().collect();
        let (classes, in_trouble) =
            (self.phone.classes(&pack, boxes)?, self.phone.classes(&pack, &in_trouble)?);
        Ok(rules::needs(kind, &classes, &in_trouble))
    }

    /// Records one act on boxes of a job, with what was found wrong.
    ///
    /// # Errors
    /// [`CrewError::OnlyByHandoff`] for what two phones do together,
    /// [`CrewError::Forbidden`] for what a rule forbids this phone's carrier, and
    /// others.
    pub fn record(
        &self,
        kind: Kind,
        job: JobId,
        boxes: &BTreeSet<Token>,
        findings: &[Found],
        about: Option<EventId>,
    ) -> Result<EventId, CrewError> {
        let act = self.phone.deed(kind, job, boxes, findings, about)?;
        self.phone.record(act, &BTreeSet::new())
    }

    /// Records several acts of a job in one commit, which costs one wait for the
    /// disk: all of them, or none. The ids come in the order of the acts.
    ///
    /// # Errors
    /// As of [`record`](Self::record).
    pub fn record_all(&self, job: JobId, deeds: &[Deed]) -> Result<Vec<EventId>, CrewError> {
        let act =
            |deed: &Deed| self.phone.deed(deed.kind, job, &deed.boxes, &deed.findings, deed.about);
        self.phone.record_all(deeds.iter().map(act).collect::<Result<_, _>>()?)
    }

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
        deed: &Deed,
        photos: &[&[u8]],
        longest: u32,
        quota: u64,
    ) -> Result<Photographed, CrewError> {
        let act = self.phone.deed(deed.kind, job, &deed.boxes, &deed.findings, deed.about)?;
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

    /// Decides on an entry of another phone's queue that HQ refused, as that
    /// phone's [`outbox`](Self::outbox) shows it. The answer is to be brought to
    /// that phone.
    ///
    /// # Errors
    /// [`CrewError::Vault`], or [`CrewError::NoteTooLong`].
    pub fn decide(
        &self,
        event: EventId,
        refusal: Digest,
        decision: Decision,
        note: &str,
    ) -> Result<Vec<u8>, CrewError> {
        if note.chars().count() > MAX_NOTE {
            return Err(CrewError::NoteTooLong);
        }
        let resolution = Resolution {
            version: Version,
            event,
            refusal,
            decision,
            note: Personal::new(note),
            by: self.phone.device,
            claimed_at: self.phone.clock.now(),
        };
        let signed = Signed::sign(resolution, &self.phone.keys.handoff, |bytes| {
            self.phone.vault.sign(Protection::Handoff, bytes)
        })?;
        Ok(signed.as_bytes().to_vec())
    }

    /// Does what a supervisor decided on an entry of this phone's queue.
    ///
    /// # Errors
    /// [`CrewError::Stranger`] if no supervisor of a job on this phone signed it,
    /// [`CrewError::Expired`] if HQ does not vouch for him any more,
    /// [`CrewError::NotForMe`] if no entry waits for this decision.
    pub fn resolve(&self, resolution: &[u8]) -> Result<(), CrewError> {
        let unsigned = |error| CrewError::FromPhone(Refused::Signed(error));
        let resolution = Unverified::<Resolution>::parse(resolution).map_err(unsigned)?;
        self.phone.state()?.store.transaction(|t| {
            let by = supervisor(t, resolution.claims().by)?;
            let resolution = resolution.verify(&by.handoff_key).map_err(unsigned)?;
            if queue::resolve(t, &resolution)? { Ok(()) } else { Err(CrewError::NotForMe) }
        })
    }

    /// The photos that are not at HQ yet, oldest first.
    ///
    /// # Errors
    /// [`CrewError::Store`].
    pub fn photos(&self) -> Result<Vec<Attached>, CrewError> {
        self.phone.state()?.store.transaction(|t| Ok(attachment::kept(t)?))
    }

    /// Records that the customer confirms an act with a code, typed or scanned. The
    /// code is checked here, offline, and not kept.
    ///
    /// # Errors
    /// [`CrewError::ReleaseCode`] for a slip in typing, [`CrewError::WrongCode`] for a
    /// code of something else, and others.
    pub fn release(
        &self,
        job: JobId,
        kind: Kind,
        statement: EventId,
        code: &str,
    ) -> Result<EventId, CrewError> {
        let pack = self.phone.open_job(job)?;
        let code = ReleaseCode::parse(code)?;
        let proof = pack
            .release_keys
            .iter()
            .map(|key| (key, code.sign(job, key.number, &statement)))
            .find(|(key, proof)| key.authorises(job, kind, &statement, proof))
            .map(|(_, proof)| proof)
            .ok_or(CrewError::WrongCode)?;
        let none = BTreeSet::new();
        let mut act = self.phone.act(Kind::Release, job, &none)?;
        act.about = Some(statement);
        let complete = |event| Event { proof: Some(proof), ..event };
        self.phone.record_with(act, &none, complete, |_, event| Ok(event.id()))
    }

    /// Records an act for which the customer drew his signature: its salted digest is
    /// among the act's attachments.
    ///
    /// # Errors
    /// As [`record`](Self::record), and [`CrewError::Drawing`] if it has no picture.
    pub fn record_drawn(
        &self,
        kind: Kind,
        job: JobId,
        boxes: &BTreeSet<Token>,
        findings: &[Found],
        drawing: &Drawing,
    ) -> Result<Drawn, CrewError> {
        let (salt, picture) = (phone::salt()?, drawing::picture(drawing, 1)?);
        let attached = vec![drawing.digest(&salt)];
        let act = self.phone.deed(kind, job, boxes, findings, None)?;
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
        let Entry { kind, boxes, .. } = done.ok_or(CrewError::NoReceipt)?;
        let receipt = CustomerReceipt::of(event, kind, boxes).ok_or(CrewError::NoReceipt)?;
        let vault = &self.phone.vault;
        let receipt: Signed<CustomerReceipt> =
            Signed::sign(receipt, &vault.public_keys()?.act, |bytes| {
                vault.sign(Protection::Act, bytes)
            })?;
        self.phone.release()?;
        Ok(CustomerReceipt::to_text(&receipt))
    }

    /// How the queue stands.
    ///
    /// # Errors
    /// [`CrewError::Store`].
    pub fn outbox(&self) -> Result<Status, CrewError> {
        self.phone.state()?.store.transaction(|t| queue::status(t).map_err(CrewError::from))
    }

    /// What became of this phone's store each time that it was damaged, the oldest
    /// first.
    ///
    /// # Errors
    /// [`CrewError::KeysBusy`].
    pub fn salvages(&self) -> Result<Vec<Salvage>, CrewError> {
        Ok(self.phone.state()?.store.salvages().collect())
    }

    /// Delivers what waits, once through the queue. A phone that was logged out or wiped
    /// delivers, too, by the right that HQ gave to the device before.
    ///
    /// # Errors
    /// [`CrewError::Sync`] says when to try again. Whatever was receipted
    /// before stays receipted.
    pub async fn sync(&self) -> Result<Delivered, CrewError> {
        self.sync_telling(|_| ()).await
    }

    /// Delivers what waits as [`sync`](Self::sync) does, and tells after every batch
    /// what was achieved so far. Whoever is told holds the sync up meanwhile.
    ///
    /// # Errors
    /// As of [`sync`](Self::sync).
    pub async fn sync_telling(
        &self,
        mut tell: impl FnMut(&Delivered) + Send,
    ) -> Result<Delivered, CrewError> {
        let (client, hq) = self.carrier().await?;
        let mut delivered = Delivered::default();
        let mut after = 0;
        loop {
            let phone = Arc::clone(&self.phone);
            let (entries, batch) = blocking(move || phone.next_batch(after)).await?;
            let Some(last) = entries.last() else { break };
            after = last.position;
            let answer = client.deliver(&self.phone.vault, &batch).await;
            let receipts = answer.map_err(|error| self.phone.failed(error))?.receipts;
            let phone = Arc::clone(&self.phone);
            // Receipts that cannot be kept now come again: what waits still is sent again,
            // and HQ answers it as a repeat.
            let settled = blocking(move || phone.settle(&hq, &entries, &receipts)).await?;
            delivered.receipted += settled.receipted;
            delivered.parked += settled.parked;
            delivered.unanswered += settled.unanswered;
            tell(&delivered);
        }
        self.phone.failures.store(0, Ordering::Relaxed);
        Ok(delivered)
    }

    async fn carrier(&self) -> Result<(Arc<Client>, PublicKey), CrewError> {
        let phone = Arc::clone(&self.phone);
        blocking(move || phone.carrier()).await
    }

    async fn client(&self) -> Result<(Arc<Client>, PublicKey), CrewError> {
        let phone = Arc::clone(&self.phone);
        blocking(move || phone.client()).await
    }
}

/// The credential of a supervisor whom HQ vouches for, of a job on this phone.
fn supervisor(t: &mut Transaction<'_>, device: DeviceId) -> Result<Credential, CrewError> {
    let known = Known::read(t)?;
    let found = read_packs(t)?
        .iter()
        .flat_map(|pack| &pack.roster)
        .filter_map(|bytes| Signed::<Credential>::open(bytes, &known.hq).ok())
        .find(|found| found.device() == device && found.role == Role::Supervisor)
        .ok_or(CrewError::Stranger)?;
    known.still_vouches_for(&found)?;
    Ok(Credential::clone(&found))
}

/// Runs what may block on disk or key hardware where blocking is allowed.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CrewError> + Send + 'static,
) -> Result<T, CrewError> {
    // It fails only if the work panicked or the runtime is shutting down.
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(CrewError::Store(StoreError::Io)))
}
