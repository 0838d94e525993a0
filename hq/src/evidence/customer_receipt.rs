//! A customer's receipt against the record: does the record say what the crew signed
//! at the door?

use std::fmt;

use crewseal_custody::{CustomerReceipt, CustomerReceiptError, Reading};

use super::wording;

/// Why a receipt and a record do not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The text is no receipt.
    #[error("{0}")]
    Text(#[from] CustomerReceiptError),
    /// The record itself does not hold, so it shows nothing.
    #[error("the record does not hold; see what `verify` says of it")]
    Record,
    /// The record does not have the event.
    #[error(
        "the record has no such event: the crew's device signed for an act that is not in it, \
         or the receipt is of another job"
    )]
    NoSuchEvent,
    /// The signature is not by the device that signed the event.
    #[error("the receipt is not signed by the device that signed the event")]
    Signature,
    /// The crew signed one thing for the customer and another for HQ.
    #[error("the crew signed something else for the customer than for HQ: {receipt}, and {event}")]
    Contradiction {
        /// What the receipt says.
        receipt: Said,
        /// What the event says.
        event: Said,
    },
}

/// An act and its number of boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said(crewseal_custody::EventKind, u32);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let boxes = usize::try_from(self.1).unwrap_or(usize::MAX);
        write!(f, "{} {}", wording::boxes(boxes), wording::kind(self.0))
    }
}

/// What the record says of the act that a receipt is for.
///
/// # Errors
/// [`ReceiptError`].
pub fn check(reading: &Reading, text: &str) -> Result<Said, ReceiptError> {
    if !reading.errors.is_empty() {
        return Err(ReceiptError::Record);
    }
    let receipt = CustomerReceipt::parse(text)?;
    let evidence = &reading.evidence;
    let event = evidence.events.get(&receipt.claims().event).ok_or(ReceiptError::NoSuchEvent)?;
    let credential = evidence.credentials.get(&event.device).ok_or(ReceiptError::Signature)?;
    let receipt = receipt.verify(&credential.act_key).map_err(|_| ReceiptError::Signature)?;
    let boxes = evidence.lists.resolve(&event.boxes).map_or(0, |boxes| boxes.len());
    let said = Said(receipt.kind, receipt.boxes);
    let event = Said(event.kind, u32::try_from(boxes).unwrap_or(u32::MAX));
    if said == event { Ok(said) } else { Err(ReceiptError::Contradiction { receipt: said, event }) }
}
