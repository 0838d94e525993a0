//! Pictures whose contents are known: a directory with a `manifest.tsv`.
//!
//! All are decoded before anything is measured, so that no reader's time holds
//! a disk or a JPEG decoder.

use std::fs;
use std::path::Path;

use image::{DynamicImage, ImageReader};

use crate::Failure;

/// The first line of a manifest, which names its columns.
const COLUMNS: &str = "path\tkind\tsource\tset\twidth\theight\tcodes\tpayloads_json";

/// More pixels than this make a picture big.
const BIG: u64 = 1_500_000;

/// One picture and what is known to be in it.
pub struct Sample {
    pub path: String,
    /// 8-bit luma.
    pub picture: DynamicImage,
    pub truth: Truth,
}

impl Sample {
    pub fn is_big(&self) -> bool {
        let pixels = u64::from(self.picture.width()) * u64::from(self.picture.height());
        !self.truth.is_negative && pixels > BIG
    }
}

/// A row of the manifest, without the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Whether there is nothing to read.
    pub is_negative: bool,
    pub source: String,
    pub set: String,
    /// How many codes are in view.
    pub codes: usize,
    /// What they say, as far as somebody wrote it down.
    pub payloads: Vec<String>,
}

impl Truth {
    /// Where readers must guess an encoding, being right is luck: such rows
    /// are left out.
    pub fn is_scored(&self) -> bool {
        self.payloads.iter().all(|payload| payload.chars().all(is_plain))
    }
}

/// Printable ASCII, tab, CR and LF.
pub fn is_plain(character: char) -> bool {
    matches!(character, ' '..='~' | '\t' | '\r' | '\n')
}

/// The scored pictures of a directory, and how many rows were left out.
pub fn load(directory: &Path) -> Result<(Vec<Sample>, usize), Failure> {
    let manifest = directory.join("manifest.tsv");
    let text = fs::read_to_string(&manifest)
        .map_err(|error| format!("{}: {error}", manifest.display()))?;
    let rows = parse(&text).map_err(|error| format!("{}: {error}", manifest.display()))?;
    let all = rows.len();
    let samples: Vec<Sample> = rows
        .into_iter()
        .filter(|(_, truth)| truth.is_scored())
        .map(|(path, truth)| {
            let picture =
                open(&directory.join(&path)).map_err(|error| format!("{path}: {error}"))?;
            Ok(Sample { path, picture, truth })
        })
        .collect::<Result<_, Failure>>()?;
    let left_out = all - samples.len();
    Ok((samples, left_out))
}

fn open(path: &Path) -> Result<DynamicImage, Failure> {
    let picture = ImageReader::open(path)?.with_guessed_format()?.decode()?;
    Ok(DynamicImage::ImageLuma8(picture.into_luma8()))
}

fn parse(manifest: &str) -> Result<Vec<(String, Truth)>, Failure> {
    let mut lines = manifest.lines();
    if lines.next() != Some(COLUMNS) {
        return Err(format!("the first line is not: {}", COLUMNS.replace('\t', " ")).into());
    }
    lines
        .zip(2..)
        .map(|(line, number)| row(line).map_err(|error| format!("line {number}: {error}").into()))
        .collect()
}

fn row(line: &str) -> Result<(String, Truth), Failure> {
    let fields: Vec<&str> = line.split('\t').collect();
    let &[path, kind, source, set, _width, _height, codes, payloads] = fields.as_slice() else {
        return Err(format!("{} columns, not 8", fields.len()).into());
    };
    let is_negative = match kind {
        "negative" => true,
        "positive" => false,
        other => return Err(format!("'{other}' is neither positive nor negative").into()),
    };
    let truth = Truth {
        is_negative,
        source: source.to_owned(),
        set: set.to_owned(),
        codes: codes.parse()?,
        payloads: serde_json::from_str(payloads)?,
    };
    Ok((path.to_owned(), truth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_say_what_is_in_view() {
        let rows =
            parse(&format!("{COLUMNS}\na/b.png\tpositive\tmine\tdim\t9\t8\t2\t[\"x\\ny\"]\n"));
        let truth = Truth {
            is_negative: false,
            source: "mine".into(),
            set: "dim".into(),
            codes: 2,
            payloads: vec!["x\ny".into()],
        };
        assert!(truth.is_scored());
        assert_eq!(rows.unwrap(), [("a/b.png".to_owned(), truth)]);
    }

    #[test]
    fn rows_with_other_characters_are_not_scored() {
        let (_, truth) = row("a\tpositive\ts\tt\t1\t1\t1\t[\"plain\", \"\u{FC}ber\"]").unwrap();
        assert!(!truth.is_scored());
    }

    #[test]
    fn a_bad_row_is_named_by_its_line() {
        let error = |row: &str| parse(&format!("{COLUMNS}\n{row}\n")).unwrap_err().to_string();
        assert_eq!(error("a\tpositive"), "line 2: 2 columns, not 8");
        let neither = error("a\tmaybe\ts\tt\t1\t1\t1\t[]");
        assert_eq!(neither, "line 2: 'maybe' is neither positive nor negative");
        assert!(parse("path\n").is_err());
    }
}
