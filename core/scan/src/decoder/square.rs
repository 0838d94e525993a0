//! The square that a finder pattern's edges lie on, found by least squares.

use super::gray::{Vec2, vec2};

/// A parallelogram around about the origin, as perspective makes one of a square.
pub struct Square {
    /// From the origin to its centre.
    pub offset: Vec2,
    /// From one module to the next, along one side and along the other.
    pub across: Vec2,
    pub along: Vec2,
    /// How far the points are from its sides, in modules.
    pub error: f32,
}

/// Half the side of the square in the middle of the outer ring, in modules.
const HALF: f32 = 3.0;

/// A square that is as near to the points as this is the one.
const CLOSE: f32 = 0.05;

impl Square {
    /// The parallelogram around the origin that is nearest to the points. Its four
    /// sides are where one of two linear functions is 3 or -3.
    pub fn nearest(points: &[Vec2], module: f32) -> Option<Self> {
        let mut best: Option<Self> = None;
        // Upright and on a corner first, then between.
        for turn in [0, 2, 1, 3] {
            let angle = turn as f32 * std::f32::consts::FRAC_PI_8;
            let (sin, cos) = angle.sin_cos();
            // Each function as (x, y, constant).
            let mut u = [cos / module, sin / module, 0.0];
            let mut v = [-sin / module, cos / module, 0.0];
            let mut is_fit = true;
            let mut parted = 0;
            for _ in 0..4 {
                // Which points lie on the sides of the one, a bit each.
                let of_u = points.iter().fold(0u32, |bits, &point| {
                    bits << 1 | u32::from(value(u, point).abs() >= value(v, point).abs())
                });
                if of_u == parted {
                    break;
                }
                parted = of_u;
                let (Some(next_u), Some(next_v)) =
                    (sides(points, u, of_u), sides(points, v, !of_u))
                else {
                    is_fit = false;
                    break;
                };
                (u, v) = (next_u, next_v);
            }
            if !is_fit {
                continue;
            }
            let sum: f32 = points
                .iter()
                .map(|&point| {
                    let far = value(u, point).abs().max(value(v, point).abs());
                    (far - HALF).powi(2)
                })
                .sum();
            let error = (sum / points.len() as f32).sqrt();
            if best.as_ref().is_some_and(|best| best.error <= error) {
                continue;
            }
            let det = u[0] * v[1] - u[1] * v[0];
            if det.abs() < 1e-9 {
                continue;
            }
            let across = vec2(v[1] / det, -v[0] / det);
            let along = vec2(-u[1] / det, u[0] / det);
            let offset = across * -u[2] + along * -v[2];
            best = Some(Self { offset, across, along, error });
            if error < CLOSE {
                break;
            }
        }
        best
    }
}

fn value(function: [f32; 3], point: Vec2) -> f32 {
    function[0] * point.x + function[1] * point.y + function[2]
}

/// Least squares: the function that is 3 or -3 at the points whose bits, the
/// last point's the lowest, are set; on which side, `u` says.
fn sides(points: &[Vec2], u: [f32; 3], mut bits: u32) -> Option<[f32; 3]> {
    let (mut xx, mut xy, mut yy, mut x, mut y, mut count) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    let mut r = [0f32; 3];
    let mut signs = [0; 2];
    for &point in points.iter().rev() {
        let is_one = bits & 1 == 1;
        bits >>= 1;
        if !is_one {
            continue;
        }
        let here = value(u, point);
        let goal = HALF * here.signum();
        signs[usize::from(here > 0.0)] += 1;
        xx += point.x * point.x;
        xy += point.x * point.y;
        yy += point.y * point.y;
        x += point.x;
        y += point.y;
        count += 1.0;
        r[0] += point.x * goal;
        r[1] += point.y * goal;
        r[2] += goal;
    }
    if signs[0] < 2 || signs[1] < 2 {
        return None;
    }
    solve3([[xx, xy, x], [xy, yy, y], [x, y, count]], r)
}

fn solve3(m: [[f32; 3]; 3], r: [f32; 3]) -> Option<[f32; 3]> {
    let det3 = |a: [f32; 3], b: [f32; 3], c: [f32; 3]| {
        a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
            + a[2] * (b[0] * c[1] - b[1] * c[0])
    };
    let det = det3(m[0], m[1], m[2]);
    if det.abs() < 1e-6 {
        return None;
    }
    let mut solution = [0.0; 3];
    for (column, value) in solution.iter_mut().enumerate() {
        let mut changed = m;
        for row in 0..3 {
            changed[row][column] = r[row];
        }
        *value = det3(changed[0], changed[1], changed[2]) / det;
    }
    Some(solution)
}
