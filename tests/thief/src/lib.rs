//! A thief with a disk: searches every byte of every file of a directory for
//! secrets that should not be there in clear.
//!
//! Each [`Secret`] is looked for as it is, in hexadecimal and in base64, where
//! it may begin at any of three places of a group. A search that finds nothing
//! proves nothing unless the same search finds what was put there on purpose,
//! so a test puts [`Secret::written`] into a file and expects every form back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXUPPER};

/// Shorter secrets would be found by chance.
const SHORTEST: usize = 8;

/// What should not be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// What it is called in a [`Find`].
    pub name: String,
    bytes: Vec<u8>,
}

/// How a secret was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Byte for byte.
    Raw,
    /// In hexadecimal, lower or upper case.
    Hex,
    /// In base64, of either alphabet.
    Base64,
}

/// Where a secret was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// Which.
    pub secret: String,
    /// How it was written.
    pub form: Form,
    /// In which file.
    pub file: PathBuf,
    /// From which byte on.
    pub offset: usize,
}

impl Secret {
    /// Names some bytes that should not be found.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for fewer than eight bytes, which would
    /// be found by chance.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> io::Result<Self> {
        let (name, bytes) = (name.into(), bytes.into());
        if bytes.len() < SHORTEST {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "too short to look for"));
        }
        Ok(Self { name, bytes })
    }

    /// The secret in every form that is looked for, one after another.
    #[must_use]
    pub fn written(&self) -> Vec<u8> {
        let forms: Vec<Vec<u8>> = self.forms().into_iter().map(|(_, bytes)| bytes).collect();
        forms.join(&b'\n')
    }

    fn forms(&self) -> Vec<(Form, Vec<u8>)> {
        let hex = |encoding: Encoding| (Form::Hex, encoding.encode(&self.bytes).into_bytes());
        let mut forms = vec![(Form::Raw, self.bytes.clone()), hex(HEXLOWER), hex(HEXUPPER)];
        for encoding in [BASE64_NOPAD, BASE64URL_NOPAD] {
            forms.extend(
                (0..3).map(|before| (Form::Base64, in_base64(&encoding, &self.bytes, before))),
            );
        }
        forms.sort();
        forms.dedup();
        forms
    }
}

/// The characters of base64 that depend on these bytes alone, when `before`
/// other bytes of the first group stand in front of them.
fn in_base64(encoding: &Encoding, bytes: &[u8], before: usize) -> Vec<u8> {
    let padded = [vec![0; before], bytes.to_vec()].concat();
    let text = encoding.encode(&padded).into_bytes();
    let (first, end) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
    text.into_iter().take(end).skip(first).collect()
}

/// Looks for secrets in all files of a directory and those below it.
///
/// # Errors
/// If a file or directory cannot be read.
pub fn search(directory: &Path, secrets: &[Secret]) -> io::Result<Vec<Find>> {
    let (mut labels, mut patterns) = (Vec::new(), Vec::new());
    for secret in secrets {
        for (form, bytes) in secret.forms() {
            labels.push((secret.name.as_str(), form));
            patterns.push(bytes);
        }
    }
    let searcher = AhoCorasick::new(patterns).map_err(io::Error::other)?;
    let mut finds = Vec::new();
    for file in files(directory)? {
        let bytes = fs::read(&file)?;
        for found in searcher.find_overlapping_iter(&bytes) {
            let Some((secret, form)) = labels.get(found.pattern().as_usize()) else { continue };
            finds.push(Find {
                secret: (*secret).to_owned(),
                form: *form,
                file: file.clone(),
                offset: found.start(),
            });
        }
    }
    Ok(finds)
}

/// Every file, in the order of their names, so that a report reads the same.
fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    let mut all = Vec::new();
    for entry in entries {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            all.extend(files(&entry.path())?);
        } else if kind.is_file() {
            all.push(entry.path());
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::new("name", "Customer 1, third floor").unwrap()
    }

    #[test]
    fn every_form_is_found_wherever_it_stands() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("below")).unwrap();
        let bytes = secret().bytes;
        for before in 0..4 {
            let text = [vec![b'x'; before], bytes.clone(), b"and more".to_vec()].concat();
            for (form, written) in [
                (Form::Raw, text.clone()),
                (Form::Hex, HEXLOWER.encode(&text).into_bytes()),
                (Form::Hex, HEXUPPER.encode(&text).into_bytes()),
                (Form::Base64, BASE64_NOPAD.encode(&text).into_bytes()),
                (Form::Base64, BASE64URL_NOPAD.encode(&text).into_bytes()),
            ] {
                let file = home.path().join("below/file");
                fs::write(&file, written).unwrap();
                let finds = search(home.path(), &[secret()]).unwrap();
                assert!(!finds.is_empty(), "{form:?} after {before}");
                assert!(finds.iter().all(|find| find.form == form && find.file == file));
            }
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("file"), b"Frau Customer 2, 3. Stock").unwrap();
        assert_eq!(search(home.path(), &[secret()]).unwrap(), []);
    }

    #[test]
    fn what_would_be_found_by_chance_is_not_looked_for() {
        assert!(Secret::new("number", "4711").is_err());
    }
}
