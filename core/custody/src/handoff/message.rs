//! What travels from screen to camera.
//!
//! An event is signed whole, and stored and verified whole. But the other phone
//! knows much of it already: an offer's receiver knows his own device, an
//! acceptance's giver knows the offer. Such fields are left out on the way and
//! put back on arrival, and the signature says whether they were the right
//! ones. That is what lets an offer of hundreds of boxes fit into one QR.
//!
//! Each message begins with four bytes of what it answers, so that a QR of
//! another handoff is told apart from a damaged one before any signature is
//! checked.

use std::collections::BTreeMap;

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

use super::fields::{Fields, join, split};
use crate::cbor::{self, CborError, Version, Versions};
use crate::hq_keys::HqKeys;
use crate::log::TreeHead;
use crate::signed::{PublicKey, Signed, SignedError, Unverified};
use crate::{
    BoxList, CarrierId, Commitment, Credential, DeviceId, Event, EventKind, EventVersion, JobId,
    Manifests, Qualifications, Role, Salt, SignOffRequest, Subject, Tick, Voucher,
};

/// Why bytes are no message of this handoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not such a message, or of another format.
    #[error("{0}")]
    Cbor(#[from] CborError),
    /// It answers something else than what was shown here.
    #[error("a message of another handoff")]
    OtherHandoff,
    /// An event's fields are not those that such a message leaves out or in.
    #[error("the message has other fields than it should")]
    Fields,
    /// A tick or credential inside.
    #[error("{0}")]
    Signed(#[from] SignedError),
}

/// HELLO: the receiver names himself and binds himself.
#[derive(Debug, Clone)]
pub struct Hello {
    /// The receiver's device.
    pub device: DeviceId,
    /// What he will open in his acceptance.
    pub commitment: Commitment,
    /// The newest tick of HQ that he has. Left out where the credential travels,
    /// for want of room; his acceptance brings it then.
    pub tick: Option<Signed<Tick>>,
    /// His credential, if the giver may not know it.
    pub credential: Option<Signed<Credential>>,
    /// Which version of the manifest he has of each job that is open on his phone, so
    /// that the giver names boxes as he knows them. None: he does not say.
    pub manifests: Option<ManifestVersions>,
}

/// Numbers of manifests' versions, by the first bytes of the job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct ManifestVersions(BTreeMap<ByteArray<3>, u32>);

impl ManifestVersions {
    /// The newest version of each of these manifests.
    pub fn of<'m>(manifests: impl IntoIterator<Item = &'m Manifests>) -> Self {
        let newest = manifests.into_iter().filter_map(Manifests::newest);
        Self(newest.map(|newest| (start(newest.job), newest.number)).collect())
    }

    /// The version of a job's manifest; 0 if there is none.
    #[must_use]
    pub fn version(&self, job: JobId) -> u32 {
        self.0.get(&start(job)).copied().unwrap_or_default()
    }
}

fn start(job: JobId) -> ByteArray<3> {
    job.0.first_chunk().copied().unwrap_or_default().into()
}

/// A tick without what both phones know, its origin, and its version, which the log tells.
#[derive(Encode, Decode)]
#[cbor(array)]
struct TickWire {
    #[n(0)]
    number: u64,
    #[n(1)]
    at: u64,
    #[n(2)]
    nonce: Salt,
    #[n(3)]
    signature: ByteArray<64>,
    #[n(4)]
    log: Option<TreeHead>,
    #[n(5)]
    epoch: Option<u64>,
}

impl TickWire {
    fn of(tick: &Signed<Tick>) -> Self {
        let (_, signature) = tick.parts();
        let Tick { number, at, nonce, log, epoch, .. } = **tick;
        Self { number, at, nonce, signature: signature.into(), log, epoch }
    }

    fn open(self, origin: &str, hq: &HqKeys) -> Result<Signed<Tick>, SignedError> {
        let Self { number, at, nonce, signature, log, epoch } = self;
        let origin = origin.to_owned();
        let version = Tick::version_with(log.as_ref());
        let tick = Tick { version, origin, number, at, nonce, log, epoch };
        hq.verify(Unverified::of_parts(&cbor::to_vec(&tick), signature.into())?)
    }
}

/// A credential with its keys in half their length, which makes a QR two versions
/// smaller. HQ signed it with the keys whole.
#[derive(Encode, Decode)]
#[cbor(array)]
struct CredentialWire {
    /// x of the act key, x of the handoff key, and HQ's signature.
    #[n(0)]
    keys_and_signature: ByteArray<128>,
    /// 1 if the act key's y is odd, and 2 more if the handoff key's is.
    #[n(1)]
    odd: u8,
    #[n(2)]
    pseudonym: String,
    #[n(3)]
    role: Role,
    #[n(4)]
    valid_from: u64,
    #[n(5)]
    valid_to: u64,
    #[n(6)]
    qualifications: Option<Qualifications>,
    /// Left out where it is the one of a device whose credential names none.
    #[n(7)]
    carrier: Option<CarrierId>,
    /// None in the first format.
    #[n(8)]
    serial: Option<u64>,
    #[n(9)]
    voucher: Option<Voucher>,
}

impl CredentialWire {
    fn of(credential: &Signed<Credential>) -> Self {
        let (_, signature) = credential.parts();
        let Credential { pseudonym, qualifications, .. } = Credential::clone(credential);
        let (act, is_act_odd) = credential.act_key.compressed();
        let (handoff, is_handoff_odd) = credential.handoff_key.compressed();
        let mut keys_and_signature = [0; 128];
        let parts = act.iter().chain(&handoff).chain(&signature);
        keys_and_signature.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
        Self {
            keys_and_signature: keys_and_signature.into(),
            odd: u8::from(is_act_odd) | u8::from(is_handoff_odd) << 1,
            pseudonym,
            role: credential.role,
            valid_from: credential.valid_from,
            valid_to: credential.valid_to,
            qualifications,
            carrier: Some(credential.carrier)
                .filter(|carrier| *carrier != CarrierId::of_device(credential.device())),
            serial: Some(credential.serial).filter(|_| credential.version == Versions::NEWEST),
            voucher: credential.voucher,
        }
    }

    fn open(self, hq: &HqKeys) -> Result<Signed<Credential>, MessageError> {
        let [parts @ .., _, _] = self.keys_and_signature.as_chunks::<32>().0 else {
            return Err(MessageError::Fields);
        };
        let signature = self.keys_and_signature.last_chunk::<64>();
        let ([act, handoff], Some(signature), 0..4) = (parts, signature, self.odd) else {
            return Err(MessageError::Fields);
        };
        let key = |x, is_odd| PublicKey::from_compressed(x, is_odd).ok_or(MessageError::Fields);
        let act_key = key(act, self.odd & 1 != 0)?;
        let handoff_key = key(handoff, self.odd & 2 != 0)?;
        let of_device = CarrierId::of_device(DeviceId::of(&act_key, &handoff_key));
        let version = if self.serial.is_some() { Versions::NEWEST } else { Versions::OLDEST };
        let credential = Credential {
            version,
            act_key,
            handoff_key,
            pseudonym: self.pseudonym,
            role: self.role,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            carrier: self.carrier.unwrap_or(of_device),
            qualifications: self.qualifications,
            serial: self.serial.unwrap_or_default(),
            voucher: self.voucher,
        };
        let signed = Unverified::of_parts(&cbor::to_vec(&credential), *signature)?;
        Ok(hq.verify(signed)?)
    }
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct HelloWire {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    commitment: Commitment,
    /// Left out where the credential says it.
    #[n(2)]
    device: Option<DeviceId>,
    #[n(3)]
    tick: Option<TickWire>,
    #[n(4)]
    credential: Option<CredentialWire>,
    #[n(5)]
    manifests: Option<ManifestVersions>,
}

/// Whom HQ's signatures are checked against: its keys and the name of its log.
#[derive(Debug, Clone, Copy)]
pub struct Authority<'a> {
    /// HQ's keys.
    pub hq: &'a HqKeys,
    /// The name of HQ's log.
    pub origin: &'a str,
}

impl Hello {
    /// The bytes to show.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::to_vec(&HelloWire {
            version: Version,
            commitment: self.commitment,
            device: self.credential.is_none().then_some(self.device),
            tick: self.tick.as_ref().map(TickWire::of),
            credential: self.credential.as_ref().map(CredentialWire::of),
            manifests: self.manifests.clone(),
        })
    }

    /// Reads what the receiver shows.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn read(bytes: &[u8], authority: Authority<'_>) -> Result<Self, MessageError> {
        let wire: HelloWire = cbor::from_slice(bytes)?;
        let credential = wire.credential.map(|one| one.open(authority.hq)).transpose()?;
        let device = match (&credential, wire.device) {
            (Some(credential), None) => credential.device(),
            (None, Some(device)) => device,
            _ => return Err(MessageError::Fields),
        };
        let tick = wire.tick.map(|tick| tick.open(authority.origin, authority.hq)).transpose()?;
        let (commitment, manifests) = (wire.commitment, wire.manifests);
        Ok(Self { device, commitment, tick, credential, manifests })
    }
}

/// An event on its way.
#[derive(Encode, Decode)]
#[cbor(array)]
struct EventWire {
    /// The event's.
    #[n(0)]
    version: EventVersion,
    /// The first bytes of what is answered.
    #[n(1)]
    answers: ByteArray<4>,
    #[n(2)]
    signature: ByteArray<64>,
    /// The payload without what the other side knows.
    #[n(3)]
    rest: ByteVec,
    #[n(4)]
    credential: Option<CredentialWire>,
    #[n(5)]
    tick: Option<TickWire>,
}

/// What may travel with an event: what the other side may not have of HQ.
#[derive(Debug, Clone, Default)]
pub struct Enclosed {
    /// The sender's credential.
    pub credential: Option<Signed<Credential>>,
    /// The sender's newest tick.
    pub tick: Option<Signed<Tick>>,
}

/// Keys of an event's fields.
mod key {
    pub(super) const VERSION: u8 = 0;
    pub(super) const KIND: u8 = 1;
    pub(super) const DEVICE: u8 = 2;
    pub(super) const GENERATION: u8 = 3;
    pub(super) const PREVIOUS: u8 = 5;
    pub(super) const JOB: u8 = 6;
    pub(super) const BOXES: u8 = 7;
    pub(super) const ANCHOR: u8 = 11;
    pub(super) const ATTACHMENTS: u8 = 13;
    pub(super) const PROTECTION: u8 = 15;
    pub(super) const TO: u8 = 16;
    pub(super) const ABOUT: u8 = 17;
    pub(super) const COMMITMENT: u8 = 18;
    pub(super) const ROOT: u8 = 22;
}

/// What the other side of a message knows before it comes.
struct Known {
    /// First bytes of what is answered.
    answers: [u8; 4],
    /// Fields that are always left out.
    always: Fields,
    /// Fields that are left out if they are so.
    perhaps: Fields,
}

impl Known {
    fn new(kind: EventKind, answers: &[u8]) -> Self {
        let mut always = Fields::new();
        always.insert(key::KIND, cbor::to_vec(&kind));
        always.insert(key::PROTECTION, cbor::to_vec(&kind.row().key));
        let answers = answers.first_chunk().copied().unwrap_or_default();
        Self { answers, always, perhaps: Fields::new() }
    }

    fn with<T: Encode<()>>(mut self, key: u8, value: &T) -> Self {
        self.always.insert(key, cbor::to_vec(value));
        self
    }

    fn perhaps<T: Encode<()>>(mut self, key: u8, value: &T) -> Self {
        self.perhaps.insert(key, cbor::to_vec(value));
        self
    }

    /// The message of an event.
    fn leave_out(&self, event: &Signed<Event>, enclosed: &Enclosed) -> Vec<u8> {
        let (payload, signature) = event.parts();
        let mut fields = split(&payload).unwrap_or_default();
        fields.remove(&key::VERSION);
        fields.retain(|key, value| {
            !self.always.contains_key(key) && self.perhaps.get(key) != Some(value)
        });
        cbor::to_vec(&EventWire {
            version: event.version,
            answers: self.answers.into(),
            signature: signature.into(),
            rest: join(&fields).into(),
            credential: enclosed.credential.as_ref().map(CredentialWire::of),
            tick: enclosed.tick.as_ref().map(TickWire::of),
        })
    }

    /// The event of a message.
    fn put_back(
        self,
        bytes: &[u8],
        authority: Authority<'_>,
    ) -> Result<(Unverified<Event>, Enclosed), MessageError> {
        let wire: EventWire = cbor::from_slice(bytes)?;
        if *wire.answers != self.answers {
            return Err(MessageError::OtherHandoff);
        }
        let mut fields = split(&wire.rest).ok_or(MessageError::Fields)?;
        let version = [(key::VERSION, cbor::to_vec(&wire.version))];
        for (key, value) in self.always.into_iter().chain(version) {
            if fields.insert(key, value).is_some() {
                return Err(MessageError::Fields);
            }
        }
        for (key, value) in self.perhaps {
            fields.entry(key).or_insert(value);
        }
        let event = Unverified::of_parts(&join(&fields), wire.signature.into())?;
        let credential = wire.credential.map(|one| one.open(authority.hq)).transpose()?;
        let tick = wire.tick.map(|tick| tick.open(authority.origin, authority.hq)).transpose()?;
        Ok((event, Enclosed { credential, tick }))
    }
}

fn of_offer(hello: &Hello) -> Known {
    Known::new(EventKind::Offer, &hello.commitment.0)
        .with(key::TO, &hello.device)
        .with(key::COMMITMENT, &hello.commitment)
}

fn of_accept(offer: &Signed<Event>) -> Known {
    let known = Known::new(EventKind::Accept, &offer.id().0)
        .with(key::JOB, &offer.job)
        .with(key::ABOUT, &offer.id())
        .perhaps(key::ANCHOR, &offer.anchor);
    match &offer.to {
        Some(receiver) => known.with(key::DEVICE, receiver),
        None => known,
    }
}

fn of_ack(offer: &Signed<Event>, accept: &Signed<Event>) -> Known {
    Known::new(EventKind::Ack, &accept.id().0)
        .with(key::DEVICE, &offer.device)
        .with(key::JOB, &offer.job)
        .with(key::BOXES, &BoxList::default())
        .with(key::ABOUT, &accept.id())
        .perhaps(key::GENERATION, &offer.generation)
        .perhaps(key::PREVIOUS, &offer.id())
        .perhaps(key::ANCHOR, &offer.anchor)
}

fn of_withdrawal(offer: &Signed<Event>) -> Known {
    Known::new(EventKind::Withdraw, &offer.id().0)
        .with(key::DEVICE, &offer.device)
        .with(key::JOB, &offer.job)
        .with(key::BOXES, &BoxList::default())
        .with(key::ABOUT, &offer.id())
        .perhaps(key::GENERATION, &offer.generation)
        .perhaps(key::PREVIOUS, &offer.id())
        .perhaps(key::ANCHOR, &offer.anchor)
}

fn of_sign_off(request: &Signed<SignOffRequest>) -> Known {
    let known = Known::new(EventKind::SignOff, &request.id().0)
        .with(key::JOB, &request.job)
        .with(key::BOXES, &BoxList::default())
        .with(key::ATTACHMENTS, &[request.id()]);
    match Subject::of(&request.entries) {
        Some(Subject { about, root: Some(root) }) => {
            known.with(key::ABOUT, &about).with(key::ROOT, &root)
        }
        Some(Subject { about, root: None }) => known.with(key::ABOUT, &about),
        None => known,
    }
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct RequestWire {
    #[n(0)]
    version: Version<1>,
    #[n(1)]
    request: ByteVec,
    #[n(2)]
    credential: Option<CredentialWire>,
}

/// What a crew's phone shows a supervisor, with its credential where he may not
/// know it.
#[must_use]
pub fn sign_off_request(
    request: &Signed<SignOffRequest>,
    credential: Option<&Signed<Credential>>,
) -> Vec<u8> {
    cbor::to_vec(&RequestWire {
        version: Version,
        request: request.as_bytes().to_vec().into(),
        credential: credential.map(CredentialWire::of),
    })
}

/// Reads what a supervisor is asked to sign off. Its signature is still to be
/// checked, by the act key of the device that it names.
///
/// # Errors
/// [`MessageError`].
pub fn read_sign_off_request(
    bytes: &[u8],
    authority: Authority<'_>,
) -> Result<(Unverified<SignOffRequest>, Option<Signed<Credential>>), MessageError> {
    let wire: RequestWire = cbor::from_slice(bytes)?;
    let request = Unverified::<SignOffRequest>::parse(&wire.request)?;
    Subject::of(&request.claims().entries).ok_or(MessageError::Fields)?;
    Ok((request, wire.credential.map(|one| one.open(authority.hq)).transpose()?))
}

/// The supervisor's sign-off, as an answer to this request.
#[must_use]
pub fn sign_off(
    event: &Signed<Event>,
    request: &Signed<SignOffRequest>,
    enclosed: &Enclosed,
) -> Vec<u8> {
    of_sign_off(request).leave_out(event, enclosed)
}

/// Reads a sign-off that answers this request.
///
/// # Errors
/// [`MessageError`].
pub fn read_sign_off(
    bytes: &[u8],
    request: &Signed<SignOffRequest>,
    authority: Authority<'_>,
) -> Result<(Unverified<Event>, Enclosed), MessageError> {
    of_sign_off(request).put_back(bytes, authority)
}

/// OFFER, as an answer to this HELLO.
#[must_use]
pub fn offer(event: &Signed<Event>, hello: &Hello, enclosed: &Enclosed) -> Vec<u8> {
    of_offer(hello).leave_out(event, enclosed)
}

/// Reads an OFFER that answers this HELLO.
///
/// # Errors
/// [`MessageError`].
pub fn read_offer(
    bytes: &[u8],
    hello: &Hello,
    authority: Authority<'_>,
) -> Result<(Unverified<Event>, Enclosed), MessageError> {
    of_offer(hello).put_back(bytes, authority)
}

/// ACCEPT, as an answer to this offer.
#[must_use]
pub fn accept(event: &Signed<Event>, offer: &Signed<Event>, enclosed: &Enclosed) -> Vec<u8> {
    of_accept(offer).leave_out(event, enclosed)
}

/// Reads an ACCEPT that answers this offer.
///
/// # Errors
/// [`MessageError`].
pub fn read_accept(
    bytes: &[u8],
    offer: &Signed<Event>,
    authority: Authority<'_>,
) -> Result<(Unverified<Event>, Enclosed), MessageError> {
    of_accept(offer).put_back(bytes, authority)
}

/// ACK, as an answer to this acceptance of this offer.
#[must_use]
pub fn ack(event: &Signed<Event>, offer: &Signed<Event>, accept: &Signed<Event>) -> Vec<u8> {
    of_ack(offer, accept).leave_out(event, &Enclosed::default())
}

/// Reads an ACK that answers this acceptance of this offer.
///
/// # Errors
/// [`MessageError`].
pub fn read_ack(
    bytes: &[u8],
    offer: &Signed<Event>,
    accept: &Signed<Event>,
    authority: Authority<'_>,
) -> Result<Unverified<Event>, MessageError> {
    of_ack(offer, accept).put_back(bytes, authority).map(|(event, _)| event)
}

/// WITHDRAW of this offer.
#[must_use]
pub fn withdraw(event: &Signed<Event>, offer: &Signed<Event>) -> Vec<u8> {
    of_withdrawal(offer).leave_out(event, &Enclosed::default())
}

/// Reads a WITHDRAW of this offer.
///
/// # Errors
/// [`MessageError`].
pub fn read_withdraw(
    bytes: &[u8],
    offer: &Signed<Event>,
    authority: Authority<'_>,
) -> Result<Unverified<Event>, MessageError> {
    of_withdrawal(offer).put_back(bytes, authority).map(|(event, _)| event)
}
