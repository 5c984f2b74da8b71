//! What people read stands in `src/language`, behind `t()`: a view has no text of its own.

use std::{fs, path::Path};

use proc_macro2::{TokenStream, TokenTree};

use crate::edges::files;

/// Where views are.
const VIEWS: [&str; 4] = ["src/app", "src/chat", "src/people", "src/ui"];
/// Attributes whose value people read, or a screen reader announces.
const READ: [&str; 6] = ["alt", "aria-description", "aria-label", "label", "placeholder", "title"];
/// Attributes whose value looks like a sentence and is for browsers.
const NOT_READ: [&str; 2] = ["class", "content"];

#[test]
fn views_have_no_text_of_their_own() {
    let (mut found, mut looked_at) = (vec![], 0);
    for file in files(Path::new("src")) {
        let name = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("a file of ours");
        if VIEWS.iter().any(|view| name.with_extension("").starts_with(view)) {
            looked_at += 1;
            let source = fs::read_to_string(&file).expect("a source file");
            found.extend(texts(&source).iter().map(|text| format!("{}:{text}", name.display())));
        }
    }
    assert!(found.is_empty(), "these belong in the tables of src/language:\n{}", found.join("\n"));
    assert!(looked_at > 30, "the views were found: {looked_at}");
}

/// What people would read of a source, each text with its line.
fn texts(source: &str) -> Vec<String> {
    let mut texts = vec![];
    look(source.parse().expect("Rust"), false, &mut texts);
    texts
}

fn look(source: TokenStream, in_view: bool, texts: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = source.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let before = &tokens[..at];
        match token {
            TokenTree::Group(group) => {
                let is_view = matches!(before, [.., name, _] if name.to_string() == "view");
                look(group.stream(), in_view || is_view, texts);
            }
            TokenTree::Literal(literal) => {
                let code = literal.to_string();
                let text = code.split_once('"').map_or("", |(_, text)| text.trim_end_matches(['"', '#']));
                if is_read(text, in_view, attribute(before)) {
                    texts.push(format!("{}: {text}", literal.span().start().line));
                }
            }
            _ => {}
        }
    }
}

/// Whether a person reads this. Outside a view a sentence (the path of an icon has no words); in it also what looks like
/// one word of it, or is in an attribute.
fn is_read(text: &str, in_view: bool, attribute: Option<String>) -> bool {
    let (has_letters, has_blank) = (text.contains(char::is_alphabetic), text.contains(' '));
    let begins_large = text.starts_with(char::is_uppercase);
    let has_words = text.as_bytes().windows(2).any(|pair| pair.iter().all(u8::is_ascii_lowercase));
    match attribute.as_deref() {
        _ if !in_view => begins_large && has_blank && has_words,
        Some(name) if READ.contains(&name) => has_letters,
        Some(name) if NOT_READ.contains(&name) => false,
        _ => has_letters && (begins_large || has_blank),
    }
}

/// The name before `=`, if that stands last: `aria-label`.
fn attribute(before: &[TokenTree]) -> Option<String> {
    let (equals, before) = before.split_last()?;
    let is_part =
        |token: &&TokenTree| matches!(token.to_string().as_str(), "-") || matches!(token, TokenTree::Ident(_));
    let mut name: Vec<String> = vec![];
    for token in before.iter().rev().take_while(is_part) {
        // Two words in a row: the name before has no value.
        if token.to_string() != "-" && name.last().is_some_and(|last| last != "-") {
            break;
        }
        name.push(token.to_string());
    }
    name.reverse();
    (equals.to_string() == "=").then(|| name.concat())
}

#[test]
fn texts_of_a_source() {
    let source = r#"
        /// Not this.
        fn page() {
            let sentence = "Outside a view";
            let word = if key == "Enter" { "Found by nobody" } else { "button" };
            view! {
                <p class="not this" required aria-label="send" data-part="text" title=t().send>"Stop" {x("of two words")}</p>
                <Dialog label="Rename" />
            }
        }"#;
    let found = ["4: Outside a view", "5: Found by nobody", "7: send", "7: Stop", "7: of two words", "8: Rename"];
    assert_eq!(texts(source), found);
}
