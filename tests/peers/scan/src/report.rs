//! The figures as tables, as JSON, and against the floors and goals.

use std::fmt;
use std::path::Path;

use scenes::{Level, Setting};
use serde_json::{Value, json};
use standings::{Standing, Standings};

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

/// More is better. Nobody reads a part of a picture: the goal is the next whole
/// one.
fn more(name: &'static str, ours: usize, floor: usize, (of, percent): (usize, usize)) -> Standing {
    let goal = (of * percent).div_ceil(100);
    Standing::more(name, ours as f64, (floor as f64, goal as f64))
}

impl Report {
    /// Ours against the marks, as far as the pictures have what they count.
    pub fn standings(&self) -> Standings {
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
                standings.push(Standing::less("CPU of big images, s", ours, (full, 0.5 * full)));
            }
            if contents.negatives > 0 {
                let still = full.negative_median_milliseconds;
                let frame = idle.frame_milliseconds;
                let name = "CPU of a live frame without a code, ms";
                standings.push(Standing::less(name, frame, (0.6 * still, 0.25 * still)));
            }
        }
        let (slowest, of_full) = (self.slowest(OURS).0, self.slowest(FULL).0);
        standings.push(Standing::less("slowest call, ms", slowest, (of_full, 0.5 * of_full)));
        standings.push(Standing::less(
            "false reads and wrong payloads",
            self.wrong() as f64,
            (0.0, 0.0),
        ));
        if let Some(OfScenes { levels, counted, .. }) = &self.scenes {
            for (level, name, percent) in
                [(0, "labels read at level 1", 99), (1, "labels read at level 2", 92)]
            {
                let (ours, full) = (&levels[OURS][level], &levels[FULL][level]);
                standings.push(more(name, ours.read, full.read, (ours.labels, percent)));
            }
            let frames = f64::from(counted.median_frames());
            standings.push(Standing::less(
                "frames until all 24 labels are counted",
                frames,
                (15.0, 6.0),
            ));
        }
        if let Some(corpus) = self.corpus.as_ref().filter(|corpus| corpus.contents.negatives > 0) {
            let bytes = corpus.idle.bytes_per_pixel;
            standings.push(Standing::less(
                "bytes asked for a pixel in a live call",
                bytes,
                (1.0, 0.05),
            ));
        }
        Standings(standings)
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
        self.standings().hold() && self.out_of_band().is_empty()
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
        standings::not_run(&missing)
    }

    /// The same for programs: each reader's figures, and ours as a ratio.
    pub fn write_json(&self, path: &Path) -> Result<(), Failure> {
        let scenes = self.scenes.as_ref().map(|scenes| {
            let mut json = scenes.to_json();
            json["out_of_band"] = json!(self.out_of_band());
            json
        });
        let json = json!({
            "subject": "scan",
            "rounds": self.rounds,
            "corpus": self.corpus.as_ref().map(OfCorpus::to_json),
            "scenes": scenes,
            "standings": self.standings().to_json(),
            "not_run": self.not_run(),
        });
        let text = serde_json::to_string_pretty(&json)? + "\n";
        std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
    }
}

impl OfCorpus {
    fn to_json(&self) -> Value {
        let readers: Vec<_> = ALL
            .iter()
            .zip(&self.figures)
            .map(|(reader, figures)| json!({ "name": reader.name, "figures": figures }))
            .collect();
        json!({
            "contents": self.contents,
            "rows_not_scored": self.left_out,
            "readers": readers,
            "ours_to_full": ratios(&columns(&self.figures[OURS]), &columns(&self.figures[FULL])),
            "live_on_negatives": self.idle,
        })
    }
}

impl OfScenes {
    fn to_json(&self) -> Value {
        let readers: Vec<_> = ALL
            .iter()
            .zip(&self.levels)
            .zip(self.slowest.iter().zip(&self.panics))
            .map(|((reader, levels), ((slowest, scene), panics))| {
                json!({
                    "name": reader.name,
                    "levels": levels,
                    "slowest_milliseconds": slowest,
                    "slowest_scene": scene,
                    "panics": panics,
                })
            })
            .collect();
        let columns = |reader: usize| level_columns(&self.levels[reader]);
        json!({
            "seed": self.seed,
            "readers": readers,
            "ours_to_full": ratios(&columns(OURS), &columns(FULL)),
            "live": self.counted,
            "live_median_frames": self.counted.median_frames(),
            "live_median_frames_of_full": self.counted.median_frames_of_full(),
        })
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

fn ratios(ours: &[Column], full: &[Column]) -> Vec<Value> {
    ours.iter()
        .zip(full)
        .map(|(ours, full)| json!({ "figure": ours.name, "ratio": ratio(ours.value, full.value) }))
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
        write!(f, "{standings}")?;
        for said in self.out_of_band() {
            writeln!(f, "{said}")?;
        }
        writeln!(f, "not run: {}", self.not_run())?;
        f.write_str(&standings.summary())
    }
}

#[cfg(test)]
mod tests;
