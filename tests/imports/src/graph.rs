//! Which file uses what of which other file.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{FileName, Item, Place, Tree};

/// That one file uses an item that another one defines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The file that uses it.
    pub from: FileName,
    /// The file that defines it.
    pub to: FileName,
    /// The line that names it first, in a `use` if there is one.
    pub line: usize,
    /// How it is written there.
    pub written: String,
    /// The item's path from the root of its crate on.
    pub item: String,
}

/// All uses, one for every item in every file that uses it.
pub fn uses(tree: &Tree) -> BTreeSet<Use> {
    let mut first: BTreeMap<(FileName, Item), (bool, usize, String)> = BTreeMap::new();
    for mention in &tree.mentions {
        let Some(scope) = tree.scope(mention.scope) else { continue };
        for item in tree.items(mention).into_iter().filter(|item| item.file != scope.file) {
            let is_import = mention.place == Place::Import;
            let prefix = if is_import { "use " } else { "" };
            let written = format!("{prefix}{}", mention.path);
            let this = (!is_import, mention.line, written);
            let first = first.entry((scope.file.clone(), item)).or_insert_with(|| this.clone());
            if this < *first {
                *first = this;
            }
        }
    }
    first
        .into_iter()
        .map(|((from, item), (_, line, written))| Use {
            from,
            to: item.file,
            line,
            written,
            item: item.path,
        })
        .collect()
}
