//! The label parser on any text, and on printed labels with slips of the pen.
//!
//! It must not panic, what it accepts must be a label that prints as itself, and
//! one or two wrong characters must never make another label of it.
#![no_main]

use crewseal_label::Token;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    any_text(&String::from_utf8_lossy(input));
    if let Some((token, slips)) = input.split_first_chunk() {
        slips_of_the_pen(Token::from_bytes(*token), slips);
    }
});

fn any_text(text: &str) {
    let Ok(token) = Token::parse(text) else { return };
    assert_eq!(Token::parse(&token.to_text()), Ok(token));
    assert_eq!(Token::parse(&token.to_groups().join(" ")), Ok(token));
}

/// A label with up to two characters replaced, each by a place and a character of
/// the input.
fn slips_of_the_pen(token: Token, slips: &[u8]) {
    let printed = token.to_text();
    assert_eq!(Token::parse(&printed), Ok(token));
    let mut characters: Vec<char> = printed.chars().collect();
    for slip in slips.as_chunks::<2>().0.iter().take(2) {
        let [place, character] = *slip;
        let place = usize::from(place) % characters.len();
        characters[place] = char::from(character);
    }
    let copied: String = characters.into_iter().collect();
    if let Ok(read) = Token::parse(&copied) {
        assert_eq!(read, token, "{copied}");
    }
}
