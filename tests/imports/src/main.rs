//! `imports [DIRECTORY]`: checks the workspace in a directory, or in this one.
//!
//! The exit status is 1 if something is found, and 2 if the workspace cannot be read.

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use imports::{HOUSE, check};

fn main() -> ExitCode {
    let root = env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let (text, status) = match check(&root, &HOUSE) {
        Ok(findings) if findings.is_empty() => ("no circle, nothing upward\n".to_owned(), 0),
        Ok(findings) => (findings.to_string(), 1),
        Err(error) => (format!("{error}\n"), 2),
    };
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::from(status),
        Err(_) => ExitCode::from(2),
    }
}
