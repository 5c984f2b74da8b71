//! What becomes of a request to a provider: what happened, and what to do. A field has one use.
//!
//! A `provider` goes in by the name that people give it; `end` is the end of the sentence, a full stop or ": " and the
//! provider's own words.

pub struct Providers {
    pub what: ProviderTrouble,
    pub advice: ProviderAdvice,
    /// In the place of the words of an answer that had none.
    pub status: fn(u16) -> String,
    /// A provider, an address and an `end`.
    pub no_list_at: fn(&str, &str, &str) -> String,
    /// What happened goes in.
    pub list_asked_again: fn(&str) -> String,
    pub list_empty: fn(&str) -> String,
    pub list_awaited: fn(&str) -> String,
}

/// What happened.
pub struct ProviderTrouble {
    pub key: fn(&str) -> String,
    /// A provider and an `end`, here and in the others that take two.
    pub denied: fn(&str, &str) -> String,
    pub credit: fn(&str) -> String,
    /// A provider and a model.
    pub model: fn(&str, &str) -> String,
    /// A provider, an address and an `end`.
    pub address: fn(&str, &str, &str) -> String,
    /// A provider and an address.
    pub moved: fn(&str, &str) -> String,
    /// A provider, an address and a cause.
    pub unreachable: fn(&str, &str, &str) -> String,
    /// A provider and an address.
    pub needs_tls: fn(&str, &str) -> String,
    pub busy: fn(&str, &str) -> String,
    pub failing: fn(&str, &str) -> String,
    pub refused: fn(&str, &str) -> String,
    pub reported: fn(&str, &str) -> String,
    pub no_answer: fn(&str) -> String,
    pub empty: fn(&str) -> String,
    pub broke_off: fn(&str) -> String,
    /// In seconds.
    pub silent: fn(&str, f32) -> String,
    pub length: fn(&str) -> String,
    /// The most tokens, as the person has set them.
    pub length_set: fn(u32) -> String,
    pub context: fn(&str, &str) -> String,
    pub filtered: fn(&str) -> String,
    pub declined: fn(&str) -> String,
    pub tool_call: fn(&str) -> String,
    pub not_shown: fn(&str) -> String,
    /// In minutes.
    pub endless: fn(&str, u64) -> String,
    /// In MiB.
    pub too_long: fn(&str, usize) -> String,
    pub nonsense: fn(&str) -> String,
    pub no_list: fn(&str) -> String,
}

/// What to do.
pub struct ProviderAdvice {
    pub key: &'static str,
    pub denied: fn(&str) -> String,
    pub credit: &'static str,
    pub other_model: &'static str,
    pub address_path: &'static str,
    pub moved: &'static str,
    pub certificate: &'static str,
    pub unreachable: &'static str,
    pub needs_tls: &'static str,
    /// After a while that is not known, is known, or is too long to be of use.
    pub try_later: &'static str,
    pub try_in_seconds: fn(u64) -> String,
    pub try_in_minutes: fn(u64) -> String,
    pub try_in_hours: fn(u64) -> String,
    pub try_another_day: &'static str,
    pub refused: &'static str,
    pub retry: &'static str,
    pub retry_or_resume: &'static str,
    pub retry_or_other_model: &'static str,
    pub resume: &'static str,
    pub shorter: &'static str,
    pub higher_maximum: &'static str,
    pub context: &'static str,
    pub filtered: &'static str,
    pub text_is_whole: &'static str,
    pub address: &'static str,
}
