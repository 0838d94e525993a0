//! The handoffs that are not over, with what to show again.

use crewseal_custody::handoff::{Giving, GivingState, HandoffError, Receiving, ReceivingState};
use crewseal_custody::signed::Unverified;
use crewseal_custody::{DeviceId, Event, EventId};

use crate::crew::CrewError;
use crate::crew::persisted::{GIVING, RECEIVING, stored};
use crate::crew::phone::Crew;

/// A handoff that is not over.
#[derive(Debug, Clone)]
pub enum Open {
    /// This phone gives.
    Giving {
        /// The offer.
        offer: EventId,
        /// To whom.
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

impl Crew {
    /// The handoffs of this phone that are not over, with the bytes to show
    /// again: after a crash, the identical ones.
    ///
    /// # Errors
    /// [`CrewError::Store`].
    pub fn handoffs(&self) -> Result<Vec<Open>, CrewError> {
        let now = self.phone.since_boot();
        // What was signed and not shown yet leaves the phone by this.
        self.phone.raise_high_water_mark()?;
        self.phone.state()?.store.transaction(|t| {
            let mut open = Vec::new();
            for bytes in t.all(GIVING)? {
                let giving: Giving = stored(&bytes)?;
                let state = giving.state(now);
                if matches!(state, GivingState::Acknowledged | GivingState::Withdrawn) {
                    continue;
                }
                let offer = Unverified::<Event>::parse(giving.offer())
                    .map_err(|_| HandoffError::Damaged)?;
                open.push(Open::Giving {
                    offer: offer.id(),
                    to: giving.to(),
                    state,
                    shown: giving.shown().to_vec(),
                });
            }
            for bytes in t.all(RECEIVING)? {
                let receiving: Receiving = stored(&bytes)?;
                let state = receiving.state(now);
                let is_over = matches!(
                    state,
                    ReceivingState::Confirmed | ReceivingState::Lapsed | ReceivingState::Withdrawn
                );
                if !is_over {
                    open.push(Open::Receiving { state, shown: receiving.shown().to_vec() });
                }
            }
            Ok(open)
        })
    }
}
