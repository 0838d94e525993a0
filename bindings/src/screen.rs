//! From one phone's screen to the other's camera: messages as the texts of QR codes,
//! and the words that two people compare.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crewseal_custody::EventId;
use crewseal_custody::handoff::text::{self, TextError};
use crewseal_custody::handoff::words;
pub use crewseal_custody::handoff::words::Language;

use crate::CrewError;

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Purpose {
    /// Who wants to receive: give it to `Crew.offer`.
    Hello,
    /// An offer: give it to `Crew.readOffer`.
    Offer,
    /// An acceptance: give it to `Crew.readAcceptance`.
    Accept,
    /// The acceptance was seen: give it to `Crew.readAck`.
    Ack,
    /// The offer was taken back: give it to `Crew.readWithdraw`.
    Withdraw,
    /// What a supervisor is asked to sign off: give it to
    /// `Crew.readSignOffRequest`.
    SignOffRequest,
    /// A supervisor's sign-off: give it to `Crew.readSignOff`.
    SignOff,
    /// The keys of a carrier's new phone: give it to the `Crew.vouch` of an older phone of
    /// his.
    NewKeys,
    /// An older phone's voucher for them: give it to the new one's `Crew.enrolVouched`.
    Voucher,
}

/// What a screen shows for a message: one QR code that stands still, or several in
/// turn, from which the other phone takes what it missed the last time.
#[derive(uniffi::Object)]
pub struct Show(Mutex<text::Show>);

/// Puts together what a camera reads of another phone's screen.
#[derive(Default, uniffi::Object)]
pub struct Collector(Mutex<text::Collector>);

/// What a text added to what was collected.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum Collected {
    /// The message is whole.
    Whole {
        /// What it is for.
        purpose: Purpose,
        /// The message.
        message: Vec<u8>,
    },
    /// A part, new or seen before.
    Part {
        /// How many pieces are known.
        have: u32,
        /// How many there are.
        of: u32,
    },
    /// Nothing: go on scanning.
    Nothing {
        /// Why.
        fault: TextFault,
    },
}

/// Why a text adds nothing to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum TextFault {
    /// Not the text of a message: a label, or another kind of code.
    NotOurs,
    /// It begins like one of ours, and is damaged or not from our app.
    Damaged,
    /// A part of another message than the one that was begun. Call
    /// `Collector.reset` to go on with this one.
    AnotherMessage,
    /// The parts do not make a message. What was collected is forgotten: scan the
    /// screen again.
    Mismatch,
}

/// The language of the four words.
#[uniffi::remote(Enum)]
pub enum Language {
    /// English words.
    English,
    /// Simplified Chinese characters. Some sound alike: these are for the eye.
    Chinese,
}

#[uniffi::export]
impl Show {
    /// What is shown for a message.
    #[uniffi::constructor]
    pub fn of(purpose: Purpose, message: Vec<u8>) -> Result<Self, CrewError> {
        let show = text::Show::of(purpose.into(), &message).map_err(|error| match error {
            TextError::TooLong => CrewError::TooMuch,
            _ => CrewError::Fault,
        })?;
        Ok(Self(Mutex::new(show)))
    }

    /// The text of the QR code to show next; after the last one the first again. All
    /// characters are of a QR's alphanumeric mode; level M is right.
    #[must_use]
    pub fn next_text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next_text()
    }

    /// Whether it is one code, which stands still. Of several, show five or so a
    /// second.
    #[must_use]
    pub fn is_one(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_one()
    }

    /// How many pieces the message is in: no camera is done after fewer codes.
    #[must_use]
    pub fn pieces(&self) -> u32 {
        number(self.0.lock().unwrap_or_else(PoisonError::into_inner).pieces())
    }
}

#[uniffi::export]
impl Collector {
    /// Begins with nothing.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what a QR code says. Give it every text that a camera reads.
    pub fn add(&self, text: &str) -> Collected {
        let added = self.0.lock().unwrap_or_else(PoisonError::into_inner).add(text);
        match added {
            Ok(text::Collected::Whole(purpose, message)) => {
                Collected::Whole { purpose: purpose.into(), message }
            }
            Ok(text::Collected::Part { have, of }) => {
                Collected::Part { have: number(have), of: number(of) }
            }
            Err(error) => Collected::Nothing { fault: error.into() },
        }
    }

    /// Forgets the message that was begun.
    pub fn reset(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).reset();
    }
}

/// Four words for an offer, the same on both screens: two people compare them, so
/// that nobody takes the phone of the crew next door for his partner's. They guard
/// against mix-ups, not against an attacker.
#[uniffi::export]
#[must_use]
pub fn four_words(offer: EventId, language: Language) -> Vec<String> {
    words::four(&offer, language).map(str::to_owned).to_vec()
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Without what it says.
impl fmt::Debug for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { purpose, message } => {
                write!(f, "Whole({purpose:?}, {} bytes)", message.len())
            }
            Self::Part { have, of } => write!(f, "Part({have} of {of})"),
            Self::Nothing { fault } => write!(f, "Nothing({fault:?})"),
        }
    }
}

impl From<TextError> for TextFault {
    fn from(error: TextError) -> Self {
        match error {
            TextError::NotOurs => Self::NotOurs,
            TextError::Malformed | TextError::Empty | TextError::TooLong => Self::Damaged,
            TextError::AnotherMessage => Self::AnotherMessage,
            TextError::Mismatch => Self::Mismatch,
        }
    }
}

impl From<Purpose> for text::Purpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Hello => Self::Hello,
            Purpose::Offer => Self::Offer,
            Purpose::Accept => Self::Accept,
            Purpose::Ack => Self::Ack,
            Purpose::Withdraw => Self::Withdraw,
            Purpose::SignOffRequest => Self::SignOffRequest,
            Purpose::SignOff => Self::SignOff,
            Purpose::NewKeys => Self::NewKeys,
            Purpose::Voucher => Self::Voucher,
        }
    }
}

impl From<text::Purpose> for Purpose {
    fn from(purpose: text::Purpose) -> Self {
        match purpose {
            text::Purpose::Hello => Self::Hello,
            text::Purpose::Offer => Self::Offer,
            text::Purpose::Accept => Self::Accept,
            text::Purpose::Ack => Self::Ack,
            text::Purpose::Withdraw => Self::Withdraw,
            text::Purpose::SignOffRequest => Self::SignOffRequest,
            text::Purpose::SignOff => Self::SignOff,
            text::Purpose::NewKeys => Self::NewKeys,
            text::Purpose::Voucher => Self::Voucher,
        }
    }
}
