//! Form: whether an event has the fields that the row of its kind asks for, within their
//! limits. Whoever signed one that has not made no act that can be understood; that he did
//! is evidence, and HQ keeps it.

use std::collections::BTreeSet;

use crate::{Event, JobId, Place, Presence};

/// The most findings of an event.
pub const MAX_FINDINGS: usize = 10_000;

/// The most attachments of an event.
pub const MAX_ATTACHMENTS: usize = 256;

/// The highest sequence number: where the databases' numbers end. No counter of acts
/// comes to it.
pub const MAX_SEQUENCE: u64 = i64::MAX as u64;

/// Degrees, times 100,000, from the equator to a pole.
const POLE: i32 = 90 * 100_000;
/// Degrees, times 100,000, from Greenwich to the other side.
const HALF_TURN: i32 = 180 * 100_000;

/// What is wrong with the form of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum FormError {
    /// Generations and sequence numbers begin with 1 and end with [`MAX_SEQUENCE`].
    #[error("no event has this number")]
    Number,
    /// The event's format has no such kind.
    #[error("events of this format have no such kind")]
    Kind,
    /// The other key must sign this kind.
    #[error("the wrong key of the device signs this kind of event")]
    Key,
    /// The kind must have this field.
    #[error("field {field} is missing in an event of this kind")]
    Missing {
        /// Its number in the event's map.
        field: u8,
    },
    /// The kind may not have this field.
    #[error("field {field} has no place in an event of this kind")]
    Forbidden {
        /// Its number in the event's map.
        field: u8,
    },
    /// The field goes beyond what it may hold: too many, one of them twice, or no place on
    /// earth.
    #[error("field {field} is beyond its limits")]
    Limit {
        /// Its number in the event's map.
        field: u8,
    },
}

impl Event {
    /// Whether it has the form that the [row](crate::EventKind::row) of its kind asks for.
    /// Phones ask before they sign, HQ and verification before they believe.
    ///
    /// # Errors
    /// [`FormError`], by the first field that is wrong.
    pub fn check_form(&self) -> Result<(), FormError> {
        let row = self.kind.row();
        if self.generation == 0 || !(1..=MAX_SEQUENCE).contains(&self.sequence) {
            return Err(FormError::Number);
        }
        if self.version.number() < row.since {
            return Err(FormError::Kind);
        }
        if self.protection != row.key {
            return Err(FormError::Key);
        }
        let statement = if self.version.number() < 2 { Presence::MayNot } else { row.statement };
        for (field, presence, is_there) in [
            (6, row.job, self.job != JobId::NONE),
            (7, row.boxes, !self.boxes.is_empty()),
            (8, row.findings, !self.findings.is_empty()),
            (12, row.place, self.place.is_some()),
            (13, row.attachments, !self.attachments.is_empty()),
            (16, row.to, self.to.is_some()),
            (17, row.about, self.about.is_some()),
            (18, row.commitment, self.commitment.is_some()),
            (19, row.opening, self.opening.is_some()),
            (20, row.spot_check, self.spot_check.is_some()),
            (21, row.proof, self.proof.is_some()),
            (22, row.root, self.root.is_some()),
            (23, row.code, self.code.is_some()),
            (24, statement, self.statement.is_some()),
        ] {
            match (presence, is_there) {
                (Presence::Must, false) => return Err(FormError::Missing { field }),
                (Presence::MayNot, true) => return Err(FormError::Forbidden { field }),
                (Presence::Must | Presence::May, true)
                | (Presence::May | Presence::MayNot, false) => {}
            }
        }
        self.check_limits()
    }

    fn check_limits(&self) -> Result<(), FormError> {
        let distinct: BTreeSet<_> = self.attachments.iter().collect();
        let attachments =
            self.attachments.len() <= MAX_ATTACHMENTS && distinct.len() == self.attachments.len();
        for (field, holds) in [
            (8, self.findings.len() <= MAX_FINDINGS),
            (12, self.place.is_none_or(Place::is_on_earth)),
            (13, attachments),
        ] {
            if !holds {
                return Err(FormError::Limit { field });
            }
        }
        Ok(())
    }
}

impl Place {
    fn is_on_earth(self) -> bool {
        (-POLE..=POLE).contains(&self.latitude)
            && (-HALF_TURN..=HALF_TURN).contains(&self.longitude)
    }
}

#[cfg(test)]
mod tests;
