//! HQ's keys as a reader knows them: a chain of [`KeyList`]s, followed from the first, and
//! what of HQ's word they make believable.
//!
//! Which of the keys signs a kind of message stands beside it: [`HqMessage`].

use minicbor::bytes::ByteVec;

use crate::HqId;
use crate::key_list::{KeyList, KeyUse, SealingTerm, SigningKey, UnverifiedKeyList};
use crate::list_signed::{KeyListError, ListSigners};
use crate::log::{CheckpointError, LogKey, SignedCheckpoint};
use crate::signed::{Message, PublicKey, Signed, SignedError, Unverified};

/// A message that HQ signs.
pub trait HqMessage: Message {
    /// Which of HQ's keys signs it.
    const KEY: KeyUse = KeyUse::Receipt;

    /// When HQ signed it, in seconds since 1970-01-01 UTC, if it says so: then the key must
    /// be one of that time.
    fn signed_at(&self) -> Option<u64> {
        None
    }
}

/// The keys of one HQ, as far as its lists are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HqKeys {
    /// None for an HQ of which only one key is known, from before there were lists.
    newest: Option<KeyList>,
    identity: HqId,
    /// The lists as they came, from the first.
    lists: Vec<ByteVec>,
    /// Every key that ever was listed, as it was listed last, the newest first.
    signing: Vec<SigningKey>,
    /// Every key to seal to that ever was listed, as it was listed last.
    sealing: Vec<SealingTerm>,
    /// Every key of the log that ever was listed, as it was listed last.
    log: Vec<LogKey>,
}

impl HqKeys {
    /// The keys of the HQ that this list founds.
    ///
    /// # Errors
    /// [`KeyListError`]; [`KeyListError::Skipped`] for any list but the first.
    pub fn found(first: &[u8]) -> Result<Self, KeyListError> {
        let read = UnverifiedKeyList::parse(first)?;
        let number = read.message().number;
        if number != 1 {
            return Err(KeyListError::Skipped { known: 0, found: number });
        }
        read.check_signatures(&[read.message().signers()])?;
        Ok(Self::begin(read.message().clone(), first))
    }

    /// The keys of the HQ with these lists, from the first on without a gap.
    ///
    /// # Errors
    /// [`KeyListError`].
    pub fn read(lists: &[ByteVec]) -> Result<Self, KeyListError> {
        let (first, further) = lists.split_first().ok_or(KeyListError::Envelope)?;
        let mut keys = Self::found(first)?;
        for list in further {
            keys.follow(list)?;
        }
        Ok(keys)
    }

    /// The same without verifying signatures, for lists that were verified before they were
    /// stored under seal.
    ///
    /// # Errors
    /// [`KeyListError`] for what is no list.
    pub fn read_verified(lists: &[ByteVec]) -> Result<Self, KeyListError> {
        let (first, further) = lists.split_first().ok_or(KeyListError::Envelope)?;
        let mut keys = Self::begin(UnverifiedKeyList::parse(first)?.message().clone(), first);
        for bytes in further {
            keys.append(UnverifiedKeyList::parse(bytes)?.message().clone(), bytes);
        }
        Ok(keys)
    }

    /// An HQ of which one key is known, which signs everything for all time: what phones
    /// and grants keep from before there were key lists.
    #[must_use]
    pub fn of_one_key(key: PublicKey) -> Self {
        let of = |key_use| SigningKey { key_use, key, from: 0, until: u64::MAX };
        let signing = [KeyUse::Credential, KeyUse::Receipt].map(of).to_vec();
        Self { signing, ..Self::of(HqId([0; 32])) }
    }

    fn begin(first: KeyList, bytes: &[u8]) -> Self {
        let mut keys = Self::of(HqId(first.id().0));
        keys.append(first, bytes);
        keys
    }

    /// Of an HQ of which no key is known yet.
    fn of(identity: HqId) -> Self {
        let (lists, signing, sealing) = (Vec::new(), Vec::new(), Vec::new());
        Self { newest: None, identity, lists, signing, sealing, log: Vec::new() }
    }

    /// Follows another list of this HQ, and says whether it was new. One that is known already
    /// changes nothing.
    ///
    /// # Errors
    /// [`KeyListError`], and nothing has changed.
    pub fn follow(&mut self, list: &[u8]) -> Result<bool, KeyListError> {
        let read = UnverifiedKeyList::parse(list)?;
        let Some(newest) = &self.newest else { return Err(KeyListError::OtherHq) };
        let (next, found) = (newest.number.saturating_add(1), read.message().number);
        if found > next {
            return Err(KeyListError::Skipped { known: newest.number, found });
        }
        if found < next {
            return self.is_known(&read).map(|()| false);
        }
        if read.message().previous != Some(newest.id()) || read.message().origin != newest.origin {
            return Err(KeyListError::OtherHq);
        }
        read.check_signatures(&[read.message().signers(), newest.signers()])?;
        let list_read = read.message().clone();
        self.append(list_read, list);
        Ok(true)
    }

    /// Whether a list of a number that is known is the one that is known. Another one that
    /// the same list keys signed contradicts it.
    fn is_known(&self, read: &UnverifiedKeyList) -> Result<(), KeyListError> {
        let at = usize::try_from(read.message().number).unwrap_or(usize::MAX);
        let known = |number: usize| {
            let bytes = self.lists.get(number.checked_sub(1)?)?;
            UnverifiedKeyList::parse(bytes).ok().map(|known| known.message().clone())
        };
        if known(at).is_some_and(|known| known.id() == read.message().id()) {
            return Ok(());
        }
        let before = known(at.saturating_sub(1));
        let goes_on = read.message().previous == before.as_ref().map(KeyList::id);
        if !goes_on || before.is_none() {
            return Err(KeyListError::OtherHq);
        }
        let lists = [read.message()].into_iter().chain(&before);
        read.check_signatures(&lists.map(KeyList::signers).collect::<Vec<_>>())?;
        Err(KeyListError::Fork)
    }

    fn append(&mut self, list: KeyList, bytes: &[u8]) {
        let is_it = |one: &SigningKey, other: &SigningKey| {
            (one.key_use, one.key) == (other.key_use, other.key)
        };
        self.signing.retain(|known| !list.signing.iter().any(|key| is_it(key, known)));
        self.signing.extend(&list.signing);
        self.signing.sort_by_key(|key| std::cmp::Reverse(key.from));
        self.sealing.retain(|known| !list.sealing.iter().any(|term| term.key == known.key));
        self.sealing.extend(list.sealing.iter().cloned());
        self.log.retain(|known| !list.log.iter().any(|key| key.key == known.key));
        self.log.extend(&list.log);
        self.lists.push(bytes.to_vec().into());
        self.newest = Some(list);
    }

    /// The list that is known of the number which this one has.
    #[must_use]
    pub fn same_number(&self, list: &[u8]) -> Option<&ByteVec> {
        let number = UnverifiedKeyList::parse(list).ok()?.message().number;
        self.lists.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// Whether it is known by its lists, and not by one key from before there were lists.
    #[must_use]
    pub const fn is_listed(&self) -> bool {
        self.newest.is_some()
    }

    /// Whether a key is, or was, one by which this HQ signs.
    #[must_use]
    pub fn names(&self, key: &PublicKey) -> bool {
        self.signing.iter().any(|known| known.key == *key)
    }

    /// Whether a key that was listed signs nothing any more at this time, in seconds since
    /// 1970-01-01 UTC.
    #[must_use]
    pub fn has_ended(&self, key: &PublicKey, now: u64) -> bool {
        let mut uses = self.signing.iter().filter(|known| known.key == *key).peekable();
        uses.peek().is_some() && uses.all(|known| known.until <= now)
    }

    /// Whether a key that was listed for the log signs no checkpoints any more at this time, in
    /// seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn has_log_key_ended(&self, key: &[u8; 32], now: u64) -> bool {
        self.log.iter().any(|known| known.key == *key && known.until <= now)
    }

    /// Whether the private half of a key to seal to is to be destroyed by this time, in seconds
    /// since 1970-01-01 UTC.
    #[must_use]
    pub fn is_destroyed(&self, key: &[u8], now: u64) -> bool {
        self.sealing.iter().any(|term| term.key.as_slice() == key && term.destroyed_at <= now)
    }

    /// Which HQ it is: the digest of its first list.
    #[must_use]
    pub const fn identity(&self) -> HqId {
        self.identity
    }

    /// The name of its log; empty where only one key is known.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.newest.as_ref().map_or("", |list| &list.origin)
    }

    /// The newest list that is known.
    #[must_use]
    pub const fn newest(&self) -> Option<&KeyList> {
        self.newest.as_ref()
    }

    /// The number of the newest list; 0 where none is known.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.newest.as_ref().map_or(0, |list| list.number)
    }

    /// The lists as they came, from the first.
    #[must_use]
    pub fn lists(&self) -> &[ByteVec] {
        &self.lists
    }

    /// The key by which HQ signs at this time, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn signing_key(&self, key_use: KeyUse, at: u64) -> Option<&PublicKey> {
        let mut keys = self.signing.iter().filter(|key| key.key_use == key_use);
        keys.find(|key| (key.from..key.until).contains(&at)).map(|key| &key.key)
    }

    /// The key that signs checkpoints at this time, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn log_key(&self, at: u64) -> Option<&[u8; 32]> {
        let mut keys = self.log.iter().rev();
        keys.find(|key| (key.from..key.until).contains(&at)).map(|key| &key.key)
    }

    /// The key to seal to at this time, in seconds since 1970-01-01 UTC; none where no list is
    /// known. A clock that is behind all of them gets the oldest.
    #[must_use]
    pub fn sealing_key(&self, at: u64) -> Option<&[u8]> {
        let terms = &self.newest.as_ref()?.sealing;
        let begun = terms.iter().rev().find(|term| term.from <= at);
        begun.or_else(|| terms.first()).map(|term| term.key.as_slice())
    }

    /// The certificates (DER) of the authorities from which the certificate of HQ's server may
    /// come, of the newest list.
    pub fn authorities(&self) -> impl Iterator<Item = &[u8]> {
        let authorities = self.newest.iter().flat_map(|list| &list.authorities);
        authorities.map(|authority| authority.certificate.as_slice())
    }

    /// Reads a checkpoint and checks that this HQ's log key of its time signed it.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn open_checkpoint(&self, bytes: &[u8]) -> Result<SignedCheckpoint, CheckpointError> {
        SignedCheckpoint::open(bytes, self.origin(), &self.log)
    }

    /// The keys that sign lists, as the newest list has them that was made by this time, in
    /// seconds since 1970-01-01 UTC; none where no list is known, or all are later.
    #[must_use]
    pub fn list_signers(&self, at: u64) -> Option<ListSigners> {
        let lists =
            self.lists.iter().rev().filter_map(|bytes| UnverifiedKeyList::parse(bytes).ok());
        let mut made = lists.map(|read| read.message().clone()).filter(|list| list.at <= at);
        made.next().map(|list| list.signers())
    }

    /// Reads a message and checks that this HQ signed it.
    ///
    /// # Errors
    /// [`SignedError`].
    pub fn open<T: HqMessage>(&self, bytes: &[u8]) -> Result<Signed<T>, SignedError> {
        self.verify(Unverified::parse(bytes)?)
    }

    /// Checks that this HQ signed a message.
    ///
    /// # Errors
    /// [`SignedError::Signature`].
    pub fn verify<T: HqMessage>(&self, message: Unverified<T>) -> Result<Signed<T>, SignedError> {
        let at = message.claims().signed_at();
        let may = |key: &&SigningKey| {
            let is_of_then = at.is_none_or(|at| (key.from..key.until).contains(&at));
            key.key_use == T::KEY && is_of_then
        };
        message.verify_by(self.signing.iter().filter(may).map(|key| &key.key))
    }
}

/// An HQ's fingerprint: the first 128 bits of its identity as eight groups of five decimal
/// digits, each group 16 bits with the highest first. Digits can be said over the telephone
/// in any language, and typed on any keyboard.
#[must_use]
pub fn fingerprint(hq: &HqId) -> String {
    let (pairs, _) = hq.0.as_chunks::<2>();
    let groups: Vec<String> =
        pairs.iter().take(8).map(|pair| format!("{:05}", u16::from_be_bytes(*pair))).collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_eight_groups_of_five_digits() {
        let mut bytes = [0xff; 32];
        bytes[..4].copy_from_slice(&[0, 0, 0, 42]);
        let said = fingerprint(&HqId(bytes));
        assert_eq!(said, "00000 00042 65535 65535 65535 65535 65535 65535");
    }
}
