//! Printing labels into files. The name of the file says what it becomes: a PDF
//! holds all pages, PNG and SVG hold one page each.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crewseal_label::{Grid, PrintError, Sheet, Strength, Token};

/// Prints labels to `out`, a `.pdf`, `.png` or `.svg`, and tells which files
/// were written. A `.txt` gets the texts alone, one a line, for a printer that
/// draws codes itself. Where one page does not hold them, PNG and SVG become several
/// files, with `-1`, `-2` and so on before the extension. Files of these names
/// are replaced.
///
/// # Errors
/// [`LabelsError`]; the pages before the one that failed remain written.
pub fn print(
    tokens: &[Token],
    out: &Path,
    grid: Grid,
    strength: Strength,
) -> Result<Vec<PathBuf>, LabelsError> {
    let sheet = Sheet::new(grid, strength);
    let extension = out.extension().map(|extension| extension.to_ascii_lowercase());
    let draw: fn(&Sheet, &[Token]) -> Result<Vec<u8>, PrintError> =
        match extension.as_deref().and_then(|extension| extension.to_str()) {
            Some("pdf") => {
                write(out, &sheet.pdf(tokens)?)?;
                return Ok(vec![out.to_owned()]);
            }
            Some("txt") => {
                let texts: String =
                    tokens.iter().map(|token| token.to_groups().join(" ") + "\n").collect();
                write(out, texts.as_bytes())?;
                return Ok(vec![out.to_owned()]);
            }
            Some("png") => |sheet, page| sheet.png(page, Sheet::DPI),
            Some("svg") => |sheet, page| sheet.svg(page).map(String::into_bytes),
            _ => return Err(LabelsError::Extension { out: out.to_owned() }),
        };
    if tokens.is_empty() {
        return Err(PrintError::Empty.into());
    }
    let one = tokens.len() <= sheet.per_page();
    let mut written = Vec::new();
    for (number, page) in (1..).zip(tokens.chunks(sheet.per_page())) {
        let file = if one { out.to_owned() } else { numbered(out, number) };
        write(&file, &draw(&sheet, page)?)?;
        written.push(file);
    }
    Ok(written)
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), LabelsError> {
    std::fs::write(file, bytes)
        .map_err(|source| LabelsError::Write { file: file.to_owned(), source })
}

/// `roll.png` as `roll-7.png`.
fn numbered(out: &Path, number: u32) -> PathBuf {
    let mut name = out.file_stem().map(OsString::from).unwrap_or_default();
    name.push(format!("-{number}"));
    if let Some(extension) = out.extension() {
        name.push(".");
        name.push(extension);
    }
    out.with_file_name(name)
}

/// Why labels were not printed.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    /// The file's name does not say what it should become.
    #[error("{}: labels are printed to a .pdf, .png, .svg or .txt", out.display())]
    Extension {
        /// The file that was asked for.
        out: PathBuf,
    },
    /// The labels could not be drawn.
    #[error(transparent)]
    Print(#[from] PrintError),
    /// A file could not be written.
    #[error("{} could not be written", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(count: u8) -> Vec<Token> {
        (0..count).map(|at| Token::from_bytes([at; 16])).collect()
    }

    fn printed(count: u8, name: &str) -> Vec<(String, Vec<u8>)> {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join(name);
        print(&tokens(count), &out, Grid::TwoBySeven, Strength::Normal)
            .unwrap()
            .into_iter()
            .map(|file| {
                let name = file.strip_prefix(folder.path()).unwrap().display().to_string();
                (name, std::fs::read(file).unwrap())
            })
            .collect()
    }

    #[test]
    fn the_extension_says_what_a_file_becomes() {
        for (name, start) in [
            ("roll.pdf", "%PDF-"),
            ("ROLL.PDF", "%PDF-"),
            ("a.png", "\u{FFFD}PNG"),
            ("a.svg", "<svg"),
        ] {
            let files = printed(14, name);
            assert_eq!(files.len(), 1);
            assert_eq!(files[0].0, name);
            assert!(String::from_utf8_lossy(&files[0].1).starts_with(start), "{name}");
        }
    }

    #[test]
    fn pages_of_pictures_are_numbered_and_a_pdf_holds_them_all() {
        let names = |name| printed(29, name).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names("roll.v2.svg"), ["roll.v2-1.svg", "roll.v2-2.svg", "roll.v2-3.svg"]);
        assert_eq!(names("roll.png"), ["roll-1.png", "roll-2.png", "roll-3.png"]);
        assert_eq!(names("roll.pdf"), ["roll.pdf"]);
    }

    #[test]
    fn what_cannot_be_printed_is_named_and_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["roll", "roll.docx", "roll.svg", "roll.pdf"] {
            let out = folder.path().join(name);
            let refused = print(&[], &out, Grid::default(), Strength::default());
            match out.extension().and_then(|extension| extension.to_str()) {
                Some("svg" | "pdf") => {
                    assert!(matches!(refused, Err(LabelsError::Print(PrintError::Empty))));
                }
                _ => assert!(matches!(refused, Err(LabelsError::Extension { .. }))),
            }
            assert!(!out.exists());
        }
        let nowhere = folder.path().join("no such folder").join("roll.svg");
        let refused = print(&tokens(1), &nowhere, Grid::default(), Strength::default());
        assert!(matches!(refused, Err(LabelsError::Write { .. })));
    }
}
