//! Numbers, lists and sentences.

/// A number of things: `1 box`, `42 boxes`.
#[must_use]
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A number of boxes.
#[must_use]
pub fn boxes(number: usize) -> String {
    count(number, "box", "boxes")
}

/// Several names, joined.
#[must_use]
pub fn list(names: impl IntoIterator<Item = String>) -> String {
    let mut names: Vec<String> = names.into_iter().collect();
    match names.pop() {
        None => "none".to_owned(),
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} and {last}", names.join(", ")),
    }
}

/// The first letter large, for a heading or the start of a sentence.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        let mut sentence: String = first.to_uppercase().collect();
        sentence.push_str(chars.as_str());
        sentence
    })
}

/// A text from inside a record with nothing in it that steers a terminal or
/// turns the direction of writing: whoever made the record may be no friend.
#[must_use]
pub fn printable(text: &str) -> String {
    let steers = |c: &char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(|c| !steers(c)).collect()
}

/// Boxes by their call-outs: `box 7Q4X`.
#[must_use]
pub fn named_boxes(call_outs: Vec<String>) -> String {
    let noun = if call_outs.len() == 1 { "box" } else { "boxes" };
    format!("{noun} {}", list(call_outs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lists_agree_with_their_nouns() {
        assert_eq!(boxes(1), "1 box");
        assert_eq!(boxes(0), "0 boxes");
        assert_eq!(list(["a", "b", "c"].map(str::to_owned)), "a, b and c");
        assert_eq!(sentence("missing"), "Missing");
    }
}
