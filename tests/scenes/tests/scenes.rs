//! The core reads what is really in the photographs.
//!
//! With `SCENES_DIR` set to a directory, the photographs are written there as
//! PNG, marked with what was read.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crewseal::label::{Strength, Token};
use crewseal::scan::photo::read_picture;
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
