//! Draws what was read onto the photograph, as the app would.

use image::{Rgb, RgbImage};

use crate::lettering::{advance, ink};

/// What a mark says about a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A box of the job, scanned for the first time: green.
    New,
    /// A box of the job that was counted before: blue.
    Again,
    /// It does not belong here: red.
    NotOurs,
    /// Torn; somebody types it: amber.
    Torn,
}

impl Kind {
    const fn colour(self) -> [u8; 3] {
        match self {
            Self::New => [46, 204, 113],
            Self::Again => [72, 149, 239],
            Self::NotOurs => [239, 71, 66],
            Self::Torn => [255, 183, 3],
        }
    }
}

/// Something to draw.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The corners of the code in the photograph, in pixels, in order around.
    pub corners: [(f32, f32); 4],
    /// What it says.
    pub kind: Kind,
    /// The call-out, usually the label's last four characters.
    pub text: String,
}

/// Height of a call-out's letters, and of the caption's, in pixels.
const CALL_OUT: f32 = 34.0;
const CAPTION: f32 = 58.0;
/// Half the width of a quad's line, in pixels.
const LINE: f32 = 2.6;
const PLATE: [u8; 3] = [18, 22, 28];
const WHITE: [u8; 3] = [250, 250, 250];

/// Draws all marks, and the caption, for instance "37 of 42", in the upper left
/// corner.
pub fn annotate(photo: &mut RgbImage, marks: &[Mark], caption: &str) {
    for mark in marks {
        outline(photo, mark);
    }
    for mark in marks {
        call_out(photo, mark);
    }
    if !caption.is_empty() {
        let wide = CAPTION * (advance() * caption.chars().count() as f32 + 0.9);
        plate(photo, [36.0, 36.0, 36.0 + wide, 36.0 + CAPTION * 1.4], 16.0, 0.78);
        write(photo, caption, (36.0 + CAPTION * 0.45, 36.0 + CAPTION * 0.2), CAPTION);
    }
}

/// The code's quad, a little outside its modules, tinted within.
fn outline(photo: &mut RgbImage, mark: &Mark) {
    let centre = centre(&mark.corners);
    let corners = mark
        .corners
        .map(|(x, y)| (centre.0 + (x - centre.0) * 1.06, centre.1 + (y - centre.1) * 1.06));
    paint(photo, bounds(&corners, LINE + 1.0), mark.kind.colour(), |x, y| {
        let mut nearest = f32::MAX;
        let (mut right, mut left) = (true, true);
        for (from, to) in corners.iter().zip(corners.iter().cycle().skip(1)) {
            nearest = nearest.min(distance((x, y), *from, *to));
            let side = (to.0 - from.0) * (y - from.1) - (to.1 - from.1) * (x - from.0);
            right &= side >= 0.0;
            left &= side <= 0.0;
        }
        let line = (LINE + 0.5 - nearest).clamp(0.0, 1.0);
        if right || left { line.max(0.16) } else { line }
    });
}

/// The plate with the text, above the code where there is room.
fn call_out(photo: &mut RgbImage, mark: &Mark) {
    let [left, top, right, bottom] = bounds(&mark.corners, 0.0);
    let wide = CALL_OUT * (advance() * mark.text.chars().count() as f32 + 0.9);
    let high = CALL_OUT * 1.3;
    let rim = (bottom - top) * 0.06 + 2.0 * LINE + 4.0;
    let above = top - rim - high;
    let y = if above > 4.0 { above } else { bottom + rim };
    let most_right = photo.width() as f32 - wide - 4.0;
    let x = ((left + right - wide) / 2.0).clamp(4.0, most_right.max(4.0));
    plate(photo, [x, y, x + wide, y + high], 8.0, 0.86);
    let stripe = [x, y, x + CALL_OUT * 0.24, y + high];
    paint(photo, stripe, mark.kind.colour(), |px, py| {
        rounded(px, py, [x, y, x + wide, y + high], 8.0)
    });
    write(photo, &mark.text, (x + CALL_OUT * 0.55, y + CALL_OUT * 0.15), CALL_OUT);
}

fn plate(photo: &mut RgbImage, area: [f32; 4], radius: f32, cover: f32) {
    paint(photo, area, PLATE, |x, y| cover * rounded(x, y, area, radius));
}

fn write(photo: &mut RgbImage, text: &str, (left, top): (f32, f32), height: f32) {
    let wide = advance() * height * text.chars().count() as f32;
    paint(photo, [left, top, left + wide, top + height], WHITE, |x, y| {
        ink(text, (x - left) / height, (y - top) / height)
    });
}

/// Mixes a colour into an area (left, top, right, bottom), as far as `cover`
/// says for each pixel's centre.
fn paint(
    photo: &mut RgbImage,
    [left, top, right, bottom]: [f32; 4],
    colour: [u8; 3],
    cover: impl Fn(f32, f32) -> f32,
) {
    // Casting from f32 saturates, so what lies outside is cut off.
    for y in top.floor() as u32..(bottom.ceil() as u32).min(photo.height()) {
        for x in left.floor() as u32..(right.ceil() as u32).min(photo.width()) {
            let share = cover(x as f32 + 0.5, y as f32 + 0.5);
            let Rgb(pixel) = photo.get_pixel_mut(x, y);
            for (channel, of_colour) in pixel.iter_mut().zip(colour) {
                let mixed = f32::from(*channel) * (1.0 - share) + f32::from(of_colour) * share;
                *channel = (mixed + 0.5) as u8;
            }
        }
    }
}

/// How far a point is inside a rectangle with round corners, 0 to 1.
fn rounded(x: f32, y: f32, [left, top, right, bottom]: [f32; 4], radius: f32) -> f32 {
    let across = (left + radius - x).max(x - right + radius).max(0.0);
    let down = (top + radius - y).max(y - bottom + radius).max(0.0);
    (radius + 0.5 - (across * across + down * down).sqrt()).clamp(0.0, 1.0)
}

/// Distance of a point from a line between two others.
fn distance((x, y): (f32, f32), from: (f32, f32), to: (f32, f32)) -> f32 {
    let (along_x, along_y) = (to.0 - from.0, to.1 - from.1);
    let square = (along_x * along_x + along_y * along_y).max(f32::MIN_POSITIVE);
    let part = ((x - from.0) * along_x + (y - from.1) * along_y) / square;
    let part = part.clamp(0.0, 1.0);
    (x - from.0 - part * along_x).hypot(y - from.1 - part * along_y)
}

fn centre(corners: &[(f32, f32); 4]) -> (f32, f32) {
    corners.iter().fold((0.0, 0.0), |(x, y), corner| (x + corner.0 / 4.0, y + corner.1 / 4.0))
}

fn bounds(corners: &[(f32, f32); 4], rim: f32) -> [f32; 4] {
    corners.iter().fold([f32::MAX, f32::MAX, f32::MIN, f32::MIN], |[l, t, r, b], (x, y)| {
        [l.min(x - rim), t.min(y - rim), r.max(x + rim), b.max(y + rim)]
    })
}
