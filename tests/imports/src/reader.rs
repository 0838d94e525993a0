//! Reads a file: what it declares and imports, and every path in it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprLit, Item, Lit, Macro, Meta, QSelf, Stmt, Token};

use crate::cfg;
use crate::error::Error;
use crate::source::Source;
use crate::tokens;
use crate::tree::{
    FileName, Item as Defined, Mention, Namespace, Place, Room, ScopeId, ScopeKind, Target, Tree,
    Written,
};
use crate::use_tree::{Becomes, take_apart};

/// Goes through one file, and the files of the modules it declares.
pub struct Reader<'t> {
    tree: &'t mut Tree,
    source: Source,
    /// Where the walk is.
    scope: ScopeId,
    /// The room of the modules that have files of their own here.
    inside: Inside,
    /// Where those files are.
    directory: PathBuf,
    /// What the functions around bind, which hides items of the same name.
    bound: Vec<BTreeSet<String>>,
    /// The first thing that went wrong.
    error: Option<Error>,
}

/// What a module is inside of.
#[derive(Clone)]
enum Inside {
    /// The crate of this name, right under its root.
    Root(String),
    /// A room.
    Room(Room),
}

impl Inside {
    fn module(&self, name: &str) -> Room {
        match self {
            Self::Root(of) => Room { of: of.clone(), name: name.to_owned() },
            Self::Room(room) => room.clone(),
        }
    }
}

/// Reads a crate from its root on.
pub fn read_crate(
    tree: &mut Tree,
    source: Source,
    scope: ScopeId,
    name: String,
) -> Result<(), Error> {
    let file = source.name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    tree.rooms.entry(source.name.clone()).or_insert_with(|| Room { of: name.clone(), name: file });
    let directory = source.directory();
    Reader::new(tree, source, scope, Inside::Root(name), directory).read()
}

impl<'t> Reader<'t> {
    fn new(
        tree: &'t mut Tree,
        source: Source,
        scope: ScopeId,
        inside: Inside,
        directory: PathBuf,
    ) -> Self {
        Self { tree, source, scope, inside, directory, bound: Vec::new(), error: None }
    }

    fn read(mut self) -> Result<(), Error> {
        let file = self.source.parse()?;
        if !cfg::is_test_only(&file.attrs) {
            self.visit_file(&file);
        }
        self.error.map_or(Ok(()), Err)
    }

    /// Reads the file of a module.
    fn read_module(&mut self, module: &syn::ItemMod) -> Result<(), Error> {
        let name = plain(&module.ident);
        let source = match file_of(&module.attrs) {
            Some(path) => self.source.at(path.as_ref())?,
            None => self.source.child(&self.directory, &name)?,
        };
        let Some(scope) = self.add_module(source.name.clone(), &name) else { return Ok(()) };
        let room = self.inside.module(&name);
        self.tree.rooms.entry(source.name.clone()).or_insert_with(|| room.clone());
        let directory = source.children();
        Reader::new(self.tree, source, scope, Inside::Room(room), directory).read()
    }

    fn add_module(&mut self, file: FileName, name: &str) -> Option<ScopeId> {
        let id = self.tree.add_inside(self.scope, ScopeKind::Module, file, name)?;
        self.declare_as(self.scope, name.to_owned(), Namespace::Types, Target::Module(id));
        Some(id)
    }

    /// Walks through what is written in a scope inside this one.
    fn within(&mut self, scope: ScopeId, walk: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.scope, scope);
        walk(self);
        self.scope = outer;
    }

    fn declare_as(&mut self, scope: ScopeId, name: String, namespace: Namespace, target: Target) {
        if let Some(scope) = self.tree.scope_mut(scope) {
            scope.declared.entry((name, namespace)).or_default().push(target);
        }
    }

    /// Declares an item of this file.
    fn declare(&mut self, name: &str, namespaces: &[Namespace]) {
        self.declare_in(self.scope, name, namespaces);
    }

    fn declare_in(&mut self, scope: ScopeId, name: &str, namespaces: &[Namespace]) {
        let Some(path) = self.tree.scope(scope).map(|scope| format!("{}::{name}", scope.path))
        else {
            return;
        };
        let item = Target::Item(Defined { file: self.source.name.clone(), path });
        for &namespace in namespaces {
            self.declare_as(scope, name.to_owned(), namespace, item.clone());
        }
    }

    fn declare_item(&mut self, item: &Item) {
        use Namespace::{Macros, Types, Values};
        match item {
            Item::Const(it) => self.declare(&plain(&it.ident), &[Values]),
            Item::Enum(it) => self.declare(&plain(&it.ident), &[Types]),
            Item::Fn(it) => self.declare(&plain(&it.sig.ident), &[Values]),
            Item::Static(it) => self.declare(&plain(&it.ident), &[Values]),
            Item::Struct(it) => self.declare(&plain(&it.ident), &[Types, Values]),
            Item::Trait(it) => self.declare(&plain(&it.ident), &[Types]),
            Item::TraitAlias(it) => self.declare(&plain(&it.ident), &[Types]),
            Item::Type(it) => self.declare(&plain(&it.ident), &[Types]),
            Item::Union(it) => self.declare(&plain(&it.ident), &[Types]),
            Item::Macro(it) => match &it.ident {
                Some(name) => {
                    self.declare(&plain(name), &[Macros]);
                    if it.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export"))
                        && let Some(root) = self.tree.scope(self.scope).map(|scope| scope.root)
                    {
                        self.declare_in(root, &plain(name), &[Macros]);
                    }
                }
                None => {
                    for (name, namespace) in tokens::definitions(&it.mac.tokens) {
                        self.declare(&name, &[namespace]);
                    }
                }
            },
            _ => {}
        }
    }

    fn mention(&mut self, path: Written, line: usize, place: Place) {
        let is_hidden = match path.0.as_slice() {
            [] => true,
            [name] if place == Place::Code(Namespace::Values) => {
                self.bound.iter().any(|names| names.contains(name))
            }
            [first, ..] => first == "Self",
        };
        if !is_hidden {
            self.tree.mentions.push(Mention { scope: self.scope, line, path, place });
        }
    }

    /// A path in code, of which the first names belong to a type if it is `<Type as Trait>::Name`.
    fn mention_path(&mut self, of: Option<&QSelf>, path: &syn::Path, namespace: Namespace) {
        if let Some(of) = of {
            self.visit_type(&of.ty);
        }
        let (names, namespace) = match of {
            Some(of) => (of.position, Namespace::Types),
            None => (path.segments.len(), namespace),
        };
        let global = path.leading_colon.iter().map(|_| String::new());
        let names = path.segments.iter().take(names).map(|part| plain(&part.ident));
        let written = Written(global.chain(names).collect());
        let line = path.segments.first().map_or(0, |part| part.ident.span().start().line);
        self.mention(written, line, Place::Code(namespace));
        for part in &path.segments {
            self.visit_path_arguments(&part.arguments);
        }
    }

    /// Walks through something that binds names.
    fn binding(&mut self, names: BTreeSet<String>, walk: impl FnOnce(&mut Self)) {
        self.bound.push(names);
        walk(self);
        self.bound.pop();
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !cfg::is_test_only(cfg::of_item(item)) {
            self.declare_item(item);
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let Some((_, items)) = &module.content else {
            if let Err(error) = self.read_module(module) {
                self.error.get_or_insert(error);
            }
            return;
        };
        let name = plain(&module.ident);
        let Some(scope) = self.add_module(self.source.name.clone(), &name) else { return };
        let inside = Inside::Room(self.inside.module(&name));
        let inside = std::mem::replace(&mut self.inside, inside);
        let directory = self.directory.join(&name);
        let directory = std::mem::replace(&mut self.directory, directory);
        self.within(scope, |reader| items.iter().for_each(|item| reader.visit_item(item)));
        self.directory = directory;
        self.inside = inside;
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let is_private = matches!(item.vis, syn::Visibility::Inherited);
        for imported in take_apart(item) {
            if let Some(scope) = self.tree.scope_mut(self.scope) {
                let path = imported.path.clone();
                match imported.becomes {
                    Becomes::Name(name) => scope.imported.entry(name).or_default().push(path),
                    Becomes::Everything => scope.globs.push(path),
                    Becomes::Unnamed => {}
                }
            }
            if is_private {
                self.mention(imported.path, imported.line, Place::Import);
            }
        }
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if item.ident.is_none() {
            self.visit_macro(&item.mac);
            return;
        }
        // Other paths mean what they mean where the macro is called.
        for (path, line) in tokens::paths(&item.mac.tokens) {
            if path.0.first().is_some_and(|name| name == "crate") {
                self.mention(path, line, Place::Tokens);
            }
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        if !cfg::is_test_only(cfg::of_impl_item(item)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast syn::TraitItem) {
        if !cfg::is_test_only(cfg::of_trait_item(item)) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if !cfg::is_test_only(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        if !cfg::is_test_only(&field.attrs) {
            visit::visit_field_value(self, field);
        }
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        if !cfg::is_test_only(&variant.attrs) {
            visit::visit_variant(self, variant);
        }
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if !cfg::is_test_only(&arm.attrs) {
            visit::visit_arm(self, arm);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if !cfg::is_test_only(cfg::of_statement(statement)) {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let has_items = block.stmts.iter().any(|statement| matches!(statement, Stmt::Item(_)));
        let scope = has_items
            .then(|| {
                let file = self.source.name.clone();
                self.tree.add_inside(self.scope, ScopeKind::Block, file, "")
            })
            .flatten();
        self.within(scope.unwrap_or(self.scope), |reader| visit::visit_block(reader, block));
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        let names = Bound::by(|bound| bound.visit_item_fn(function));
        self.binding(names, |reader| visit::visit_item_fn(reader, function));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        let names = Bound::by(|bound| bound.visit_impl_item_fn(function));
        self.binding(names, |reader| visit::visit_impl_item_fn(reader, function));
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        let names = Bound::by(|bound| bound.visit_trait_item_fn(function));
        self.binding(names, |reader| visit::visit_trait_item_fn(reader, function));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.mention_path(None, path, Namespace::Types);
    }

    fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
        self.mention_path(path.qself.as_ref(), &path.path, Namespace::Types);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        self.mention_path(path.qself.as_ref(), &path.path, Namespace::Values);
    }

    fn visit_pat_tuple_struct(&mut self, pattern: &'ast syn::PatTupleStruct) {
        self.mention_path(pattern.qself.as_ref(), &pattern.path, Namespace::Values);
        pattern.elems.iter().for_each(|pattern| self.visit_pat(pattern));
    }

    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        let name = plain(&pattern.ident);
        // A constant, or a new variable.
        if !is_variable(&name) {
            let path = Written(vec![name]);
            let line = pattern.ident.span().start().line;
            self.mention(path, line, Place::Code(Namespace::Values));
        }
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        self.mention_path(None, &mac.path, Namespace::Macros);
        // Most macros that are called like functions take expressions as these do.
        match mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated) {
            Ok(arguments) => arguments.iter().for_each(|argument| self.visit_expr(argument)),
            Err(_) => {
                for (path, line) in tokens::paths(&mac.tokens) {
                    self.mention(path, line, Place::Tokens);
                }
            }
        }
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}

/// The variables that a function binds anywhere in it.
struct Bound(BTreeSet<String>);

impl Bound {
    fn by(walk: impl FnOnce(&mut Self)) -> BTreeSet<String> {
        let mut bound = Self(BTreeSet::new());
        walk(&mut bound);
        bound.0
    }
}

impl<'ast> Visit<'ast> for Bound {
    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        let name = plain(&pattern.ident);
        if is_variable(&name) {
            self.0.insert(name);
        }
        visit::visit_pat_ident(self, pattern);
    }
}

fn is_variable(name: &str) -> bool {
    !name.starts_with(char::is_uppercase)
}

fn plain(name: &Ident) -> String {
    name.unraw().to_string()
}

/// The file that a module says it is in.
fn file_of(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(value) if value.path.is_ident("path") => match &value.value {
            Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) => Some(path.value()),
            _ => None,
        },
        _ => None,
    })
}
