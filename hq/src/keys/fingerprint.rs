//! A key as two people compare it, on paper or over the telephone.

use crewseal_custody::signed::PublicKey;

use crate::hash::sha256;

/// SHA-256 of a public key (65 bytes, uncompressed), in 16 groups of four hex
/// digits for two people to compare.
#[must_use]
pub fn fingerprint(key: &PublicKey) -> String {
    let hash = sha256(&key.0);
    let groups = hash.as_chunks::<2>().0;
    let groups: Vec<String> = groups.iter().map(|[a, b]| format!("{a:02x}{b:02x}")).collect();
    groups.join(" ")
}
