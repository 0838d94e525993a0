//! What HQ's receipts prove.

use crewseal_custody::Outcome;

/// What HQ's receipt for an event proves: where the event stands in HQ's log, which HQ cannot
/// deny later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct HqReceipt {
    /// In which of HQ's logs: 1, and one more each time that HQ lost the end of one.
    pub log: u32,
    /// The place in it, from 0.
    pub place: u64,
    /// HQ's time, in seconds since 1970-01-01 UTC.
    pub at: u64,
    /// What became of the event.
    pub outcome: HqOutcome,
}

/// What became of an event at HQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum HqOutcome {
    /// Verified and stored.
    Stored,
    /// The same, though events of this phone before it are missing at HQ.
    StoredAfterGap,
    /// The same, but it contradicts what HQ knows: whoever settles disputes will ask.
    StoredInDispute,
    /// Its job was erased: nothing is kept of it but its id.
    Erased,
}

/// A receipt, and by what anybody can check it: hand both to whoever asks for proof.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReceiptEvidence {
    /// The receipt for all that went with the event.
    pub receipt: Vec<u8>,
    /// HQ's key lists, from the first.
    pub key_lists: Vec<u8>,
}

impl From<crewseal::HqReceipt> for HqReceipt {
    fn from(receipt: crewseal::HqReceipt) -> Self {
        let crewseal::HqReceipt { log, place, at, outcome } = receipt;
        Self { log, place, at, outcome: outcome.into() }
    }
}

impl From<Outcome> for HqOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Stored => Self::Stored,
            Outcome::StoredAfterGap(_) => Self::StoredAfterGap,
            Outcome::StoredInDispute(_) => Self::StoredInDispute,
            Outcome::Erased => Self::Erased,
        }
    }
}

impl From<crewseal::ReceiptEvidence> for ReceiptEvidence {
    fn from(evidence: crewseal::ReceiptEvidence) -> Self {
        let crewseal::ReceiptEvidence { receipt, key_lists } = evidence;
        Self { receipt, key_lists }
    }
}
