//! Signed messages: COSE_Sign1 (RFC 9052 section 4.2) with ESP256 (RFC 9864)
//! over a payload in deterministic CBOR.
//!
//! Each kind of message has a [`Namespace`] that enters every signature as
//! external data and every digest as a prefix, so no signature or digest made
//! for one kind serves as another. A message that was read but not verified is
//! another type than one that was: [`Unverified`] shows what it claims, only
//! [`Signed`] is believed.
//!
//! A message's identity is the digest of its payload, never of its signature:
//! ECDSA is randomised and malleable.

use std::fmt;
use std::ops::{Deref, RangeInclusive};

use coset::{CoseSign1, CoseSign1Builder, HeaderBuilder, TaggedCborSerializable, iana};
use minicbor::data::Tag;
use minicbor::{Decode, Encode};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::cbor::{self, CborError};

/// What a signature or digest is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// The head of a roll of labels, by HQ.
    Roll,
    /// One version of a job's manifest, by HQ.
    Manifest,
    /// Who a device is and what it may do, by HQ.
    Credential,
    /// HQ's clock, by HQ.
    Tick,
    /// What a crew needs to know of a job, by HQ.
    JobPack,
    /// An act on boxes, by a device.
    Event,
    /// That HQ did not store an event, by HQ.
    Rejection,
    /// An exported custody record, by HQ.
    Record,
    /// The possession of a device's keys, by that device, at enrolment.
    Enrolment,
    /// The answer to HQ's challenge, by a device.
    Session,
    /// What becomes of an entry that HQ refused, by a supervisor's device.
    Resolution,
    /// What the receiver of an offer binds himself to; nothing is signed.
    Commitment,
    /// Which boxes of an offer are checked by hand; nothing is signed.
    SpotCheck,
    /// A customer's release of one act, by the key of one of his codes.
    Release,
    /// The public keys of a device, which give it its id; nothing is signed.
    Device,
    /// One token of a roll, in the roll's root; nothing is signed.
    RollLeaf,
    /// All leaves of a roll, in its head; nothing is signed.
    RollRoot,
    /// An epoch's encapsulated key, which gives it its id; nothing is signed.
    Epoch,
    /// HQ's key for outboxes, which gives it its id; nothing is signed.
    SealingKey,
    /// A release code, as the seed of its key; nothing is signed.
    ReleaseKey,
    /// A drawn signature, in its digest; nothing is signed.
    Drawing,
    /// A batch of events, in its root; nothing is signed.
    Batch,
    /// The devices that HQ revoked, by HQ.
    Revocations,
    /// The text of an agreement, in its digest; nothing is signed.
    Nda,
    /// What a supervisor is asked to sign off, by a device.
    SignOffRequest,
    /// A supervisor's code for one sign-off, as HQ keeps it; nothing is signed.
    OneTimeCode,
    /// HQ's word on a sign-off that was claimed with a code.
    Confirmation,
    /// A customer's receipt, by the crew's device.
    CustomerReceipt,
    /// That a job was forgotten, by a device.
    Erasure,
    /// A photo or other attachment, in its digest; nothing is signed.
    Attachment,
    /// HQ's receipt for an attachment.
    AttachmentReceipt,
    /// Whose a cursor of a download is; nothing is signed.
    Cursor,
    /// What an act says of persons or contents, in its digest; nothing is signed.
    Statement,
    /// HQ's keys, by its list keys. The digest of the first such list is HQ's identity.
    KeyList,
    /// A list key, in what names it beside its signature; nothing is signed.
    ListKey,
    /// The keys of a carrier's new device, by an older device of his.
    Voucher,
    /// The same, by the key of his recovery code.
    Recovery,
    /// A recovery code, as the seed of its key; nothing is signed.
    RecoveryKey,
    /// A recovery key, which gives its carrier his id; nothing is signed.
    Carrier,
    /// What the leaf of an event is salted with; nothing is signed.
    LeafSalt,
    /// HQ's word on an event, in its leaf; nothing is signed.
    Logged,
    /// An act of HQ's own, in its leaf; nothing is signed.
    LogAct,
    /// That HQ lost the end of its log, by its list keys.
    Restore,
    /// That HQ's clock was corrected, by HQ.
    ClockCorrection,
}

impl Namespace {
    /// The text that enters signatures and digests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Roll => "crewseal/roll/1",
            Self::Manifest => "crewseal/manifest/1",
            Self::Credential => "crewseal/credential/1",
            Self::Tick => "crewseal/tick/1",
            Self::JobPack => "crewseal/job-pack/1",
            Self::Event => "crewseal/event/1",
            Self::Rejection => "crewseal/rejection/1",
            Self::Record => "crewseal/record/1",
            Self::Enrolment => "crewseal/enrolment/1",
            Self::Session => "crewseal/session/1",
            Self::Resolution => "crewseal/resolution/1",
            Self::Commitment => "crewseal/commitment/1",
            Self::SpotCheck => "crewseal/spot-check/1",
            Self::Release => "crewseal/release/1",
            Self::Device => "crewseal/device/1",
            Self::RollLeaf => "crewseal/roll-leaf/1",
            Self::RollRoot => "crewseal/roll-root/1",
            Self::Epoch => "crewseal/epoch/1",
            Self::SealingKey => "crewseal/sealing-key/1",
            Self::ReleaseKey => "crewseal/release-key/1",
            Self::Drawing => "crewseal/drawing/1",
            Self::Batch => "crewseal/batch/1",
            Self::Revocations => "crewseal/revocations/1",
            Self::Nda => "crewseal/nda/1",
            Self::SignOffRequest => "crewseal/sign-off/1",
            Self::OneTimeCode => "crewseal/one-time-code/1",
            Self::Confirmation => "crewseal/confirmation/1",
            Self::CustomerReceipt => "crewseal/customer-receipt/1",
            Self::Erasure => "crewseal/erasure/1",
            Self::Attachment => "crewseal/attachment/1",
            Self::AttachmentReceipt => "crewseal/attachment-receipt/1",
            Self::Cursor => "crewseal/cursor/1",
            Self::Statement => "crewseal/statement/1",
            Self::KeyList => "crewseal/key-list/1",
            Self::ListKey => "crewseal/list-key/1",
            Self::Voucher => "crewseal/voucher/1",
            Self::Recovery => "crewseal/recovery/1",
            Self::RecoveryKey => "crewseal/recovery-key/1",
            Self::Carrier => "crewseal/carrier/1",
            Self::LeafSalt => "crewseal/leaf-salt/1",
            Self::Logged => "crewseal/logged/1",
            Self::LogAct => "crewseal/log-act/1",
            Self::Restore => "crewseal/restore/1",
            Self::ClockCorrection => "crewseal/clock-correction/1",
        }
    }

    /// SHA-256 over the namespace, a zero byte, and `parts` one after another.
    /// Parts must be of fixed length or be one only.
    #[must_use]
    pub fn digest(self, parts: &[&[u8]]) -> Digest {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        context.update(self.as_str().as_bytes());
        context.update(&[0]);
        for part in parts {
            context.update(part);
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        Digest(digest)
    }
}

/// A SHA-256 in a [`Namespace`]; an event's is its id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Digest(#[cbor(with = "minicbor::bytes")] pub [u8; 32]);

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The first eight hex digits: enough to find it in a log.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A P-256 public key, uncompressed: 0x04, x, y.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct PublicKey(#[cbor(with = "minicbor::bytes")] pub [u8; 65]);

impl PublicKey {
    /// Whether `signature` (r, s, 32 bytes each) is this key's over `message`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.0).verify(message, signature).is_ok()
    }

    /// The key in half its length: x, and whether y is odd (SEC 1 section 2.3.3).
    pub(crate) fn compressed(&self) -> ([u8; 32], bool) {
        let [_, point @ ..] = self.0;
        let is_odd = point.last().is_some_and(|last| last & 1 == 1);
        (point.first_chunk().copied().unwrap_or_default(), is_odd)
    }

    /// Finds y again (SEC 1 section 2.3.4); none if no key has this x.
    pub(crate) fn from_compressed(x: &[u8; 32], is_odd: bool) -> Option<Self> {
        use p256::elliptic_curve::sec1::ToSec1Point as _;
        let mut compressed = [2 | u8::from(is_odd); 33];
        compressed.iter_mut().skip(1).zip(x).for_each(|(to, from)| *to = *from);
        let key = p256::PublicKey::from_sec1_bytes(&compressed).ok()?;
        key.to_sec1_point(false).as_bytes().try_into().ok().map(Self)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(")?;
        self.0.iter().skip(1).take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// A payload that is signed in a namespace of its own.
pub trait Message: Encode<()> + for<'b> Decode<'b, ()> {
    /// The namespace of its signatures and digests. It names the kind of message, whatever
    /// its format's version is.
    const NAMESPACE: Namespace;

    /// The versions of its format that are read.
    const VERSIONS: RangeInclusive<u64> = 1..=1;
}

/// Why bytes are not a signed message of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignedError {
    /// Not a COSE_Sign1 in canonical form with algorithm ESP256, an empty
    /// unprotected header and a payload.
    #[error("not a signed message")]
    Envelope,
    /// The payload.
    #[error("the signed message is unreadable: {0}")]
    Payload(#[from] CborError),
    /// The signature is not by the expected key over this message, or it was
    /// made for another kind of message.
    #[error("the signature does not fit")]
    Signature,
}

/// A message that was read but whose signature nobody has checked.
#[derive(Clone)]
pub struct Unverified<T> {
    bytes: Zeroizing<Vec<u8>>,
    sign1: CoseSign1,
    id: Digest,
    claims: T,
}

/// A message whose signature was verified, with the bytes it came in, which are
/// wiped when it is dropped.
#[derive(Clone, PartialEq)]
pub struct Signed<T> {
    bytes: Zeroizing<Vec<u8>>,
    id: Digest,
    message: T,
}

impl<T: Message> Unverified<T> {
    /// Reads a signed message.
    ///
    /// # Errors
    /// [`SignedError::Envelope`] or [`SignedError::Payload`].
    pub fn parse(bytes: &[u8]) -> Result<Self, SignedError> {
        let sign1 = CoseSign1::from_tagged_slice(bytes).map_err(|_| SignedError::Envelope)?;
        let payload = sign1.payload.as_deref().ok_or(SignedError::Envelope)?;
        // Made anew from its parts: a header that was read would be written in
        // whatever form it came in.
        let canonical = CoseSign1Builder::new()
            .protected(protected_header())
            .payload(payload.to_vec())
            .signature(sign1.signature.clone())
            .build()
            .to_tagged_vec()
            .map_err(|_| SignedError::Envelope)?;
        if canonical != bytes {
            return Err(SignedError::Envelope);
        }
        let claims = cbor::from_versions::<T>(payload, T::VERSIONS)?;
        let id = T::NAMESPACE.digest(&[payload]);
        Ok(Self { bytes: canonical.into(), sign1, id, claims })
    }

    /// What the message says of itself, to find the key it should be signed by.
    pub const fn claims(&self) -> &T {
        &self.claims
    }

    /// A message put together from its payload and its signature (r and s).
    ///
    /// # Errors
    /// [`SignedError::Payload`].
    pub(crate) fn of_parts(payload: &[u8], signature: [u8; 64]) -> Result<Self, SignedError> {
        let claims = cbor::from_versions::<T>(payload, T::VERSIONS)?;
        let sign1 = CoseSign1Builder::new()
            .protected(protected_header())
            .payload(payload.to_vec())
            .signature(signature.to_vec())
            .build();
        let bytes = sign1.clone().to_tagged_vec().map_err(|_| SignedError::Envelope)?.into();
        let id = T::NAMESPACE.digest(&[payload]);
        Ok(Self { bytes, sign1, id, claims })
    }

    /// The digest of its payload.
    pub const fn id(&self) -> Digest {
        self.id
    }

    /// The bytes as they came.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// [`SignedError::Signature`].
    pub fn verify(self, key: &PublicKey) -> Result<Signed<T>, SignedError> {
        self.verify_by([key])
    }

    /// Checks the signature, which may be by any of these keys.
    pub(crate) fn verify_by<'k>(
        self,
        keys: impl IntoIterator<Item = &'k PublicKey>,
    ) -> Result<Signed<T>, SignedError> {
        let message = self.sign1.tbs_data(T::NAMESPACE.as_str().as_bytes());
        if keys.into_iter().any(|key| key.verifies(&message, &self.sign1.signature)) {
            Ok(Signed { bytes: self.bytes, id: self.id, message: self.claims })
        } else {
            Err(SignedError::Signature)
        }
    }
}

impl<T: Message> Signed<T> {
    /// Signs a message and verifies what came back before anything else sees
    /// it: a signature that our own verifier refuses must never be released.
    ///
    /// `sign` gets the bytes to sign and returns r and s, 32 bytes each.
    ///
    /// # Errors
    /// Whatever `sign` returns; `E::from(SignedError::Signature)` when the
    /// signature does not verify under `key`.
    pub fn sign<E: From<SignedError>>(
        message: T,
        key: &PublicKey,
        sign: impl FnOnce(&[u8]) -> Result<[u8; 64], E>,
    ) -> Result<Self, E> {
        let payload = cbor::to_wiped(&message);
        let id = T::NAMESPACE.digest(&[&payload]);
        let signed = to_be_signed(T::NAMESPACE, &payload);
        let signature = sign(&signed)?;
        if !key.verifies(&signed, &signature) {
            return Err(SignedError::Signature.into());
        }
        let bytes = sign1(&payload, &signature);
        Ok(Self { bytes, id, message })
    }

    /// Reads a message and checks its signature.
    ///
    /// # Errors
    /// [`SignedError`].
    pub fn open(bytes: &[u8], key: &PublicKey) -> Result<Self, SignedError> {
        Unverified::parse(bytes)?.verify(key)
    }

    /// The COSE_Sign1, tag 18.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its payload and its signature (r and s), the rest of it being the same in
    /// every message.
    pub fn parts(&self) -> (Vec<u8>, [u8; 64])
    where
        T: Message,
    {
        // All that a COSE_Sign1 of ours ends in is the signature.
        let signature = self.bytes.last_chunk().copied().unwrap_or([0; 64]);
        (cbor::to_vec(&self.message), signature)
    }

    /// The digest of its payload.
    pub const fn id(&self) -> Digest {
        self.id
    }
}

impl<T> Deref for Signed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.message
    }
}

impl<T> fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signed({})", self.id)
    }
}

impl<T> fmt::Debug for Unverified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unverified({})", self.id)
    }
}

/// The protected header: a map of the algorithm, ESP256.
const PROTECTED: [u8; 3] = [0xa1, 0x01, 0x28];
/// The most bytes of a CBOR head.
const HEAD: usize = 9;

/// The Sig_structure of a COSE_Sign1 (RFC 9052 section 4.4). What is signed here
/// is written here, as no library wipes it.
fn to_be_signed(namespace: Namespace, payload: &[u8]) -> Zeroizing<Vec<u8>> {
    const CONTEXT: &str = "Signature1";
    let aad = namespace.as_str().as_bytes();
    let length = CONTEXT.len() + PROTECTED.len() + aad.len() + payload.len() + 5 * HEAD;
    cbor::written(length, |e| {
        e.array(4)?.str(CONTEXT)?.bytes(&PROTECTED)?.bytes(aad)?.bytes(payload)?;
        Ok(())
    })
}

/// The tagged COSE_Sign1 (RFC 9052 section 4.2).
fn sign1(payload: &[u8], signature: &[u8; 64]) -> Zeroizing<Vec<u8>> {
    let length = PROTECTED.len() + payload.len() + signature.len() + 6 * HEAD;
    cbor::written(length, |e| {
        e.tag(Tag::new(18))?.array(4)?.bytes(&PROTECTED)?.map(0)?;
        e.bytes(payload)?.bytes(signature)?;
        Ok(())
    })
}

fn protected_header() -> coset::Header {
    HeaderBuilder::new().algorithm(iana::Algorithm::ESP256).build()
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;

    #[test]
    fn a_key_is_found_again_in_half_its_length() {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let mut parities = [false; 2];
        while parities != [true; 2] {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
            let key = PublicKey(pair.public_key().as_ref().try_into().unwrap());
            let (x, is_odd) = key.compressed();
            parities[usize::from(is_odd)] = true;
            assert_eq!(PublicKey::from_compressed(&x, is_odd), Some(key));
            assert_ne!(PublicKey::from_compressed(&x, !is_odd), Some(key));
        }
    }

    #[test]
    fn what_is_no_x_of_a_key_is_refused() {
        assert_eq!(PublicKey::from_compressed(&[0xff; 32], true), None, "beyond the field");
        let points = (0..=255_u8).filter(|last| {
            let mut x = [0; 32];
            x[31] = *last;
            PublicKey::from_compressed(&x, false).is_some()
        });
        let points = points.count();
        assert!((90..166).contains(&points), "about every second x is a point's: {points}");
    }
}
