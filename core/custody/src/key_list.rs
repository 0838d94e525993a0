//! Key lists: which keys are HQ's, and for how long.
//!
//! List 1 founds an HQ, and its digest is the HQ's identity. Each further list is signed by a
//! threshold of the list keys of the one before, and of its own. List keys lie offline and
//! sign nothing else, so whoever breaks into HQ's server gets keys that the next list ends,
//! and cannot say which keys come next.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::cbor::{self, Version};
use crate::list_signed::{KeyListError, ListMessage, ListSigned, ListSigners};
use crate::log::LogKey;
use crate::signed::{Digest, Message, Namespace, PublicKey};

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
    /// The keys that sign checkpoints of HQ's log. One of an earlier list that is missing here
    /// stays as that list had it. None in lists from before there was a log.
    #[n(10)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub log: Vec<LogKey>,
}

/// A key list that nobody vouches for yet.
pub type UnverifiedKeyList = ListSigned<KeyList>;

impl Message for KeyList {
    const NAMESPACE: Namespace = Namespace::KeyList;
}

impl ListMessage for KeyList {
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
            && self.log.len() <= MOST_KEYS
            && self.log.iter().all(|key| key.from <= key.until)
            && self.authorities.iter().all(|authority| {
                authority.from < authority.until
                    && (1..=MAX_CERTIFICATE).contains(&authority.certificate.len())
            });
        if holds { Ok(()) } else { Err(KeyListError::Form) }
    }
}

impl KeyList {
    /// The keys that sign lists, and how many of them must.
    #[must_use]
    pub fn signers(&self) -> ListSigners {
        ListSigners { keys: self.list_keys.clone(), threshold: self.threshold }
    }

    /// Its digest, by which the next list names it; that of list 1 is HQ's identity.
    #[must_use]
    pub fn id(&self) -> Digest {
        Namespace::KeyList.digest(&[&cbor::to_vec(self)])
    }
}
