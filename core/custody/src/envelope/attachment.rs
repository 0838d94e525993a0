//! Attachments: photos on their way to HQ, readable by HQ alone.
//!
//! Each has a random key of its own, which the phone forgets as soon as it has
//! used it: it travels to HQ in the entry of the event that names the attachment.
//! The content is sealed in chunks of 16 KiB, each to be opened alone, so it is
//! written, sent and checked piece by piece. Chunk n is AES-256-GCM under that key
//! with the nonce n (11 bytes, big-endian) and one byte that is 1 for the last
//! chunk, as in STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015), so none can be
//! left out, moved or added; the additional data is the attachment's digest.

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use minicbor::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{SealError, UnsealError};
use crate::Salt;
use crate::signed::{Digest, Namespace};
use crate::stack::with_stack_wiped;

/// Bytes of content in each chunk but the last: 16 KiB.
pub const CHUNK_BYTES: usize = 16 << 10;
/// The largest attachment: 16 MiB.
pub const MAX_ATTACHMENT: usize = 16 << 20;

const TAG_BYTES: u64 = 16;

/// What HQ needs to open an attachment. A secret: it exists in sealed entries and
/// at HQ only.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AttachmentKey {
    /// The salted digest by which the event names it.
    #[n(0)]
    pub digest: Digest,
    /// What it is salted with.
    #[n(1)]
    pub salt: Salt,
    #[n(2)]
    key: Secret,
    /// Bytes of the content.
    #[n(3)]
    pub size: u64,
}

#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Encode, Decode)]
#[cbor(transparent)]
struct Secret(#[cbor(with = "minicbor::bytes")] [u8; 32]);

/// Tells which, never the key.
impl fmt::Debug for AttachmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AttachmentKey({}, {} bytes)", self.digest, self.size)
    }
}

impl AttachmentKey {
    /// The key of some content, of a salt and a key that are fresh random bytes. They
    /// serve for this content and no other.
    ///
    /// # Errors
    /// [`SealError::TooLarge`] above [`MAX_ATTACHMENT`].
    pub fn new(content: &[u8], salt: Salt, key: &[u8; 32]) -> Result<Self, SealError> {
        Self::of(content, salt, Secret(*key))
    }

    fn of(content: &[u8], salt: Salt, key: Secret) -> Result<Self, SealError> {
        if content.len() > MAX_ATTACHMENT {
            return Err(SealError::TooLarge);
        }
        let size = u64::try_from(content.len()).map_err(|_| SealError::TooLarge)?;
        Ok(Self { digest: digest(&salt, content), salt, key, size })
    }

    /// The content's chunks, sealed one by one. Content of no byte is one chunk.
    pub fn seal<'c>(
        &self,
        content: &'c [u8],
    ) -> impl Iterator<Item = Result<Vec<u8>, SealError>> + use<'c> {
        let cipher = self.cipher();
        let digest = self.digest;
        let last = self.chunks() - 1;
        let pieces = content.chunks(CHUNK_BYTES);
        // Content of no byte has no piece, and one chunk.
        let none = content.is_empty().then_some(content);
        (0..).zip(pieces.chain(none)).map(move |(number, chunk)| {
            let payload = Payload { msg: chunk, aad: &digest.0 };
            with_stack_wiped(|| cipher.encrypt(&nonce(number, number == last), payload))
                .map_err(|_| SealError::TooLarge)
        })
    }

    /// Opens the chunks, which must be all, in their order, and checks the digest.
    ///
    /// # Errors
    /// [`UnsealError::Altered`] whatever is wrong with them.
    pub fn open(
        &self,
        chunks: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
        let cipher = self.cipher();
        let mut content = Zeroizing::new(Vec::with_capacity(self.content_bytes()?));
        let mut count = 0;
        for (number, chunk) in (0_u32..).zip(chunks) {
            content.extend_from_slice(&self.open_with(&cipher, number, chunk.as_ref())?);
            count = number + 1;
        }
        let is_whole = count == self.chunks() && digest(&self.salt, &content) == self.digest;
        if is_whole { Ok(content) } else { Err(UnsealError::Altered) }
    }

    /// Opens chunks from one number on, each by itself, and drops what was in them:
    /// whether they are what was sealed.
    ///
    /// # Errors
    /// [`UnsealError::Altered`] if one is not.
    pub fn check(
        &self,
        first: u32,
        chunks: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<(), UnsealError> {
        let cipher = self.cipher();
        let mut numbered = (first..).zip(chunks);
        numbered.try_for_each(|(number, chunk)| {
            self.open_with(&cipher, number, chunk.as_ref()).map(drop)
        })
    }

    /// How many chunks it has.
    #[must_use]
    pub fn chunks(&self) -> u32 {
        chunks_of(self.size)
    }

    /// Bytes of all its chunks.
    #[must_use]
    pub fn sealed_size(&self) -> u64 {
        self.size.saturating_add(TAG_BYTES * u64::from(self.chunks()))
    }

    fn content_bytes(&self) -> Result<usize, UnsealError> {
        let size = usize::try_from(self.size).map_err(|_| UnsealError::Altered)?;
        if size > MAX_ATTACHMENT { Err(UnsealError::Altered) } else { Ok(size) }
    }

    fn open_with(
        &self,
        cipher: &Aes256Gcm,
        number: u32,
        chunk: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
        let size = self.content_bytes()?;
        let last = self.chunks() - 1;
        let payload = Payload { msg: chunk, aad: &self.digest.0 };
        let opened = cipher
            .decrypt(&nonce(number, number == last), payload)
            .map(Zeroizing::new)
            .map_err(|_| UnsealError::Altered)?;
        let before = usize::try_from(number).map_or(size, |n| n.saturating_mul(CHUNK_BYTES));
        let expected = size.saturating_sub(before).min(CHUNK_BYTES);
        if number <= last && opened.len() == expected {
            Ok(opened)
        } else {
            Err(UnsealError::Altered)
        }
    }

    fn cipher(&self) -> Box<Aes256Gcm> {
        with_stack_wiped(|| {
            let mut key = Key::<Aes256Gcm>::from(self.key.0);
            let cipher = Box::new(Aes256Gcm::new(&key));
            key.zeroize();
            cipher
        })
    }
}

/// SHA-256 in the namespace of attachments over the salt and the content.
fn digest(salt: &Salt, content: &[u8]) -> Digest {
    Namespace::Attachment.digest(&[&salt.0, content])
}

/// How many chunks content of that many bytes has.
fn chunks_of(size: u64) -> u32 {
    let chunk = u64::try_from(CHUNK_BYTES).unwrap_or(u64::MAX);
    u32::try_from(size.div_ceil(chunk).max(1)).unwrap_or(u32::MAX)
}

fn nonce(number: u32, is_last: bool) -> Nonce<aes_gcm::aead::consts::U12> {
    let mut nonce = [0; 12];
    let number = u64::from(number).to_be_bytes();
    nonce.iter_mut().skip(3).zip(number).for_each(|(to, from)| *to = from);
    if let Some(flag) = nonce.last_mut() {
        *flag = u8::from(is_last);
    }
    Nonce::from(nonce)
}
