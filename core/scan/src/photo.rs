//! Still photos: a picture somebody took or was sent, as JPEG, PNG or WebP.
//!
//! A file says how large it is before it is decoded, and it may lie: the size
//! is checked against [`MOST_PIXELS`] first, and the decoder may take no more
//! memory than a picture of that size needs.

use std::io::Cursor;

use image::error::ImageError;
use image::imageops::{self, FilterType};
use image::metadata::Orientation;
use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, Luma as Grey, LumaA,
};

use super::{Luma, Point, Reading, read};

/// The most pixels of a photo: 64 million, more than phones make of a shot
/// unless told to.
pub const MOST_PIXELS: u64 = 64_000_000;

/// The most bytes the decoder may take: four for every pixel.
const MOST_BYTES: u64 = 4 * MOST_PIXELS;

/// The longest side at which a photo is read, in pixels; a larger one is
/// scaled down. On real photos of 12 megapixels the full size read 193 of 241,
/// a long side of 1920 read 188, in a quarter of the time.
const READING_SIDE: u32 = 2048;

/// Decodes a photo into luma, upright as its EXIF orientation says.
///
/// # Errors
/// [`PhotoError`], which tells a foreign file from a damaged one.
pub fn open(bytes: &[u8]) -> Result<GrayImage, PhotoError> {
    let (picture, orientation) = decoded(bytes)?;
    let mut upright = DynamicImage::ImageLuma8(over_white(picture));
    upright.apply_orientation(orientation);
    Ok(upright.into_luma8())
}

/// Decodes a photo with its colours, upright as its EXIF orientation says.
///
/// # Errors
/// As [`open`].
pub fn decode(bytes: &[u8]) -> Result<DynamicImage, PhotoError> {
    let (mut picture, orientation) = decoded(bytes)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn decoded(bytes: &[u8]) -> Result<(DynamicImage, Orientation), PhotoError> {
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| PhotoError::NotAPicture)?;
    // The decoders do not tell a JPEG or WebP that is cut off from a whole one,
    // or from a damaged one.
    let is_whole = match reader.format() {
        Some(ImageFormat::Jpeg) => is_whole_jpeg(bytes),
        Some(ImageFormat::WebP) => is_whole_webp(bytes),
        Some(ImageFormat::Png) => true,
        _ => return Err(PhotoError::NotAPicture),
    };
    if !is_whole {
        return Err(PhotoError::Truncated);
    }
    let mut decoder = reader.into_decoder().map_err(|error| refusal(&error))?;
    let (width, height) = decoder.dimensions();
    let too_large = PhotoError::TooLarge { width, height };
    if u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MOST_BYTES {
        return Err(too_large);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    decoder.set_limits(limits).map_err(|_| too_large)?;
    // A photo whose EXIF cannot be read is still a photo.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| match error {
        ImageError::Limits(_) => too_large,
        other => refusal(&other),
    })?;
    Ok((picture, orientation))
}

/// The luma of a picture, on white paper where it is transparent: a code that was
/// exported without a ground may be black on transparent black.
fn over_white(picture: DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.into_luma8();
    }
    let picture = picture.into_luma_alpha8();
    GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
        let LumaA([luma, alpha]) = *picture.get_pixel(x, y);
        let shown = (u16::from(luma) * u16::from(alpha) + 127) / 255;
        let paper = u16::from(u8::MAX - alpha);
        Grey([u8::try_from(shown + paper).unwrap_or(u8::MAX)])
    })
}

/// Opens a photo and reads every QR in it, each once. The corners are in
/// pixels of the upright photo at its full size.
///
/// # Errors
/// As [`open`].
pub fn read_photo(bytes: &[u8]) -> Result<Vec<Reading>, PhotoError> {
    Ok(read_picture(&open(bytes)?))
}

/// Reads every QR in a picture of any size, each once. The corners are in
/// pixels of the picture as it was given.
#[must_use]
pub fn read_picture(picture: &GrayImage) -> Vec<Reading> {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= READING_SIDE {
        return read_whole(picture);
    }
    let scaled = |side: u32| {
        let exact = u64::from(side) * u64::from(READING_SIDE) / u64::from(longest);
        u32::try_from(exact).unwrap_or(READING_SIDE).max(1)
    };
    let small = imageops::resize(picture, scaled(width), scaled(height), FilterType::Triangle);
    let mut readings = read_whole(&small);
    let by_x = ratio(width, small.width());
    let by_y = ratio(height, small.height());
    for corner in readings.iter_mut().flat_map(|reading| &mut reading.corners) {
        *corner = Point { x: corner.x * by_x, y: corner.y * by_y };
    }
    readings
}

/// Reads a picture as it is; one of no pixels says nothing.
fn read_whole(picture: &GrayImage) -> Vec<Reading> {
    let (width, height) = picture.dimensions();
    let stride = usize::try_from(width).unwrap_or(usize::MAX);
    Luma::new(width, height, stride, picture.as_raw()).map_or(Vec::new(), |frame| read(&frame))
}

#[expect(clippy::cast_possible_truncation, reason = "f64 to f32: a ratio needs no more digits")]
fn ratio(large: u32, small: u32) -> f32 {
    (f64::from(large) / f64::from(small)) as f32
}

/// Whether the picture's data is followed by its end marker, which comes after
/// the first scan's start. What cameras append after the end does not matter,
/// nor does the end of a thumbnail, which lies in a segment before.
fn is_whole_jpeg(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xDA;
    let mut rest = bytes.get(2..).unwrap_or_default();
    while let [0xFF, marker, high, low, ..] = *rest {
        if marker == START_OF_SCAN {
            return rest.windows(2).any(|pair| pair == [0xFF, 0xD9]);
        }
        // A marker may be preceded by any number of fill bytes.
        let length =
            if marker == 0xFF { 1 } else { 2 + usize::from(u16::from_be_bytes([high, low])) };
        rest = rest.get(length..).unwrap_or_default();
    }
    false
}

/// Whether all the bytes are there that the container's header declares.
fn is_whole_webp(bytes: &[u8]) -> bool {
    match bytes {
        [b'R', b'I', b'F', b'F', a, b, c, d, rest @ ..] => {
            u32::from_le_bytes([*a, *b, *c, *d]).try_into().is_ok_and(|size| rest.len() >= size)
        }
        _ => false,
    }
}

fn refusal(error: &ImageError) -> PhotoError {
    match error {
        ImageError::IoError(_) => PhotoError::Truncated,
        _ => PhotoError::Damaged,
    }
}

/// Why a file is no photo that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhotoError {
    /// Neither JPEG nor PNG nor WebP.
    #[error("not a photo; JPEG, PNG and WebP can be read")]
    NotAPicture,
    /// More than [`MOST_PIXELS`], or more memory than they need.
    #[error("a photo of {width} x {height} pixels is too large; scale it down")]
    TooLarge {
        /// Pixels in a row, as the file declares.
        width: u32,
        /// Rows, as the file declares.
        height: u32,
    },
    /// The file ends before the picture does.
    #[error("the photo is cut off; copy or take it again")]
    Truncated,
    /// It begins as a photo and contradicts itself, for instance by a side of
    /// no pixels.
    #[error("the photo is damaged; take it again")]
    Damaged,
}

#[cfg(test)]
mod tests;
