//! The verdict as the `verify` command prints it.

use std::fmt;

use super::grammar::{boxes, count, list, named_boxes, sentence};
use super::time::time;
use crate::evidence::verdict::{Contents, Key, KeyTrust, Open, Remark, Standing, Verdict};

/// The verdict on a record in which all is well.
const HOLDS: &str = "This record holds: every signature fits, and nothing is open.";

/// The verdict on a record of which every signature holds.
const HOLDS_WITH_OPEN_MATTERS: &str =
    "This record holds: every signature fits. What the events leave open stands below.";

/// The verdict on a record that was altered or is incomplete.
const DOES_NOT_HOLD: &str = "This record DOES NOT HOLD. Do not rely on it.";

/// Over the parts that do not hold.
const FLAWS: &str = "What does not hold:";

/// Over findings and faults.
const OPEN: &str = "What is open:";

/// Over findings and faults, when parts do not hold.
const OPEN_IN_REST: &str = "What is open, by those parts that do hold:";

/// Over HQ's answers that are more than "stored".
const REMARKS: &str = "What HQ remarked when it received an event:";

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let standing = match self.standing {
            Standing::Holds => HOLDS,
            Standing::HoldsWithOpenMatters => HOLDS_WITH_OPEN_MATTERS,
            Standing::DoesNotHold => DOES_NOT_HOLD,
        };
        writeln!(f, "{standing}")?;
        if let Some(contents) = &self.contents {
            writeln!(f, "{}", self::contents(contents))?;
        }
        if let Some(key) = &self.hq {
            writeln!(f, "\n{}", hq_key(key))?;
        }
        if !self.flaws.is_empty() {
            writeln!(f, "\n{}", FLAWS)?;
            for flaw in &self.flaws {
                writeln!(f, "  {}: {}", flaw.section, flaw.what)?;
            }
        }
        if !self.open.is_empty() {
            let heading = if self.flaws.is_empty() { OPEN } else { OPEN_IN_REST };
            writeln!(f, "\n{heading}")?;
            for open in &self.open {
                writeln!(f, "  {}", self::open(open))?;
            }
        }
        if !self.remarks.is_empty() {
            writeln!(f, "\n{}", REMARKS)?;
            for remark in &self.remarks {
                writeln!(f, "  {}", self::remark(remark))?;
            }
        }
        Ok(())
    }
}

/// What a record holds, in the `verify` command's text.
fn contents(contents: &Contents) -> String {
    let Contents { headline, job, origin, exported_at, events, devices, boxes, .. } = contents;
    let mut text = format!(
        "{headline}.\n\n\
         Job       {job}, exported by {origin} on {}\n\
         Contents  {}, signed by {}, about {}",
        time(*exported_at),
        count(*events, "event", "events"),
        count(*devices, "device", "devices"),
        self::boxes(*boxes),
    );
    if let Some(sign_offs) = sign_offs(contents) {
        text.push_str("\nSign-offs ");
        text.push_str(&sign_offs);
    }
    text
}

/// How many events a supervisor signed off, and how; none if there are none.
fn sign_offs(contents: &Contents) -> Option<String> {
    let said = [
        (contents.signed_off, "by a supervisor on his own phone"),
        (contents.confirmed, "by his code on another's phone, confirmed by HQ"),
        (contents.claimed, "claimed with a code on another's phone, HQ to confirm"),
    ];
    let said = said.into_iter().filter(|(events, _)| *events > 0);
    let said: Vec<String> =
        said.map(|(events, how)| format!("{} {how}", count(events, "event", "events"))).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// HQ's key and what the reader is to do with its fingerprint.
fn hq_key(key: &Key) -> String {
    let advice = if key.trust == KeyTrust::Known {
        "This is the HQ that you named."
    } else {
        "Compare it with the fingerprint that HQ gave you by another way. Until then this\n\
         shows only that the record agrees with itself."
    };
    format!("HQ  {}\n{advice}", key.fingerprint)
}

/// A finding or fault as one entry of the `verify` command's text.
fn open(open: &Open) -> String {
    let mut text = sentence(&open.what);
    if !open.boxes.is_empty() {
        text.push_str(": ");
        text.push_str(&named_boxes(open.boxes.clone()));
    }
    text.push_str(".\n    ");
    if let Some(meaning) = &open.meaning {
        text.push_str(meaning);
        text.push_str("\n    ");
    }
    text.push_str(&signed_by(open.by.clone(), open.claimed_at));
    if !open.held_by.is_empty() {
        text.push_str(&format!(" Until then with {}.", list(open.held_by.clone())));
    }
    let noun = if open.events.len() == 1 { "event" } else { "events" };
    text.push_str(&format!("\n    Proved by {noun} {}.", list(open.events.clone())));
    text
}

/// HQ's remark on an event.
fn remark(remark: &Remark) -> String {
    format!("event {}: {}", remark.event, remark.outcome)
}

/// Who signed something and when, by his own clock.
fn signed_by(carriers: Vec<String>, claimed_at: Option<u64>) -> String {
    match (carriers.is_empty(), claimed_at) {
        (true, _) => "Shown by HQ's receipts.".to_owned(),
        (false, None) => format!("Signed by {}.", list(carriers)),
        (false, Some(at)) => format!("Signed by {} at {}.", list(carriers), time(at)),
    }
}
