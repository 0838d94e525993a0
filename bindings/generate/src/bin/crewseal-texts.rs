//! `crewseal-texts TABLE --android RES --apple RESOURCES`

use std::io;
use std::path::PathBuf;

use clap::Parser;
use crewseal_bindgen::texts;

/// Writes the texts of all coded values as resources of apps.
#[derive(Parser)]
#[command(name = "crewseal-texts")]
struct Arguments {
    /// The table: `bindings/texts/texts.json`
    table: PathBuf,
    /// Android's directory `res`
    #[arg(long, value_name = "DIR")]
    android: Option<PathBuf>,
    /// The directory with Apple's `lproj` directories
    #[arg(long, value_name = "DIR")]
    apple: Option<PathBuf>,
}

fn main() -> io::Result<()> {
    let Arguments { table, android, apple } = Arguments::parse();
    let table = texts::read(&table)?;
    if let Some(resources) = android {
        texts::android(&table, &resources)?;
    }
    if let Some(resources) = apple {
        texts::apple(&table, &resources)?;
    }
    Ok(())
}
