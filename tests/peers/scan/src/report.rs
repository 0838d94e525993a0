//! The figures as tables, as JSON, and against the floors and goals.

use std::fmt;
use std::path::Path;

use scenes::{Level, Setting};

use crate::Failure;
use crate::count::{Contents, Figures};
use crate::live::{Counted, Idle};
use crate::readers::{ALL, FULL, OURS};
use crate::stills::{LevelFigures, band};

/// Everything that was measured.
pub struct Report {
    pub rounds: usize,
    pub corpus: Option<OfCorpus>,
    pub scenes: Option<OfScenes>,
}

/// What was measured on a directory of pictures. Figures are in the order of
/// [`ALL`], here and below.
pub struct OfCorpus {
    pub contents: Contents,
    /// Rows that are not scored.
    pub left_out: usize,
    pub figures: Vec<Figures>,
    pub idle: Idle,
}

/// What was measured on rendered scenes.
pub struct OfScenes {
    pub seed: u64,
    /// For each reader, level by level.
    pub levels: Vec<[LevelFigures; 3]>,
    /// For each reader its slowest call in milliseconds, and on which scene.
    pub slowest: Vec<(f64, String)>,
    /// For each reader.
    pub panics: Vec<usize>,
    pub counted: Counted,
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
            "{name:<44} {ours:>9.decimals$}   floor {floor:>9.decimals$} {at_floor:<8} \
             goal {goal:>9.decimals$} {at_goal}"
        )
    }
}

/// More is better. Nobody reads a part of a picture: the goal is the next whole
/// one.
fn more(name: &'static str, ours: usize, floor: usize, (of, percent): (usize, usize)) -> Standing {
    Standing {
        name,
        ours: ours as f64,
        floor: floor as f64,
        goal: (of * percent).div_ceil(100) as f64,
        is_more_better: true,
    }
}

/// Less is better.
fn less(name: &'static str, ours: f64, floor: f64, goal: f64) -> Standing {
    Standing { name, ours, floor, goal, is_more_better: false }
}

impl Report {
    /// Ours against the marks, as far as the pictures have what they count.
    pub fn standings(&self) -> Vec<Standing> {
        let mut standings = Vec::new();
        if let Some(OfCorpus { contents, figures, idle, .. }) = &self.corpus {
            let (ours, full) = (&figures[OURS], &figures[FULL]);
            if contents.positives > 0 {
                let images = full.images;
                standings.push(more("images read", ours.images, images, (images, 108)));
            }
            if contents.codes > 0 {
                standings.push(more("codes read", ours.codes, full.codes, (full.codes, 106)));
            }
            if contents.big > 0 {
                let (ours, full) = (ours.big_seconds, full.big_seconds);
                standings.push(less("CPU of big images, s", ours, full, 0.5 * full));
            }
            if contents.negatives > 0 {
                let still = full.negative_median_milliseconds;
                let frame = idle.frame_milliseconds;
                let name = "CPU of a live frame without a code, ms";
                standings.push(less(name, frame, 0.6 * still, 0.25 * still));
            }
        }
        let (slowest, of_full) = (self.slowest(OURS).0, self.slowest(FULL).0);
        standings.push(less("slowest call, ms", slowest, of_full, 0.5 * of_full));
        standings.push(less("false reads and wrong payloads", self.wrong() as f64, 0.0, 0.0));
        if let Some(OfScenes { levels, counted, .. }) = &self.scenes {
            for (level, name, percent) in
                [(0, "labels read at level 1", 99), (1, "labels read at level 2", 92)]
            {
                let (ours, full) = (&levels[OURS][level], &levels[FULL][level]);
                standings.push(more(name, ours.read, full.read, (ours.labels, percent)));
            }
            let frames = f64::from(counted.median_frames());
            standings.push(less("frames until all 24 labels are counted", frames, 15.0, 6.0));
        }
        if let Some(corpus) = self.corpus.as_ref().filter(|corpus| corpus.contents.negatives > 0) {
            let bytes = corpus.idle.bytes_per_pixel;
            standings.push(less("bytes asked for a pixel in a live call", bytes, 1.0, 0.05));
        }
        standings
    }

    /// A reader's slowest call on any still, and on which.
    fn slowest(&self, reader: usize) -> (f64, &str) {
        let of_corpus = self.corpus.as_ref().map(|corpus| {
            let figures = &corpus.figures[reader];
            (figures.slowest_milliseconds, figures.slowest_path.as_str())
        });
        let of_scenes = self.scenes.as_ref().map(|scenes| {
            let (time, name) = &scenes.slowest[reader];
            (*time, name.as_str())
        });
        let none = (0.0, "nothing");
        [of_corpus, of_scenes]
            .into_iter()
            .flatten()
            .fold(none, |slowest, call| if call.0 >= slowest.0 { call } else { slowest })
    }

    /// What we read where there is nothing, or wrong, still and live.
    fn wrong(&self) -> usize {
        let of_corpus = self
            .corpus
            .as_ref()
            .map_or(0, |corpus| corpus.figures[OURS].false_reads + corpus.idle.false_reads);
        let of_scenes = self.scenes.as_ref().map_or(0, |scenes| {
            let stills: usize = scenes.levels[OURS].iter().map(|level| level.wrong).sum();
            stills + scenes.counted.wrong
        });
        of_corpus + of_scenes
    }

    /// The levels at which FULL reads more or less than the scenes are made for.
    fn out_of_band(&self) -> Vec<String> {
        let Some(scenes) = &self.scenes else { return Vec::new() };
        let said = |(level, figures): (Level, &LevelFigures)| {
            let (low, high) = band(level);
            let percent = figures.percent();
            (!(low..=high).contains(&percent)).then(|| {
                format!(
                    "scenes out of band: FULL reads {percent:.1} % of the labels at level {}, \
                     and the level is made for {low} to {high} %",
                    level.number()
                )
            })
        };
        Level::ALL.into_iter().zip(&scenes.levels[FULL]).filter_map(said).collect()
    }

    /// Whether nothing that was measured is below its floor, and the scenes are
    /// as hard as they should be.
    pub fn holds(&self) -> bool {
        self.standings().iter().all(|standing| standing.reaches(standing.floor))
            && self.out_of_band().is_empty()
    }

    fn not_run(&self) -> String {
        let mut missing = Vec::new();
        match &self.corpus {
            None => missing.push(
                "the corpus (images, codes, big images, live frames without a code, bytes; \
                 no --corpus)",
            ),
            Some(OfCorpus { contents, .. }) => {
                for (count, name) in [
                    (contents.positives, "images read"),
                    (contents.codes, "codes read"),
                    (contents.big, "big images"),
                    (contents.negatives, "negatives, still and live"),
                ] {
                    if count == 0 {
                        missing.push(name);
                    }
                }
            }
        }
        if self.scenes.is_none() {
            missing.push("scenes (stills, wrong payloads, sequences; no --scenes)");
        }
        if missing.is_empty() { "nothing".to_owned() } else { missing.join("; ") }
    }

    /// The same for programs: each reader's figures, and ours as a ratio.
    pub fn write_json(&self, path: &Path) -> Result<(), Failure> {
        let names = || ALL.iter().map(|reader| reader.name);
        let corpus = self.corpus.as_ref().map(|corpus| {
            let readers: Vec<_> = names()
                .zip(&corpus.figures)
                .map(|(name, figures)| serde_json::json!({ "name": name, "figures": figures }))
                .collect();
            serde_json::json!({
                "contents": corpus.contents,
                "rows_not_scored": corpus.left_out,
                "readers": readers,
                "ours_to_full": ratios(&columns(&corpus.figures[OURS]), &columns(&corpus.figures[FULL])),
                "live_on_negatives": corpus.idle,
            })
        });
        let scenes = self.scenes.as_ref().map(|scenes| {
            let readers: Vec<_> = names()
                .zip(&scenes.levels)
                .zip(scenes.slowest.iter().zip(&scenes.panics))
                .map(|((name, levels), ((slowest, scene), panics))| {
                    serde_json::json!({
                        "name": name,
                        "levels": levels,
                        "slowest_milliseconds": slowest,
                        "slowest_scene": scene,
                        "panics": panics,
                    })
                })
                .collect();
            serde_json::json!({
                "seed": scenes.seed,
                "readers": readers,
                "ours_to_full":
                    ratios(&level_columns(&scenes.levels[OURS]), &level_columns(&scenes.levels[FULL])),
                "out_of_band": self.out_of_band(),
                "live": scenes.counted,
                "live_median_frames": scenes.counted.median_frames(),
                "live_median_frames_of_full": scenes.counted.median_frames_of_full(),
            })
        });
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
        let json = serde_json::json!({
            "subject": "scan",
            "rounds": self.rounds,
            "corpus": corpus,
            "scenes": scenes,
            "standings": standings,
            "not_run": self.not_run(),
        });
        let text = serde_json::to_string_pretty(&json)? + "\n";
        std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
    }
}

/// A column of a table.
struct Column {
    name: String,
    value: f64,
    decimals: usize,
}

impl Column {
    fn count(name: impl Into<String>, count: usize) -> Self {
        Self { name: name.into(), value: count as f64, decimals: 0 }
    }

    fn time(name: impl Into<String>, value: f64) -> Self {
        Self { name: name.into(), value, decimals: 2 }
    }
}

fn columns(figures: &Figures) -> Vec<Column> {
    vec![
        Column::count("images", figures.images),
        Column::count("codes", figures.codes),
        Column::count("no lots", figures.codes_without_lots),
        Column::time("big, s", figures.big_seconds),
        Column::time("slowest, ms", figures.slowest_milliseconds),
        Column::time("negative, ms", figures.negative_median_milliseconds),
        Column::count("false", figures.false_reads),
        Column::count("panics", figures.panics),
    ]
}

fn level_columns(levels: &[LevelFigures; 3]) -> Vec<Column> {
    let of_level = |(level, figures): (Level, &LevelFigures)| {
        let number = level.number();
        let percent =
            Column { name: format!("level {number}, %"), value: figures.percent(), decimals: 1 };
        [percent, Column::time("ms", figures.median_milliseconds)]
    };
    let mut columns: Vec<Column> = Level::ALL.into_iter().zip(levels).flat_map(of_level).collect();
    columns.push(Column::count("wrong", levels.iter().map(|level| level.wrong).sum()));
    columns
}

/// None where FULL has zero: no number says how much more than nothing it is.
fn ratio(ours: f64, full: f64) -> Option<f64> {
    (full > 0.0).then(|| ours / full)
}

fn ratios(ours: &[Column], full: &[Column]) -> Vec<serde_json::Value> {
    ours.iter()
        .zip(full)
        .map(|(ours, full)| {
            serde_json::json!({ "figure": ours.name, "ratio": ratio(ours.value, full.value) })
        })
        .collect()
}

/// A row for each reader, and ours as ratios to FULL.
fn write_table(f: &mut fmt::Formatter<'_>, rows: &[Vec<Column>]) -> fmt::Result {
    write!(f, "{:<33}", "")?;
    for column in &rows[OURS] {
        write!(f, " {:>12}", column.name)?;
    }
    writeln!(f)?;
    for (reader, columns) in ALL.iter().zip(rows) {
        write!(f, "{:<33}", reader.name)?;
        for Column { value, decimals, .. } in columns {
            write!(f, " {value:>12.decimals$}")?;
        }
        writeln!(f)?;
    }
    write!(f, "{:<33}", "ours to FULL")?;
    for (ours, full) in rows[OURS].iter().zip(&rows[FULL]) {
        match ratio(ours.value, full.value) {
            Some(ratio) => write!(f, " {ratio:>12.2}")?,
            None => write!(f, " {:>12}", "-")?,
        }
    }
    writeln!(f, "\n")
}

impl fmt::Display for OfCorpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Contents { positives, negatives, big, codes, codes_without_lots } = self.contents;
        writeln!(
            f,
            "{positives} images ({big} big) with {codes} counted codes ({codes_without_lots} \
             without lots), {negatives} negatives; {} rows not scored\n",
            self.left_out
        )?;
        write_table(f, &self.figures.iter().map(columns).collect::<Vec<_>>())?;
        for (reader, figures) in ALL.iter().zip(&self.figures) {
            for path in &figures.cut_off {
                writeln!(f, "cut off: {} took too long on {path}", reader.name)?;
            }
        }
        let Idle { frame_milliseconds, bytes_per_pixel, false_reads } = self.idle;
        let still = self.figures[FULL].negative_median_milliseconds;
        write!(f, "live, each negative as 16 frames: {frame_milliseconds:.3} ms a frame")?;
        if let Some(ratio) = ratio(frame_milliseconds, still) {
            write!(f, " ({ratio:.2} of FULL on one still)")?;
        }
        writeln!(f, ", then {bytes_per_pixel:.3} bytes a pixel; {false_reads} false reads\n")
    }
}

impl fmt::Display for OfScenes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.levels[OURS][0].labels;
        writeln!(f, "scenes of seed {}: {labels} labels at each level\n", self.seed)?;
        write_table(f, &self.levels.iter().map(level_columns).collect::<Vec<_>>())?;
        for (reader, levels) in [OURS, FULL].map(|reader| (&ALL[reader], &self.levels[reader])) {
            for (level, figures) in Level::ALL.into_iter().zip(levels) {
                write!(
                    f,
                    "level {}, {}: {} of {}",
                    level.number(),
                    reader.name,
                    figures.read,
                    figures.labels
                )?;
                for (in_view, (read, of)) in Setting::IN_VIEW.iter().zip(&figures.by_labels_in_view)
                {
                    write!(f, "; {in_view} in view {read}/{of}")?;
                }
                writeln!(f)?;
            }
        }
        for (reader, panics) in ALL.iter().zip(&self.panics).filter(|(_, panics)| **panics > 0) {
            writeln!(f, "{} panicked in {panics} calls", reader.name)?;
        }
        let frames =
            |frames: &[u32]| frames.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        let Counted { frames: ours, frames_of_full, frame_milliseconds, wrong } = &self.counted;
        writeln!(
            f,
            "\nframes until all 24 labels are counted, level 2, hand-held (61: never):\n\
             ours {}: {}; {frame_milliseconds:.2} ms a frame, {wrong} wrong\n\
             FULL on every frame {}: {}\n",
            self.counted.median_frames(),
            frames(ours),
            self.counted.median_frames_of_full(),
            frames(frames_of_full),
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "rounds: {}; CPU time of one thread\n", self.rounds)?;
        if let Some(corpus) = &self.corpus {
            write!(f, "{corpus}")?;
        }
        if let Some(scenes) = &self.scenes {
            write!(f, "{scenes}")?;
        }
        for (number, reader) in ALL.iter().enumerate() {
            let (time, name) = self.slowest(number);
            writeln!(f, "slowest of {}: {time:.2} ms, {name}", reader.name)?;
        }
        writeln!(f)?;
        let standings = self.standings();
        for standing in &standings {
            writeln!(f, "{standing}")?;
        }
        for said in self.out_of_band() {
            writeln!(f, "{said}")?;
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

    fn of_corpus(ours: Figures, idle: Idle) -> OfCorpus {
        let full = Figures {
            images: 100,
            codes: 200,
            codes_without_lots: 150,
            big_seconds: 10.0,
            slowest_milliseconds: 80.0,
            negative_median_milliseconds: 1.0,
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
        OfCorpus { contents, left_out: 0, figures, idle }
    }

    fn as_good_as_full() -> OfCorpus {
        let ours = Figures {
            images: 100,
            codes: 200,
            big_seconds: 10.0,
            slowest_milliseconds: 80.0,
            ..Figures::default()
        };
        of_corpus(ours, Idle { frame_milliseconds: 0.6, bytes_per_pixel: 1.0, false_reads: 0 })
    }

    fn at_the_goals() -> OfCorpus {
        let ours = Figures {
            images: 108,
            codes: 212,
            big_seconds: 5.0,
            slowest_milliseconds: 40.0,
            ..Figures::default()
        };
        of_corpus(ours, Idle { frame_milliseconds: 0.25, bytes_per_pixel: 0.05, false_reads: 0 })
    }

    /// What ours and FULL read of 100 labels at each level.
    fn of_scenes(ours: [usize; 3], full: [usize; 3], frames: u32) -> OfScenes {
        let levels = |read: [usize; 3]| {
            read.map(|read| LevelFigures { labels: 100, read, ..LevelFigures::default() })
        };
        let mut of_all = vec![levels(full); ALL.len()];
        of_all[OURS] = levels(ours);
        OfScenes {
            seed: 1,
            levels: of_all,
            slowest: vec![(40.0, "scene".into()); ALL.len()],
            panics: vec![0; ALL.len()],
            counted: Counted {
                frames: vec![frames; 20],
                frames_of_full: vec![30; 20],
                wrong: 0,
                frame_milliseconds: 9.0,
            },
        }
    }

    fn report(corpus: Option<OfCorpus>, scenes: Option<OfScenes>) -> Report {
        Report { rounds: 2, corpus, scenes }
    }

    fn last_line(report: &Report) -> String {
        report.to_string().lines().last().unwrap().to_owned()
    }

    fn line_before(report: &Report) -> String {
        report.to_string().lines().rev().nth(1).unwrap().to_owned()
    }

    #[test]
    fn equal_to_full_is_on_the_floor_and_below_the_goal() {
        let scenes = of_scenes([96, 80, 50], [96, 80, 50], 15);
        let report = report(Some(as_good_as_full()), Some(scenes));
        assert!(report.holds());
        // Nothing falsely read is all that can be asked for.
        assert_eq!(last_line(&report), "floors 10/10, goals 1/10");
        assert_eq!(line_before(&report), "not run: nothing");
    }

    #[test]
    fn the_goals_are_reached_at_their_marks() {
        let scenes = of_scenes([99, 92, 0], [96, 80, 50], 6);
        let mut report = report(Some(at_the_goals()), Some(scenes));
        report.scenes.as_mut().unwrap().slowest[FULL].0 = 80.0;
        assert_eq!(last_line(&report), "floors 10/10, goals 10/10");
    }

    #[test]
    fn one_false_read_is_below_the_floor_wherever_it_is() {
        let mut still = at_the_goals();
        still.figures[OURS].false_reads = 1;
        let mut live = at_the_goals();
        live.idle.false_reads = 1;
        let mut scene = of_scenes([99, 92, 60], [96, 80, 50], 6);
        scene.levels[OURS][2].wrong = 1;
        let mut sequence = of_scenes([99, 92, 60], [96, 80, 50], 6);
        sequence.counted.wrong = 1;
        for report in [
            report(Some(still), None),
            report(Some(live), None),
            report(None, Some(scene)),
            report(None, Some(sequence)),
        ] {
            assert!(!report.holds());
            assert_eq!(report.wrong(), 1);
        }
    }

    #[test]
    fn scenes_that_full_finds_too_easy_or_too_hard_fail_the_run() {
        for full in [[99, 80, 50], [96, 74, 50], [96, 80, 61]] {
            let report = report(None, Some(of_scenes([100, 99, 90], full, 6)));
            assert!(report.standings().iter().all(|standing| standing.reaches(standing.floor)));
            assert!(!report.holds());
            assert!(report.to_string().contains("scenes out of band: FULL reads"));
        }
    }

    #[test]
    fn the_slowest_call_is_the_slowest_of_both() {
        let report = report(Some(as_good_as_full()), Some(of_scenes([0; 3], [96, 80, 50], 6)));
        assert_eq!(report.slowest(OURS).0, 80.0);
        assert_eq!(self::report(None, report.scenes).slowest(OURS), (40.0, "scene"));
    }

    #[test]
    fn what_was_not_there_is_not_run_and_not_counted() {
        let mut corpus = of_corpus(Figures { images: 100, ..Figures::default() }, Idle::default());
        corpus.contents =
            Contents { negatives: 0, big: 0, codes: 0, codes_without_lots: 0, ..corpus.contents };
        let report = report(Some(corpus), None);
        assert_eq!(last_line(&report), "floors 3/3, goals 2/3");
        let not_run = line_before(&report);
        assert!(not_run.starts_with("not run: codes read; big images; negatives"), "{not_run}");
        assert!(not_run.ends_with("no --scenes)"), "{not_run}");
        let report = self::report(None, Some(of_scenes([0; 3], [96, 80, 50], 6)));
        assert!(line_before(&report).starts_with("not run: the corpus"));
    }
}
