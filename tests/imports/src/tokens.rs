//! What the tokens of a macro name, as far as it can be told without expanding it.

use proc_macro2::{Ident, Spacing, TokenStream, TokenTree};
use syn::ext::IdentExt;

use crate::tree::{Namespace, Written};

/// Every path among tokens, with its line.
///
/// A lone name is taken for a path if it begins with a capital: others are
/// mostly variables, fields and keywords.
pub fn paths(tokens: &TokenStream) -> Vec<(Written, usize)> {
    let mut found = Vec::new();
    add_paths(tokens.clone(), &mut found);
    found.retain(|(path, _)| match path.0.as_slice() {
        [name] => name.starts_with(char::is_uppercase),
        _ => true,
    });
    found
}

fn add_paths(tokens: TokenStream, found: &mut Vec<(Written, usize)>) {
    let mut tokens = tokens.into_iter().peekable();
    // The path that the tokens so far are the beginning of.
    let mut path: Option<(Written, usize)> = None;
    let mut before = Before::Nothing;
    while let Some(token) = tokens.next() {
        before = match token {
            TokenTree::Ident(name) => {
                match (before, &mut path) {
                    (Before::Colons, Some((path, _))) => path.0.push(name.unraw().to_string()),
                    (Before::Colons | Before::Dot, _) => found.extend(path.take()),
                    (Before::Nothing, _) => found.extend(path.replace(start(&name))),
                }
                Before::Nothing
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                let is_double =
                    punct.spacing() == Spacing::Joint && tokens.next_if(is_colon).is_some();
                if is_double {
                    Before::Colons
                } else {
                    found.extend(path.take());
                    Before::Nothing
                }
            }
            TokenTree::Punct(punct) => {
                found.extend(path.take());
                if punct.as_char() == '.' { Before::Dot } else { Before::Nothing }
            }
            TokenTree::Group(group) => {
                found.extend(path.take());
                add_paths(group.stream(), found);
                Before::Nothing
            }
            TokenTree::Literal(_) => {
                found.extend(path.take());
                Before::Nothing
            }
        };
    }
    found.extend(path);
}

/// What stands before a token and makes it part of something.
#[derive(Clone, Copy)]
enum Before {
    Nothing,
    Colons,
    Dot,
}

fn start(name: &Ident) -> (Written, usize) {
    let path = Written(vec![name.unraw().to_string()]);
    (path, name.span().start().line)
}

fn is_colon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':')
}

/// The items that tokens define in so many words, like `struct Name`.
pub fn definitions(tokens: &TokenStream) -> Vec<(String, Namespace)> {
    let mut found = Vec::new();
    let mut keyword = None;
    for token in tokens.clone() {
        let next = match token {
            TokenTree::Ident(name) => {
                let name = name.to_string();
                if let Some(namespaces) = keyword {
                    let namespaces: &[Namespace] = namespaces;
                    found.extend(namespaces.iter().map(|&namespace| (name.clone(), namespace)));
                }
                defines(&name)
            }
            TokenTree::Group(group) => {
                found.extend(definitions(&group.stream()));
                None
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => None,
        };
        keyword = next;
    }
    found
}

/// In which namespaces the name after a keyword is defined.
fn defines(keyword: &str) -> Option<&'static [Namespace]> {
    match keyword {
        "struct" => Some(&[Namespace::Types, Namespace::Values]),
        "enum" | "trait" | "type" | "union" => Some(&[Namespace::Types]),
        "const" | "fn" | "static" => Some(&[Namespace::Values]),
        _ => None,
    }
}
