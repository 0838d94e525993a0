//! Deterministic CBOR, RFC 8949 section 4.2.1: one value, one byte string.
//!
//! Our messages are structs whose fields carry the integer keys 0 to 24, so the
//! derived encoder writes them in the one canonical order with the shortest
//! heads. Decoding is strict by the plainest rule there is: what was read is
//! written again, and anything but the same bytes is refused. That one
//! comparison catches long heads, indefinite lengths, swapped or repeated or
//! unknown keys, and bytes that trail.

use std::convert::Infallible;
use std::ops::RangeInclusive;

use minicbor::decode::{Decode, Decoder};
use minicbor::encode::{self, Encode, Encoder, Write};
use zeroize::Zeroizing;

/// Why bytes are not a message in deterministic CBOR. Positions are offsets
/// from the first byte of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// Not the CBOR of this kind of message: wrong type, missing key, cut off.
    #[error("not a message of this kind from byte {position} on")]
    Malformed {
        /// Where reading stopped.
        position: usize,
    },
    /// The message could be read, but its one canonical form differs from here.
    #[error("not in canonical form from byte {position} on")]
    NotCanonical {
        /// The first byte that differs.
        position: usize,
    },
    /// A message of a format that this library does not know; a newer one may.
    #[error("format version {found} is not known here; update the app")]
    Version {
        /// The version that the message names.
        found: u64,
    },
}

/// The canonical bytes of a message.
#[must_use]
pub fn to_vec<T: Encode<()>>(message: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    // Writing to memory cannot fail and no encoder of ours raises an error of
    // its own, so there is nothing that a caller could be told.
    let written: Result<(), encode::Error<_>> = minicbor::encode(message, &mut bytes);
    debug_assert!(written.is_ok(), "an encoder raised an error");
    bytes
}

/// As [`to_vec`], for what must not stay in memory: the buffer is as large as
/// the message from the start, so no copy is left where it was too small, and is
/// wiped when it is dropped.
pub(crate) fn to_wiped<T: Encode<()>>(message: &T) -> Zeroizing<Vec<u8>> {
    let mut size = Size(0);
    let written: Result<(), encode::Error<_>> = minicbor::encode(message, &mut size);
    debug_assert!(written.is_ok(), "an encoder raised an error");
    self::written(size.0, |e| e.encode(message).map(drop))
}

/// Bytes that `write` writes, at most `length`, wiped when they are dropped.
pub(crate) fn written(
    length: usize,
    write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Result<(), encode::Error<Infallible>>,
) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    let written = write(&mut Encoder::new(&mut *bytes));
    debug_assert!(written.is_ok() && bytes.len() <= length, "more than it should be");
    bytes
}

/// Counts what is written.
struct Size(usize);

impl Write for Size {
    type Error = Infallible;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0 += bytes.len();
        Ok(())
    }
}

/// Reads one message, and only in its canonical form.
///
/// # Errors
/// [`CborError::Malformed`] or [`CborError::NotCanonical`].
pub fn from_slice<T>(bytes: &[u8]) -> Result<T, CborError>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    let mut decoder = Decoder::new(bytes);
    let message: T = decoder.decode().map_err(|error| CborError::Malformed {
        position: error.position().unwrap_or_else(|| decoder.position()),
    })?;
    let canonical = to_vec(&message);
    if canonical == bytes {
        return Ok(message);
    }
    let same = canonical.iter().zip(bytes).take_while(|(a, b)| a == b).count();
    Err(CborError::NotCanonical { position: same })
}

/// As [`from_slice`], for a message that is a map whose key 0 names its format
/// version, so that a message from the future is told apart from a damaged one.
///
/// # Errors
/// [`CborError`].
pub fn from_versioned<T, const VERSION: u8>(bytes: &[u8]) -> Result<T, CborError>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    from_versions(bytes, u64::from(VERSION)..=u64::from(VERSION))
}

/// As [`from_versioned`], for a message of which several formats are `known`, such as one
/// with [`Versions`] as its key 0.
///
/// # Errors
/// [`CborError`].
pub fn from_versions<T>(bytes: &[u8], known: RangeInclusive<u64>) -> Result<T, CborError>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    match version_of(bytes) {
        Some(found) if !known.contains(&found) => Err(CborError::Version { found }),
        _ => from_slice(bytes),
    }
}

/// The version that a message names under its key 0; none if it is no map or has no such
/// key at its beginning. Nothing else of it is looked at.
#[must_use]
pub fn version_of(bytes: &[u8]) -> Option<u64> {
    let mut decoder = Decoder::new(bytes);
    decoder.map().ok()?;
    (decoder.u64().ok()? == 0).then(|| decoder.u64().ok())?
}

/// The version of a message's format, as its key 0: nothing but the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Version<const N: u8>;

impl<C, const N: u8> Encode<C> for Version<N> {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.u8(N)?.ok()
    }
}

impl<'b, C, const N: u8> Decode<'b, C> for Version<N> {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        if d.u8()? == N { Ok(Self) } else { Err(minicbor::decode::Error::message("version")) }
    }
}

/// The version of a message's format where several are known, `LOW` to `HIGH`: the number
/// that was read, so that an older message is written again as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Versions<const LOW: u8, const HIGH: u8>(u8);

impl<const LOW: u8, const HIGH: u8> Versions<LOW, HIGH> {
    /// All that are read.
    pub const KNOWN: RangeInclusive<u64> = LOW as u64..=HIGH as u64;

    /// What is written today.
    pub const NEWEST: Self = Self(HIGH);

    /// What is only read any more.
    pub const OLDEST: Self = Self(LOW);

    /// The number, from `LOW` to `HIGH`.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl<const LOW: u8, const HIGH: u8> Default for Versions<LOW, HIGH> {
    fn default() -> Self {
        Self::NEWEST
    }
}

impl<C, const LOW: u8, const HIGH: u8> Encode<C> for Versions<LOW, HIGH> {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.u8(self.0)?.ok()
    }
}

impl<'b, C, const LOW: u8, const HIGH: u8> Decode<'b, C> for Versions<LOW, HIGH> {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        match d.u8()? {
            number if (LOW..=HIGH).contains(&number) => Ok(Self(number)),
            _ => Err(minicbor::decode::Error::message("version")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, minicbor::Encode, minicbor::Decode)]
    #[cbor(map)]
    struct Message {
        #[n(0)]
        version: Version<1>,
        #[n(1)]
        number: u64,
        #[n(2)]
        note: Option<u8>,
    }

    fn read(bytes: &[u8]) -> Result<Message, CborError> {
        from_versioned::<Message, 1>(bytes)
    }

    #[test]
    fn one_value_one_byte_string() {
        let message = Message { version: Version, number: 500, note: None };
        let canonical = to_vec(&message);
        assert_eq!(canonical, [0xa2, 0, 1, 1, 0x19, 1, 0xf4]);
        assert_eq!(read(&canonical), Ok(message));

        let others: [(&str, &[u8]); 7] = [
            ("long head", &[0xa2, 0, 1, 1, 0x1a, 0, 0, 1, 0xf4]),
            ("long map head", &[0xb8, 2, 0, 1, 1, 0x19, 1, 0xf4]),
            ("indefinite map", &[0xbf, 0, 1, 1, 0x19, 1, 0xf4, 0xff]),
            ("keys swapped", &[0xa2, 1, 0x19, 1, 0xf4, 0, 1]),
            ("null for absent", &[0xa3, 0, 1, 1, 0x19, 1, 0xf4, 2, 0xf6]),
            ("unknown key", &[0xa3, 0, 1, 1, 0x19, 1, 0xf4, 9, 0]),
            ("trailing byte", &[0xa2, 0, 1, 1, 0x19, 1, 0xf4, 0]),
        ];
        for (name, bytes) in others {
            assert!(matches!(read(bytes), Err(CborError::NotCanonical { .. })), "{name}");
        }
        assert!(matches!(read(&canonical[..5]), Err(CborError::Malformed { .. })));
        assert_eq!(read(&[0xa2, 0, 7, 1, 1]), Err(CborError::Version { found: 7 }));
    }

    #[derive(Debug, PartialEq, minicbor::Encode, minicbor::Decode)]
    #[cbor(map)]
    struct Grown {
        #[n(0)]
        version: Versions<2, 3>,
    }

    #[test]
    fn a_message_of_an_older_format_is_written_again_as_it_was() {
        let read = |number| from_versions::<Grown>(&[0xa1, 0, number], 2..=3);
        for number in [2, 3] {
            let message = read(number).unwrap();
            assert_eq!(message.version.number(), number);
            assert_eq!(to_vec(&message), [0xa1, 0, number]);
        }
        for number in [0, 1, 4] {
            assert_eq!(read(number), Err(CborError::Version { found: number.into() }));
        }
        assert_eq!(read(2).unwrap().version, Versions::OLDEST);
        assert_eq!(read(3).unwrap().version, Versions::default());
    }
}
