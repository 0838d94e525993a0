//! Credentials: HQ's word about a device and who carries it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use minicbor::encode::Write;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

use crate::cbor::{Version, Versions};
use crate::hq_keys::HqMessage;
use crate::key_list::KeyUse;
use crate::signed::{Digest, Message, Namespace, PublicKey, Signed};
use crate::voucher::{NewKeys, Voucher};
use crate::{BoxClass, CarrierId, DeviceId, HqId};

/// What a device's carrier does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// Packs, carries, loads.
    #[n(1)]
    Mover,
    /// Drives, and answers for the load on the road.
    #[n(2)]
    Driver,
    /// Keeps the warehouse.
    #[n(3)]
    Warehouse,
    /// Signs off.
    #[n(4)]
    Supervisor,
    /// An outside partner's crew.
    #[n(5)]
    Contractor,
}

/// Which of a device's two keys signed, and so what stood before the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Protection {
    /// The act key: usable once the phone was unlocked after its start.
    #[n(0)]
    Act,
    /// The handoff key: a person was present.
    #[n(1)]
    Handoff,
}

/// What somebody is licensed to do. The numbers stand in signed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Licence {
    /// Drives vehicles of up to 3.5 tonnes.
    #[n(1)]
    Driving,
    /// Drives vehicles above 3.5 tonnes.
    #[n(2)]
    DrivingHeavy,
    /// Drives a forklift.
    #[n(3)]
    Forklift,
    /// Destroys confidential papers and data carriers.
    #[n(4)]
    ConfidentialDestruction,
}

/// An agreement not to tell what is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Nda {
    /// Of its text, by [`Nda::digest`].
    #[n(0)]
    pub text: Digest,
    /// Seconds since 1970-01-01 UTC at which it ends.
    #[n(1)]
    pub until: u64,
}

impl Nda {
    /// The digest of an agreement's text, as it was signed: its bytes in UTF-8.
    #[must_use]
    pub fn digest(text: &str) -> Digest {
        Namespace::Nda.digest(&[text.as_bytes()])
    }
}

/// What HQ has seen papers of. What does not stand here, the carrier does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Qualifications {
    /// His licences.
    #[n(0)]
    #[cbor(skip_if = "BTreeSet::is_empty")]
    pub licences: BTreeSet<Licence>,
    /// The agreement that he signed.
    #[n(1)]
    pub nda: Option<Nda>,
    /// Seconds since 1970-01-01 UTC at which his training runs out.
    #[n(2)]
    pub trained_until: Option<u64>,
    /// The classes of boxes that he may take, besides ordinary ones.
    #[n(3)]
    #[cbor(skip_if = "BTreeSet::is_empty")]
    pub classes: BTreeSet<BoxClass>,
}

/// A device's keys, who carries it and what he does, signed by HQ.
///
/// Format 1 named no carrier: its carriers are those of [`CarrierId::of_device`], its serial
/// is 0, and nobody vouches for it. It is still read, and written again as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Format version, under key 0.
    pub version: Versions<1, 2>,
    /// The device's act key, under key 1.
    pub act_key: PublicKey,
    /// The device's handoff key, under key 2.
    pub handoff_key: PublicKey,
    /// What the crew calls its carrier, `Mover 17`, under key 3; never a person's name.
    pub pseudonym: String,
    /// What its carrier does, under key 4.
    pub role: Role,
    /// Seconds since 1970-01-01 UTC from which it holds, under key 5.
    pub valid_from: u64,
    /// Seconds since 1970-01-01 UTC at which it ends, under key 6.
    pub valid_to: u64,
    /// The carrier, under key 7.
    pub carrier: CarrierId,
    /// What its carrier may do beyond his role, under key 8. None in credentials that say
    /// nothing of it, as the first ones did: the rules that ask for it do not
    /// judge their carriers.
    pub qualifications: Option<Qualifications>,
    /// Which of the device's credentials it is, counted from 1, under key 9. A device has
    /// another one whenever HQ renews its word.
    pub serial: u64,
    /// That an older device of the carrier, or his recovery code, vouches for these keys,
    /// under key 10. None: they are his on HQ's word, as those of his first device are.
    pub voucher: Option<Voucher>,
}

/// The fields as they are read.
#[derive(Decode)]
#[cbor(map)]
struct Fields {
    #[n(0)]
    version: Versions<1, 2>,
    #[n(1)]
    act_key: PublicKey,
    #[n(2)]
    handoff_key: PublicKey,
    #[n(3)]
    pseudonym: String,
    #[n(4)]
    role: Role,
    #[n(5)]
    valid_from: u64,
    #[n(6)]
    valid_to: u64,
    #[n(7)]
    carrier: Option<CarrierId>,
    #[n(8)]
    qualifications: Option<Qualifications>,
    #[n(9)]
    serial: Option<u64>,
    #[n(10)]
    voucher: Option<Voucher>,
}

impl<C> Encode<C> for Credential {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        let names_carrier = self.version != Versions::OLDEST;
        let voucher = self.voucher.as_ref().filter(|_| names_carrier);
        let fields = 7
            + 2 * u64::from(names_carrier)
            + u64::from(self.qualifications.is_some())
            + u64::from(voucher.is_some());
        e.map(fields)?.u8(0)?.encode_with(self.version, context)?;
        e.u8(1)?.encode_with(self.act_key, context)?;
        e.u8(2)?.encode_with(self.handoff_key, context)?;
        e.u8(3)?.str(&self.pseudonym)?;
        e.u8(4)?.encode_with(self.role, context)?;
        e.u8(5)?.u64(self.valid_from)?.u8(6)?.u64(self.valid_to)?;
        if names_carrier {
            e.u8(7)?.encode_with(self.carrier, context)?;
        }
        if let Some(qualifications) = &self.qualifications {
            e.u8(8)?.encode_with(qualifications, context)?;
        }
        if names_carrier {
            e.u8(9)?.u64(self.serial)?;
        }
        if let Some(voucher) = voucher {
            e.u8(10)?.encode_with(voucher, context)?;
        }
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Credential {
    fn decode(d: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        let read: Fields = d.decode_with(context)?;
        let is_first = read.version == Versions::OLDEST;
        let (carrier, serial) = match (read.carrier, read.serial, read.voucher) {
            (None, None, None) if is_first => {
                (CarrierId::of_device(DeviceId::of(&read.act_key, &read.handoff_key)), 0)
            }
            (Some(carrier), Some(serial), _) if !is_first && serial > 0 => (carrier, serial),
            _ => return Err(decode::Error::message("a field of another format")),
        };
        Ok(Self {
            version: read.version,
            act_key: read.act_key,
            handoff_key: read.handoff_key,
            pseudonym: read.pseudonym,
            role: read.role,
            valid_from: read.valid_from,
            valid_to: read.valid_to,
            carrier,
            qualifications: read.qualifications,
            serial,
            voucher: read.voucher,
        })
    }
}

impl Message for Credential {
    const NAMESPACE: Namespace = Namespace::Credential;
    const VERSIONS: RangeInclusive<u64> = 1..=2;
}

impl HqMessage for Credential {
    const KEY: KeyUse = KeyUse::Credential;
}

impl Credential {
    /// The device, which follows from the keys.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        DeviceId::of(&self.act_key, &self.handoff_key)
    }

    /// The key of this protection.
    #[must_use]
    pub const fn key(&self, protection: Protection) -> &PublicKey {
        match protection {
            Protection::Act => &self.act_key,
            Protection::Handoff => &self.handoff_key,
        }
    }

    /// Whether a third of its time or less is left: then a phone asks HQ to renew it, and HQ
    /// does, also after its end. `now` is in seconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn is_to_be_renewed(&self, now: u64) -> bool {
        let term = self.valid_to.saturating_sub(self.valid_from);
        self.valid_to.saturating_sub(now) <= term / 3
    }

    /// Whether the voucher that it claims is the carrier's word for these keys, at this HQ;
    /// one that claims none keeps this. `older` finds the credential of a device, for a
    /// voucher of that device.
    #[must_use]
    pub fn has_good_voucher<'c>(
        &self,
        hq: HqId,
        older: impl FnOnce(&DeviceId) -> Option<&'c Self>,
    ) -> bool {
        let Some(voucher) = &self.voucher else { return true };
        let keys = NewKeys {
            version: Version,
            hq,
            carrier: self.carrier,
            act_key: self.act_key,
            handoff_key: self.handoff_key,
        };
        let older = match voucher {
            Voucher::Device { device, .. } if *device != keys.device() => older(device)
                .filter(|older| older.device() == *device && older.carrier == self.carrier),
            _ => None,
        };
        voucher.holds(&keys, older.map(|older| &older.handoff_key))
    }
}

/// Credentials of many devices, each with its history: HQ renews its word, and what was done
/// under an earlier one is judged by that.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Credentials(BTreeMap<(DeviceId, u64), Signed<Credential>>);

impl Credentials {
    /// Adds one. The answer is the one with the same device and serial that was there, which
    /// is gone.
    pub fn insert(&mut self, credential: Signed<Credential>) -> Option<Signed<Credential>> {
        self.0.insert((credential.device(), credential.serial), credential)
    }

    /// The newest of a device.
    #[must_use]
    pub fn get(&self, device: &DeviceId) -> Option<&Signed<Credential>> {
        self.of(device).next_back()
    }

    /// All of a device, the oldest first.
    pub fn of(&self, device: &DeviceId) -> impl DoubleEndedIterator<Item = &Signed<Credential>> {
        self.0.range((*device, 0)..=(*device, u64::MAX)).map(|(_, credential)| credential)
    }

    /// All of them, by device and serial.
    pub fn iter(&self) -> impl Iterator<Item = &Signed<Credential>> {
        self.0.values()
    }

    /// Leaves out those of which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&Signed<Credential>) -> bool) {
        self.0.retain(|_, credential| keep(credential));
    }
}

impl FromIterator<Signed<Credential>> for Credentials {
    fn from_iter<I: IntoIterator<Item = Signed<Credential>>>(all: I) -> Self {
        let mut credentials = Self::default();
        all.into_iter().for_each(|credential| drop(credentials.insert(credential)));
        credentials
    }
}
