//! The documentation: what it names is there. Paths and links in all of it, functions and layers in `docs/ARCHITECTURE.md`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::LAYERS;

/// Folders at the root, with which a path begins.
const FOLDERS: [&str; 9] =
    ["docs/", "end2end/", "examples/", "migrations/", "public/", "src/", "style/", "target/", "xtask/"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All that is written in Markdown, at the root and in `docs`.
pub fn documents() -> Vec<PathBuf> {
    let markdown = |folder: PathBuf| {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "md"))
    };
    let documents: Vec<PathBuf> = markdown(root().to_owned()).chain(markdown(root().join("docs"))).collect();
    assert!(documents.len() > 4, "the documents were found: {documents:?}");
    documents
}

/// The text without its fenced blocks.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// What stands between single backticks.
fn code(prose: &str) -> impl Iterator<Item = &str> {
    prose.split('`').skip(1).step_by(2)
}

/// Where links lead.
fn links(prose: &str) -> impl Iterator<Item = &str> {
    prose.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// Whether it is the path of a file or folder of ours. What has a NAME in it stands for many; what is built is not there.
fn is_path(code: &str) -> bool {
    let is_of_ours = FOLDERS.iter().any(|folder| code.starts_with(folder)) && !code.starts_with("target/");
    is_of_ours && !code.contains(['…', ' ', '*']) && !code.contains("NAME")
}

#[test]
fn paths_and_links_lead_somewhere() {
    let mut lost = vec![];
    for document in documents() {
        let text = fs::read_to_string(&document).expect("a document");
        let (prose, folder) = (prose(&text), document.parent().expect("a folder"));
        let paths = code(&prose).filter(|code| is_path(code)).map(|path| root().join(path));
        let is_here = |link: &&str| !link.contains("://") && !link.starts_with('#');
        let linked = links(&prose).filter(is_here).map(|link| folder.join(link.split('#').next().unwrap_or(link)));
        let missing = paths.chain(linked).filter(|path| !path.exists());
        lost.extend(missing.map(|path| format!("{}: {}", document.display(), path.display())));
    }
    assert!(lost.is_empty(), "these are not there:\n{}", lost.join("\n"));
}

/// "`src/reply.rs`: `answer()` …", or "`answer()` in `src/reply.rs`": the file stands before or behind.
#[test]
fn functions_of_the_architecture_are_in_their_files() {
    let text = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("docs/ARCHITECTURE.md");
    let prose = prose(&text);
    let code: Vec<&str> = code(&prose).collect();
    let is_file = |code: &&&str| is_path(code) && code.ends_with(".rs");
    let has = |file: &str, name: &str| {
        let source = fs::read_to_string(root().join(file)).unwrap_or_default();
        source.contains(&format!("fn {name}(")) || source.contains(&format!("fn {name}<"))
    };
    let (mut found, mut lost) = (0, vec![]);
    for (at, name) in code.iter().enumerate().filter_map(|(at, code)| Some((at, code.strip_suffix("()")?))) {
        let (before, behind) = code.split_at(at);
        let files = before.iter().rev().find(is_file).into_iter().chain(behind.iter().find(is_file));
        if files.clone().any(|file| has(file, name)) {
            found += 1
        } else {
            lost.push(format!("{name} in {:?}", files.collect::<Vec<_>>()))
        }
    }
    assert!(lost.is_empty(), "these functions are not there:\n{}", lost.join("\n"));
    assert!(found > 40, "functions were looked for: {found}");
}

#[test]
fn the_architecture_has_the_layers() {
    let text = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("docs/ARCHITECTURE.md");
    let block = text.split("```text layers\n").nth(1).and_then(|rest| rest.split("```").next());
    let written: Vec<Vec<&str>> = block.expect("the layers").lines().map(|line| line.split(' ').collect()).collect();
    assert_eq!(written, LAYERS.map(<[&str]>::to_vec));
}
