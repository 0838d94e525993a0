//! What a path stands for: the item, and the file that defines it, however
//! often it was re-exported on the way.

use std::collections::BTreeSet;

use crate::tree::{Item, Mention, Namespace, Place, ScopeId, ScopeKind, Target, Tree, Written};

/// The names whose meaning is being looked for, so that imports that import
/// each other end.
type Asked = BTreeSet<(ScopeId, String, Namespace)>;

impl Tree {
    /// The items of the workspace that a path stands for. Modules are none: what
    /// is used of them are the items in them.
    pub fn items(&self, mention: &Mention) -> BTreeSet<Item> {
        let (scope, path) = (mention.scope, &mention.path);
        let everything = || Namespace::ALL.into_iter().flat_map(|it| self.strict(scope, path, it));
        let mut targets: Vec<Target> = match mention.place {
            Place::Import | Place::Tokens => everything().collect(),
            Place::Code(namespace) => self.strict(scope, path, namespace),
        };
        if targets.is_empty() && path.0.len() > 1 {
            targets = everything().collect();
        }
        if targets.is_empty() {
            targets.extend(self.generated(scope, path, &mut Asked::new()));
        }
        targets
            .into_iter()
            .filter_map(|target| match target {
                Target::Item(item) => Some(item),
                Target::Module(_) | Target::Outside => None,
            })
            .collect()
    }

    fn strict(&self, scope: ScopeId, path: &Written, namespace: Namespace) -> Vec<Target> {
        self.walk(scope, path, namespace, &mut Asked::new())
    }

    /// What a path stands for in a scope, if all of its names are declared.
    fn walk(
        &self,
        scope: ScopeId,
        path: &Written,
        namespace: Namespace,
        asked: &mut Asked,
    ) -> Vec<Target> {
        let Some((mut targets, names)) = self.start(scope, path, namespace, asked) else {
            return Vec::new();
        };
        for (at, name) in names.iter().enumerate() {
            let namespace = if at + 1 == names.len() { namespace } else { Namespace::Types };
            targets = targets
                .into_iter()
                .flat_map(|target| match target {
                    Target::Module(module) => self.lookup(module, name, namespace, asked),
                    // Variants and associated items belong to their type.
                    Target::Item(_) | Target::Outside => vec![target],
                })
                .collect();
        }
        targets
    }

    /// What a path begins with, and the names that follow.
    fn start<'p>(
        &self,
        scope: ScopeId,
        path: &'p Written,
        namespace: Namespace,
        asked: &mut Asked,
    ) -> Option<(Vec<Target>, &'p [String])> {
        let (first, mut rest) = path.0.split_first()?;
        let root = self.scope(scope)?.root;
        let outside =
            |name: &str| self.extern_root(root, name).map_or(Target::Outside, Target::Module);
        let mut module = self.module_of(scope)?;
        match first.as_str() {
            "" => {
                let (first, rest) = rest.split_first()?;
                return Some((vec![outside(first)], rest));
            }
            "crate" => module = root,
            "self" => {}
            "super" => module = self.parent_module(module)?,
            _ => {
                let namespace = if rest.is_empty() { namespace } else { Namespace::Types };
                let mut targets = self.in_sight(scope, first, namespace, asked);
                if targets.is_empty() && namespace == Namespace::Types {
                    targets.push(outside(first));
                }
                return Some((targets, rest));
            }
        }
        while let Some((next, after)) = rest.split_first()
            && next == "super"
        {
            module = self.parent_module(module)?;
            rest = after;
        }
        Some((vec![Target::Module(module)], rest))
    }

    fn parent_module(&self, module: ScopeId) -> Option<ScopeId> {
        self.module_of(self.scope(module)?.parent?)
    }

    /// What a name stands for in a scope or, if it is a block, around it. Macros
    /// are in sight of the modules inside the one that defines them, too.
    fn in_sight(
        &self,
        scope: ScopeId,
        name: &str,
        namespace: Namespace,
        asked: &mut Asked,
    ) -> Vec<Target> {
        let mut next = Some(scope);
        while let Some(id) = next
            && let Some(scope) = self.scope(id)
        {
            let targets = self.lookup(id, name, namespace, asked);
            if !targets.is_empty() {
                return targets;
            }
            next = match scope.kind {
                ScopeKind::Module if namespace != Namespace::Macros => None,
                ScopeKind::Module | ScopeKind::Block => scope.parent,
            };
        }
        Vec::new()
    }

    /// What a name stands for in one scope: what is declared there or, failing
    /// that, imported by name or, failing that, imported with everything else.
    fn lookup(
        &self,
        id: ScopeId,
        name: &str,
        namespace: Namespace,
        asked: &mut Asked,
    ) -> Vec<Target> {
        let Some(scope) = self.scope(id) else { return Vec::new() };
        let key = (id, name.to_owned(), namespace);
        if let Some(declared) = scope.declared.get(&(key.1.clone(), namespace)) {
            return declared.clone();
        }
        if !asked.insert(key.clone()) {
            return Vec::new();
        }
        let mut targets = Vec::new();
        for path in scope.imported.get(name).into_iter().flatten() {
            targets.extend(self.import(id, path, namespace, asked));
        }
        if targets.is_empty() {
            for path in &scope.globs {
                for target in self.walk(id, path, Namespace::Types, asked) {
                    if let Target::Module(module) = target {
                        targets.extend(self.lookup(module, name, namespace, asked));
                    }
                }
            }
        }
        asked.remove(&key);
        targets
    }

    /// What an import brings. It brings something, or it would not compile; so
    /// if nothing has its name, a macro has defined it.
    fn import(
        &self,
        scope: ScopeId,
        path: &Written,
        namespace: Namespace,
        asked: &mut Asked,
    ) -> Vec<Target> {
        let targets = self.walk(scope, path, namespace, asked);
        let mut is_declared = || {
            Namespace::ALL.into_iter().any(|other| !self.walk(scope, path, other, asked).is_empty())
        };
        if targets.is_empty() && !is_declared() {
            return self.generated(scope, path, asked).into_iter().collect();
        }
        targets
    }

    /// An item that nobody declares is taken for one that a macro defines in the last
    /// module of its path.
    fn generated(&self, scope: ScopeId, path: &Written, asked: &mut Asked) -> Option<Target> {
        (1..path.0.len()).rev().find_map(|length| {
            let before = Written(path.0.iter().take(length).cloned().collect());
            let target = self.walk(scope, &before, Namespace::Types, asked).into_iter().next()?;
            let Target::Module(module) = target else { return Some(target) };
            let module = self.scope(module)?;
            let path = format!("{}::{}", module.path, path.0.get(length)?);
            Some(Target::Item(Item { file: module.file.clone(), path }))
        })
    }
}
