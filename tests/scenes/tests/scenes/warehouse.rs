//! Warehouse scenes are the same every time, what they say is in view is in
//! view, and the easy ones can be read.

use crewseal_scan::photo::read_picture;
use scenes::{Frame, Level, Setting, Warehouse};

fn frame(setting: Setting, number: u32) -> Frame {
    Warehouse::new(&setting).frame(number)
}

#[test]
fn a_frame_depends_on_nothing_but_its_numbers() {
    let setting = Setting { seed: 7, level: Level::Two, labels: 6, number: 3 };
    let warehouse = Warehouse::new(&setting);
    let (first, later) = (warehouse.frame(0), warehouse.frame(5));
    let again = frame(setting, 0);
    assert!(first.luma == again.luma && first.labels == again.labels);
    assert!(first.luma != later.luma);
    for (label, moved) in first.labels.iter().zip(&later.labels) {
        assert_eq!(label.token, moved.token);
        let (from, to) = (label.corners[0], moved.corners[0]);
        let way = (from.0 - to.0).hypot(from.1 - to.1);
        assert!((0.1..120.0).contains(&way), "the hand moved by {way} pixels");
    }
    for other in [
        Setting { seed: 8, ..setting },
        Setting { level: Level::One, ..setting },
        Setting { number: 4, ..setting },
    ] {
        assert_ne!(frame(other, 0).labels[0].token, first.labels[0].token);
    }
}

#[test]
fn labels_are_in_view_and_read_where_they_are() {
    let (mut all, mut read) = (0, 0);
    for (labels, number) in [(1, 0), (6, 1), (12, 2), (24, 3)] {
        let seen = frame(Setting { seed: 1, level: Level::One, labels, number }, 0);
        assert_eq!(seen.luma.dimensions(), (1920, 1080));
        assert_eq!(seen.labels.len(), labels);
        let readings = read_picture(&seen.luma);
        for label in &seen.labels {
            all += 1;
            for (x, y) in label.corners {
                assert!((0.0..1920.0).contains(&x) && (0.0..1080.0).contains(&y));
            }
            let text = label.token.to_text();
            let Some(reading) = readings.iter().find(|reading| reading.text == text) else {
                continue;
            };
            read += 1;
            for (seen, (x, y)) in reading.corners.iter().zip(label.corners) {
                let off = (seen.x - x).hypot(seen.y - y);
                assert!(off < 6.0, "{text}: a corner is {off} pixels off");
            }
        }
        let is_known = |text: &str| seen.labels.iter().any(|label| label.token.to_text() == text);
        assert!(readings.iter().all(|reading| is_known(&reading.text)), "read what is not there");
    }
    assert!(read * 10 >= all * 8, "{read} of {all} easy labels were read");
}

#[test]
fn a_series_has_as_many_stills_for_each_number_of_labels() {
    let stills: Vec<Setting> = Setting::stills(1, Level::Three).collect();
    for labels in Setting::IN_VIEW {
        assert_eq!(stills.iter().filter(|still| still.labels == labels).count(), 16);
    }
    let sequences: Vec<Setting> = Setting::sequences(1, Level::Three, 20).collect();
    assert!(sequences.iter().all(|setting| setting.labels == 24 && !stills.contains(setting)));
}
