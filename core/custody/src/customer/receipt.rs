//! The customer's receipt: what the crew signed at his door, for him to keep.
//!
//! The customer has no app of ours. His own phone's camera reads this QR as plain
//! text: what was done, with how many boxes, the event's id, and the signature of
//! the crew's device over all that. It names nobody and no place. Later it stands
//! against the record: an event that is missing there, or says another number, is
//! contradicted by the crew's own signature in the customer's hands.

use data_encoding::HEXUPPER;
use minicbor::{Decode, Encode};

use crate::cbor::{self, Version};
use crate::signed::{Digest, Message, Namespace, Signed, SignedError, Unverified};
use crate::{EventId, EventKind};

/// What the crew's device signs for the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CustomerReceipt {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The event.
    #[n(1)]
    pub event: EventId,
    /// What was done.
    #[n(2)]
    pub kind: EventKind,
    /// With how many boxes.
    #[n(3)]
    pub boxes: u32,
}

impl Message for CustomerReceipt {
    const NAMESPACE: Namespace = Namespace::CustomerReceipt;
}

/// Why a text is no customer's receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CustomerReceiptError {
    /// Another text, or one in which something was changed or left out.
    #[error("this is no receipt of a crew; copy it whole, as the camera shows it")]
    Form,
    /// What it says cannot be read as a receipt.
    #[error("{0}")]
    Signed(#[from] SignedError),
}

/// What begins the text.
const BEGINS: &str = "T:CREWSEAL RECEIPT. ";
const BOXES: &str = ". BOXES: ";
const EVENT: &str = ". EVENT: ";
const SIGNATURE: &str = ". SIGNATURE: ";

/// The acts that a customer gets a receipt for, in the words of the text.
const ACTS: [(EventKind, &str); 6] = [
    (EventKind::TakeOver, "TAKEN OVER"),
    (EventKind::Deliver, "DELIVERED"),
    (EventKind::Pack, "PACKED"),
    (EventKind::Unpack, "UNPACKED"),
    (EventKind::CollectForDestruction, "COLLECTED FOR DESTRUCTION"),
    (EventKind::Destroy, "DESTROYED"),
];

impl CustomerReceipt {
    /// The receipt for an act; none for one that is no customer's matter.
    #[must_use]
    pub fn of(event: EventId, kind: EventKind, boxes: u32) -> Option<Self> {
        words(kind).map(|_| Self { version: Version, event, kind, boxes })
    }

    /// The text of the QR, in the characters of a QR's alphanumeric mode.
    #[must_use]
    pub fn to_text(receipt: &Signed<Self>) -> String {
        let (_, signature) = receipt.parts();
        receipt.text(&signature)
    }

    fn text(&self, signature: &[u8; 64]) -> String {
        let [act, boxes] =
            [words(self.kind).unwrap_or_default().to_owned(), self.boxes.to_string()];
        let [event, signature] = [HEXUPPER.encode(&self.event.0), HEXUPPER.encode(signature)];
        [BEGINS, &act, BOXES, &boxes, EVENT, &event, SIGNATURE, &signature, "."].concat()
    }

    /// Reads the text. White space around it and between its words may be other than
    /// it was, as it is when a text is copied; everything else is as it was written.
    /// The signature is still to be checked, by the act key of the event's device.
    ///
    /// # Errors
    /// [`CustomerReceiptError`].
    pub fn parse(text: &str) -> Result<Unverified<Self>, CustomerReceiptError> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (receipt, signature) = Self::read(&text).ok_or(CustomerReceiptError::Form)?;
        // One receipt, one text.
        if receipt.text(&signature) != text {
            return Err(CustomerReceiptError::Form);
        }
        Ok(Unverified::of_parts(&cbor::to_vec(&receipt), signature)?)
    }

    fn read(text: &str) -> Option<(Self, [u8; 64])> {
        let (act, rest) = text.strip_prefix(BEGINS)?.split_once(BOXES)?;
        let (boxes, rest) = rest.split_once(EVENT)?;
        let (event, signature) = rest.strip_suffix('.')?.split_once(SIGNATURE)?;
        let (kind, _) = ACTS.into_iter().find(|(_, words)| *words == act)?;
        let event = HEXUPPER.decode(event.as_bytes()).ok()?.try_into().ok()?;
        let signature = HEXUPPER.decode(signature.as_bytes()).ok()?.try_into().ok()?;
        Some((Self::of(Digest(event), kind, boxes.parse().ok()?)?, signature))
    }
}

fn words(kind: EventKind) -> Option<&'static str> {
    ACTS.into_iter().find(|(act, _)| *act == kind).map(|(_, words)| words)
}

#[cfg(test)]
mod tests {
    use crewseal_label::Code;
    use proptest::prelude::*;

    use super::*;

    fn receipt(event: [u8; 32], act: usize, boxes: u32) -> CustomerReceipt {
        CustomerReceipt::of(Digest(event), ACTS[act].0, boxes).unwrap()
    }

    #[test]
    fn the_text_is_this_for_ever() {
        let text = receipt([0xab; 32], 1, 41).text(&[0x0c; 64]);
        let expected = format!(
            "T:CREWSEAL RECEIPT. DELIVERED. BOXES: 41. EVENT: {}. SIGNATURE: {}.",
            "AB".repeat(32),
            "0C".repeat(64)
        );
        assert_eq!(text, expected);
        let copied = format!("  {}\n", text.replace(". ", ".\n"));
        assert_eq!(*CustomerReceipt::parse(&copied).unwrap().claims(), receipt([0xab; 32], 1, 41));
        let longest = receipt([0; 32], 4, u32::MAX).text(&[0; 64]);
        let code = Code::text(&longest).unwrap();
        assert!(code.size() <= 4 * 10 + 17, "version 10 at most: {} modules", code.size());
    }

    #[test]
    fn other_acts_have_none() {
        for kind in [
            EventKind::Load,
            EventKind::Offer,
            EventKind::SignOff,
            EventKind::Release,
            EventKind::Count,
        ] {
            assert_eq!(CustomerReceipt::of(Digest([0; 32]), kind, 1), None, "{kind:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_and_nothing_else_is(
            event: [u8; 32],
            act in 0..ACTS.len(),
            boxes: u32,
            signature in proptest::array::uniform32(any::<u8>()),
            at: prop::sample::Index,
            other in "[ -~]",
        ) {
            let signature = [signature, signature].concat().try_into().unwrap();
            let receipt = receipt(event, act, boxes);
            let text = receipt.text(&signature);
            let read = CustomerReceipt::parse(&text).unwrap();
            prop_assert_eq!(*read.claims(), receipt);
            let at = at.index(text.len());
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            let is_said = at < text.find(SIGNATURE).unwrap();
            if is_said && changed != text && let Ok(read) = CustomerReceipt::parse(&changed) {
                prop_assert_ne!(*read.claims(), receipt);
            }
        }

        #[test]
        fn no_text_brings_it_down(text in "T?:?(CREWSEAL RECEIPT\\. )?.{0,80}") {
            let _ = CustomerReceipt::parse(&text);
        }
    }
}
