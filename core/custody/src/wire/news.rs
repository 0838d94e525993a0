//! News: what HQ has for a phone that the phone does not know yet.
//!
//! There are several streams: job packs, rolls, revocations. For each, the phone says with
//! a [`Cursor`] up to where it knows it, and HQ answers with what comes after and the next
//! cursor. The phone keeps both in one transaction, so a download that breaks off goes on
//! where it was. A stream of which nothing is new is not in the answer.

use data_encoding::BASE64URL_NOPAD;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::cbor::Version;
use crate::log::{TreeHead, root_by_inclusion};
use crate::logged::{ActKind, Leaf};
use crate::signed::Digest;
use crate::{JobId, Salt};

/// The longest cursor, in bytes.
const MAX_CURSOR: usize = 64;

/// Up to where a phone knows a stream. HQ makes it, for one device and one stream, and
/// nobody else reads it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Cursor(pub ByteVec);

impl Cursor {
    /// As it stands in a request's query: base64url without padding (RFC 4648, section 5).
    #[must_use]
    pub fn to_text(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// Reads what stands in a query; none if it is no cursor, or longer than 64 bytes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        (bytes.len() <= MAX_CURSOR).then(|| Self(bytes.into()))
    }
}

/// HQ's time, and what is new. An answer is a part of a bounded size: where more follows,
/// the phone asks again with the cursors that came.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct News {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// A signed [`Tick`](crate::Tick).
    #[n(1)]
    pub tick: ByteVec,
    /// Whether more is to be had at once.
    #[n(2)]
    pub more: bool,
    /// Of the jobs of this device.
    #[n(3)]
    pub jobs: Option<JobNews>,
    /// Of the depot's rolls.
    #[n(4)]
    pub rolls: Option<RollNews>,
    /// Of the revoked devices.
    #[n(5)]
    pub revocations: Option<RevocationNews>,
}

/// Jobs that are new, changed or ended since the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JobNews {
    /// Where to go on.
    #[n(0)]
    pub cursor: Cursor,
    /// Signed [`JobPack`](crate::job::JobPack)s, each whole: it takes the place of an
    /// older one of the same job.
    #[n(1)]
    pub packs: Vec<ByteVec>,
    /// Jobs that ended. What the phone has of them it keeps until it forgets them.
    #[n(2)]
    pub ended: Vec<JobId>,
}

/// Labels that are new since the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RollNews {
    /// Where to go on.
    #[n(0)]
    pub cursor: Cursor,
    /// Parts of rolls: of each roll in the order of its labels, none left out.
    #[n(1)]
    pub parts: Vec<RollPart>,
}

/// Some labels of a roll, as they follow each other. They are believed when the roll is
/// whole, as HQ signed all of it at once.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RollPart {
    /// The signed [`RollHead`](crate::roll::RollHead).
    #[n(0)]
    pub head: ByteVec,
    /// The place of the first of these labels on the roll, from 0.
    #[n(1)]
    pub first: u32,
    /// The labels, 16 bytes each.
    #[n(2)]
    pub labels: ByteVec,
}

/// Says how much it is, never which labels.
impl std::fmt::Debug for RollPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RollPart({} labels from {} on)", self.labels.len() / 16, self.first)
    }
}

/// A newer list of revoked devices than the cursor's, whole.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RevocationNews {
    /// Where to go on.
    #[n(0)]
    pub cursor: Cursor,
    /// Signed [`Revocations`](crate::Revocations); absent if no device ever was revoked.
    #[n(1)]
    pub list: Option<ByteVec>,
    /// That the list stands in HQ's log as the answer's tick knows it; absent with the list.
    #[n(2)]
    pub proof: Option<LeafProof>,
}

/// That an act of HQ's own stands in its log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct LeafProof {
    /// What the leaf is salted with.
    #[n(0)]
    pub salt: Salt,
    /// Its place.
    #[n(1)]
    pub place: u64,
    /// The neighbours on the way up, 32 bytes a hash.
    #[n(2)]
    pub path: ByteVec,
}

impl LeafProof {
    /// Whether it shows that a message of this id stands in a log of this head.
    #[must_use]
    pub fn proves(&self, kind: ActKind, message: &Digest, head: &TreeHead) -> bool {
        let (path, odd) = self.path.as_chunks::<32>();
        let path: Vec<Digest> = path.iter().copied().map(Digest).collect();
        let leaf = Leaf::act(kind, &self.salt, message).hash();
        let root = root_by_inclusion(&leaf, self.place, head.size, &path);
        odd.is_empty() && root == Some(head.root)
    }
}
