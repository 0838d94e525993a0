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
    assert_eq!(both(event), [["normal", "sense", "attack", "prosper"], ["截", "租", "外", "绳"]]);
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
