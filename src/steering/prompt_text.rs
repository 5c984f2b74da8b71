//! A saved prompt, from the `/word` that asks for it to the text in a message. Pure.

use std::ops::Range;

use super::LONGEST_NAME;

/// What the variables of a prompt stand for: `{{date}}`, `{{name}}` and `{{selection}}`.
#[derive(Clone, Copy, Debug)]
pub struct Variables<'a> {
    pub date: &'a str,
    pub name: &'a str,
    /// Empty: nothing is selected.
    pub selection: &'a str,
}

/// A prompt whose variables are filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    pub text: String,
    /// What is to be written first, in bytes of the text: its first blank, or else its end.
    pub cursor: Range<usize>,
}

/// Fills in a prompt's variables. A `{{blank}}` of any other name stays, for the person to write over; so does the place of
/// a selection that there is none of. What is filled in is not looked at again.
pub fn fill(prompt: &str, variables: Variables) -> Filled {
    let (mut text, mut blank, mut rest) = (String::new(), None, prompt);
    while let Some(at) = rest.find("{{") {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(name) = variable(rest) else {
            text.push('{');
            rest = &rest[1..];
            continue;
        };
        let (start, whole) = (text.len(), &rest[..name.len() + 4]);
        rest = &rest[whole.len()..];
        let value = match &*name.trim().to_ascii_lowercase() {
            "date" => Some(variables.date),
            "name" => Some(variables.name),
            "selection" => Some(variables.selection).filter(|selection| !selection.is_empty()),
            _ => {
                text.push_str(whole);
                None
            }
        };
        match value {
            Some(value) => text.push_str(value),
            None if name.trim().eq_ignore_ascii_case("selection") => drop(blank.get_or_insert(start..start)),
            None => drop(blank.get_or_insert(start..text.len())),
        }
    }
    text.push_str(rest);
    let cursor = blank.unwrap_or(text.len()..text.len());
    Filled { text, cursor }
}

/// What stands between the `{{` that a text begins with and its `}}`, if that is a name.
fn variable(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("{{")?;
    // No name is longer, so that braces without an end are not searched again and again.
    let longest = inner.char_indices().nth(LONGEST_NAME).map_or(inner.len(), |(at, _)| at);
    let name = &inner[..inner.as_bytes()[..longest].windows(2).position(|two| two == b"}}")?];
    (!name.trim().is_empty() && !name.contains(['{', '}', '\n'])).then_some(name)
}

/// What is typed behind the `/` with which the word before the cursor begins; `before`: the text before it, `after`: behind
/// it. None unless the word ends at the cursor.
pub fn slash_word<'a>(before: &'a str, after: &str) -> Option<&'a str> {
    let ends_here = after.chars().next().is_none_or(char::is_whitespace);
    let word = before.rsplit(char::is_whitespace).next().filter(|_| ends_here)?.strip_prefix('/')?;
    (word.chars().nth(LONGEST_NAME).is_none()).then_some(word)
}

/// Whether a prompt is meant by this word: its title has it, in whichever case, with its blanks or without them.
pub fn is_meant(title: &str, word: &str) -> bool {
    let (title, word) = (title.to_lowercase(), word.to_lowercase());
    title.contains(&word) || title.split_whitespace().collect::<String>().contains(&word)
}
