//! Stills of warehouse scenes: which labels each reader reads, level by level.
//!
//! The levels are set by what FULL reads. If it leaves its band, the scenes are
//! no longer what the figures of others were measured on, and the run says so.

use std::collections::HashSet;
use std::time::Duration;

use image::DynamicImage;
use scenes::{Level, Setting, Warehouse};

use crate::count::{median, milliseconds};
use crate::readers::Read;
use crate::rounds::Calls;

/// A picture of labels all of which are known.
pub struct Still {
    pub setting: Setting,
    /// 8-bit luma.
    pub picture: DynamicImage,
    /// What the labels say.
    pub labels: HashSet<String>,
}

impl Still {
    pub fn name(&self) -> String {
        let Setting { seed, level, labels, number } = self.setting;
        format!("scene {seed}, level {}, {labels} labels, number {number}", level.number())
    }
}

/// All stills of a seed.
pub fn render(seed: u64) -> Vec<Still> {
    let settings = Level::ALL.into_iter().flat_map(|level| Setting::stills(seed, level));
    settings
        .map(|setting| {
            let frame = Warehouse::new(&setting).frame(0);
            Still {
                setting,
                picture: DynamicImage::ImageLuma8(frame.luma),
                labels: frame.labels.iter().map(|label| label.token.to_text()).collect(),
            }
        })
        .collect()
}

/// What FULL must read of a level's labels, in percent.
pub const fn band(level: Level) -> (f64, f64) {
    match level {
        Level::One => (95.0, 98.0),
        Level::Two => (75.0, 85.0),
        Level::Three => (40.0, 60.0),
    }
}

/// What one reader did with the stills of one level.
#[derive(Debug, Default, Clone, PartialEq, serde::Serialize)]
pub struct LevelFigures {
    pub labels: usize,
    /// Labels whose text was read.
    pub read: usize,
    /// Of these and those, for each number of labels in view.
    pub by_labels_in_view: Vec<(usize, usize)>,
    /// Reads whose text is on no label in the picture.
    pub wrong: usize,
    pub median_milliseconds: f64,
}

impl LevelFigures {
    /// Over the stills of a level.
    pub fn of(level: Level, stills: &[Still], calls: &[Calls]) -> Self {
        let mut figures =
            Self { by_labels_in_view: vec![(0, 0); Setting::IN_VIEW.len()], ..Self::default() };
        let mut times: Vec<Duration> = Vec::new();
        let of_level = stills.iter().zip(calls).filter(|(still, _)| still.setting.level == level);
        for (still, calls) in of_level {
            let (read, wrong) = judge(&still.labels, &calls.reads);
            figures.labels += still.labels.len();
            figures.read += read;
            figures.wrong += wrong;
            let place = Setting::IN_VIEW.iter().position(|labels| *labels == still.labels.len());
            if let Some((of_read, of_labels)) =
                place.and_then(|place| figures.by_labels_in_view.get_mut(place))
            {
                *of_read += read;
                *of_labels += still.labels.len();
            }
            times.push(calls.least);
        }
        figures.median_milliseconds = median(times).map_or(0.0, milliseconds);
        figures
    }

    pub fn percent(&self) -> f64 {
        100.0 * self.read as f64 / self.labels.max(1) as f64
    }
}

/// How many of the labels were read, and how many reads are of none of them.
fn judge(labels: &HashSet<String>, reads: &[Read]) -> (usize, usize) {
    let right: HashSet<&str> =
        reads.iter().map(|read| read.text.as_str()).filter(|text| labels.contains(*text)).collect();
    let wrong = reads.iter().filter(|read| !labels.contains(&read.text)).count();
    (right.len(), wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Read {
        Read { text: text.into(), corners: None }
    }

    #[test]
    fn a_label_counts_once_and_what_no_label_says_is_wrong() {
        let labels = ["a", "b", "c"].map(str::to_owned).into();
        let reads = ["a", "b", "a", "x", "x"].map(read);
        assert_eq!(judge(&labels, &reads), (2, 2));
        assert_eq!(judge(&labels, &[]), (0, 0));
    }

    #[test]
    fn figures_are_of_their_own_level() {
        let still = |level| Still {
            setting: Setting { seed: 1, level, labels: 1, number: 0 },
            picture: DynamicImage::new_luma8(1, 1),
            labels: ["a".to_owned()].into(),
        };
        let stills = [still(Level::One), still(Level::Two), still(Level::Two)];
        let calls = ["a", "a", "x"].map(|text| Calls {
            reads: vec![read(text)],
            least: Duration::from_millis(2),
            ..Calls::default()
        });
        let figures = LevelFigures::of(Level::Two, &stills, &calls);
        let expected = LevelFigures {
            labels: 2,
            read: 1,
            by_labels_in_view: vec![(1, 2), (0, 0), (0, 0), (0, 0)],
            wrong: 1,
            median_milliseconds: 2.0,
        };
        assert_eq!(figures, expected);
        assert_eq!(figures.percent(), 50.0);
    }
}
