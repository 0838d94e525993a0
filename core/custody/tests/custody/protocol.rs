//! docs/protocol.md has the table of kinds as the code has it.

use crewseal_custody::cbor;
use crewseal_custody::{EventKind, Onward, Presence, Protection, Row, Says};

const PROTOCOL: &str = include_str!("../../../../docs/protocol.md");

#[test]
fn the_table_of_kinds_is_in_the_protocol() {
    let numbers = (0..24).map(|n| vec![n]).chain((24..=255).map(|n| vec![0x18, n]));
    let kinds = numbers.filter_map(|bytes| Some((*bytes.last()?, cbor::from_slice(&bytes).ok()?)));
    let lines: Vec<String> = kinds.map(|(number, kind)| line(number, kind)).collect();
    let missing: Vec<&str> =
        lines.iter().map(String::as_str).filter(|line| !PROTOCOL.contains(line)).collect();
    assert!(missing.is_empty(), "docs/protocol.md has not these lines:\n{}", missing.join("\n"));
}

/// `| 7 | accept | handoff | has | ! | ? | ... | 1 |`
fn line(number: u8, kind: EventKind) -> String {
    let row = kind.row();
    let key = match row.key {
        Protection::Act => "act",
        Protection::Handoff => "handoff",
    };
    let says = match row.says {
        Says::Has => "has",
        Says::LetsGo(Onward::Receiver) => "to the receiver",
        Says::LetsGo(Onward::Customer) => "to the customer",
        Says::LetsGo(Onward::Nowhere) => "to nobody",
        Says::Nothing => "nothing",
    };
    let fields = fields(&row).map(|presence| match presence {
        Presence::Must => "!",
        Presence::May => "?",
        Presence::MayNot => "-",
    });
    let name = name(kind);
    format!("| {number} | {name} | {key} | {says} | {} | {} |", fields.join(" | "), row.since)
}

const fn fields(row: &Row) -> [Presence; 14] {
    [
        row.job,
        row.boxes,
        row.findings,
        row.place,
        row.attachments,
        row.to,
        row.about,
        row.commitment,
        row.opening,
        row.spot_check,
        row.proof,
        row.root,
        row.code,
        row.statement,
    ]
}

/// `TakeOver` as `take over`.
fn name(kind: EventKind) -> String {
    let mut name = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push(' ');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
