//! Writes the Kotlin and the Swift by which apps call `crewseal-ffi`, into the
//! packages that carry them.
//!
//! A crate of its own, so that the generator's many dependencies stay out of
//! the library that phones carry.

pub mod texts;

use std::fs;
use std::io;
use std::path::Path;

use uniffi::{GenerateOptions, TargetLanguage};

/// Where the generated files lie in the directory `bindings`.
pub const GENERATED: [&str; 4] = [KOTLIN, SWIFT, HEADER, MODULE];
const KOTLIN: &str = "kotlin/src/generated/kotlin/com/crewseal/crewseal.kt";
const SWIFT: &str = "swift/Sources/Crewseal/Generated.swift";
const HEADER: &str = "swift/Sources/CrewsealFFI/CrewsealFFI.h";
const MODULE: &str = "swift/Sources/CrewsealFFI/module.modulemap";

/// Writes both languages into a directory laid out as `bindings` is, from a
/// built library whose symbols were not stripped. The settings are those of the
/// library's `uniffi.toml`, which cargo finds from wherever in the workspace this
/// runs.
///
/// # Errors
/// If the library is none of UniFFI's, the settings cannot be read, or the
/// directory cannot be written.
pub fn generate(library: &Path, bindings: &Path) -> uniffi::Result<()> {
    let fresh = bindings.join("fresh");
    uniffi::generate(GenerateOptions {
        languages: vec![TargetLanguage::Kotlin, TargetLanguage::Swift],
        source: library.to_owned().try_into()?,
        out_dir: fresh.clone().try_into()?,
        metadata_no_deps: true,
        ..GenerateOptions::default()
    })?;
    for (from, to) in [
        ("com/crewseal/crewseal.kt", KOTLIN),
        ("Crewseal.swift", SWIFT),
        ("CrewsealFFI.h", HEADER),
        ("CrewsealFFI.modulemap", MODULE),
    ] {
        let to = bindings.join(to);
        if let Some(directory) = to.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::rename(fresh.join(from), to)?;
    }
    let swift = bindings.join(SWIFT);
    fs::write(&swift, opened(&fs::read_to_string(&swift)?)?)?;
    fs::remove_dir_all(fresh)?;
    Ok(())
}

/// Swift ends the process if the library is not the one that the code was generated
/// for. The wrapper asks first, so it must see what the check found.
fn opened(swift: &str) -> uniffi::Result<String> {
    let mut opened = swift.to_owned();
    for name in ["enum InitializationResult {", "let initializationResult:"] {
        let private = format!("\nprivate {name}");
        if opened.matches(&private).count() != 1 {
            return Err(io::Error::other(format!("the generated Swift has no {name}")).into());
        }
        opened = opened.replace(&private, &format!("\n{name}"));
    }
    Ok(opened)
}
