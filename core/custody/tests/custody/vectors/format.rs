//! The file: blocks of fields, and which of them are random.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use data_encoding::HEXLOWER;

/// A file for each step in which the formats grew.
const FILES: [&str; 2] =
    [include_str!("../../vectors/v1.txt"), include_str!("../../vectors/v2.txt")];

/// Fields that are random and so were made only once.
const ONCE: [&str; 14] = [
    "cose",
    "grant",
    "header",
    "envelope",
    "hello",
    "offer",
    "accept",
    "ack",
    "withdraw",
    "request",
    "sign-off",
    "receipt-text",
    "text",
    "restore-news",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vector {
    pub name: String,
    pub kind: String,
    pub fields: BTreeMap<String, String>,
}

impl Vector {
    pub fn new(kind: &str, name: &str) -> Self {
        Self { name: name.to_owned(), kind: kind.to_owned(), fields: BTreeMap::new() }
    }

    pub fn with(mut self, field: &str, value: impl ToString) -> Self {
        self.fields.insert(field.to_owned(), value.to_string());
        self
    }

    pub fn with_bytes(self, field: &str, bytes: &[u8]) -> Self {
        self.with(field, HEXLOWER.encode(bytes))
    }

    pub fn bytes(&self, field: &str) -> Vec<u8> {
        HEXLOWER.decode(self.fields[field].as_bytes()).expect("hex")
    }

    pub fn show(&self) -> String {
        let mut text = format!("name: {}\nkind: {}\n", self.name, self.kind);
        for (field, value) in &self.fields {
            writeln!(text, "{}", format!("{field}: {value}").trim_end()).unwrap();
        }
        text
    }

    /// What can be made again and must be the same.
    pub fn fixed(&self) -> Self {
        let mut fixed = self.clone();
        fixed.fields.retain(|field, _| !ONCE.contains(&field.as_str()));
        fixed
    }
}

pub fn frozen() -> BTreeMap<String, Vector> {
    let mut vectors = BTreeMap::new();
    let lines = FILES.iter().flat_map(|file| file.lines().chain([""]));
    let lines: Vec<&str> = lines.filter(|line| !line.starts_with('#')).collect();
    for block in lines.split(|line| line.is_empty()).filter(|block| !block.is_empty()) {
        let mut fields: BTreeMap<String, String> = block
            .iter()
            .map(|line| line.split_once(':').unwrap_or_else(|| panic!("not a field: {line}")))
            .map(|(field, value)| (field.to_owned(), value.trim().to_owned()))
            .collect();
        let (name, kind) = (fields.remove("name").unwrap(), fields.remove("kind").unwrap());
        let vector = Vector { name: name.clone(), kind, fields };
        assert_eq!(vectors.insert(name.clone(), vector), None, "{name} stands twice");
    }
    vectors
}
