//! The forty sizes of a QR code and where everything lies in them
//! (ISO/IEC 18004, 6 and 7.5, annexes C to E).

use crate::Level;

const LARGEST: usize = 40;

/// Check words per block, by level and version.
#[rustfmt::skip]
const CHECKS: [[u8; LARGEST]; 4] = [
    [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28,
     28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30],
    [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26,
     26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28],
    [13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30,
     28, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30],
    [17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28,
     30, 24, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30],
];

/// Blocks, by level and version.
#[rustfmt::skip]
const BLOCKS: [[u8; LARGEST]; 4] = [
    [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8,
     8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25],
    [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16,
     17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49],
    [1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20,
     23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68],
    [1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25,
     25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81],
];

/// A level's row in these tables.
const fn row(level: Level) -> usize {
    match level {
        Level::L => 0,
        Level::M => 1,
        Level::Q => 2,
        Level::H => 3,
    }
}

/// A size, 1 to 40.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u8);

impl Version {
    pub fn new(number: usize) -> Option<Self> {
        (1..=LARGEST).contains(&number).then_some(Self(number as u8))
    }

    pub fn number(self) -> usize {
        self.0 as usize
    }

    /// Whether it has alignment patterns in its midst, and its number written on it.
    pub fn has_mesh(self) -> bool {
        self.number() >= 7
    }

    /// Modules along a side.
    pub fn side(self) -> usize {
        17 + 4 * self.number()
    }

    /// Centres of alignment patterns along each axis, in modules; an array and
    /// how many of it count.
    pub fn alignment(self) -> ([u8; 7], usize) {
        let mut centres = [6u8; 7];
        let version = self.number();
        if version == 1 {
            return (centres, 0);
        }
        let count = version / 7 + 2;
        let step = (version * 8 + count * 3 + 5) / (count * 4 - 4) * 2;
        for (index, centre) in centres.iter_mut().enumerate().take(count).skip(1) {
            *centre = (self.side() - 7 - (count - 1 - index) * step) as u8;
        }
        (centres, count)
    }

    pub fn checks(self, level: Level) -> usize {
        CHECKS[row(level)][self.number() - 1] as usize
    }

    pub fn blocks(self, level: Level) -> usize {
        BLOCKS[row(level)][self.number() - 1] as usize
    }

    /// Words of data and checks together.
    pub fn words(self) -> usize {
        let version = self.number();
        let mut bits = (16 * version + 128) * version + 64;
        if version >= 2 {
            let patterns = version / 7 + 2;
            bits -= (25 * patterns - 10) * patterns - 55;
            if version >= 7 {
                bits -= 36;
            }
        }
        bits / 8
    }
}

/// Which modules bear no data: finders with their separators and format, timing
/// and alignment patterns, version information.
pub fn is_function(version: Version, column: usize, row: usize) -> bool {
    let side = version.side();
    if column == 6 || row == 6 {
        return true;
    }
    if (column < 9 && (row < 9 || row >= side - 8)) || (column >= side - 8 && row < 9) {
        return true;
    }
    if version.has_mesh() && ((column < 6 && row >= side - 11) || (row < 6 && column >= side - 11))
    {
        return true;
    }
    let (centres, count) = version.alignment();
    let near = |at: usize| {
        centres[..count]
            .iter()
            .map(|&centre| centre as usize)
            .find(|&centre| centre.abs_diff(at) <= 2)
    };
    match (near(column), near(row)) {
        // Not where the finders are.
        (Some(x), Some(y)) => x.min(y) != 6 || (x.max(y) != 6 && x.max(y) != side - 7),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use qrcode::bits::Bits;
    use qrcode::canvas::{Canvas, Module};
    use qrcode::{EcLevel, ec};

    use super::*;

    const LEVELS: [(Level, EcLevel); 4] = [
        (Level::L, EcLevel::L),
        (Level::M, EcLevel::M),
        (Level::Q, EcLevel::Q),
        (Level::H, EcLevel::H),
    ];

    fn all() -> impl Iterator<Item = (Version, qrcode::Version)> {
        (1..=40).map(|number| (Version::new(number).unwrap(), number_of(number)))
    }

    fn number_of(number: usize) -> qrcode::Version {
        qrcode::Version::Normal(i16::try_from(number).unwrap())
    }

    #[test]
    fn there_are_forty() {
        assert_eq!((Version::new(0), Version::new(41)), (None, None));
        assert_eq!((Version(1).side(), Version(40).side()), (21, 177));
    }

    /// Those who write codes must mean the same words.
    #[test]
    fn words_and_blocks_are_those_of_the_writer() {
        for (version, theirs) in all() {
            for (level, their_level) in LEVELS {
                let data = Bits::new(theirs).max_len(their_level).unwrap() / 8;
                let (words, checks) =
                    ec::construct_codewords(&vec![0; data], theirs, their_level).unwrap();
                let case = format!("{version:?} {level:?}");
                assert_eq!(version.words(), words.len() + checks.len(), "{case}");
                assert_eq!(version.blocks(level) * version.checks(level), checks.len(), "{case}");
                assert!(version.words() / version.blocks(level) < 255, "{case}");
            }
        }
    }

    #[test]
    fn what_bears_no_data_is_that_of_the_writer() {
        for (version, theirs) in all() {
            let mut canvas = Canvas::new(theirs, EcLevel::M);
            canvas.draw_all_functional_patterns();
            let side = version.side();
            assert_eq!(i16::try_from(side), Ok(theirs.width()));
            let coordinate = |at: usize| i16::try_from(at).unwrap();
            for row in 0..side {
                for column in 0..side {
                    let bears_data =
                        canvas.get(coordinate(column), coordinate(row)) == Module::Empty;
                    assert_eq!(
                        is_function(version, column, row),
                        !bears_data,
                        "{version:?}: {column}, {row}"
                    );
                }
            }
        }
    }

    /// From annex E of the standard.
    #[test]
    fn alignment_patterns_are_where_the_standard_has_them() {
        let centres = |number| {
            let (centres, count) = Version(number).alignment();
            centres[..count].to_vec()
        };
        assert_eq!(centres(1), []);
        assert_eq!(centres(2), [6, 18]);
        assert_eq!(centres(7), [6, 22, 38]);
        assert_eq!(centres(14), [6, 26, 46, 66]);
        assert_eq!(centres(32), [6, 34, 60, 86, 112, 138]);
        assert_eq!(centres(36), [6, 24, 50, 76, 102, 128, 154]);
        assert_eq!(centres(40), [6, 30, 58, 86, 114, 142, 170]);
    }
}
