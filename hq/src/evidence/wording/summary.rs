//! The summary of a job: how many boxes arrived, and what is open.

use super::grammar::{boxes, count};

/// How many boxes arrived, of those that were taken over.
#[must_use]
pub fn arrived(taken: usize, delivered: usize) -> String {
    match (taken, delivered) {
        (0, _) => "No box taken over yet".to_owned(),
        (_, 0) => format!("None of {} delivered yet", boxes(taken)),
        _ if taken == delivered => format!("All {} delivered", boxes(taken)),
        _ => format!("{delivered} of {} delivered", boxes(taken)),
    }
}

/// How many faults the events show.
#[must_use]
pub fn contradictions(faults: usize) -> String {
    count(faults, "contradiction", "contradictions")
}

/// How many rules were broken.
#[must_use]
pub fn broken_rules(rules: usize) -> String {
    count(rules, "rule broken", "rules broken")
}
