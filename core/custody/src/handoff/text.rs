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
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Hello,
        Self::Offer,
        Self::Accept,
        Self::Ack,
        Self::Withdraw,
        Self::SignOffRequest,
        Self::SignOff,
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
pub const MAX_TEXT: usize = 970;

/// The longest message that is shown as one QR, in bytes.
pub const MAX_ONE: usize = bytes_in(MAX_TEXT - PREFIX);

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
mod tests {
    use crewseal_label::Token;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use qrcode::bits::Bits;
    use qrcode::{EcLevel, Version};

    use super::*;
    use crate::signed::Namespace;

    fn message(length: usize) -> Vec<u8> {
        (0..length).map(|i| u8::try_from(i * i % 251).unwrap()).collect()
    }

    fn purpose() -> impl Strategy<Value = Purpose> {
        prop::sample::select(&Purpose::ALL[..])
    }

    fn fits(text: &str, version: i16) -> bool {
        let mut bits = Bits::new(Version::Normal(version));
        bits.push_alphanumeric_data(text.as_bytes())
            .and_then(|()| bits.push_terminator(EcLevel::M))
            .is_ok()
    }

    fn part(sequence: u32, pieces: u32, length: u32, piece: &[u8]) -> String {
        let piece = piece.to_vec();
        let part = Part { sequence, pieces, length, checksum: 7, piece };
        text(Purpose::Offer, PART, &cbor::to_vec(&part))
    }

    #[test]
    fn base45_is_that_of_the_rfc_and_strict() {
        for (bytes, encoded) in [
            ("AB", "BB8"),
            ("Hello!!", "%69 VD92EX0"),
            ("base-45", "UJCLQE7W581"),
            ("ietf!", "QED8WEX0"),
        ] {
            assert_eq!(text(Purpose::Hello, WHOLE, bytes.as_bytes()), format!("H:{encoded}"));
            assert_eq!(decode(encoded.as_bytes()), Ok(bytes.into()));
        }
        assert_eq!(decode(b"FGW"), Ok(vec![0xff, 0xff]));
        assert_eq!(decode(b"U5"), Ok(vec![0xff]));
        for wrong in ["GGW", ":::", "V5", "::", "BB8V5", "A", "BB8A", "bb8", "BB\u{e9}", "BB8\n"] {
            assert_eq!(decode(wrong.as_bytes()), Err(TextError::Malformed), "{wrong}");
        }
    }

    #[test]
    fn what_fits_each_version_is_known() {
        let capacity = |version| {
            let text = |length| text(Purpose::Offer, WHOLE, &vec![0xff; length]);
            (1..).take_while(|&length| fits(&text(length), version)).last().unwrap()
        };
        let all: Vec<usize> = (8..=20).map(capacity).collect();
        assert_eq!(all, [146, 173, 206, 242, 278, 320, 350, 398, 436, 488, 542, 604, 645]);
        assert_eq!(MAX_ONE, 645);
        assert_eq!(PIECE, 300);
        for (characters, version) in [(MAX_TEXT, 20), (PART_TEXT, 13)] {
            assert!(fits(&"A".repeat(characters), version));
            assert!(!fits(&"A".repeat(characters + 1), version));
        }
    }

    #[test]
    fn one_or_many_by_length() {
        for (length, pieces) in [(1, 1), (MAX_ONE, 1), (MAX_ONE + 1, 3), (MAX_MESSAGE, 219)] {
            let mut show = Show::of(Purpose::Offer, &message(length)).unwrap();
            assert_eq!((show.pieces(), show.is_one()), (pieces, pieces == 1), "{length}");
            let texts = show.texts.clone();
            assert_eq!(texts.len(), if pieces == 1 { 1 } else { 4 * pieces });
            for text in texts.iter().chain(&texts[..1]) {
                assert_eq!(&show.next_text(), text);
                assert!(fits(text, if pieces == 1 { 20 } else { 13 }));
            }
        }
        assert_eq!(Show::of(Purpose::Offer, &[]), Err(TextError::Empty));
        assert_eq!(Show::of(Purpose::Offer, &message(MAX_MESSAGE + 1)), Err(TextError::TooLong));
    }

    #[test]
    fn the_texts_are_these_for_ever() {
        let letters: String = Purpose::ALL.into_iter().map(Purpose::letter).collect();
        assert_eq!(letters, "HOAKWQY");
        let one = Show::of(Purpose::Accept, &message(9)).unwrap().next_text();
        assert_eq!(one, "A:100/M0Q12+P4J1");
        let many = Show::of(Purpose::Offer, &message(700)).unwrap();
        let all = Namespace::Event.digest(&[many.texts.join("\n").as_bytes()]);
        assert_eq!(
            (&many.texts[0][..40], all.to_string().as_str()),
            ("O/T GSH0PF0IF3LJ7Z:H9QTZ50P611838A61DAPG", "739de59e")
        );
    }

    #[test]
    fn other_texts_are_not_ours() {
        let label = Token::from_bytes([7; 16]).to_text();
        for text in [
            "",
            "H",
            "H:"[..1].as_ref(),
            "B:BB8",
            "S:BB8",
            "T:BB8",
            "h:BB8",
            "H;BB8",
            "HTTP://A",
            "é:BB8",
            &label,
        ] {
            assert_eq!(Collector::new().add(text), Err(TextError::NotOurs), "{text}");
        }
        assert_eq!(Collector::new().add("H:"), Err(TextError::Empty));
        assert_eq!(Collector::new().add("H/"), Err(TextError::Malformed));
        assert_eq!(Collector::new().add("H:bb8"), Err(TextError::Malformed));
        let long = format!("H:{}", "0".repeat(MAX_TEXT - 1));
        assert_eq!(Collector::new().add(&long), Err(TextError::TooLong));
        assert_eq!(Collector::new().add(&long[..MAX_TEXT]).map(drop), Ok(()));
    }

    #[test]
    fn a_part_that_no_message_has_is_refused() {
        let ten = [1; 10];
        assert_eq!(
            Collector::new().add(&part(1, 2, 20, &ten)),
            Ok(Collected::Part { have: 1, of: 2 })
        );
        for (sequence, pieces, length, piece) in [
            (0, 2, 20, &ten[..]),
            (9, 2, 20, &ten),
            (u32::MAX, 2, 20, &ten),
            (1, 0, 20, &ten),
            (1, 0, 0, &ten),
            (1, 1, 20, &ten),
            (1, 3, 20, &ten),
            (1, u32::MAX, u32::MAX, &ten),
            (1, 6554, 65536, &ten),
            (1, 513, 5130, &ten),
            (1, 2, 0, &ten),
            (1, 2, 20, &[]),
            (1, 0, 0, &[]),
            (1, 1, 65537, &ten),
        ] {
            let text = part(sequence, pieces, length, piece);
            let refused = Collector::new().add(&text);
            assert_eq!(refused, Err(TextError::Malformed), "{sequence} {pieces} {length}");
        }
        let canonical = decode(&part(1, 2, 20, &ten).as_bytes()[2..]).unwrap();
        let long_head = [&[0x98, 5], &canonical[1..]].concat();
        let trailing = [&canonical[..], &[0]].concat();
        for bytes in [long_head, trailing, canonical[..canonical.len() - 1].to_vec()] {
            let text = text(Purpose::Offer, PART, &bytes);
            assert_eq!(Collector::new().add(&text), Err(TextError::Malformed));
        }
    }

    #[test]
    fn parts_of_another_message_wait_for_a_reset() {
        let first = message(2000);
        let mut second = first.clone();
        second[1999] ^= 1;
        let texts = |purpose, message: &[u8]| Show::of(purpose, message).unwrap().texts;
        let mut collector = Collector::new();
        let parts = texts(Purpose::Offer, &first);
        assert_eq!(collector.add(&parts[0]), Ok(Collected::Part { have: 1, of: 7 }));
        assert_eq!(collector.add(&parts[0]), Ok(Collected::Part { have: 1, of: 7 }));
        for other in [
            texts(Purpose::Offer, &second),
            texts(Purpose::Accept, &first),
            texts(Purpose::Offer, &first[..1999]),
        ] {
            assert_eq!(collector.add(&other[1]), Err(TextError::AnotherMessage));
        }
        // One QR comes through, and takes nothing with it.
        let one = texts(Purpose::Withdraw, b"never mind");
        let whole = Ok(Collected::Whole(Purpose::Withdraw, b"never mind".to_vec()));
        assert_eq!(collector.add(&one[0]), whole);
        for text in &parts[1..6] {
            assert!(matches!(collector.add(text), Ok(Collected::Part { .. })));
        }
        let whole = Ok(Collected::Whole(Purpose::Offer, first));
        assert_eq!(collector.add(&parts[6]), whole);
        assert_eq!(collector.add(&parts[20]), whole);
        let other = texts(Purpose::Offer, &second);
        assert_eq!(collector.add(&other[0]), Err(TextError::AnotherMessage));
        collector.reset();
        assert_eq!(collector.add(&other[0]), Ok(Collected::Part { have: 1, of: 7 }));
    }

    #[test]
    fn a_forged_part_costs_the_message_and_no_more() {
        let mut collector = Collector::new();
        assert_eq!(
            collector.add(&part(1, 2, 20, &[1; 10])),
            Ok(Collected::Part { have: 1, of: 2 })
        );
        assert_eq!(collector.add(&part(2, 2, 20, &[2; 10])), Err(TextError::Mismatch));
        assert_eq!(format!("{collector:?}"), "Collector(nothing)");
        // Padding that is not zero, likewise.
        assert_eq!(collector.add(&part(1, 1, 9, &[1; 10])), Err(TextError::Mismatch));
        assert_eq!(
            collector.add(&part(1, 2, 20, &[1; 10])),
            Ok(Collected::Part { have: 1, of: 2 })
        );
    }

    #[test]
    fn nothing_of_a_message_is_in_debug_output() {
        let show = Show::of(Purpose::Offer, b"secret").unwrap();
        assert_eq!(format!("{show:?}"), "Show(1 texts of 1 pieces)");
        let whole = Collector::new().add(&show.texts[0]).unwrap();
        assert_eq!(format!("{whole:?}"), "Whole(Offer, 6 bytes)");
    }

    /// With every third part lost the longest message still arrives, from fewer
    /// than two parts read for each piece.
    #[test]
    fn the_longest_message_arrives_through_a_lossy_camera() {
        let message = message(MAX_MESSAGE);
        let mut show = Show::of(Purpose::SignOffRequest, &message).unwrap();
        let mut collector = Collector::new();
        let mut read = 0;
        for shown in 1.. {
            let text = show.next_text();
            if shown % 3 == 0 {
                continue;
            }
            read += 1;
            if let Collected::Whole(purpose, whole) = collector.add(&text).unwrap() {
                assert_eq!((purpose, whole), (Purpose::SignOffRequest, message));
                break;
            }
        }
        assert!(read < 2 * show.pieces(), "{read}");
    }

    /// The most that a crafted sender can make a reader keep: every part of the
    /// most pieces that is mixed, so that no piece is ever known.
    #[test]
    fn all_the_parts_there_can_be_have_an_end() {
        let is_mixed = |text: &String| {
            let bytes = decode(&text.as_bytes()[2..]).unwrap();
            !minicbor::decode::<fountain::Part>(&bytes).unwrap().is_simple()
        };
        let mut collector = Collector::new();
        let sequences = MAX_PIECES + 1..=MAX_PIECES * ROUNDS;
        let mixed: Vec<String> = sequences
            .map(|sequence| part(sequence, MAX_PIECES, 65536, &[1; 128]))
            .filter(is_mixed)
            .collect();
        assert!(mixed.len() > 1000);
        for text in mixed {
            assert_eq!(collector.add(&text), Ok(Collected::Part { have: 0, of: 512 }));
        }
        let one_more = part(MAX_PIECES * ROUNDS + 1, MAX_PIECES, 65536, &[1; 128]);
        assert_eq!(collector.add(&one_more), Err(TextError::Malformed));
    }

    proptest! {
        #[test]
        fn one_is_read_as_shown(purpose in purpose(), message in vec(any::<u8>(), 1..=MAX_ONE)) {
            let mut show = Show::of(purpose, &message).unwrap();
            prop_assert!(show.is_one());
            let text = show.next_text();
            prop_assert_eq!(&show.next_text(), &text);
            prop_assert!(fits(&text, 20));
            prop_assert_eq!(Collector::new().add(&text), Ok(Collected::Whole(purpose, message)));
        }

        /// Any parts, in any order and any number, make the message or wait for
        /// more; with all of them it is there.
        #[test]
        fn many_are_read_in_any_order_with_loss_and_repetition(
            purpose in purpose(),
            message in vec(any::<u8>(), MAX_ONE + 1..6000),
            order in vec(any::<prop::sample::Index>(), 0..200),
        ) {
            let show = Show::of(purpose, &message).unwrap();
            let whole = Collected::Whole(purpose, message);
            let mut collector = Collector::new();
            let mut known = 0;
            for index in order {
                match collector.add(index.get::<String>(&show.texts)).unwrap() {
                    Collected::Part { have, of } => {
                        prop_assert!(known <= have && have < of && of == show.pieces());
                        known = have;
                    }
                    done => prop_assert_eq!(&done, &whole),
                }
            }
            let last = show.texts.iter().rev().map(|text| collector.add(text).unwrap()).last();
            prop_assert_eq!(last, Some(whole));
        }

        #[test]
        fn any_text_is_read_or_refused(
            start in "[HOAKWQY][:/]|.{0,2}",
            rest in "[0-9A-Z $%*+./:-]{0,400}|.{0,40}",
        ) {
            let mut collector = Collector::new();
            let text = start + &rest;
            if let Ok(Collected::Whole(purpose, message)) = collector.add(&text) {
                // One message, one text.
                if text.as_bytes()[1] == WHOLE {
                    prop_assert_eq!(Show::of(purpose, &message).unwrap().next_text(), text);
                }
            }
        }

        /// What a part's bytes are, nothing of them panics, on its own or among
        /// those of an honest message.
        #[test]
        fn any_bytes_of_a_part_are_read_or_refused(
            bytes in vec(any::<u8>(), 0..60),
            head in (0..20_u32, 0..6_u32, 0..60_u32, any::<u32>()),
            piece in vec(any::<u8>(), 0..20),
        ) {
            let (sequence, pieces, length, checksum) = head;
            let part = Part { sequence, pieces, length, checksum, piece };
            let mut collector = Collector::new();
            for bytes in [&bytes, &cbor::to_vec(&part)] {
                let _ = collector.add(&text(Purpose::Ack, PART, bytes));
            }
        }

        /// A crowd of parts of one shape whose pieces are anything.
        #[test]
        fn parts_that_disagree_never_panic(
            pieces in 1..9_u32,
            parts in vec((1..36_u32, any::<[u8; 3]>()), 0..60),
        ) {
            let mut collector = Collector::new();
            for (sequence, piece) in parts {
                match collector.add(&part(sequence, pieces, pieces * 3, &piece)) {
                    Ok(Collected::Whole(_, whole)) => {
                        prop_assert_eq!(whole.len(), piece.len() * usize::try_from(pieces).unwrap());
                    }
                    Ok(Collected::Part { have, of }) => prop_assert!(have < of),
                    Err(error) => prop_assert!(
                        error == TextError::Mismatch
                            || (error == TextError::Malformed && sequence > pieces * ROUNDS)
                    ),
                }
            }
        }

        #[test]
        fn a_mutated_text_is_never_the_message_of_another(
            message in vec(any::<u8>(), 1..2000),
            turn in any::<prop::sample::Index>(),
            at in any::<prop::sample::Index>(),
            character in "[0-9A-Z $%*+./:-]|.",
        ) {
            let show = Show::of(Purpose::Offer, &message).unwrap();
            let text = turn.get::<String>(&show.texts);
            let at = at.index(text.len());
            let mutated = format!("{}{character}{}", &text[..at], &text[at + 1..]);
            let mut collector = Collector::new();
            let read = collector.add(&mutated);
            for text in &show.texts {
                let _ = collector.add(text);
            }
            if mutated != *text {
                prop_assert_ne!(read, Ok(Collected::Whole(Purpose::Offer, message)));
            }
        }
    }
}
