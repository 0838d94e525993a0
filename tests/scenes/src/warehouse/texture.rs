//! Printed things as texels: labels as they come off the sheet and what a crew
//! does to them, and what else is printed on boxes.

use crewseal_label::{Grid, Printed, Sheet, Strength, Token};
use rand::Rng;
use rand::rngs::SmallRng;

use crate::grain::{cloud, speck, step};
use crate::lettering::{advance, ink};

/// Light that paper throws back, and toner.
const PAPER: f32 = 0.84;
const TONER: f32 = 0.045;

/// Texels of a printed thing.
pub struct Texture {
    columns: usize,
    rows: usize,
    /// Texels to a millimetre.
    fineness: f32,
    /// Light thrown back and how far it covers, 0 to 255.
    texels: Vec<[u8; 2]>,
}

impl Texture {
    /// A thing of this size; `look` says of each place in millimetres how much
    /// light it throws back and how far it covers, both 0 to 1.
    pub fn new(
        (width, height): (f32, f32),
        fineness: f32,
        mut look: impl FnMut(f32, f32) -> (f32, f32),
    ) -> Self {
        let columns = ((width * fineness) as usize).max(2);
        let rows = ((height * fineness) as usize).max(2);
        let place = |texel: usize| (texel as f32 + 0.5) / fineness;
        let mut texels = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            for column in 0..columns {
                let (light, cover) = look(place(column), place(row));
                texels.push([byte(light), byte(cover)]);
            }
        }
        Self { columns, rows, fineness, texels }
    }

    /// Width and height, in millimetres.
    pub fn size(&self) -> (f32, f32) {
        (self.columns as f32 / self.fineness, self.rows as f32 / self.fineness)
    }

    /// Light and cover at a place in millimetres, between the nearest texels.
    pub fn at(&self, x: f32, y: f32) -> (f32, f32) {
        let last = |count: usize| (count - 2) as f32 + 0.999;
        let x = (x * self.fineness - 0.5).clamp(0.0, last(self.columns));
        let y = (y * self.fineness - 0.5).clamp(0.0, last(self.rows));
        let (column, row) = (x as usize, y as usize);
        let (right, below) = (x - column as f32, y - row as f32);
        let upper = &self.texels[row * self.columns + column..][..2];
        let lower = &self.texels[(row + 1) * self.columns + column..][..2];
        let mixed = |part: usize| {
            let [a, b, c, d] = [upper[0], upper[1], lower[0], lower[1]].map(|t| f32::from(t[part]));
            let (above, under) = (a + (b - a) * right, c + (d - c) * right);
            (above + (under - above) * below) * (1.0 / 255.0)
        };
        (mixed(0), mixed(1))
    }
}

fn byte(share: f32) -> u8 {
    (share * 255.0 + 0.5) as u8
}

/// What happened to a label. Depths are in modules of its code.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wear {
    /// How pale the toner is, 0 to 1.
    pub faded: f32,
    /// How dirty it is, 0 to 1.
    pub dirt: f32,
    /// How badly it is scuffed, 0 to 1.
    pub scuffs: f32,
    /// How far a tear reaches into the code from an edge.
    pub torn: Option<f32>,
    /// How shiny the clear tape across it makes it, 0 to 1.
    pub tape: f32,
    pub seed: u32,
}

/// A label as it sticks on a box.
pub struct Label {
    pub texture: Texture,
    /// Width and height, in millimetres.
    pub size: (f32, f32),
    /// From the label's corner to the code's.
    pub code: (f32, f32),
    /// The side of the code.
    pub side: f32,
    /// The side of a module.
    pub module: f32,
}

/// The sheet that labels of this strength come from.
pub fn sheet(strength: Strength) -> Sheet {
    let grid = match strength {
        Strength::Normal => Grid::ThreeByEight,
        Strength::Rough => Grid::TwoBySeven,
    };
    Sheet::new(grid, strength)
}

/// Dots of the printer to a texel, each way.
const DOTS: usize = 2;

impl Label {
    /// Prints a label and lets it go through what labels go through.
    pub fn new(token: &Token, strength: Strength, wear: &Wear) -> Self {
        let Printed { picture, size, code, module } =
            sheet(strength).label(token, Sheet::DPI).expect("a resolution that sheets have");
        let modules: u8 = match strength {
            Strength::Normal => 25,
            Strength::Rough => 29,
        };
        let side = f32::from(modules) * module;
        let fineness = Sheet::DPI as f32 / 25.4 / DOTS as f32;
        let dots = |at: f32| (at * fineness) as usize * DOTS;
        let columns = picture.width() as usize;
        let printed = picture.as_raw();
        let texture = Texture::new(size, fineness, |x, y| {
            let at = dots(y) * columns + dots(x);
            let sum = (0..DOTS * DOTS)
                .map(|dot| printed.get(at + dot / DOTS * columns + dot % DOTS))
                .map(|dot| f32::from(dot.copied().unwrap_or(255)))
                .sum::<f32>();
            let white = sum / (255.0 * (DOTS * DOTS) as f32);
            worn(x, y, white, wear, size, (code, side, module))
        });
        Self { texture, size, code, side, module }
    }
}

/// What is left of a texel.
fn worn(
    x: f32,
    y: f32,
    white: f32,
    wear: &Wear,
    (width, height): (f32, f32),
    ((left, top), side, module): ((f32, f32), f32, f32),
) -> (f32, f32) {
    let seed = wear.seed;
    let mut toner = TONER;
    if wear.faded > 0.0 {
        // Thermal paper and empty cartridges fade in broad patches.
        let patch = 0.75 + 0.25 * cloud(x / 6.0, y / 9.0, seed ^ 11);
        toner += 0.42 * wear.faded * patch;
    }
    let mut light = toner + (PAPER - toner) * white;
    if wear.scuffs > 0.0 {
        // Rubbed along one direction: the toner comes off in streaks.
        let (along, across) = (x * 0.8 + y * 0.6, y * 0.8 - x * 0.6);
        let rubbed = step(0.1, 0.5, cloud(x / 8.0, y / 8.0, seed ^ 21));
        let streak = step(0.35, 0.75, cloud(along / 7.0, across / 0.35, seed ^ 22));
        light += (PAPER * 0.92 - light) * (rubbed * streak * wear.scuffs.min(1.0));
    }
    if wear.dirt > 0.0 {
        let smear = step(0.1, 0.9, cloud(x / 7.0, y / 5.0, seed ^ 31));
        let crumbs = cloud(x / 1.1, y / 1.1, seed ^ 32) + 0.35 * cloud(x / 6.0, y / 6.0, seed ^ 33);
        let spot = step(1.05 - 0.42 * wear.dirt, 1.15 - 0.42 * wear.dirt, crumbs);
        light *= 1.0 - 0.5 * wear.dirt * smear;
        light += (0.13 - light) * spot * 0.9;
    }
    if wear.tape > 0.0 {
        // Clear tape takes contrast, and its edges catch dust.
        let middle = height * (0.5 + 0.3 * (speck(1, 2, seed) - 0.5));
        let from = (y - middle + 0.06 * (x - width / 2.0)).abs() - 11.0;
        if from < 0.0 {
            light = light * 0.86 + 0.05 * wear.tape;
        } else if from < 0.5 {
            light *= 0.8;
        }
    }
    if let Some(torn) = wear.torn {
        let cover = tear(x, y, (torn * module, seed), height, (left, top, side));
        if cover < 1.0 {
            // The rim is bare fibre, and beyond it there is no paper.
            return if cover > 0.0 { (0.62, 1.0) } else { (light, 0.0) };
        }
    }
    (light, 1.0)
}

/// 1 where the paper is whole, a half on the torn rim, 0 where it is gone.
fn tear(
    x: f32,
    y: f32,
    (depth, seed): (f32, u32),
    height: f32,
    (left, top, side): (f32, f32, f32),
) -> f32 {
    let ragged = 0.9 * cloud(x / 3.0, y / 3.0, seed ^ 41) + 0.35 * cloud(x, y, seed ^ 42);
    // A strip comes off one of the three edges that the code is close to, and
    // is deepest somewhere along the code.
    let (from_edge, along, reach) = match (speck(5, 6, seed) * 3.0) as u32 {
        0 => (x, y - top, left + depth),
        1 => (y, x - left, top + depth),
        _ => (height - y, x - left, height - top - side + depth),
    };
    let off = (along / side - speck(3, 4, seed)) / 0.34;
    let whole = from_edge - reach / (1.0 + off * off * off * off) - ragged;
    if whole > 0.7 {
        1.0
    } else if whole > 0.0 {
        0.5
    } else {
        0.0
    }
}

/// What is printed on boxes besides labels, to be mistaken for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Print {
    /// A barcode of lines.
    Bars,
    /// A square of random modules without finder patterns.
    Squares,
    /// Lines of small text.
    Text,
    /// A large word.
    Word,
    /// A shipping label: white paper with text, bars and a frame.
    Waybill,
    /// Arrows that point up.
    Arrows,
}

impl Print {
    pub const ALL: [Self; 6] =
        [Self::Bars, Self::Squares, Self::Text, Self::Word, Self::Waybill, Self::Arrows];

    /// Width and height, in millimetres.
    pub fn size(self) -> (f32, f32) {
        match self {
            Self::Bars => (52.0, 22.0),
            Self::Squares => (22.0, 22.0),
            Self::Text => (60.0, 30.0),
            Self::Word => (90.0, 34.0),
            Self::Waybill => (100.0, 70.0),
            Self::Arrows => (40.0, 40.0),
        }
    }

    /// As it comes from the press.
    pub fn texture(self, rng: &mut SmallRng) -> Texture {
        let seed: u32 = rng.random();
        let (width, height) = self.size();
        match self {
            Self::Bars => Texture::new((width, height), 5.0, |x, y| {
                let is_ink = y < height - 4.0 && bars(x / 0.5, seed);
                (TONER * 1.6, if is_ink { 0.9 } else { 0.0 })
            }),
            Self::Squares => Texture::new((width, height), 5.0, |x, y| {
                let is_ink = speck((x / 1.0) as i32, (y / 1.0) as i32, seed) > 0.5;
                (if is_ink { TONER } else { PAPER }, 1.0)
            }),
            Self::Text => Texture::new((width, height), 5.0, |x, y| {
                (TONER * 1.8, 0.85 * writing(x, y, 4.6, width, seed))
            }),
            Self::Word => {
                let words = ["FRAGILE", "BOOKS", "KITCHEN", "OFFICE", "2ND FL", "THIS UP"];
                let word = words[rng.random_range(0..words.len())];
                let line = (width / (advance() * word.len() as f32)).min(height);
                Texture::new((width, height), 4.0, |x, y| {
                    let wobble = 0.02 * cloud(x / 9.0, y / 9.0, seed);
                    (TONER, 0.9 * ink(word, x / line + wobble, y / line + wobble))
                })
            }
            Self::Waybill => Texture::new((width, height), 5.0, |x, y| {
                let frame = x.min(y).min(width - x).min(height - y);
                let is_frame = (1.5..2.1).contains(&frame) || (27.0..27.5).contains(&y);
                let is_bar = (32.0..62.0).contains(&y)
                    && (8.0..86.0).contains(&x)
                    && bars((x - 8.0) / 0.5, seed);
                let text = if (3.0..26.0).contains(&y) && x > 4.0 && x < width - 4.0 {
                    writing(x - 4.0, y - 3.0, 4.2, width - 12.0, seed)
                } else {
                    0.0
                };
                let ink = if is_frame || is_bar { 1.0 } else { text };
                (PAPER + (TONER - PAPER) * ink, 1.0)
            }),
            Self::Arrows => Texture::new((width, height), 4.0, |x, y| {
                let arm = (x % 20.0 - 10.0).abs();
                let is_head = (3.0..14.0).contains(&y) && arm < (y - 3.0) * 0.75;
                let is_shaft = (14.0..30.0).contains(&y) && arm < 3.0;
                let is_line = (33.0..36.0).contains(&y);
                (TONER * 1.5, if is_head || is_shaft || is_line { 0.88 } else { 0.0 })
            }),
        }
    }
}

/// Whether there is a bar so many units from the left.
fn bars(units: f32, seed: u32) -> bool {
    speck(units as i32, 0, seed) > 0.45
}

/// Lines of characters that say nothing.
fn writing(x: f32, y: f32, line: f32, width: f32, seed: u32) -> f32 {
    let row = (y / line) as i32;
    let ends = width * (0.45 + 0.5 * speck(row, 1, seed));
    if x > ends {
        return 0.0;
    }
    let pitch = line * 0.8 * advance();
    let column = (x / pitch) as i32;
    let drawn = (speck(column, row, seed ^ 9) * 40.0) as u8;
    let character = match drawn {
        0..=25 => (b'A' + drawn) as char,
        26..=33 => (b'0' + (drawn - 26)) as char,
        _ => ' ',
    };
    let mut buffer = [0; 4];
    let text = character.encode_utf8(&mut buffer);
    ink(text, (x - column as f32 * pitch) / (line * 0.8), (y - row as f32 * line) / (line * 0.8))
}
