//! A `use` taken apart into the paths that it imports.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::{ItemUse, UseTree};

use crate::tree::Written;

/// One path of a `use`.
pub struct Imported {
    /// The path, without a `*` or `self` at its end.
    pub path: Written,
    /// What it becomes here.
    pub becomes: Becomes,
    /// Its line.
    pub line: usize,
}

/// What an imported path becomes.
pub enum Becomes {
    /// This name.
    Name(String),
    /// Nothing that can be named: a trait, for its methods.
    Unnamed,
    /// All the names in it.
    Everything,
}

/// Takes a `use` apart.
pub fn take_apart(item: &ItemUse) -> Vec<Imported> {
    let mut all = Vec::new();
    let mut start = Written(item.leading_colon.iter().map(|_| String::new()).collect());
    add(&item.tree, &mut start, &mut all);
    all
}

fn add(tree: &UseTree, before: &mut Written, all: &mut Vec<Imported>) {
    match tree {
        UseTree::Path(path) => {
            before.0.push(path.ident.unraw().to_string());
            add(&path.tree, before, all);
            before.0.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| add(tree, before, all)),
        UseTree::Glob(glob) => {
            let line = line(glob.star_token.spans.first().copied());
            all.push(Imported { path: before.clone(), becomes: Becomes::Everything, line });
        }
        UseTree::Name(name) => {
            let path = to(before, &name.ident.unraw().to_string());
            let becomes = path.0.last().cloned().map_or(Becomes::Unnamed, Becomes::Name);
            all.push(Imported { path, becomes, line: line(Some(name.ident.span())) });
        }
        UseTree::Rename(rename) => {
            let path = to(before, &rename.ident.unraw().to_string());
            let becomes = match rename.rename.unraw().to_string() {
                unnamed if unnamed == "_" => Becomes::Unnamed,
                name => Becomes::Name(name),
            };
            all.push(Imported { path, becomes, line: line(Some(rename.ident.span())) });
        }
    }
}

/// `{self}` at the end of a path is the path itself.
fn to(before: &Written, name: &str) -> Written {
    let mut path = before.clone();
    if name != "self" || path.0.is_empty() {
        path.0.push(name.to_owned());
    }
    path
}

fn line(span: Option<Span>) -> usize {
    span.map_or(0, |span| span.start().line)
}
