//! What can go wrong before anything is checked.

use std::path::PathBuf;

/// Why a workspace could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Cargo did not say what the workspace consists of.
    #[error("cargo metadata: {0}")]
    Metadata(String),
    /// A file could not be read.
    #[error("{}: {cause}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A file is not Rust.
    #[error("{}:{}: {cause}", path.display(), cause.span().start().line)]
    Syntax {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        cause: syn::Error,
    },
    /// A module is declared and has no file.
    #[error("{}: no file for the module {module}", path.display())]
    NoFile {
        /// Where it is declared.
        path: PathBuf,
        /// Its name.
        module: String,
    },
}
