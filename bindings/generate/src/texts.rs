//! The table of texts as the resources of Android and of Apple's systems.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// For each key its text in each language, by the language's code.
pub type Texts = BTreeMap<String, BTreeMap<String, String>>;

/// Reads a table.
///
/// # Errors
/// If it cannot be read, or is none.
pub fn read(table: &Path) -> io::Result<Texts> {
    Ok(serde_json::from_str(&fs::read_to_string(table)?)?)
}

/// Writes what Android finds texts in: `values/crewseal_texts.xml` in English, which is
/// also for every other language, and `values-zh/crewseal_texts.xml`. The names begin
/// with `crewseal_`.
///
/// # Errors
/// If the directory cannot be written.
pub fn android(texts: &Texts, resources: &Path) -> io::Result<()> {
    for (language, directory) in [("en", "values"), ("zh", "values-zh")] {
        let mut file = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        file += "<!-- Written by crewseal-texts from bindings/texts/texts.json. -->\n<resources>\n";
        for (key, text) in of(texts, language) {
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            let text = text.replace('\'', "\\'").replace('"', "\\\"");
            file += &format!("    <string name=\"crewseal_{key}\">{text}</string>\n");
        }
        file += "</resources>\n";
        write(&resources.join(directory).join("crewseal_texts.xml"), &file)?;
    }
    Ok(())
}

/// Writes what Apple's systems find texts in: `Crewseal.strings` in `en.lproj` and in
/// `zh-Hans.lproj`.
///
/// # Errors
/// If the directory cannot be written.
pub fn apple(texts: &Texts, resources: &Path) -> io::Result<()> {
    for (language, directory) in [("en", "en.lproj"), ("zh", "zh-Hans.lproj")] {
        let mut file =
            String::from("/* Written by crewseal-texts from bindings/texts/texts.json. */\n");
        for (key, text) in of(texts, language) {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"");
            file += &format!("\"{key}\" = \"{text}\";\n");
        }
        write(&resources.join(directory).join("Crewseal.strings"), &file)?;
    }
    Ok(())
}

fn of<'t>(texts: &'t Texts, language: &str) -> impl Iterator<Item = (&'t str, &'t str)> {
    texts.iter().filter_map(move |(key, text)| Some((key.as_str(), text.get(language)?.as_str())))
}

fn write(file: &Path, content: &str) -> io::Result<()> {
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(file, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_signs_come_through() {
        let text = BTreeMap::from([
            ("en".to_owned(), "HQ's \"A & B\"".to_owned()),
            ("zh".to_owned(), "总部".to_owned()),
        ]);
        let texts = Texts::from([("key".to_owned(), text)]);
        let directory = tempfile::tempdir().unwrap();
        android(&texts, directory.path()).unwrap();
        apple(&texts, directory.path()).unwrap();
        let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
        let xml = read("values/crewseal_texts.xml");
        assert!(
            xml.contains(r#"<string name="crewseal_key">HQ\'s \"A &amp; B\"</string>"#),
            "{xml}"
        );
        assert!(read("values-zh/crewseal_texts.xml").contains(">总部<"));
        assert!(read("en.lproj/Crewseal.strings").contains(r#""key" = "HQ's \"A & B\"";"#));
        assert!(read("zh-Hans.lproj/Crewseal.strings").contains(r#""key" = "总部";"#));
    }
}
