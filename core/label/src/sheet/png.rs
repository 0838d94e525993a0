//! The sheet as a greyscale picture. Codes and marks are black to the pixel;
//! only the edges of characters are grey.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "positions on a page of at most 14,032 pixels, which f32 counts exactly; \
              what is rounded is never negative"
)]

use image::GrayImage;
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, RasterizedChar, get_raster};
use png::{BitDepth, ColorType, Encoder, EncodingError, PixelDimensions, Unit};

use super::layout::{HAIRLINE, Label, Layout, PAGE, Point, Text};
use crate::code::Run;

/// The middle of a capital in the font's raster, from its top.
const MIDDLE: f32 = 16.5;

pub(super) fn picture(
    layout: &Layout,
    labels: &[Label],
    dpi: u32,
) -> Result<Vec<u8>, EncodingError> {
    let mut canvas = Canvas::white(PAGE, dpi);
    for ((x, y), (to_x, to_y)) in layout.marks() {
        let half = HAIRLINE / 2.0;
        canvas.fill((x - half, y - half), (to_x + half, to_y + half));
    }
    for label in labels {
        canvas.print(label, layout.module);
    }
    canvas.encode()
}

/// One label that stands in the upper left corner of a page, cut out.
pub(super) fn cut_out(layout: &Layout, label: &Label, dpi: u32) -> GrayImage {
    let mut canvas = Canvas::white(layout.label_size(), dpi);
    canvas.print(label, layout.module);
    let (width, height) = (canvas.width as u32, canvas.height as u32);
    GrayImage::from_vec(width, height, canvas.luma).unwrap_or_default()
}

/// A page, or a part of one, in pixels.
struct Canvas {
    width: usize,
    height: usize,
    /// Row by row from the top, 0 for black.
    luma: Vec<u8>,
    /// Pixels to a millimetre.
    scale: f32,
}

impl Canvas {
    fn white(size: Point, dpi: u32) -> Self {
        let scale = dpi as f32 / 25.4;
        let (width, height) =
            ((size.0 * scale).round() as usize, (size.1 * scale).round() as usize);
        Self { width, height, luma: vec![255; width * height], scale }
    }

    /// The pixel at which this distance in millimetres begins.
    fn pixel(&self, millimetres: f32) -> usize {
        (millimetres * self.scale).round() as usize
    }

    /// Blackens a rectangle, at least a pixel broad and high.
    fn fill(&mut self, (left, top): Point, (right, bottom): Point) {
        let (left, top) = (self.pixel(left), self.pixel(top));
        let right = self.pixel(right).clamp(left + 1, self.width.max(left + 1));
        let bottom = self.pixel(bottom).max(top + 1);
        for row in self.luma.chunks_exact_mut(self.width).take(bottom).skip(top) {
            if let Some(strip) = row.get_mut(left..right) {
                strip.fill(0);
            }
        }
    }

    fn print(&mut self, label: &Label, module: f32) {
        let (x, y) = label.corner;
        let at =
            |column: u8, row: u8| (x + f32::from(column) * module, y + f32::from(row) * module);
        for Run { column, row, length } in label.code.runs() {
            self.fill(at(column, row), at(column + length, row + 1));
        }
        for text in &label.texts {
            self.write(text);
        }
    }

    fn write(&mut self, text: &Text) {
        let weight = if text.bold { FontWeight::Bold } else { FontWeight::Regular };
        let (mut x, y) = text.left;
        for character in text.text.chars() {
            if let Some(glyph) = get_raster(character, weight, RasterHeight::Size32) {
                self.draw(&glyph, (x, y), text.pitch);
            }
            x += text.pitch;
        }
    }

    /// Draws a character so many millimetres wide, its left edge and the middle
    /// of its height at a point.
    fn draw(&mut self, glyph: &RasterizedChar, (x, y): Point, pitch: f32) {
        let enlarged = pitch * self.scale / glyph.width() as f32;
        let (left, top) = (x * self.scale, y * self.scale - MIDDLE * enlarged);
        let columns = self.pixel(x)..self.pixel(x + pitch);
        let rows = top.round() as usize..(top + glyph.height() as f32 * enlarged).round() as usize;
        let lines = self.luma.chunks_exact_mut(self.width).enumerate();
        for (row, line) in lines.take(rows.end).skip(rows.start) {
            let pixels = line.iter_mut().enumerate();
            for (column, pixel) in pixels.take(columns.end).skip(columns.start) {
                let across = (column as f32 + 0.5 - left) / enlarged;
                let down = (row as f32 + 0.5 - top) / enlarged;
                // Enlarging smears an edge over several pixels; one is enough.
                let ink = (ink_at(glyph, across, down) - 0.5) * enlarged.max(1.0) + 0.5;
                *pixel = (*pixel).min(255 - (ink.clamp(0.0, 1.0) * 255.0).round() as u8);
            }
        }
    }

    fn encode(&self) -> Result<Vec<u8>, EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::Eight);
        let per_metre = (self.scale * 1000.0).round() as u32;
        encoder.set_pixel_dims(Some(PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit: Unit::Meter,
        }));
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.luma)?;
        writer.finish()?;
        Ok(bytes)
    }
}

/// How dark a character is at a point of its raster, 0 to 1, between the four
/// nearest of its pixels.
fn ink_at(glyph: &RasterizedChar, across: f32, down: f32) -> f32 {
    let (across, down) = ((across - 0.5).max(0.0), (down - 0.5).max(0.0));
    let (column, row) = (across as usize, down as usize);
    let (right, below) = (across.fract(), down.fract());
    let ink = |column, row| glyph.pixel(column, row).map_or(0.0, |ink| f32::from(ink) / 255.0);
    let upper = ink(column, row) * (1.0 - right) + ink(column + 1, row) * right;
    let lower = ink(column, row + 1) * (1.0 - right) + ink(column + 1, row + 1) * right;
    upper * (1.0 - below) + lower * below
}
