//! Files, and where Rust looks for the files of the modules that they declare.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::tree::FileName;

/// A file of Rust.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where the workspace is.
    root: PathBuf,
    /// Where the file is.
    pub path: PathBuf,
    /// Its path from there.
    pub name: FileName,
}

impl Source {
    /// The file with this path in the workspace with this root.
    pub fn new(root: &Path, path: &Path) -> Result<Self, Error> {
        let path = absolute(path)?;
        let name = path.strip_prefix(root).unwrap_or(&path).into();
        Ok(Self { root: root.to_owned(), path, name })
    }

    /// The file of a module that is declared here and has its files in `directory`.
    pub fn child(&self, directory: &Path, module: &str) -> Result<Self, Error> {
        [directory.join(format!("{module}.rs")), directory.join(module).join("mod.rs")]
            .into_iter()
            .find(|path| path.is_file())
            .ok_or_else(|| Error::NoFile { path: self.path.clone(), module: module.to_owned() })
            .and_then(|path| Self::new(&self.root, &path))
    }

    /// The file of a module that says itself where it is.
    pub fn at(&self, path: &Path) -> Result<Self, Error> {
        Self::new(&self.root, &self.directory().join(path))
    }

    /// The directory it is in.
    pub fn directory(&self) -> PathBuf {
        self.path.parent().unwrap_or(&self.path).to_owned()
    }

    /// The directory with the files of the modules that it declares, if it is
    /// not the root of a crate.
    pub fn children(&self) -> PathBuf {
        if self.path.file_name().is_some_and(|name| name == "mod.rs") {
            self.directory()
        } else {
            self.path.with_extension("")
        }
    }

    /// What is in it.
    pub fn parse(&self) -> Result<syn::File, Error> {
        let text = fs::read_to_string(&self.path)
            .map_err(|cause| Error::File { path: self.path.clone(), cause })?;
        syn::parse_file(&text).map_err(|cause| Error::Syntax { path: self.path.clone(), cause })
    }
}

/// A path from the root of the disk on, the same for every way to the file.
pub fn absolute(path: &Path) -> Result<PathBuf, Error> {
    fs::canonicalize(path).map_err(|cause| Error::File { path: path.to_owned(), cause })
}
