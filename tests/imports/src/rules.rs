//! What is allowed in this workspace.

use crate::workspace::Package;

/// What a workspace is held to.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Which crates may use which.
    pub order: &'static [MayUse],
    /// Circles that are there for a reason.
    pub accepted: &'static [Accepted],
}

/// The crates of this repository that a member may depend on, other than for its
/// tests. Members without a line may depend on any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MayUse {
    /// Which.
    pub package: &'static str,
    /// The others.
    pub others: &'static [&'static str],
}

/// Files that may use each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The ends of their paths.
    pub files: &'static [&'static str],
    /// Why.
    pub reason: &'static str,
}

/// The rules of this workspace.
pub const HOUSE: Rules = Rules {
    order: &[
        MayUse { package: "crewseal-label", others: &[] },
        MayUse { package: "crewseal-scan", others: &["crewseal-label"] },
        MayUse { package: "crewseal-custody", others: &["crewseal-label"] },
        MayUse {
            package: "crewseal",
            others: &["crewseal-label", "crewseal-scan", "crewseal-custody"],
        },
        MayUse {
            package: "crewseal-ffi",
            others: &["crewseal-label", "crewseal-scan", "crewseal-custody", "crewseal"],
        },
        MayUse { package: "crewseal-bindgen", others: &[] },
        MayUse {
            package: "crewseal-hq",
            others: &["crewseal-label", "crewseal-scan", "crewseal-custody"],
        },
    ],
    accepted: &[],
};

/// A dependency that is against the order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Forbidden {
    /// The crate that has it.
    pub package: String,
    /// The crate it depends on.
    pub on: String,
}

/// The dependencies that are against the order.
pub fn forbidden(packages: &[Package], order: &[MayUse]) -> Vec<Forbidden> {
    let mut found = Vec::new();
    for package in packages {
        let Some(rule) = order.iter().find(|rule| rule.package == package.name) else { continue };
        for dependency in &package.dependencies {
            let on = dependency.package.as_str();
            if !rule.others.contains(&on) {
                found.push(Forbidden { package: package.name.clone(), on: on.to_owned() });
            }
        }
    }
    found.sort();
    found
}
