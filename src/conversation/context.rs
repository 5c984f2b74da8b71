//! How much of a model's context a branch takes, and what of it is sent: estimates, corrected by what a provider has counted.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::message::{Kind, Message, Role, Status};

/// What a message takes beside its words, in tokens.
const MESSAGE_TOKENS: u64 = 8;
/// The most that is kept free for the answer where a person has set no maximum, in tokens.
const MAX_ANSWER: u64 = 4096;
/// So many bytes of a branch are read for each token of a context: twice of what fits, however far estimates are corrected,
/// so that what was sent before is among it.
const BYTES_A_TOKEN: u64 = 12;

/// About how many tokens a text takes, rather too many than too few: one for three bytes of ASCII, as in code (prose has
/// four), and one for two bytes of other scripts.
pub fn tokens(text: &str) -> u64 {
    let other = text.bytes().filter(|byte| !byte.is_ascii()).count() as u64;
    (text.len() as u64 - other).div_ceil(3) + other.div_ceil(2)
}

/// The same for a message as a model is sent it.
pub fn message_tokens(message: &Message) -> u64 {
    let texts = message.parts.iter().filter(|part| part.kind == Kind::Text);
    MESSAGE_TOKENS + texts.map(|part| tokens(&part.text)).sum::<u64>()
}

/// What a message counts towards [`Budget::max_bytes`].
pub fn message_bytes(message: &Message) -> usize {
    message.text_length() + 3 * MESSAGE_TOKENS as usize
}

/// What a model reads and writes together, and what of that is taken beside what was said. In tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    pub context: u64,
    /// Kept free for the answer.
    pub answer: u64,
    /// What the system prompt takes.
    pub fixed: u64,
}

impl Budget {
    /// `max_tokens`: the most tokens that a person has set for a reply.
    pub fn new(context: u64, max_tokens: Option<u32>, system_prompt: Option<&str>) -> Budget {
        let answer = max_tokens.map_or((context / 4).min(MAX_ANSWER), |most| u64::from(most).min(context / 2));
        Budget { context, answer, fixed: system_prompt.map_or(0, |prompt| MESSAGE_TOKENS + tokens(prompt)) }
    }

    /// How much of a branch is worth reading, in bytes: more than fits.
    pub fn max_bytes(self) -> usize {
        usize::try_from(self.context.saturating_mul(BYTES_A_TOKEN)).unwrap_or(usize::MAX)
    }

    /// What is left for what was said.
    pub fn room(self) -> u64 {
        self.context.saturating_sub(self.answer).saturating_sub(self.fixed)
    }
}

/// What a branch takes of a model's context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextUse {
    /// By what was said, with the system prompt. About, as far as a provider has not counted it.
    pub used: u64,
    pub budget: Budget,
}

impl ContextUse {
    /// Of a branch, the first message of which may have been counted together with all before it.
    pub fn of(branch: &[Message], budget: Budget) -> ContextUse {
        let real = branch.first().and_then(counted);
        let estimated = &branch[usize::from(real.is_some())..];
        let used = real.unwrap_or(budget.fixed) + estimated.iter().map(message_tokens).sum::<u64>();
        ContextUse { used, budget }
    }

    /// How much of what there is beside the answer is taken, in per cent; more than 100: not all would be sent.
    pub fn percent(self) -> u64 {
        let room = self.budget.context.saturating_sub(self.budget.answer).max(1);
        self.used.saturating_mul(100).div_ceil(room)
    }
}

/// By how much estimates are too high or too low, by what a provider has counted. A count that is far off is no count of
/// such words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correction(f64);

impl Default for Correction {
    fn default() -> Correction {
        Correction(1.0)
    }
}

impl Correction {
    /// By the newest reply that was counted and of which all that was sent for it is in `branch`: what a model may be sent, but
    /// for `more` messages before it. `fixed` is what is sent beside it.
    pub fn of(branch: &[Message], more: u64, fixed: u64) -> Correction {
        let summary = usize::from(branch.first().is_some_and(|message| message.role == Role::Summary));
        let begins =
            |at: usize| usize::try_from(left_out_of(&branch[at]).checked_sub(more)?).ok()?.checked_add(summary);
        let known = (0..branch.len()).rev().find_map(|at| Some((at, counted(&branch[at])?, begins(at)?)));
        let Some((at, real, from)) = known.filter(|(at, _, from)| from <= at) else { return Correction::default() };
        let sent = branch[..summary].iter().chain(&branch[from..=at]);
        let estimate = fixed + sent.map(message_tokens).sum::<u64>();
        Correction((real as f64 / estimate.max(1) as f64).clamp(0.5, 2.0))
    }

    /// An estimate, corrected.
    pub fn apply(self, estimate: u64) -> u64 {
        (estimate as f64 * self.0).ceil() as u64
    }
}

/// What a provider has counted of a reply and all that it was sent for it, in tokens. Thinking is not sent again. Nothing of a
/// summary, for which it was sent something else.
pub fn counted(message: &Message) -> Option<u64> {
    let usage = message.usage.filter(|_| message.role == Role::Assistant)?;
    let kept = usage.output_tokens.saturating_sub(usage.reasoning_tokens);
    Some(usage.input_tokens.saturating_add(kept)).filter(|tokens| *tokens > 0)
}

/// How many messages were left out for a reply.
fn left_out_of(message: &Message) -> u64 {
    let left_out = |kind: &Kind| match kind {
        Kind::LeftOut { messages, .. } => *messages,
        Kind::Thinking | Kind::Text | Kind::ToolCall { .. } | Kind::ToolResult { .. } | Kind::Covered { .. } => 0,
    };
    message.parts.iter().map(|part| left_out(&part.kind)).sum()
}

impl Message {
    /// For how many messages of its branch it stands, when a model is asked: itself, or those that a summary covers.
    pub fn stands_for(&self) -> u64 {
        let covered = |kind: &Kind| match kind {
            Kind::Covered { messages } => Some(*messages),
            Kind::Thinking | Kind::Text | Kind::ToolCall { .. } | Kind::ToolResult { .. } | Kind::LeftOut { .. } => {
                None
            }
        };
        self.parts.iter().find_map(|part| covered(&part.kind)).unwrap_or(1)
    }
}

/// Which messages of a branch are sent, each given by its role and its tokens: those from `from` on, behind the summary with
/// which the branch may begin, which stays.
///
/// The oldest exchanges are left out whole: what is sent begins with a question. `None`: not even the newest one fits.
pub fn fit(branch: &[(Role, u64)], room: u64) -> Option<usize> {
    let summary = branch.first().filter(|(role, _)| *role == Role::Summary);
    let first = usize::from(summary.is_some());
    let mut left = room.checked_sub(summary.map_or(0, |(_, tokens)| *tokens))?;
    let mut from = None;
    for (at, (role, tokens)) in branch.iter().enumerate().skip(first).rev() {
        let Some(rest) = left.checked_sub(*tokens) else { break };
        left = rest;
        if at == first || *role == Role::User {
            from = Some(at);
        }
    }
    // A branch that is a summary alone is sent as it is.
    from.or((branch.len() == first).then_some(first))
}

/// Cuts a branch into pieces that can be summarised one after the other, each together with the summary of those before it,
/// which takes at most `summary`. Between exchanges, where that is possible. `None`: a message is larger than a piece.
pub fn pieces(branch: &[(Role, u64)], room: u64, summary: u64) -> Option<Vec<Range<usize>>> {
    let mut pieces: Vec<Range<usize>> = vec![];
    let mut from = 0;
    while from < branch.len() {
        let mut left = if from == 0 { room } else { room.saturating_sub(summary) };
        let fits = |(_, tokens): &&(Role, u64)| left.checked_sub(*tokens).inspect(|rest| left = *rest).is_some();
        let up_to = from + branch[from..].iter().take_while(fits).count();
        if up_to == from {
            return None;
        }
        let question = (from + 1..=up_to).rev().find(|at| branch.get(*at).is_none_or(|(role, _)| *role == Role::User));
        let up_to = if up_to == branch.len() { up_to } else { question.unwrap_or(up_to) };
        pieces.push(from..up_to);
        from = up_to;
    }
    if pieces.is_empty() { None } else { Some(pieces) }
}

/// Whether a message stands for all that is before it on its branch, when a model is asked: a summary that is whole.
pub fn stands_for_all_before(message: &Message) -> bool {
    message.role == Role::Summary && message.status == Status::Completed && message.stop_reason.is_none()
}
