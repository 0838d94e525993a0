//! The figures as text, as JSON, and against the floors and goals.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};
use standings::{Standing, Standings, not_run};

use crate::clock::{Samples, microseconds};
use crate::costs::{Costs, MANY, RECORD_BYTES};
use crate::phones::AN_EPOCH;

const ROUNDED: u32 = 100;

/// Everything that was measured.
pub struct Report {
    pub rounds: usize,
    pub costs: Costs,
}

fn ratio(ours: Duration, other: Duration) -> f64 {
    ours.as_secs_f64() / other.as_secs_f64()
}

impl Report {
    fn signatures(&self) -> Duration {
        self.costs.sign.median() + self.costs.verify.median()
    }

    fn standings(&self) -> Standings {
        let costs = &self.costs;
        let one = costs.one.median();
        let act = costs.hundred.median() / ROUNDED;
        let signatures = self.signatures();
        let mut standings = vec![
            Standing::less(
                "an act, to append and sync, sign, verify",
                ratio(one, costs.append.median() + signatures),
                (1.35, 1.12),
            ),
            Standing::less(
                "an act of 100 in one commit, to sign and verify",
                ratio(act, signatures),
                (1.5, 1.2),
            ),
        ];
        if let Some((_, peer)) = &costs.sqlcipher {
            let marks = (1.0, 0.85);
            standings.insert(
                1,
                Standing::less("an act, to one in SQLCipher", ratio(one, peer.median()), marks),
            );
        }
        if let Some(many) = &costs.many {
            let kept = (MANY * RECORD_BYTES) as f64;
            standings.extend([
                Standing::less(
                    "an act with 100,000 waiting, to one with 100",
                    ratio(many.one.median(), many.one_of_few.median()),
                    (1.2, 1.05),
                ),
                Standing::less(
                    "opening with 100,000 waiting, to an empty one",
                    ratio(many.open.median(), many.open_empty.median()),
                    (5.0, 2.0),
                ),
                Standing::less(
                    "the file of 100,000 waiting, to 300 bytes each",
                    many.size as f64 / kept,
                    (2.2, 1.7),
                ),
            ]);
            standings.extend(many.memory.map(|memory| {
                let name = "MiB of memory over an idle process, 100,000 sent";
                Standing::less(name, memory as f64 / 1024.0, (32.0, 16.0))
            }));
        }
        Standings(standings)
    }

    /// Whether nothing that was measured is below its floor.
    pub fn holds(&self) -> bool {
        self.standings().hold()
    }

    fn not_run(&self) -> String {
        let many = self.costs.many.as_ref();
        let missing: Vec<&str> = [
            (self.costs.sqlcipher.is_none(), "SQLCipher (it did not build or start)"),
            (many.is_none(), "all with 100,000 waiting (--quick)"),
            (many.is_some_and(|many| many.memory.is_none()), "memory (the system does not say)"),
        ]
        .into_iter()
        .filter_map(|(is_missing, name)| is_missing.then_some(name))
        .collect();
        not_run(&missing)
    }

    fn timed(&self) -> Vec<(&'static str, &Samples)> {
        let costs = &self.costs;
        let mut timed = vec![
            ("append and sync of an act's bytes", &costs.append),
            ("P-256 signature, ring", &costs.sign),
            ("P-256 verification, ring", &costs.verify),
            ("an act, durable", &costs.one),
            ("100 acts in one commit", &costs.hundred),
        ];
        timed.extend(costs.sqlcipher.as_ref().map(|(_, peer)| ("an act in SQLCipher", peer)));
        if let Some(many) = &costs.many {
            timed.extend([
                ("an act with 100 waiting", &many.one_of_few),
                ("an act with 100,000 waiting", &many.one),
                ("opening an empty store", &many.open_empty),
                ("opening with 100,000 waiting", &many.open),
            ]);
        }
        timed
    }

    /// The same for programs.
    pub fn to_json(&self) -> String {
        let times: Vec<Value> = self
            .timed()
            .into_iter()
            .map(|(name, samples)| {
                json!({
                    "name": name,
                    "median_microseconds": microseconds(samples.median()),
                    "mean_microseconds": microseconds(samples.mean()),
                })
            })
            .collect();
        let many = self.costs.many.as_ref();
        let json = json!({
            "subject": "store",
            "rounds": self.rounds,
            "act_bytes": self.costs.act_bytes,
            "times": times,
            "database_bytes": many.map(|many| many.size),
            "memory_kib": many.and_then(|many| many.memory),
            "sqlcipher": self.costs.sqlcipher.as_ref().map(|(version, _)| version),
            "standings": self.standings().to_json(),
            "not_run": self.not_run(),
        });
        format!("{json:#}\n")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.costs.sqlcipher.as_ref().map_or("", |(version, _)| version);
        writeln!(f, "a signed act has {} bytes; {version}\n", self.costs.act_bytes)?;
        writeln!(f, "{:<58} {:>10} {:>10}", "microseconds", "median", "mean")?;
        for (name, samples) in self.timed() {
            let (median, mean) = (microseconds(samples.median()), microseconds(samples.mean()));
            writeln!(f, "  {name:<56} {median:>10.1} {mean:>10.1}")?;
        }
        if let Some(many) = &self.costs.many {
            writeln!(
                f,
                "\n{MANY} acts that wait, {AN_EPOCH} an epoch: a database of {} bytes",
                many.size
            )?;
        }
        writeln!(f)?;
        let standings = self.standings();
        writeln!(f, "{standings}\nnot run: {}", self.not_run())?;
        f.write_str(&standings.summary())
    }
}
