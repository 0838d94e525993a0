//! What an HQ's list keys sign: COSE_Sign (RFC 9052 section 4.1) with ESP256, each key's
//! signature beside the others.
//!
//! List keys lie offline, and a threshold of them must sign. They sign two things: the next
//! [`KeyList`](crate::KeyList), and that HQ lost the end of its log ([`Restore`](crate::logged::Restore)).

use std::collections::BTreeMap;

use coset::{
    CoseSign, CoseSignBuilder, CoseSignature, CoseSignatureBuilder, HeaderBuilder,
    TaggedCborSerializable, iana,
};

use crate::cbor::{self, CborError};
use crate::signed::{Message, Namespace, PublicKey};

/// The largest message that is read, with its signatures: 64 KiB.
pub const MAX_LIST_SIGNED: usize = 64 << 10;

/// What names a list key beside its signature: the first 8 bytes of its digest.
type ListKeyId = [u8; 8];

/// Why a key list is none to go on with, or a restore none to believe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyListError {
    /// Not a COSE_Sign in canonical form with ESP256, or too large.
    #[error("not a signed key list")]
    Envelope,
    /// The payload.
    #[error("the key list is unreadable: {0}")]
    Payload(#[from] CborError),
    /// It names no keys, too many, one twice, times that end before they begin, a key that
    /// is none, or a list key that signs other things, too.
    #[error("the key list names keys that cannot be right")]
    Form,
    /// A signature of it is nobody's who may sign it.
    #[error("a signature of the key list does not fit")]
    Signature,
    /// Not as many signed it as must, of its own list keys or of those before.
    #[error("not enough list keys signed the key list")]
    Threshold,
    /// Its number is not the next one.
    #[error("a key list between this one and the last is missing: {found} after {known}")]
    Skipped {
        /// The number of the newest list that is known.
        known: u32,
        /// The number of this one.
        found: u32,
    },
    /// There is another list of this number: HQ's list keys contradict each other.
    #[error("there are two key lists of one number")]
    Fork,
    /// It does not go on from the list before, or it founds another HQ.
    #[error("the key list is another HQ's")]
    OtherHq,
}

/// Who signs, and how many of them must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListSigners {
    /// List keys.
    pub keys: Vec<PublicKey>,
    /// How many of them must sign.
    pub threshold: u8,
}

/// A message for list keys to sign.
pub trait ListMessage: Message + Clone {
    /// Whether what it says can be right.
    ///
    /// # Errors
    /// [`KeyListError::Form`].
    fn check(&self) -> Result<(), KeyListError>;
}

/// A message and the signatures that it has so far, of which nothing is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListSigned<T> {
    message: T,
    signatures: BTreeMap<ListKeyId, [u8; 64]>,
}

impl<T: ListMessage> ListSigned<T> {
    /// A message that nobody has signed yet.
    ///
    /// # Errors
    /// [`KeyListError::Form`].
    pub fn propose(message: T) -> Result<Self, KeyListError> {
        message.check()?;
        Ok(Self { message, signatures: BTreeMap::new() })
    }

    /// Reads a message, signed or not.
    ///
    /// # Errors
    /// [`KeyListError::Envelope`], [`KeyListError::Payload`] or [`KeyListError::Form`].
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyListError> {
        if bytes.len() > MAX_LIST_SIGNED {
            return Err(KeyListError::Envelope);
        }
        let sign = CoseSign::from_tagged_slice(bytes).map_err(|_| KeyListError::Envelope)?;
        let payload = sign.payload.as_deref().ok_or(KeyListError::Envelope)?;
        let message: T = cbor::from_versions(payload, T::VERSIONS)?;
        let mut signatures = BTreeMap::new();
        for one in &sign.signatures {
            let key = one.protected.header.key_id.as_slice().try_into();
            let signature = one.signature.as_slice().try_into();
            let (Ok(key), Ok(signature)) = (key, signature) else {
                return Err(KeyListError::Envelope);
            };
            signatures.insert(key, signature);
        }
        let read = Self { message, signatures };
        // Made anew from its parts, so a message has one form: two signatures of one key, or
        // another order of them, are another.
        if read.to_bytes() != bytes {
            return Err(KeyListError::Envelope);
        }
        read.message.check()?;
        Ok(read)
    }

    /// What it says, which nobody vouches for.
    #[must_use]
    pub const fn message(&self) -> &T {
        &self.message
    }

    /// A COSE_Sign (RFC 9052 section 4.1), tag 98.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let signatures = self.signatures.iter().map(|(key, signature)| {
            let mut one = unsigned(key);
            one.signature = signature.to_vec();
            one
        });
        let builder = CoseSignBuilder::new().payload(cbor::to_vec(&self.message));
        let sign = signatures.fold(builder, CoseSignBuilder::add_signature).build();
        // A message in memory fails to be written only where memory itself fails.
        sign.to_tagged_vec().unwrap_or_default()
    }

    /// Adds a list key's signature, which `sign` makes of the bytes that it gets: r and s, 32
    /// bytes each.
    ///
    /// # Errors
    /// What `sign` returns; [`KeyListError::Signature`] if it is none of this key.
    pub fn sign<E: From<KeyListError>>(
        &mut self,
        key: &PublicKey,
        sign: impl FnOnce(&[u8]) -> Result<[u8; 64], E>,
    ) -> Result<(), E> {
        let id = list_key_id(key);
        let message = self.to_be_signed(&id);
        let signature = sign(&message)?;
        if !key.verifies(&message, &signature) {
            return Err(KeyListError::Signature.into());
        }
        self.signatures.insert(id, signature);
        Ok(())
    }

    /// Whether of each of these as many keys signed it as must, and nobody else has.
    pub(crate) fn check_signatures(&self, signers: &[ListSigners]) -> Result<(), KeyListError> {
        let mut known = BTreeMap::new();
        for key in signers.iter().flat_map(|signers| &signers.keys) {
            known.insert(list_key_id(key), key);
        }
        for (id, signature) in &self.signatures {
            let key = known.get(id).ok_or(KeyListError::Signature)?;
            if !key.verifies(&self.to_be_signed(id), signature) {
                return Err(KeyListError::Signature);
            }
        }
        let signed = |key: &&PublicKey| self.signatures.contains_key(&list_key_id(key));
        let is_enough = |signers: &ListSigners| {
            signers.keys.iter().filter(signed).count() >= signers.threshold.into()
        };
        if signers.iter().all(is_enough) { Ok(()) } else { Err(KeyListError::Threshold) }
    }

    /// The Sig_structure of one signature (RFC 9052 section 4.4).
    fn to_be_signed(&self, key: &ListKeyId) -> Vec<u8> {
        let sign = CoseSignBuilder::new().payload(cbor::to_vec(&self.message)).build();
        sign.tbs_data(T::NAMESPACE.as_str().as_bytes(), &unsigned(key))
    }
}

fn list_key_id(key: &PublicKey) -> ListKeyId {
    let digest = Namespace::ListKey.digest(&[&key.0]);
    digest.0.first_chunk().copied().unwrap_or_default()
}

/// A signature's header: the algorithm and the key.
fn unsigned(key: &ListKeyId) -> CoseSignature {
    let header = HeaderBuilder::new().algorithm(iana::Algorithm::ESP256).key_id(key.to_vec());
    CoseSignatureBuilder::new().protected(header.build()).build()
}
