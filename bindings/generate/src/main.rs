//! `crewseal-bindgen LIBRARY DIRECTORY`

use std::path::PathBuf;

use clap::Parser;

/// Writes the Kotlin and the Swift by which apps call Crewseal.
#[derive(Parser)]
struct Arguments {
    /// The built library, not stripped: `target/debug/libcrewseal_ffi.so`
    library: PathBuf,
    /// Where to write
    directory: PathBuf,
}

fn main() -> uniffi::Result<()> {
    let Arguments { library, directory } = Arguments::parse();
    crewseal_bindgen::generate(&library, &directory)
}
