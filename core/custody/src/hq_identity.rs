//! Which HQ it is: one name for its key and its log, for claims that serve no other HQ and
//! for two people to compare.

use crate::HqId;
use crate::signed::{Namespace, PublicKey};

/// The identity of the HQ with this signing key and this name of its log.
#[must_use]
pub fn hq_identity(key: &PublicKey, origin: &str) -> HqId {
    HqId(Namespace::HqIdentity.digest(&[&key.0, origin.as_bytes()]).0)
}

/// An HQ's fingerprint: the first 128 bits of its identity as eight groups of five decimal
/// digits, each group 16 bits with the highest first. Digits can be said over the telephone
/// in any language, and typed on any keyboard.
#[must_use]
pub fn fingerprint(hq: &HqId) -> String {
    let (pairs, _) = hq.0.as_chunks::<2>();
    let groups: Vec<String> =
        pairs.iter().take(8).map(|pair| format!("{:05}", u16::from_be_bytes(*pair))).collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_eight_groups_of_five_digits() {
        let mut bytes = [0xff; 32];
        bytes[..4].copy_from_slice(&[0, 0, 0, 42]);
        let said = fingerprint(&HqId(bytes));
        assert_eq!(said, "00000 00042 65535 65535 65535 65535 65535 65535");
    }

    #[test]
    fn another_key_or_another_log_is_another_hq() {
        let key = PublicKey([4; 65]);
        let hq = hq_identity(&key, "hq.example/log");
        assert_eq!(hq, hq_identity(&key, "hq.example/log"));
        assert_ne!(hq, hq_identity(&key, "hq.example/other"));
        assert_ne!(hq, hq_identity(&PublicKey([5; 65]), "hq.example/log"));
    }
}
