//! Key lists: which keys are HQ's, and for how long.
//!
//! List 1 founds an HQ, and its digest is the HQ's identity. Each further list is signed by a
//! threshold of the list keys of the one before, and of its own. List keys lie offline and
//! sign nothing else, so whoever breaks into HQ's server gets keys that the next list ends,
//! and cannot say which keys come next.

use std::collections::BTreeMap;

use coset::{
    CoseSign, CoseSignBuilder, CoseSignature, CoseSignatureBuilder, HeaderBuilder,
    TaggedCborSerializable, iana,
};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::cbor::{self, CborError, Version};
use crate::signed::{Digest, Namespace, PublicKey};

/// The largest list that is read, with its signatures: 64 KiB.
pub const MAX_KEY_LIST: usize = 64 << 10;
/// The most list keys of a list, and the most keys that it names of a kind.
const MOST_KEYS: usize = 16;
/// The longest certificate of an authority.
const MAX_CERTIFICATE: usize = 4 << 10;
/// The bytes of a key to seal to: X-Wing's encapsulation key.
const SEALING_KEY: usize = 1_216;
/// The longest name of a log.
const MAX_ORIGIN: usize = 255;

/// What a key of HQ's signs. A key that is listed for the one is none for the other, unless it
/// is listed for that, too: an HQ from before there were lists has one for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum KeyUse {
    /// Who is who: credentials and revocations.
    #[n(1)]
    Credential,
    /// What HQ answers and hands out while it serves: ticks, receipts, job packs, manifests,
    /// rolls, records.
    #[n(2)]
    Receipt,
}

/// A key by which HQ signs, for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SigningKey {
    /// What it signs.
    #[n(0)]
    pub key_use: KeyUse,
    /// The key.
    #[n(1)]
    pub key: PublicKey,
    /// From when on, in seconds since 1970-01-01 UTC.
    #[n(2)]
    pub from: u64,
    /// Until when, not included. One that ends as it begins signs nothing: so a later list
    /// takes a key back before its time.
    #[n(3)]
    pub until: u64,
}

/// A key to which phones seal their queues, for a time.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct SealingTerm {
    /// The key: X-Wing, 1,216 bytes.
    #[n(0)]
    pub key: ByteVec,
    /// From when on phones seal to it, in seconds since 1970-01-01 UTC; until the next one's.
    #[n(1)]
    pub from: u64,
    /// When HQ destroys its private half: what was sealed to it and comes later stays shut.
    #[n(2)]
    pub destroyed_at: u64,
}

/// An authority from which the certificate of HQ's server may come.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct TlsAuthority {
    /// Its certificate, DER.
    #[n(0)]
    pub certificate: ByteVec,
    /// From when on HQ's server may use it, in seconds since 1970-01-01 UTC.
    #[n(1)]
    pub from: u64,
    /// Until when.
    #[n(2)]
    pub until: u64,
}

/// HQ's keys, as HQ lists them.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KeyList {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// Its number, from 1 on, without gaps.
    #[n(1)]
    pub number: u32,
    /// The digest of the list before; none in list 1.
    #[n(2)]
    pub previous: Option<Digest>,
    /// The name of HQ's log, the same in every list.
    #[n(3)]
    pub origin: String,
    /// When it was made, in seconds since 1970-01-01 UTC.
    #[n(4)]
    pub at: u64,
    /// The keys that sign lists: this one, and the next. In rising order.
    #[n(5)]
    pub list_keys: Vec<PublicKey>,
    /// How many of them must sign.
    #[n(6)]
    pub threshold: u8,
    /// The keys that sign all else. One of an earlier list that is missing here stays as that
    /// list had it; to end it early, it is listed again with its end.
    #[n(7)]
    pub signing: Vec<SigningKey>,
    /// The keys to seal to, by the time from which on.
    #[n(8)]
    pub sealing: Vec<SealingTerm>,
    /// The authorities of HQ's server.
    #[n(9)]
    pub authorities: Vec<TlsAuthority>,
}

/// Why a list is none to go on with.
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

/// What names a list key beside its signature: the first 8 bytes of its digest.
type ListKeyId = [u8; 8];

/// A key list and the signatures that it has so far, of which nothing is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedKeyList {
    list: KeyList,
    signatures: BTreeMap<ListKeyId, [u8; 64]>,
}

impl KeyList {
    /// Whether its keys can be right.
    fn check(&self) -> Result<(), KeyListError> {
        let rises = |keys: &[PublicKey]| keys.is_sorted_by(|one, next| one < next);
        let few = |count| (1..=MOST_KEYS).contains(&count);
        let is_first = self.number == 1;
        let signs = |key_use| self.signing.iter().any(|key| key.key_use == key_use);
        let mut keys: Vec<_> = self.signing.iter().map(|key| (key.key_use, key.key)).collect();
        keys.sort_unstable();
        keys.dedup();
        let is_list_key = |key: &SigningKey| self.list_keys.contains(&key.key);
        let holds = self.number > 0
            && is_first == self.previous.is_none()
            && (1..=MAX_ORIGIN).contains(&self.origin.len())
            && few(self.list_keys.len())
            && rises(&self.list_keys)
            && (1..=self.list_keys.len()).contains(&self.threshold.into())
            && few(self.signing.len())
            && keys.len() == self.signing.len()
            && !self.signing.iter().any(is_list_key)
            && self.signing.iter().all(|key| key.from <= key.until)
            && signs(KeyUse::Credential)
            && signs(KeyUse::Receipt)
            && few(self.sealing.len())
            && self.sealing.is_sorted_by(|one, next| one.from < next.from)
            && self
                .sealing
                .iter()
                .all(|term| term.from < term.destroyed_at && term.key.len() == SEALING_KEY)
            && few(self.authorities.len())
            && self.authorities.iter().all(|authority| {
                authority.from < authority.until
                    && (1..=MAX_CERTIFICATE).contains(&authority.certificate.len())
            });
        if holds { Ok(()) } else { Err(KeyListError::Form) }
    }

    /// Its digest, by which the next list names it; that of list 1 is HQ's identity.
    #[must_use]
    pub fn id(&self) -> Digest {
        Namespace::KeyList.digest(&[&cbor::to_vec(self)])
    }
}

impl UnverifiedKeyList {
    /// A list that nobody has signed yet.
    ///
    /// # Errors
    /// [`KeyListError::Form`].
    pub fn propose(list: KeyList) -> Result<Self, KeyListError> {
        list.check()?;
        Ok(Self { list, signatures: BTreeMap::new() })
    }

    /// Reads a list, signed or not.
    ///
    /// # Errors
    /// [`KeyListError::Envelope`], [`KeyListError::Payload`] or [`KeyListError::Form`].
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyListError> {
        if bytes.len() > MAX_KEY_LIST {
            return Err(KeyListError::Envelope);
        }
        let sign = CoseSign::from_tagged_slice(bytes).map_err(|_| KeyListError::Envelope)?;
        let payload = sign.payload.as_deref().ok_or(KeyListError::Envelope)?;
        let list: KeyList = cbor::from_versioned::<_, 1>(payload)?;
        let mut signatures = BTreeMap::new();
        for one in &sign.signatures {
            let key = one.protected.header.key_id.as_slice().try_into();
            let signature = one.signature.as_slice().try_into();
            let (Ok(key), Ok(signature)) = (key, signature) else {
                return Err(KeyListError::Envelope);
            };
            signatures.insert(key, signature);
        }
        let read = Self { list, signatures };
        // Made anew from its parts, so a list has one form: two signatures of one key, or
        // another order of them, are another.
        if read.to_bytes() != bytes {
            return Err(KeyListError::Envelope);
        }
        read.list.check()?;
        Ok(read)
    }

    /// What it says, which nobody vouches for.
    #[must_use]
    pub const fn list(&self) -> &KeyList {
        &self.list
    }

    /// A COSE_Sign (RFC 9052 section 4.1), tag 98.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let signatures = self.signatures.iter().map(|(key, signature)| {
            let mut one = unsigned(key);
            one.signature = signature.to_vec();
            one
        });
        let builder = CoseSignBuilder::new().payload(cbor::to_vec(&self.list));
        let sign = signatures.fold(builder, CoseSignBuilder::add_signature).build();
        // A list in memory fails to be written only where memory itself fails.
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

    /// Whether all who must have signed it and nobody else has: its own list keys, and those
    /// of the list `before`.
    pub(crate) fn check_signatures(&self, before: Option<&KeyList>) -> Result<(), KeyListError> {
        let lists = || [Some(&self.list), before].into_iter().flatten();
        let mut known = BTreeMap::new();
        for key in lists().flat_map(|list| &list.list_keys) {
            known.insert(list_key_id(key), key);
        }
        for (id, signature) in &self.signatures {
            let key = known.get(id).ok_or(KeyListError::Signature)?;
            if !key.verifies(&self.to_be_signed(id), signature) {
                return Err(KeyListError::Signature);
            }
        }
        let signed = |key: &&PublicKey| self.signatures.contains_key(&list_key_id(key));
        let is_enough =
            |list: &KeyList| list.list_keys.iter().filter(signed).count() >= list.threshold.into();
        if lists().all(is_enough) { Ok(()) } else { Err(KeyListError::Threshold) }
    }

    /// The Sig_structure of one signature (RFC 9052 section 4.4).
    fn to_be_signed(&self, key: &ListKeyId) -> Vec<u8> {
        let sign = CoseSignBuilder::new().payload(cbor::to_vec(&self.list)).build();
        sign.tbs_data(Namespace::KeyList.as_str().as_bytes(), &unsigned(key))
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
