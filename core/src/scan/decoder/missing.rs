//! The third corner of a code of which two were found.
//!
//! Rows of dark and light miss a pattern that is half in a shadow, blurred or
//! scratched. Two of a code's three tell where it must be: at a right angle, as
//! many modules away as they are from each other. There the grey picture is
//! compared with the whole pattern, which finds it in a state in which nobody
//! would look for it.

use super::finder::{self, Finder, RAYS};
use super::gray::{Gray, Vec2};
use super::grid::Shades;
use super::pattern::{Around, Pattern};
use super::triple::in_modules;

/// How clear a pattern must be for others to be looked for on its word.
const CLEAR: f32 = 0.4;

/// Modules between two patterns of one code, at most: large codes are on
/// screens, not on boxes.
const FARTHEST: f32 = 60.0;

/// How far from where it should be a pattern is looked for, as a share of the
/// distance.
const AROUND: f32 = 0.12;

/// How well a place must agree with the pattern.
const AGREEMENT: f32 = 0.4;

/// Places that are searched in one picture.
const MOST: usize = 160;

/// A place where a pattern should be.
struct Place<'a> {
    /// The pattern that it must be like.
    like: &'a Finder,
    middle: Vec2,
    /// Modules from that pattern.
    modules: f32,
}

/// Patterns that must be there if clear ones belong together in pairs.
pub fn find(
    planes: &[Gray<'_>],
    finders: &[Finder],
    is_over: &dyn Fn() -> bool,
    found: &mut Vec<Finder>,
) {
    found.clear();
    let clear = || finders.iter().filter(|finder| finder.clarity() > CLEAR);
    let mut places = Vec::new();
    for (index, one) in clear().enumerate() {
        for other in clear().skip(index + 1) {
            if one.is_inverted() == other.is_inverted() {
                thirds(one, other, &mut places);
            }
        }
    }
    places.sort_unstable_by(|a, b| a.modules.total_cmp(&b.modules));
    let mut searched = 0;
    for place in places {
        let near = place.like.module() * 3.0;
        let is_known = |finder: &Finder| (finder.centre - place.middle).length() < near;
        if finders.iter().chain(found.iter()).any(is_known) {
            continue;
        }
        searched += 1;
        if searched > MOST || is_over() {
            return;
        }
        found.extend(search(planes, &place));
    }
}

/// Where the third corner is if two are of one code.
fn thirds<'a>(one: &'a Finder, other: &'a Finder, places: &mut Vec<Place<'a>>) {
    let way = other.centre - one.centre;
    let ratio = one.module() / other.module();
    if !(0.6..1.7).contains(&ratio) || way.length() > FARTHEST * 1.5 * one.module() {
        return;
    }
    let (Some((u, v)), Some((back_u, back_v))) = (in_modules(one, way), in_modules(other, way))
    else {
        return;
    };
    let (long, short) = (u.abs().max(v.abs()), u.abs().min(v.abs()));
    let modules = (long * back_u.abs().max(back_v.abs())).sqrt();
    if !(super::triple::FEWEST..FARTHEST).contains(&modules) {
        return;
    }
    let mut add = |like: &'a Finder, way: Vec2| {
        places.push(Place { like, middle: like.centre + way, modules });
    };
    if short < 0.2 * long {
        // Side by side: at a right angle from either, to either side.
        for (finder, u, v) in [(one, u, v), (other, back_u, back_v)] {
            let across = if u.abs() > v.abs() { finder.along } else { finder.across };
            add(finder, across * modules);
            add(finder, across * -modules);
        }
    } else if short > 0.75 * long {
        // Across from each other: where the rows of the one meet the columns of
        // the other.
        add(one, one.across * u);
        add(one, one.along * v);
    }
}

fn search(planes: &[Gray<'_>], place: &Place<'_>) -> Option<Finder> {
    let like = place.like;
    let (gray, scale) = super::code::suitable(planes, like.module());
    let here = like.scaled(1.0 / scale);
    let shades = Shades { dark: like.dark, light: like.light };
    let around = Around {
        middle: place.middle * (1.0 / scale),
        right: here.across,
        down: here.along,
        within: (place.modules * AROUND).max(2.0),
    };
    let (at, _) = Pattern::FINDER.search(gray, around, AGREEMENT, shades)?;
    let module = here.module();
    let fitted = finder::fit(gray, at, module, module)
        .filter(|fitted| (fitted.centre - at).length() < module);
    // One that is half gone has no edges to fit, but a place.
    let half_gone = Finder { centre: at, rays: RAYS / 2, error: 0.2, ..here };
    Some(fitted.unwrap_or(half_gone).scaled(scale))
}
