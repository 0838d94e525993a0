//! Writes pictures to start fuzzing from: `seeds TO [DIR]`.
//!
//! With a directory, they are its pictures: those that its `manifest.tsv` lists, or
//! every picture in it. Each is scaled down, once as a whole and once its middle,
//! as small pictures are read often. Without one, a few codes are drawn.

use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use image::imageops::{self, FilterType};
use image::{GrayImage, ImageReader};
use qrcode::{Color, EcLevel, QrCode, Version};
use seeds::Shot;

/// The longer side of a picture.
const SIDE: u32 = 200;

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (to, from) = match arguments.as_slice() {
        [to] => (to, None),
        [to, from] => (to, Some(from)),
        _ => return Err("which directory to write to, and which to read from?".into()),
    };
    fs::create_dir_all(to)?;
    let pictures = match from {
        Some(directory) => of_directory(directory)?,
        None => drawn()?,
    };
    for (index, picture) in pictures.iter().enumerate() {
        let width = u16::try_from(picture.width() - 1)?;
        // Every second one as a stream.
        let frames = if index % 2 == 0 { 0 } else { 3 };
        let shot = Shot { width, frames, ..Shot::default() };
        fs::write(to.join(format!("{index:04}")), shot.input(picture.as_raw()))?;
    }
    println!("{} seeds", pictures.len());
    Ok(())
}

fn of_directory(directory: &Path) -> Result<Vec<GrayImage>, Failure> {
    let mut pictures = Vec::new();
    for path in listed(directory)? {
        // A picture that is damaged is no seed; the others are.
        let Ok(picture) = ImageReader::open(&path)?.with_guessed_format()?.decode() else {
            eprintln!("left out: {}", path.display());
            continue;
        };
        let picture = picture.into_luma8();
        let (width, height) = picture.dimensions();
        if width.max(height) > SIDE {
            let middle = imageops::crop_imm(&picture, width / 4, height / 4, width / 2, height / 2);
            pictures.push(small(&middle.to_image()));
        }
        pictures.push(small(&picture));
    }
    Ok(pictures)
}

/// The pictures of a directory, by its manifest if it has one.
fn listed(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let manifest = directory.join("manifest.tsv");
    if manifest.exists() {
        let text = fs::read_to_string(manifest)?;
        let path = |line: &str| line.split('\t').next().map(|path| directory.join(path));
        return Ok(text.lines().skip(1).filter_map(path).collect());
    }
    let mut found = Vec::new();
    let mut left = vec![directory.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                left.push(path);
            } else if is_picture(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_picture(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str).map(str::to_lowercase);
    matches!(ending.as_deref(), Some("png" | "jpg" | "jpeg" | "webp"))
}

fn small(picture: &GrayImage) -> GrayImage {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= SIDE {
        return picture.clone();
    }
    let scaled = |side: u32| (side * SIDE / longest).max(1);
    imageops::resize(picture, scaled(width), scaled(height), FilterType::Triangle)
}

/// Codes of all kinds, two side by side, and patterns without a code.
fn drawn() -> Result<Vec<GrayImage>, Failure> {
    let mut pictures = Vec::new();
    for (version, level, text) in [
        (1, EcLevel::H, "1"),
        (2, EcLevel::Q, "10C4KRM9G8Y2V0WXT5NPQ3ZJ7ADEF"),
        (3, EcLevel::H, "10C4KRM9G8Y2V0WXT5NPQ3ZJ7ADEF"),
        (5, EcLevel::M, "https://example.com/box/1"),
        (7, EcLevel::L, "0123456789"),
        (10, EcLevel::Q, "Umzugskarton \u{1F4E6} \u{FC}ber"),
        (14, EcLevel::H, ""),
        (25, EcLevel::L, "HELLO"),
    ] {
        let code = QrCode::with_version(text, Version::Normal(version), level)?;
        pictures.push(code_on_paper(&code, if version < 8 { 3 } else { 1 }));
    }
    let (one, other) = (pictures[1].clone(), pictures[3].clone());
    let mut both = GrayImage::from_pixel(SIDE, SIDE, [230].into());
    imageops::replace(&mut both, &one, 0, 0);
    imageops::replace(&mut both, &imageops::rotate90(&other), 70, 80);
    pictures.push(both);
    let mut inverted = pictures[1].clone();
    imageops::invert(&mut inverted);
    pictures.push(inverted);
    for module in 1..=3 {
        pictures.push(GrayImage::from_fn(120, 120, |x, y| {
            // A finder pattern in every eight modules.
            let ring = |at: u32| (at / module % 8).abs_diff(3);
            let is_dark = matches!(ring(x).max(ring(y)), 0 | 1 | 3);
            [if is_dark { 20 } else { 235 }].into()
        }));
    }
    Ok(pictures)
}

fn code_on_paper(code: &QrCode, module: u32) -> GrayImage {
    let colors = code.to_colors();
    let size = code.width();
    let side = (size as u32 + 8) * module;
    GrayImage::from_fn(side, side, |x, y| {
        let place = |at: u32| (at / module).wrapping_sub(4) as usize;
        let (column, row) = (place(x), place(y));
        let is_dark = column < size && row < size && colors[row * size + column] == Color::Dark;
        [if is_dark { 25 } else { 225 }].into()
    })
}
