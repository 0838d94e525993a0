//! The alphabet of what people type.

use data_encoding::Encoding;
use data_encoding_macro::new_encoding;

use crate::check::Symbol;

/// Crockford's base32: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Bytes as characters of the alphabet. Bits that no byte fills must be zero.
pub(crate) const CROCKFORD: Encoding = new_encoding! {
    symbols: "0123456789ABCDEFGHJKMNPQRSTVWXYZ",
    check_trailing_bits: true,
};

/// Whether people type it between characters, and mean nothing by it.
pub(crate) fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF0D}')
}

/// The alphabet's character that a person meant, if any.
pub(crate) fn normalise(c: char) -> Option<u8> {
    let narrow = match u32::from(c) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0)?,
        _ => c,
    };
    let upper = u8::try_from(narrow).ok()?.to_ascii_uppercase();
    let meant = match upper {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    symbol(meant).map(|_| meant)
}

/// The value of a character, 0 to 31; none of one that is not in the alphabet.
pub(crate) fn symbol(character: u8) -> Option<Symbol> {
    let at = ALPHABET.iter().position(|&c| c == character)?;
    Symbol::try_from(at).ok()
}

/// The character of a value, 0 to 31.
pub(crate) fn character(symbol: Symbol) -> Option<char> {
    ALPHABET.get(usize::from(symbol)).map(|&c| char::from(c))
}
