//! Invitations: by one, one phone enrols.

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::wire::{EnrolmentCode, Invitation};
use crewseal_custody::{CarrierId, JobId, Qualifications, Role};
use rusqlite::params;

use crate::depot::Depot;
use crate::error::HqError;
use crate::hash::sha256;
use crate::hq::Hq;
use crate::random::random;
use crate::store::{self, column};

/// For how long an invitation may be used, in seconds.
const INVITATION_SECONDS: u64 = 24 * 60 * 60;

/// Whom HQ invites: what the credential of his device will say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitee<'a> {
    /// What he does.
    pub role: Role,
    /// What the crew calls him, such as `Mover 17`; never a name.
    pub pseudonym: &'a str,
    /// What HQ has seen papers of: what is not among these, he does not have. None: the
    /// credential says nothing of licences, training and the like, and the rules that ask
    /// for them do not judge it.
    pub qualifications: Option<&'a Qualifications>,
    /// Who he is, if he has a device already. None: it is his first.
    pub carrier: Option<CarrierId>,
    /// The depot whose rolls it will get; none: the common one.
    pub depot: Option<&'a Depot>,
    /// The jobs of whose crew the device will be.
    pub jobs: &'a [JobId],
}

impl Hq {
    /// Invites a carrier's first device, for a day: to the common depot and the crew of these
    /// jobs, under a pseudonym such as `Mover 17`. `url` is where the device reaches HQ. Its
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
        let (qualifications, carrier, depot) = (None, None, None);
        let invitee = Invitee { role, pseudonym, qualifications, carrier, depot, jobs };
        self.invite_device(&invitee, url)
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
        let (qualifications, carrier, depot) = (Some(qualifications), None, None);
        let invitee = Invitee { role, pseudonym, qualifications, carrier, depot, jobs };
        self.invite_device(&invitee, url)
    }

    /// Invites one device, for a day. `url` is where it reaches HQ.
    ///
    /// # Errors
    /// As [`invite`](Self::invite), and [`HqError::UnknownCarrier`].
    pub fn invite_device(&self, invitee: &Invitee<'_>, url: &str) -> Result<Invitation, HqError> {
        let code = EnrolmentCode(random()?);
        let hash = sha256(&code.0);
        let expires_at = self.now().saturating_add(INVITATION_SECONDS);
        let carrier = self.store.write(|db| {
            let known = |carrier| {
                let known = store::carrier(db, &carrier)?;
                known.ok_or(HqError::UnknownCarrier(carrier))
            };
            let carrier = invitee.carrier.map(known).transpose()?;
            db.execute(
                "INSERT INTO invitations
                     (code, role, pseudonym, expires_at, qualifications, carrier, depot)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    hash,
                    cbor::to_vec(&invitee.role),
                    invitee.pseudonym,
                    column(expires_at),
                    invitee.qualifications.map(cbor::to_vec),
                    invitee.carrier.map(|carrier| carrier.0),
                    store::depot_column(invitee.depot),
                ],
            )?;
            for job in invitee.jobs {
                if !store::has_job(db, job)? {
                    return Err(HqError::UnknownJob(*job));
                }
                db.execute(
                    "INSERT OR IGNORE INTO invited_jobs (code, job) VALUES (?1, ?2)",
                    (hash, job.0),
                )?;
            }
            Ok(carrier)
        })?;
        Ok(Invitation {
            version: Version,
            url: url.to_owned(),
            authority: self.keyring().authority(self.now())?.to_vec().into(),
            hq: self.identity(),
            code,
            origin: self.origin().to_owned(),
            carrier,
        })
    }
}
