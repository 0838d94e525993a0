//! Another phone's offer, once it was verified.

use crewseal::OfferView;
use crewseal::custody::{self, DeviceId, JobId};

use crate::Label;
use crate::label::labels;

/// An offer of boxes that another phone showed to this one. Its signature was
/// verified; scan the boxes yourself and give them to `Crew.accept`.
#[derive(Debug, uniffi::Object)]
pub struct Offer {
    pub(crate) view: OfferView,
}

/// Another phone's acceptance, once it was verified.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Acceptance {
    /// Who accepts.
    pub receiver: Partner,
    /// On both lists: these have changed hands.
    pub passing: Vec<Label>,
    /// Offered and not accepted: they are still the giver's.
    pub not_accepted: Vec<Label>,
    /// Accepted and not offered.
    pub not_offered: Vec<Label>,
    /// What to show the receiver.
    pub ack: Vec<u8>,
    /// Whether HQ has revoked devices that this phone does not know of yet; the
    /// receiver may be among them. Say so, and go on.
    pub may_be_revoked: bool,
}

impl From<crewseal::Acceptance> for Acceptance {
    fn from(acceptance: crewseal::Acceptance) -> Self {
        let crewseal::Acceptance { receiver, compared, ack, may_be_revoked } = acceptance;
        Self {
            receiver: Partner::of(&receiver),
            passing: labels(&compared.passing),
            not_accepted: labels(&compared.not_accepted),
            not_offered: labels(&compared.not_offered),
            ack,
            may_be_revoked,
        }
    }
}

/// The other side of a handoff, by HQ's credential.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Partner {
    /// The device.
    pub device: DeviceId,
    /// What the crew calls its carrier; never a person's name.
    pub pseudonym: String,
    /// What its carrier does.
    pub role: Role,
}

/// What a device's carrier does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Role {
    /// Packs, carries, loads.
    Mover,
    /// Drives, and answers for the load on the road.
    Driver,
    /// Keeps the warehouse.
    Warehouse,
    /// Signs off.
    Supervisor,
    /// An outside partner's crew.
    Contractor,
}

impl Partner {
    fn of(credential: &custody::Credential) -> Self {
        let role = match credential.role {
            custody::Role::Mover => Role::Mover,
            custody::Role::Driver => Role::Driver,
            custody::Role::Warehouse => Role::Warehouse,
            custody::Role::Supervisor => Role::Supervisor,
            custody::Role::Contractor => Role::Contractor,
        };
        Self { device: credential.device(), pseudonym: credential.pseudonym.clone(), role }
    }
}

#[uniffi::export]
impl Offer {
    /// Who offers.
    #[must_use]
    pub fn giver(&self) -> Partner {
        Partner::of(&self.view.giver)
    }

    /// The boxes to check by hand; neither side chose them.
    #[must_use]
    pub fn check(&self) -> Vec<Label> {
        labels(&self.view.check)
    }

    /// Whether HQ has revoked devices that this phone does not know of yet; the
    /// giver may be among them. Say so, and go on.
    #[must_use]
    pub fn may_be_revoked(&self) -> bool {
        self.view.may_be_revoked
    }

    /// The job that the boxes are of.
    #[must_use]
    pub fn job(&self) -> JobId {
        self.view.job
    }

    /// What the giver says he hands over.
    #[must_use]
    pub fn boxes(&self) -> Vec<Label> {
        labels(&self.view.boxes)
    }
}
