//! The core reads what is really in the photographs.
//!
//! With `SCENES_DIR` set to a directory, the photographs are written there as
//! PNG, marked with what was read.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crewseal_label::{Strength, Token};
use crewseal_scan::photo::read_picture;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use scenes::{Kind, Light, Mark, Placed, Scene, annotate};

fn scene(seed: u64, labels: usize) -> Scene {
    let mut rng = SmallRng::seed_from_u64(seed);
    let labels = (0..labels)
        .map(|number| Placed {
            token: Token::from_bytes(rng.random()),
            strength: if rng.random() { Strength::Normal } else { Strength::Rough },
            torn: number % 5 == 3,
        })
        .collect();
    Scene { labels, seed, light: Light::default(), shot: 0 }
}

#[test]
fn every_whole_label_is_read_and_no_other() {
    let (mut rendering, mut reading) = (Duration::ZERO, Duration::ZERO);
    let mut missed = Vec::new();
    for seed in 0..12 {
        let scene = scene(seed, 1 + (seed as usize * 5) % 12);
        let start = Instant::now();
        let mut photo = scene.photograph();
        rendering += start.elapsed();
        let luma = image::imageops::grayscale(&photo.picture);
        let start = Instant::now();
        let readings = read_picture(&luma);
        reading += start.elapsed();

        let read: BTreeSet<Token> =
            readings.iter().map(|reading| Token::parse(&reading.text).unwrap()).collect();
        let whole: BTreeSet<Token> =
            photo.truth.iter().filter(|label| !label.torn).map(|label| label.token).collect();
        for label in &photo.truth {
            let text = label.token.to_text();
            let Some(reading) = readings.iter().find(|reading| reading.text == text) else {
                continue;
            };
            for (seen, (x, y)) in reading.corners.iter().zip(label.corners) {
                assert!((seen.x - x).hypot(seen.y - y) < 5.0, "seed {seed}: a corner is off");
            }
        }
        missed.extend(whole.difference(&read).map(|_| seed));

        if let Some(directory) = std::env::var_os("SCENES_DIR") {
            let marks: Vec<Mark> = photo
                .truth
                .iter()
                .map(|label| Mark {
                    corners: label.corners,
                    kind: match (label.torn, read.contains(&label.token)) {
                        (true, _) => Kind::Torn,
                        (_, true) => Kind::New,
                        (_, false) => Kind::NotOurs,
                    },
                    text: label.token.to_groups().pop().unwrap(),
                })
                .collect();
            let directory = std::path::Path::new(&directory);
            photo.picture.save(directory.join(format!("{seed}.png"))).unwrap();
            let caption = format!("{} of {}", read.len(), photo.truth.len());
            annotate(&mut photo.picture, &marks, &caption);
            photo.picture.save(directory.join(format!("{seed}-read.png"))).unwrap();
        }
        assert!(read.is_subset(&whole), "seed {seed}: read what is not there, or torn");
    }
    println!("12 pictures: rendered in {rendering:?}, read in {reading:?}");
    assert_eq!(missed, [0_u64; 0], "seeds of missed labels");
}

#[test]
fn a_photograph_depends_on_nothing_but_its_scene() {
    let scene = Scene { light: Light::Dark, ..scene(3, 2) };
    let photo = scene.photograph();
    assert!(photo.picture == scene.photograph().picture);

    let again = Scene { shot: 1, ..scene }.photograph();
    assert!(photo.picture != again.picture);
    for (first, second) in photo.truth.iter().zip(&again.truth) {
        assert_eq!(first.token, second.token);
        for (a, b) in first.corners.iter().zip(second.corners) {
            let moved = (a.0 - b.0).hypot(a.1 - b.1);
            assert!(moved > 0.5 && moved < 200.0, "the hand moved by {moved} pixels");
        }
    }
}

#[test]
fn an_empty_room_can_be_photographed() {
    let photo = scene(1, 0).photograph();
    assert!(photo.truth.is_empty());
    assert!(read_picture(&image::imageops::grayscale(&photo.picture)).is_empty());
}
