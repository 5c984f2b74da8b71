//! What can go wrong with a provider, as sentences for the person who waits for the reply.

use std::{fmt, time::Duration};

use crate::{language::t, message::StopReason};

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
    /// `set`: the most tokens that the person has set.
    Length {
        provider: String,
        set: Option<u32>,
        words: bool,
    },
    /// It was sent more than the model reads.
    Context {
        provider: String,
        said: String,
    },
    Filtered {
        provider: String,
    },
    /// The model refuses to answer.
    Declined {
        provider: String,
        words: bool,
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
        use ProviderError::*;
        matches!(self, NotShown { words: true, .. } | Length { words: true, .. } | Declined { words: true, .. })
    }

    /// Why the provider ended the reply, if it said so.
    pub fn stop_reason(&self) -> Option<StopReason> {
        match self {
            Self::Length { .. } => Some(StopReason::Length),
            Self::Filtered { .. } => Some(StopReason::ContentFilter),
            Self::Declined { .. } => Some(StopReason::Refusal),
            Self::Context { .. } => Some(StopReason::Context),
            _ => None,
        }
    }

    /// The sentence for a failure to list models: what a person could press helps nothing there.
    pub fn of_list(&self) -> String {
        use ProviderError::*;
        match self {
            Address { provider, url, said } => (t().server.providers.no_list_at)(provider, url, &because(said)),
            Key { .. }
            | Denied { .. }
            | Credit { .. }
            | Moved { .. }
            | Unreachable { .. }
            | NeedsTls { .. }
            | NoList { .. } => self.to_string(),
            _ => (t().server.providers.list_asked_again)(&self.what()),
        }
    }

    /// What happened.
    fn what(&self) -> String {
        use ProviderError::*;
        let texts = &t().server.providers.what;
        match self {
            Key { provider } => (texts.key)(provider),
            Denied { provider, said } => (texts.denied)(provider, &because(said)),
            Credit { provider } => (texts.credit)(provider),
            Model { provider, model } => (texts.model)(provider, model),
            Address { provider, url, said } => (texts.address)(provider, url, &because(said)),
            Moved { provider, to } => (texts.moved)(provider, to),
            Unreachable { provider, url, cause } => (texts.unreachable)(provider, url, cause),
            NeedsTls { provider, url } => (texts.needs_tls)(provider, url),
            Busy { provider, said, .. } => (texts.busy)(provider, &because(said)),
            Failing { provider, said, .. } => (texts.failing)(provider, &because(said)),
            Refused { provider, said } => (texts.refused)(provider, &because(said)),
            Reported { provider, said, .. } => (texts.reported)(provider, &because(said)),
            NoAnswer { provider } => (texts.no_answer)(provider),
            Empty { provider } => (texts.empty)(provider),
            BrokeOff { provider, .. } => (texts.broke_off)(provider),
            Silent { provider, after, .. } => (texts.silent)(provider, after.as_secs_f32()),
            Length { set: Some(tokens), .. } => (texts.length_set)(*tokens),
            Length { provider, .. } => (texts.length)(provider),
            Context { provider, said } => (texts.context)(provider, &because(said)),
            Filtered { provider } => (texts.filtered)(provider),
            Declined { provider, .. } => (texts.declined)(provider),
            ToolCall { provider } => (texts.tool_call)(provider),
            NotShown { provider, .. } => (texts.not_shown)(provider),
            Endless { provider, after, .. } => (texts.endless)(provider, after.as_secs().div_ceil(60)),
            TooLong { provider, limit } => (texts.too_long)(provider, limit >> 20),
            Nonsense { provider } => (texts.nonsense)(provider),
            NoList { provider } => (texts.no_list)(provider),
        }
    }

    /// What to do.
    fn advice(&self) -> String {
        use ProviderError::*;
        let texts = &t().server.providers.advice;
        let advice = match self {
            Key { .. } => texts.key,
            Denied { provider, .. } => return (texts.denied)(provider),
            Credit { .. } => texts.credit,
            Model { .. } | NotShown { words: false, .. } => texts.other_model,
            Address { .. } => texts.address_path,
            Moved { .. } => texts.moved,
            Unreachable { cause, .. } if cause.contains("certificate") => texts.certificate,
            Unreachable { .. } => texts.unreachable,
            NeedsTls { .. } => texts.needs_tls,
            // Some say it themselves.
            Busy { said, .. } | Failing { said, .. } if said.to_lowercase().contains("try again") => "",
            Busy { after, .. } | Failing { after, .. } => return try_again(after),
            Refused { .. } | Declined { .. } => texts.refused,
            Reported { words: true, .. } => texts.retry_or_resume,
            BrokeOff { words: true, .. }
            | Length { words: true, .. }
            | Silent { words: true, .. }
            | Endless { words: true, .. } => texts.resume,
            Length { words: false, set: Some(_), .. } => texts.higher_maximum,
            Length { words: false, .. } => texts.shorter,
            Reported { .. } | NoAnswer { .. } | BrokeOff { .. } => texts.retry,
            Empty { .. } | Silent { .. } | Endless { .. } | ToolCall { .. } => texts.retry_or_other_model,
            Context { .. } => texts.context,
            Filtered { .. } => texts.filtered,
            NotShown { words: true, .. } => texts.text_is_whole,
            TooLong { .. } | Nonsense { .. } | NoList { .. } => texts.address,
        };
        advice.into()
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(format!("{} {}", self.what(), self.advice()).trim_end())
    }
}

impl std::error::Error for ProviderError {}

fn try_again(after: &Option<Duration>) -> String {
    let texts = &t().server.providers.advice;
    match after.map(|after| after.as_secs_f64().ceil() as u64) {
        None => texts.try_later.into(),
        Some(seconds @ 0..=120) => (texts.try_in_seconds)(seconds),
        Some(seconds @ 121..=7_200) => (texts.try_in_minutes)(seconds.div_ceil(60)),
        Some(seconds @ 7_201..=172_800) => (texts.try_in_hours)(seconds.div_ceil(3_600)),
        // More is no answer to a question of today.
        Some(_) => texts.try_another_day.into(),
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
