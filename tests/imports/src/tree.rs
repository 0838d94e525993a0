//! The modules of every crate: what each declares, what it imports, and every
//! path that is written in it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::rc::Rc;

/// A file, by its path from the root of the workspace.
pub type FileName = Rc<Path>;

/// One of the tree's scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScopeId(usize);

/// Rust lets a type, a value and a macro have the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Namespace {
    /// Types, traits, modules and crates.
    Types,
    /// Functions, constants, constructors.
    Values,
    /// Macros.
    Macros,
}

impl Namespace {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Types, Self::Values, Self::Macros];
}

/// An item, and the file that defines it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// The file.
    pub file: FileName,
    /// Its path from the root of its crate on.
    pub path: String,
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A module.
    Module(ScopeId),
    /// Anything else that a crate of the workspace defines.
    Item(Item),
    /// Something that the workspace does not define.
    Outside,
}

/// A path as it is written: its names. One that begins with `::`, and so with the
/// name of a crate, has an empty name first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Written(pub Vec<String>);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("::"))
    }
}

/// A path that is written somewhere, outside of re-exports.
#[derive(Debug)]
pub struct Mention {
    /// The scope it is written in.
    pub scope: ScopeId,
    /// Its line.
    pub line: usize,
    /// The path.
    pub path: Written,
    /// How it is to be understood.
    pub place: Place,
}

/// Where a path is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a `use`, where it means all that has its name.
    Import,
    /// In code, where one namespace is meant.
    Code(Namespace),
    /// Among a macro's tokens, where it may mean anything.
    Tokens,
}

/// A module, or a block that declares something.
#[derive(Debug)]
pub struct Scope {
    /// The file it is written in.
    pub file: FileName,
    /// Its path from the root of its crate on.
    pub path: String,
    /// The root module of its crate.
    pub root: ScopeId,
    /// What it is in.
    pub parent: Option<ScopeId>,
    /// Whether it sees the names of what it is in.
    pub kind: ScopeKind,
    /// What it declares.
    pub declared: BTreeMap<(String, Namespace), Vec<Target>>,
    /// What it imports, by the name it gives to it.
    pub imported: BTreeMap<String, Vec<Written>>,
    /// The modules of which it imports everything.
    pub globs: Vec<Written>,
}

/// What a scope is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    /// A module, which sees its own names only.
    Module,
    /// A block, which sees the names around it, too.
    Block,
}

/// The room a file belongs to: a module right under the root of its crate, or
/// the root itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Room {
    /// The crate.
    pub of: String,
    /// The module's name, or the name of the root's file.
    pub name: String,
}

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Tree {
    scopes: Vec<Scope>,
    /// The crates that paths of a crate can begin with, by its root.
    externs: BTreeMap<ScopeId, BTreeMap<String, ScopeId>>,
    /// The room of each file.
    pub rooms: BTreeMap<FileName, Room>,
    /// Every path in every file.
    pub mentions: Vec<Mention>,
}

impl Tree {
    /// One of its scopes.
    pub fn scope(&self, id: ScopeId) -> Option<&Scope> {
        self.scopes.get(id.0)
    }

    /// One of its scopes, to add to it.
    pub fn scope_mut(&mut self, id: ScopeId) -> Option<&mut Scope> {
        self.scopes.get_mut(id.0)
    }

    /// The root of the crate that goes by a name in the crate whose root is `root`.
    pub fn extern_root(&self, root: ScopeId, name: &str) -> Option<ScopeId> {
        self.externs.get(&root)?.get(name).copied()
    }

    /// The module that a scope belongs to.
    pub fn module_of(&self, mut id: ScopeId) -> Option<ScopeId> {
        loop {
            let scope = self.scope(id)?;
            match scope.kind {
                ScopeKind::Module => return Some(id),
                ScopeKind::Block => id = scope.parent?,
            }
        }
    }

    /// Adds an empty scope inside another one of the same crate.
    pub fn add_inside(
        &mut self,
        parent: ScopeId,
        kind: ScopeKind,
        file: FileName,
        name: &str,
    ) -> Option<ScopeId> {
        let outer = self.scope(parent)?;
        let path = match kind {
            ScopeKind::Module => format!("{}::{name}", outer.path),
            ScopeKind::Block => outer.path.clone(),
        };
        let root = outer.root;
        Some(self.add(Scope::new(file, path, root, Some(parent), kind)))
    }

    /// Adds the names of the crates that paths of a crate can begin with.
    pub fn add_externs(&mut self, root: ScopeId, names: BTreeMap<String, ScopeId>) {
        self.externs.insert(root, names);
    }

    fn add(&mut self, scope: Scope) -> ScopeId {
        self.scopes.push(scope);
        ScopeId(self.scopes.len() - 1)
    }

    /// Adds the empty root of a crate.
    pub fn add_root(&mut self, file: FileName, name: &str) -> ScopeId {
        let id = ScopeId(self.scopes.len());
        self.add(Scope::new(file, name.to_owned(), id, None, ScopeKind::Module))
    }
}

impl Scope {
    fn new(
        file: FileName,
        path: String,
        root: ScopeId,
        parent: Option<ScopeId>,
        kind: ScopeKind,
    ) -> Self {
        let (declared, imported, globs) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Self { file, path, root, parent, kind, declared, imported, globs }
    }
}
