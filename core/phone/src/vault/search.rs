//! Looks in the files of a store for what was deleted from it.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// By what the wrap of a forgotten compartment's key can be looked for: its nonce,
/// which is random and tells nothing.
pub type WrapNonce = [u8; 12];

/// What a search for the wrap of a forgotten key came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Searched {
    /// Files that were searched.
    pub searched: u32,
    /// Those of them in which it stands.
    pub found: u32,
}

/// Searches every file in a directory, whatever is in it.
pub(super) fn search(directory: &Path, wrap: &WrapNonce) -> io::Result<Searched> {
    let mut searched = Searched::default();
    search_into(directory, wrap, &mut searched)?;
    Ok(searched)
}

fn search_into(directory: &Path, wrap: &WrapNonce, searched: &mut Searched) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            search_into(&entry.path(), wrap, searched)?;
        } else if kind.is_file() {
            searched.searched += 1;
            searched.found += u32::from(holds(BufReader::new(File::open(entry.path())?), wrap)?);
        }
    }
    Ok(())
}

fn holds(mut file: impl BufRead, wrap: &WrapNonce) -> io::Result<bool> {
    // What is looked for may begin in one piece and end in the next.
    let mut end = Vec::new();
    loop {
        let piece = file.fill_buf()?;
        if piece.is_empty() {
            return Ok(false);
        }
        let length = piece.len();
        end.extend_from_slice(piece);
        if end.windows(wrap.len()).any(|window| window == wrap) {
            return Ok(true);
        }
        end.drain(..end.len().saturating_sub(wrap.len() - 1));
        file.consume(length);
    }
}
