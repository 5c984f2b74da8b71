//! Words that the code does not use, as a newcomer would have to guess what they mean here.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::documents::documents;

/// What is searched, besides the documents.
const FOLDERS: [&str; 6] = ["end2end", "examples", "migrations", "src", "style", "xtask"];
/// What is not: packages of others, and what tests leave behind.
const NOT_SEARCHED: [&str; 3] = ["end2end/node_modules", "end2end/playwright-report", "end2end/test-results"];

/// In names and comments. Two words stand for the two in a row.
const BANNED: [&str; 20] = [
    "shelf",
    "shelves",
    "stretch",
    "opening",
    "news",
    "door",
    "told",
    "knows",
    "says",
    "hears",
    "heard",
    "goes on",
    "going on",
    "to its end",
    "let go",
    "fate",
    "luck",
    "weather",
    "voice",
    "teller",
];

/// What may stand all the same: by file, which word (all, if none is named), and why.
const EXCEPTIONS: [(&str, &str, &str); 7] = [
    ("migrations/sqlite/0001_start.sql", "goes on", "a migration is never edited"),
    ("migrations/sqlite/0002_journal_in_order.sql", "goes on", "a migration is never edited"),
    ("src/language/english/pages.rs", "goes on", "a sentence on the page"),
    ("src/language/english/providers.rs", "says", "a sentence for people"),
    ("src/provider/demo.rs", "", "the built-in model's words"),
    ("src/provider/demo/log.rs", "", "the built-in model's story"),
    ("src/tests/layers/words.rs", "", "the list itself"),
];

fn is_excepted(file: &Path, word: &str) -> bool {
    EXCEPTIONS.iter().any(|(path, banned, _)| file.ends_with(path) && (banned.is_empty() || *banned == word))
}

#[test]
fn banned_words_are_in_no_name_no_comment_and_no_document() {
    let mut found = vec![];
    for file in sources().into_iter().chain(documents()) {
        let text = fs::read_to_string(&file).expect("a file");
        for (number, line) in text.lines().enumerate() {
            let words = words(line);
            for banned in BANNED.iter().filter(|banned| words.contains(&format!(" {banned} "))) {
                if !is_excepted(&file, banned) {
                    found.push(format!("{}:{}: {banned}", file.display(), number + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// All code, style sheets and migrations.
fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = FOLDERS.map(|folder| root.join(folder)).into();
    let mut sources = vec![];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !NOT_SEARCHED.iter().any(|folder| path.ends_with(folder)) {
                folders.push(path);
            } else if path.extension().is_some_and(|it| ["css", "rs", "sql", "ts"].iter().any(|code| it == *code)) {
                sources.push(path);
            }
        }
    }
    sources
}

/// The words of a line, each between blanks, in lower case: `takeNews_now` has three.
fn words(line: &str) -> String {
    let mut words = String::from(" ");
    let mut before = ' ';
    for c in line.chars() {
        if c.is_uppercase() && before.is_lowercase() || !c.is_alphanumeric() && !words.ends_with(' ') {
            words.push(' ');
        }
        words.extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
        before = c;
    }
    words.trim_end().to_owned() + " "
}

#[test]
fn words_of_a_line() {
    assert_eq!(words("let takeNews_now = Door::new(\"x\");"), " let take news now door new x ");
}
