//! How hard it is: three levels, each a mix of everything that makes a label
//! hard to read.
//!
//! What the ranges hold was found by trying, until the reader that everyone
//! knows reads 95 to 98 %, 75 to 85 % and 40 to 60 % of the labels. No single
//! one of them makes a level: each scene draws its own of each.

/// How hard the labels are to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// A hallway, a steady hand, labels of today.
    One,
    /// A dim cellar, a hand in a hurry, labels that came a long way.
    Two,
    /// What nobody should be asked to read, and is.
    Three,
}

impl Level {
    /// All of them, from the easiest.
    pub const ALL: [Self; 3] = [Self::One, Self::Two, Self::Three];

    /// 1, 2 or 3.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
        }
    }

    pub(super) const fn conditions(self) -> &'static Conditions {
        match self {
            Self::One => &ONE,
            Self::Two => &TWO,
            Self::Three => &THREE,
        }
    }
}

/// From the mildest to the worst that a scene draws.
pub type Range = (f32, f32);

/// What a level's scenes are drawn from.
pub struct Conditions {
    /// Pixels to a module, where the distance is not given by how many labels
    /// must be in view.
    pub module: Range,
    /// How much larger boxes are than they need to be for their labels.
    pub spacing: Range,
    /// By what angle the boxes are seen from aside, in radians.
    pub slant: Range,
    /// Seconds that the shutter is open.
    pub exposure: Range,
    /// How restless the hand is; 1 is somebody who stands still and takes a breath.
    pub unrest: Range,
    /// Standard deviation of the lens's blur, in pixels.
    pub softness: Range,
    /// How much softer it becomes while the lens hunts for focus.
    pub hunting: f32,
    /// How much of the picture is out of focus.
    pub tilt: Range,
    pub noise: Range,
    /// Mean of the picture, linear.
    pub brightness: Range,
    pub haze: Range,
    pub shadow: Range,
    /// Share of the labels that something happened to, and how bad it is.
    pub faded: Chance,
    pub dirt: Chance,
    pub scuffs: Chance,
    /// Depth in modules.
    pub torn: Chance,
    pub tape: Chance,
    /// How bright the reflection on it is.
    pub glare: Chance,
    /// How far it is bent, in radians over its length.
    pub bent: Chance,
    /// How many modules something before it reaches into it.
    pub covered: Chance,
}

/// How likely something is, and from what range it is drawn then.
pub type Chance = (f32, Range);

const ONE: Conditions = Conditions {
    module: (2.8, 5.0),
    spacing: (1.0, 1.03),
    slant: (0.0, 0.25),
    exposure: (0.003, 0.010),
    unrest: (0.4, 0.9),
    softness: (0.35, 0.6),
    hunting: 0.2,
    tilt: (0.0, 0.4),
    noise: (0.05, 0.18),
    brightness: (0.14, 0.30),
    haze: (0.0, 0.02),
    shadow: (0.0, 0.5),
    faded: (0.15, (0.1, 0.4)),
    dirt: (0.18, (0.1, 0.34)),
    scuffs: (0.15, (0.2, 0.5)),
    torn: (0.04, (-2.0, 0.0)),
    tape: (0.25, (0.2, 0.8)),
    glare: (0.12, (0.1, 0.35)),
    bent: (0.25, (0.1, 0.5)),
    covered: (0.045, (-2.0, 0.2)),
};

const TWO: Conditions = Conditions {
    module: (2.5, 4.5),
    spacing: (1.0, 1.05),
    slant: (0.0, 0.35),
    exposure: (0.006, 0.0115),
    unrest: (0.8, 1.05),
    softness: (0.42, 0.74),
    hunting: 0.54,
    tilt: (0.0, 0.6),
    noise: (0.1, 0.34),
    brightness: (0.09, 0.25),
    haze: (0.0, 0.03),
    shadow: (0.0, 0.7),
    faded: (0.2, (0.1, 0.5)),
    dirt: (0.25, (0.15, 0.5)),
    scuffs: (0.20, (0.2, 0.5)),
    torn: (0.06, (-2.5, -0.5)),
    tape: (0.3, (0.2, 1.0)),
    glare: (0.2, (0.2, 0.7)),
    bent: (0.3, (0.2, 0.8)),
    covered: (0.06, (-2.5, -0.5)),
};

const THREE: Conditions = Conditions {
    module: (2.4, 4.2),
    spacing: (1.0, 1.06),
    slant: (0.05, 0.45),
    exposure: (0.005, 0.015),
    unrest: (0.6, 1.4),
    softness: (0.42, 0.75),
    hunting: 0.25,
    tilt: (0.0, 0.8),
    noise: (0.12, 0.36),
    brightness: (0.06, 0.2),
    haze: (0.0, 0.05),
    shadow: (0.1, 0.8),
    faded: (0.3, (0.2, 0.8)),
    dirt: (0.3, (0.25, 0.8)),
    scuffs: (0.30, (0.3, 0.9)),
    torn: (0.14, (-1.0, 5.0)),
    tape: (0.35, (0.3, 1.0)),
    glare: (0.25, (0.3, 1.2)),
    bent: (0.4, (0.3, 1.1)),
    covered: (0.14, (-1.0, 6.0)),
};
