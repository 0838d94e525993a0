//! The figures as text, as JSON, and against the floors and goals.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};
use standings::{Standing, Standings, not_run};

use crate::intake::{Intake, Intakes, PhoneCost};
use crate::receipts::Receipts;
use crate::traffic::{Deliveries, Fetches};
use fixtures::messages::{Shown, Sizes};

/// Leaves of the log that is not large.
pub const FEW: u64 = 10_000;
/// Bytes up for each byte of a signed event: floor, then goal.
const UP: (f64, f64) = (1.5, 1.32);
/// Bytes of a fetch when nothing is new.
const NOTHING_NEW: (f64, f64) = (2_048.0, 1_024.0);
/// Versions of QRs of 200 boxes: HELLO, OFFER, ACCEPT, ACK.
const KNOWN: [(u16, u16); 4] = [(10, 9), (14, 13), (13, 12), (9, 7)];
/// The same with credentials inside: HELLO, OFFER, ACCEPT.
const INTRODUCED: [(u16, u16); 3] = [(13, 12), (18, 17), (17, 15)];

/// Bytes of the answer to a batch.
const ANSWER: (f64, f64) = (4_096.0, 2_048.0);
/// Bytes both ways for each byte of a signed event.
const BOTH_WAYS: (f64, f64) = (1.65, 1.4);
/// A phone's time for an event, to what it cannot do without.
const PHONE: (f64, f64) = (1.5, 1.2);
/// Bytes that a phone keeps of an event's receipt.
const KEPT: (f64, f64) = (128.0, 64.0);
/// Events that HQ takes in for each bare verification.
const INTAKE: (f64, f64) = (0.3, 0.6);
/// Events that it takes in with a large log for each with a small one.
const LARGE: (f64, f64) = (0.8, 0.95);

/// Everything that was measured.
pub struct Report {
    pub sizes: Sizes,
    pub deliveries: Deliveries,
    pub fetches: Fetches,
    pub log: LargeLog,
}

/// What was measured with a large log.
pub struct LargeLog {
    pub leaves: u64,
    pub is_quick: bool,
    pub built_in: Duration,
    pub receipts: Receipts,
    pub phone: PhoneCost,
    pub intakes: Intakes,
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

impl LargeLog {
    fn both_ways(&self) -> f64 {
        let Deliveries { signed, up, down, .. } = self.receipts.deliveries;
        figure(up.saturating_add(down)) / f64::from(signed)
    }

    fn kept(&self) -> f64 {
        figure(self.receipts.kept) / f64::from(self.receipts.events)
    }

    /// The same if sealing, which was done before, counted on both sides.
    fn phone_sealing_too(&self) -> f64 {
        let PhoneCost { ours, unavoidable } = &self.phone;
        ratio(*ours + unavoidable.seal, unavoidable.sum())
    }

    fn standings(&self) -> [Standing; 6] {
        let Self { leaves, receipts, phone, intakes, .. } = self;
        let Intakes { verification, small, large } = intakes;
        [
            Standing::less(
                format!("bytes of the answer to a batch of 100, {leaves} leaves"),
                figure(receipts.answer),
                ANSWER,
            ),
            Standing::less(
                "bytes both ways to the bytes of signed events",
                self.both_ways(),
                BOTH_WAYS,
            ),
            Standing::less(
                "a phone's CPU for an event, to what it cannot do without",
                ratio(phone.ours, phone.unavoidable.sum()),
                PHONE,
            ),
            Standing::less("bytes that a phone keeps for an event", self.kept(), KEPT),
            Standing::more(
                "events HQ takes in, to bare verifications (CPU)",
                ratio(*verification, small.cpu),
                INTAKE,
            ),
            Standing::more(
                format!("the same with {leaves} leaves, to {FEW} (CPU)"),
                ratio(small.cpu, large.cpu),
                LARGE,
            ),
        ]
    }

    fn to_json(&self) -> Value {
        let Self { leaves, is_quick, built_in, receipts, phone, intakes } = self;
        let Deliveries { acts, signed, up, down } = receipts.deliveries;
        let unavoidable = &phone.unavoidable;
        let intake = |intake: &Intake| {
            json!({
                "hq_cpu_microseconds": microseconds(intake.cpu),
                "wall_microseconds": microseconds(intake.wall),
                "on_one_core": intake.is_on_one_core,
            })
        };
        json!({
            "leaves": leaves,
            "quick": is_quick,
            "built_in_seconds": built_in.as_secs_f64(),
            "answer": { "bytes": receipts.answer, "runs": receipts.runs, "hashes": receipts.hashes },
            "batch": { "acts": acts, "signed_bytes": signed, "bytes_up": up, "bytes_down": down },
            "kept": { "events": receipts.events, "bytes": receipts.kept },
            "phone_microseconds": {
                "event": microseconds(phone.ours),
                "seal": microseconds(unavoidable.seal),
                "hash": microseconds(unavoidable.hash),
                "delete": microseconds(unavoidable.delete),
                "tls": microseconds(unavoidable.tls),
                "signature": microseconds(unavoidable.signature),
                "with_sealing_on_both_sides": self.phone_sealing_too(),
            },
            "verification_microseconds": microseconds(intakes.verification),
            "intake": { "few": intake(&intakes.small), "many": intake(&intakes.large) },
        })
    }
}

impl fmt::Display for LargeLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { leaves, is_quick, built_in, receipts, phone, intakes } = self;
        let quick = if *is_quick { " (--quick)" } else { "" };
        let seconds = built_in.as_secs_f64();
        writeln!(f, "a log of {leaves} leaves{quick}, built in {seconds:.1} s:")?;
        writeln!(
            f,
            "  leaves of 65 bytes, tiles and size written into HQ's database, after what HQ"
        )?;
        writeln!(f, "  wrote when it was founded; HQ signs the checkpoint with its next act")?;
        let Receipts { answer, runs, hashes, deliveries, events, kept } = receipts;
        writeln!(f, "  the longest answer: {answer} bytes, runs: {runs}, hashes: {hashes}")?;
        let Deliveries { acts, signed, up, down } = deliveries;
        writeln!(
            f,
            "  a batch of {acts} acts, {signed} bytes of signed events: {up} bytes up, {down} down"
        )?;
        writeln!(f, "  after {events} events a phone keeps {kept} bytes more\n")?;
        let PhoneCost { ours, unavoidable } = phone;
        writeln!(f, "{:<48} {:>10}", "CPU of a phone for an event, microseconds", "median")?;
        for (name, time) in [
            ("delivered, sealed before", *ours),
            ("what it cannot do without", unavoidable.sum()),
            ("  sealing: two keys, AES-GCM of 320 bytes", unavoidable.seal),
            ("  hashing leaf and digest, share of the proof", unavoidable.hash),
            ("  deleting its row, of 100 in a transaction", unavoidable.delete),
            ("  share of the records of TLS", unavoidable.tls),
            ("  share of an Ed25519 check", unavoidable.signature),
        ] {
            writeln!(f, "  {name:<46} {:>10.2}", microseconds(time))?;
        }
        writeln!(f, "  with sealing on both sides: {:.3}\n", self.phone_sealing_too())?;
        let Intakes { verification, small, large } = intakes;
        let heading = "taking in an event, microseconds";
        writeln!(f, "{heading:<48} {:>10} {:>10}", "HQ's CPU", "wall")?;
        for (name, Intake { cpu, wall, .. }) in
            [(format!("{FEW} leaves"), small), (format!("{leaves} leaves"), large)]
        {
            writeln!(f, "  {name:<46} {:>10.2} {:>10.2}", microseconds(*cpu), microseconds(*wall))?;
        }
        writeln!(
            f,
            "  {:<46} {:>10.2}",
            "one P-256 verification, ring",
            microseconds(*verification)
        )?;
        let core = if small.is_on_one_core { "on one core" } else { "on any core" };
        writeln!(f, "  HQ in a process of its own {core}, 4 phones in this one; HQ's CPU decides\n")
    }
}

/// A number of bytes as a figure. None here comes near four billion.
fn figure(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX))
}

impl Report {
    fn ratio(&self) -> f64 {
        figure(self.deliveries.up) / f64::from(self.deliveries.signed)
    }

    fn standings(&self) -> Standings {
        let name = "bytes up to the bytes of signed events";
        let mut standings = vec![Standing::less(name, self.ratio(), UP)];
        let name =
            format!("bytes of a fetch with nothing new, {} labels known", self.fetches.labels);
        let both = figure(self.fetches.up.saturating_add(self.fetches.down));
        standings.push(Standing::less(name, both, NOTHING_NEW));
        let versions = |what: &'static str, shown: &[Shown], marks: &[(u16, u16)]| {
            let standing = |(shown, (floor, goal)): (&Shown, &(u16, u16))| {
                let name = format!("QR version of {}, 200 boxes, {what}", shown.name);
                Standing::less(name, shown.version.into(), ((*floor).into(), (*goal).into()))
            };
            shown.iter().zip(marks).map(standing).collect::<Vec<_>>()
        };
        standings.extend(versions("credentials known", &self.sizes.known, &KNOWN));
        standings.extend(versions("credentials inside", &self.sizes.introduced, &INTRODUCED));
        standings.extend(self.log.standings());
        Standings(standings)
    }

    /// Whether nothing that was measured is below its floor.
    pub fn holds(&self) -> bool {
        self.standings().hold()
    }

    /// All figures for programs.
    pub fn to_json(&self) -> String {
        let standings = self.standings();
        let Deliveries { acts, signed, up, down } = self.deliveries;
        let Fetches { labels, up: asked, down: told, first } = self.fetches;
        let report = json!({
            "subject": "sync",
            "batch": { "acts": acts, "signed_bytes": signed, "bytes_up": up, "bytes_down": down },
            "nothing_new": { "labels": labels, "bytes_up": asked, "bytes_down": told },
            "all_new": { "labels": labels, "bytes_down": first },
            "qr": {
                "known": sizes(&self.sizes.known),
                "introduced": sizes(&self.sizes.introduced),
                "thousand": sizes(&self.sizes.thousand),
                "others": sizes(&self.sizes.others),
            },
            "large_log": self.log.to_json(),
            "standings": standings.to_json(),
            "summary": standings.summary(),
        });
        format!("{report:#}\n")
    }
}

fn sizes(shown: &[Shown]) -> Vec<Value> {
    let size = |Shown { name, bytes, text, version }: &Shown| json!({ "name": name, "bytes": bytes, "characters": text.len(), "version": version });
    shown.iter().map(size).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Deliveries { acts, signed, up, down } = self.deliveries;
        writeln!(f, "a batch of {acts} acts, {signed} bytes of signed events")?;
        writeln!(f, "  {up} bytes up, {:.3} to each byte; {down} bytes down", self.ratio())?;
        let Fetches { labels, up, down, first } = self.fetches;
        writeln!(f, "a fetch with nothing new, {labels} labels known")?;
        writeln!(f, "  {up} bytes up, {down} down; when they were new, {first} down\n")?;
        let Sizes { known, introduced, thousand, others } = &self.sizes;
        for (what, shown) in [
            ("200 boxes, credentials known", known),
            ("200 boxes, credentials and ACCEPT's tick inside", introduced),
            ("1,000 boxes, credentials known (no floor)", thousand),
            ("200 boxes, other cases (no floor)", others),
        ] {
            writeln!(f, "{what:<48} {:>6} {:>10} {:>8}", "bytes", "characters", "version")?;
            for Shown { name, bytes, text, version } in shown {
                writeln!(f, "  {name:<46} {bytes:>6} {:>10} {version:>8}", text.len())?;
            }
            writeln!(f)?;
        }
        write!(f, "{}", self.log)?;
        let standings = self.standings();
        writeln!(f, "{standings}\nnot run: {}", not_run::<&str>(&[]))?;
        f.write_str(&standings.summary())
    }
}
