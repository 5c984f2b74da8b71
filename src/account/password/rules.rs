//! Which passwords may be chosen (NIST SP 800-63B): long enough, and none that is tried first.

use super::super::{Person, SHORTEST_PASSWORD};
use crate::{error::Failure, language::t};

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
        invalid(t().server.forms.short_password)
    } else if password.len() > LONGEST_PASSWORD {
        invalid(t().server.forms.long_password)
    } else if COMMON.lines().any(|common| common == folded) {
        invalid(t().server.forms.common_password)
    } else if own_words(person).any(|word| folded.contains(&word)) {
        invalid(t().server.forms.personal_password)
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
