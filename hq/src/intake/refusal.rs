//! Refusal: what an envelope must be so that HQ keeps the event in it. It needs no
//! database.

use crewseal_custody::cbor::CborError;
use crewseal_custody::envelope::{AttachmentKey, Entry, Envelope};
use crewseal_custody::signed::{Signed, SignedError, Unverified};
use crewseal_custody::{Credential, Event, MAX_SEQUENCE, Refusal, Refused, Statement, attribute};
use minicbor::bytes::ByteVec;

use super::epochs::Epochs;

/// What was in an envelope.
pub(super) struct OpenedEntry {
    pub(super) event: Signed<Event>,
    /// Of the attachments that the event names.
    pub(super) keys: Vec<AttachmentKey>,
    /// What the event names by its digest, if it is that.
    pub(super) statement: Option<ByteVec>,
    /// What the other side signed that the event answers, not verified yet.
    pub(super) counterpart: Option<Unverified<Event>>,
}

/// The event in an envelope, if the device on its address signed it.
pub(super) fn read(
    envelope: &Envelope,
    epochs: &mut Epochs<'_>,
    credential: Option<&Credential>,
) -> Result<OpenedEntry, Refusal> {
    let content = epochs.open(envelope).ok_or(Refusal::Unreadable)?;
    let entry = Entry::read(&content).map_err(|error| match error {
        CborError::Version { .. } => Refusal::UnknownVersion,
        _ => Refusal::Malformed,
    })?;
    let event = Unverified::<Event>::parse(&entry.event).map_err(|error| match error {
        SignedError::Payload(CborError::Version { .. }) => Refusal::UnknownVersion,
        _ => Refusal::Malformed,
    })?;
    let (address, claims) = (envelope.address(), event.claims());
    if address.event != event.id()
        || address.device != claims.device
        || address.generation != claims.generation
        || address.sequence != claims.sequence
    {
        return Err(Refusal::Mislabelled);
    }
    // There is no column for a higher number.
    if claims.sequence > MAX_SEQUENCE {
        return Err(Refusal::Malformed);
    }
    let event = attribute(event, |_| credential).map_err(|refused| match refused {
        Refused::UnknownDevice => Refusal::UnknownDevice,
        Refused::Signed(SignedError::Signature) => Refusal::Signature,
        Refused::Signed(_) => Refusal::Malformed,
    })?;
    // The event is signed, the keys beside it are not: they serve what it names.
    let mut keys = entry.keys;
    keys.retain(|key| event.attachments.contains(&key.digest));
    let statement = entry.statement.filter(|bytes| {
        event.statement.is_some_and(|digest| Statement::read(bytes, &digest).is_ok())
    });
    let counterpart = entry.counterpart.and_then(|bytes| Unverified::parse(&bytes).ok());
    // Nothing but what it answers comes with it.
    let counterpart = counterpart.filter(|other| event.about == Some(other.id()));
    Ok(OpenedEntry { event, keys, statement, counterpart })
}
