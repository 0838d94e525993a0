//! Whole pictures: codes seen from all sides, and pictures that are made to take
//! as long as they can.

use std::cell::Cell;

use proptest::prelude::*;
use qrcode::{Color, EcLevel, QrCode};

use crate::{Level, Look, Luma, Point, Reader, Reading};

/// Where a code is seen: a flat one, turned, and tilted about the axis that lies
/// level in the picture.
#[derive(Debug, Clone, Copy)]
struct View {
    /// Of the picture, in pixels.
    width: usize,
    height: usize,
    /// Where the middle of the code is.
    centre: (f32, f32),
    /// Pixels of a module there.
    module: f32,
    degrees: f32,
    /// How much larger all gets with each module downwards.
    tilt: f32,
    is_mirrored: bool,
}

impl View {
    /// Seen straight on, with four modules of paper around it.
    fn of(code: &QrCode, module: f32) -> Self {
        let side = ((code.width() + 8) as f32 * module).ceil();
        Self {
            width: side as usize,
            height: side as usize,
            centre: (side / 2.0, side / 2.0),
            module,
            degrees: 0.0,
            tilt: 0.0,
            is_mirrored: false,
        }
    }

    /// In the middle of a picture of this size.
    fn within(self, width: usize, height: usize) -> Self {
        let centre = (width as f32 / 2.0, height as f32 / 2.0);
        Self { width, height, centre, ..self }
    }

    /// A place in the picture, in modules from the middle of the code.
    fn in_code(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = ((x - self.centre.0) / self.module, (y - self.centre.1) / self.module);
        let y = y / (1.0 + self.tilt * y);
        let x = x * (1.0 - self.tilt * y);
        let (sin, cos) = self.degrees.to_radians().sin_cos();
        let (u, v) = (x * cos + y * sin, y * cos - x * sin);
        (if self.is_mirrored { -u } else { u }, v)
    }

    /// The other way.
    fn in_picture(&self, u: f32, v: f32) -> (f32, f32) {
        let u = if self.is_mirrored { -u } else { u };
        let (sin, cos) = self.degrees.to_radians().sin_cos();
        let (x, y) = (u * cos - v * sin, u * sin + v * cos);
        let far = 1.0 - self.tilt * y;
        (self.centre.0 + x / far * self.module, self.centre.1 + y / far * self.module)
    }

    /// The outer corners of a code, in its own order.
    fn corners(&self, code: &QrCode) -> [Point; 4] {
        let half = code.width() as f32 / 2.0;
        [(-half, -half), (half, -half), (half, half), (-half, half)].map(|(u, v)| {
            let (x, y) = self.in_picture(u, v);
            Point { x, y }
        })
    }

    /// A picture of the code on paper: nine rays for each pixel.
    fn shoot(&self, code: &QrCode, [dark, light]: [f32; 2]) -> Picture {
        let colors = code.to_colors();
        let size = code.width();
        let half = size as f32 / 2.0;
        let is_dark = |x: f32, y: f32| {
            let (u, v) = self.in_code(x, y);
            let (column, row) = ((u + half).floor(), (v + half).floor());
            let is_within = |at: f32| at >= 0.0 && at < size as f32;
            is_within(column)
                && is_within(row)
                && colors[row as usize * size + column as usize] == Color::Dark
        };
        let mut pixels = Vec::with_capacity(self.width * self.height);
        for y in 0..self.height {
            for x in 0..self.width {
                let rays = [1.0, 3.0, 5.0].map(|ray: f32| ray / 6.0);
                let sum: f32 = rays
                    .iter()
                    .flat_map(|across| rays.iter().map(move |down| (*across, *down)))
                    .map(
                        |(across, down)| {
                            if is_dark(x as f32 + across, y as f32 + down) { dark } else { light }
                        },
                    )
                    .sum();
                pixels.push((sum / 9.0) as u8);
            }
        }
        Picture { width: self.width, height: self.height, pixels }
    }
}

/// Black on white, as cameras see it.
const PRINTED: [f32; 2] = [45.0, 215.0];

struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Picture {
    fn new(width: usize, height: usize, luma: impl Fn(usize, usize) -> u8) -> Self {
        let pixels = (0..width * height).map(|at| luma(at % width, at / width)).collect();
        Self { width, height, pixels }
    }

    fn frame(&self) -> Luma<'_> {
        let side = |pixels: usize| u32::try_from(pixels).unwrap();
        Luma::new(side(self.width), side(self.height), self.width, &self.pixels).unwrap()
    }

    fn read(&self) -> Vec<Reading> {
        Reader::new().still(&self.frame(), &Look::default())
    }
}

fn code(text: &str, version: i16, level: EcLevel) -> QrCode {
    QrCode::with_version(text, qrcode::Version::Normal(version), level).unwrap()
}

/// What our labels are printed as.
fn label() -> (QrCode, &'static str) {
    const TEXT: &str = "10C4KRM9G8Y2V0WXT5NPQ3ZJ7ADEF";
    (code(TEXT, 2, EcLevel::Q), TEXT)
}

/// A code is read once, as what it is and where it is to three quarters of a module. Only in
/// the fourth corner of a version 1 nothing says where it is.
#[track_caller]
fn assert_read(code: &QrCode, text: &str, view: &View, shades: [f32; 2]) {
    let readings = view.shoot(code, shades).read();
    let [reading] = readings.as_slice() else { panic!("{readings:?} in {view:?}") };
    assert_eq!(reading.text, text, "{view:?}");
    assert_eq!(usize::from(reading.version), (code.width() - 17) / 4, "{view:?}");
    let level = match code.error_correction_level() {
        EcLevel::L => Level::L,
        EcLevel::M => Level::M,
        EcLevel::Q => Level::Q,
        EcLevel::H => Level::H,
    };
    assert_eq!(reading.level, level, "{view:?}");
    for (index, (corner, expected)) in reading.corners.iter().zip(view.corners(code)).enumerate() {
        let off = (corner.x - expected.x).hypot(corner.y - expected.y) / view.module;
        let most = if index == 2 && reading.version == 1 { 1.0 } else { 0.75 };
        assert!(off < most, "{corner:?}, not {expected:?}, in {view:?}");
    }
}

#[test]
fn a_code_is_read_whatever_way_it_is_turned() {
    let (code, text) = label();
    for degrees in (0..360_u16).step_by(7) {
        let view = View { degrees: f32::from(degrees), ..View::of(&code, 4.3).within(170, 160) };
        assert_read(&code, text, &view, PRINTED);
    }
}

#[test]
fn a_code_is_read_aslant() {
    let (code, text) = label();
    for tilt in [-0.01, -0.005, 0.004, 0.008, 0.01] {
        for degrees in [0.0, 20.0, 45.0, 200.0] {
            let view = View { degrees, tilt, ..View::of(&code, 5.0).within(240, 240) };
            assert_read(&code, text, &view, PRINTED);
        }
    }
}

#[test]
fn codes_of_all_sizes_are_read() {
    for (version, level) in
        [(1, EcLevel::H), (2, EcLevel::L), (7, EcLevel::Q), (25, EcLevel::M), (40, EcLevel::L)]
    {
        let code = code("BOX 42", version, level);
        for (module, degrees) in [(3.0, 0.0), (3.4, 8.0)] {
            let view = View { degrees, ..View::of(&code, module) };
            let side = view.width * 6 / 5;
            assert_read(&code, "BOX 42", &view.within(side, side), PRINTED);
        }
    }
}

#[test]
fn light_on_dark_and_mirrored_codes_are_read() {
    let (code, text) = label();
    for degrees in [0.0, 30.0, 100.0] {
        for is_mirrored in [false, true] {
            let view = View { degrees, is_mirrored, ..View::of(&code, 4.0).within(160, 160) };
            for shades in [PRINTED, [200.0, 60.0], [0.0, 255.0], [100.0, 135.0]] {
                assert_read(&code, text, &view, shades);
            }
        }
    }
}

#[test]
fn a_code_may_touch_the_edge() {
    let (code, text) = label();
    let side = 25 * 4;
    let cut_out = View::of(&code, 4.0).within(side, side);
    assert_read(&code, text, &cut_out, PRINTED);
    for (x, y) in [(50.0, 80.0), (150.0, 80.0), (100.0, 50.0), (100.0, 110.0)] {
        let view = View { width: 200, height: 160, centre: (x, y), ..cut_out };
        assert_read(&code, text, &view, PRINTED);
    }
}

/// Pictures smaller than a code, among them the flattest and the narrowest that
/// a frame can be.
#[test]
fn tiny_and_narrow_pictures_are_read_as_nothing() {
    for (width, height) in [
        (1, 1),
        (2, 2),
        (3, 5),
        (4, 4),
        (5, 4),
        (7, 9),
        (20, 3),
        (1, 16_384),
        (16_384, 1),
        (4, 16_384),
        (16_384, 4),
    ] {
        for luma in [
            |_: usize, _: usize| 0,
            |_, _| 255,
            |x, _| if x % 2 == 0 { 255 } else { 0 },
            |x, y| if (x + y) % 7 % 3 == 0 { 200 } else { 10 },
            |x, y| ((x * 193) ^ (y * 71) ^ (x * y * 29)) as u8,
        ] {
            let picture = Picture::new(width, height, luma);
            assert_eq!(picture.read(), [], "{width} x {height}");
            let mut reader = Reader::new();
            for _ in 0..12 {
                let readings = reader.live(&picture.frame(), &Look::default());
                assert_eq!(readings, [], "{width} x {height}");
            }
        }
    }
}

/// A finder pattern in every eight modules.
fn patterns(width: usize, height: usize, module: usize) -> Picture {
    Picture::new(width, height, |x, y| {
        let off = |at: usize| (at / module % 8).abs_diff(3);
        if matches!(off(x).max(off(y)), 0 | 1 | 3) { 30 } else { 225 }
    })
}

/// Pictures that promise codes everywhere, or nowhere, and hold none.
fn traps() -> Vec<(String, Picture)> {
    let (width, height) = (1920, 1080);
    let mut traps: Vec<(String, Picture)> = (1..=3)
        .map(|module| (format!("patterns of {module}"), patterns(width, height, module)))
        .collect();
    let mut random = 7u32;
    let noise: Vec<u8> = (0..width * height)
        .map(|_| {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            (random >> 8) as u8
        })
        .collect();
    let shade = |is_dark: bool| if is_dark { 20 } else { 230 };
    traps.push(("noise".to_owned(), Picture { width, height, pixels: noise }));
    // 1:1:3:1:1 over and over, as no column has it.
    let stripes = Picture::new(width, height, |x, _| shade(matches!(x / 2 % 8, 0 | 2..=4 | 6)));
    traps.push(("stripes".to_owned(), stripes));
    let checks = Picture::new(width, height, |x, y| shade((x / 3 + y / 3) % 2 == 0));
    traps.push(("checks".to_owned(), checks));
    traps
}

/// Questions whether the time is over in a picture of so many rows: two looks,
/// each at rows of four sizes, and for each look up to three readings, before
/// each of which all patterns are compared with all others and missing ones
/// thought of.
fn most_questions(rows: usize) -> usize {
    2 * (rows + 3 * (super::MOST_FINDERS + super::MOST_TRIES + 30_000))
}

/// The time is asked for before each row, each try and each comparison, and all
/// of these are bounded: so is the work, whatever there is to see. No clock says
/// this, as none is reliable.
#[test]
fn no_picture_takes_longer_than_its_size_allows() {
    for (name, picture) in traps() {
        let asked = Cell::new(0usize);
        let is_over = || {
            asked.set(asked.get() + 1);
            false
        };
        let mut reader = Reader::new();
        assert_eq!(reader.still(&picture.frame(), &Look::until(&is_over)), [], "{name}");
        let most = most_questions(picture.height);
        assert!(asked.get() <= most, "{name}: {} questions", asked.get());
        asked.set(0);
        for _ in 0..2 {
            assert_eq!(reader.live(&picture.frame(), &Look::until(&is_over)), [], "{name}");
        }
        assert!(asked.get() <= most, "{name}: {} questions in two frames", asked.get());
    }
}

#[test]
fn a_trap_is_left_when_the_time_is_over() {
    let picture = patterns(1920, 1080, 2);
    for patience in [0, 1, 100, 600, 1_000] {
        let asked = Cell::new(0);
        let is_over = || {
            asked.set(asked.get() + 1);
            asked.get() > patience
        };
        let mut reader = Reader::new();
        let look = Look::until(&is_over);
        assert_eq!(reader.still(&picture.frame(), &look), []);
        // Every size and the tries of both looks may ask once more.
        assert!(asked.get() <= patience + 2 * (super::SIZES + 7), "{}", asked.get());
    }
}

/// In a trap, too, a code is read.
#[test]
fn a_code_among_patterns_is_read() {
    let (code, text) = label();
    let view = View::of(&code, 4.0);
    let label = view.shoot(&code, PRINTED);
    let mut picture = patterns(640, 480, 3);
    for y in 0..label.height {
        let row = &label.pixels[y * label.width..][..label.width];
        picture.pixels[(200 + y) * 640 + 250..][..label.width].copy_from_slice(row);
    }
    let readings = picture.read();
    assert!(readings.iter().any(|reading| reading.text == text), "{readings:?}");
}

/// Frames from when a code comes into view until it is read, after so many
/// that showed nothing.
fn frames_until_read(blank: usize, view: &View, code: &QrCode) -> Option<usize> {
    let nothing = Picture::new(view.width, view.height, |_, _| 128);
    let shown = view.shoot(code, PRINTED);
    let mut reader = Reader::new();
    for _ in 0..blank {
        assert_eq!(reader.live(&nothing.frame(), &Look::default()), []);
    }
    (1..=16).find(|_| !reader.live(&shown.frame(), &Look::default()).is_empty())
}

#[test]
fn a_code_that_comes_into_view_is_read_soon() {
    let (code, _) = label();
    for blank in [0, 1, 2, 3, 4, 5, 8] {
        for (module, degrees) in [(3.0, 0.0), (4.0, 33.0), (8.0, 10.0), (12.0, 45.0)] {
            let view = View { degrees, ..View::of(&code, module).within(480, 420) };
            let frames = frames_until_read(blank, &view, &code);
            assert!(frames.is_some_and(|frames| frames <= 4), "{frames:?}: {blank}, {view:?}");
        }
    }
}

/// The first frames are looked at in full, whatever they show. That they held
/// nothing must not make the one wait that does.
#[test]
fn frames_that_promised_nothing_do_not_count_as_fruitless() {
    let (code, _) = label();
    let view = View::of(&code, 6.0).within(320, 240);
    for blank in 2..12 {
        let frames = frames_until_read(blank, &view, &code);
        assert!(frames.is_some_and(|frames| frames <= 2), "{frames:?} after {blank}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// A code anywhere, however it is turned, tilted and lit.
    #[test]
    fn a_code_is_read_wherever_it_is(
        (text, version) in prop_oneof![
            ("[ -~]{1,14}", Just(2_i16)),
            ("[0-9A-Z]{1,20}", Just(3)),
            ("[a-z0-9:/.]{1,60}", Just(5)),
        ],
        level in prop::sample::select(vec![EcLevel::L, EcLevel::M]),
        (x, y, degrees) in (-20.0..20.0_f32, -20.0..20.0_f32, 0.0..360.0_f32),
        (module, tilt) in (3.5..6.0_f32, -0.006..0.006_f32),
        (dark, light) in (10.0..90.0_f32, 150.0..250.0_f32),
        is_mirrored: bool,
    ) {
        let code = code(&text, version, level);
        let straight = View::of(&code, module).within(420, 400);
        let centre = (straight.centre.0 + x, straight.centre.1 + y);
        let view = View { centre, degrees, tilt, is_mirrored, ..straight };
        assert_read(&code, &text, &view, [dark, light]);
    }

    /// Anything at all in any small frame, as a still and as a stream.
    #[test]
    fn any_pixels_are_looked_at(
        (width, height) in (1..90_usize, 1..90_usize),
        pixels in prop::collection::vec(prop::sample::select(vec![0_u8, 30, 128, 255]), 90 * 90),
        coarse in 1..4_usize,
    ) {
        let picture = Picture::new(width, height, |x, y| pixels[y / coarse * 90 + x / coarse]);
        prop_assert_eq!(picture.read(), []);
        let mut reader = Reader::new();
        for _ in 0..8 {
            prop_assert_eq!(reader.live(&picture.frame(), &Look::default()), []);
        }
    }
}
