//! The picture of a drawn signature, for a screen or a page.

use std::io::Cursor;

use crewseal_custody::Drawing;
use image::{GrayImage, ImageFormat, Luma};

/// Pictures are drawn in whole sixteenths of a pixel, so every machine draws
/// the same one.
const PIXEL: i64 = 16;

/// Half the width of the pen, from fine on a small picture to `PEN_BROAD` on a
/// large one.
const PEN_FINE: i64 = PIXEL * 5 / 4;
const PEN_BROAD: i64 = PIXEL * 4;

/// How much of the picture's shorter side half the pen's width is.
const PEN_PART: i64 = 120;

const PAPER: u8 = 255;
const INK: u8 = 24;

/// Why there is no picture of a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// At this scale the picture has no pixels or a side of more than
    /// [`Drawing::MOST_SIDE`].
    #[error("no picture of this drawing is made at scale {scale}")]
    Scale {
        /// The scale.
        scale: u8,
    },
    /// The picture could not be encoded.
    #[error("the picture could not be made")]
    Encoding,
}

/// A picture of a drawing as PNG, dark on white, `scale` pixels for each point of
/// the pad.
///
/// # Errors
/// [`PictureError::Scale`]; at scale 1 there is always one.
pub fn picture(drawing: &Drawing, scale: u8) -> Result<Vec<u8>, PictureError> {
    let side = |points: u16| u32::from(points) * u32::from(scale);
    let (width, height) = (side(drawing.width()), side(drawing.height()));
    if scale == 0 || width.max(height) > u32::from(Drawing::MOST_SIDE) {
        return Err(PictureError::Scale { scale });
    }
    let pen = (i64::from(width.min(height)) * PIXEL / PEN_PART).clamp(PEN_FINE, PEN_BROAD);
    let mut picture = GrayImage::from_pixel(width, height, Luma([PAPER]));
    // The middle of the square of pixels that a point of the pad becomes.
    let middle = |at: u16| (2 * i64::from(at) + 1) * i64::from(scale) * PIXEL / 2;
    for stroke in drawing.strokes() {
        let mut places = stroke.points.iter().map(|point| (middle(point.x), middle(point.y)));
        let Some(mut from) = places.next() else { continue };
        press(&mut picture, from, pen);
        for to in places {
            draw(&mut picture, from, to, pen);
            from = to;
        }
    }
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).map_err(|_| PictureError::Encoding)?;
    Ok(png.into_inner())
}

/// Presses the pen down again and again on the way, so closely that the edge
/// looks straight.
fn draw(picture: &mut GrayImage, from: (i64, i64), to: (i64, i64), pen: i64) {
    let (across, down) = (to.0 - from.0, to.1 - from.1);
    let steps = across.abs().max(down.abs()) / (pen / 2) + 1;
    for step in 1..=steps {
        let place = (from.0 + across * step / steps, from.1 + down * step / steps);
        press(picture, place, pen);
    }
}

/// A round dot; a pixel on its edge gets as much ink as the dot covers of it.
fn press(picture: &mut GrayImage, middle: (i64, i64), pen: i64) {
    let reach = pen + PIXEL / 2;
    let pixels = |at: i64| (at - reach).max(0) / PIXEL..=(at + reach) / PIXEL;
    for (y, x) in pixels(middle.1).flat_map(|y| pixels(middle.0).map(move |x| (y, x))) {
        let (Ok(column), Ok(row)) = (u32::try_from(x), u32::try_from(y)) else { continue };
        // Most of a dot lies on the one before, and needs nothing more.
        let Some(Luma([shade])) = picture.get_pixel_mut_checked(column, row) else { continue };
        if *shade == INK {
            continue;
        }
        let across = x * PIXEL + PIXEL / 2 - middle.0;
        let down = y * PIXEL + PIXEL / 2 - middle.1;
        let square = across * across + down * down;
        if square < reach * reach {
            let covered = (reach - square.isqrt()).min(PIXEL);
            let ink = covered * i64::from(PAPER - INK) / PIXEL;
            *shade = (*shade).min(PAPER - u8::try_from(ink).unwrap_or(PAPER - INK));
        }
    }
}

#[cfg(test)]
mod tests {
    use crewseal_custody::{Point, Stroke};

    use super::*;

    fn stroke(points: &[(u16, u16, u32)]) -> Stroke {
        Stroke { points: points.iter().map(|&(x, y, millis)| Point { x, y, millis }).collect() }
    }

    /// A hook and a dot.
    fn strokes() -> Vec<Stroke> {
        vec![
            stroke(&[(4, 20, 0), (30, 5, 16), (50, 33, 33), (50, 33, 33)]),
            stroke(&[(10, 8, 300)]),
        ]
    }

    /// How far it is from `at` to the line from `a` to `b`.
    fn distance(at: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
        let (along, to) = ((b.0 - a.0, b.1 - a.1), (at.0 - a.0, at.1 - a.1));
        let square = along.0 * along.0 + along.1 * along.1;
        let part = if square == 0.0 {
            0.0
        } else {
            ((to.0 * along.0 + to.1 * along.1) / square).clamp(0.0, 1.0)
        };
        (to.0 - part * along.0).hypot(to.1 - part * along.1)
    }

    #[test]
    fn ink_is_where_the_finger_was_and_nowhere_else() {
        let drawing = Drawing::new(60, 40, strokes()).unwrap();
        for scale in [1, 3, 8] {
            let png = picture(&drawing, scale).unwrap();
            let picture = image::load_from_memory_with_format(&png, ImageFormat::Png).unwrap();
            let picture = picture.to_luma8();
            assert_eq!(picture.dimensions(), (60 * u32::from(scale), 40 * u32::from(scale)));
            let place = |point: &Point| {
                let middle = |at: u16| (f64::from(at) + 0.5) * f64::from(scale);
                (middle(point.x), middle(point.y))
            };
            let pen = f64::from(40 * u32::from(scale)) / 120.0;
            let pen = pen.clamp(1.25, 4.0);
            let (mut dark, mut half) = (0, 0);
            for (x, y, Luma([shade])) in picture.enumerate_pixels() {
                let at = (f64::from(x) + 0.5, f64::from(y) + 0.5);
                let lines = drawing.strokes().iter().flat_map(|stroke| {
                    let points = &stroke.points;
                    points.iter().zip(points.iter().skip(1).chain(points.last()))
                });
                let nearest = lines
                    .map(|(a, b)| distance(at, place(a), place(b)))
                    .fold(f64::INFINITY, f64::min);
                if nearest < pen - 0.75 {
                    assert_eq!(*shade, INK, "{x}, {y} at scale {scale}, {nearest} away");
                    dark += 1;
                } else if nearest > pen + 0.75 {
                    assert_eq!(*shade, PAPER, "{x}, {y} at scale {scale}, {nearest} away");
                } else if *shade != INK && *shade != PAPER {
                    half += 1;
                }
            }
            assert!(dark > 50 && half > 50, "{dark} dark, {half} half at scale {scale}");
        }
    }

    #[test]
    fn pictures_are_bounded() {
        let drawing = Drawing::new(60, 40, strokes()).unwrap();
        for scale in [0, 69, u8::MAX] {
            assert_eq!(picture(&drawing, scale), Err(PictureError::Scale { scale }));
        }
        assert!(picture(&drawing, 68).unwrap().len() < 100_000);
        let corners = stroke(&[(0, 0, 0), (Drawing::MOST_SIDE - 1, Drawing::MOST_SIDE - 1, 1)]);
        let largest = Drawing::new(Drawing::MOST_SIDE, Drawing::MOST_SIDE, vec![corners]).unwrap();
        assert!(picture(&largest, 1).unwrap().len() < 1_000_000);
        assert_eq!(picture(&largest, 2), Err(PictureError::Scale { scale: 2 }));
    }
}
