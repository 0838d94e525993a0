//! What a thief finds: searches every byte of every file below a directory for
//! secrets, raw, in hex, and in base64 at each of its three alignments.
//!
//! A search that finds nothing proves something only if it can find: whoever
//! uses this plants a control and looks for that too.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};

/// Something that must not be found.
#[derive(Clone)]
pub struct Secret {
    /// What it is; stands in the answer.
    pub name: String,
    /// The bytes to look for, four at least.
    pub bytes: Vec<u8>,
}

/// Where something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// The secret's name.
    pub secret: String,
    /// In which form.
    pub form: Form,
    /// The file.
    pub file: PathBuf,
    /// From which byte of the file on.
    pub offset: usize,
}

/// How a secret is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Raw,
    /// In hexadecimal, upper or lower case.
    Hex,
    /// In base64, either alphabet, beginning at this byte of a group of three.
    Base64(usize),
}

impl Secret {
    /// A secret of these bytes.
    pub fn new(name: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        Self { name: name.into(), bytes: bytes.as_ref().to_vec() }
    }

    fn forms(&self) -> Vec<(Form, Vec<u8>)> {
        let bytes = &self.bytes;
        let mut forms = vec![
            (Form::Raw, bytes.clone()),
            (Form::Hex, HEXLOWER.encode(bytes).into_bytes()),
            (Form::Hex, HEXUPPER.encode(bytes).into_bytes()),
        ];
        for before in 0..3 {
            let padded = [vec![0; before], bytes.clone()].concat();
            // Characters that also depend on what stands before or after are
            // left out.
            let from = (before * 8).div_ceil(6);
            let to = padded.len() * 8 / 6;
            for alphabet in [&BASE64, &BASE64URL] {
                let text = alphabet.encode(&padded).into_bytes();
                forms.push((Form::Base64(before), text[from..to].to_vec()));
            }
        }
        forms
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.name)
    }
}

/// All finds in all files below a directory, in order of file and place.
///
/// # Errors
/// If a file cannot be read; nothing is passed over in silence.
pub fn search(directory: &Path, secrets: &[Secret]) -> io::Result<Vec<Find>> {
    let (mut owners, mut patterns) = (Vec::new(), Vec::new());
    for secret in secrets {
        assert!(secret.bytes.len() >= 4, "{} is too short to mean anything", secret.name);
        for (form, pattern) in secret.forms() {
            owners.push((secret, form));
            patterns.push(pattern);
        }
    }
    let automaton = AhoCorasick::new(&patterns).map_err(io::Error::other)?;
    let mut finds = Vec::new();
    for file in files_below(directory)? {
        let bytes = fs::read(&file)?;
        for found in automaton.find_overlapping_iter(&bytes) {
            let (secret, form) = owners[found.pattern().as_usize()];
            let (secret, file, offset) = (secret.name.clone(), file.clone(), found.start());
            finds.push(Find { secret, form, file, offset });
        }
    }
    Ok(finds)
}

fn files_below(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_found_wherever_it_stands() {
        let directory = tempfile::tempdir().unwrap();
        let secret = Secret::new("key", b"\x00\xfeplainly a secret\xff\x3e");
        for before in 0..3 {
            let text = [&b"xyz"[..before], &secret.bytes, b"tail"].concat();
            for (name, content) in [
                ("raw", text.clone()),
                ("hex", HEXUPPER.encode(&text).into_bytes()),
                ("base64", BASE64.encode(&text).into_bytes()),
                ("base64url", BASE64URL.encode(&text).into_bytes()),
            ] {
                let folder = directory.path().join(format!("{name}-{before}"));
                fs::create_dir(&folder).unwrap();
                fs::write(folder.join("file"), content).unwrap();
                let finds = search(&folder, std::slice::from_ref(&secret)).unwrap();
                assert!(!finds.is_empty(), "{name} after {before} bytes");
            }
        }
        let other = Secret::new("other", b"something else");
        assert_eq!(search(directory.path(), &[other]).unwrap(), []);
    }
}
