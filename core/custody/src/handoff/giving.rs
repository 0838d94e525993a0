//! The giver's side: an offer, until it is acknowledged or taken back.

use std::collections::BTreeSet;

use crewseal_label::Token;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::message::Hello;
use super::{Age, HandoffError};
use crate::cbor::Version;
use crate::signed::Signed;
use crate::{Commitment, Credential, DeviceId, Event, EventId, EventKind, Since};

/// What the giver keeps of a handoff, so that after a crash the identical bytes
/// are shown again.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Giving {
    #[n(0)]
    version: Version<1>,
    /// To whom.
    #[n(1)]
    to: DeviceId,
    #[n(2)]
    commitment: Commitment,
    /// The offer, signed.
    #[n(3)]
    offer: ByteVec,
    /// When it was first shown.
    #[n(4)]
    opened: Since,
    /// OFFER, as it is shown; then ACK.
    #[n(5)]
    shown: ByteVec,
    /// The acceptance that counts, signed, and its id.
    #[n(6)]
    accept: Option<(EventId, ByteVec)>,
    #[n(7)]
    is_acknowledged: bool,
    #[n(8)]
    is_withdrawn: bool,
    /// The receiver's credential.
    #[n(9)]
    receiver: ByteVec,
}

/// How a handoff stands for the giver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivingState {
    /// The offer is shown; its boxes cannot be offered to anybody else.
    Offered,
    /// Nobody answered in time. It still binds until it is taken back.
    Lapsed,
    /// The phone was started again since, so nobody can say whether it has
    /// lapsed. It still binds, and an answer counts: an honest receiver signed it
    /// in time by his own phone's clock, and has the boxes by his own signature
    /// whether it is acknowledged or not.
    Restarted,
    /// The acceptance was read; the ACK is not signed yet.
    Accepted,
    /// The ACK is shown.
    Acknowledged,
    /// Taken back.
    Withdrawn,
}

/// What the two lists say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// On both lists: these change hands.
    pub passing: BTreeSet<Token>,
    /// Offered and not accepted: the giver still has them.
    pub not_accepted: BTreeSet<Token>,
    /// Accepted and not offered: nobody handed them over.
    pub not_offered: BTreeSet<Token>,
}

impl Compared {
    /// Of two lists, each as its side scanned it.
    #[must_use]
    pub fn of(offered: &BTreeSet<Token>, accepted: &BTreeSet<Token>) -> Self {
        // As it should be, and mostly is.
        if offered == accepted {
            let none = BTreeSet::new();
            return Self {
                passing: offered.clone(),
                not_accepted: none.clone(),
                not_offered: none,
            };
        }
        Self {
            passing: offered & accepted,
            not_accepted: offered - accepted,
            not_offered: accepted - offered,
        }
    }
}

impl Giving {
    /// An offer that was just signed, and the message that shows it.
    #[must_use]
    pub fn begin(
        offer: &Signed<Event>,
        hello: &Hello,
        receiver: &Signed<Credential>,
        message: Vec<u8>,
        now: Since,
    ) -> Self {
        Self {
            version: Version,
            to: hello.device,
            commitment: hello.commitment,
            offer: offer.as_bytes().to_vec().into(),
            opened: now,
            shown: message.into(),
            accept: None,
            is_acknowledged: false,
            is_withdrawn: false,
            receiver: receiver.as_bytes().to_vec().into(),
        }
    }

    /// Whether it binds its boxes: neither acknowledged nor taken back.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !self.is_acknowledged && !self.is_withdrawn
    }

    /// How it stands.
    #[must_use]
    pub const fn state(&self, now: Since) -> GivingState {
        if self.is_withdrawn {
            GivingState::Withdrawn
        } else if self.is_acknowledged {
            GivingState::Acknowledged
        } else if self.accept.is_some() {
            GivingState::Accepted
        } else {
            match Age::of(self.opened, now) {
                Age::Open => GivingState::Offered,
                Age::Lapsed => GivingState::Lapsed,
                Age::Unknown => GivingState::Restarted,
            }
        }
    }

    /// To whom it is offered.
    #[must_use]
    pub const fn to(&self) -> DeviceId {
        self.to
    }

    /// The receiver's credential, as HQ signed it.
    #[must_use]
    pub fn receiver(&self) -> &[u8] {
        &self.receiver
    }

    /// The bytes to show, the identical ones each time.
    #[must_use]
    pub fn shown(&self) -> &[u8] {
        &self.shown
    }

    /// The offer as it was signed.
    #[must_use]
    pub fn offer(&self) -> &[u8] {
        &self.offer
    }

    /// The acceptance that counts, as it was signed.
    #[must_use]
    pub fn acceptance(&self) -> Option<&[u8]> {
        self.accept.as_ref().map(|(_, bytes)| bytes.as_slice())
    }

    /// Takes an acceptance whose signature was verified. The same one again
    /// changes nothing.
    ///
    /// # Errors
    /// [`HandoffError`], and nothing is changed.
    pub fn accepted(
        &mut self,
        offer: &Signed<Event>,
        accept: &Signed<Event>,
        now: Since,
    ) -> Result<(), HandoffError> {
        let is_its_answer = accept.kind == EventKind::Accept && accept.about == Some(offer.id());
        if !is_its_answer || accept.device != self.to {
            return Err(HandoffError::OtherHandoff);
        }
        let opens = accept
            .opening
            .is_some_and(|opening| Commitment::to(&opening, &self.to) == self.commitment);
        if !opens {
            return Err(HandoffError::Opening);
        }
        match &self.accept {
            Some((by, _)) if *by == accept.id() => return Ok(()),
            Some((by, _)) => return Err(HandoffError::Answered { by: *by }),
            None => {}
        }
        match self.state(now) {
            GivingState::Lapsed => Err(HandoffError::Lapsed),
            GivingState::Withdrawn => Err(HandoffError::Withdrawn),
            _ => {
                self.accept = Some((accept.id(), accept.as_bytes().to_vec().into()));
                Ok(())
            }
        }
    }

    /// The ACK was signed: from now on it is what is shown.
    pub fn acknowledged(&mut self, message: Vec<u8>) {
        if self.accept.is_some() && !self.is_acknowledged {
            self.is_acknowledged = true;
            self.shown = message.into();
        }
    }

    /// The offer was taken back, unless somebody had answered it.
    ///
    /// # Errors
    /// [`HandoffError::Answered`].
    pub fn withdrawn(&mut self, message: Vec<u8>) -> Result<(), HandoffError> {
        if let Some((by, _)) = &self.accept {
            return Err(HandoffError::Answered { by: *by });
        }
        self.is_withdrawn = true;
        self.shown = message.into();
        Ok(())
    }
}
