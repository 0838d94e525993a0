//! The bytes of a handoff message as the text of one QR, or of many.
//!
//! A text is a letter for what the message is for, a mark, and base45
//! (RFC 9285), which is what a QR's alphanumeric mode holds best. `O:` and the
//! message is the whole of an offer; `O/` and a part is one of many, which a
//! screen shows in turn. A label's text begins with its version and has neither
//! mark, so a camera never takes one for the other.
//!
//! The parts are a fountain code, that of Blockchain Commons' uniform resources
//! (BCR-2024-001): first the message in pieces, then pieces laid over each
//! other. A camera that missed one need not wait for it to come round: it is done
//! with the pieces if it sees them all, and otherwise with half as many parts
//! again as there are pieces, sometimes twice as many.
//!
//! All that is read here is a stranger's. What a part says of itself is checked
//! before the fountain sees it, and bounds what it can make us keep.

use std::fmt;

use minicbor::{Decode, Encode};
use ur::fountain;

use crate::cbor;

/// What a message is for; its letter begins the text. S and T begin texts that are
/// for people and not for a phone of ours: a supervisor's
/// [one-time code](crate::OneTimeCode) and a customer's
/// [receipt](crate::CustomerReceipt).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// H: who I am.
    Hello,
    /// O: these boxes are offered.
    Offer,
    /// A: the offer is accepted.
    Accept,
    /// K: the acceptance was seen.
    Ack,
    /// W: the offer is withdrawn.
    Withdraw,
    /// Q: what a supervisor is asked to sign off.
    SignOffRequest,
    /// Y: he signed it off.
    SignOff,
    /// N: the keys of a carrier's new device, to be vouched for.
    NewKeys,
    /// V: an older device of his vouches for them.
    Voucher,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Hello,
        Self::Offer,
        Self::Accept,
        Self::Ack,
        Self::Withdraw,
        Self::SignOffRequest,
        Self::SignOff,
        Self::NewKeys,
        Self::Voucher,
    ];

    /// The letter that begins its texts.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Hello => 'H',
            Self::Offer => 'O',
            Self::Accept => 'A',
            Self::Ack => 'K',
            Self::Withdraw => 'W',
            Self::SignOffRequest => 'Q',
            Self::SignOff => 'Y',
            Self::NewKeys => 'N',
            Self::Voucher => 'V',
        }
    }

    fn of_letter(letter: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.letter() == char::from(letter))
    }
}

/// After the letter of a message that is whole.
const WHOLE: u8 = b':';

/// After the letter of a part.
const PART: u8 = b'/';

/// Letter and mark.
const PREFIX: usize = 2;

/// The characters of a QR of version 20, level M, in alphanumeric mode: 97
/// modules along a side, two thirds of a millimetre each on a phone's screen. No
/// text has more, read or shown.
const MAX_TEXT: usize = 970;

/// The longest message that is shown as one QR, in bytes.
const MAX_ONE: usize = bytes_in(MAX_TEXT - PREFIX);

/// The longest message there is, in bytes.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// The characters of a part: a QR of version 13, level M, 69 modules along a
/// side. A single QR stands still until it is read, parts go by: each must be
/// read from the frame or two that show it. On the same screen these modules are
/// a good third wider than those of version 20, and there are half as many bytes.
const PART_TEXT: usize = 483;

/// What a part says before its piece, at most: the heads of the array and of the
/// bytes, and four numbers.
const PART_HEAD: usize = 1 + 3 + 3 + 5 + 5 + 3;

/// The longest piece that is shown.
const PIECE: usize = bytes_in(PART_TEXT - PREFIX) - PART_HEAD;

/// The most pieces of a message that are read. The longest message has 219 of
/// ours; a later sender may choose smaller ones.
const MAX_PIECES: u32 = 512;

/// The parts of a message are this many times its pieces, then they begin anew:
/// once the pieces themselves, the rest mixed. With an end to them, no sender can
/// make a reader keep more.
const ROUNDS: u32 = 4;

/// How many bytes this many characters of base45 hold: two in three, one in a
/// last two.
const fn bytes_in(characters: usize) -> usize {
    characters / 3 * 2 + characters % 3 / 2
}

/// What a screen shows for a message: the text of one QR, or texts in turn.
#[derive(Clone, PartialEq, Eq)]
pub struct Show {
    texts: Vec<String>,
    pieces: usize,
    next: usize,
}

impl Show {
    /// What is shown for a message.
    ///
    /// # Errors
    /// [`TextError::Empty`] or [`TextError::TooLong`].
    pub fn of(purpose: Purpose, message: &[u8]) -> Result<Self, TextError> {
        if message.is_empty() {
            return Err(TextError::Empty);
        }
        if message.len() > MAX_MESSAGE {
            return Err(TextError::TooLong);
        }
        if message.len() <= MAX_ONE {
            return Ok(Self { texts: vec![text(purpose, WHOLE, message)], pieces: 1, next: 0 });
        }
        // Neither length is 0, and nothing else is an error there.
        let mut fountain = fountain::Encoder::new(message, PIECE).map_err(|_| TextError::Empty)?;
        let pieces = fountain.fragment_count();
        // All at once: half a megabyte for the longest, and nothing left that
        // could fail while the screen is on.
        let texts = (0..ROUNDS)
            .flat_map(|_| 0..pieces)
            .map(|_| text(purpose, PART, &cbor::to_vec(&fountain.next_part())))
            .collect();
        Ok(Self { texts, pieces, next: 0 })
    }

    /// The text to show next; after the last, the first again. For one QR, its
    /// text every time.
    pub fn next_text(&mut self) -> String {
        let at = self.next;
        self.next = if at + 1 < self.texts.len() { at + 1 } else { 0 };
        self.texts.get(at).cloned().unwrap_or_default()
    }

    /// Whether it is one QR, which stands still.
    #[must_use]
    pub fn is_one(&self) -> bool {
        self.texts.len() == 1
    }

    /// How many pieces the message is in: no reader is done after fewer parts.
    /// 1 for one QR.
    #[must_use]
    pub const fn pieces(&self) -> usize {
        self.pieces
    }
}

/// Without what it says.
impl fmt::Debug for Show {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Show({} texts of {} pieces)", self.texts.len(), self.pieces)
    }
}

/// What a text added.
#[derive(Clone, PartialEq, Eq)]
pub enum Collected {
    /// A whole message, from one QR or with its last missing part. The same
    /// text again is the same message again.
    Whole(Purpose, Vec<u8>),
    /// A part, new or seen before, of a message that is not whole yet.
    Part {
        /// How many pieces are known. It may stand still for a few parts and
        /// then leap, when mixed ones come apart.
        have: usize,
        /// How many there are.
        of: usize,
    },
}

/// Without what it says.
impl fmt::Debug for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(purpose, message) => {
                write!(f, "Whole({purpose:?}, {} bytes)", message.len())
            }
            Self::Part { have, of } => write!(f, "Part({have} of {of})"),
        }
    }
}

/// Puts together what a camera reads of another phone's screen.
///
/// It keeps to the message whose part came first. Parts of another one are
/// [`TextError::AnotherMessage`] until [`Collector::reset`]; a message in one QR
/// comes through at any time and leaves the parts as they are.
#[derive(Default)]
pub struct Collector {
    begun: Option<Collection>,
}

/// A message in parts.
struct Collection {
    purpose: Purpose,
    shape: Shape,
    fountain: fountain::Decoder,
    whole: Option<Vec<u8>>,
}

/// What all parts of a message agree in.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    pieces: u32,
    length: u32,
    checksum: u32,
    piece: usize,
}

/// A part as it is written, to be looked at before the fountain gets it.
#[derive(Encode, Decode)]
struct Part {
    #[n(0)]
    sequence: u32,
    #[n(1)]
    pieces: u32,
    #[n(2)]
    length: u32,
    #[n(3)]
    checksum: u32,
    #[cbor(n(4), with = "minicbor::bytes")]
    piece: Vec<u8>,
}

impl Part {
    /// Its message's shape, if a message can have it and this part: as many
    /// pieces as the length needs, a sequence number within the rounds.
    fn shape(&self) -> Option<Shape> {
        let length = usize::try_from(self.length).ok().filter(|n| (1..=MAX_MESSAGE).contains(n))?;
        let pieces = Some(self.pieces).filter(|n| (1..=MAX_PIECES).contains(n))?;
        let piece = Some(self.piece.len()).filter(|n| *n > 0)?;
        let is_possible = usize::try_from(pieces) == Ok(length.div_ceil(piece))
            && (1..=pieces * ROUNDS).contains(&self.sequence);
        let shape = Shape { pieces, length: self.length, checksum: self.checksum, piece };
        is_possible.then_some(shape)
    }
}

impl Collector {
    /// Begins with nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what a QR says.
    ///
    /// # Errors
    /// [`TextError`]. Only [`TextError::Mismatch`] loses what was collected.
    pub fn add(&mut self, text: &str) -> Result<Collected, TextError> {
        let (letter, mark, encoded) = match text.as_bytes() {
            &[letter, mark @ (WHOLE | PART), ref encoded @ ..] => (letter, mark, encoded),
            _ => return Err(TextError::NotOurs),
        };
        let purpose = Purpose::of_letter(letter).ok_or(TextError::NotOurs)?;
        if text.len() > MAX_TEXT {
            return Err(TextError::TooLong);
        }
        let bytes = decode(encoded)?;
        match mark {
            WHOLE if bytes.is_empty() => Err(TextError::Empty),
            WHOLE => Ok(Collected::Whole(purpose, bytes)),
            _ => self.add_part(purpose, &bytes),
        }
    }

    /// Forgets the message that was begun.
    pub fn reset(&mut self) {
        self.begun = None;
    }

    fn add_part(&mut self, purpose: Purpose, bytes: &[u8]) -> Result<Collected, TextError> {
        let shape = cbor::from_slice::<Part>(bytes)
            .ok()
            .and_then(|part| part.shape())
            .ok_or(TextError::Malformed)?;
        let begun = self.begun.get_or_insert_with(|| Collection {
            purpose,
            shape,
            fountain: fountain::Decoder::default(),
            whole: None,
        });
        if (begun.purpose, begun.shape) != (purpose, shape) {
            return Err(TextError::AnotherMessage);
        }
        let added = begun.add(bytes);
        if added.is_err() {
            self.reset();
        }
        added
    }
}

impl Collection {
    /// Adds a part of this message.
    fn add(&mut self, bytes: &[u8]) -> Result<Collected, TextError> {
        if self.whole.is_none() {
            let part = minicbor::decode(bytes).map_err(|_| TextError::Malformed)?;
            self.fountain.receive(part).map_err(|_| TextError::Malformed)?;
            self.whole = self.fountain.message().map_err(|_| TextError::Mismatch)?;
        }
        Ok(match &self.whole {
            Some(message) => Collected::Whole(self.purpose, message.clone()),
            None => Collected::Part {
                have: self.fountain.resolved_fragment_count().unwrap_or(0),
                of: self.fountain.fragment_count(),
            },
        })
    }
}

/// How many pieces are known, nothing of what they say.
impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(begun) = &self.begun else { return f.write_str("Collector(nothing)") };
        let have = begun.fountain.resolved_fragment_count().unwrap_or(0);
        write!(f, "Collector({:?}, {have} of {})", begun.purpose, begun.shape.pieces)
    }
}

/// Why a message has no text, or a text is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Not the text of a handoff: a label's, or another kind of code.
    #[error("not a code of a handoff")]
    NotOurs,
    /// It begins like a handoff's, but no phone of ours writes what follows.
    #[error("a handoff's code that is damaged or not from our app")]
    Malformed,
    /// A message without a byte.
    #[error("an empty message")]
    Empty,
    /// Longer than a message or a text can be.
    #[error("longer than a handoff's message can be")]
    TooLong,
    /// A part of another message than the one that was begun.
    #[error("a part of another message than the one before")]
    AnotherMessage,
    /// All parts are there, and what they make is not what they were made of:
    /// one was not from the same screen. What was collected is forgotten.
    #[error("the parts do not make a message; scan them again")]
    Mismatch,
}

fn text(purpose: Purpose, mark: u8, bytes: &[u8]) -> String {
    let mut text = String::with_capacity(PREFIX + bytes.len().div_ceil(2) * 3);
    text.push(purpose.letter());
    text.push(char::from(mark));
    text.push_str(&base45::encode(bytes));
    text
}

/// The bytes of base45, if they are written as they would be written. The
/// library refuses three characters beyond 65,535 but takes two beyond 255 for
/// what is left of them.
fn decode(encoded: &[u8]) -> Result<Vec<u8>, TextError> {
    let bytes = base45::decode(encoded).map_err(|_| TextError::Malformed)?;
    if base45::encode(&bytes).as_bytes() == encoded { Ok(bytes) } else { Err(TextError::Malformed) }
}

#[cfg(test)]
mod tests;
