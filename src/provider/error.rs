//! What can go wrong with a provider, as sentences for the person who waits for the reply.

use std::{fmt, time::Duration};

/// The setting that names a server's address, for sentences.
const ADDRESS: &str = "OPENAI_BASE_URL, or base-url in Leptos.toml";

/// A provider's failure. Its `Display` is what a person sees: what happened, and what to do. Nothing in it is secret.
///
/// `said` is the server's own words, empty if it had none; `words` whether the reply has text from which Continue
/// could continue; `limit` is in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderError {
    Key {
        provider: String,
    },
    Denied {
        provider: String,
        said: String,
    },
    Credit {
        provider: String,
    },
    Model {
        provider: String,
        model: String,
    },
    Address {
        provider: String,
        url: String,
        said: String,
    },
    Moved {
        provider: String,
        to: String,
    },
    Unreachable {
        provider: String,
        url: String,
        cause: String,
    },
    NeedsTls {
        provider: String,
        url: String,
    },
    Busy {
        provider: String,
        said: String,
        after: Option<Duration>,
    },
    Failing {
        provider: String,
        said: String,
        after: Option<Duration>,
    },
    Refused {
        provider: String,
        said: String,
    },
    Reported {
        provider: String,
        said: String,
        words: bool,
    },
    NoAnswer {
        provider: String,
    },
    Empty {
        provider: String,
    },
    BrokeOff {
        provider: String,
        words: bool,
    },
    Silent {
        provider: String,
        after: Duration,
        words: bool,
    },
    Length {
        provider: String,
        words: bool,
    },
    Filtered {
        provider: String,
    },
    ToolCall {
        provider: String,
    },
    NotShown {
        provider: String,
        words: bool,
    },
    /// It went on for longer than a reply may.
    Endless {
        provider: String,
        after: Duration,
        words: bool,
    },
    TooLong {
        provider: String,
        limit: usize,
    },
    Nonsense {
        provider: String,
    },
    NoList {
        provider: String,
    },
}

impl ProviderError {
    /// Whether the same request may well succeed a little later.
    pub fn may_pass(&self) -> bool {
        use ProviderError::*;
        matches!(
            self,
            Unreachable { .. } | Busy { .. } | Failing { .. } | NoAnswer { .. } | BrokeOff { .. } | Silent { .. }
        )
    }

    /// How long the provider asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { after, .. } | Self::Failing { after, .. } => *after,
            _ => None,
        }
    }

    /// Whether it is only a remark on a reply that is whole, as far as that is text.
    pub fn is_remark(&self) -> bool {
        matches!(self, Self::NotShown { words: true, .. })
    }

    /// The sentence for a failure to list models: what a person could press helps nothing there.
    pub fn of_list(&self) -> String {
        use ProviderError::*;
        match self {
            Address { provider, url, said } => {
                let said = because(said);
                format!(
                    "{provider} lists no models at {url}{said} Name them in Leptos.toml (models), or check {ADDRESS}."
                )
            }
            Key { .. }
            | Denied { .. }
            | Credit { .. }
            | Moved { .. }
            | Unreachable { .. }
            | NeedsTls { .. }
            | NoList { .. } => self.to_string(),
            _ => format!("{} It is asked again for its models.", self.what()),
        }
    }

    /// What happened.
    fn what(&self) -> String {
        use ProviderError::*;
        match self {
            Key { provider } => format!("{provider} refused the key."),
            Denied { provider, said } => format!("{provider} denied access{}", because(said)),
            Credit { provider } => format!("{provider} says that the account has no credit left."),
            Model { provider, model } => format!("The model {model} is not known to {provider}."),
            Address { provider, url, said } => format!("{provider} offers no chat at {url}{}", because(said)),
            Moved { provider, to } => format!("{provider} has moved to {to}."),
            Unreachable { provider, url, cause } => format!("{provider} could not be reached at {url} ({cause})."),
            NeedsTls { provider, url } => format!("{provider} answers only over TLS at {url}."),
            Busy { provider, said, .. } => format!("{provider} is too busy{}", because(said)),
            Failing { provider, said, .. } => format!("{provider} failed{}", because(said)),
            Refused { provider, said } => format!("{provider} refused the request{}", because(said)),
            Reported { provider, said, .. } => format!("{provider} reported an error{}", because(said)),
            NoAnswer { provider } => format!("{provider} closed the connection before it answered."),
            Empty { provider } => format!("{provider} sent an empty reply."),
            BrokeOff { provider, .. } => format!("{provider} stopped in the middle of the reply."),
            Silent { provider, after, .. } => format!("{provider} sent nothing for {} s.", after.as_secs_f32()),
            Length { provider, .. } => format!("{provider} reached the longest reply that it allows."),
            Filtered { provider } => format!("{provider} held back the rest of the reply (its content filter)."),
            ToolCall { provider } => format!("{provider} asked for a tool to be run, and none is offered here."),
            NotShown { provider, .. } => {
                format!("{provider} sent something that cannot be shown here, such as an image.")
            }
            Endless { provider, after, .. } => {
                format!("{provider} did not come to an end in {} min.", after.as_secs().div_ceil(60))
            }
            TooLong { provider, limit } => format!("{provider} sent more than {} MiB at once.", limit >> 20),
            Nonsense { provider } => format!("{provider} answered with something that is not a chat reply."),
            NoList { provider } => format!("{provider} answered with something that is not a list of models."),
        }
    }

    /// What to do.
    fn advice(&self) -> String {
        use ProviderError::*;
        match self {
            Key { .. } => "Check OPENAI_API_KEY, or api-key in Leptos.toml.".into(),
            Denied { provider, .. } => {
                format!("Check that the key may use this model, and that {provider} may be used where this server is.")
            }
            Credit { .. } => "Top it up, or choose another model.".into(),
            Model { .. } | NotShown { words: false, .. } => "Choose another model.".into(),
            Address { .. } => format!("Check {ADDRESS}: it usually ends in /v1."),
            Moved { .. } => format!("Set {ADDRESS}, to the new address."),
            Unreachable { cause, .. } if cause.contains("certificate") => {
                "Check its certificate. If an authority of your own signed it, start Rivulet with SSL_CERT_FILE naming a file with the certificate of that one.".into()
            }
            Unreachable { .. } => format!("Check that it is running, and {ADDRESS}."),
            NeedsTls { .. } => format!("Check {ADDRESS}: it should begin with https."),
            // Some say it themselves.
            Busy { said, .. } | Failing { said, .. } if said.to_lowercase().contains("try again") => String::new(),
            Busy { after, .. } | Failing { after, .. } => format!("Try again {}.", when(after)),
            Refused { .. } => "Change the message, or choose another model.".into(),
            Reported { words: true, .. } => "Press Retry, or Continue to go on from here.".into(),
            BrokeOff { words: true, .. }
            | Length { words: true, .. }
            | Silent { words: true, .. }
            | Endless { words: true, .. } => "Press Continue to go on.".into(),
            Length { words: false, .. } => "Ask for a shorter one, or choose another model.".into(),
            Reported { .. } | NoAnswer { .. } | BrokeOff { .. } => "Press Retry.".into(),
            Empty { .. } | Silent { .. } | Endless { .. } | ToolCall { .. } => "Press Retry, or choose another model.".into(),
            Filtered { .. } => "Change the message, and send it again.".into(),
            NotShown { words: true, .. } => "The text is all here.".into(),
            TooLong { .. } | Nonsense { .. } | NoList { .. } => format!("Check {ADDRESS}."),
        }
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(format!("{} {}", self.what(), self.advice()).trim_end())
    }
}

impl std::error::Error for ProviderError {}

fn when(after: &Option<Duration>) -> String {
    match after.map(|after| after.as_secs_f64().ceil() as u64) {
        None => "in a while".into(),
        Some(seconds @ 0..=120) => format!("in {seconds} s"),
        Some(seconds @ 121..=7_200) => format!("in {} min", seconds.div_ceil(60)),
        Some(seconds @ 7_201..=172_800) => format!("in {} h", seconds.div_ceil(3_600)),
        // More is no answer to a question of today.
        Some(_) => "another day".into(),
    }
}

/// The end of a sentence: the server's own words if it had any, and one mark.
fn because(said: &str) -> String {
    let said = said.trim_end_matches(['.', ':', ',', ';', ' ']);
    match said.chars().next_back() {
        None => ".".into(),
        Some('!' | '?' | '…' | '。' | '！' | '？') => format!(": {said}"),
        Some(_) => format!(": {said}."),
    }
}
