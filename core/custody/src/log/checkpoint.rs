//! Checkpoints: a log's size and root, signed, as text.
//!
//! The form is that of C2SP `tlog-checkpoint` over C2SP `signed-note` with Ed25519, so that
//! public tools and witnesses read it:
//!
//! ```text
//! hq.example/1
//! 10000000
//! (the root, base64)
//! crewseal 1 9990000 1773446400
//!
//! — hq.example/1 (four bytes of the key's id and the signature, base64)
//! ```
//!
//! The fourth line is ours. It says of which generation the log is, up to which size another
//! place has what is in it (`-` if HQ has no such place), and HQ's time. What others sign
//! beside HQ is passed over.

use data_encoding::BASE64;
use minicbor::{Decode, Encode};
use ring::signature::{ED25519, UnparsedPublicKey};

use super::tree::{TreeHead, log_name};
use crate::signed::Digest;

/// The longest checkpoint that is read, with its signatures: 4 KiB.
pub const MAX_CHECKPOINT: usize = 4 << 10;
/// The number of Ed25519 in C2SP's signed notes.
const ED25519_NOTE: u8 = 1;
/// What begins our line.
const EXTENSION: &str = "crewseal";
/// What begins a line with a signature: an em dash and a space.
const SIGNATURE: &str = "\u{2014} ";

/// A key that signs checkpoints, Ed25519, and from when until when it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct LogKey {
    /// The public key (RFC 8032).
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub key: [u8; 32],
    /// From when on, in seconds since 1970-01-01 UTC.
    #[n(1)]
    pub from: u64,
    /// Until when, not included.
    #[n(2)]
    pub until: u64,
}

/// A log's size and root, and what HQ says beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log, its size and its root.
    pub head: TreeHead,
    /// Up to which size another place than HQ's own has what is in the log; none if HQ has
    /// no such place.
    pub replicated: Option<u64>,
    /// HQ's time, in seconds since 1970-01-01 UTC.
    pub at: u64,
}

/// A checkpoint that HQ's log key signed, with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    text: String,
}

/// Why a text is no checkpoint of an HQ's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a note in this form, or too long.
    #[error("not a checkpoint")]
    Form,
    /// Of the log of another HQ.
    #[error("a checkpoint of another log")]
    OtherLog,
    /// None of the keys that sign this log at its time signed it.
    #[error("the checkpoint's signature does not fit")]
    Signature,
}

impl Checkpoint {
    /// What is signed: all but the signatures.
    fn body(&self, origin: &str) -> String {
        let TreeHead { generation, size, root } = self.head;
        let (name, root) = (log_name(origin, generation), BASE64.encode(&root.0));
        let replicated = self.replicated.map_or("-".to_owned(), |size| size.to_string());
        format!("{name}\n{size}\n{root}\n{EXTENSION} {generation} {replicated} {}\n", self.at)
    }

    /// Signs it for the log of this HQ.
    ///
    /// # Errors
    /// What `sign` returns.
    pub fn sign<E>(
        self,
        origin: &str,
        key: &[u8; 32],
        sign: impl FnOnce(&[u8]) -> Result<[u8; 64], E>,
    ) -> Result<SignedCheckpoint, E> {
        let (body, name) = (self.body(origin), log_name(origin, self.head.generation));
        let signature = sign(body.as_bytes())?;
        let line = BASE64.encode(&[&key_id(&name, key)[..], &signature].concat());
        let text = format!("{body}\n{SIGNATURE}{name} {line}\n");
        Ok(SignedCheckpoint { checkpoint: self, text })
    }

    /// Reads a body. It is written again and compared, so each has one form.
    fn parse(body: &str, origin: &str) -> Result<Self, CheckpointError> {
        let mut lines = body.lines();
        let mut line = || lines.next().ok_or(CheckpointError::Form);
        let (name, size, root, ours) = (line()?, line()?, line()?, line()?);
        let root = BASE64.decode(root.as_bytes()).map_err(|_| CheckpointError::Form)?;
        let root = Digest(root.try_into().map_err(|_| CheckpointError::Form)?);
        let mut words = ours.split(' ').skip(1);
        let mut word = || words.next().ok_or(CheckpointError::Form);
        let (generation, replicated, at) = (number(word()?)?, word()?, number(word()?)?);
        let generation = u32::try_from(generation).map_err(|_| CheckpointError::Form)?;
        let replicated = match replicated {
            "-" => None,
            size => Some(number(size)?),
        };
        let head = TreeHead { generation, size: number(size)?, root };
        if name != log_name(origin, generation) {
            return Err(CheckpointError::OtherLog);
        }
        let read = Self { head, replicated, at };
        if read.body(origin) == body { Ok(read) } else { Err(CheckpointError::Form) }
    }
}

impl SignedCheckpoint {
    /// Reads a checkpoint of the HQ with this name and checks that one of these keys signed it,
    /// at a time at which it does.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn open(bytes: &[u8], origin: &str, keys: &[LogKey]) -> Result<Self, CheckpointError> {
        let (checkpoint, text) = Self::read(bytes, origin)?;
        let name = log_name(origin, checkpoint.head.generation);
        let (body, signatures) = split(&text).ok_or(CheckpointError::Form)?;
        let is_signed = keys
            .iter()
            .filter(|key| (key.from..key.until).contains(&checkpoint.at))
            .any(|key| is_signed_by(&key.key, &name, body, signatures));
        let text = text.clone();
        if is_signed { Ok(Self { checkpoint, text }) } else { Err(CheckpointError::Signature) }
    }

    /// The same of one that was verified before it was stored under seal.
    ///
    /// # Errors
    /// [`CheckpointError`] for what is none.
    pub fn read_verified(bytes: &[u8], origin: &str) -> Result<Self, CheckpointError> {
        Self::read(bytes, origin).map(|(checkpoint, text)| Self { checkpoint, text })
    }

    fn read(bytes: &[u8], origin: &str) -> Result<(Checkpoint, String), CheckpointError> {
        if bytes.len() > MAX_CHECKPOINT {
            return Err(CheckpointError::Form);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| CheckpointError::Form)?;
        let (body, _) = split(text).ok_or(CheckpointError::Form)?;
        Ok((Checkpoint::parse(body, origin)?, text.to_owned()))
    }

    /// What it says.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// As it was signed.
    #[must_use]
    pub const fn as_text(&self) -> &str {
        self.text.as_str()
    }
}

/// The body of a note with its last line's end, and the lines with signatures.
fn split(text: &str) -> Option<(&str, &str)> {
    let (body, _) = text.split_once("\n\n")?;
    let (body, rest) = text.split_at_checked(body.len() + 1)?;
    let signatures = rest.strip_prefix('\n')?;
    let are_lines = signatures.ends_with('\n')
        && signatures.lines().all(|line| line.strip_prefix(SIGNATURE).is_some());
    (are_lines && !text.contains('\r')).then_some((body, signatures))
}

fn is_signed_by(key: &[u8; 32], name: &str, body: &str, signatures: &str) -> bool {
    let id = key_id(name, key);
    let of_name = signatures.lines().filter_map(|line| {
        let (signer, signature) = line.strip_prefix(SIGNATURE)?.rsplit_once(' ')?;
        (signer == name).then(|| BASE64.decode(signature.as_bytes()).ok())?
    });
    let mut of_key = of_name.filter_map(|bytes| bytes.strip_prefix(&id).map(<[u8]>::to_vec));
    let public = UnparsedPublicKey::new(&ED25519, key);
    of_key.any(|signature| public.verify(body.as_bytes(), &signature).is_ok())
}

/// What names a key beside its signature.
fn key_id(name: &str, key: &[u8; 32]) -> [u8; 4] {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    context.update(name.as_bytes());
    context.update(&[b'\n', ED25519_NOTE]);
    context.update(key);
    context.finish().as_ref().first_chunk().copied().unwrap_or_default()
}

/// A number in decimal; that it has no sign and no zeros in front shows when it is written
/// again.
fn number(text: &str) -> Result<u64, CheckpointError> {
    text.parse().map_err(|_| CheckpointError::Form)
}
