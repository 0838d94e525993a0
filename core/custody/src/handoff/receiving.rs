//! The receiver's side: from his greeting to the giver's acknowledgement.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::{Age, HandoffError};
use crate::cbor::Version;
use crate::signed::Signed;
use crate::{Commitment, Credential, DeviceId, Event, EventId, EventKind, Salt, Since};

/// What the receiver keeps of a handoff.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Receiving {
    #[n(0)]
    version: Version<1>,
    /// What the commitment is to; it stays here until the acceptance.
    #[n(1)]
    opening: Salt,
    /// HELLO, as it is shown; then ACCEPT.
    #[n(2)]
    shown: ByteVec,
    /// When it was first shown.
    #[n(3)]
    opened: Since,
    /// The offer, signed, and its id.
    #[n(4)]
    offer: Option<(EventId, ByteVec)>,
    /// The acceptance, signed, and its id.
    #[n(5)]
    accept: Option<(EventId, ByteVec)>,
    #[n(6)]
    is_confirmed: bool,
    /// The giver's credential.
    #[n(7)]
    giver: Option<ByteVec>,
    /// The giver's withdrawal of the offer.
    #[n(8)]
    withdrawal: Option<EventId>,
}

/// How a handoff stands for the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceivingState {
    /// HELLO is shown.
    Greeted,
    /// The offer was read; the receiver scans.
    Offered,
    /// Nothing came of it in time, or the phone was started again before anything
    /// was signed. To greet again costs nothing, to sign too late might.
    Lapsed,
    /// The giver took the offer back before it was accepted here. It cannot be
    /// accepted any more.
    Withdrawn,
    /// ACCEPT is shown; whether the giver read it is not known yet.
    Unconfirmed,
    /// ACCEPT was signed here, and the giver took the offer back without having
    /// read it: each signed that he has the boxes. They are in doubt until one of
    /// the two acts on them; a new offer by either puts it right.
    Crossed,
    /// The giver's ACK was read.
    Confirmed,
}

impl Receiving {
    /// Greets: bound to `opening` from now on.
    #[must_use]
    pub fn begin(opening: Salt, hello: Vec<u8>, now: Since) -> Self {
        Self {
            version: Version,
            opening,
            shown: hello.into(),
            opened: now,
            offer: None,
            accept: None,
            is_confirmed: false,
            giver: None,
            withdrawal: None,
        }
    }

    /// How it stands.
    #[must_use]
    pub const fn state(&self, now: Since) -> ReceivingState {
        if self.is_confirmed {
            ReceivingState::Confirmed
        } else if self.withdrawal.is_some() {
            if self.accept.is_some() { ReceivingState::Crossed } else { ReceivingState::Withdrawn }
        } else if self.accept.is_some() {
            ReceivingState::Unconfirmed
        } else if !matches!(Age::of(self.opened, now), Age::Open) {
            ReceivingState::Lapsed
        } else if self.offer.is_some() {
            ReceivingState::Offered
        } else {
            ReceivingState::Greeted
        }
    }

    /// What this side bound itself to.
    #[must_use]
    pub fn commitment(&self, me: &DeviceId) -> Commitment {
        Commitment::to(&self.opening, me)
    }

    /// What an acceptance must open.
    #[must_use]
    pub const fn opening(&self) -> Salt {
        self.opening
    }

    /// The bytes to show, the identical ones each time.
    #[must_use]
    pub fn shown(&self) -> &[u8] {
        &self.shown
    }

    /// The offer, as the giver signed it.
    #[must_use]
    pub fn offer(&self) -> Option<&[u8]> {
        self.offer.as_ref().map(|(_, bytes)| bytes.as_slice())
    }

    /// The giver's credential, as HQ signed it.
    #[must_use]
    pub fn giver(&self) -> Option<&[u8]> {
        self.giver.as_deref().map(Vec::as_slice)
    }

    /// The acceptance, as this side signed it.
    #[must_use]
    pub fn acceptance(&self) -> Option<&[u8]> {
        self.accept.as_ref().map(|(_, bytes)| bytes.as_slice())
    }

    /// Takes an offer whose signature was verified. The same one again changes
    /// nothing; another takes its place as long as nothing is accepted.
    ///
    /// # Errors
    /// [`HandoffError`], and nothing is changed.
    pub fn offered(
        &mut self,
        me: &DeviceId,
        offer: &Signed<Event>,
        giver: &Signed<Credential>,
        now: Since,
    ) -> Result<(), HandoffError> {
        if offer.to != Some(*me) || offer.commitment != Some(self.commitment(me)) {
            return Err(HandoffError::OtherHandoff);
        }
        if let Some((by, _)) = &self.accept {
            let is_same = self.offer.as_ref().is_some_and(|(id, _)| *id == offer.id());
            return if is_same { Ok(()) } else { Err(HandoffError::Answered { by: *by }) };
        }
        if self.withdrawal.is_some() {
            return Err(HandoffError::Withdrawn);
        }
        if Age::of(self.opened, now) != Age::Open {
            return Err(HandoffError::Lapsed);
        }
        self.offer = Some((offer.id(), offer.as_bytes().to_vec().into()));
        self.giver = Some(giver.as_bytes().to_vec().into());
        Ok(())
    }

    /// The acceptance was signed: from now on it is what is shown.
    ///
    /// # Errors
    /// [`HandoffError::Answered`] if there is one already,
    /// [`HandoffError::OtherHandoff`] if it answers another offer.
    pub fn accepted(
        &mut self,
        accept: &Signed<Event>,
        message: Vec<u8>,
    ) -> Result<(), HandoffError> {
        if let Some((by, _)) = &self.accept {
            return Err(HandoffError::Answered { by: *by });
        }
        let is_its_answer =
            self.offer.as_ref().is_some_and(|(offer, _)| accept.about == Some(*offer));
        if !is_its_answer || accept.opening != Some(self.opening) {
            return Err(HandoffError::OtherHandoff);
        }
        if self.withdrawal.is_some() {
            return Err(HandoffError::Withdrawn);
        }
        self.accept = Some((accept.id(), accept.as_bytes().to_vec().into()));
        self.shown = message.into();
        Ok(())
    }

    /// Takes an ACK whose signature was verified.
    ///
    /// # Errors
    /// [`HandoffError::OtherHandoff`].
    pub fn confirmed(&mut self, ack: &Signed<Event>) -> Result<(), HandoffError> {
        let is_its_answer =
            self.accept.as_ref().is_some_and(|(accept, _)| ack.about == Some(*accept))
                && ack.kind == EventKind::Ack;
        if !is_its_answer {
            return Err(HandoffError::OtherHandoff);
        }
        self.is_confirmed = true;
        Ok(())
    }

    /// Takes a WITHDRAW whose signature was verified. The same one again changes
    /// nothing.
    ///
    /// # Errors
    /// [`HandoffError::OtherHandoff`]; [`HandoffError::Answered`] after the giver's
    /// own ACK, which he contradicts: the handoff stays confirmed.
    pub fn withdrawn(&mut self, withdrawal: &Signed<Event>) -> Result<(), HandoffError> {
        let is_of_its_offer =
            self.offer.as_ref().is_some_and(|(offer, _)| withdrawal.about == Some(*offer))
                && withdrawal.kind == EventKind::Withdraw;
        if !is_of_its_offer {
            return Err(HandoffError::OtherHandoff);
        }
        match &self.accept {
            Some((by, _)) if self.is_confirmed => Err(HandoffError::Answered { by: *by }),
            _ => {
                self.withdrawal = Some(withdrawal.id());
                Ok(())
            }
        }
    }
}
