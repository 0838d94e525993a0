//! Invitations: by one, one phone enrols.

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::wire::{Endpoint, EnrolmentCode, Invitation};
use crewseal_custody::{JobId, Qualifications, Role};
use rusqlite::params;

use crate::error::HqError;
use crate::hash::sha256;
use crate::hq::Hq;
use crate::random::random;
use crate::store::{self, column};

/// For how long an invitation may be used, in seconds.
const INVITATION_SECONDS: u64 = 24 * 60 * 60;

impl Hq {
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
        let hash = sha256(&code.0);
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
}
