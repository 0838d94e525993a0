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
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::signed::Namespace;

    fn both(digest: [u8; 32]) -> [[&'static str; 4]; 2] {
        [Language::English, Language::Chinese].map(|language| four(&Digest(digest), language))
    }

    #[test]
    fn the_words_are_these_for_ever() {
        assert_eq!(both([0; 32]), [["abandon"; 4], ["的"; 4]]);
        assert_eq!(both([0xff; 32]), [["zoo"; 4], ["歇"; 4]]);
        let Digest(event) = Namespace::Event.digest(&[b"box"]);
        assert_eq!(
            both(event),
            [["normal", "sense", "attack", "prosper"], ["截", "租", "外", "绳"]]
        );
    }

    /// The list's own library cuts a secret into the same words.
    #[test]
    fn they_are_the_first_words_of_the_digest_as_a_mnemonic() {
        let Digest(digest) = Namespace::Event.digest(&[b"another"]);
        for (language, list) in [
            (Language::English, bip39::Language::English),
            (Language::Chinese, bip39::Language::SimplifiedChinese),
        ] {
            let mnemonic = bip39::Mnemonic::from_entropy_in(list, &digest).unwrap();
            assert!(mnemonic.words().take(4).eq(four(&Digest(digest), language)));
        }
    }

    #[test]
    fn no_word_stands_twice_in_a_list() {
        for list in [bip39::Language::English, bip39::Language::SimplifiedChinese] {
            assert_eq!(list.word_list().iter().collect::<HashSet<_>>().len(), 2048);
        }
    }

    proptest! {
        /// And what comes after them changes nothing.
        #[test]
        fn each_of_44_bits_changes_one_word(digest: [u8; 32], bit in 0..256_usize) {
            let mut other = digest;
            other[bit / 8] ^= 0x80 >> (bit % 8);
            for (words, others) in both(digest).into_iter().zip(both(other)) {
                let changed: Vec<usize> = (0..4).filter(|&i| words[i] != others[i]).collect();
                prop_assert_eq!(changed, if bit < 44 { vec![bit / 11] } else { vec![] });
                prop_assert!(words.iter().all(|word| !word.is_empty()));
            }
        }
    }
}
