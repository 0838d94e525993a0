//! What was found, and how it is told.

use std::fmt;

use crate::circles::{Circle, Kind};
use crate::rules::{Accepted, Forbidden};

/// What is wrong with a workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Circles of files.
    pub files: Vec<Circle>,
    /// Circles of rooms: of modules right under the root of a crate.
    pub rooms: Vec<Circle>,
    /// Dependencies that are against the order of the crates.
    pub forbidden: Vec<Forbidden>,
    /// What is accepted and would not have to be.
    pub unneeded: Vec<Accepted>,
}

impl Findings {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.files.is_empty()
            && self.rooms.is_empty()
            && self.forbidden.is_empty()
            && self.unneeded.is_empty()
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for circle in self.files.iter().chain(&self.rooms) {
            writeln!(f, "{circle}")?;
        }
        for Forbidden { package, on } in &self.forbidden {
            writeln!(f, "{package} depends on {on}, against the order of the crates")?;
        }
        for Accepted { files, .. } in &self.unneeded {
            writeln!(f, "accepted, but no longer a circle: {}", files.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.members.len();
        match &self.kind {
            Kind::Files => writeln!(f, "circle of {count} files:")?,
            Kind::Rooms(of) => writeln!(f, "circle of {count} rooms of {of}:")?,
        }
        for member in &self.members {
            writeln!(f, "  {member}")?;
        }
        for ((from, to), uses) in &self.uses {
            writeln!(f, "  {from} -> {to}")?;
            for it in uses {
                let (file, line) = (it.from.display(), it.line);
                writeln!(f, "    {file}:{line}: {} = {}", it.written, it.item)?;
            }
        }
        Ok(())
    }
}
