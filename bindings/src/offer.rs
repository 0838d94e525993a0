//! Another phone's offer, once it was verified.

pub use crewseal::Introduction;
use crewseal::{OfferView, Open};
pub use crewseal_custody::SpotCheck;
use crewseal_custody::handoff;
use crewseal_custody::{DeviceId, EventId, JobId};

use crate::Label;
use crate::label::labels;

/// An offer of boxes that another phone showed to this one. Its signature was
/// verified; scan the boxes yourself and give them to `Crew.accept`.
#[derive(Debug, uniffi::Object)]
pub struct Offer {
    pub(crate) view: OfferView,
}

/// Whether this device introduces itself to the one that reads what it shows: puts its
/// credential in, for somebody on whose rosters it is not.
#[uniffi::remote(Enum)]
pub enum Introduction {
    /// It does not: the other one knows it.
    Omitted,
    /// It does. What is shown gets larger.
    Included,
}

/// Whether the drawn boxes were checked by hand.
#[uniffi::remote(Enum)]
pub enum SpotCheck {
    /// They were.
    Done,
    /// They were not, or not all of them.
    NotDone,
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

/// A handoff that is not over.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum OpenHandoff {
    /// This phone gives.
    Giving {
        /// The offer.
        offer: EventId,
        /// To which device.
        to: DeviceId,
        /// How it stands.
        state: GivingState,
        /// What to show, the identical bytes as before.
        shown: Vec<u8>,
    },
    /// This phone receives.
    Receiving {
        /// How it stands.
        state: ReceivingState,
        /// What to show, the identical bytes as before.
        shown: Vec<u8>,
    },
}

/// How a handoff stands for the giver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum GivingState {
    /// The offer is shown; its boxes cannot be offered to anybody else.
    Offered,
    /// Nobody answered in time. It binds until it is taken back.
    Lapsed,
    /// The phone was started again, so nobody can say whether it has lapsed. An
    /// answer still counts, and it binds until it is taken back.
    Restarted,
    /// The acceptance was read; it is not acknowledged yet.
    Accepted,
    /// The acknowledgement is shown.
    Acknowledged,
    /// Taken back.
    Withdrawn,
}

/// How a handoff stands for the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ReceivingState {
    /// The greeting is shown.
    Greeted,
    /// The offer was read; scan the boxes.
    Offered,
    /// Nothing came of it in time, or the phone was started again.
    Lapsed,
    /// The giver took the offer back.
    Withdrawn,
    /// Accepted; whether the giver knows is not known yet. Say "unconfirmed".
    Unconfirmed,
    /// Accepted here and taken back there: both signed that they have the boxes.
    Crossed,
    /// The giver acknowledged.
    Confirmed,
}

impl From<Open> for OpenHandoff {
    fn from(open: Open) -> Self {
        match open {
            Open::Giving { offer, to, state, shown } => {
                Self::Giving { offer, to, state: state.into(), shown }
            }
            Open::Receiving { state, shown } => Self::Receiving { state: state.into(), shown },
        }
    }
}

impl From<handoff::GivingState> for GivingState {
    fn from(state: handoff::GivingState) -> Self {
        match state {
            handoff::GivingState::Offered => Self::Offered,
            handoff::GivingState::Lapsed => Self::Lapsed,
            handoff::GivingState::Restarted => Self::Restarted,
            handoff::GivingState::Accepted => Self::Accepted,
            handoff::GivingState::Acknowledged => Self::Acknowledged,
            handoff::GivingState::Withdrawn => Self::Withdrawn,
        }
    }
}

impl From<handoff::ReceivingState> for ReceivingState {
    fn from(state: handoff::ReceivingState) -> Self {
        match state {
            handoff::ReceivingState::Greeted => Self::Greeted,
            handoff::ReceivingState::Offered => Self::Offered,
            handoff::ReceivingState::Lapsed => Self::Lapsed,
            handoff::ReceivingState::Withdrawn => Self::Withdrawn,
            handoff::ReceivingState::Unconfirmed => Self::Unconfirmed,
            handoff::ReceivingState::Crossed => Self::Crossed,
            handoff::ReceivingState::Confirmed => Self::Confirmed,
        }
    }
}

impl Partner {
    pub(crate) fn of(credential: &crewseal_custody::Credential) -> Self {
        let role = match credential.role {
            crewseal_custody::Role::Mover => Role::Mover,
            crewseal_custody::Role::Driver => Role::Driver,
            crewseal_custody::Role::Warehouse => Role::Warehouse,
            crewseal_custody::Role::Supervisor => Role::Supervisor,
            crewseal_custody::Role::Contractor => Role::Contractor,
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

    /// The offer's id, of which both screens show the same four words.
    #[must_use]
    pub fn id(&self) -> EventId {
        self.view.offer
    }

    /// What the giver says he hands over.
    #[must_use]
    pub fn boxes(&self) -> Vec<Label> {
        labels(&self.view.boxes)
    }
}
