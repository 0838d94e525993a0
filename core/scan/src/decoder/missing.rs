//! The corners of a code that were not found.
//!
//! Rows of dark and light miss a pattern that is half in a shadow, blurred or
//! scratched. Two of a code's three tell where it must be: at a right angle, as
//! many modules away as they are from each other. One alone says as much of our
//! own labels, whose sizes are known. There the grey picture is compared with
//! the whole pattern, which finds it in a state in which nobody would look for
//! it. And where a timing pattern runs between two corners, the third is there
//! even if something hangs before it.

use super::finder::{self, Finder, RAYS};
use super::gray::{Gray, Shades, Vec2};
use super::pattern::{Around, Pattern};
use super::triple::in_modules;

/// How clear a pattern must be for others to be looked for on its word.
const CLEAR: f32 = 0.6;

/// Modules between two patterns of one code, at most: large codes are on
/// screens, not on boxes.
const FARTHEST: f32 = 60.0;

/// How far from where it should be a pattern is looked for, as a share of the
/// distance.
const AROUND: f32 = 0.12;

/// How well a place must agree with the pattern.
const AGREEMENT: f32 = 0.4;

/// Places that are searched in one picture.
const MOST: usize = 400;

/// Places that are thought of, more than on a sheet full of labels. What does not
/// end at once is a picture of patterns and nothing else.
const MOST_THOUGHT_OF: usize = 20_000;

/// A place where a pattern should be.
struct Place<'a> {
    /// The pattern that it must be like.
    like: &'a Finder,
    middle: Vec2,
    /// Modules from that pattern.
    modules: f32,
    /// Whether there must be a corner, seen or not.
    is_certain: bool,
}

/// Modules between the corners of our labels, which are of version 2 or 3.
const OF_LABELS: [f32; 2] = [18.0, 22.0];

/// How well the modules between two corners must agree with a timing pattern for
/// it to be one.
const TIMING: f32 = 0.4;

impl Place<'_> {
    fn is_by(&self, finder: &Finder) -> bool {
        std::ptr::eq(self.like, finder)
    }
}

/// Patterns that must be there if clear ones belong together in pairs.
/// No place is searched twice: `searched` remembers them for one picture.
pub fn find(
    planes: &[Gray<'_>],
    finders: &[Finder],
    is_over: &dyn Fn() -> bool,
    searched: &mut Vec<Vec2>,
    found: &mut Vec<Finder>,
) {
    found.clear();
    let clear = || finders.iter().filter(|finder| finder.clarity() > CLEAR);
    let mut places = Vec::new();
    for (index, one) in clear().enumerate() {
        if places.len() >= MOST_THOUGHT_OF || is_over() {
            break;
        }
        for other in clear().skip(index + 1) {
            if one.is_inverted() == other.is_inverted() {
                thirds(planes, one, other, &mut places);
            }
        }
    }
    let paired = places.len();
    for alone in clear() {
        if places[..paired].iter().any(|place| place.is_by(alone)) {
            continue;
        }
        for modules in OF_LABELS {
            for way in [alone.across, alone.along, alone.across * -1.0, alone.along * -1.0] {
                let middle = alone.centre + way * modules;
                places.push(Place { like: alone, middle, modules, is_certain: false });
            }
        }
    }
    places.sort_unstable_by(|a, b| a.modules.total_cmp(&b.modules));
    for place in places {
        if searched.len() >= MOST || is_over() {
            return;
        }
        let near = place.like.module() * 3.0;
        let is_known = |finder: &Finder| (finder.centre - place.middle).length() < near;
        let is_same = |at: &Vec2| (*at - place.middle).length() < near / 4.0;
        if searched.iter().any(is_same) || finders.iter().chain(found.iter()).any(is_known) {
            continue;
        }
        searched.push(place.middle);
        found.extend(search(planes, &place));
    }
}

/// Where the third corner is if two are of one code.
fn thirds<'a>(
    planes: &[Gray<'_>],
    one: &'a Finder,
    other: &'a Finder,
    places: &mut Vec<Place<'a>>,
) {
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
    let mut add = |like: &'a Finder, way: Vec2, is_certain: bool| {
        places.push(Place { like, middle: like.centre + way, modules, is_certain });
    };
    if short < 0.2 * long {
        // Side by side: at a right angle from either, to either side.
        let across = |finder: &Finder, u: f32, v: f32| {
            if u.abs() > v.abs() { finder.along } else { finder.across }
        };
        let from_one = across(one, u, v);
        let mut from_other = across(other, back_u, back_v);
        if from_one.dot(from_other) < 0.0 {
            from_other = from_other * -1.0;
        }
        for side in [1.0, -1.0] {
            let ways = [from_one * side, from_other * side];
            let is_certain = timing(planes, one, other, ways, modules) > TIMING;
            add(one, ways[0] * modules, is_certain);
            add(other, ways[1] * modules, is_certain);
        }
    } else if short > 0.75 * long {
        // Across from each other: where the rows of the one meet the columns of
        // the other.
        add(one, one.across * u, false);
        add(one, one.along * v, false);
    }
}

/// How well what lies three modules beside the line from one corner to another
/// agrees with a timing pattern.
fn timing(
    planes: &[Gray<'_>],
    one: &Finder,
    other: &Finder,
    [beside_one, beside_other]: [Vec2; 2],
    modules: f32,
) -> f32 {
    let (gray, scale) = super::code::suitable(planes, one.module());
    let shades = Shades { dark: one.dark, light: one.light };
    // Corners are 10 and a multiple of four modules apart.
    let count = (((modules - 10.0) / 4.0).round() * 4.0 + 10.0) as u16;
    let way = other.centre - one.centre;
    let span = f32::from(count);
    // Nearer modules are wider: what is left of the way shrinks in proportion.
    let nearness = (one.module() / other.module()).sqrt();
    let mut sum = 0.0;
    for at in 5..=count - 5 {
        let part = f32::from(at) / span;
        let seen = nearness * part / (nearness * part + 1.0 - part);
        let beside = beside_one * (1.0 - seen) + beside_other * seen;
        let place = one.centre + way * seen + beside * 3.0;
        let value = shades.of(gray.at(place * (1.0 / scale)));
        sum += if at % 2 == 1 { value } else { -value };
    }
    sum / f32::from(count - 9)
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
    let Some((at, _)) = Pattern::FINDER.search(gray, around, AGREEMENT, shades) else {
        let unseen = Finder { centre: place.middle, rays: 0, error: 0.2, ..*like };
        return place.is_certain.then_some(unseen);
    };
    let module = here.module();
    let fitted = finder::fit(gray, at, module, module)
        .filter(|fitted| (fitted.centre - at).length() < module);
    // One that is half gone has no edges to fit, but a place.
    let half_gone = Finder { centre: at, rays: RAYS / 2, error: 0.2, ..here };
    Some(fitted.unwrap_or(half_gone).scaled(scale))
}
