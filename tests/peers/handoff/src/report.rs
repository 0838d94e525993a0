//! The figures as text, as JSON, and against the floors and goals.

use std::fmt;

use serde_json::{Value, json};
use standings::{Standing, Standings, not_run};

use crate::clock::{milliseconds, ratio};
use crate::costs::{Handoffs, Operations};
use crate::job::{EVENTS, FEW, Job, MANY, Scaling};
use crate::screen::{MOST_FRAMES, Read, SEEDS};
use fixtures::messages::{Shown, Sizes};

/// Versions that a message's QR should have at most: floor, then goal.
const KNOWN: [(u16, u16); 4] = [(9, 8), (14, 13), (13, 12), (9, 9)];
const INTRODUCED: [(u16, u16); 3] = [(12, 11), (18, 17), (17, 16)];
const THOUSAND: (u16, u16) = (20, 17);

/// Everything that was measured.
pub struct Report {
    pub rounds: usize,
    pub sizes: Sizes,
    pub handoffs: Handoffs,
    pub job: Job,
    pub scaling: Option<Scaling>,
    pub screens: Option<Vec<Read>>,
}

/// A QR's version, by what it may and should be at most.
fn version(name: String, ours: u16, (floor, goal): (u16, u16)) -> Standing {
    Standing::less(name, ours.into(), (floor.into(), goal.into()))
}

impl Report {
    fn standings(&self) -> Standings {
        let Sizes { known, introduced, thousand, .. } = &self.sizes;
        let versions = |what: &'static str, shown: &[Shown], marks: &[(u16, u16)]| {
            let standing = move |(shown, marks): (&Shown, &(u16, u16))| {
                let name = format!("QR version of {}, {what}", shown.name);
                version(name, shown.version, *marks)
            };
            shown.iter().zip(marks).map(standing).collect::<Vec<_>>()
        };
        let mut standings = versions("200 boxes", known, &KNOWN);
        standings.extend(versions("with credential or tick", introduced, &INTRODUCED));
        let largest = thousand.iter().map(|shown| shown.version).max().unwrap_or(u16::MAX);
        let name = "QR version of the largest, 1,000 boxes".to_owned();
        standings.push(version(name, largest, THOUSAND));

        let Handoffs { of_200, bare, of_1000, .. } = self.handoffs;
        let name = "a handoff of 200 boxes to its bare signatures";
        standings.push(Standing::less(name, ratio(of_200, bare), (2.0, 1.5)));
        let name = "a handoff of 1,000 boxes to one of 200";
        standings.push(Standing::less(name, ratio(of_1000, of_200), (2.0, 1.3)));
        let name = "verifying a job to its bare signatures";
        standings.push(Standing::less(name, ratio(self.job.ours, self.job.bare), (1.6, 1.25)));
        if let Some(Scaling { few, many, .. }) = self.scaling {
            let name = "an event of 100,000 to one of 10,000";
            standings.push(Standing::less(name, ratio(many, few), (1.3, 1.05)));
        }
        standings.extend(self.screens.iter().flatten().map(|read| {
            let name = format!("{} read off screens within {MOST_FRAMES} frames", read.name);
            Standing::more(name, read.count() as f64, (98.0, SEEDS as f64))
        }));
        Standings(standings)
    }

    /// Whether nothing that was measured is below its floor.
    pub fn holds(&self) -> bool {
        self.standings().hold()
    }

    fn not_run(&self) -> String {
        let missing: Vec<&str> = [
            (self.scaling.is_none(), "100,000 events against 10,000 (--quick)"),
            (self.screens.is_none(), "messages read off screens (--quick)"),
        ]
        .into_iter()
        .filter_map(|(is_missing, name)| is_missing.then_some(name))
        .collect();
        not_run(&missing)
    }

    /// The same for programs.
    pub fn to_json(&self) -> String {
        let Sizes { known, introduced, thousand, others } = &self.sizes;
        let screens = self.screens.as_ref().map(|screens| {
            let screen = |read: &Read| {
                json!({
                    "name": read.name,
                    "version": read.version,
                    "frames": read.frames,
                    "read": read.count(),
                    "wrong": read.wrong,
                })
            };
            screens.iter().map(screen).collect::<Vec<_>>()
        });
        let json = json!({
            "subject": "handoff",
            "rounds": self.rounds,
            "sizes": {
                "known_200": sizes(known),
                "introduced_200": sizes(introduced),
                "known_1000": sizes(thousand),
                "others_200": sizes(others),
            },
            "handoff": of_handoffs(&self.handoffs),
            "job": of_job(&self.job),
            "scaling": self.scaling.as_ref().map(of_scaling),
            "screens": screens,
            "standings": self.standings().to_json(),
            "not_run": self.not_run(),
        });
        format!("{json:#}\n")
    }

    fn write_costs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Handoffs { operations, of_200, bare, of_1000 } = self.handoffs;
        let Operations { signings, verifications } = operations;
        writeln!(
            f,
            "a handoff, both phones, to and from QRs: {signings} signings, {verifications} \
             verifications\n  200 boxes {:.3} ms, 1,000 boxes {:.3} ms, bare {:.3} ms\n",
            milliseconds(of_200),
            milliseconds(of_1000),
            milliseconds(bare)
        )?;
        let Job { bytes, operations, steps, ours, bare, decided } = self.job;
        writeln!(
            f,
            "a job of 500 boxes and {EVENTS} events, from its record ({bytes} bytes): {} \
             verifications, {steps} lines of history\n  {:.3} ms, bare {:.3} ms; {:.3} ms of it \
             after the signatures\n",
            operations.verifications,
            milliseconds(ours),
            milliseconds(bare),
            milliseconds(decided)
        )?;
        if let Some(scaling) = &self.scaling {
            let microseconds = |time| milliseconds(time) * 1e3;
            writeln!(
                f,
                "one job in rounds of {EVENTS} events on 10 boxes, 2,500 boxes for {FEW} events and \
                 25,000 for {MANY}\n  {:.1} and {:.1} microseconds an event, {:.1} and {:.1} of it \
                 after the signatures",
                microseconds(scaling.few),
                microseconds(scaling.many),
                microseconds(scaling.few_decided),
                microseconds(scaling.many_decided)
            )?;
            match scaling.peak {
                Some(peak) => writeln!(f, "  peak memory of this process {peak} MiB\n")?,
                None => writeln!(f, "  peak memory not known here\n")?,
            }
        }
        Ok(())
    }
}

fn sizes(shown: &[Shown]) -> Vec<Value> {
    let size = |Shown { name, bytes, text, version }: &Shown| json!({ "name": name, "bytes": bytes, "characters": text.len(), "version": version });
    shown.iter().map(size).collect()
}

fn of_operations(Operations { signings, verifications }: Operations) -> Value {
    json!({ "signings": signings, "verifications": verifications })
}

fn of_handoffs(handoffs: &Handoffs) -> Value {
    json!({
        "operations": of_operations(handoffs.operations),
        "milliseconds_of_200": milliseconds(handoffs.of_200),
        "milliseconds_bare": milliseconds(handoffs.bare),
        "milliseconds_of_1000": milliseconds(handoffs.of_1000),
    })
}

fn of_job(job: &Job) -> Value {
    json!({
        "bytes": job.bytes,
        "steps": job.steps,
        "operations": of_operations(job.operations),
        "milliseconds": milliseconds(job.ours),
        "milliseconds_bare": milliseconds(job.bare),
        "milliseconds_after_signatures": milliseconds(job.decided),
    })
}

fn of_scaling(scaling: &Scaling) -> Value {
    json!({
        "milliseconds_an_event_of_10000": milliseconds(scaling.few),
        "milliseconds_an_event_of_100000": milliseconds(scaling.many),
        "milliseconds_an_event_of_10000_after_signatures": milliseconds(scaling.few_decided),
        "milliseconds_an_event_of_100000_after_signatures": milliseconds(scaling.many_decided),
        "peak_memory_mib": scaling.peak,
    })
}

fn write_sizes(f: &mut fmt::Formatter<'_>, what: &str, shown: &[Shown]) -> fmt::Result {
    writeln!(f, "{what:<48} {:>6} {:>10} {:>8}", "bytes", "characters", "version")?;
    for Shown { name, bytes, text, version } in shown {
        writeln!(f, "  {name:<46} {bytes:>6} {:>10} {version:>8}", text.len())?;
    }
    writeln!(f)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sizes { known, introduced, thousand, others } = &self.sizes;
        write_sizes(f, "200 boxes, credentials known", known)?;
        write_sizes(f, "200 boxes, credentials and ACCEPT's tick inside", introduced)?;
        write_sizes(f, "1,000 boxes, credentials known", thousand)?;
        write_sizes(f, "200 boxes, other cases (no floor)", others)?;

        self.write_costs(f)?;
        for read in self.screens.iter().flatten() {
            writeln!(
                f,
                "{} on a screen (version {}): {} of {SEEDS} read, median {} frames, slowest {}, \
                 {} wrong",
                read.name,
                read.version,
                read.count(),
                read.median(),
                read.slowest(),
                read.wrong
            )?;
        }
        if self.screens.is_some() {
            writeln!(f)?;
        }
        let standings = self.standings();
        writeln!(f, "{standings}\nnot run: {}", self.not_run())?;
        f.write_str(&standings.summary())
    }
}
