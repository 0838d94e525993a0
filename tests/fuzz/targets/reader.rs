//! The reader on pictures that are turned, tilted, covered and torn by the fuzzer,
//! as a still or as a stream, and every way of handing it a frame on any numbers.
//!
//! Whatever it sees, it must not panic, must come to an end in a number of steps
//! that the size of the picture bounds, and must say of what it reads where it is.
#![no_main]

use std::cell::Cell;

use crewseal_scan::{Look, Luma, Reader, Reading, Region, Rotation};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use seeds::{HEAD, Picture, Shot};

fuzz_target!(|input: &[u8]| {
    any_numbers(input);
    let Some((shot, picture)) = Shot::parse(input) else { return };
    let mut reader = Reader::new();
    let mut memory = Vec::new();
    for number in 0..(shot.frames % 16).max(1) {
        let taken = shot.take(&picture, number);
        let bytes = laid_out(&taken, shot.held >> 2, usize::from(shot.gap % 32));
        let Some(frame) = frame(&taken, &bytes, &shot, &mut memory) else { return };
        read(&mut reader, &frame, &shot);
    }
});

// Left to itself the fuzzer changes pixels, as nearly all bytes are pixels. How
// the picture is shot has its turn three times out of four.
fuzz_mutator!(|input: &mut [u8], size: usize, most: usize, seed: u32| {
    let [how, first, value, second] = seed.to_le_bytes();
    let Some(head) = input[..size].first_chunk_mut::<HEAD>() else {
        return fuzzer_mutate(input, size, most);
    };
    // The width comes first; another one makes noise of any picture.
    let shot = &mut head[2..];
    let place = |of: u8| usize::from(of) % (HEAD - 2);
    match how % 8 {
        0 | 1 => return fuzzer_mutate(input, size, most),
        // Back to as it was: too much at once, and nothing is left to see.
        2 | 3 => shot[place(first)] = 0,
        4 => shot[place(first)] = shot[place(first)].wrapping_add(value % 9).wrapping_sub(4),
        5 | 6 => shot[place(first)] = value,
        _ => {
            shot[place(first)] = value;
            shot[place(second)] = value.rotate_left(3);
        }
    }
    size
});

/// The bytes of a picture as cameras deliver them, in one of three layouts.
struct Bytes {
    bytes: Vec<u8>,
    stride: usize,
    layout: u8,
}

fn laid_out(picture: &Picture, layout: u8, gap: usize) -> Bytes {
    let layout = layout % 3;
    let pixel = [1, 2, 4][usize::from(layout)];
    let stride = picture.width * pixel + gap;
    let mut bytes = Vec::with_capacity(stride * picture.height);
    for row in picture.pixels.chunks_exact(picture.width) {
        bytes.extend(row.iter().flat_map(|&luma| std::iter::repeat_n(luma, pixel)));
        bytes.extend(std::iter::repeat_n(0x55, gap));
    }
    Bytes { bytes, stride, layout }
}

/// A frame of these bytes, held and cropped as the shot says.
fn frame<'a>(
    picture: &Picture,
    Bytes { bytes, stride, layout }: &'a Bytes,
    shot: &Shot,
    memory: &'a mut Vec<u8>,
) -> Option<Luma<'a>> {
    let (width, height) = (picture.width as u32, picture.height as u32);
    let frame = match layout {
        0 => Luma::new(width, height, *stride, bytes),
        1 => Luma::y_plane(width, height, *stride, 2, bytes, memory),
        _ => Luma::bgra(width, height, *stride, bytes, memory),
    };
    let rotation = Rotation::from_degrees(i32::from(shot.held % 4) * 90).expect("a quarter turn");
    let frame = frame.ok()?.turned(rotation);
    let (width, height) = frame.upright_size();
    let [left, top, part_width, part_height] = shot.region.map(u32::from);
    if part_width == 0 || part_height == 0 {
        return Some(frame);
    }
    let region = Region {
        left: left * width / 256,
        top: top * height / 256,
        width: part_width * width / 256,
        height: part_height * height / 256,
    };
    let part = frame.crop(region);
    assert_eq!(part.is_ok(), region.is_within(width, height), "{region:?} of {frame:?}");
    part.ok()
}

/// Questions whether the time is over at most, besides one before each row: before
/// each comparison of one pattern with all others, each try and each place where a
/// pattern may be missing, which are all bounded.
const COMPARISONS: usize = 200_000;

fn read(reader: &mut Reader, frame: &Luma<'_>, shot: &Shot) {
    let asked = Cell::new(0usize);
    let patience = match shot.patience {
        0 => usize::MAX,
        some => usize::from(some) * 4,
    };
    let is_over = || {
        asked.set(asked.get() + 1);
        asked.get() > patience
    };
    let look = Look::until(&is_over);
    let readings = if shot.frames.is_multiple_of(16) {
        reader.still(frame, &look)
    } else {
        reader.live(frame, &look)
    };
    let rows = frame.height() as usize;
    assert!(asked.get() <= 2 * rows + COMPARISONS, "{} questions in {rows} rows", asked.get());
    let left = asked.get().saturating_sub(patience);
    assert!(left < 32, "{left} questions after the time was over");
    readings.iter().for_each(check);
}

fn check(reading: &Reading) {
    assert!((1..=40).contains(&reading.version), "{reading:?}");
    let is_finite =
        reading.corners.iter().all(|corner| corner.x.is_finite() && corner.y.is_finite());
    assert!(is_finite, "{reading:?}");
}

/// All ways to make a frame of bytes, with sizes, strides and regions that fit or
/// do not. One that is accepted can be looked at.
fn any_numbers(input: &[u8]) {
    let Some((head, bytes)) = input.split_first_chunk::<24>() else { return };
    let number =
        |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let shift = head[23] % 32;
    // Large numbers are refused at once; shifted, some are accepted.
    let [width, height, stride, left] = [0, 4, 8, 12].map(|at| number(at) >> shift);
    let region =
        Region { left, top: height / 3, width: width / 2, height: (height / 2).wrapping_add(left) };
    let stride = stride as usize;
    let mut memory = Vec::new();
    let degrees = number(16).cast_signed();
    let rotation = Rotation::from_degrees(degrees);
    assert_eq!(rotation.is_ok(), degrees % 90 == 0);
    let rotation = rotation.unwrap_or(Rotation::Quarter);
    for way in 0..5 {
        let frame = match way {
            0 => Luma::new(width, height, stride, bytes),
            1 => Luma::y_plane(width, height, stride, usize::from(head[20]), bytes, &mut memory),
            2 => Luma::nv21(width, height, stride, bytes),
            3 => Luma::bi_planar(width, height, stride, bytes),
            _ => Luma::bgra(width, height, stride, bytes, &mut memory),
        };
        let Ok(frame) = frame else { continue };
        let frame = frame.turned(rotation);
        let is_over = || false;
        for part in [Some(frame), frame.crop(region).ok()].into_iter().flatten() {
            for y in [0, part.height() - 1] {
                assert_eq!(part.row(y).len(), part.width() as usize);
            }
            // Reading them all would take most of the time.
            if way == 0 && part.width() * part.height() < 4_000 {
                let mut reader = Reader::new();
                for _ in 0..4 {
                    reader.live(&part, &Look::until(&is_over)).iter().for_each(check);
                }
                reader.still(&part, &Look::until(&is_over)).iter().for_each(check);
            }
        }
    }
}
