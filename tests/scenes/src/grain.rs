//! Irregularity that is the same every time: noise as a pure function of place
//! and seed, so that a texture needs no memory.

/// A number from 0 to 1 for every cell of a grid.
pub fn speck(x: i32, y: i32, seed: u32) -> f32 {
    let mut h = (x as u32).wrapping_mul(0x9E37_79B1)
        ^ (y as u32).wrapping_mul(0x85EB_CA77)
        ^ seed.wrapping_mul(0xC2B2_AE3D);
    h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
    h = (h ^ (h >> 12)).wrapping_mul(0x297A_2D39);
    h ^= h >> 15;
    (h >> 8) as f32 / (1 << 24) as f32
}

/// The cell of a grid that a place lies in. On older processors `floor` is a
/// call, and this is asked many million times a picture.
pub fn cell(at: f32) -> i32 {
    let towards_zero = at as i32;
    towards_zero - i32::from(at < towards_zero as f32)
}

/// Smooth noise from -1 to 1, with features of the size 1.
pub fn cloud(x: f32, y: f32, seed: u32) -> f32 {
    let (column, row) = (cell(x), cell(y));
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (right, down) = (ease(x - column as f32), ease(y - row as f32));
    let upper = speck(column, row, seed) * (1.0 - right) + speck(column + 1, row, seed) * right;
    let lower =
        speck(column, row + 1, seed) * (1.0 - right) + speck(column + 1, row + 1, seed) * right;
    (upper * (1.0 - down) + lower * down) * 2.0 - 1.0
}

/// 0 below `from`, 1 above `to`, smooth between.
pub fn step(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
