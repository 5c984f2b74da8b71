//! What can go wrong with a provider, as sentences for the person who waits for the reply.

use std::time::Duration;

/// A provider's failure. Its `Display` is what a person sees: what happened, and what to do. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    #[error("{provider} refused the key. Check OPENAI_API_KEY, or api-key in Leptos.toml.")]
    Key { provider: String },
    #[error("{provider} says that the account has no credit left. Top it up, or choose another model.")]
    Credit { provider: String },
    #[error("The model {model} is not known to {provider}. Choose another model.")]
    Model { provider: String, model: String },
    #[error(
        "{provider} offers no chat at {url}. Check OPENAI_BASE_URL, or base-url in Leptos.toml: it usually ends in /v1."
    )]
    Address { provider: String, url: String },
    #[error("{provider} has moved to {to}. Set OPENAI_BASE_URL, or base-url in Leptos.toml, to the new address.")]
    Moved { provider: String, to: String },
    #[error(
        "{provider} could not be reached at {url} ({cause}). Check that it is running, and OPENAI_BASE_URL, or base-url in Leptos.toml."
    )]
    Unreachable { provider: String, url: String, cause: String },
    #[error("{provider} is too busy; try again {}.", when(.after))]
    Busy { provider: String, after: Option<Duration> },
    #[error("{provider} failed{}. Try again {}.", because(.said), when(.after))]
    Failing { provider: String, said: String, after: Option<Duration> },
    #[error("{provider} refused the request{}. Change the message, or choose another model.", because(.said))]
    Refused { provider: String, said: String },
    #[error("{provider} reported an error{}. Press Retry, or Continue to go on from here.", because(.said))]
    Reported { provider: String, said: String },
    #[error("{provider} closed the connection before it answered. Press Retry.")]
    NoAnswer { provider: String },
    #[error("{provider} sent an empty reply. Press Retry, or choose another model.")]
    Empty { provider: String },
    #[error("{provider} stopped in the middle of the reply. Press Continue to go on.")]
    BrokeOff { provider: String },
    #[error("{provider} sent nothing for {} s. Try again, or choose another model.", .after.as_secs_f32())]
    Silent { provider: String, after: Duration },
    #[error("{provider} reached the longest reply that it allows. Press Continue to go on.")]
    Length { provider: String },
    #[error("{provider} held back the rest of the reply (its content filter). Change the message, and send it again.")]
    Filtered { provider: String },
    #[error(
        "{provider} sent more than {limit} bytes at once, which no reply does. Check OPENAI_BASE_URL, or base-url in Leptos.toml."
    )]
    TooLong { provider: String, limit: usize },
    #[error(
        "{provider} answered with something that is not a chat reply. Check OPENAI_BASE_URL, or base-url in Leptos.toml."
    )]
    Nonsense { provider: String },
}

impl ProviderError {
    /// Whether the same request may well succeed a little later.
    pub fn may_pass(&self) -> bool {
        use ProviderError::*;
        // Not `Silent`: whoever waited two minutes should be asked before waiting two more.
        matches!(self, Unreachable { .. } | Busy { .. } | Failing { .. } | NoAnswer { .. } | BrokeOff { .. })
    }

    /// How long the provider asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { after, .. } | Self::Failing { after, .. } => *after,
            _ => None,
        }
    }
}

fn when(after: &Option<Duration>) -> String {
    match after.map(|after| after.as_secs_f64().ceil() as u64) {
        None => "in a while".into(),
        Some(seconds @ 0..=120) => format!("in {seconds} s"),
        Some(seconds) => format!("in {} min", seconds.div_ceil(60)),
    }
}

fn because(said: &str) -> String {
    match said.trim_end_matches('.') {
        "" => String::new(),
        said => format!(": {said}"),
    }
}
