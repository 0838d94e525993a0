//! Reed-Solomon over GF(256), as QR codes use it: the field of x^8 + x^4 + x^3
//! + x^2 + 1, generator 2, first consecutive root 1 (ISO/IEC 18004, 7.5.2).
//!
//! A codeword that is known to be doubtful costs half of what an unknown error
//! costs: with `e` erasures and `t` errors a block of `k` check words is
//! mended if 2 t + e <= k. Torn and glaring labels live from that.

/// Powers of the generator, twice around so that sums of logarithms need no
/// remainder.
const EXP: [u8; 512] = powers();

/// Logarithms; that of 0 is never asked for.
const LOG: [u8; 256] = logarithms();

const fn powers() -> [u8; 512] {
    let mut table = [0; 512];
    let mut value: u16 = 1;
    let mut at = 0;
    while at < 512 {
        table[at] = value as u8;
        value <<= 1;
        if value & 0x100 != 0 {
            value ^= 0x11d;
        }
        at += 1;
    }
    table
}

const fn logarithms() -> [u8; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 255 {
        table[EXP[at] as usize] = at as u8;
        at += 1;
    }
    table
}

fn times(a: u8, b: u8) -> u8 {
    if a == 0 || b == 0 { 0 } else { EXP[LOG[a as usize] as usize + LOG[b as usize] as usize] }
}

/// `a / b`; `b` is not 0.
fn over(a: u8, b: u8) -> u8 {
    if a == 0 { 0 } else { EXP[LOG[a as usize] as usize + 255 - LOG[b as usize] as usize] }
}

/// Generator to the power of `-position`.
fn inverse_power(position: usize) -> u8 {
    EXP[255 - position % 255]
}

fn value_at(polynomial: &[u8], x: u8) -> u8 {
    polynomial.iter().rev().fold(0, |sum, &term| times(sum, x) ^ term)
}

/// Most check words of one block.
const MOST: usize = 68;

/// What a block's words come to at the roots of the code: all zero for a
/// codeword. They do not depend on what is taken for lost, so one block needs
/// them once however often it is tried.
pub struct Syndromes {
    values: [u8; MOST],
    checks: usize,
}

impl Syndromes {
    /// Of a block whose last `checks` words are check words; none, if there is no
    /// such block.
    pub fn of(block: &[u8], checks: usize) -> Option<Self> {
        if checks > MOST || checks >= block.len() || block.len() > 255 {
            return None;
        }
        let mut values = [0; MOST];
        for (power, value) in values.iter_mut().take(checks).enumerate() {
            let x = EXP[power];
            *value = block.iter().fold(0, |sum, &word| times(sum, x) ^ word);
        }
        Some(Self { values, checks })
    }

    /// Whether the errors at these places, counted from the block's end, are what
    /// makes them differ from zero.
    fn are_of(&self, errors: &[(usize, u8)]) -> bool {
        self.values[..self.checks].iter().enumerate().all(|(power, &value)| {
            let sum = errors
                .iter()
                .fold(0, |sum, &(place, by)| sum ^ times(by, EXP[place * power % 255]));
            sum == value
        })
    }
}

/// Mends a block in place, of which these are the syndromes. Words at `erased`
/// are taken as unknown, and `spare` of the check words must not be needed.
/// Returns how many words were wrong without being erased; none, if it is beyond
/// mending, and then the block is as it was.
pub fn mend(
    block: &mut [u8],
    syndromes: &Syndromes,
    erased: &[usize],
    spare: usize,
) -> Option<usize> {
    let (length, checks) = (block.len(), syndromes.checks);
    if erased.len() > checks {
        return None;
    }
    if syndromes.values.iter().all(|&value| value == 0) {
        return Some(0);
    }
    let (locator, degree) = locator(length, syndromes, erased);
    let locator_degree = locator.iter().rposition(|&term| term != 0).unwrap_or(0);
    if locator_degree != degree || 2 * degree + spare > checks + erased.len() || degree > checks {
        return None;
    }
    let locator = &locator[..=degree];
    // The evaluator, syndromes times locator.
    let mut evaluator = [0u8; MOST];
    for (power, term) in evaluator.iter_mut().take(checks).enumerate() {
        let known = syndromes.values[..=power].iter().rev();
        *term = locator.iter().zip(known).fold(0, |sum, (&a, &b)| sum ^ times(a, b));
    }
    let evaluator = &evaluator[..checks];
    let (found, roots) = errors(length, locator, evaluator)?;
    let found = &found[..roots];
    // What is mended must be a codeword; a wrong locator could say otherwise.
    if roots != degree || !syndromes.are_of(found) {
        return None;
    }
    let mut errors = 0;
    for &(place, value) in found {
        let at = length - 1 - place;
        block[at] ^= value;
        errors += usize::from(value != 0 && !erased.contains(&at));
    }
    Some(errors)
}

/// The locator of what was erased and of the errors besides, lowest power first, and
/// the degree that it should have: Berlekamp and Massey, started with the erasures.
fn locator(length: usize, syndromes: &Syndromes, erased: &[usize]) -> ([u8; MOST + 1], usize) {
    // At first of the erasures alone.
    let mut locator = [0u8; MOST + 1];
    locator[0] = 1;
    for (count, &at) in erased.iter().enumerate() {
        let x = EXP[(length - 1 - at) % 255];
        for power in (0..=count).rev() {
            locator[power + 1] ^= times(locator[power], x);
        }
    }
    let mut previous = locator;
    let mut degree = erased.len();
    for round in erased.len()..syndromes.checks {
        let known = syndromes.values[..=round].iter().rev();
        let discrepancy =
            locator.iter().take(degree + 1).zip(known).fold(0, |sum, (&a, &b)| sum ^ times(a, b));
        // previous *= x
        previous.copy_within(0..MOST, 1);
        previous[0] = 0;
        if discrepancy == 0 {
            continue;
        }
        let before = locator;
        for (term, &other) in locator.iter_mut().zip(&previous) {
            *term ^= times(discrepancy, other);
        }
        if 2 * degree <= round + erased.len() {
            degree = round + erased.len() + 1 - degree;
            for (term, &other) in previous.iter_mut().zip(&before) {
                *term = over(other, discrepancy);
            }
        }
    }
    (locator, degree)
}

/// Where the locator has its roots, as places from the block's end, and by how much the
/// words there are wrong: Chien and Forney. None, if there are other roots than its
/// degree allows.
fn errors(length: usize, locator: &[u8], evaluator: &[u8]) -> Option<([(usize, u8); MOST], usize)> {
    let degree = locator.len() - 1;
    let mut found = [(0usize, 0u8); MOST];
    let mut roots = 0;
    for place in 0..length {
        let x = inverse_power(place);
        if value_at(locator, x) != 0 {
            continue;
        }
        // The locator's derivative: odd powers only.
        let mut derivative = 0;
        let square = times(x, x);
        let mut power_of_x = 1;
        for odd in (1..=degree).step_by(2) {
            derivative ^= times(locator[odd], power_of_x);
            power_of_x = times(power_of_x, square);
        }
        if derivative == 0 || roots >= degree {
            return None;
        }
        // The first root is 1, so the value gains one power of the place.
        let value = times(over(value_at(evaluator, x), derivative), EXP[place % 255]);
        found[roots] = (place, value);
        roots += 1;
    }
    Some((found, roots))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{Index, subsequence};

    use super::*;

    fn mend(block: &mut [u8], checks: usize, erased: &[usize], spare: usize) -> Option<usize> {
        let syndromes = Syndromes::of(block, checks)?;
        super::mend(block, &syndromes, erased, spare)
    }

    fn is_codeword(block: &[u8], checks: usize) -> bool {
        (0..checks)
            .all(|power| block.iter().fold(0, |sum, &word| times(sum, EXP[power]) ^ word) == 0)
    }

    /// Data with the check words that the writer of codes adds.
    fn codeword(data: &[u8], checks: usize) -> Vec<u8> {
        [data, &qrcode::ec::create_error_correction_code(data, checks)].concat()
    }

    /// Numbers of check words that codes have.
    fn checks() -> impl Strategy<Value = usize> {
        prop::sample::select(vec![7, 10, 13, 15, 16, 17, 18, 20, 22, 24, 26, 28, 30])
    }

    #[test]
    fn the_field_is_one() {
        for a in 1..=255 {
            assert_eq!(over(a, a), 1);
            assert_eq!(times(a, over(1, a)), 1);
            assert_eq!((times(a, 0), times(0, a), over(0, a)), (0, 0, 0));
            // Adding is exclusive or, so doubling is the shift that the field is
            // made of.
            let doubled = u16::from(a) << 1;
            let reduced = if doubled > 255 { doubled ^ 0x11d } else { doubled };
            assert_eq!(u16::from(times(a, 2)), reduced);
        }
        for (position, power) in EXP.into_iter().enumerate().take(255) {
            assert_eq!(times(power, inverse_power(position)), 1);
        }
    }

    #[test]
    fn what_makes_no_block_is_refused() {
        assert_eq!(mend(&mut [], 7, &[], 0), None);
        assert_eq!(mend(&mut [1; 7], 7, &[], 0), None);
        assert_eq!(mend(&mut [1; 256], 30, &[], 0), None);
        assert_eq!(mend(&mut [1; 100], MOST + 1, &[], 0), None);
        assert_eq!(mend(&mut [1; 26], 7, &[0, 1, 2, 3, 4, 5, 6, 7], 0), None);
    }

    proptest! {
        #[test]
        fn whatever_is_within_reach_is_mended(
            (checks, data) in (checks(), prop::collection::vec(any::<u8>(), 1..120)),
            order in subsequence((0..150).collect::<Vec<usize>>(), 150).prop_shuffle(),
            erasures: Index,
            errors: Index,
            wrong in prop::collection::vec(1..=255_u8, 30),
        ) {
            let sound = codeword(&data, checks);
            let places: Vec<usize> =
                order.into_iter().filter(|&place| place < sound.len()).collect();
            let erasures = erasures.index(checks + 1).min(places.len());
            let (erased, others) = places.split_at(erasures);
            let errors = errors.index((checks - erasures) / 2 + 1).min(others.len());
            let mut block = sound.clone();
            // Half of what is erased happens to be right.
            for (&at, by) in erased.iter().step_by(2).zip(&wrong) {
                block[at] ^= by;
            }
            for (&at, by) in others[..errors].iter().zip(&wrong) {
                block[at] ^= by;
            }
            prop_assert_eq!(mend(&mut block, checks, erased, 0), Some(errors));
            prop_assert_eq!(block, sound);
        }

        #[test]
        fn what_is_beyond_is_left_alone(
            (checks, noise) in (checks(), prop::collection::vec(any::<u8>(), 8..255)),
            erased in subsequence((0..255).collect::<Vec<usize>>(), 0..30),
            spare in 0..4_usize,
        ) {
            let erased: Vec<usize> = erased.into_iter().filter(|&at| at < noise.len()).collect();
            let mut block = noise.clone();
            match mend(&mut block, checks, &erased, spare) {
                Some(errors) => {
                    prop_assert!(is_codeword(&block, checks));
                    prop_assert!(2 * errors + erased.len() + spare <= checks);
                }
                None => prop_assert_eq!(block, noise),
            }
        }

        /// A little more than can be mended is never mended into less of a change
        /// than a codeword allows.
        #[test]
        fn one_error_too_many_gives_nothing_or_a_codeword(
            (checks, data) in (checks(), prop::collection::vec(any::<u8>(), 40..80)),
            wrong in prop::collection::vec(1..=255_u8, 16),
        ) {
            let sound = codeword(&data, checks);
            let mut block = sound.clone();
            for (word, by) in block.iter_mut().zip(&wrong).take(checks / 2 + 1) {
                *word ^= by;
            }
            let damaged = block.clone();
            match mend(&mut block, checks, &[], 0) {
                Some(errors) => {
                    prop_assert!(errors <= checks / 2);
                    prop_assert!(is_codeword(&block, checks));
                    prop_assert_ne!(block, sound);
                }
                None => prop_assert_eq!(block, damaged),
            }
        }
    }
}
