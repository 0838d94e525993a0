//! The form of the reader's fuzz inputs: how a picture is shot, then the picture.
//!
//! A fuzzer changes bytes here and there. Changes of single pixels make dirt, and
//! little else; what brings a reader of codes to its limits is a picture that is
//! turned, tilted, lit, blurred or covered as a whole. So the first bytes of an
//! input say all that, each on its own, and any change of one of them makes a
//! picture again. Zeros leave the picture as it is.

use std::f32::consts::TAU;

/// How a picture is shot, from the first bytes of an input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shot {
    /// Pixels in a row of the picture that follows, less one.
    pub width: u16,
    /// Bytes between rows, of which 0 to 31 count.
    pub gap: u8,
    /// Quarter turns that the frame says it is to be turned by, of which 0 to 3
    /// count, and from bit 2 on which layout of memory it comes in.
    pub held: u8,
    /// Part of the frame to be read, in 256ths: left, top, width, height. No
    /// width or height is all of it.
    pub region: [u8; 4],
    /// Frames of a stream, of which 0 to 15 count; 0 is a still picture.
    pub frames: u8,
    /// By how much it is enlarged, less one, of which 0 to 3 count.
    pub enlarged: u8,
    /// Turned by so many 256ths of a circle.
    pub turn: u8,
    /// Rows drawn aside, as an `i8`, in 64ths of their distance from the middle.
    pub lean: u8,
    /// Rows drawn together towards the bottom, as an `i8`, in 128ths.
    pub keystone: u8,
    /// Radius of the blur, of which 0 to 3 count.
    pub blur: u8,
    /// Contrast, as an `i8` about full, in 128ths; below -128 it would be inverted
    /// and that is what the other half is for.
    pub contrast: u8,
    /// Added to all luma, as an `i8`.
    pub brightness: u8,
    /// Greatest noise.
    pub noise: u8,
    /// Seed of the noise.
    pub seed: u8,
    /// A patch over the picture: left, top and side in 256ths, and its luma.
    pub patch: [u8; 4],
    /// When the time is over, in questions whether it is; 0 is never.
    pub patience: u8,
}

/// Bytes before the pixels.
pub const HEAD: usize = 26;

/// A picture in memory of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Luma, row by row.
    pub pixels: Vec<u8>,
}

/// Enlarging ends where a picture would have more pixels: fuzzing lives from many
/// tries.
const MOST_PIXELS: usize = 150_000;

impl Shot {
    /// Parts an input in how and what. None, if there is not a row of pixels.
    #[must_use]
    pub fn parse(input: &[u8]) -> Option<(Self, Picture)> {
        let (head, pixels) = input.split_first_chunk::<HEAD>()?;
        let &[
            low,
            high,
            gap,
            held,
            r0,
            r1,
            r2,
            r3,
            frames,
            enlarged,
            turn,
            lean,
            keystone,
            blur,
            contrast,
            brightness,
            noise,
            seed,
            p0,
            p1,
            p2,
            p3,
            patience,
            _,
            _,
            _,
        ] = head;
        let shot = Self {
            width: u16::from_le_bytes([low, high]),
            gap,
            held,
            region: [r0, r1, r2, r3],
            frames,
            enlarged,
            turn,
            lean,
            keystone,
            blur,
            contrast,
            brightness,
            noise,
            seed,
            patch: [p0, p1, p2, p3],
            patience,
        };
        let width = usize::from(shot.width) + 1;
        let height = pixels.len() / width;
        let pixels = pixels.get(..width * height)?.to_vec();
        (height > 0).then_some((shot, Picture { width, height, pixels }))
    }

    /// The input that [parses](Self::parse) as this, with these pixels.
    #[must_use]
    pub fn input(&self, pixels: &[u8]) -> Vec<u8> {
        let mut input = self.width.to_le_bytes().to_vec();
        input.extend([self.gap, self.held]);
        input.extend(self.region);
        input.extend([self.frames, self.enlarged, self.turn, self.lean, self.keystone, self.blur]);
        input.extend([self.contrast, self.brightness, self.noise, self.seed]);
        input.extend(self.patch);
        input.push(self.patience);
        input.resize(HEAD, 0);
        input.extend_from_slice(pixels);
        input
    }

    /// What the camera sees in one frame of the stream.
    #[must_use]
    pub fn take(&self, picture: &Picture, frame: u8) -> Picture {
        let mut taken = self.resample(picture, frame);
        for _ in 0..self.blur % 4 {
            soften(&mut taken);
        }
        self.cover(&mut taken);
        self.expose(&mut taken, frame);
        taken
    }

    /// Enlarged, turned and tilted, and moved a little from frame to frame.
    fn resample(&self, picture: &Picture, frame: u8) -> Picture {
        let many = picture.width * picture.height;
        let by = (1..=usize::from(self.enlarged % 4) + 1)
            .rev()
            .find(|by| many * by * by <= MOST_PIXELS)
            .unwrap_or(1);
        let (width, height) = (picture.width * by, picture.height * by);
        let by = by as f32;
        let (sin, cos) = (f32::from(self.turn) / 256.0 * TAU).sin_cos();
        let lean = f32::from(self.lean.cast_signed()) / 64.0;
        let keystone = f32::from(self.keystone.cast_signed()) / 128.0;
        let middle = (picture.width as f32 / 2.0, picture.height as f32 / 2.0);
        let shift = f32::from(frame) * 0.7;
        let mut pixels = Vec::with_capacity(width * height);
        for row in 0..height {
            let y = (row as f32 + 0.5) / by - middle.1;
            let far = 1.0 + keystone * y / picture.height as f32;
            for column in 0..width {
                let x = (column as f32 + 0.5) / by - middle.0;
                let (x, y) = (x * far + y * lean, y * far);
                let (x, y) = (x * cos - y * sin + shift, x * sin + y * cos);
                let at = |value: f32, middle: f32, count: usize| {
                    ((value + middle).floor().max(0.0) as usize).min(count - 1)
                };
                let (x, y) = (at(x, middle.0, picture.width), at(y, middle.1, picture.height));
                pixels.push(picture.pixels[y * picture.width + x]);
            }
        }
        Picture { width, height, pixels }
    }

    fn cover(&self, picture: &mut Picture) {
        let [left, top, side, luma] = self.patch;
        let part = |of: u8, whole: usize| usize::from(of) * whole / 256;
        let side = part(side, picture.width.max(picture.height));
        let left = part(left, picture.width);
        for row in
            picture.pixels.chunks_mut(picture.width).skip(part(top, picture.height)).take(side)
        {
            let right = (left + side).min(row.len());
            row[left..right].fill(luma);
        }
    }

    /// Contrast, brightness and noise.
    fn expose(&self, picture: &mut Picture, frame: u8) {
        // Around middle grey; at -128 all is gone, beyond 0 it clips.
        let gain = 128 + i32::from(self.contrast.cast_signed());
        let added = i32::from(self.brightness.cast_signed());
        let noise = i32::from(self.noise);
        let mut random = 0x9e37_79b9 ^ u32::from(self.seed) << 8 ^ u32::from(frame);
        for pixel in &mut picture.pixels {
            // Xorshift: noise that is the same every time.
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            let noise = (random >> 8) as i32 % (2 * noise + 1) - noise;
            let value = (i32::from(*pixel) - 128) * gain / 128 + 128 + added + noise;
            *pixel = value.clamp(0, 255) as u8;
        }
    }
}

/// Each pixel the mean of itself and its neighbours.
fn soften(picture: &mut Picture) {
    let (width, height) = (picture.width, picture.height);
    let sharp = picture.pixels.clone();
    for row in 0..height {
        for column in 0..width {
            let (mut sum, mut count) = (0u32, 0u32);
            for y in row.saturating_sub(1)..(row + 2).min(height) {
                for x in column.saturating_sub(1)..(column + 2).min(width) {
                    sum += u32::from(sharp[y * width + x]);
                    count += 1;
                }
            }
            picture.pixels[row * width + column] = (sum / count) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_parsed() {
        let shot = Shot {
            width: 2,
            gap: 1,
            held: 2,
            region: [3, 4, 5, 6],
            frames: 7,
            enlarged: 8,
            turn: 9,
            lean: 10,
            keystone: 11,
            blur: 12,
            contrast: 13,
            brightness: 14,
            noise: 15,
            seed: 16,
            patch: [17, 18, 19, 20],
            patience: 21,
        };
        let (parsed, picture) = Shot::parse(&shot.input(&[1, 2, 3, 4, 5, 6, 7])).unwrap();
        assert_eq!(parsed, shot);
        assert_eq!(picture, Picture { width: 3, height: 2, pixels: vec![1, 2, 3, 4, 5, 6] });
        assert_eq!(Shot::parse(&shot.input(&[1, 2])), None);
    }

    #[test]
    fn zeros_change_nothing() {
        let picture = Picture { width: 16, height: 16, pixels: (0..=255).collect() };
        assert_eq!(Shot::default().take(&picture, 0), picture);
    }

    #[test]
    fn whatever_the_bytes_it_stays_a_picture() {
        let picture = Picture { width: 20, height: 10, pixels: (0..200).collect() };
        for seed in 0..200u8 {
            let bytes: Vec<u8> = (0..HEAD).map(|at| seed.wrapping_mul(at as u8 * 7 + 3)).collect();
            let (shot, _) = Shot::parse(&[bytes.as_slice(), &[0; 70_000]].concat()).unwrap();
            let taken = shot.take(&picture, seed % 16);
            assert_eq!(taken.pixels.len(), taken.width * taken.height);
            assert_eq!(taken.width % 20, 0);
        }
    }
}
