//! The figures as text, as JSON, and against the floors and goals.

use std::fmt;

use serde_json::{Value, json};
use standings::{Standing, Standings, not_run};

use crate::traffic::{Deliveries, Fetches};
use fixtures::messages::{Shown, Sizes};

/// Bytes up for each byte of a signed event: floor, then goal.
const UP: (f64, f64) = (1.5, 1.32);
/// Bytes of a fetch when nothing is new.
const NOTHING_NEW: (f64, f64) = (2_048.0, 1_024.0);
/// Versions of QRs of 200 boxes: HELLO, OFFER, ACCEPT, ACK.
const KNOWN: [(u16, u16); 4] = [(10, 9), (14, 13), (13, 12), (9, 7)];
/// The same with credentials inside: HELLO, OFFER, ACCEPT.
const INTRODUCED: [(u16, u16); 3] = [(13, 12), (18, 17), (17, 15)];

/// Everything that was measured.
pub struct Report {
    pub sizes: Sizes,
    pub deliveries: Deliveries,
    pub fetches: Fetches,
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
        let standings = self.standings();
        writeln!(f, "{standings}\nnot run: {}", not_run::<&str>(&[]))?;
        f.write_str(&standings.summary())
    }
}
