//! The figures as text, as JSON, and against the floors and goals.

use std::fmt;
use std::time::Duration;

use serde_json::json;
use standings::{Standing, Standings, not_run};

/// What was measured from one language.
pub struct Measured {
    pub language: &'static str,
    /// What an act may cost beyond the same in Rust, in milliseconds.
    pub act_limit: f64,
    pub frames: Pairs,
    pub acts: Pairs,
    /// Acts without the API, on the thread that calls.
    pub core_acts: Vec<Duration>,
    pub cold: Vec<Duration>,
    pub threads: Option<Threads>,
}

/// Calls from the other language and in Rust, in turn.
#[derive(Default)]
pub struct Pairs {
    pub theirs: Vec<Duration>,
    pub rust: Vec<Duration>,
}

/// Threads of the core's, by their names.
pub struct Threads {
    pub at_rest: Vec<String>,
    pub before_callbacks: usize,
    pub after_callbacks: usize,
}

/// Everything that was measured.
pub struct Report {
    pub measured: Vec<Measured>,
    /// The languages that were not, and why.
    pub missing: Vec<String>,
}

/// The one in the middle.
pub fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn count(things: usize) -> f64 {
    u32::try_from(things).map_or(f64::MAX, f64::from)
}

impl Measured {
    fn standings(&self) -> Vec<Standing> {
        let Self { language, act_limit, frames, acts, cold, threads, .. } = self;
        let mut standings = Vec::new();
        let mut stand = |what: &str, figure, floor, goal| {
            let name = format!("{language}: {what}");
            standings.push(Standing::less(name, figure, (floor, goal)));
        };
        let ratio = median(&frames.theirs).as_secs_f64() / median(&frames.rust).as_secs_f64();
        stand("a frame, to the same in Rust", ratio, 1.03, 1.03);
        let more = millis(median(&acts.theirs)) - millis(median(&acts.rust));
        stand("an act, milliseconds beyond the same in Rust", more, *act_limit, *act_limit);
        if !cold.is_empty() {
            stand("cold open, 1,000 waiting, milliseconds", millis(median(cold)), 400.0, 150.0);
        }
        if let Some(Threads { at_rest, before_callbacks, after_callbacks }) = threads {
            stand("threads of ours at rest", count(at_rest.len()), 4.0, 4.0);
            let leaked = after_callbacks.saturating_sub(*before_callbacks);
            stand("threads more after 10,000 callbacks", count(leaked), 0.0, 0.0);
        }
        standings
    }
}

impl Report {
    fn standings(&self) -> Standings {
        Standings(self.measured.iter().flat_map(Measured::standings).collect())
    }

    /// Whether nothing that was measured is below its floor.
    pub fn holds(&self) -> bool {
        self.standings().hold()
    }

    fn not_run(&self) -> String {
        let threads = self.measured.iter().filter(|measured| measured.threads.is_none());
        let threads = threads.map(|measured| format!("threads of {}", measured.language));
        let missing: Vec<String> = self.missing.iter().cloned().chain(threads).collect();
        not_run(&missing)
    }

    /// The same for programs.
    pub fn to_json(&self) -> String {
        let measured = |measured: &Measured| {
            let Measured { language, frames, acts, core_acts, cold, threads, .. } = measured;
            json!({
                "language": language,
                "frame_milliseconds": millis(median(&frames.theirs)),
                "frame_milliseconds_in_rust": millis(median(&frames.rust)),
                "frames": frames.theirs.len(),
                "act_milliseconds": millis(median(&acts.theirs)),
                "act_milliseconds_in_rust": millis(median(&acts.rust)),
                "act_milliseconds_without_face": millis(median(core_acts)),
                "acts": acts.theirs.len(),
                "cold_open_milliseconds": (!cold.is_empty()).then(|| millis(median(cold))),
                "threads_at_rest": threads.as_ref().map(|threads| &threads.at_rest),
            })
        };
        let json = json!({
            "subject": "ffi",
            "measured": self.measured.iter().map(measured).collect::<Vec<_>>(),
            "standings": self.standings().to_json(),
            "not_run": self.not_run(),
        });
        format!("{json:#}\n")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Measured { language, frames, acts, core_acts, cold, threads, .. } in &self.measured {
            writeln!(f, "{language}, medians in milliseconds; in Rust:")?;
            for (name, Pairs { theirs, rust }) in [("frames", frames), ("acts", acts)] {
                let (number, theirs, rust) = (theirs.len(), median(theirs), median(rust));
                writeln!(
                    f,
                    "  {number:>6} {name:<12} {:>9.4} {:>9.4}",
                    millis(theirs),
                    millis(rust)
                )?;
            }
            writeln!(
                f,
                "  an act without the API, on the thread that calls: {:.4}",
                millis(median(core_acts))
            )?;
            writeln!(f, "  {:>6} {:<12} {:>9.4}", cold.len(), "cold opens", millis(median(cold)))?;
            if let Some(Threads { at_rest, .. }) = threads {
                writeln!(f, "  threads of ours at rest: {}", at_rest.join(", "))?;
            }
            writeln!(f)?;
        }
        let standings = self.standings();
        writeln!(f, "{standings}\nnot run: {}", self.not_run())?;
        f.write_str(&standings.summary())
    }
}
