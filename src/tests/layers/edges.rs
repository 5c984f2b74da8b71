//! Which file uses which, read from the source.

use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// A file, by its module's path (`live::hub`), that uses another one of the same package.
pub struct Edge {
    pub from: String,
    pub to: String,
    file: PathBuf,
    line: usize,
    /// As it was resolved.
    path: String,
}

impl Edge {
    /// The top-level module.
    pub fn room(&self) -> &str {
        room(&self.from)
    }

    pub fn target_room(&self) -> &str {
        room(&self.to)
    }
}

fn room(module: &str) -> &str {
    module.split("::").next().unwrap_or_default()
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: crate::{}", self.file.display(), self.line, self.path)
    }
}

/// All of a package's, without its tests.
pub fn edges(package: &Path) -> Vec<Edge> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = files(package);
    let modules: BTreeSet<String> = files.iter().map(|file| module(&root.join(package), file)).collect();
    let mut edges = vec![];
    for file in &files {
        let text = fs::read_to_string(file).expect("a source file");
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let from = module(&root.join(package), file);
        let here: Vec<String> = from.split("::").map(str::to_owned).collect();
        let mut paths = vec![];
        find(tokens, &here, &mut paths);
        for (path, span) in paths {
            let Some(to) =
                (1..=path.len()).rev().map(|length| path[..length].join("::")).find(|to| modules.contains(to))
            else {
                continue;
            };
            let file = file.strip_prefix(root).unwrap_or(file).to_owned();
            edges.push(Edge { from: from.clone(), to, file, line: span.start().line, path: path.join("::") });
        }
    }
    edges
}

/// A package's source files, without its tests.
pub fn files(package: &Path) -> Vec<PathBuf> {
    let mut files = vec![];
    list(&Path::new(env!("CARGO_MANIFEST_DIR")).join(package), &mut files);
    files
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            if !entry.ends_with("tests") {
                list(&entry, files);
            }
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
}

/// `live::hub` for `live/hub.rs`.
fn module(package: &Path, file: &Path) -> String {
    let file = file.strip_prefix(package).unwrap_or(file).with_extension("");
    file.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("::")
}

/// The paths that begin with `crate` or `super`, made absolute. `here` is the module in which the tokens stand.
fn find(tokens: TokenStream, here: &[String], paths: &mut Vec<(Vec<String>, Span)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            // Re-exports.
            TokenTree::Ident(word) if *word == "use" && is_public(&tokens[..at]) => {
                while !matches!(&tokens[at], TokenTree::Punct(punct) if punct.as_char() == ';') {
                    at += 1;
                }
            }
            TokenTree::Ident(word) if (*word == "crate" || *word == "super") && follows(&tokens[at + 1..]) => {
                let base = base(&tokens, &mut at, here);
                tree(&tokens, &mut at, base, paths);
                continue;
            }
            // A module within the file, in which `super` is this one.
            TokenTree::Ident(word) if *word == "mod" => {
                if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
                    (tokens.get(at + 1), tokens.get(at + 2))
                {
                    find(body.stream(), &[here, &[name.to_string()]].concat(), paths);
                    at += 2;
                }
            }
            TokenTree::Group(group) => find(group.stream(), here, paths),
            _ => {}
        }
        at += 1;
    }
}

/// `pub`, or `pub(crate)`, stands last.
fn is_public(before: &[TokenTree]) -> bool {
    let is_pub = |tree: Option<&TokenTree>| matches!(tree, Some(TokenTree::Ident(word)) if *word == "pub");
    let last = before.len().checked_sub(1);
    is_pub(last.map(|last| &before[last]))
        || matches!(last.map(|last| &before[last]), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
            && is_pub(before.len().checked_sub(2).map(|at| &before[at]))
}

/// Whether `::` comes first.
fn follows(tokens: &[TokenTree]) -> bool {
    let colon = |tree: Option<&TokenTree>| matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    colon(tokens.first()) && colon(tokens.get(1))
}

/// What `crate` or a row of `super` stands for; moves behind it and its `::`.
fn base(tokens: &[TokenTree], at: &mut usize, here: &[String]) -> Vec<String> {
    let mut base = here.to_vec();
    while let Some(TokenTree::Ident(word)) = tokens.get(*at) {
        match word.to_string().as_str() {
            "crate" => base.clear(),
            "super" => drop(base.pop()),
            _ => break,
        }
        *at += 3;
    }
    base
}

/// A path, or a tree of them as after `use`; moves behind it.
fn tree(tokens: &[TokenTree], at: &mut usize, mut path: Vec<String>, paths: &mut Vec<(Vec<String>, Span)>) {
    let mut span = None;
    loop {
        match tokens.get(*at) {
            Some(TokenTree::Ident(word)) => {
                span = Some(word.span());
                *at += 1;
                if *word != "self" {
                    path.push(word.to_string());
                }
                if follows(&tokens[*at..]) {
                    *at += 2;
                    continue;
                }
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                *at += 1;
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut next = 0;
                while next < inner.len() {
                    tree(&inner, &mut next, path.clone(), paths);
                    // `as name`, and the comma.
                    while next < inner.len()
                        && !matches!(&inner[next], TokenTree::Punct(punct) if punct.as_char() == ',')
                    {
                        next += 1;
                    }
                    next += 1;
                }
                return;
            }
            _ => *at += 1,
        }
        paths.extend(span.map(|span| (path, span)));
        return;
    }
}
