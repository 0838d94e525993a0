//! The crew's camera: takes pictures of what stands in a room, reads them, and
//! saves each with what was read drawn on it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crewseal_label::{Strength, Token};
use crewseal_scan::photo::{self, PhotoError};
use crewseal_scan::{Reading, Sighting, Tally};
use image::{DynamicImage, RgbImage};
use scenes::{Kind, Light, Mark, Placed, Scene, annotate};

/// How often a picture is taken again before the rest is typed.
const SHOTS: u32 = 3;
/// How many boxes a person gets into one picture.
const IN_VIEW: usize = 8;

/// Where pictures come from.
#[derive(Clone)]
pub enum Source {
    /// They are rendered from this seed.
    Rendered(u64),
    /// They are files.
    Files(Vec<PathBuf>),
}

/// A label on a box in the room.
#[derive(Clone, Copy)]
pub struct Stuck {
    /// What it bears.
    pub token: Token,
    /// Whether its code is torn.
    pub torn: bool,
}

/// What one picture showed.
pub struct Seen {
    /// The sightings that were not there before.
    pub sightings: Vec<Sighting>,
    /// How far the tally is now.
    pub count: usize,
}

/// Takes pictures and keeps them in a folder.
pub struct Camera {
    source: Source,
    folder: PathBuf,
    /// How many boxes were agreed, for the caption.
    agreed: usize,
    taken: u32,
}

impl Camera {
    /// A camera that saves into this folder.
    pub fn new(source: Source, folder: &Path, agreed: usize) -> Self {
        Self { source, folder: folder.to_owned(), agreed, taken: 0 }
    }

    /// Where its pictures come from.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// How many pictures were taken.
    pub const fn taken(&self) -> u32 {
        self.taken
    }

    /// Walks past all boxes in a room with the camera. Blank labels that are
    /// seen count as stuck on a box here and enter the job; `seen` is told of
    /// each picture.
    pub fn walk(
        &mut self,
        place: &str,
        room: &[Stuck],
        tally: &mut Tally,
        mut seen: impl FnMut(u32, Seen),
    ) -> Result<(), PhotoError> {
        match self.source.clone() {
            Source::Rendered(seed) => {
                for boxes in room.chunks(IN_VIEW) {
                    self.look_at(place, boxes, seed, tally, &mut seen);
                }
            }
            Source::Files(files) => {
                for file in files {
                    let bytes = std::fs::read(&file).map_err(|_| PhotoError::NotAPicture)?;
                    let luma = photo::open(&bytes)?;
                    let readings = photo::read_picture(&luma);
                    let mut picture = DynamicImage::ImageLuma8(luma).into_rgb8();
                    let seen_here = self.note(place, &mut picture, &readings, &[], tally);
                    seen(self.taken, seen_here);
                }
            }
        }
        Ok(())
    }

    /// One group of boxes, in as many shots as it takes.
    fn look_at(
        &mut self,
        place: &str,
        boxes: &[Stuck],
        seed: u64,
        tally: &mut Tally,
        seen: &mut impl FnMut(u32, Seen),
    ) {
        let labels = boxes
            .iter()
            .map(|b| Placed { token: b.token, strength: Strength::Normal, torn: b.torn })
            .collect();
        let seed = seed.wrapping_add(u64::from(self.taken).wrapping_mul(0x9e37_79b9));
        let mut scene = Scene { labels, seed, light: Light::Dim, shot: 0 };
        let mut unread: BTreeSet<Token> =
            boxes.iter().filter(|b| !b.torn).map(|b| b.token).collect();
        while !unread.is_empty() && scene.shot < SHOTS {
            let taken = scene.photograph();
            let mut picture = taken.picture;
            let luma = DynamicImage::ImageRgb8(picture.clone()).into_luma8();
            let readings = photo::read_picture(&luma);
            for reading in &readings {
                if let Ok(token) = Token::parse(&reading.text) {
                    unread.remove(&token);
                }
            }
            let torn: Vec<_> =
                taken.truth.iter().filter(|truth| truth.torn).map(|truth| truth.corners).collect();
            let seen_here = self.note(place, &mut picture, &readings, &torn, tally);
            seen(self.taken, seen_here);
            scene.shot += 1;
        }
    }

    /// Tells the tally what was read, draws it, and saves the picture.
    fn note(
        &mut self,
        place: &str,
        picture: &mut RgbImage,
        readings: &[Reading],
        torn: &[[(f32, f32); 4]],
        tally: &mut Tally,
    ) -> Seen {
        let mut sightings = Vec::new();
        let mut marks = Vec::new();
        for reading in readings {
            let sighting = tally.sight(&reading.text);
            if let Sighting::Blank(token) = sighting {
                tally.commission(token);
            }
            if !matches!(sighting, Sighting::Again(_)) {
                sightings.push(sighting);
            }
            marks.push(Mark {
                corners: reading.corners.map(|corner| (corner.x, corner.y)),
                kind: kind(&sighting),
                text: call_out(&sighting),
            });
        }
        marks.extend(torn.iter().map(|corners| Mark {
            corners: *corners,
            kind: Kind::Torn,
            text: "type it".to_owned(),
        }));
        let count = tally.count().seen;
        annotate(picture, &marks, &format!("{count} of {}", self.agreed));
        self.taken += 1;
        let file = self.folder.join(format!("{place}-{:02}.png", self.taken));
        // A picture that cannot be saved is missed by whoever looks for it; the
        // day goes on.
        if let Err(error) = picture.save(&file) {
            eprintln!("could not save {}: {error}", file.display());
        }
        Seen { sightings, count }
    }
}

const fn kind(sighting: &Sighting) -> Kind {
    match sighting {
        Sighting::New(_) | Sighting::Blank(_) => Kind::New,
        Sighting::Again(_) | Sighting::Undone(_) => Kind::Again,
        Sighting::OtherJob(_) | Sighting::UnknownLabel(_) | Sighting::NotOurs(_) => Kind::NotOurs,
    }
}

/// What a person would call the box by.
fn call_out(sighting: &Sighting) -> String {
    let token = match sighting {
        Sighting::New(token)
        | Sighting::Blank(token)
        | Sighting::Again(token)
        | Sighting::Undone(token) => token,
        Sighting::OtherJob(_) => return "other job".to_owned(),
        Sighting::UnknownLabel(_) | Sighting::NotOurs(_) => return "not ours".to_owned(),
    };
    token.to_groups().pop().unwrap_or_default()
}
