//! What Cargo says about the workspace: its members, their targets, and which
//! of them depend on which.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::error::Error;

/// A member of the workspace.
#[derive(Debug)]
pub struct Package {
    /// Its name in `Cargo.toml`.
    pub name: String,
    /// Its library and its programs.
    pub targets: Vec<Target>,
    /// The crates of this repository that it depends on, other than for tests and
    /// build scripts.
    pub dependencies: Vec<Dependency>,
}

/// A library or a program.
#[derive(Debug)]
pub struct Target {
    /// Its name, as paths in Rust have it.
    pub name: String,
    /// Whether other crates can name it.
    pub kind: TargetKind,
    /// The file with its root module.
    pub root: PathBuf,
}

/// What a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// A library, which paths of other crates can begin with.
    Library,
    /// A program.
    Program,
}

/// That a member depends on another crate.
#[derive(Debug)]
pub struct Dependency {
    /// The other's name in its `Cargo.toml`.
    pub package: String,
    /// The name it goes by in paths, if it is renamed.
    pub rename: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetadataPackage>,
}

#[derive(Deserialize)]
struct MetadataPackage {
    name: String,
    targets: Vec<MetadataTarget>,
    dependencies: Vec<MetadataDependency>,
}

#[derive(Deserialize)]
struct MetadataTarget {
    name: String,
    kind: Vec<String>,
    src_path: PathBuf,
}

#[derive(Deserialize)]
struct MetadataDependency {
    name: String,
    /// `dev`, `build`, or nothing for an ordinary one.
    kind: Option<String>,
    rename: Option<String>,
    path: Option<PathBuf>,
}

/// Reads the members of the workspace in `root`.
pub fn members(root: &Path) -> Result<Vec<Package>, Error> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps", "--offline", "--manifest-path"])
        .arg(root.join("Cargo.toml"))
        .output()
        .map_err(|error| Error::Metadata(error.to_string()))?;
    if !output.status.success() {
        return Err(Error::Metadata(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)
        .map_err(|error| Error::Metadata(error.to_string()))?;
    Ok(metadata.packages.into_iter().map(Package::from).collect())
}

impl From<MetadataPackage> for Package {
    fn from(package: MetadataPackage) -> Self {
        let dependencies = package
            .dependencies
            .into_iter()
            .filter(|dependency| dependency.kind.is_none() && dependency.path.is_some())
            .map(|dependency| Dependency { package: dependency.name, rename: dependency.rename })
            .collect();
        let targets = package.targets.into_iter().filter_map(MetadataTarget::read).collect();
        Self { name: package.name, targets, dependencies }
    }
}

impl MetadataTarget {
    /// Nothing for tests, benches, examples and build scripts.
    fn read(self) -> Option<Target> {
        let is = |kinds: &[&str]| self.kind.iter().any(|kind| kinds.contains(&kind.as_str()));
        let kind = if is(&["bin"]) {
            TargetKind::Program
        } else if is(&["lib", "rlib", "dylib", "cdylib", "staticlib", "proc-macro"]) {
            TargetKind::Library
        } else {
            return None;
        };
        Some(Target { name: self.name.replace('-', "_"), kind, root: self.src_path })
    }
}
