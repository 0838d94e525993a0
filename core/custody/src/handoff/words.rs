//! Four words for a digest, which two people compare by voice.
//!
//! They are against mix-ups only: the wrong job, yesterday's offer, the phone
//! of the crew next door. They have 44 bits, and who wants other bytes with the
//! same four words finds them by trying. What must hold against an attacker is
//! in the signatures.

use crate::signed::Digest;

/// The language of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// 2,048 words of three to eight letters, told apart by their first four.
    English,
    /// 2,048 simplified characters. Some sound alike: these are for the eye.
    Chinese,
}

/// The words of a digest: its first 44 bits, the highest first, 11 to a word of
/// BIP-39's list. A list is never changed, so neither are the words.
#[must_use]
pub fn four(digest: &Digest, language: Language) -> [&'static str; 4] {
    let list = match language {
        Language::English => bip39::Language::English,
        Language::Chinese => bip39::Language::SimplifiedChinese,
    }
    .word_list();
    let [a, b, c, d, e, f, ..] = digest.0.map(usize::from);
    [
        a << 3 | b >> 5,
        (b & 0b1_1111) << 6 | c >> 2,
        (c & 0b11) << 9 | d << 1 | e >> 7,
        (e & 0b111_1111) << 4 | f >> 4,
    ]
    // Eleven bits are always in a list of 2,048.
    .map(|index| list.get(index).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests;
