//! The place where the boxes stand: a hallway with a boarded floor, a painted
//! wall, a skirting board, a door frame, and cartons stacked before the wall.

use rand::Rng;
use rand::rngs::SmallRng;

use crate::grain::{cell, cloud, speck, step};
use crate::label::{HEIGHT, Sticker, WIDTH};
use crate::lettering::{advance, ink};
use crate::placed::Placed;
use crate::space::{Block, Face, Ray, Vec3, vec3};

/// What stands on a carton besides its label: which way it is held, never what
/// is in it or whose it is.
const WORD: &str = "UP";

/// Everything that light falls on.
pub struct Room {
    pub things: Vec<Thing>,
}

/// A block and what it is made of.
pub struct Thing {
    pub block: Block,
    pub stuff: Stuff,
}

/// What a thing is made of.
pub enum Stuff {
    /// Boards of wood, laid from left to right.
    Boards { seed: u32 },
    /// A painted surface of this colour.
    Paint { colour: Vec3, seed: u32 },
    /// A carton.
    Carton(Box<Carton>),
}

/// How one carton differs from the next.
pub struct Carton {
    seed: u32,
    colour: Vec3,
    /// Whether one of its ends faces front, with the handle and the tape's end.
    end_on: bool,
    tape: Vec3,
    /// The word's top left corner on the front, in metres.
    word_at: (f32, f32),
    pub sticker: Sticker,
    /// The label's top left corner on the front, in metres, and its turn.
    label_at: (f32, f32),
    label_turn: (f32, f32),
}

impl Carton {
    /// A place on the label, in millimetres, as a place on the front.
    pub fn on_front(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (x, y) = (x / 1000.0, y / 1000.0);
        let (sin, cos) = self.label_turn;
        (self.label_at.0 + x * cos - y * sin, self.label_at.1 + x * sin + y * cos)
    }

    /// The inverse of [`Carton::on_front`].
    fn on_label(&self, u: f32, v: f32) -> (f32, f32) {
        let (x, y) = (u - self.label_at.0, v - self.label_at.1);
        let (sin, cos) = self.label_turn;
        ((x * cos + y * sin) * 1000.0, (y * cos - x * sin) * 1000.0)
    }
}

impl Room {
    /// Stacks one carton for every label.
    pub fn furnish(labels: &[Placed], rng: &mut SmallRng) -> Self {
        let wall = [vec3(0.62, 0.60, 0.52), vec3(0.50, 0.56, 0.52), vec3(0.58, 0.53, 0.47)]
            [rng.random_range(0..3)];
        let white = vec3(0.72, 0.71, 0.67);
        let paint = |colour, seed| Stuff::Paint { colour, seed };
        let thing = |centre, half, stuff| Thing { block: Block::new(centre, half, 0.0), stuff };
        let door = if rng.random() { 1.35 } else { -1.35 };
        let mut things = vec![
            thing(vec3(0.0, -0.5, 1.5), vec3(3.2, 0.5, 1.5), Stuff::Boards { seed: rng.random() }),
            thing(vec3(0.0, 1.4, -0.5), vec3(3.2, 1.4, 0.5), paint(wall, rng.random())),
            thing(vec3(0.0, 0.05, 0.008), vec3(3.2, 0.05, 0.008), paint(white, 1)),
            thing(vec3(door, 1.0, 0.015), vec3(0.05, 1.0, 0.02), paint(white, 2)),
            thing(vec3(door * 1.65, 1.0, 0.004), vec3(0.84, 1.0, 0.012), paint(white * 0.9, 3)),
        ];
        things.extend(stack(labels, rng));
        Self { things }
    }

    /// The cartons' blocks, labelled front included.
    pub fn cartons(&self) -> impl Iterator<Item = (&Block, &Carton)> {
        self.things.iter().filter_map(|thing| match &thing.stuff {
            Stuff::Carton(carton) => Some((&thing.block, &**carton)),
            _ => None,
        })
    }

    /// Whether any of the things that `may_meet` admits is in the way of a ray
    /// as long as its direction.
    pub fn shades(&self, ray: &Ray, may_meet: impl Fn(usize) -> bool) -> bool {
        self.things.iter().enumerate().any(|(number, thing)| {
            may_meet(number) && thing.block.entered_by(ray).is_some_and(|(part, _)| part < 1.0)
        })
    }

    /// The nearest thing that a ray meets, of those that `may_meet` admits:
    /// its number, the distance and the face.
    pub fn met_by(
        &self,
        ray: &Ray,
        may_meet: impl Fn(usize) -> bool,
    ) -> Option<(usize, f32, Face)> {
        let mut nearest: Option<(usize, f32, Face)> = None;
        for (number, thing) in self.things.iter().enumerate() {
            if !may_meet(number) {
                continue;
            }
            if let Some((distance, face)) = thing.block.entered_by(ray)
                && nearest.is_none_or(|(_, nearer, _)| distance < nearer)
            {
                nearest = Some((number, distance, face));
            }
        }
        nearest
    }
}

/// Cartons in stacks of up to three, side by side, none quite straight.
fn stack(labels: &[Placed], rng: &mut SmallRng) -> Vec<Thing> {
    let stacks = match labels.len() {
        0..=2 => labels.len(),
        3..=4 => 2,
        more => more.div_ceil(3),
    };
    let mut left = 0.0;
    let mut things = Vec::with_capacity(labels.len());
    for number in 0..stacks {
        let here = labels.len() / stacks + usize::from(number < labels.len() % stacks);
        let first = things.len();
        let widest = rng.random_range(0.38..0.44);
        let turn = rng.random_range(-0.09..0.09);
        let front = rng.random_range(0.52..0.60);
        let mut bottom = 0.0;
        for placed in &labels[first..first + here] {
            let width = widest - rng.random_range(0.0..0.04);
            let height = rng.random_range(0.275..0.315);
            let depth = rng.random_range(0.33..0.38);
            let centre = vec3(
                left + widest / 2.0 + rng.random_range(-0.012..0.012),
                bottom + height / 2.0,
                front - depth / 2.0 + rng.random_range(-0.015..0.015),
            );
            let half = vec3(width, height, depth) * 0.5;
            let block = Block::new(centre, half, turn + rng.random_range(-0.05..0.05));
            let carton = carton(placed, (width, height), rng);
            things.push(Thing { block, stuff: Stuff::Carton(Box::new(carton)) });
            bottom += height + 0.001;
        }
        left += widest + rng.random_range(0.03..0.06);
    }
    for thing in &mut things {
        thing.block.centre.x -= left / 2.0;
    }
    things
}

fn carton(placed: &Placed, (width, height): (f32, f32), rng: &mut SmallRng) -> Carton {
    let seed: u32 = rng.random();
    let end_on = rng.random_bool(0.45);
    let brown = vec3(0.47, 0.285, 0.15) * rng.random_range(0.85..1.12);
    let tape = if rng.random_bool(0.7) { vec3(0.30, 0.165, 0.07) } else { vec3(0.62, 0.58, 0.50) };
    let (label_wide, label_high) = (WIDTH / 1000.0, HEIGHT / 1000.0);
    let lowest = height - label_high - 0.025;
    let highest = if end_on { (0.115_f32).min(lowest - 0.01) } else { 0.04 };
    let to_the_left: bool = rng.random();
    let slack = rng.random_range(0.025..0.07);
    let label_left = if to_the_left { slack } else { width - label_wide - slack };
    let label_at = (label_left, rng.random_range(highest..lowest));
    let word_wide = WORD_HEIGHT * advance() * WORD.len() as f32;
    let beside = if to_the_left { width - word_wide - 0.02 } else { 0.02 };
    let word_at = (beside, if end_on { height - 0.08 } else { rng.random_range(0.02..0.1) });
    let turn: f32 = rng.random_range(-0.07..0.07);
    Carton {
        seed,
        colour: brown,
        end_on,
        tape,
        word_at,
        sticker: Sticker::print(&placed.token, placed.strength, placed.torn.then_some(seed)),
        label_at,
        label_turn: turn.sin_cos(),
    }
}

/// Height of the line that somebody wrote with a marker, in metres.
const WORD_HEIGHT: f32 = 0.055;

impl Thing {
    /// The share of each colour that a place on a face throws back.
    pub fn colour(&self, face: Face, u: f32, v: f32) -> Vec3 {
        match &self.stuff {
            Stuff::Boards { seed } => boards(u, v, *seed),
            Stuff::Paint { colour, seed } => {
                *colour * (1.0 + 0.03 * cloud(u * 2.0, v * 2.0, *seed))
            }
            Stuff::Carton(carton) => cardboard(carton, face, self.block.face_size(face), u, v),
        }
    }
}

/// Whether a place on a front is covered by the label or close to it, so that
/// it wants more samples.
pub fn is_label(thing: &Thing, face: Face, u: f32, v: f32) -> bool {
    match &thing.stuff {
        Stuff::Carton(carton) if face == Face::Front => {
            let (x, y) = carton.on_label(u, v);
            let rim = 4.0;
            (-rim..WIDTH + rim).contains(&x) && (-rim..HEIGHT + rim).contains(&y)
        }
        _ => false,
    }
}

fn boards(u: f32, v: f32, seed: u32) -> Vec3 {
    const BOARD: f32 = 0.13;
    let row = cell(v / BOARD);
    let shifted = u + 3.0 * speck(row, 0, seed);
    let column = cell(shifted / 1.6);
    let tone = 0.80 + 0.34 * speck(row, column, seed);
    let wave = cloud(u * 3.0, v * 12.0, seed ^ row as u32) * 0.012;
    let grain = cloud(u * 8.0, (v + wave) * 260.0, seed) * 0.10
        + cloud(u * 30.0, (v + wave) * 900.0, seed) * 0.05
        + cloud(u * 2.0, (v + wave) * 60.0, seed) * 0.08;
    let from_gap = (v - row as f32 * BOARD).min((row + 1) as f32 * BOARD - v);
    let from_end = (shifted - column as f32 * 1.6).abs();
    let gap = step(0.0005, 0.0022, from_gap) * step(0.0005, 0.0022, from_end);
    vec3(0.33, 0.185, 0.09) * (tone * (1.0 + grain) * (0.35 + 0.65 * gap))
}

fn cardboard(carton: &Carton, face: Face, (width, height): (f32, f32), u: f32, v: f32) -> Vec3 {
    let seed = seed_of(carton, face);
    if face == Face::Front {
        let (x, y) = carton.on_label(u, v);
        if let Some(paper) = carton.sticker.at(x, y) {
            return vec3(1.0, 0.985, 0.95) * paper;
        }
    }
    // Fluting shows through as fine stripes, fibres as specks.
    let stripes = cloud(u * 160.0, v * 3.0, seed) * 0.025;
    let patches = cloud(u * 7.0, v * 7.0, seed) * 0.05 + cloud(u * 23.0, v * 19.0, seed) * 0.03;
    let fibres = cloud(u * 900.0, v * 500.0, seed) * 0.05;
    let mut colour = carton.colour * (1.0 + stripes + patches + fibres);

    // Corners are rubbed pale, and bruised here and there.
    let edge = u.min(width - u).min(v).min(height - v);
    if edge < 0.009 {
        let width = 0.006 + 0.003 * cloud(u * 40.0, v * 40.0, seed);
        let rubbed = 1.0 - step(0.001, width, edge);
        colour = colour.mixed(vec3(0.60, 0.43, 0.27), 0.5 * rubbed);
    }
    let bruise = step(0.55, 0.9, cloud(u * 9.0, v * 6.0, seed ^ 7));
    colour = colour * (1.0 - 0.10 * bruise);

    colour = taped(carton, face, (width, height), (u, v), colour);
    if face == Face::Front { written_on(carton, seed, (u, v), colour) } else { colour }
}

/// The seam runs from end to end of the top; so does the tape, and down the ends a
/// little.
fn taped(
    carton: &Carton,
    face: Face,
    (width, height): (f32, f32),
    (u, v): (f32, f32),
    mut colour: Vec3,
) -> Vec3 {
    let seed = seed_of(carton, face);
    let is_end = match face {
        Face::Front | Face::Back => carton.end_on,
        Face::Left | Face::Right => !carton.end_on,
        Face::Top | Face::Bottom => false,
    };
    let from_seam = match face {
        Face::Top if carton.end_on => Some(u - width / 2.0),
        Face::Top => Some(v - height / 2.0),
        _ if is_end => Some(u - width / 2.0),
        _ => None,
    };
    if let Some(across) = from_seam {
        let ends_at = if is_end { 0.065 + 0.004 * cloud(u * 300.0, 0.0, seed) } else { 9.0 };
        if face == Face::Top {
            colour = colour * (0.35 + 0.65 * step(0.0008, 0.0025, across.abs()));
        }
        if across.abs() < 0.025 && v < ends_at {
            let creases = 1.0 + 0.12 * cloud(u * 35.0, v * 35.0, seed ^ 3);
            colour = colour.mixed(carton.tape * creases, 0.82);
        }
    }
    if is_end {
        let hole = pill((u - width / 2.0).abs(), v - 0.088, 0.032, 0.014);
        colour = colour.mixed(vec3(0.02, 0.013, 0.008), 1.0 - step(-0.0012, 0.0012, hole));
    }
    colour
}

/// What a mover wrote on the front with a thick pen.
fn written_on(carton: &Carton, seed: u32, (u, v): (f32, f32), colour: Vec3) -> Vec3 {
    let (x, y) = carton.word_at;
    let slant = (v - y) * 0.12;
    if !(0.0..WORD_HEIGHT).contains(&(v - y)) {
        return colour;
    }
    let wobble = 0.0012 * cloud(u * 45.0, v * 45.0, seed ^ 9);
    let across = (u - x + slant + wobble) / WORD_HEIGHT;
    let ink = ink(WORD, across, (v - y + wobble) / WORD_HEIGHT);
    colour.mixed(vec3(0.03, 0.03, 0.04), 0.88 * step(0.3, 0.7, ink))
}

fn seed_of(carton: &Carton, face: Face) -> u32 {
    carton.seed ^ (face as u32).wrapping_mul(0x51ED_270B)
}

/// Distance to a lying pill, less than 0 inside.
fn pill(x: f32, y: f32, reach: f32, radius: f32) -> f32 {
    let beyond = (x - reach).max(0.0);
    (beyond * beyond + y * y).sqrt() - radius
}
