//! The layers of the code: a room uses those below it, and no two files use each other in a circle.
//!
//! Every path that begins with `crate::` or `super::` is an edge, wherever it stands; declarations (`mod`) and re-exports
//! (`pub use`) are none.

#[path = "layers/documents.rs"]
mod documents;
#[path = "layers/edges.rs"]
mod edges;
#[path = "layers/strings.rs"]
mod strings;
#[path = "layers/words.rs"]
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use edges::{Edge, edges};

/// From the top. A room may use those of the lines below, and none of its own line.
const LAYERS: [&[&str]; 16] = [
    &["main", "lib"],
    &["server", "commands"],
    &["app"],
    &["chat", "people"],
    &["state"],
    &["reply"],
    &["live"],
    &["provider"],
    &["conversation", "account"],
    &["steering"],
    &["access"],
    &["database", "config", "security"],
    &["markdown", "ui"],
    &["message"],
    &["error"],
    &["ids", "json", "protocol", "text", "language", "private_files"],
];

/// The packages, each with its own `crate`.
const PACKAGES: [&str; 6] =
    ["src", "xtask/src", "xtask/bench/src", "xtask/disk/src", "xtask/faults/src", "xtask/kit/src"];

fn layer(room: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&room))
}

#[test]
fn every_room_has_a_layer() {
    let rooms: BTreeSet<String> = edges(Path::new("src")).into_iter().map(|edge| edge.room().to_owned()).collect();
    let lost: Vec<&String> = rooms.iter().filter(|room| layer(room).is_none()).collect();
    assert!(lost.is_empty(), "no layer has {lost:?}");
    assert!(rooms.len() > 15, "the code was found: {rooms:?}");
}

#[test]
fn no_room_uses_one_above_it() {
    let up = |edge: &Edge| {
        let (from, to) = (edge.room(), edge.target_room());
        from != to && layer(from) >= layer(to)
    };
    let wrong: Vec<String> = edges(Path::new("src")).iter().filter(|edge| up(edge)).map(Edge::to_string).collect();
    assert!(wrong.is_empty(), "these go up, or across:\n{}", wrong.join("\n"));
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    for package in PACKAGES {
        let all = edges(Path::new(package));
        let mut uses: BTreeMap<&str, BTreeMap<&str, &Edge>> = BTreeMap::new();
        for edge in all.iter().filter(|edge| edge.from != edge.to) {
            uses.entry(&edge.from).or_default().entry(&edge.to).or_insert(edge);
        }
        for start in uses.keys() {
            if let Some(circle) = circle(&uses, start) {
                let steps: Vec<String> = circle.iter().map(|edge| edge.to_string()).collect();
                panic!("a circle:\n{}", steps.join("\n"));
            }
        }
    }
}

/// The shortest way from a file back to itself.
fn circle<'a>(uses: &BTreeMap<&'a str, BTreeMap<&'a str, &'a Edge>>, start: &'a str) -> Option<Vec<&'a Edge>> {
    let mut ways: Vec<Vec<&Edge>> = uses[start].values().map(|edge| vec![*edge]).collect();
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = vec![];
        for way in ways {
            let at = way[way.len() - 1].to.as_str();
            if at == start {
                return Some(way);
            }
            if seen.insert(at) {
                let next = uses.get(at).into_iter().flat_map(BTreeMap::values);
                longer.extend(next.map(|edge| way.iter().copied().chain([*edge]).collect::<Vec<_>>()));
            }
        }
        ways = longer;
    }
    None
}
