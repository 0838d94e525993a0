//! The report: a job's custody on one page that a supervisor takes in at a
//! glance and can hand to a customer.
//!
//! The page stands alone: no script, no font, no picture from elsewhere, and a
//! policy in its head that forbids to load any. A report travels further than
//! a record, so it names a box by four characters of its label and a carrier
//! by pseudonym; customer and addresses stand in it only if the caller, who
//! knows for whom it is, says so.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::personal::Personal;
use crewseal_custody::{EventId, EventKind, FindingKind, Holder, Reading, Role, Step};
use crewseal_label::Token;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::job_summary::{Handoff, JobSummary, Matter, MatterKind, SignedBy, Station, Whereabouts};
use super::severity::Severity;
use super::verify::fingerprint_of;
use super::wording::{self, page};

/// What a report is made of. The names and addresses are HQ's own, as it told
/// them to the crew; all else comes from the record.
pub struct Report<'a> {
    /// What the job is called.
    pub title: &'a Personal,
    /// Whose boxes they are.
    pub customer: Option<&'a Personal>,
    /// Where they were.
    pub origin: Option<&'a Personal>,
    /// Where they went.
    pub destination: Option<&'a Personal>,
    /// The record.
    pub reading: &'a Reading,
    /// The file beside the page that holds the record, `custody.crewseal`.
    pub file: &'a str,
}

const STYLE: &str = include_str!("report.css");

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The page.
#[must_use]
pub fn render(report: &Report<'_>) -> String {
    let summary = JobSummary::of(report.reading);
    let title = report.title.reveal();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page::CUSTODY_REPORT) " – " (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (symbols())
                header { (headline(report, &summary)) }
                main {
                    (flaws(&summary))
                    (matters(&summary))
                    (route(&summary))
                    (boxes(&summary))
                    (verification(report, &summary))
                }
            }
        }
    };
    page.into_string()
}

/// A status as a shape: never by colour alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Good,
    Serious,
    Neutral,
    Open,
}

impl Mark {
    const ALL: [Self; 4] = [Self::Good, Self::Serious, Self::Neutral, Self::Open];

    const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Serious => "serious",
            Self::Neutral => "neutral",
            Self::Open => "open",
        }
    }

    /// The shape in a square of 16: a disc with a tick, a triangle with a
    /// stroke, a ring with an i, a dashed ring.
    const fn shape(self) -> &'static str {
        match self {
            Self::Good => {
                "<circle cx='8' cy='8' r='7.5' fill='currentColor'/>\
                 <path d='M4.5 8.3l2.4 2.4 4.6-5' fill='none' stroke='var(--paper)' \
                 stroke-width='1.8'/>"
            }
            Self::Serious => {
                "<path d='M8 .8l7.6 14H.4z' fill='currentColor'/>\
                 <path d='M8 5.6v4.6M8 11.6v1.7' stroke='var(--paper)' stroke-width='1.8'/>"
            }
            Self::Neutral => {
                "<circle cx='8' cy='8' r='6.8' fill='none' stroke='currentColor' \
                 stroke-width='1.4'/><path d='M8 7v4.6M8 4.2v1.6' stroke='currentColor' \
                 stroke-width='1.6'/>"
            }
            Self::Open => {
                "<circle cx='8' cy='8' r='6.8' fill='none' stroke='currentColor' \
                 stroke-width='1.4' stroke-dasharray='2.6 2'/>"
            }
        }
    }
}

/// The shapes, drawn once; every mark on the page refers to them.
fn symbols() -> Markup {
    html! {
        svg width="0" height="0" aria-hidden="true" style="position:absolute" {
            @for mark in Mark::ALL {
                symbol id=(mark.name()) viewBox="0 0 16 16" { (PreEscaped(mark.shape())) }
            }
        }
    }
}

fn mark(mark: Mark) -> Markup {
    html! {
        svg.mark.(mark.name()) aria-hidden="true" { use href={ "#" (mark.name()) } {} }
    }
}

fn time(at: u64) -> Markup {
    html! { time { (wording::day_and_time(at)) } }
}

fn term(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn headline(report: &Report<'_>, summary: &JobSummary<'_>) -> Markup {
    let serious = summary.matters.iter().any(|matter| matter.kind.severity() == Severity::Serious);
    let status = match (serious || !summary.reading.errors.is_empty(), summary.delivered()) {
        (true, _) => Mark::Serious,
        (false, 0) => Mark::Open,
        (false, _) => Mark::Good,
    };
    let given = [
        (page::CUSTOMER, report.customer),
        (page::FROM, report.origin),
        (page::TO, report.destination),
    ];
    html! {
        p.kicker { (page::CUSTODY_REPORT) " · " (report.title.reveal()) }
        h1 {
            (mark(status))
            // A line breaks between two statements rather than within one.
            div {
                @for part in format!("{}.", summary.headline()).split_inclusive([';', ',']) {
                    span { (part.trim_start()) } " "
                }
            }
        }
        dl.facts {
            @for (name, text) in given {
                @if let Some(text) = text { (term(name, &html! { (text.reveal()) })) }
            }
            (term(page::AS_OF, &html! { (wording::time(summary.reading.record.at)) }))
        }
    }
}

fn flaws(summary: &JobSummary<'_>) -> Markup {
    let errors = &summary.reading.errors;
    html! {
        @if !errors.is_empty() {
            section.flaws {
                h2 { (mark(Mark::Serious)) (page::DOES_NOT_HOLD) }
                p { (page::DOES_NOT_HOLD_MEANS) }
                ul {
                    @for (section, error) in errors {
                        li { strong { (wording::section(section)) } ": " (wording::record_error(error)) }
                    }
                }
            }
        }
    }
}

fn matters(summary: &JobSummary<'_>) -> Markup {
    html! {
        section {
            h2 { (page::MATTERS) }
            @if summary.matters.is_empty() {
                p.calm { (mark(Mark::Good)) (page::NO_MATTERS) }
            } @else {
                ul.matters {
                    @for matter in &summary.matters { (matter_card(matter, summary)) }
                }
            }
        }
    }
}

fn matter_card(matter: &Matter, summary: &JobSummary<'_>) -> Markup {
    let (shape, word) = match matter.kind.severity() {
        Severity::Serious => (Mark::Serious, page::SERIOUS),
        Severity::Neutral => (Mark::Neutral, page::NEUTRAL),
    };
    let devices: Vec<String> = matter.devices.iter().map(|d| summary.carrier(d)).collect();
    let holders: Vec<String> = matter.held_by.iter().map(|h| summary.holder(h)).collect();
    html! {
        li.(shape.name()) {
            p.weight { (mark(shape)) (word) }
            h3 { (wording::sentence(matter.kind.name())) }
            @if !matter.boxes.is_empty() {
                p.call-outs {
                    @for name in summary.call_outs(&matter.boxes) {
                        a.call-out href={ "#" (anchor(name)) } { (name) } " "
                    }
                }
            }
            @if let MatterKind::Fault(fault) = &matter.kind {
                p { (wording::fault_meaning(fault, |device| summary.carrier(device))) }
            }
            dl {
                @if !holders.is_empty() { (term(page::HELD_BY, &html! { (wording::list(holders)) })) }
                @if !devices.is_empty() {
                    (term(page::SIGNED_BY, &html! { (wording::list(devices)) }))
                }
                @if let Some(at) = matter.claimed_at {
                    (term(page::WHEN, &html! { (wording::time(at)) }))
                }
                (term(page::PROVED_BY, &html! {
                    @for id in &matter.events { code { (id) } " " }
                }))
            }
        }
    }
}

fn route(summary: &JobSummary<'_>) -> Markup {
    html! {
        section {
            h2 { (page::ROUTE) }
            p.lead { (page::ROUTE_MEANS) }
            ol.route {
                @for station in &summary.route { (station_item(station, summary)) }
            }
        }
    }
}

fn station_item(station: &Station, summary: &JobSummary<'_>) -> Markup {
    html! {
        li {
            (emblem(&station.holder, summary))
            div.station {
                strong { (wording::sentence(&summary.holder(&station.holder))) }
                @for (kind, boxes, at) in &station.acts {
                    span.act { (wording::kind(*kind)) " " (boxes) " · " (time(*at)) }
                }
            }
            @if let Some(handoff) = &station.onward { (handoff_leg(handoff)) }
        }
    }
}

/// The leg between two stations: how many boxes, a mark on the line for who
/// signed, when. The line runs down on a phone and across on a wide page.
fn handoff_leg(handoff: &Handoff) -> Markup {
    let (shape, word) = match handoff.signed {
        SignedBy::Both => (Mark::Good, page::BOTH_SIGNED),
        SignedBy::CrewAndCustomer => (Mark::Good, page::CUSTOMER_CONFIRMED),
        SignedBy::Crew => (Mark::Good, page::CREW_SIGNED),
        SignedBy::Giver => (Mark::Open, page::GIVER_SIGNED),
    };
    let (first, last) = handoff.claimed;
    html! {
        div.leg {
            span.count { (wording::boxes(handoff.boxes)) }
            (mark(shape))
            span { (wording::span(first, last)) }
            span { (word) }
        }
    }
}

/// A holder's picture: a door, boxes, a van, a warehouse, a pen.
fn emblem(holder: &Holder, summary: &JobSummary<'_>) -> Markup {
    let role = match holder {
        Holder::Customer | Holder::InDoubt { .. } | Holder::Destroyed => None,
        Holder::Device(device) => {
            summary.reading.evidence.credentials.get(device).map(|credential| credential.role)
        }
    };
    let drawing = match (holder, role) {
        (Holder::Customer, _) => "M8 21V11l8-6 8 6v10h-5.5v-6h-5v6z",
        (_, Some(Role::Driver)) => {
            "M5 10h13v10H5zM18 13.5h5l4 3.5v3h-9zM9 20.5a2 2 0 104 0M20 20.5a2 2 0 104 0"
        }
        (_, Some(Role::Warehouse)) => "M5 25V12l11-6 11 6v13M10 25v-9h12v9M10 20.5h12",
        (_, Some(Role::Supervisor)) => "M8 24l2-6L20 8l4 4-10 10zM18 10l4 4",
        (_, Some(Role::Mover | Role::Contractor) | None) => {
            "M6 16h9v9H6zM17 16h9v9h-9zM11.5 7h9v9h-9z"
        }
    };
    html! {
        svg.emblem viewBox="0 0 32 32" aria-hidden="true" {
            circle cx="16" cy="16" r="15.2" {}
            path d=(drawing) {}
        }
    }
}

fn boxes(summary: &JobSummary<'_>) -> Markup {
    let mut found: BTreeMap<&Token, BTreeSet<MatterKind>> = BTreeMap::new();
    for matter in &summary.matters {
        for token in &matter.boxes {
            found.entry(token).or_default().insert(matter.kind);
        }
    }
    let mut named: Vec<(&str, &Token, Status)> = summary
        .boxes
        .iter()
        .map(|(token, place)| {
            let matters = found.remove(token).unwrap_or_default();
            (summary.call_out(token), token, Status::of(place, &matters, summary))
        })
        .collect();
    named.sort_by_key(|(name, _, status)| (status.mark != Mark::Serious, *name));
    html! {
        section {
            h2 { (page::BOXES) }
            p.lead { (page::BOXES_MEAN) }
            div.boxes {
                @for (name, token, status) in &named {
                    @let steps = summary.custody.steps.get(token);
                    details id=(anchor(name)) open[status.mark == Mark::Serious] {
                        summary {
                            span.call-out { (name) }
                            span.status { (mark(status.mark)) (status.words) }
                        }
                        (chain(steps.map(Vec::as_slice).unwrap_or_default(), summary))
                    }
                }
            }
        }
    }
}

/// How a box stands, as a mark and in words.
struct Status {
    mark: Mark,
    words: String,
}

impl Status {
    fn of(place: &Whereabouts, matters: &BTreeSet<MatterKind>, summary: &JobSummary<'_>) -> Self {
        let serious = matters.iter().any(|what| what.severity() == Severity::Serious);
        let (mark, words) = match place {
            Whereabouts::Delivered if serious => (Mark::Serious, page::DELIVERED_WITH_FINDINGS),
            Whereabouts::Delivered => (Mark::Good, page::DELIVERED),
            Whereabouts::NeverTaken => (Mark::Open, page::NEVER_TAKEN),
            Whereabouts::Destroyed => (Mark::Good, wording::NOBODY),
            Whereabouts::InDoubt(giver, receiver) => {
                let words = wording::one_of(&summary.carrier(giver), &summary.carrier(receiver));
                return Self { mark: if serious { Mark::Serious } else { Mark::Open }, words };
            }
            Whereabouts::With(_)
                if matters.contains(&MatterKind::Finding(FindingKind::Missing)) =>
            {
                (Mark::Serious, wording::finding(FindingKind::Missing))
            }
            Whereabouts::With(device) => {
                let words = format!("{} {}", page::WITH, summary.carrier(device));
                return Self { mark: if serious { Mark::Serious } else { Mark::Open }, words };
            }
        };
        let mark = if serious { Mark::Serious } else { mark };
        Self { mark, words: words.to_owned() }
    }
}

fn chain(steps: &[Step], summary: &JobSummary<'_>) -> Markup {
    html! {
        @if !steps.is_empty() {
            div.chain {
                table {
                    thead {
                        tr {
                            @for column in [
                                page::STEP,
                                page::WHO,
                                page::CLAIMED,
                                page::PROVEN,
                                page::EVENT,
                                page::SIGNATURE,
                            ] { th scope="col" { (column) } }
                        }
                    }
                    tbody {
                        @for step in steps { (step_row(step, summary)) }
                    }
                }
            }
        }
    }
}

fn step_row(step: &Step, summary: &JobSummary<'_>) -> Markup {
    // A box that was found missing took no part in the step that names it.
    let absent = step.findings.contains(&FindingKind::Missing);
    let handoff = matches!(step.kind, EventKind::TakeOver | EventKind::Accept | EventKind::Deliver);
    html! {
        tr.handoff[handoff && !absent] {
            td {
                @if !absent { (wording::sentence(wording::kind(step.kind))) " " }
                @for (place, finding) in step.findings.iter().enumerate() {
                    @let name = wording::finding(*finding);
                    @let name = if absent && place == 0 { wording::sentence(name) } else { name.to_owned() };
                    @let severity = MatterKind::Finding(*finding).severity();
                    @let shape = if severity == Severity::Serious { Mark::Serious } else { Mark::Neutral };
                    span.finding { (mark(shape)) (name) } " "
                }
            }
            td { (summary.carrier(&step.device)) }
            td data-name=(page::CLAIMED_SHORT) { (time(step.claimed_at)) }
            td data-name=(page::PROVEN_SHORT) { (wording::proven(step.not_before, step.not_after)) }
            td { (event_id(&step.event)) }
            td.ok title=(wording::protection(step.kind.row().key)) { "✓ " (page::VERIFIED) }
        }
    }
}

fn event_id(id: &EventId) -> Markup {
    html! { code { (id) } }
}

fn anchor(call_out: &str) -> String {
    let slug = call_out.chars().filter(char::is_ascii_alphanumeric);
    format!("box-{}", slug.collect::<String>())
}

fn verification(report: &Report<'_>, summary: &JobSummary<'_>) -> Markup {
    let (record, evidence) = (&report.reading.record, &report.reading.evidence);
    let counts = [
        wording::count(evidence.events.len(), "event", "events"),
        wording::count(summary.devices().len(), "device", "devices"),
        wording::count(evidence.places.len(), "receipt", "receipts"),
        wording::count(evidence.ticks.len(), "tick of HQ's clock", "ticks of HQ's clock"),
        wording::boxes(summary.boxes.len()),
    ];
    html! {
        section.verification {
            h2 { (page::VERIFICATION) }
            p { (page::VERIFIED_HOW) }
            dl.facts {
                (term(page::CHECKED, &html! {
                    (wording::list(counts)) "; " (wording::signatures(report.reading.errors.len()))
                }))
                (term(page::RECORD, &html! {
                    code { (record.job) } ", " (wording::printable(&record.origin)) ", "
                    (wording::time(record.at))
                }))
                (term(page::HQ_KEY, &html! {
                    code.fingerprint { (fingerprint_of(report.reading)) }
                    br;
                    (page::COMPARE)
                }))
            }
            p { (page::CHECK_YOURSELF) }
            pre { code { "crewseal-hq verify " (report.file) } }
            p.limits { (page::LIMITS) }
        }
    }
}
