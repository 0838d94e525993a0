//! Letters of any size, from one bitmap font.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

/// Width of a character over the height of its line.
pub fn advance() -> f32 {
    get_raster_width(FontWeight::Bold, RasterHeight::Size32) as f32 / 32.0
}

/// How much of the point is ink, 0 to 1. `x` and `y` are in heights of the
/// line from the text's top left corner.
pub fn ink(text: &str, x: f32, y: f32) -> f32 {
    let place = x / advance();
    if place < 0.0 || !(0.0..1.0).contains(&y) {
        return 0.0;
    }
    let Some(glyph) = text
        .chars()
        .nth(place as usize)
        .and_then(|c| get_raster(c, FontWeight::Bold, RasterHeight::Size32))
    else {
        return 0.0;
    };
    let (column, row) = (place.fract() * glyph.width() as f32 - 0.5, y * 32.0 - 0.5);
    let at = |column: f32, row: f32| {
        if column < 0.0 || row < 0.0 {
            return 0.0;
        }
        f32::from(glyph.pixel(column as usize, row as usize).unwrap_or(0)) / 255.0
    };
    let (left, top) = (column.floor(), row.floor());
    let (right, down) = (column - left, row - top);
    let upper = at(left, top) * (1.0 - right) + at(left + 1.0, top) * right;
    let lower = at(left, top + 1.0) * (1.0 - right) + at(left + 1.0, top + 1.0) * right;
    upper * (1.0 - down) + lower * down
}
