//! `crewseal-bindgen LIBRARY BINDINGS`

use std::path::PathBuf;

use clap::Parser;

/// Writes the Kotlin and the Swift by which apps call Crewseal.
#[derive(Parser)]
struct Arguments {
    /// The built library, not stripped: `target/debug/libcrewseal_ffi.so`
    library: PathBuf,
    /// The directory with the packages that carry them: `bindings`
    bindings: PathBuf,
}

fn main() -> uniffi::Result<()> {
    let Arguments { library, bindings } = Arguments::parse();
    crewseal_bindgen::generate(&library, &bindings)
}
