//! Writes the Kotlin and the Swift by which apps call `crewseal-ffi`.
//!
//! A crate of its own, so that the generator's many dependencies stay out of
//! the library that phones carry.

use std::path::Path;

use uniffi::{GenerateOptions, TargetLanguage};

/// Writes both languages into a directory, from a built library whose symbols
/// were not stripped. The settings are those of the library's `uniffi.toml`,
/// which cargo finds from wherever in the workspace this runs.
///
/// # Errors
/// If the library is none of UniFFI's, the settings cannot be read, or the
/// directory cannot be written.
pub fn generate(library: &Path, directory: &Path) -> uniffi::Result<()> {
    uniffi::generate(GenerateOptions {
        languages: vec![TargetLanguage::Kotlin, TargetLanguage::Swift],
        source: library.to_owned().try_into()?,
        out_dir: directory.to_owned().try_into()?,
        metadata_no_deps: true,
        ..GenerateOptions::default()
    })
}
