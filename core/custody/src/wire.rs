//! What travels between phone and HQ over HTTPS, in deterministic CBOR.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `POST /v1/enrol` | [`EnrolRequest`] | a signed [`Credential`](crate::Credential) |
//! | `POST /v1/challenge` | [`ChallengeRequest`] | [`Challenge`] |
//! | `POST /v1/session` | [`SessionRequest`], signed | [`Session`] |
//! | `POST /v1/credential` | [`CredentialRequest`] | a signed [`Credential`](crate::Credential) |
//! | `GET /v1/tick` | | a signed [`Tick`](crate::Tick) |
//! | `GET /v1/news?jobs=CURSOR&rolls=CURSOR&revocations=CURSOR` | | [`News`] |
//! | `POST /v1/outbox` | [`Batch`] | [`Receipts`] |
//! | `POST /v1/attachments` | [`AttachmentPart`] | [`AttachmentState`] |
//! | `GET /v1/delivery` | | [`DeliveryGrant`] |
//!
//! The last six want `Authorization: Bearer` with a session's token; `outbox` and
//! `attachments` also take a delivery token. Bodies
//! have the type [`CBOR`]; refusals have a problem document (RFC 9457).

mod limits;
mod news;

use std::ops::RangeInclusive;

use minicbor::bytes::ByteVec;
use minicbor::encode::Write;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::cbor::{self, Version};
pub use crate::delivery_grant::DeliveryGrant;
pub use crate::envelope::{BATCH_VERSIONS, Batch, BatchError, MAX_BATCH};
use crate::signed::{Digest, Message, Namespace, PublicKey};
use crate::{CarrierId, DeviceId, EventId, HqId, RecoveryKey, Voucher, hq_identity};
pub use limits::{
    ANSWER_TIME, BODY_TIME, CONNECT_TIME, HEAD_TIME, MAX_ANSWER, MAX_BODY, MAX_PART, SLOWEST,
    STALL_TIME, upload_time,
};
pub use news::{Cursor, JobNews, News, RevocationNews, RollNews, RollPart};

/// The content type of all bodies.
pub const CBOR: &str = "application/cbor";

/// Where HQ answers, and how to know it. In a map it is the fields under the keys 1 to 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Where HQ answers, `https://host:port`.
    pub url: String,
    /// The certificate (DER) of the only authority that HQ's server certificate
    /// may come from.
    pub authority: ByteVec,
    /// HQ's signing key.
    pub hq: PublicKey,
}

impl Endpoint {
    /// How many fields it is.
    pub(crate) const FIELDS: u64 = 3;

    pub(crate) fn write<W: Write>(
        &self,
        e: &mut Encoder<W>,
    ) -> Result<(), encode::Error<W::Error>> {
        e.u8(1)?.str(&self.url)?.u8(2)?.bytes(&self.authority)?.u8(3)?.bytes(&self.hq.0)?.ok()
    }

    pub(crate) fn read<C>(d: &mut Decoder<'_>, context: &mut C) -> Result<Self, decode::Error> {
        Ok(Self {
            url: cbor::field(d, context, 1)?,
            authority: cbor::field(d, context, 2)?,
            hq: cbor::field(d, context, 3)?,
        })
    }
}

/// What HQ hands to a new phone, as a QR on a screen or a file: where HQ is,
/// which keys it has, and a code that enrols one device.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Format version, under key 0.
    pub version: Version<2>,
    /// Where HQ answers.
    pub endpoint: Endpoint,
    /// HQ's public key for outboxes, under key 4.
    pub sealing_key: ByteVec,
    /// The code, good for one enrolment, under key 5.
    pub code: EnrolmentCode,
    /// The name of HQ's log, under key 6.
    pub origin: String,
    /// Whose device it will be, if HQ knows him already, under key 7. None: it is his first.
    pub carrier: Option<KnownCarrier>,
}

/// A carrier who has a device, or had one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct KnownCarrier {
    /// Who.
    #[n(0)]
    pub id: CarrierId,
    /// His first device, of which and of his recovery key the id is made. None if he has no
    /// recovery key.
    #[n(1)]
    pub first: Option<DeviceId>,
}

impl Invitation {
    /// The HQ that invites, if it is who it says it is. People compare its
    /// [`fingerprint`](crate::fingerprint) with the one that HQ shows.
    #[must_use]
    pub fn hq(&self) -> HqId {
        hq_identity(&self.endpoint.hq, &self.origin)
    }
}

impl<C> Encode<C> for Invitation {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        let fields = 4 + Endpoint::FIELDS + u64::from(self.carrier.is_some());
        e.map(fields)?.u8(0)?.encode_with(self.version, context)?;
        self.endpoint.write(e)?;
        e.u8(4)?.encode_with(&self.sealing_key, context)?;
        e.u8(5)?.encode_with(&self.code, context)?.u8(6)?.str(&self.origin)?;
        if let Some(carrier) = &self.carrier {
            e.u8(7)?.encode_with(carrier, context)?;
        }
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Invitation {
    fn decode(d: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        const LEAST: u64 = 4 + Endpoint::FIELDS;
        let is_known = match d.map()? {
            Some(LEAST) => false,
            Some(fields) if fields == LEAST + 1 => true,
            _ => return Err(decode::Error::message("another number of fields")),
        };
        Ok(Self {
            version: cbor::field(d, context, 0)?,
            endpoint: Endpoint::read(d, context)?,
            sealing_key: cbor::field(d, context, 4)?,
            code: cbor::field(d, context, 5)?,
            origin: cbor::field(d, context, 6)?,
            carrier: if is_known { Some(cbor::field(d, context, 7)?) } else { None },
        })
    }
}

/// A secret that enrols one device.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Encode, Decode)]
#[cbor(transparent)]
pub struct EnrolmentCode(#[cbor(with = "minicbor::bytes")] pub [u8; 16]);

impl std::fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnrolmentCode(..)")
    }
}

/// Asks for a credential. The two proofs are an [`EnrolClaim`] signed by each
/// of the keys in it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EnrolRequest {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The [`EnrolClaim`], signed by the act key.
    #[n(1)]
    pub act_proof: ByteVec,
    /// The same, signed by the handoff key.
    #[n(2)]
    pub handoff_proof: ByteVec,
}

/// The keys of a new device, the code that lets it in, and at which HQ: no other takes it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EnrolClaim {
    /// Format version.
    #[n(0)]
    pub version: Version<2>,
    /// The invitation's code.
    #[n(1)]
    pub code: EnrolmentCode,
    /// The act key.
    #[n(2)]
    pub act_key: PublicKey,
    /// The handoff key.
    #[n(3)]
    pub handoff_key: PublicKey,
    /// The HQ, by its identity.
    #[n(4)]
    pub hq: HqId,
    /// The HQ, by the name of its log.
    #[n(5)]
    pub origin: String,
    /// The recovery key of a carrier who has no device yet, of which HQ makes his id. None
    /// for whoever has one, or wants none.
    #[n(6)]
    pub recovery_key: Option<RecoveryKey>,
    /// The carrier's word for these keys, where HQ knows him already. None: he is the
    /// carrier on HQ's word.
    #[n(7)]
    pub voucher: Option<Voucher>,
}

impl Message for EnrolClaim {
    const NAMESPACE: Namespace = Namespace::Enrolment;
    const VERSIONS: RangeInclusive<u64> = 2..=2;
}

/// Asks for HQ's newest word about a device, under a session of that device. HQ renews its
/// word when a third of the time or less is left, and after its end.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CredentialRequest {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The device.
    #[n(1)]
    pub device: DeviceId,
}

/// Asks for a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ChallengeRequest {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// Who asks.
    #[n(1)]
    pub device: DeviceId,
}

/// Random bytes to sign, good once and for a minute.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Challenge {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// Random.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub challenge: [u8; 32],
}

/// A device's answer to a challenge of one HQ, signed by its act key. No other HQ takes it, so
/// nobody can pass off another's challenge as his own.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SessionRequest {
    /// Format version.
    #[n(0)]
    pub version: Version<2>,
    /// Who asks.
    #[n(1)]
    pub device: DeviceId,
    /// HQ's challenge.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub challenge: [u8; 32],
    /// The HQ, by its identity.
    #[n(3)]
    pub hq: HqId,
    /// The HQ, by the name of its log.
    #[n(4)]
    pub origin: String,
}

impl Message for SessionRequest {
    const NAMESPACE: Namespace = Namespace::Session;
    const VERSIONS: RangeInclusive<u64> = 2..=2;
}

/// A session.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Session {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// For the header `Authorization: Bearer`: a secret of printable ASCII.
    #[n(1)]
    pub token: String,
    /// For how many seconds.
    #[n(2)]
    pub expires_in: u32,
}

/// HQ's answer to a batch: one receipt for each envelope, in the same order.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Receipts {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// Signed [`Receipt`](crate::Receipt)s.
    #[n(1)]
    pub receipts: Vec<ByteVec>,
}

/// Chunks of an attachment on their way to HQ. HQ takes those that follow what it has
/// and passes over the others, so a part may be sent again, and one without any chunk
/// asks how far HQ is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AttachmentPart {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The event.
    #[n(1)]
    pub event: EventId,
    /// The digest by which the event names it.
    #[n(2)]
    pub digest: Digest,
    /// The number of the first of these chunks.
    #[n(3)]
    pub first: u32,
    /// Chunks, sealed, at most [`MAX_PART`].
    #[n(4)]
    pub chunks: Vec<ByteVec>,
}

/// How far HQ is with an attachment.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AttachmentState {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// How many chunks it has, from the first on: the number of the next one.
    #[n(1)]
    pub held: u32,
    /// A signed [`AttachmentReceipt`](crate::AttachmentReceipt), once it has
    /// all or was sent what cannot be opened.
    #[n(2)]
    pub receipt: Option<ByteVec>,
}
