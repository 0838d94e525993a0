//! Reads the crates of the workspace, and ties them to each other by the names
//! that their paths begin with.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Error;
use crate::reader;
use crate::source::{self, Source};
use crate::tree::Tree;
use crate::workspace::{Package, TargetKind};

/// Reads all that the targets of these packages consist of.
pub fn read(root: &Path, packages: &[Package]) -> Result<Tree, Error> {
    let root = source::absolute(root)?;
    let mut tree = Tree::default();
    let mut libraries = BTreeMap::new();
    let mut roots = Vec::new();
    for package in packages {
        for target in &package.targets {
            let source = Source::new(&root, &target.root)?;
            let scope = tree.add_root(source.name.clone(), &target.name);
            if target.kind == TargetKind::Library {
                libraries.insert(package.name.as_str(), (target.name.clone(), scope));
            }
            roots.push((package, scope));
            let name = match target.kind {
                TargetKind::Library => package.name.clone(),
                TargetKind::Program => format!("{} (program {})", package.name, target.name),
            };
            reader::read_crate(&mut tree, source, scope, name)?;
        }
    }
    for (package, scope) in roots {
        let own = libraries.get(package.name.as_str()).cloned();
        let others = package.dependencies.iter().filter_map(|dependency| {
            let (name, root) = libraries.get(dependency.package.as_str())?.clone();
            Some((dependency.rename.as_ref().map_or(name, |name| name.replace('-', "_")), root))
        });
        tree.add_externs(scope, own.into_iter().chain(others).collect());
    }
    Ok(tree)
}
