//! Rendered photographs of labelled boxes.
//!
//! Nobody's boxes, so they may be shown to anyone; and what is on them is
//! known, so a test can say what a reader must read. A photograph is a pure
//! function of its [`Scene`]: a small room with stacked cartons, lit, and seen
//! by a phone that is held in a hand.

mod annotate;
mod camera;
mod grain;
mod label;
mod lettering;
mod light;
mod placed;
mod room;
mod space;
mod warehouse;

pub use annotate::{Kind, Mark, annotate};
use camera::Camera;
use crewseal_label::Token;
use image::RgbImage;
pub use light::Light;
use light::Lighting;
pub use placed::Placed;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use room::Room;
pub use space::Vec3;
use space::vec3;
pub use warehouse::{Frame, Hand, Level, Setting, Shown, Warehouse};

/// Boxes before a camera.
#[derive(Debug, Clone)]
pub struct Scene {
    /// One box for each; up to 12 can be read.
    pub labels: Vec<Placed>,
    /// How the boxes are stacked, where the lamp hangs, where the crew stands.
    pub seed: u64,
    /// How well lit it is.
    pub light: Light,
    /// Another picture of the same: only the hand has moved.
    pub shot: u32,
}

/// A photograph, and what is really in it.
pub struct Photo {
    /// 1920 x 1080 pixels.
    pub picture: RgbImage,
    /// One for each label, in the scene's order.
    pub truth: Vec<Truth>,
}

/// Where a label is in a photograph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// What it bears.
    pub token: Token,
    /// The outer corners of its modules in pixels, clockwise from the code's
    /// own top left, whether or not they are still there.
    pub corners: [(f32, f32); 4],
    /// Whether half of its code is ripped off.
    pub torn: bool,
}

impl Scene {
    /// Takes the photograph.
    pub fn photograph(&self) -> Photo {
        let mut rng = SmallRng::seed_from_u64(self.seed);
        let room = Room::furnish(&self.labels, &mut rng);
        let side = if rng.random() { 1.0 } else { -1.0 };
        let lamp = vec3(side * rng.random_range(0.4..1.2), 2.3, rng.random_range(1.0..1.6));
        let camera = Camera::aim(&room, self.light, &mut rng, self.seed, self.shot);
        let lighting = Lighting::gather(&room, self.light, lamp, camera.eye);
        let picture = camera.expose(&room, &lighting, self.light);
        let truth = self
            .labels
            .iter()
            .zip(room.cartons())
            .map(|(placed, (block, carton))| Truth {
                token: placed.token,
                corners: carton.sticker.code_corners.map(|corner| {
                    let (u, v) = carton.on_front(corner);
                    camera.project(block.point(space::Face::Front, u, v))
                }),
                torn: placed.torn,
            })
            .collect();
        Photo { picture, truth }
    }
}
