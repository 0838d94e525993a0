//! How a command ends: with an answer on standard output, or with a failure in words.

use std::fmt::Display;
use std::io::{self, Write};

/// Why a command could not do what was asked, in words.
pub type Failure = Box<dyn std::error::Error>;

/// Answers on standard output. A reader that has seen enough, as `head` does,
/// is no failure.
pub fn say(answer: impl Display) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{answer}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
