//! The texts of apps, checked in where they are looked for, and the table they come from.

use std::fs;
use std::path::Path;

use crewseal_bindgen::texts;

/// Write them anew with `cargo run -p crewseal-bindgen --bin crewseal-texts --
/// bindings/texts/texts.json --android android/crewseal/src/main/res`.
#[test]
fn android_has_the_texts_of_the_table() {
    let bindings = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kept = bindings.join("../android/crewseal/src/main/res");
    let written = tempfile::tempdir().unwrap();
    texts::android(&texts::read(&bindings.join("texts/texts.json")).unwrap(), written.path())
        .unwrap();
    for language in ["values", "values-zh"] {
        let file = Path::new(language).join("crewseal_texts.xml");
        let (kept, written) = (kept.join(&file), written.path().join(&file));
        let same = fs::read_to_string(&kept).unwrap() == fs::read_to_string(&written).unwrap();
        assert!(same, "{} is not what the table says", kept.display());
    }
}
