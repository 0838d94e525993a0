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

/// Who offers, by HQ's credential.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Giver {
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

#[uniffi::export]
impl Offer {
    /// Who offers.
    #[must_use]
    pub fn giver(&self) -> Giver {
        let giver = &self.view.giver;
        let role = match giver.role {
            custody::Role::Mover => Role::Mover,
            custody::Role::Driver => Role::Driver,
            custody::Role::Warehouse => Role::Warehouse,
            custody::Role::Supervisor => Role::Supervisor,
            custody::Role::Contractor => Role::Contractor,
        };
        Giver { device: giver.device(), pseudonym: giver.pseudonym.clone(), role }
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
