//! From the words of a code to its text: segments of digits, capitals, bytes
//! and Kanji (ISO/IEC 18004, 7.4).

use encoding_rs::{Encoding, SHIFT_JIS, WINDOWS_1252};

use super::version::Version;

struct Bits<'a> {
    words: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn left(&self) -> usize {
        self.words.len() * 8 - self.at
    }

    fn take(&mut self, count: usize) -> Option<u32> {
        if count > self.left() || count > 24 {
            return None;
        }
        let mut value = 0;
        for _ in 0..count {
            let word = *self.words.get(self.at / 8)?;
            value = value << 1 | u32::from(word >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }
}

const CAPITALS: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Bits of a segment's length.
fn length_bits(version: Version, mode: u32) -> usize {
    let class = match version.number() {
        1..=9 => 0,
        10..=26 => 1,
        _ => 2,
    };
    match mode {
        1 => [10, 12, 14][class],
        2 => [9, 11, 13][class],
        4 => [8, 16, 16][class],
        _ => [8, 10, 12][class],
    }
}

/// The text, or none if the words break the rules. Bytes without a declared
/// character set are UTF-8 if they can be, else Windows-1252 or Shift JIS.
pub fn text(version: Version, words: &[u8]) -> Option<String> {
    let mut bits = Bits { words, at: 0 };
    let mut text = String::new();
    let mut charset: Option<&'static Encoding> = None;
    // FNC1: the text is made of fields, as of GS1 and other trades.
    let mut is_of_fields = false;
    loop {
        if bits.left() < 4 {
            return Some(text);
        }
        let mode = bits.take(4)?;
        match mode {
            0 => return Some(text),
            1 => digits(&mut bits, version, &mut text)?,
            2 => {
                let start = text.len();
                capitals(&mut bits, version, &mut text)?;
                if is_of_fields {
                    let fields = text.split_off(start);
                    text.push_str(&separated(&fields));
                }
            }
            3 => {
                bits.take(16)?;
            }
            4 => bytes(&mut bits, version, charset, &mut text)?,
            5 => is_of_fields = true,
            7 => charset = character_set(&mut bits)?,
            8 => kanji(&mut bits, version, &mut text)?,
            9 => {
                bits.take(8)?;
                is_of_fields = true;
            }
            _ => return None,
        }
    }
}

fn digits(bits: &mut Bits<'_>, version: Version, text: &mut String) -> Option<()> {
    let mut left = bits.take(length_bits(version, 1))? as usize;
    while left > 0 {
        let count = left.min(3);
        let value = bits.take([0, 4, 7, 10][count])?;
        if value >= [1, 10, 100, 1000][count] {
            return None;
        }
        let written = format!("{value:0count$}");
        text.push_str(&written);
        left -= count;
    }
    Some(())
}

fn capitals(bits: &mut Bits<'_>, version: Version, text: &mut String) -> Option<()> {
    let mut left = bits.take(length_bits(version, 2))? as usize;
    while left > 0 {
        if left == 1 {
            let value = bits.take(6)? as usize;
            text.push(char::from(*CAPITALS.get(value)?));
            return Some(());
        }
        let value = bits.take(11)? as usize;
        text.push(char::from(*CAPITALS.get(value / 45)?));
        text.push(char::from(*CAPITALS.get(value % 45)?));
        left -= 2;
    }
    Some(())
}

/// Capitals know no separator of fields, so a percent sign stands for it, and
/// two for one (ISO/IEC 18004, 7.4.8).
fn separated(fields: &str) -> String {
    let parts: Vec<String> = fields.split("%%").map(|part| part.replace('%', "\u{1D}")).collect();
    parts.join("%")
}

fn bytes(
    bits: &mut Bits<'_>,
    version: Version,
    charset: Option<&'static Encoding>,
    text: &mut String,
) -> Option<()> {
    let count = bits.take(length_bits(version, 4))? as usize;
    if count * 8 > bits.left() {
        return None;
    }
    let mut bytes = Vec::with_capacity(count);
    for _ in 0..count {
        bytes.push(bits.take(8)? as u8);
    }
    match charset {
        Some(charset) => text.push_str(&charset.decode_without_bom_handling(&bytes).0),
        None => match String::from_utf8(bytes) {
            Ok(utf8) => text.push_str(&utf8),
            Err(error) => {
                let bytes = error.into_bytes();
                let (japanese, is_wrong) = SHIFT_JIS.decode_without_bom_handling(&bytes);
                if is_wrong {
                    text.push_str(&WINDOWS_1252.decode_without_bom_handling(&bytes).0);
                } else {
                    text.push_str(&japanese);
                }
            }
        },
    }
    Some(())
}

fn kanji(bits: &mut Bits<'_>, version: Version, text: &mut String) -> Option<()> {
    let count = bits.take(length_bits(version, 8))? as usize;
    for _ in 0..count {
        let value = bits.take(13)?;
        let spread = ((value / 0xc0) << 8) + value % 0xc0;
        let code = spread + if spread < 0x1f00 { 0x8140 } else { 0xc140 };
        let pair = [(code >> 8) as u8, code as u8];
        text.push_str(&SHIFT_JIS.decode_without_bom_handling(&pair).0);
    }
    Some(())
}

/// The character set that an ECI names; none means the default.
fn character_set(bits: &mut Bits<'_>) -> Option<Option<&'static Encoding>> {
    let first = bits.take(8)?;
    let number = if first & 0x80 == 0 {
        first
    } else if first & 0x40 == 0 {
        (first & 0x3f) << 8 | bits.take(8)?
    } else if first & 0x20 == 0 {
        (first & 0x1f) << 16 | bits.take(16)?
    } else {
        return None;
    };
    let name = match number {
        1 | 3 => "iso-8859-1",
        4..=13 | 15..=18 => {
            return Some(Encoding::for_label(format!("iso-8859-{}", number - 2).as_bytes()));
        }
        20 => "shift_jis",
        21 => "windows-1250",
        22 => "windows-1251",
        23 => "windows-1252",
        24 => "windows-1256",
        25 => "utf-16be",
        26 | 170 => "utf-8",
        27 => "ascii",
        28 => "big5",
        29 | 31 => "gbk",
        30 => "euc-kr",
        32 => "gb18030",
        _ => return Some(None),
    };
    Some(Encoding::for_label(name.as_bytes()))
}

#[cfg(test)]
mod tests;
