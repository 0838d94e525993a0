//! Circles: of files, and of the rooms that the files are in.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::Use;
use crate::rules::Accepted;
use crate::tree::{FileName, Tree};

/// Some files or rooms, each of which uses every other one in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// What they are.
    pub kind: Kind,
    /// Their names.
    pub members: BTreeSet<String>,
    /// The uses that make the circle, by the members they lead from and to.
    pub uses: BTreeMap<(String, String), Vec<Use>>,
}

/// What a circle consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Files.
    Files,
    /// Rooms of the crate of this name.
    Rooms(String),
}

/// What uses what, and by which uses.
type Graph = BTreeMap<String, BTreeMap<String, Vec<Use>>>;

/// The circles of files, but for those that are accepted: to each other, the
/// files of such a one count as one file.
pub fn between_files(uses: &BTreeSet<Use>, accepted: &[Accepted]) -> Vec<Circle> {
    let node = |file: &FileName| {
        accepted
            .iter()
            .find(|accepted| accepted.has(file))
            .map_or_else(|| file.display().to_string(), |accepted| accepted.files.join(" + "))
    };
    let mut graph = Graph::new();
    for it in uses {
        add(&mut graph, node(&it.from), node(&it.to), it);
    }
    circles(&graph, &Kind::Files)
}

/// The circles of rooms within a crate, but for those of which nothing is left
/// without the uses that are accepted between files.
pub fn between_rooms(tree: &Tree, uses: &BTreeSet<Use>, accepted: &[Accepted]) -> Vec<Circle> {
    let mut crates: BTreeMap<&str, Graph> = BTreeMap::new();
    for it in uses {
        if let (Some(from), Some(to)) = (tree.rooms.get(&it.from), tree.rooms.get(&it.to))
            && from.of == to.of
        {
            let graph = crates.entry(&from.of).or_default();
            add(graph, from.name.clone(), to.name.clone(), it);
        }
    }
    let found =
        crates.into_iter().flat_map(|(of, graph)| circles(&graph, &Kind::Rooms(of.to_owned())));
    found.filter(|circle| !accepted.iter().any(|accepted| accepted.explains(circle))).collect()
}

/// What was accepted and is not there: not all of its files use each other.
pub fn unneeded(uses: &BTreeSet<Use>, accepted: &[Accepted]) -> Vec<Accepted> {
    let is_needed = |accepted: &Accepted| {
        let mut graph = Graph::new();
        for it in uses.iter().filter(|it| accepted.covers(it)) {
            add(&mut graph, it.from.display().to_string(), it.to.display().to_string(), it);
        }
        let circles = circles(&graph, &Kind::Files);
        circles.iter().any(|circle| circle.members.len() == accepted.files.len())
    };
    accepted.iter().filter(|accepted| !is_needed(accepted)).copied().collect()
}

impl Accepted {
    fn has(&self, file: &FileName) -> bool {
        self.files.iter().any(|end| file.ends_with(end))
    }

    fn covers(&self, it: &Use) -> bool {
        self.has(&it.from) && self.has(&it.to)
    }

    /// Whether a circle of rooms is one of these files' rooms only, and only because
    /// of what is accepted.
    fn explains(&self, circle: &Circle) -> bool {
        let mut graph = Graph::new();
        let mut rooms = BTreeSet::new();
        for ((from, to), uses) in &circle.uses {
            for it in uses {
                if self.covers(it) {
                    rooms.extend([from, to]);
                } else {
                    add(&mut graph, from.clone(), to.clone(), it);
                }
            }
        }
        circle.members.iter().all(|room| rooms.contains(room))
            && circles(&graph, &circle.kind).is_empty()
    }
}

fn add(graph: &mut Graph, from: String, to: String, it: &Use) {
    if from != to {
        graph.entry(from).or_default().entry(to).or_default().push(it.clone());
    }
}

/// The strongly connected components of more than one node.
fn circles(graph: &Graph, kind: &Kind) -> Vec<Circle> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        graph.keys().map(|node| (node.as_str(), reached_from(graph, node))).collect();
    let reaches = |from: &str, to: &str| reached.get(from).is_some_and(|all| all.contains(to));
    let mut done = BTreeSet::new();
    let mut found = Vec::new();
    for (&node, others) in &reached {
        if done.contains(node) || !others.contains(node) {
            continue;
        }
        let members: BTreeSet<String> = others
            .iter()
            .filter(|other| reaches(other, node))
            .map(|&member| member.to_owned())
            .collect();
        done.extend(others.iter().copied().filter(|other| members.contains(*other)));
        found.push(Circle { kind: kind.clone(), uses: between(graph, &members), members });
    }
    found
}

/// The nodes that a node leads to, itself only if there is a way back.
fn reached_from<'g>(graph: &'g Graph, node: &str) -> BTreeSet<&'g str> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = vec![node];
    while let Some(node) = next.pop() {
        for other in graph.get(node).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(other.as_str()) {
                next.push(other);
            }
        }
    }
    reached
}

fn between(graph: &Graph, members: &BTreeSet<String>) -> BTreeMap<(String, String), Vec<Use>> {
    let mut uses = BTreeMap::new();
    for from in members {
        for (to, those) in graph.get(from).into_iter().flatten() {
            if members.contains(to) {
                uses.insert((from.clone(), to.clone()), those.clone());
            }
        }
    }
    uses
}
