//! What travels between phone and HQ over HTTPS, in deterministic CBOR.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /v1/keys?after=NUMBER` | | [`KeyLists`] |
//! | `POST /v1/enrol` | [`EnrolRequest`] | a signed [`Credential`](crate::Credential) |
//! | `POST /v1/challenge` | [`ChallengeRequest`] | [`Challenge`] |
//! | `POST /v1/session` | [`SessionRequest`], signed | [`Session`] |
//! | `POST /v1/credential` | [`CredentialRequest`] | a signed [`Credential`](crate::Credential) |
//! | `GET /v1/tick` | | a signed [`Tick`](crate::Tick) |
//! | `GET /v1/news?jobs=CURSOR&rolls=CURSOR&revocations=CURSOR` | | [`News`] |
//! | `POST /v1/outbox` | [`Batch`] | [`BatchAnswer`] |
//! | `POST /v1/attachments` | [`AttachmentPart`] | [`AttachmentState`] |
//! | `GET /v1/delivery` | | [`DeliveryGrant`] |
//! | `GET /v1/log/consistency?generation=NUMBER&from=SIZE&to=SIZE` | | [`Consistency`] |
//! | `GET /v1/log/restore?generation=NUMBER` | | [`RestoreNews`] |
//! | `GET /v1/log/checkpoint` | | a checkpoint |
//! | `GET /v1/log/tile/…` | | a [`Tile`](crate::log::Tile) |
//!
//! `/v1/keys` and all of `/v1/log` want nothing, for they say themselves whose they are; from
//! `credential` to `delivery` `Authorization: Bearer` with a session's token; `outbox` and
//! `attachments` also take a delivery token. Bodies
//! have the type [`CBOR`]; refusals have a problem document (RFC 9457).

mod answer;
mod limits;
mod news;

use std::ops::RangeInclusive;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::cbor::Version;
pub use crate::delivery_grant::DeliveryGrant;
pub use crate::envelope::{BATCH_VERSIONS, Batch, BatchError, MAX_BATCH};
use crate::signed::{Digest, Message, Namespace, PublicKey};
use crate::{CarrierId, DeviceId, EventId, HqId, RecoveryKey, Voucher};
pub use answer::{Answered, BatchAnswer, OutcomeRun, Sent};
pub use limits::{
    ANSWER_TIME, BODY_TIME, CONNECT_TIME, HEAD_TIME, MAX_ANSWER, MAX_BODY, MAX_PART, SLOWEST,
    STALL_TIME, upload_time,
};
pub use news::{Cursor, JobNews, LeafProof, News, RevocationNews, RollNews, RollPart};

/// The content type of all bodies.
pub const CBOR: &str = "application/cbor";

/// What HQ hands to a new phone, as a QR on a screen or a file: where HQ is, which HQ it
/// is, and a code that enrols one device. HQ's keys the phone gets from there, and takes no
/// others than those of this HQ.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Invitation {
    /// Format version.
    #[n(0)]
    pub version: Version<3>,
    /// Where HQ answers, `https://host:port`.
    #[n(1)]
    pub url: String,
    /// The certificate (DER) of the authority that HQ's server certificate comes from today.
    #[n(2)]
    pub authority: ByteVec,
    /// The HQ, by its identity. People compare its [`fingerprint`](crate::fingerprint) with
    /// the one that HQ shows.
    #[n(3)]
    pub hq: HqId,
    /// The code, good for one enrolment.
    #[n(4)]
    pub code: EnrolmentCode,
    /// The name of HQ's log.
    #[n(5)]
    pub origin: String,
    /// Whose device it will be, if HQ knows him already. None: it is his first.
    #[n(6)]
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
    /// The number of HQ's newest key list.
    #[n(3)]
    pub key_list: u32,
}

/// HQ's key lists, those after the one that was named.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KeyLists {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// Signed [`KeyList`](crate::KeyList)s, in the order of their numbers.
    #[n(1)]
    pub lists: Vec<ByteVec>,
}

/// That HQ's log goes on from an earlier size to a later one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Consistency {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The proof, 32 bytes a hash.
    #[n(1)]
    pub proof: ByteVec,
}

/// How a log of HQ's began after HQ lost the end of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RestoreNews {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The [`Restore`](crate::logged::Restore), signed by HQ's list keys.
    #[n(1)]
    pub restore: ByteVec,
    /// A checkpoint of the log that goes on, as it was signed.
    #[n(2)]
    pub checkpoint: String,
    /// The proof that the restore is the first leaf under it, 32 bytes a hash.
    #[n(3)]
    pub proof: ByteVec,
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
