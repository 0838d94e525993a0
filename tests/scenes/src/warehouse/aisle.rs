//! What stands before the camera: boxes side by side and one above the other,
//! on shelves or on each other, all a little askew, and their labels.

use std::f32::consts::{FRAC_PI_2, PI, TAU};

use crewseal_label::{Strength, Token};
use rand::Rng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;

use super::conditions::{Chance, Conditions};
use super::film::Film;
use super::plane::{Eye, Plane, paint};
use super::setting::Shares;
use super::sticker::{Bend, Glare, Sticker};
use super::texture::{Label, Print, Texture, Wear};
use crate::grain::{cloud, speck, step};
use crate::space::{Vec3, vec3};

/// How boxes stand, and how large their fronts are, in millimetres. Dozens of
/// labels come into one view only where boxes are small or flat.
struct Stack {
    columns: usize,
    rows: usize,
    front: (f32, f32),
}

const fn stack(columns: usize, rows: usize, front: (f32, f32)) -> Stack {
    Stack { columns, rows, front }
}

/// One carton of a move, a crate, a flat one.
static ONE: [Stack; 3] =
    [stack(1, 1, (390.0, 290.0)), stack(1, 1, (300.0, 220.0)), stack(1, 1, (330.0, 110.0))];
/// Archive boxes seen end-on, shoe boxes, flat ones.
static SIX: [Stack; 3] =
    [stack(3, 2, (185.0, 140.0)), stack(2, 3, (275.0, 92.0)), stack(1, 6, (320.0, 46.0))];
static TWELVE: [Stack; 3] =
    [stack(4, 3, (138.0, 92.0)), stack(3, 4, (182.0, 70.0)), stack(2, 6, (270.0, 46.0))];
/// Boxes for documents lying flat, and small cartons.
static TWENTY_FOUR: [Stack; 3] =
    [stack(4, 6, (116.0, 44.0)), stack(3, 8, (160.0, 40.5)), stack(6, 4, (86.0, 60.0))];

/// The front of a box.
struct Front {
    plane: Plane,
    size: (f32, f32),
    light: f32,
    /// Where in the texture of board it was cut from.
    offset: (f32, f32),
    /// What is printed on it: which print, and where.
    prints: Vec<(usize, Plane)>,
    /// Clear or brown tape along a seam: from, broad, light, shine.
    tape: Option<[f32; 4]>,
}

/// Something long that hangs or lies before a box.
struct Strap {
    plane: Plane,
    size: (f32, f32),
    light: f32,
    seed: u32,
}

/// Boxes and their labels.
pub struct Aisle {
    fronts: Vec<Front>,
    boards: Vec<(Plane, (f32, f32), u32)>,
    prints: Vec<Texture>,
    board: Board,
    pub stickers: Vec<Sticker>,
    straps: Vec<Strap>,
    /// What lies behind the boxes.
    behind: f32,
}

impl Aisle {
    /// Boxes for so many labels. Other boxes stand around them.
    pub fn new(
        labels: usize,
        conditions: &Conditions,
        shares: &mut Shares<'_>,
        rng: &mut SmallRng,
    ) -> Self {
        let stack = choose(labels, shares.next());
        let spacing = between(conditions.spacing, shares.next());
        let front = (stack.front.0 * spacing, stack.front.1 * spacing);
        let shelf = if rng.random_bool(0.6) { stack.rows.div_ceil(2).max(2) } else { usize::MAX };
        let kinds = kinds(labels, front, shares.next(), rng);
        let wear = wears(labels, conditions, shares, rng);

        let mut aisle = Self {
            fronts: Vec::new(),
            boards: Vec::new(),
            prints: Vec::new(),
            board: Board::new(rng),
            stickers: Vec::new(),
            straps: Vec::new(),
            behind: rng.random_range(0.01..0.06),
        };
        let mut prints = Print::ALL;
        prints.shuffle(rng);
        let prints = &prints[..3];
        aisle.prints = prints.iter().map(|print| print.texture(rng)).collect();

        let around = (1 + (900.0 / front.0.min(front.1) / 2.0) as i32).min(4);
        let shade: f32 = rng.random_range(0.2..0.4);
        let bright = rng.random_bool(0.2);
        let mut next = 0;
        let mut top = 0.0;
        for row in -around..stack.rows as i32 + around {
            if row > -around && shelf != usize::MAX && row.rem_euclid(shelf as i32) == 0 {
                let plane = upright(vec3(-2000.0, -top, 12.0), 0.0, 0.0);
                aisle.boards.push((plane, (4000.0, 15.0), rng.random()));
                top += 15.0 + rng.random_range(2.0..7.0);
            }
            for column in -around..stack.columns as i32 + around {
                let gap: f32 = rng.random_range(0.6..2.4);
                let size = (front.0 - gap, front.1 - 0.5);
                let corner = vec3(
                    column as f32 * front.0 + rng.random_range(0.0..gap),
                    -top,
                    rng.random_range(-9.0..9.0),
                );
                let plane = upright(corner, rng.random_range(-0.02..0.02), 0.0);
                let own = if bright && rng.random_bool(0.3) { 0.7 } else { shade };
                aisle.fronts.push(front_of(plane, size, own, prints, rng));
                let is_labelled = (0..stack.rows as i32).contains(&row)
                    && (0..stack.columns as i32).contains(&column);
                if is_labelled {
                    aisle.stick(plane, size, kinds[next], &wear[next], rng);
                    next += 1;
                }
            }
            top += front.1;
        }
        aisle
    }

    /// Sticks a label on a front.
    fn stick(
        &mut self,
        front: Plane,
        size: (f32, f32),
        strength: Strength,
        fate: &Fate,
        rng: &mut SmallRng,
    ) {
        let token = Token::from_bytes(rng.random());
        let label = Label::new(&token, strength, &fate.wear);
        let (width, height) = label.size;
        let room = ((size.0 - width).max(0.0), (size.1 - height).max(0.0));
        // People stick labels askew, as far as there is room for it, and turn
        // some boxes over.
        let askew = (room.1 / width).min(0.12);
        let turn = rng.random_range(-askew..=askew)
            + if rng.random_bool(0.08) { PI } else { 0.0 }
            + if room.1 > width && rng.random_bool(0.15) { FRAC_PI_2 } else { 0.0 };
        let reach = |room: f32| 0.5 * (room - 3.0).max(0.0);
        let off = |reach: f32, rng: &mut SmallRng| rng.random_range(-reach..=reach);
        let centre = (
            size.0 / 2.0 + off(reach(room.0).min(60.0), rng),
            size.1 / 2.0 + off(reach(room.1).min(40.0) * 0.8, rng),
        );
        let (sin, cos) = turn.sin_cos();
        let along = front.along * cos + front.down * sin;
        let down = front.down * cos - front.along * sin;
        let middle = front.point(centre.0, centre.1);
        let corner = middle - along * (width / 2.0) - down * (height / 2.0) + front.normal() * 0.3;
        let plane = Plane { corner, along, down };

        let bend = fate.bent.map_or(Bend::FLAT, |by| Bend {
            by,
            // A side bulges around its middle, an edge is round at one end.
            from: if rng.random_bool(0.6) { None } else { Some(rng.random_range(0.35..0.8)) },
            is_upright: rng.random_bool(0.5),
        });
        let glare = fate.glare.map(|strength| Glare {
            strength,
            centre: (
                label.code.0 + label.side * rng.random_range(-0.1..1.1),
                label.code.1 + label.side * rng.random_range(-0.1..1.1),
            ),
            size: (rng.random_range(8.0..26.0), rng.random_range(1.6..4.5)),
            turn: rng.random_range(-1.2..1.2),
            seed: rng.random(),
        });
        if let Some(depth) = fate.covered {
            self.cover(&plane, &label, depth, rng);
        }
        self.stickers.push(Sticker::new(token, label, plane, bend, glare));
    }

    /// Puts something before a label that reaches some modules into its code.
    fn cover(&mut self, plane: &Plane, label: &Label, modules: f32, rng: &mut SmallRng) {
        let (left, top) = label.code;
        let side = label.side;
        let depth = modules * label.module;
        let before = plane.normal() * rng.random_range(1.0..6.0);
        let is_string = rng.random_bool(0.3);
        // Straps go around their own box, and leave the next one's label alone.
        let (width, height) = label.size;
        let is_below = rng.random_range(0..3) == 0;
        let (long, most) = if is_below {
            (width + 8.0, height - top - side + depth + 1.0)
        } else {
            (height + 3.0, 14.0)
        };
        let broad = if is_string { 2.0 } else { rng.random_range(0.6..1.0) * most.max(2.0) };
        let (from, tilt) = if is_below {
            ((width / 2.0 - long / 2.0, top + side - depth + broad), -FRAC_PI_2)
        } else if rng.random() {
            ((left + depth - broad, height / 2.0 - long / 2.0), 0.0)
        } else {
            ((left + side - depth, height / 2.0 - long / 2.0), 0.0)
        };
        let tilt: f32 = tilt + rng.random_range(-0.03..0.03);
        let (sin, cos) = tilt.sin_cos();
        let along = plane.along * cos + plane.down * sin;
        let down = plane.down * cos - plane.along * sin;
        self.straps.push(Strap {
            plane: Plane { corner: plane.point(from.0, from.1) + before, along, down },
            size: (broad, long),
            light: [0.03, 0.12, 0.55, 0.3][rng.random_range(0..4)],
            seed: rng.random(),
        });
    }

    /// The middle of all labels.
    pub fn middle(&self) -> Vec3 {
        let (mut low, mut high) = (vec3(f32::MAX, f32::MAX, 0.0), vec3(f32::MIN, f32::MIN, 0.0));
        for sticker in &self.stickers {
            let point = sticker.middle();
            low = vec3(low.x.min(point.x), low.y.min(point.y), 0.0);
            high = vec3(high.x.max(point.x), high.y.max(point.y), 0.0);
        }
        (low + high) * 0.5
    }

    /// What the camera gets to see.
    pub fn painted(&self, eye: &Eye) -> Film {
        let mut film = Film::new(self.behind);
        for front in &self.fronts {
            self.paint_front(&mut film, eye, front);
        }
        for (plane, (width, height), seed) in &self.boards {
            paint(&mut film, eye, plane, [0.0, 0.0, *width, *height], |x, y| {
                let grain = self.board.at(x * 0.12, y * 2.0 + *seed as f32 % 90.0);
                let edge = 0.55 + 0.45 * step(0.0, 1.2, y.min(height - y));
                (0.22 * (1.0 + 2.2 * grain) * edge, 1.0)
            });
        }
        for sticker in &self.stickers {
            sticker.paint(&mut film, eye);
        }
        for strap in &self.straps {
            let (width, height) = strap.size;
            paint(&mut film, eye, &strap.plane, [0.0, 0.0, width, height], |x, y| {
                let round = 1.0 - 0.5 * (x / width * 2.0 - 1.0).powi(2);
                let weave = 0.9 + 0.1 * cloud(x * 1.5, y * 1.5, strap.seed);
                (strap.light * round * weave, 1.0)
            });
        }
        film
    }

    fn paint_front(&self, film: &mut Film, eye: &Eye, front: &Front) {
        let (width, height) = front.size;
        let area = [0.0, 0.0, width, height];
        let outline = front.plane.outline(eye, area);
        let is_in_view = outline.iter().any(|at| at.0 > film.left() as f32)
            && outline.iter().any(|at| at.0 < film.right() as f32)
            && outline.iter().any(|at| at.1 > film.top() as f32)
            && outline.iter().any(|at| at.1 < film.bottom() as f32);
        if !is_in_view {
            return;
        }
        paint(film, eye, &front.plane, area, |x, y| {
            let grain = self.board.at(x + front.offset.0, y + front.offset.1);
            let edge = x.min(width - x).min(y).min(height - y);
            let rubbed = if edge < 2.5 { 0.72 + 0.112 * edge } else { 1.0 };
            (front.light * (1.0 + grain) * rubbed, 1.0)
        });
        for (print, plane) in &front.prints {
            let texture = &self.prints[*print];
            let (width, height) = texture.size();
            paint(film, eye, plane, [0.0, 0.0, width, height], |x, y| texture.at(x, y));
        }
        if let Some([from, broad, light, shine]) = front.tape {
            paint(film, eye, &front.plane, [from, 0.0, from + broad, height], |x, y| {
                let crease = self.board.at(x * 3.0 + front.offset.1, y * 0.3);
                (light + shine * (crease * 6.0).max(0.0), 0.55)
            });
        }
    }
}

/// What is going to happen to a label.
#[derive(Default, Clone, Copy)]
struct Fate {
    wear: Wear,
    glare: Option<f32>,
    bent: Option<f32>,
    covered: Option<f32>,
}

/// Fates for so many labels. Each mishap strikes its share of a series' labels,
/// mild and bad ones evenly mixed: left to luck, one seed would be all dirt.
fn wears(
    labels: usize,
    conditions: &Conditions,
    shares: &mut Shares<'_>,
    rng: &mut SmallRng,
) -> Vec<Fate> {
    let mut fates = vec![Fate::default(); labels];
    let mut strike = |(chance, range): Chance, rng: &mut SmallRng, apply: fn(&mut Fate, f32)| {
        let mut order: Vec<usize> = (0..labels).collect();
        order.shuffle(rng);
        let start = shares.next();
        for (place, label) in order.into_iter().enumerate() {
            let drawn = ((place as f32 + start) / labels as f32).fract();
            if drawn < chance {
                apply(&mut fates[label], between(range, drawn / chance));
            }
        }
    };
    strike(conditions.faded, rng, |fate, by| fate.wear.faded = by);
    strike(conditions.dirt, rng, |fate, by| fate.wear.dirt = by);
    strike(conditions.scuffs, rng, |fate, by| fate.wear.scuffs = by);
    strike(conditions.torn, rng, |fate, by| fate.wear.torn = Some(by));
    strike(conditions.tape, rng, |fate, by| fate.wear.tape = by);
    strike(conditions.glare, rng, |fate, by| fate.glare = Some(by));
    strike(conditions.bent, rng, |fate, by| fate.bent = Some(by));
    strike(conditions.covered, rng, |fate, by| fate.covered = Some(by));
    for fate in &mut fates {
        fate.wear.seed = rng.random();
    }
    fates
}

/// Which labels a scene has: of two rolls, and the wide ones only on boxes that
/// are wide enough.
fn kinds(labels: usize, front: (f32, f32), share: f32, rng: &mut SmallRng) -> Vec<Strength> {
    if front.0 < 110.0 {
        return vec![Strength::Normal; labels];
    }
    let rough = f64::from(between((0.0, 0.7), share));
    (0..labels)
        .map(|_| if rng.random_bool(rough) { Strength::Rough } else { Strength::Normal })
        .collect()
}

/// The front of a box, in a light about its own.
fn front_of(
    plane: Plane,
    size: (f32, f32),
    own: f32,
    prints: &[Print],
    rng: &mut SmallRng,
) -> Front {
    let light = own * rng.random_range(0.85..1.15);
    let mut front = Front {
        plane,
        size,
        light,
        offset: (rng.random_range(0.0..200.0), rng.random_range(0.0..200.0)),
        prints: Vec::new(),
        tape: tape(size, rng),
    };
    print_on(&mut front, prints, rng);
    front
}

fn choose(labels: usize, share: f32) -> &'static Stack {
    let stacks = match labels {
        0 | 1 => &ONE,
        2..=6 => &SIX,
        7..=12 => &TWELVE,
        _ => &TWENTY_FOUR,
    };
    &stacks[(share * 3.0) as usize % 3]
}

/// A front that faces the camera, turned a little.
fn upright(corner: Vec3, yaw: f32, roll: f32) -> Plane {
    let along = vec3(yaw.cos() * roll.cos(), roll.sin(), -yaw.sin());
    let down = vec3(0.0, -1.0, 0.0);
    Plane { corner, along, down }
}

fn tape((width, _): (f32, f32), rng: &mut SmallRng) -> Option<[f32; 4]> {
    let is_brown = rng.random_bool(0.5);
    (width > 120.0 && rng.random_bool(0.35)).then(|| {
        let light = if is_brown { 0.2 } else { 0.42 };
        [rng.random_range(10.0..width - 60.0), 48.0, light, rng.random_range(0.1..1.2)]
    })
}

/// One or two prints, as far as they fit.
fn print_on(front: &mut Front, prints: &[Print], rng: &mut SmallRng) {
    for _ in 0..rng.random_range(0..3) {
        let print = rng.random_range(0..prints.len());
        let (width, height) = prints[print].size();
        if width + 2.0 > front.size.0 || height + 2.0 > front.size.1 {
            continue;
        }
        let turn: f32 = rng.random_range(-0.04..0.04);
        let (sin, cos) = turn.sin_cos();
        let plane = Plane {
            corner: front.plane.point(
                rng.random_range(0.0..front.size.0 - width),
                rng.random_range(0.0..front.size.1 - height),
            ),
            along: front.plane.along * cos + front.plane.down * sin,
            down: front.plane.down * cos - front.plane.along * sin,
        };
        front.prints.push((print, plane));
    }
}

/// The grain of corrugated board: flutes, fibres, blotches. Drawn once and laid
/// side by side, as nobody looks that closely.
struct Board {
    texels: Vec<f32>,
}

impl Board {
    const SIDE: usize = 512;
    /// Texels to a millimetre.
    const FINENESS: f32 = 2.5;

    fn new(rng: &mut SmallRng) -> Self {
        let seed: u32 = rng.random();
        let turn = Self::SIDE as f32;
        let texels = (0..Self::SIDE * Self::SIDE)
            .map(|texel| {
                let (x, y) = ((texel % Self::SIDE) as f32, (texel / Self::SIDE) as f32);
                let flutes = 0.035 * (x * TAU * 32.0 / turn).sin();
                let fibres = 0.10 * (speck(x as i32, y as i32 / 2, seed) - 0.5);
                // Waves that fit the side, so that the next tile goes on.
                let wave = |across: f32, down: f32| ((x * across + y * down) * TAU / turn).sin();
                let blotch = 0.05 * wave(1.0, 2.0) + 0.04 * wave(-3.0, 1.0) + 0.03 * wave(5.0, 4.0);
                flutes + fibres + blotch
            })
            .collect();
        Self { texels }
    }

    fn at(&self, x: f32, y: f32) -> f32 {
        let texel = |at: f32| (at * Self::FINENESS) as i32 as usize % Self::SIDE;
        self.texels[texel(y) * Self::SIDE + texel(x)]
    }
}

/// A value of a range, 0 for the mildest and 1 for the worst.
pub fn between((mild, bad): (f32, f32), share: f32) -> f32 {
    mild + (bad - mild) * share
}
