//! Words that the code does not use, as a newcomer would have to guess what they mean here.

use std::{fs, path::Path};

use crate::{documents::documents, edges::files};

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

/// What may stand all the same, by file: what a person reads on the page, or what a model says.
const EXCEPTIONS: [(&str, &str, &str); 4] = [
    ("chat/page.rs", "goes on", "a sentence on the page"),
    ("provider/error.rs", "says", "a sentence for people"),
    ("provider/demo.rs", "", "the built-in model's words"),
    ("provider/demo/log.rs", "", "the built-in model's story"),
];

fn is_excepted(file: &Path, word: &str) -> bool {
    EXCEPTIONS.iter().any(|(path, banned, _)| file.ends_with(path) && (banned.is_empty() || *banned == word))
}

#[test]
fn banned_words_are_in_no_name_no_comment_and_no_document() {
    let mut found = vec![];
    for file in files(Path::new("src")).into_iter().chain(documents()) {
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
