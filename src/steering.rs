//! How replies are asked for: a conversation's options, and what a person keeps to ask with.

pub mod kept;
pub mod options;
pub mod prompt_text;
pub mod settings;
#[cfg(feature = "ssr")]
pub mod store;

use crate::{
    error::Failure,
    language::t,
    text::{in_one_line, normalize},
};

/// The longest system prompt and the longest saved prompt, in bytes.
pub const LONGEST_PROMPT: usize = 64 * 1024;
/// The longest name of what a person keeps, in characters.
pub const LONGEST_NAME: usize = 80;

/// A name as it is kept.
fn checked_name(name: &str) -> Result<String, Failure> {
    let name = in_one_line(name);
    match name.chars().count() {
        1..=LONGEST_NAME => Ok(name),
        _ => Err(Failure::Invalid((t().steering.wrong_name)(LONGEST_NAME))),
    }
}

/// A prompt as it is kept.
fn checked_prompt(prompt: &str) -> Result<String, Failure> {
    let prompt = normalize(prompt);
    if prompt.len() > LONGEST_PROMPT {
        return Err(Failure::Invalid(t().steering.long_prompt.into()));
    }
    Ok(prompt)
}
