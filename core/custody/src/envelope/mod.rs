//! The envelope: one entry of the queue, whole in itself.
//!
//! All numbers are big-endian. The clear part is the additional data of the
//! sealed part, so nothing of it can be exchanged.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `CSE` and the format version 1 |
//! | 4 | length of the whole envelope |
//! | 8 | id of HQ's key |
//! | 16 | epoch |
//! | 2 | index in the epoch, 0 to 1,023 |
//! | 16 | device |
//! | 4 | generation |
//! | 8 | sequence |
//! | 32 | event id |
//! | n x 64 + 16 | sealed content and its tag |
//! | 16 | first half of the SHA-256 of everything before |

mod attachment;
mod batch;
mod entry;
mod epoch;

use std::fmt;

use minicbor::{Decode, Encode};

pub use self::attachment::{AttachmentKey, CHUNK_BYTES, MAX_ATTACHMENT};
pub use self::batch::{BATCH_VERSIONS, Batch, BatchError, MAX_BATCH};
pub use self::entry::{Beside, Entry};
pub use self::epoch::{
    EPOCH_ENTRIES, Epoch, EpochHeader, OpenedEpoch, OpeningKey, SealError, SealingKey, UnsealError,
};
use crate::signed::{Digest, Namespace};
use crate::{DeviceId, EventId};

/// The first bytes of an envelope.
pub const MAGIC: [u8; 4] = *b"CSE\x01";
const ADDRESS_BYTES: usize = 94;
const TAG_BYTES: usize = 16;
const DIGEST_BYTES: usize = 16;
/// Content is padded to a multiple of this, so its length tells less.
const STEP: usize = 64;

/// The largest content that an envelope takes, its padding of at least one byte
/// included: 256 KiB. The largest event, with 10,000 findings, stays below.
pub const MAX_CONTENT: usize = 256 << 10;

/// The largest envelope.
pub const MAX_ENVELOPE: usize = ADDRESS_BYTES + MAX_CONTENT + TAG_BYTES + DIGEST_BYTES;

/// Which of HQ's keys an envelope is sealed to: the first bytes of its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HqKeyId(pub [u8; 8]);

/// An epoch's id: the first half of the digest of its encapsulated key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct EpochId(#[cbor(with = "minicbor::bytes")] pub [u8; 16]);

impl fmt::Debug for EpochId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EpochId(")?;
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

impl EpochId {
    fn of(encapsulated: &[u8]) -> Self {
        let digest = Namespace::Epoch.digest(&[encapsulated]);
        let mut id = [0; 16];
        id.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
        Self(id)
    }
}

/// What stands on an envelope in clear: enough to route, to deduplicate and to
/// answer, and nothing about the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// HQ's key.
    pub hq_key: HqKeyId,
    /// The epoch whose key seals it.
    pub epoch: EpochId,
    /// How many entries of the epoch were sealed before.
    pub index: u16,
    /// The device.
    pub device: DeviceId,
    /// The device's generation.
    pub generation: u32,
    /// The event's number in it.
    pub sequence: u64,
    /// The event's id, which its salt makes meaningless to others.
    pub event: EventId,
}

/// An entry of the queue.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    address: Address,
    bytes: Vec<u8>,
}

/// Why bytes are not an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The first bytes are not those of an envelope.
    #[error("not an envelope")]
    NotAnEnvelope,
    /// An envelope of a format that is not known here.
    #[error("an envelope of format {version}, which is not known here")]
    Version {
        /// The format.
        version: u8,
    },
    /// Shorter or longer than it says, or larger than an envelope may be.
    #[error("an envelope of the wrong length")]
    Length,
    /// Its digest does not fit: some of its bytes were damaged.
    #[error("a damaged envelope")]
    Damaged,
}

impl Envelope {
    /// Reads an envelope, which must fill `bytes`.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let mut rest = Fields(bytes);
        match rest.take::<4>()? {
            MAGIC => {}
            [b'C', b'S', b'E', version] => return Err(EnvelopeError::Version { version }),
            _ => return Err(EnvelopeError::NotAnEnvelope),
        }
        let length = u32::from_be_bytes(rest.take()?);
        if usize::try_from(length) != Ok(bytes.len()) || bytes.len() > MAX_ENVELOPE {
            return Err(EnvelopeError::Length);
        }
        let address = Address {
            hq_key: HqKeyId(rest.take()?),
            epoch: EpochId(rest.take()?),
            index: u16::from_be_bytes(rest.take()?),
            device: DeviceId(rest.take()?),
            generation: u32::from_be_bytes(rest.take()?),
            sequence: u64::from_be_bytes(rest.take()?),
            event: Digest(rest.take()?),
        };
        let sealed = rest.0.len().checked_sub(DIGEST_BYTES + TAG_BYTES);
        if sealed.is_none_or(|content| content == 0 || !content.is_multiple_of(STEP)) {
            return Err(EnvelopeError::Length);
        }
        let (covered, digest) =
            bytes.split_last_chunk::<DIGEST_BYTES>().ok_or(EnvelopeError::Length)?;
        if half_digest([covered]) != *digest {
            return Err(EnvelopeError::Damaged);
        }
        Ok(Self { address, bytes: bytes.to_vec() })
    }

    /// Puts content that `seal` encrypts under this address.
    ///
    /// `seal` gets the additional data and the padded content and returns the
    /// ciphertext with its tag.
    fn close<E>(
        address: Address,
        content: &[u8],
        seal: impl FnOnce(&[u8], &[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        let padded = pad(content);
        let mut bytes = Self::head(&address, padded.len() + TAG_BYTES);
        let sealed = seal(&bytes, &padded)?;
        bytes.extend(sealed);
        Ok(Self::ended(address, bytes))
    }

    /// Puts what is sealed already, with its tag, under this address again.
    fn assemble(address: Address, sealed: &[u8]) -> Self {
        let mut bytes = Self::head(&address, sealed.len());
        bytes.extend(sealed);
        Self::ended(address, bytes)
    }

    /// What stands before so many sealed bytes, with room for these and the digest.
    fn head(address: &Address, sealed: usize) -> Vec<u8> {
        let length = ADDRESS_BYTES + sealed + DIGEST_BYTES;
        let mut bytes = Vec::with_capacity(length);
        bytes.extend(MAGIC);
        bytes.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(address.hq_key.0);
        bytes.extend(address.epoch.0);
        bytes.extend(address.index.to_be_bytes());
        bytes.extend(address.device.0);
        bytes.extend(address.generation.to_be_bytes());
        bytes.extend(address.sequence.to_be_bytes());
        bytes.extend(address.event.0);
        bytes
    }

    fn ended(address: Address, mut bytes: Vec<u8>) -> Self {
        let digest = half_digest([bytes.as_slice()]);
        bytes.extend(digest);
        Self { address, bytes }
    }

    /// What stands on it.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The additional data and the sealed content with its tag.
    fn parts(&self) -> (&[u8], &[u8]) {
        let covered = self.bytes.len().saturating_sub(DIGEST_BYTES);
        let covered = self.bytes.get(..covered).unwrap_or_default();
        covered.split_at_checked(ADDRESS_BYTES).unwrap_or_default()
    }
}

/// Says where it goes, never what is in it.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({}, {} bytes)", self.address.event, self.bytes.len())
    }
}

/// ISO/IEC 7816-4 padding: a byte 0x80, then zeros to the next whole step.
fn pad(content: &[u8]) -> zeroize::Zeroizing<Vec<u8>> {
    let length = (content.len() + 1).next_multiple_of(STEP);
    let mut padded = Vec::with_capacity(length);
    padded.extend(content);
    padded.push(0x80);
    padded.resize(length, 0);
    zeroize::Zeroizing::new(padded)
}

/// The content before its padding; none if the padding is not ours.
fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let end = padded.iter().rposition(|byte| *byte != 0)?;
    (padded.get(end) == Some(&0x80)).then(|| padded.get(..end))?
}

/// The first half of the SHA-256 of these, one after another.
fn half_digest<'b>(parts: impl IntoIterator<Item = &'b [u8]>) -> [u8; DIGEST_BYTES] {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    parts.into_iter().for_each(|part| context.update(part));
    let mut half = [0; DIGEST_BYTES];
    half.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    half
}

/// What is left to read of fixed fields.
struct Fields<'b>(&'b [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], EnvelopeError> {
        let (field, rest) = self.0.split_first_chunk().ok_or(EnvelopeError::Length)?;
        self.0 = rest;
        Ok(*field)
    }
}
