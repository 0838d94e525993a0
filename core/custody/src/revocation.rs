//! Revocations: the devices that HQ takes its word back from.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::DeviceId;
use crate::cbor::Version;
use crate::hq_keys::HqMessage;
use crate::key_list::KeyUse;
use crate::signed::{Message, Namespace};

/// The devices that HQ has revoked, signed by HQ.
///
/// Its epoch stands in HQ's ticks, which travel from phone to phone: a phone that
/// has seen a higher epoch than its list knows that there is a newer list.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Revocations {
    /// Format version.
    #[n(0)]
    pub version: Version<1>,
    /// The name of HQ's log.
    #[n(1)]
    pub origin: String,
    /// How many times HQ had revoked a device. The list of an epoch has all of
    /// the lists before it.
    #[n(2)]
    pub epoch: u64,
    /// Since when each of them is revoked, in seconds since 1970-01-01 UTC. What
    /// it did before that stays good.
    #[n(3)]
    pub since: BTreeMap<DeviceId, u64>,
}

impl Revocations {
    /// Since when a device is revoked; none if it is not.
    #[must_use]
    pub fn revoked_since(&self, device: &DeviceId) -> Option<u64> {
        self.since.get(device).copied()
    }
}

/// How two signed messages of one HQ contradict each other. The two are evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// They are of logs of different names.
    #[error("the lists are of different logs")]
    Origin,
    /// Both are of one epoch, and they differ.
    #[error("two different lists of one epoch")]
    SameEpoch,
    /// The newer one leaves out a device of the older one, or has it revoked from later on.
    #[error("the newer list takes a revocation back")]
    Shrinks,
    /// Two key lists of one number.
    #[error("two different key lists of one number")]
    KeyLists,
    /// Two views of the log of which HQ does not show that the later one goes on from the
    /// earlier one.
    #[error("two logs that do not go on from each other")]
    Logs,
    /// A log that goes on from before a size of which HQ had said that it was safe elsewhere.
    #[error("what HQ said to have twice is lost")]
    LostReplicated,
    /// HQ's time goes back: a later tick is of an earlier time.
    #[error("HQ's time goes back")]
    Time,
    /// A list of revoked devices that is not in the log as the tick beside it has it.
    #[error("a list of revoked devices that is not in the log")]
    NotLogged,
    /// HQ's ticks say for a day that more was revoked than HQ tells.
    #[error("HQ says that it revoked more than it tells")]
    Withheld,
    /// An older version of a job than HQ gave out before.
    #[error("an older version of a job than before")]
    OldPack,
}

impl Revocations {
    /// How this list and another of the same HQ contradict each other; none if they do not.
    /// Which of them came first does not matter.
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> Option<Contradiction> {
        if self.origin != other.origin {
            return Some(Contradiction::Origin);
        }
        if self.epoch == other.epoch {
            return (self.since != other.since).then_some(Contradiction::SameEpoch);
        }
        let (older, newer) = if self.epoch < other.epoch { (self, other) } else { (other, self) };
        let is_kept = |(device, since): (&DeviceId, &u64)| {
            newer.revoked_since(device).is_some_and(|newer| newer <= *since)
        };
        (!older.since.iter().all(is_kept)).then_some(Contradiction::Shrinks)
    }
}

impl Message for Revocations {
    const NAMESPACE: Namespace = Namespace::Revocations;
}

impl HqMessage for Revocations {
    const KEY: KeyUse = KeyUse::Credential;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(epoch: u64, since: &[(u8, u64)]) -> Revocations {
        let since = since.iter().map(|(device, since)| (DeviceId([*device; 16]), *since));
        Revocations { version: Version, origin: "hq".to_owned(), epoch, since: since.collect() }
    }

    #[test]
    fn lists_grow_and_never_take_anything_back() {
        let known = list(3, &[(1, 100), (2, 200)]);
        let cases = [
            ("the same", list(3, &[(1, 100), (2, 200)]), None),
            ("one more", list(4, &[(1, 100), (2, 200), (3, 50)]), None),
            ("one from earlier on", list(5, &[(1, 90), (2, 200)]), None),
            ("an older one", list(2, &[(1, 100)]), None),
            ("another of the same epoch", list(3, &[(1, 100)]), Some(Contradiction::SameEpoch)),
            ("one less", list(4, &[(1, 100)]), Some(Contradiction::Shrinks)),
            ("one from later on", list(4, &[(1, 101), (2, 200)]), Some(Contradiction::Shrinks)),
            ("an older one with more", list(2, &[(7, 1)]), Some(Contradiction::Shrinks)),
            (
                "another log's",
                Revocations { origin: "other".to_owned(), ..list(4, &[(1, 100), (2, 200)]) },
                Some(Contradiction::Origin),
            ),
        ];
        for (name, other, expected) in cases {
            assert_eq!(other.contradicts(&known), expected, "{name}");
            assert_eq!(known.contradicts(&other), expected, "{name}, the other way round");
        }
    }
}
