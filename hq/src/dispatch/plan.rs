//! A job as it is planned, and as a dispatcher writes it down, in JSON.
//!
//! ```json
//! {
//!   "title": "Household move 1",
//!   "customer": "Customer 1",
//!   "origin": "5 Example Street",
//!   "destination": "12 Sample Road",
//!   "boxes": 42,
//!   "labelled": ["1 0C4K ..."],
//!   "sensitive": ["1 0C4K ..."],
//!   "papers": ["1 0C4K ..."],
//!   "devices": ["1 0C4K ..."],
//!   "valuables": ["1 0C4K ..."],
//!   "opens_at": "2026-03-14T06:00:00Z",
//!   "closes_at": "2026-03-17T06:00:00Z"
//! }
//! ```
//!
//! The lists may be left out. Whatever is in `papers`, `devices` or `valuables` is
//! sensitive too; a sensitive box that is in none of them is treated with most care.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::BoxClass;
use crewseal_custody::personal::Personal;
use crewseal_label::{LabelError, Token};
use jiff::Timestamp;
use serde::Deserialize;

/// A move, as it was agreed with the customer.
#[derive(Debug, Clone, Default)]
pub struct JobPlan {
    /// What the crew calls it.
    pub title: Personal,
    /// Whom to ask for at the door.
    pub customer: Personal,
    /// Where the boxes are.
    pub origin: Personal,
    /// Where they go.
    pub destination: Personal,
    /// How many boxes were agreed, labelled or not.
    pub boxes: u32,
    /// The boxes that were labelled beforehand, in the order of the manifest.
    pub labelled: Vec<Token>,
    /// Those of them with papers, devices or valuables.
    pub sensitive: BTreeSet<Token>,
    /// What is in them. A sensitive box of which nobody said it is treated with
    /// most care; a box that stands here is sensitive.
    pub classes: BTreeMap<Token, BTreeSet<BoxClass>>,
    /// Seconds since 1970-01-01 UTC from which the crew may see it.
    pub opens_at: u64,
    /// Seconds since 1970-01-01 UTC from which it may not.
    pub closes_at: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    title: String,
    customer: String,
    origin: String,
    destination: String,
    boxes: u32,
    #[serde(default)]
    labelled: Vec<String>,
    #[serde(default)]
    sensitive: Vec<String>,
    #[serde(default)]
    papers: Vec<String>,
    #[serde(default)]
    devices: Vec<String>,
    #[serde(default)]
    valuables: Vec<String>,
    opens_at: Timestamp,
    closes_at: Timestamp,
}

/// Why a plan cannot be used. It tells the place, never what stands there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It is not JSON of this form.
    #[error("the plan is not what a plan looks like at line {line}, column {column}")]
    Form {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A label of one of the lists is mistyped.
    #[error("label {number} of \"{list}\": {source}")]
    Label {
        /// Which list.
        list: &'static str,
        /// Its number in the list, from 1.
        number: usize,
        /// What is wrong with it.
        source: LabelError,
    },
    /// It would close before it opens, or is of a time before 1970.
    #[error("\"closes_at\" must be later than \"opens_at\"")]
    Times,
}

/// Reads a plan.
///
/// # Errors
/// [`PlanError`].
pub fn read(json: &[u8]) -> Result<JobPlan, PlanError> {
    let plan: PlanFile = serde_json::from_slice(json)
        .map_err(|error| PlanError::Form { line: error.line(), column: error.column() })?;
    let seconds = |time: Timestamp| u64::try_from(time.as_second()).map_err(|_| PlanError::Times);
    let (opens_at, closes_at) = (seconds(plan.opens_at)?, seconds(plan.closes_at)?);
    if closes_at <= opens_at {
        return Err(PlanError::Times);
    }
    let sensitive: Vec<Token> = labels("sensitive", &plan.sensitive)?;
    let mut classes: BTreeMap<Token, BTreeSet<BoxClass>> = BTreeMap::new();
    for (list, texts, class) in [
        ("papers", &plan.papers, BoxClass::Papers),
        ("devices", &plan.devices, BoxClass::Devices),
        ("valuables", &plan.valuables, BoxClass::Valuables),
    ] {
        for token in labels(list, texts)? {
            classes.entry(token).or_default().insert(class);
        }
    }
    Ok(JobPlan {
        title: Personal::new(plan.title),
        customer: Personal::new(plan.customer),
        origin: Personal::new(plan.origin),
        destination: Personal::new(plan.destination),
        boxes: plan.boxes,
        labelled: labels("labelled", &plan.labelled)?,
        sensitive: sensitive.into_iter().collect::<BTreeSet<_>>(),
        classes,
        opens_at,
        closes_at,
    })
}

fn labels(list: &'static str, texts: &[String]) -> Result<Vec<Token>, PlanError> {
    (1..)
        .zip(texts)
        .map(|(number, text)| {
            Token::parse(text).map_err(|source| PlanError::Label { list, number, source })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r#"{
        "title": "Household move 1", "customer": "Customer 1",
        "origin": "5 Example Street", "destination": "12 Sample Road", "boxes": 3,
        "opens_at": "2026-03-14T06:00:00Z", "closes_at": "2026-03-17T06:00:00Z"
    }"#;

    #[test]
    fn a_plan_is_read() {
        let label = Token::from_bytes([7; 16]).to_groups().join(" ");
        let lists = format!(
            r#""labelled": ["{label}"], "sensitive": ["{label}"], "papers": ["{label}"],
            "valuables": ["{label}"], "boxes""#
        );
        let plan = read(PLAN.replacen("\"boxes\"", &lists, 1).as_bytes()).unwrap();
        assert_eq!((plan.boxes, plan.customer.reveal()), (3, "Customer 1"));
        assert_eq!(plan.labelled, [Token::from_bytes([7; 16])]);
        assert_eq!(plan.sensitive.len(), 1);
        let both = BTreeSet::from([BoxClass::Papers, BoxClass::Valuables]);
        assert_eq!(plan.classes, BTreeMap::from([(Token::from_bytes([7; 16]), both)]));
        assert_eq!(plan.closes_at - plan.opens_at, 3 * 86_400);
    }

    #[test]
    fn what_is_wrong_is_said_by_its_place_and_not_by_what_stands_there() {
        let cut = read(&PLAN.as_bytes()[..60]).unwrap_err();
        assert!(matches!(cut, PlanError::Form { line: 2, .. }), "{cut:?}");
        let unknown = PLAN.replacen("\"boxes\"", "\"phone\": \"0000\", \"boxes\"", 1);
        let unknown = read(unknown.as_bytes()).unwrap_err().to_string();
        assert!(!unknown.contains("phone") && !unknown.contains("0000"), "{unknown}");
        let typed = PLAN.replacen("\"boxes\"", "\"labelled\": [\"1 0C4K\"], \"boxes\"", 1);
        let typed = read(typed.as_bytes()).unwrap_err();
        assert!(matches!(typed, PlanError::Label { list: "labelled", number: 1, .. }));
        let ends_first = PLAN.replacen("2026-03-17", "2026-03-13", 1);
        assert_eq!(read(ends_first.as_bytes()).unwrap_err(), PlanError::Times);
    }
}
