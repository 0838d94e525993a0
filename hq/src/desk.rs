//! The dispatcher's desk: rolls are minted, jobs opened, devices invited.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::job::JobPack;
use crewseal_custody::personal::Personal;
use crewseal_custody::roll::{Leaf, Roll, RollHead};
use crewseal_custody::signed::Signed;
use crewseal_custody::wire::{Endpoint, EnrolmentCode, Invitation};
use crewseal_custody::{
    BoxClass, BoxList, DeviceId, JobId, Kind, Lists, Manifest, Qualifications, ReleaseCode,
    ReleaseKey, Revocations, Role, Salt, Tick,
};
use crewseal_label::Token;
use minicbor::bytes::ByteVec;
use rusqlite::{Connection, params};

use crate::store::{self, column};
use crate::{Hq, HqError, random};

/// For how long an invitation may be used, in seconds.
const INVITATION_SECONDS: u64 = 24 * 60 * 60;

/// A move, as it was agreed with the customer.
#[derive(Debug, Clone, Default)]
pub struct JobPlan {
    /// What the crew calls it.
    pub title: Personal,
    /// Whom to ask for at the door.
    pub customer: Personal,
    /// Where the boxes are.
    pub origin: Personal,
    /// Where they go.
    pub destination: Personal,
    /// How many boxes were agreed, labelled or not.
    pub boxes: u32,
    /// The boxes that were labelled beforehand, in the order of the manifest.
    pub labelled: Vec<Token>,
    /// Those of them with papers, devices or valuables.
    pub sensitive: BTreeSet<Token>,
    /// What is in them. A sensitive box of which nobody said it is treated with
    /// most care; a box that stands here is sensitive.
    pub classes: BTreeMap<Token, BTreeSet<BoxClass>>,
    /// Seconds since 1970-01-01 UTC from which the crew may see it.
    pub opens_at: u64,
    /// Seconds since 1970-01-01 UTC from which it may not.
    pub closes_at: u64,
}

impl Hq {
    /// Mints a roll of `count` labels, 1 to 65,536, from the system's random
    /// generator.
    ///
    /// # Errors
    /// [`HqError::RollSize`], [`HqError::Random`], or the database.
    pub fn mint_roll(&self, count: u32) -> Result<Roll, HqError> {
        // More than the most labels are drawn in vain, then refused.
        let drawn = (0..count.min(65_537)).map(|_| random().map(Token::from_bytes));
        self.adopt_roll(&drawn.collect::<Result<Vec<_>, _>>()?)
    }

    /// Takes labels that were minted and printed elsewhere as a roll of this
    /// HQ's, in this order.
    ///
    /// # Errors
    /// [`HqError::RollSize`], or the database: it refuses a label that is on a
    /// roll already.
    pub fn adopt_roll(&self, tokens: &[Token]) -> Result<Roll, HqError> {
        let leaves: Vec<Leaf> = tokens.iter().copied().map(Leaf::Token).collect();
        let head = self.sign(RollHead::over(&leaves)?)?;
        let roll = Roll::new(head.clone(), leaves)?;
        self.store.write(|db| {
            db.execute(
                "INSERT INTO rolls (id, head, minted_at) VALUES (?1, ?2, ?3)",
                params![head.id().0, head.as_bytes(), column(self.clock.now())],
            )?;
            let number = db.last_insert_rowid();
            let mut label =
                db.prepare("INSERT INTO labels (token, roll, place) VALUES (?1, ?2, ?3)")?;
            for (place, token) in (0_i64..).zip(tokens) {
                label.execute(params![token.as_bytes(), number, place])?;
            }
            Ok(())
        })?;
        Ok(roll)
    }

    /// All rolls with all their labels, oldest first.
    ///
    /// # Errors
    /// The database.
    pub fn rolls(&self) -> Result<Vec<Roll>, HqError> {
        self.store.read(|db| self.all_rolls(db))
    }

    /// The rolls that a device may see: all, unless it is revoked.
    ///
    /// # Errors
    /// The database.
    pub fn rolls_for(&self, device: &DeviceId) -> Result<Vec<Roll>, HqError> {
        self.store.read(|db| {
            if self.is_revoked(db, device)? { Ok(Vec::new()) } else { self.all_rolls(db) }
        })
    }

    fn all_rolls(&self, db: &Connection) -> Result<Vec<Roll>, HqError> {
        let ids = store::roll_ids(db)?.into_iter();
        let rolls = ids.filter_map(|id| store::roll(db, self.key(), &id).transpose());
        rolls.collect()
    }

    /// Opens a job. Its labelled boxes become version 1 of its manifest; without
    /// any, it has no manifest yet.
    ///
    /// # Errors
    /// [`HqError::NotMinted`], [`HqError::NotLabelled`], [`HqError::Manifest`]
    /// for a label named twice, or the database.
    pub fn open_job(&self, plan: &JobPlan) -> Result<JobId, HqError> {
        let job = JobId(random()?);
        self.store.write(|db| {
            db.execute(
                "INSERT INTO jobs
                 (id, title, customer, origin, destination, boxes, opens_at, closes_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    job.0,
                    plan.title.reveal(),
                    plan.customer.reveal(),
                    plan.origin.reveal(),
                    plan.destination.reveal(),
                    plan.boxes,
                    column(plan.opens_at),
                    column(plan.closes_at),
                ],
            )?;
            self.extend_manifest(db, job, &plan.labelled, &plan.sensitive, &plan.classes)
        })?;
        Ok(job)
    }

    /// Adds labelled boxes to a job as the next version of its manifest.
    ///
    /// # Errors
    /// [`HqError::UnknownJob`], and as [`open_job`](Self::open_job).
    pub fn add_boxes(
        &self,
        job: JobId,
        labelled: &[Token],
        sensitive: &BTreeSet<Token>,
        classes: &BTreeMap<Token, BTreeSet<BoxClass>>,
    ) -> Result<(), HqError> {
        self.store.write(|db| {
            if !store::has_job(db, &job)? {
                return Err(HqError::UnknownJob(job));
            }
            self.extend_manifest(db, job, labelled, sensitive, classes)
        })
    }

    fn extend_manifest(
        &self,
        db: &Connection,
        job: JobId,
        labelled: &[Token],
        sensitive: &BTreeSet<Token>,
        classes: &BTreeMap<Token, BTreeSet<BoxClass>>,
    ) -> Result<(), HqError> {
        let sensitive: BTreeSet<Token> = sensitive.iter().chain(classes.keys()).copied().collect();
        if !sensitive.iter().all(|token| labelled.contains(token)) {
            return Err(HqError::NotLabelled);
        }
        if labelled.is_empty() {
            return Ok(());
        }
        for token in labelled {
            store::roll_of(db, token)?.ok_or(HqError::NotMinted)?;
        }
        let mut manifests = store::manifests(db, self.key(), &job)?;
        let before = manifests.newest();
        let added: Vec<u8> = labelled.iter().flat_map(|token| *token.as_bytes()).collect();
        let version = self.sign(Manifest {
            version: Version,
            job,
            number: before.map_or(1, |before| before.number.saturating_add(1)),
            previous: before.map(Signed::id),
            added: added.into(),
        })?;
        manifests.push(version.clone())?;
        db.execute(
            "INSERT INTO manifests (job, number, bytes) VALUES (?1, ?2, ?3)",
            params![job.0, version.number, version.as_bytes()],
        )?;
        for token in &sensitive {
            db.execute(
                "INSERT INTO sensitive (job, token) VALUES (?1, ?2)",
                params![job.0, token.as_bytes()],
            )?;
            for class in classes.get(token).into_iter().flatten() {
                db.execute(
                    "INSERT INTO classes (job, token, class) VALUES (?1, ?2, ?3)",
                    params![job.0, token.as_bytes(), class.number()],
                )?;
            }
        }
        Ok(())
    }

    /// All jobs, by id.
    ///
    /// # Errors
    /// The database.
    pub fn jobs(&self) -> Result<Vec<JobId>, HqError> {
        self.store.read(|db| {
            let mut query = db.prepare("SELECT id FROM jobs ORDER BY id")?;
            let jobs = query.query_map([], |row| Ok(JobId(row.get(0)?)))?;
            Ok(jobs.collect::<Result<_, _>>()?)
        })
    }

    /// Invites one device, for a day: to the crew of these jobs, under a
    /// pseudonym such as `Mover 17`. `url` is where the device reaches HQ. Its
    /// credential says nothing of licences, training and the like, and the rules
    /// that ask for them do not judge it.
    ///
    /// # Errors
    /// [`HqError::UnknownJob`], [`HqError::Random`], or the database.
    pub fn invite(
        &self,
        role: Role,
        pseudonym: &str,
        jobs: &[JobId],
        url: &str,
    ) -> Result<Invitation, HqError> {
        self.invite_as(role, pseudonym, None, jobs, url)
    }

    /// The same for somebody whose papers HQ has seen: what is not among these
    /// qualifications, he does not have.
    ///
    /// # Errors
    /// As [`invite`](Self::invite).
    pub fn invite_qualified(
        &self,
        role: Role,
        pseudonym: &str,
        qualifications: &Qualifications,
        jobs: &[JobId],
        url: &str,
    ) -> Result<Invitation, HqError> {
        self.invite_as(role, pseudonym, Some(qualifications), jobs, url)
    }

    fn invite_as(
        &self,
        role: Role,
        pseudonym: &str,
        qualifications: Option<&Qualifications>,
        jobs: &[JobId],
        url: &str,
    ) -> Result<Invitation, HqError> {
        let code = EnrolmentCode(random()?);
        let hash = hash(&code);
        let expires_at = self.clock.now().saturating_add(INVITATION_SECONDS);
        self.store.write(|db| {
            db.execute(
                "INSERT INTO invitations (code, role, pseudonym, expires_at, qualifications)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    hash,
                    cbor::to_vec(&role),
                    pseudonym,
                    column(expires_at),
                    qualifications.map(cbor::to_vec)
                ],
            )?;
            for job in jobs {
                if !store::has_job(db, job)? {
                    return Err(HqError::UnknownJob(*job));
                }
                db.execute(
                    "INSERT OR IGNORE INTO invited_jobs (code, job) VALUES (?1, ?2)",
                    (hash, job.0),
                )?;
            }
            Ok(())
        })?;
        Ok(Invitation {
            version: Version,
            endpoint: Endpoint {
                url: url.to_owned(),
                authority: self.keys.authority().to_vec().into(),
                hq: *self.key(),
            },
            sealing_key: self.keys.opening().public().to_bytes().into(),
            code,
        })
    }

    /// Draws release codes for a job, one for each of these acts. They are for the
    /// customer, to be sent with the booking: HQ keeps the public keys only, so this
    /// is the one time that they can be had.
    ///
    /// # Errors
    /// [`HqError::UnknownJob`], [`HqError::Random`], or the database.
    pub fn release_codes(&self, job: JobId, acts: &[Kind]) -> Result<Vec<ReleaseCode>, HqError> {
        self.store.write(|db| {
            if !store::has_job(db, &job)? {
                return Err(HqError::UnknownJob(job));
            }
            let known = store::release_keys(db, &job)?;
            let mut number = known.last().map_or(0, |key| key.number);
            let mut codes = Vec::with_capacity(acts.len());
            for kind in acts {
                number = number.checked_add(1).ok_or(HqError::TooManyCodes)?;
                let code = ReleaseCode::from_bytes(random()?);
                let key = ReleaseKey::of(job, number, *kind, &code);
                db.execute(
                    "INSERT INTO release_keys (job, number, bytes) VALUES (?1, ?2, ?3)",
                    params![job.0, number, cbor::to_vec(&key)],
                )?;
                codes.push(code);
            }
            Ok(codes)
        })
    }

    /// Puts an enrolled device into the crew of a job.
    ///
    /// # Errors
    /// [`HqError::UnknownJob`], [`HqError::UnknownDevice`], or the database.
    pub fn assign(&self, device: DeviceId, job: JobId) -> Result<(), HqError> {
        self.store.write(|db| {
            if !store::has_job(db, &job)? {
                return Err(HqError::UnknownJob(job));
            }
            store::credential(db, self.key(), &device)?.ok_or(HqError::UnknownDevice(device))?;
            db.execute(
                "INSERT OR IGNORE INTO assignments (job, device) VALUES (?1, ?2)",
                (job.0, device.0),
            )?;
            Ok(())
        })
    }

    /// All enrolled devices, by id.
    ///
    /// # Errors
    /// The database.
    pub fn devices(&self) -> Result<Vec<DeviceId>, HqError> {
        self.store.read(|db| {
            let mut query = db.prepare("SELECT id FROM devices ORDER BY id")?;
            let devices = query.query_map([], |row| Ok(DeviceId(row.get(0)?)))?;
            Ok(devices.collect::<Result<_, _>>()?)
        })
    }

    /// Takes HQ's word for a device back, `since` this time in seconds since
    /// 1970-01-01 UTC: what it did before stays good. It gets no jobs and no rolls any
    /// more, but may still deliver what it has. Of several times the earliest
    /// counts. The answer is the epoch that HQ's ticks tell from now on.
    ///
    /// # Errors
    /// [`HqError::UnknownDevice`], or the database.
    pub fn revoke(&self, device: DeviceId, since: u64) -> Result<u64, HqError> {
        self.store.write(|db| {
            store::credential(db, self.key(), &device)?.ok_or(HqError::UnknownDevice(device))?;
            let mut list = match store::revocations(db, self.key())? {
                Some(list) => (*list).clone(),
                None => self.no_revocations(),
            };
            list.epoch = list.epoch.saturating_add(1);
            let earliest = list.since.entry(device).or_insert(since);
            *earliest = since.min(*earliest);
            let list = self.sign(list)?;
            db.execute(
                "INSERT INTO revocations (epoch, device, since, bytes) VALUES (?1, ?2, ?3, ?4)",
                params![column(list.epoch), device.0, column(since), list.as_bytes()],
            )?;
            Ok(list.epoch)
        })
    }

    /// The devices that were revoked.
    ///
    /// # Errors
    /// The database.
    pub fn revocations(&self) -> Result<Signed<Revocations>, HqError> {
        match self.store.read(|db| store::revocations(db, self.key()))? {
            Some(list) => Ok(list),
            None => self.sign(self.no_revocations()),
        }
    }

    fn no_revocations(&self) -> Revocations {
        let origin = self.origin().to_owned();
        Revocations { version: Version, origin, epoch: 0, since: BTreeMap::new() }
    }

    /// Whether a device was revoked, since whenever.
    pub(crate) fn is_revoked(&self, db: &Connection, device: &DeviceId) -> Result<bool, HqError> {
        let list = store::revocations(db, self.key())?;
        Ok(list.is_some_and(|list| list.since.contains_key(device)))
    }

    /// Signs HQ's time, under the next number.
    ///
    /// # Errors
    /// [`HqError::Random`], or the database.
    pub fn tick(&self) -> Result<Signed<Tick>, HqError> {
        let nonce = Salt(random()?);
        self.store.write(|db| {
            let last: i64 =
                db.query_row("SELECT coalesce(max(number), 0) FROM ticks", [], |row| row.get(0))?;
            let number = u64::try_from(last)
                .map_err(|_| HqError::Damaged { what: "a tick" })?
                .saturating_add(1);
            let tick = self.sign(Tick {
                version: Version,
                origin: self.origin().to_owned(),
                number,
                at: self.clock.now(),
                nonce,
                root: None,
                epoch: Some(store::revocations(db, self.key())?.map_or(0, |list| list.epoch)),
            })?;
            db.execute(
                "INSERT INTO ticks (number, bytes) VALUES (?1, ?2)",
                params![column(number), tick.as_bytes()],
            )?;
            Ok(tick)
        })
    }

    /// The packs of the jobs that a device may see now: those that it is
    /// assigned to, while they are open and it is not revoked.
    ///
    /// # Errors
    /// The database.
    pub fn job_packs(&self, device: &DeviceId) -> Result<Vec<Signed<JobPack>>, HqError> {
        let now = column(self.clock.now());
        self.store.read(|db| {
            if self.is_revoked(db, device)? {
                return Ok(Vec::new());
            }
            let mut query = db.prepare(
                "SELECT id FROM jobs JOIN assignments ON assignments.job = jobs.id
                 WHERE assignments.device = ?1 AND opens_at <= ?2 AND ?2 < closes_at ORDER BY id",
            )?;
            let jobs = query.query_map((device.0, now), |row| Ok(JobId(row.get(0)?)))?;
            let jobs = jobs.collect::<Result<Vec<_>, _>>()?;
            jobs.into_iter().map(|job| self.sign(self.pack(db, job)?)).collect()
        })
    }

    fn pack(&self, db: &Connection, job: JobId) -> Result<JobPack, HqError> {
        let manifests = store::manifests(db, self.key(), &job)?;
        let versions = manifests.versions().iter();
        let pack = db.query_row("SELECT * FROM jobs WHERE id = ?1", [job.0], |row| {
            let personal = |column| row.get::<_, String>(column).map(Personal::new);
            let time = |column| row.get::<_, i64>(column).map(|at| u64::try_from(at).unwrap_or(0));
            Ok(JobPack {
                version: Version,
                job,
                title: personal("title")?,
                customer: personal("customer")?,
                origin: personal("origin")?,
                destination: personal("destination")?,
                opens_at: time("opens_at")?,
                closes_at: time("closes_at")?,
                boxes: row.get("boxes")?,
                manifests: versions.map(|version| version.as_bytes().to_vec().into()).collect(),
                sensitive: BoxList::default(),
                roster: Vec::new(),
                release_keys: Vec::new(),
                classes: BTreeMap::new(),
            })
        })?;
        let roster = db
            .prepare_cached(
                "SELECT credential FROM devices JOIN assignments ON assignments.device = devices.id
                 WHERE assignments.job = ?1 ORDER BY devices.id",
            )?
            .query_map([job.0], |row| row.get::<_, Vec<u8>>(0).map(ByteVec::from))?
            .collect::<Result<_, _>>()?;
        let mut lists = Lists::new();
        lists.add_manifests(manifests);
        let (sensitive, classes) = store::classes(db, &lists, &job)?;
        let release_keys = store::release_keys(db, &job)?;
        Ok(JobPack { sensitive, roster, release_keys, classes, ..pack })
    }
}

/// What is kept of an invitation's code.
pub(crate) fn hash(code: &EnrolmentCode) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, &code.0);
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    hash
}
