//! Entries: what an envelope contains, an event and what travels beside it.

use std::fmt;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use zeroize::{Zeroize, Zeroizing};

use super::attachment::AttachmentKey;
use crate::Statement;
use crate::cbor::{self, CborError, Versions};

/// The first byte of a COSE_Sign1: its tag.
const SIGN1: u8 = 0xd2;

/// The formats of entries. The first has keys and nothing else, and is written where that is
/// all.
type EntryVersion = Versions<1, 2>;

/// What travels beside an event.
#[derive(Clone, Copy, Default)]
pub struct Beside<'a> {
    /// Of the attachments that the event names.
    pub keys: &'a [AttachmentKey],
    /// What the event names by its digest.
    pub statement: Option<&'a Statement>,
    /// What the other side signed that the event answers (COSE_Sign1): should his phone be
    /// lost, half a handoff is not all there is.
    pub counterpart: Option<&'a [u8]>,
}

impl Beside<'_> {
    const fn is_nothing(&self) -> bool {
        self.keys.is_empty() && self.statement.is_none() && self.counterpart.is_none()
    }
}

/// What an envelope contains. Where nothing is beside the event it is the event's
/// COSE_Sign1 and nothing else; the first byte tells which.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Entry {
    /// Format version.
    #[n(0)]
    version: EntryVersion,
    /// The event's COSE_Sign1, unverified.
    #[n(1)]
    pub event: ByteVec,
    /// Of the attachments that the event names.
    #[n(2)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub keys: Vec<AttachmentKey>,
    /// The [`Statement`] that the event names by its digest, unverified.
    #[n(3)]
    pub statement: Option<ByteVec>,
    /// What the other side signed that the event answers (COSE_Sign1), unverified.
    #[n(4)]
    pub counterpart: Option<ByteVec>,
}

impl Entry {
    /// What goes into the envelope.
    #[must_use]
    pub fn to_bytes(event: &[u8], beside: Beside<'_>) -> Zeroizing<Vec<u8>> {
        if beside.is_nothing() {
            return Zeroizing::new(event.to_vec());
        }
        let is_of_the_first = beside.statement.is_none() && beside.counterpart.is_none();
        let version = if is_of_the_first { EntryVersion::OLDEST } else { EntryVersion::default() };
        let mut entry = Self {
            version,
            keys: beside.keys.to_vec(),
            statement: beside.statement.map(|statement| statement.to_bytes().to_vec().into()),
            counterpart: beside.counterpart.map(|signed| signed.to_vec().into()),
            ..Self::alone(event)
        };
        let bytes = cbor::to_wiped(&entry);
        entry.wipe();
        bytes
    }

    /// Reads what was in an envelope.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn read(content: &[u8]) -> Result<Self, CborError> {
        if content.first() == Some(&SIGN1) {
            return Ok(Self::alone(content));
        }
        cbor::from_versions(content, EntryVersion::KNOWN)
    }

    fn alone(event: &[u8]) -> Self {
        Self {
            version: EntryVersion::default(),
            event: event.to_vec().into(),
            keys: Vec::new(),
            statement: None,
            counterpart: None,
        }
    }

    fn wipe(&mut self) {
        self.event.zeroize();
        self.statement.iter_mut().for_each(|bytes| bytes.zeroize());
        self.counterpart.iter_mut().for_each(|bytes| bytes.zeroize());
    }
}

/// Tells how much it is, and nothing of it.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({} bytes, {} keys)", self.event.len(), self.keys.len())
    }
}
