//! Refusal: what an envelope must be so that HQ keeps the event in it. It needs no
//! database.

use crewseal_custody::cbor::CborError;
use crewseal_custody::envelope::{AttachmentKey, Entry, Envelope};
use crewseal_custody::signed::{Signed, SignedError, Unverified};
use crewseal_custody::{Credential, Event, Refusal, Refused, admit};

use super::epochs::Epochs;

/// What was in an envelope.
pub(super) struct OpenedEntry {
    pub(super) event: Signed<Event>,
    /// Of the attachments that the event names.
    pub(super) keys: Vec<AttachmentKey>,
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
    // No counter of acts comes to 2^63, where the database's numbers end.
    if i64::try_from(claims.sequence).is_err() {
        return Err(Refusal::Malformed);
    }
    let event = admit(event, |_| credential).map_err(|refused| match refused {
        Refused::UnknownDevice => Refusal::UnknownDevice,
        Refused::Signed(SignedError::Signature) => Refusal::Signature,
        Refused::Signed(_) => Refusal::Malformed,
    })?;
    // The event is signed, the keys beside it are not: they serve what it names.
    let mut keys = entry.keys;
    keys.retain(|key| event.attachments.contains(&key.digest));
    Ok(OpenedEntry { event, keys })
}
