use crewseal_label::{Code, LabelError, Strength, Token};
use proptest::prelude::*;

use super::*;
use crate::{Point, Region, Rotation};

/// A grey picture to draw codes on.
struct Canvas {
    width: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        Self { width, pixels: vec![255; width * height] }
    }

    /// Draws dark modules of `module` pixels, the first at `(left, top)`.
    fn draw(
        &mut self,
        (left, top): (usize, usize),
        module: usize,
        size: usize,
        is_dark: impl Fn(usize, usize) -> bool,
    ) {
        for y in 0..size * module {
            for x in 0..size * module {
                if is_dark(x / module, y / module) {
                    self.pixels[(top + y) * self.width + left + x] = 0;
                }
            }
        }
    }

    fn read(&self) -> Vec<Reading> {
        let width = u32::try_from(self.width).unwrap();
        let height = u32::try_from(self.pixels.len() / self.width).unwrap();
        read(&Luma::new(width, height, self.width, &self.pixels).unwrap())
    }
}

fn token(seed: u8) -> Token {
    Token::from_bytes(std::array::from_fn(|i| {
        seed.wrapping_mul(31) ^ u8::try_from(i * 13).unwrap()
    }))
}

fn photographed_label(token: &Token, strength: Strength, module: usize) -> Canvas {
    let code = Code::of(token, strength).unwrap();
    let side = (code.size() + 2 * Code::QUIET) * module;
    let mut canvas = Canvas::new(side, side);
    let at = Code::QUIET * module;
    canvas.draw((at, at), module, code.size(), |column, row| code.is_dark(column, row));
    canvas
}

/// Any text as a QR of 4 pixels a module.
fn photographed_text(text: &str) -> Canvas {
    let code = qrcode::QrCode::new(text).unwrap();
    let dark = code.to_colors();
    let size = code.width();
    let mut canvas = Canvas::new((size + 8) * 4, (size + 8) * 4);
    canvas.draw((16, 16), 4, size, |column, row| dark[row * size + column] == qrcode::Color::Dark);
    canvas
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_label_is_read(bytes: [u8; 16], module in 3..9_usize, rough: bool) {
        let token = Token::from_bytes(bytes);
        let strength = if rough { Strength::Rough } else { Strength::Normal };
        let readings = photographed_label(&token, strength, module).read();
        prop_assert_eq!(readings.len(), 1);
        prop_assert_eq!(Token::parse(&readings[0].text), Ok(token));
    }

    #[test]
    fn torn_finder_patterns_are_read_as_nothing(
        patterns in proptest::collection::vec((1..6_usize, 0..118_usize, 0..78_usize), 0..16),
    ) {
        let mut canvas = Canvas::new(160, 120);
        for (module, left, top) in patterns {
            canvas.draw((left, top), module, 7, |column, row| {
                let ring = column.min(row).min(6 - column).min(6 - row);
                ring != 1
            });
        }
        prop_assert_eq!(canvas.read().len(), 0);
    }

    #[test]
    fn noise_is_read_as_nothing(
        pixels in proptest::collection::vec(any::<u8>(), 64 * 64),
        width in 1..64_u32,
    ) {
        let height = 4096 / width;
        let stride = usize::try_from(width).unwrap();
        prop_assert_eq!(read(&Luma::new(width, height, stride, &pixels).unwrap()).len(), 0);
    }
}

#[test]
fn corners_are_the_outer_corners_of_the_modules() {
    for module in [3, 8] {
        let readings = photographed_label(&token(1), Strength::Normal, module).read();
        let near = f32::from(u8::try_from(4 * module).unwrap());
        let far = f32::from(u8::try_from(29 * module).unwrap());
        let expected = [(near, near), (far, near), (far, far), (near, far)];
        for (corner, (x, y)) in readings[0].corners.iter().zip(expected) {
            assert!((corner.x - x).abs() < 2.0, "{module}: {corner:?} for {x}, {y}");
            assert!((corner.y - y).abs() < 2.0, "{module}: {corner:?} for {x}, {y}");
        }
    }
}

/// A wide view with one label, its top left corner at `(left, top)`.
fn view(left: usize, top: usize) -> Canvas {
    let mut canvas = Canvas::new(400, 240);
    let code = Code::of(&token(6), Strength::Normal).unwrap();
    canvas.draw((left, top), 4, code.size(), |column, row| code.is_dark(column, row));
    canvas
}

fn is_near(point: Point, x: f32, y: f32) -> bool {
    (point.x - x).abs() < 2.0 && (point.y - y).abs() < 2.0
}

#[test]
fn corners_are_those_of_the_upright_frame() {
    let canvas = view(40, 60);
    let frame = Luma::new(400, 240, 400, &canvas.pixels).unwrap();
    // Its own top left, and its own bottom right 100 pixels away each way.
    for (rotation, first, third) in [
        (Rotation::None, (40.0, 60.0), (140.0, 160.0)),
        (Rotation::Quarter, (180.0, 40.0), (80.0, 140.0)),
        (Rotation::Half, (360.0, 180.0), (260.0, 80.0)),
        (Rotation::ThreeQuarters, (60.0, 360.0), (160.0, 260.0)),
    ] {
        let turned = frame.turned(rotation);
        for readings in [
            Reader::new().still(&turned, &Look::default()),
            Reader::new().live(&turned, &Look::default()),
        ] {
            let [reading] = readings.as_slice() else { panic!("{rotation:?}: {readings:?}") };
            let [a, _, c, _] = reading.corners;
            assert!(is_near(a, first.0, first.1), "{rotation:?}: {reading:?}");
            assert!(is_near(c, third.0, third.1), "{rotation:?}: {reading:?}");
        }
    }
}

#[test]
fn a_part_is_read_in_coordinates_of_the_whole() {
    let canvas = view(220, 60);
    let frame = Luma::new(400, 240, 400, &canvas.pixels).unwrap();
    let frame = frame.turned(Rotation::Quarter);
    // Turned, the label lies at (80, 220) to (180, 320).
    let around = Region { left: 60, top: 195, width: 150, height: 160 };
    let readings = read(&frame.crop(around).unwrap());
    let [reading] = readings.as_slice() else { panic!("{readings:?}") };
    assert!(is_near(reading.corners[0], 180.0, 220.0), "{reading:?}");
    let beside = Region { left: 0, top: 0, width: 240, height: 200 };
    assert_eq!(read(&frame.crop(beside).unwrap()), []);
}

#[test]
fn a_reader_stops_when_the_time_is_over() {
    let canvas = view(40, 60);
    let frame = Luma::new(400, 240, 400, &canvas.pixels).unwrap();
    let mut reader = Reader::new();
    let is_over = || true;
    assert_eq!(reader.still(&frame, &Look::until(&is_over)), []);
    assert_eq!(reader.live(&frame, &Look::until(&is_over)), []);
    assert_eq!(reader.still(&frame, &Look::default()).len(), 1, "it goes on afterwards");
}

#[test]
fn two_codes_in_view_are_both_read_once() {
    let mut canvas = Canvas::new(400, 200);
    for (seed, left) in [(1, 30), (2, 230)] {
        let code = Code::of(&token(seed), Strength::Rough).unwrap();
        canvas.draw((left, 40), 4, code.size(), |column, row| code.is_dark(column, row));
    }
    let mut read: Vec<Token> =
        canvas.read().iter().map(|reading| Token::parse(&reading.text).unwrap()).collect();
    read.sort();
    let mut expected = vec![token(1), token(2)];
    expected.sort();
    assert_eq!(read, expected);
}

#[test]
fn padded_rows_are_read_alike() {
    let canvas = photographed_label(&token(3), Strength::Normal, 3);
    let padded: Vec<u8> = canvas
        .pixels
        .chunks(canvas.width)
        .flat_map(|row| row.iter().copied().chain([0; 13]))
        .collect();
    let side = u32::try_from(canvas.width).unwrap();
    let frame = Luma::new(side, side, canvas.width + 13, &padded).unwrap();
    assert_eq!(read(&frame), canvas.read());
}

#[test]
fn foreign_codes_are_read_and_left_to_others() {
    let label = token(4).to_text();
    for (text, meaning) in [
        ("https://example.com/box/1", Err(LabelError::Character { position: 6 })),
        (&label[..21], Err(LabelError::Length { characters: 21 })),
        (&label.to_lowercase(), Ok(token(4))),
        ("", Err(LabelError::Length { characters: 0 })),
        ("Umzugskarton \u{1F4E6} \u{FC}ber", Err(LabelError::Character { position: 1 })),
    ] {
        let readings = photographed_text(text).read();
        let texts: Vec<&str> = readings.iter().map(|reading| reading.text.as_str()).collect();
        assert_eq!(texts, [text]);
        assert_eq!(Token::parse(texts[0]), meaning);
    }
}

#[test]
fn debug_does_not_show_the_text() {
    let reading = &photographed_label(&token(5), Strength::Normal, 4).read()[0];
    assert!(!format!("{reading:?}").contains(&reading.text));
}
