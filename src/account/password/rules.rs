//! Which passwords may be chosen (NIST SP 800-63B): long enough, and none that is tried first.

use super::super::{Person, SHORTEST_PASSWORD};
use crate::error::Failure;

/// The longest password, in bytes.
pub const LONGEST_PASSWORD: usize = 1024;

const COMMON: &str = include_str!("common.txt");

/// The shortest word of a name that a password may not contain, in characters: shorter ones are part of many words.
const MIN_NAME: usize = 4;

/// Whether this person may have this password; the failure is a sentence with what to do.
pub fn check(password: &str, person: &Person) -> Result<(), Failure> {
    let invalid = |message: &str| Err(Failure::Invalid(message.into()));
    let folded = password.to_lowercase();
    if password.chars().count() < SHORTEST_PASSWORD {
        invalid("This password is too short: it needs at least 8 characters.")
    } else if password.len() > LONGEST_PASSWORD {
        invalid("This password is too long: it may have 1,024 bytes.")
    } else if COMMON.lines().any(|common| common == folded) {
        invalid(
            "This password is one of the most used ones, which are tried first. Choose another one, such as four words that have nothing to do with each other.",
        )
    } else if own_words(person).any(|word| folded.contains(&word)) {
        invalid(
            "This password contains your name, your email or \"rivulet\", which are tried first. Choose other words.",
        )
    } else {
        Ok(())
    }
}

/// What is tried first for this person, in lower case.
fn own_words(person: &Person) -> impl Iterator<Item = String> {
    let email = person.email.to_lowercase();
    let local = email.split('@').next().unwrap_or_default().to_owned();
    let names = person.name.to_lowercase();
    let mut words: Vec<String> = names.split_whitespace().map(str::to_owned).collect();
    words.extend([email, local, "rivulet".into()]);
    words.into_iter().filter(|word| word.chars().count() >= MIN_NAME)
}
