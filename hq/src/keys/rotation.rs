//! The keyring by its key lists: the first list, the next one, and what becomes of private
//! keys by them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crewseal_custody::cbor::Version;
use crewseal_custody::envelope::{OpeningKey, SealingKey};
use crewseal_custody::log::LogKey;
use crewseal_custody::signed::PublicKey;
use crewseal_custody::{
    HqKeys, KeyList, KeyUse, SealingTerm, SigningKey, TlsAuthority, UnverifiedKeyList,
};
use minicbor::bytes::ByteVec;
use rustls::ServerConfig;

use super::authority::{AUTHORITY_DAYS, Authority};
use super::{FILE, Keyring, Keys, ListKey, list_key};
use crate::error::{HqError, KeysError};

const DAY: u64 = 86_400;
/// How long a key may sign, and be sealed to, if nobody exchanges it: ten years.
const TERM: u64 = 10 * 365 * DAY;
/// How long after its end a sealing key is destroyed: so long a phone may have been offline.
const OPENED_FOR: u64 = 180 * DAY;
/// How long before HQ's server uses a new authority phones are told of it.
const AUTHORITY_LEAD: u64 = 180 * DAY;

/// What the next key list exchanges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Keys that sign, by what they sign.
    pub signing: BTreeSet<KeyUse>,
    /// The key to which phones seal. The one before is destroyed 180 days after.
    pub sealing: bool,
    /// The authority of HQ's server. Phones learn of it at once, and it is used 180 days
    /// later.
    pub authority: bool,
    /// The key of the log.
    pub log: bool,
    /// The list keys, and how many of them must sign.
    pub list_keys: Option<(BTreeSet<PublicKey>, u8)>,
    /// When the new keys begin, in seconds since 1970-01-01 UTC; after now in any case. Phones
    /// that learn of them before that believe each other all the time.
    pub from: u64,
}

/// Founds an HQ: draws its keys into the directory, with the first list key beside them, and
/// makes its first key list.
pub(crate) fn found(dir: &Path, origin: &str, now: u64) -> Result<(Keyring, Vec<u8>), HqError> {
    let private = Keys::draw(now)?;
    let (list, listed) = first_list(dir, &private, origin, now)?;
    private.write(&dir.join(FILE))?;
    Ok((Keyring { private, listed: listed.into() }, list))
}

/// The first list, of an HQ that is founded now or was before there were lists: then one key
/// signs everything.
fn first_list(
    dir: &Path,
    private: &Keys,
    origin: &str,
    now: u64,
) -> Result<(Vec<u8>, HqKeys), HqError> {
    let path = dir.join(list_key::FILE);
    // One is there where the founding was cut short.
    let list_key = if path.try_exists()? { ListKey::read(&path)? } else { ListKey::draw(&path)? };
    let keys = private.signing.iter().map(|one| one.public).cycle();
    let until = now.saturating_add(TERM);
    let signing = [KeyUse::Credential, KeyUse::Receipt].into_iter().zip(keys);
    let sealing = private.opening.first().ok_or(KeysError::Unreadable)?;
    let authority = private.authorities.first().ok_or(KeysError::Unreadable)?;
    let list = KeyList {
        version: Version,
        number: 1,
        previous: None,
        origin: origin.to_owned(),
        at: now,
        list_keys: vec![*list_key.public()],
        threshold: 1,
        signing: signing
            .map(|(key_use, key)| SigningKey { key_use, key, from: 0, until })
            .collect(),
        sealing: vec![SealingTerm {
            key: sealing.public().to_bytes().into(),
            from: 0,
            destroyed_at: until,
        }],
        authorities: vec![TlsAuthority {
            certificate: authority.certificate().to_vec().into(),
            from: 0,
            until: now.saturating_add(u64::from(AUTHORITY_DAYS) * DAY),
        }],
        log: private.log.iter().map(|one| LogKey { key: one.public, from: 0, until }).collect(),
    };
    let mut list = UnverifiedKeyList::propose(list)?;
    list_key.sign(&mut list)?;
    let bytes = list.to_bytes();
    let listed = HqKeys::found(&bytes)?;
    Ok((bytes, listed))
}

impl Keyring {
    /// The keys in the directory of an HQ with these lists.
    pub(crate) fn read(dir: &Path, lists: &[ByteVec], now: u64) -> Result<Self, HqError> {
        let keyring = Self::of(Keys::read(&dir.join(FILE))?, lists)?;
        if keyring.is_whole(now) {
            return Ok(keyring);
        }
        // An older file of this HQ's, or another's.
        let mut keys = keyring.private.signing.iter();
        let is_ours = keys.any(|one| keyring.listed.names(&one.public));
        Err(if is_ours { KeysError::Gone } else { KeysError::OtherHq }.into())
    }

    /// These private keys, by these lists.
    pub(crate) fn of(private: Keys, lists: &[ByteVec]) -> Result<Self, HqError> {
        Ok(Self { private, listed: HqKeys::read(lists)?.into() })
    }

    /// The first list of an HQ from before there were lists, which was founded by this key.
    pub(crate) fn found_late(
        dir: &Path,
        (origin, founding): (&str, &PublicKey),
        now: u64,
    ) -> Result<(Self, Vec<u8>), HqError> {
        let mut private = Keys::read(&dir.join(FILE))?;
        if private.signing.first().is_none_or(|one| one.public != *founding) {
            return Err(KeysError::OtherHq.into());
        }
        if private.log.is_empty() {
            private.draw_log()?;
            private.write(&dir.join(FILE))?;
        }
        let (list, listed) = first_list(dir, &private, origin, now)?;
        Ok((Self { private, listed: listed.into() }, list))
    }

    /// The next list, with new keys as asked, and all private keys with those.
    pub(crate) fn next(
        self,
        rotation: &Rotation,
        now: u64,
    ) -> Result<(Keys, UnverifiedKeyList), HqError> {
        let Self { mut private, listed } = self;
        // What was signed in this second keeps a key of its time.
        let from = rotation.from.max(now.saturating_add(1));
        let before = listed.newest().ok_or(KeysError::Unreadable)?;
        let (list_keys, threshold) = match &rotation.list_keys {
            Some((keys, threshold)) => (keys.iter().copied().collect(), *threshold),
            None => (before.list_keys.clone(), before.threshold),
        };
        let list = KeyList {
            version: Version,
            number: before.number.saturating_add(1),
            previous: Some(before.id()),
            origin: before.origin.clone(),
            at: now,
            list_keys,
            threshold,
            signing: next_signing(before, rotation, (now, from), &mut private)?,
            sealing: next_sealing(before, rotation, (now, from), &mut private)?,
            authorities: next_authorities(before, rotation, now, &mut private)?,
            log: next_log(before, rotation, (now, from), &mut private)?,
        };
        Ok((private, UnverifiedKeyList::propose(list)?))
    }

    /// Whether there are private keys here whose end has come.
    pub(crate) fn has_ended_keys(&self, now: u64) -> bool {
        let signing =
            self.private.signing.iter().any(|one| self.listed.has_ended(&one.public, now));
        let log =
            self.private.log.iter().any(|one| self.listed.has_log_key_ended(&one.public, now));
        signing || log || self.private.opening.iter().any(|one| self.is_destroyed(one, now))
    }

    /// Lets go of them.
    pub(crate) fn drop_ended_keys(mut self, now: u64) -> Self {
        let opening = std::mem::take(&mut self.private.opening);
        let kept = opening.into_iter().filter(|one| !self.is_destroyed(one, now));
        let opening = kept.collect();
        self.private.opening = opening;
        self.private.signing.retain(|one| !self.listed.has_ended(&one.public, now));
        self.private.log.retain(|one| !self.listed.has_log_key_ended(&one.public, now));
        self
    }

    fn is_destroyed(&self, key: &OpeningKey, now: u64) -> bool {
        self.listed.is_destroyed(&key.public().to_bytes(), now)
    }

    /// Whether the private halves of all keys are here that HQ may need from now on.
    pub(crate) fn is_whole(&self, now: u64) -> bool {
        let Self { private, listed } = self;
        let Some(newest) = listed.newest() else { return false };
        let signs = |key: &SigningKey| {
            key.until <= now || private.signing.iter().any(|one| one.public == key.key)
        };
        let opens = |term: &SealingTerm| {
            let id = SealingKey::from_bytes(&term.key).map(|key| key.id());
            term.destroyed_at <= now || id.is_ok_and(|id| private.opening(id).is_some())
        };
        let certifies = |authority: &TlsAuthority| {
            let is_it = |one: &Authority| one.certificate() == authority.certificate.as_slice();
            authority.until <= now || private.authorities.iter().any(is_it)
        };
        let logs =
            |key: &LogKey| key.until <= now || private.log.iter().any(|one| one.public == key.key);
        newest.signing.iter().all(signs)
            && newest.log.iter().all(logs)
            && newest.sealing.iter().all(opens)
            && newest.authorities.iter().all(certifies)
    }

    /// TLS for this machine and `names`, from `now` on, with a fresh key, by the authority
    /// that the newest list has for this time.
    pub(crate) fn tls(&self, names: &[String], now: u64) -> Result<ServerConfig, HqError> {
        let certificate = self.authority(now)?;
        let is_it = |one: &&Authority| one.certificate() == certificate;
        let authority = self.private.authorities.iter().find(is_it).ok_or(KeysError::Gone)?;
        let (certificate, key) = authority.certify(names, now).ok_or(HqError::ServerName)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|tls| tls.with_no_client_auth().with_single_cert(vec![certificate], key))
            .map_err(|_| HqError::ServerName)?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(tls)
    }

    /// The certificate of the authority that the server uses at this time.
    pub(crate) fn authority(&self, now: u64) -> Result<&[u8], HqError> {
        let listed = self.listed.newest().map(|list| list.authorities.as_slice());
        let all = listed.unwrap_or_default().iter();
        let of_now = all.filter(|one| (one.from..one.until).contains(&now));
        let newest = of_now.max_by_key(|one| one.from).ok_or(KeysError::Ended)?;
        Ok(&newest.certificate)
    }
}

fn next_signing(
    before: &KeyList,
    rotation: &Rotation,
    (now, from): (u64, u64),
    private: &mut Keys,
) -> Result<Vec<SigningKey>, HqError> {
    let mut signing: Vec<_> =
        before.signing.iter().filter(|key| now < key.until).copied().collect();
    for key_use in &rotation.signing {
        // One that was to begin later ends as it begins: who stole the file has it, too.
        for key in signing.iter_mut().filter(|key| key.key_use == *key_use) {
            key.until = key.until.min(from.max(key.from));
        }
        let (key_use, key) = (*key_use, private.draw_signing()?);
        signing.push(SigningKey { key_use, key, from, until: from.saturating_add(TERM) });
    }
    Ok(signing)
}

fn next_sealing(
    before: &KeyList,
    rotation: &Rotation,
    (now, from): (u64, u64),
    private: &mut Keys,
) -> Result<Vec<SealingTerm>, HqError> {
    let mut sealing: Vec<_> =
        before.sealing.iter().filter(|term| now < term.destroyed_at).cloned().collect();
    if rotation.sealing {
        // Phones that know a later one from the list before may have sealed to it by then; HQ
        // keeps what opens it.
        sealing.retain(|term| term.from < from);
        for term in &mut sealing {
            term.destroyed_at = term.destroyed_at.min(from.saturating_add(OPENED_FOR));
        }
        let key = private.draw_opening()?.into();
        sealing.push(SealingTerm { key, from, destroyed_at: from.saturating_add(TERM) });
    }
    Ok(sealing)
}

fn next_authorities(
    before: &KeyList,
    rotation: &Rotation,
    now: u64,
    private: &mut Keys,
) -> Result<Vec<TlsAuthority>, HqError> {
    let mut authorities: Vec<_> =
        before.authorities.iter().filter(|one| now < one.until).cloned().collect();
    if rotation.authority {
        let certificate = private.draw_authority(now)?.into();
        let until = now.saturating_add(u64::from(AUTHORITY_DAYS) * DAY);
        let from = now.saturating_add(AUTHORITY_LEAD);
        authorities.push(TlsAuthority { certificate, from, until });
    }
    Ok(authorities)
}

fn next_log(
    before: &KeyList,
    rotation: &Rotation,
    (now, from): (u64, u64),
    private: &mut Keys,
) -> Result<Vec<LogKey>, HqError> {
    let mut log: Vec<_> = before.log.iter().filter(|key| now < key.until).copied().collect();
    if rotation.log {
        // Without one there is no log, so the first begins at once.
        let from = if log.is_empty() { now } else { from };
        for key in &mut log {
            key.until = key.until.min(from.max(key.from));
        }
        log.push(LogKey { key: private.draw_log()?, from, until: from.saturating_add(TERM) });
    }
    Ok(log)
}
