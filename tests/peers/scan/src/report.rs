//! The figures as a table, as JSON, and against the floors and goals.

use std::fmt;
use std::path::Path;

use crate::Failure;
use crate::count::{Contents, Figures};
use crate::readers::{ALL, FULL, OURS};

/// What has floors and goals too, and cannot be measured yet.
const NOT_BUILT: [&str; 2] = [
    "scenes (recall, wrong payloads: the levels do not exist yet)",
    "live session (CPU per frame, frames until all are counted, allocations: \
     there is no session yet)",
];

/// Everything that was measured.
pub struct Report {
    pub contents: Contents,
    /// Rows that are not scored.
    pub left_out: usize,
    pub rounds: usize,
    /// In the order of [`ALL`].
    pub figures: Vec<Figures>,
    /// Whether somebody asked for scenes, which do not exist yet.
    pub wants_scenes: bool,
}

/// One figure of ours that must reach its floor and should reach its goal.
pub struct Standing {
    name: &'static str,
    ours: f64,
    floor: f64,
    goal: f64,
    is_more_better: bool,
}

impl Standing {
    fn reaches(&self, mark: f64) -> bool {
        if self.is_more_better { self.ours >= mark } else { self.ours <= mark }
    }

    fn word(&self, mark: f64) -> &'static str {
        if self.reaches(mark) { "reached" } else { "missed" }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, ours, floor, goal, .. } = *self;
        let is_count = [ours, floor, goal].iter().all(|figure| figure.fract() == 0.0);
        let decimals = if is_count { 0 } else { 2 };
        let (at_floor, at_goal) = (self.word(floor), self.word(goal));
        write!(
            f,
            "{name:<34} {ours:>9.decimals$}   floor {floor:>9.decimals$} {at_floor:<8} \
             goal {goal:>9.decimals$} {at_goal}"
        )
    }
}

impl Report {
    /// Ours against the marks, as far as the corpus has what they count.
    pub fn standings(&self) -> Vec<Standing> {
        let (ours, full) = (&self.figures[OURS], &self.figures[FULL]);
        let count = |count: usize| count as f64;
        // Nobody reads a part of a picture: the goal is the next whole one.
        let more = |name, ours: usize, full: usize, percent: usize| Standing {
            name,
            ours: count(ours),
            floor: count(full),
            goal: count((full * percent).div_ceil(100)),
            is_more_better: true,
        };
        let quicker = |name, ours: f64, full: f64| Standing {
            name,
            ours,
            floor: full,
            goal: 0.5 * full,
            is_more_better: false,
        };
        let mut standings = Vec::new();
        if self.contents.positives > 0 {
            standings.push(more("images read", ours.images, full.images, 108));
        }
        if self.contents.codes > 0 {
            standings.push(more("codes read", ours.codes, full.codes, 106));
        }
        if self.contents.big > 0 {
            standings.push(quicker("CPU of big images, s", ours.big_seconds, full.big_seconds));
        }
        let (slowest, slowest_of_full) = (ours.slowest_milliseconds, full.slowest_milliseconds);
        standings.push(quicker("slowest call, ms", slowest, slowest_of_full));
        if self.contents.negatives > 0 {
            standings.push(Standing {
                name: "false reads on negatives",
                ours: count(ours.false_reads),
                floor: 0.0,
                goal: 0.0,
                is_more_better: false,
            });
        }
        standings
    }

    /// Whether nothing that was measured is below its floor.
    pub fn holds_its_floors(&self) -> bool {
        self.standings().iter().all(|standing| standing.reaches(standing.floor))
    }

    fn not_run(&self) -> String {
        let mut missing: Vec<&str> = NOT_BUILT.to_vec();
        if self.wants_scenes {
            missing.push("--scenes was asked for and did nothing");
        }
        let contents = self.contents;
        for (count, name) in [
            (contents.positives, "images read"),
            (contents.codes, "codes read"),
            (contents.big, "big images"),
            (contents.negatives, "negatives"),
        ] {
            if count == 0 {
                missing.push(name);
            }
        }
        missing.join("; ")
    }

    /// The same for programs: each reader's figures, and ours as a ratio.
    pub fn write_json(&self, path: &Path) -> Result<(), Failure> {
        let readers: Vec<_> = ALL
            .iter()
            .zip(&self.figures)
            .map(|(reader, figures)| serde_json::json!({ "name": reader.name, "figures": figures }))
            .collect();
        let standings: Vec<_> = self
            .standings()
            .iter()
            .map(|standing| {
                serde_json::json!({
                    "name": standing.name,
                    "ours": standing.ours,
                    "floor": standing.floor,
                    "goal": standing.goal,
                    "reaches_floor": standing.reaches(standing.floor),
                    "reaches_goal": standing.reaches(standing.goal),
                })
            })
            .collect();
        let (ours, full) = (&self.figures[OURS], &self.figures[FULL]);
        let ratios: serde_json::Map<_, _> = columns(ours)
            .iter()
            .zip(columns(full))
            .map(|(ours, full)| (ours.name.into(), ratio(ours.value, full.value).into()))
            .collect();
        let json = serde_json::json!({
            "subject": "scan",
            "rounds": self.rounds,
            "contents": self.contents,
            "rows_not_scored": self.left_out,
            "readers": readers,
            "ours_to_full": ratios,
            "standings": standings,
            "not_run": self.not_run(),
        });
        let text = serde_json::to_string_pretty(&json)? + "\n";
        std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
    }
}

/// A column of the table.
struct Column {
    name: &'static str,
    value: f64,
    decimals: usize,
}

fn columns(figures: &Figures) -> [Column; 8] {
    let count = |name, count: usize| Column { name, value: count as f64, decimals: 0 };
    let time = |name, value| Column { name, value, decimals: 2 };
    [
        count("images", figures.images),
        count("codes", figures.codes),
        count("no lots", figures.codes_without_lots),
        time("big, s", figures.big_seconds),
        time("slowest, ms", figures.slowest_milliseconds),
        time("negative, ms", figures.negative_median_milliseconds),
        count("false", figures.false_reads),
        count("panics", figures.panics),
    ]
}

/// None where FULL has zero: no number says how much more than nothing it is.
fn ratio(ours: f64, full: f64) -> Option<f64> {
    (full > 0.0).then(|| ours / full)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Contents { positives, negatives, big, codes, codes_without_lots } = self.contents;
        writeln!(
            f,
            "{positives} images ({big} big) with {codes} counted codes ({codes_without_lots} \
             without lots), {negatives} negatives; {} rows not scored; rounds: {}; CPU time of \
             one thread\n",
            self.left_out, self.rounds
        )?;
        write!(f, "{:<33}", "")?;
        for column in columns(&self.figures[OURS]) {
            write!(f, " {:>12}", column.name)?;
        }
        writeln!(f)?;
        for (reader, figures) in ALL.iter().zip(&self.figures) {
            write!(f, "{:<33}", reader.name)?;
            for Column { value, decimals, .. } in columns(figures) {
                write!(f, " {value:>12.decimals$}")?;
            }
            writeln!(f)?;
        }
        write!(f, "{:<33}", "ours to FULL")?;
        for (ours, full) in columns(&self.figures[OURS]).iter().zip(columns(&self.figures[FULL])) {
            match ratio(ours.value, full.value) {
                Some(ratio) => write!(f, " {ratio:>12.2}")?,
                None => write!(f, " {:>12}", "-")?,
            }
        }
        writeln!(f, "\n")?;
        for (reader, figures) in ALL.iter().zip(&self.figures) {
            writeln!(f, "slowest of {}: {}", reader.name, figures.slowest_path)?;
            for path in &figures.cut_off {
                writeln!(f, "cut off: {} took too long on {path}", reader.name)?;
            }
        }
        writeln!(f)?;
        let standings = self.standings();
        for standing in &standings {
            writeln!(f, "{standing}")?;
        }
        writeln!(f, "not run: {}", self.not_run())?;
        let all = standings.len();
        let floors = standings.iter().filter(|standing| standing.reaches(standing.floor)).count();
        let goals = standings.iter().filter(|standing| standing.reaches(standing.goal)).count();
        write!(f, "floors {floors}/{all}, goals {goals}/{all}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(ours: Figures) -> Report {
        let full = Figures {
            images: 100,
            codes: 200,
            codes_without_lots: 150,
            big_seconds: 10.0,
            slowest_milliseconds: 80.0,
            ..Figures::default()
        };
        let mut figures = vec![full; ALL.len()];
        figures[OURS] = ours;
        let contents = Contents {
            positives: 120,
            negatives: 30,
            big: 40,
            codes: 240,
            codes_without_lots: 180,
        };
        Report { contents, left_out: 0, rounds: 2, figures, wants_scenes: false }
    }

    fn last_line(report: &Report) -> String {
        report.to_string().lines().last().unwrap().to_owned()
    }

    #[test]
    fn equal_to_full_is_on_the_floor_and_below_the_goal() {
        let report = report(Figures {
            images: 100,
            codes: 200,
            big_seconds: 10.0,
            slowest_milliseconds: 80.0,
            ..Figures::default()
        });
        assert!(report.holds_its_floors());
        // Nothing falsely read is all that can be asked for.
        assert_eq!(last_line(&report), "floors 5/5, goals 1/5");
    }

    #[test]
    fn the_goals_are_reached_at_their_marks() {
        let report = report(Figures {
            images: 108,
            codes: 212,
            big_seconds: 5.0,
            slowest_milliseconds: 40.0,
            ..Figures::default()
        });
        assert_eq!(last_line(&report), "floors 5/5, goals 5/5");
    }

    #[test]
    fn one_false_read_is_below_the_floor() {
        let report = report(Figures {
            images: 108,
            codes: 212,
            big_seconds: 5.0,
            slowest_milliseconds: 40.0,
            false_reads: 1,
            ..Figures::default()
        });
        assert!(!report.holds_its_floors());
        assert_eq!(last_line(&report), "floors 4/5, goals 4/5");
    }

    #[test]
    fn what_a_corpus_lacks_is_not_run_and_not_counted() {
        let mut report = report(Figures { images: 100, ..Figures::default() });
        report.contents =
            Contents { negatives: 0, big: 0, codes: 0, codes_without_lots: 0, ..report.contents };
        report.wants_scenes = true;
        assert_eq!(last_line(&report), "floors 2/2, goals 1/2");
        let text = report.to_string();
        let not_run = text.lines().rev().nth(1).unwrap();
        assert!(not_run.starts_with("not run: scenes"), "{not_run}");
        assert!(not_run.ends_with("did nothing; codes read; big images; negatives"), "{not_run}");
    }
}
