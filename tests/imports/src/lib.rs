//! Checks that nothing in this workspace imports in a circle, or against the
//! order of the crates.
//!
//! ```sh
//! cargo run -p imports
//! ```
//!
//! prints every circle with the lines that make it, and exits with 1 if it found
//! anything. Tests call [`check`].
//!
//! # What it checks
//!
//! One file *uses* another if it names something that the other defines: a type, a
//! trait, a function, a constant or a macro. What matters is where a thing is
//! defined, not the path by which it is reached. So
//!
//! * a path is followed through re-exports, renames, globs and other crates of the
//!   workspace to the file with the definition;
//! * a re-export (`pub use`, `pub(crate) use`) and `mod` are not uses. A `mod.rs`
//!   that only re-exports from its files uses none of them; one that defines
//!   something its files need, and calls them too, is in a circle with them;
//! * importing a module is not a use. Naming something in it is.
//!
//! There must be no circle
//!
//! 1. of *files*;
//! 2. of *rooms*: the modules right under the root of a crate, each with all of its
//!    files, and the root itself, which goes by the name of its file. Two rooms can
//!    use each other although no two of their files do;
//!
//! and no crate may depend on another one of this repository unless [`MayUse`] says
//! so. (Cargo rules out circles of crates, but does not know their order.)
//!
//! It reads the library and the programs of every member, and leaves out tests,
//! benches, build scripts, dev-dependencies and whatever is under `#[cfg(test)]`.
//! Of any other condition it takes both sides.
//!
//! A circle that has to stay is listed in [`HOUSE`] with its reason. Its files then
//! count as one file, so a circle through others is still found. Once they no longer
//! use each other, the entry itself is an error.
//!
//! # What it cannot see
//!
//! It reads text, and knows neither types nor traits.
//!
//! * Method calls. `store.commit()` names no item; `Store` counts where it is named.
//!   `Store::open` counts as the file that defines `Store`, wherever the `impl` is.
//!   So two files that each hold a part of one `impl` and call each other's methods
//!   go unseen.
//! * What a macro expands to. Its arguments are read as expressions or, if they are
//!   none, searched for paths; in `macro_rules!`, only paths from `$crate` or `crate`
//!   count. An item that nobody declares is taken for one that a macro defines in
//!   the last module of its path, which is wrong if that module has it by a glob.
//! * Paths in attributes, like `#[cbor(with = "crate::x")]`.
//! * Variants imported by a glob, as in `use Kind::*`.
//! * Privacy. A glob takes private names as well, and where a name comes by two
//!   globs, both count.

mod cfg;
mod circles;
mod crates;
mod error;
mod graph;
mod reader;
mod report;
mod resolve;
mod rules;
mod source;
mod tokens;
mod tree;
mod use_tree;
mod workspace;

use std::path::Path;

pub use circles::{Circle, Kind};
pub use error::Error;
pub use graph::Use;
pub use report::Findings;
pub use rules::{Accepted, Forbidden, HOUSE, MayUse, Rules};

/// Checks the workspace whose `Cargo.toml` is in the directory `root`.
///
/// # Errors
/// [`Error`] if the workspace cannot be read.
pub fn check(root: &Path, rules: &Rules) -> Result<Findings, Error> {
    let packages = workspace::members(root)?;
    let tree = crates::read(root, &packages)?;
    let uses = graph::uses(&tree);
    Ok(Findings {
        files: circles::between_files(&uses, rules.accepted),
        rooms: circles::between_rooms(&tree, &uses, rules.accepted),
        forbidden: rules::forbidden(&packages, rules.order),
        unneeded: circles::unneeded(&uses, rules.accepted),
    })
}
