//! The printed label: a white sticker of A6, the code on its left and the
//! groups for typing on its right, the last four large.
//!
//! A6 is large for a label, and on purpose: at full HD a dozen boxes leave
//! about a pixel to the millimetre, and a module wants three.

use crewseal_label::{Code, Strength, Token};

use crate::grain::cloud;
use crate::lettering::{advance, ink};

/// Width of the sticker, in millimetres.
pub const WIDTH: f32 = 148.0;
/// Height of the sticker, in millimetres.
pub const HEIGHT: f32 = 105.0;

/// Texels to the millimetre.
const FINENESS: f32 = 4.0;
/// The square that code and quiet zone fill, in millimetres.
const SQUARE: f32 = 101.0;
/// White above and left of that square, in millimetres.
const MARGIN: f32 = 2.0;

/// A label as it was printed and, perhaps, torn.
pub struct Sticker {
    columns: usize,
    /// How much light each texel throws back; less than 0 where paper is gone.
    paper: Vec<f32>,
    /// The outer corners of the code's modules in millimetres from the top
    /// left, clockwise from the code's top left.
    pub code_corners: [(f32, f32); 4],
}

impl Sticker {
    /// Prints a label. A torn one has lost more than half of its code with two
    /// of the three finder patterns, which no decoder survives; its groups can
    /// still be read by a person.
    pub fn print(token: &Token, strength: Strength, torn: Option<u32>) -> Self {
        let code = Code::of(token, strength).expect("every token fits");
        let module = SQUARE / (code.size() + 2 * Code::QUIET) as f32;
        let quiet = Code::QUIET as f32 * module;
        let lines = lines(token);
        let columns = (WIDTH * FINENESS) as usize;
        let rows = (HEIGHT * FINENESS) as usize;
        let mut paper = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            for column in 0..columns {
                let x = (column as f32 + 0.5) / FINENESS;
                let y = (row as f32 + 0.5) / FINENESS;
                let cell = |at: f32| ((at - MARGIN - quiet) / module).floor();
                let (across, down) = (cell(x), cell(y));
                let module_dark =
                    across >= 0.0 && down >= 0.0 && code.is_dark(across as usize, down as usize);
                let dark = if module_dark {
                    1.0
                } else {
                    lines.iter().map(|line| line.ink(x, y)).fold(0.0, f32::max)
                };
                let white = 0.86 - 0.81 * dark;
                paper.push(torn.map_or(white, |seed| ripped(x, y, white, seed)));
            }
        }
        let near = MARGIN + quiet;
        let far = MARGIN + SQUARE - quiet;
        let code_corners = [(near, near), (far, near), (far, far), (near, far)];
        Self { columns, paper, code_corners }
    }

    /// Light thrown back at a place in millimetres; none where there is no
    /// paper.
    pub fn at(&self, x: f32, y: f32) -> Option<f32> {
        if !(0.0..WIDTH).contains(&x) || !(0.0..HEIGHT).contains(&y) {
            return None;
        }
        let texel = (y * FINENESS) as usize * self.columns + (x * FINENESS) as usize;
        self.paper.get(texel).copied().filter(|light| *light >= 0.0)
    }
}

/// What a texel of a torn label shows: a ragged rip runs from top to bottom
/// through the code, with a rim of bare fibre.
fn ripped(x: f32, y: f32, white: f32, seed: u32) -> f32 {
    let rip = 60.0
        + 7.0 * cloud(y / 30.0, 0.5, seed)
        + 3.0 * cloud(y / 7.0, 1.5, seed)
        + 0.8 * cloud(y / 1.5, 2.5, seed);
    let rim = 2.2 + 1.4 * cloud(y / 4.0, 3.5, seed);
    let left_behind = cloud(x / 9.0, y / 9.0, seed) + 0.4 * cloud(x / 3.0, y / 3.0, seed) > 0.95;
    if x > rip + rim {
        white
    } else if x > rip || left_behind {
        0.74 + 0.05 * cloud(x * 2.0, y * 2.0, seed)
    } else {
        -1.0
    }
}

/// A line of text on the label.
struct Line {
    text: String,
    left: f32,
    top: f32,
    height: f32,
}

impl Line {
    fn ink(&self, x: f32, y: f32) -> f32 {
        ink(&self.text, (x - self.left) / self.height, (y - self.top) / self.height)
    }
}

/// The groups, two to a line, and the last one as large as it fits.
fn lines(token: &Token) -> Vec<Line> {
    let groups = token.to_groups();
    let (last, groups) = groups.split_last().expect("a label has eight groups");
    let left = MARGIN + SQUARE - 4.0;
    let room = WIDTH - 4.0 - left;
    let small = room / (9.0 * advance());
    let large = room / (4.0 * advance());
    let mut lines: Vec<Line> = [&groups[..2], &groups[2..4], &groups[4..6], &groups[6..]]
        .iter()
        .zip(0..)
        .map(|(pair, number)| Line {
            text: format!("{:>9}", pair.join(" ")),
            left,
            top: 14.0 + 9.5 * number as f32,
            height: small,
        })
        .collect();
    lines.push(Line { text: last.clone(), left, top: 62.0, height: large });
    lines
}
