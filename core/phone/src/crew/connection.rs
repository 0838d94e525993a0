//! The connection to HQ: where it answers, by which keys it is believed, and how both go on
//! when HQ lists new keys.

use std::sync::Arc;

use crewseal_custody::cbor;
use crewseal_custody::delivery_grant::{Endpoint, StoredGrant};
use crewseal_custody::wire::KeyLists;
use crewseal_custody::{Contradiction, HqKeys, KeyListError};
use minicbor::bytes::ByteVec;

use super::CrewError;
use super::contradictions;
use super::persisted::{
    ENROLMENT, Enrolment, KeptTick, ONLY, TICK, read_enrolment, read_origin, stored,
};
use super::phone::{Crew, Phone, State};
use crate::blocking_pool;
use crate::outbox::delivery_grant;
use crate::sync::{Audience, Client};
use crate::vault::Transaction;

/// A client of HQ's, and the keys by which HQ's answers are believed.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) client: Arc<Client>,
    pub(super) keys: HqKeys,
}

impl Crew {
    /// Follows key lists that came in a file and not from HQ's server: for a phone that was
    /// offline for so long that it trusts none of the server's authorities any more.
    ///
    /// # Errors
    /// [`CrewError::HqKeys`] for lists that are not this HQ's, and nothing changes;
    /// [`CrewError::Contradiction`] for two lists of one number, of which both are kept.
    pub fn follow_key_lists(&self, lists: &[u8]) -> Result<(), CrewError> {
        let lists: KeyLists = cbor::from_versioned::<_, 1>(lists).map_err(KeyListError::from)?;
        self.phone.keep_key_lists(&lists.lists)
    }

    /// The number of the newest of HQ's key lists that this phone goes by; 0 where it knows
    /// none.
    ///
    /// # Errors
    /// [`CrewError::NotEnrolled`], [`CrewError::Store`].
    pub fn key_list(&self) -> Result<u32, CrewError> {
        let keys = self.phone.state()?.store.transaction(|t| read_enrolment(t)?.keys())?;
        Ok(keys.number())
    }

    /// The connection as it is known here; nobody is asked.
    pub(super) async fn connection(&self) -> Result<Connection, CrewError> {
        let phone = Arc::clone(&self.phone);
        blocking_pool::run(move || phone.connection()).await
    }

    /// The connection to deliver by; nobody is asked.
    pub(super) async fn delivery_connection(&self) -> Result<Connection, CrewError> {
        let phone = Arc::clone(&self.phone);
        blocking_pool::run(move || phone.delivery_connection()).await
    }

    /// Prepares a connection for use. A phone that enrolled before there were key lists fetches
    /// them first, since its claims name HQ by the first list; one that delivers by a grant
    /// fetches them because it has no session that would tell it of new ones.
    pub(super) async fn ready(&self, mut connection: Connection) -> Result<Connection, CrewError> {
        if !connection.client.is_with_sessions() || !connection.keys.is_listed() {
            self.fetch_key_lists(&mut connection).await?;
            return self.delivery_connection().await;
        }
        Ok(connection)
    }

    /// Fetches newer key lists if the session told of any. Call it after an answer and before
    /// verifying it: HQ may have signed with a new key.
    pub(super) async fn follow_keys(&self, connection: &mut Connection) -> Result<(), CrewError> {
        if connection.client.key_list() <= connection.keys.number() {
            return Ok(());
        }
        self.fetch_key_lists(connection).await
    }

    async fn fetch_key_lists(&self, connection: &mut Connection) -> Result<(), CrewError> {
        let told = connection.client.key_lists(connection.keys.number()).await;
        let lists = told.map_err(|error| self.phone.failed(error))?.lists;
        let phone = Arc::clone(&self.phone);
        let newest = blocking_pool::run(move || {
            phone.keep_key_lists(&lists)?;
            phone.delivery_connection()
        });
        connection.keys = newest.await?.keys;
        Ok(())
    }
}

impl Phone {
    pub(super) fn connection(&self) -> Result<Connection, CrewError> {
        let mut state = self.state()?;
        let State { store, client, .. } = &mut *state;
        let (endpoint, origin, known_time) = store.transaction(|t| {
            let enrolment = read_enrolment(t)?;
            let endpoint = enrolment.endpoint()?;
            let origin = read_origin(t, &enrolment)?;
            Ok::<_, CrewError>((endpoint, origin, self.least_time(t)?))
        })?;
        let client = match client {
            Some(known) => Arc::clone(known),
            None => {
                let audience = Audience { hq: endpoint.keys.identity(), origin };
                let clock = Arc::clone(&self.clock);
                let made = Client::new(&endpoint.url, &endpoint.authorities, audience, clock);
                Arc::clone(client.insert(Arc::new(made.map_err(CrewError::for_good)?)))
            }
        };
        client.note_time(known_time);
        Ok(Connection { client, keys: endpoint.keys })
    }

    /// This device's own or, on a phone that is not enrolled, that of the delivery grant which
    /// the device before left.
    pub(super) fn delivery_connection(&self) -> Result<Connection, CrewError> {
        match self.connection() {
            Err(CrewError::NotEnrolled) => {}
            known => return known,
        }
        let grant =
            self.state()?.store.transaction(|t| Ok::<_, CrewError>(delivery_grant::read(t)?))?;
        let grant = grant.ok_or(CrewError::NotEnrolled)?;
        let client =
            Client::delivering(&grant, Arc::clone(&self.clock)).map_err(CrewError::for_good)?;
        Ok(Connection { client: Arc::new(client), keys: grant.endpoint.keys })
    }

    /// A lower bound of HQ's time, in seconds since 1970-01-01 UTC: its newest tick plus what
    /// the monotonic clock has counted since. 0 before there is a tick.
    fn least_time(&self, t: &Transaction<'_>) -> Result<u64, CrewError> {
        let Some(kept) = t.get(TICK, ONLY)? else { return Ok(0) };
        let kept: KeptTick = stored(&kept)?;
        let (boot, millis) = self.clock.since_boot();
        let passed = if boot == kept.boot { millis.saturating_sub(kept.millis) / 1_000 } else { 0 };
        Ok(kept.at()?.saturating_add(passed))
    }

    /// Follows further lists of this HQ, some of which may be known already.
    pub(super) fn keep_key_lists(&self, lists: &[ByteVec]) -> Result<(), CrewError> {
        let state = &mut *self.state()?;
        let followed = state.store.transaction(|t| match read_enrolment(t) {
            Ok(enrolment) => follow(t, enrolment, lists),
            Err(CrewError::NotEnrolled) => follow_by_grant(t, lists),
            Err(error) => Err(error),
        })?;
        match followed {
            Followed::Known => {}
            // Sealed to the newest key from now on, and asked where the newest list says.
            Followed::New => (state.epoch, state.client, state.act_cache) = (None, None, None),
            Followed::Contradicts => {
                return Err(CrewError::Contradiction(Contradiction::KeyLists));
            }
        }
        Ok(())
    }
}

/// What came of lists.
enum Followed {
    Known,
    New,
    /// One of them contradicts one that is known; both are kept.
    Contradicts,
}

fn follow(
    t: &mut Transaction<'_>,
    mut enrolment: Enrolment,
    lists: &[ByteVec],
) -> Result<Followed, CrewError> {
    let mut keys = enrolment.keys()?;
    let before = keys.number();
    if !keys.is_listed() {
        keys = founded(t, &enrolment, lists)?;
    }
    for list in lists {
        match keys.follow(list) {
            Err(KeyListError::Fork) => {
                keep_contradiction(t, &keys, list)?;
                return Ok(Followed::Contradicts);
            }
            followed => followed?,
        };
    }
    if keys.number() == before {
        return Ok(Followed::Known);
    }
    enrolment.key_lists = keys.lists().to_vec();
    (enrolment.authority, enrolment.hq, enrolment.sealing_key) = (None, None, None);
    t.put(ENROLMENT, ONLY, None, &cbor::to_vec(&enrolment))?;
    Ok(Followed::New)
}

/// The keys of the HQ at which this phone enrolled before there were key lists: its first list
/// must name the one key that is known.
fn founded(
    t: &Transaction<'_>,
    enrolment: &Enrolment,
    lists: &[ByteVec],
) -> Result<HqKeys, CrewError> {
    let first = lists.first().ok_or(KeyListError::OtherHq)?;
    let keys = HqKeys::found(first)?;
    let is_ours = enrolment.hq.is_some_and(|known| keys.names(&known));
    let is_of_log = keys.origin() == read_origin(t, enrolment)?;
    if is_ours && is_of_log { Ok(keys) } else { Err(KeyListError::OtherHq.into()) }
}

fn follow_by_grant(t: &mut Transaction<'_>, lists: &[ByteVec]) -> Result<Followed, CrewError> {
    let grant = delivery_grant::read(t)?.ok_or(CrewError::NotEnrolled)?;
    let StoredGrant { endpoint: Endpoint { url, mut keys, .. }, token, until } = grant;
    let mut is_new = false;
    for list in lists {
        is_new |= keys.is_listed() && keys.follow(list)?;
    }
    if !is_new {
        return Ok(Followed::Known);
    }
    let grant = StoredGrant { endpoint: Endpoint::of(url, keys), token, until };
    delivery_grant::keep(t, &grant.to_bytes())?;
    Ok(Followed::New)
}

/// Keeps the list that is known and the one of the same number that was refused.
fn keep_contradiction(
    t: &mut Transaction<'_>,
    keys: &HqKeys,
    refused: &ByteVec,
) -> Result<(), CrewError> {
    let kept = keys.same_number(refused).cloned().ok_or(KeyListError::OtherHq)?;
    contradictions::keep(t, None, (&kept, refused)).map(drop)
}

#[cfg(test)]
mod tests;
