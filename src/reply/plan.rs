//! What a provider is sent for a reply: as much of the branch as fits, or all of it in pieces, for a summary.

use std::ops::Range;

use super::Replies;
use crate::{
    conversation::{
        context::{Budget, Correction, fit, message_tokens, pieces},
        window::store::History,
    },
    ids::MessageId,
    live::hub::Running,
    message::{Kind, Message, Role, cut},
    provider::{Provider, Request, Turn},
    steering::options::Options,
};

/// The most that a provider is sent of what was said before, in bytes: more than any model reads. What is older is left out.
pub const MAX_CONTEXT: usize = 4 * 1024 * 1024;
/// What a model is asked for a summary.
const ASK: &str = "Summarise the conversation above, so that it can be continued from your summary alone. Keep what was \
                   asked and what was found out: facts, names, numbers, decisions and their reasons, code and texts that \
                   are still worked on, and what is still open. Write in the language of the conversation, in at most \
                   600 words, and write the summary alone.";

/// The requests for a reply, one after the other.
pub struct Plan {
    /// What the reply begins with.
    pub begins: Vec<Kind>,
    /// What is sent in each of them. Only the last one's answer is the reply; each other one's stands for what was sent for it.
    pub pieces: Vec<Vec<Turn>>,
    options: Options,
    model: String,
    /// Whether summaries are asked for.
    is_summary: bool,
    /// What the reply has already and is to be continued.
    begun: Option<Turn>,
    /// How that is to be continued, if somebody said so.
    instruction: Option<String>,
}

/// Why a reply cannot be asked for.
pub enum NoPlan {
    Unreadable(sqlx::Error),
    /// Not even the newest message fits into a context of so many tokens.
    TooLarge(u64),
}

impl From<sqlx::Error> for NoPlan {
    fn from(error: sqlx::Error) -> NoPlan {
        NoPlan::Unreadable(error)
    }
}

impl Plan {
    /// For a running reply to `parent`, or one that is to be continued.
    pub async fn new(
        replies: &Replies,
        running: &Running,
        (provider, model): (&dyn Provider, &str),
        parent: MessageId,
        resumes: bool,
    ) -> Result<Plan, NoPlan> {
        let (viewer, conversation, message) = (running.viewer, running.conversation, running.message());
        let is_summary = message.role == Role::Summary;
        let options = if is_summary {
            Options::default()
        } else {
            replies.database.effective_options(viewer, conversation).await?
        };
        let prompt = if is_summary { Some(ASK) } else { options.system_prompt.as_deref() };
        let context = replies.providers.context(provider, model);
        let budget = context.map(|context| Budget::new(context, options.max_tokens, prompt));
        let bytes = match budget {
            // What is beyond that is left out in any case.
            Some(budget) if !is_summary => budget.max_bytes().min(MAX_CONTEXT),
            _ => MAX_CONTEXT,
        };
        let history = replies.database.history(viewer, conversation, parent, bytes, |_| false).await?;
        let begun = resumes.then_some(&message);
        let (kinds, pieces) = if is_summary { summarise(&history, budget)? } else { trim(&history, begun, budget)? };
        // Continue has those already.
        let begins = kinds.into_iter().filter(|kind| !has_alike(&message, kind)).collect();
        let instruction = if resumes { replies.database.instruction(viewer, running.id).await? } else { None };
        let begun = begun.and_then(turn);
        Ok(Plan { begins, pieces, options, model: model.to_owned(), is_summary, begun, instruction })
    }

    /// The request for a piece; `before` is what stands for the pieces before it.
    pub fn request(&self, piece: &[Turn], before: Option<&str>, is_last: bool) -> Request {
        let before = before.map(|summary| Turn { role: Role::User, text: in_place_of_messages(summary) });
        let ask = self.is_summary.then(|| Turn { role: Role::User, text: ASK.to_owned() });
        let begun = self.begun.clone().filter(|_| is_last);
        let resumes = begun.is_some();
        let turns = before.into_iter().chain(piece.iter().cloned()).chain(ask).chain(begun).collect();
        let instruction = self.instruction.clone().filter(|_| resumes);
        Request { model: self.model.clone(), turns, options: self.options.clone(), resumes, instruction }
    }
}

/// What of a branch is sent, and the part that has what is not. `begun`: what the reply has already.
fn trim(
    history: &History,
    begun: Option<&Message>,
    budget: Option<Budget>,
) -> Result<(Vec<Kind>, Vec<Vec<Turn>>), NoPlan> {
    let History { messages, more } = history;
    let summaries = usize::from(messages.first().is_some_and(|message| message.role == Role::Summary));
    let from = match budget {
        None => summaries,
        Some(budget) => {
            let sizes = sizes(history, begun, budget);
            fit(&sizes, budget.room()).ok_or(NoPlan::TooLarge(budget.context))?.min(messages.len())
        }
    };
    let left_out = more + (from - summaries) as u64;
    let sent = messages[..summaries].iter().chain(&messages[from..]);
    let context = budget.map(|budget| budget.context);
    let kind = (left_out > 0).then_some(Kind::LeftOut { messages: left_out, context });
    Ok((kind.into_iter().collect(), vec![sent.filter_map(turn).collect()]))
}

/// A branch in pieces, and the parts that have how many messages that is, and how many it is not.
fn summarise(history: &History, budget: Option<Budget>) -> Result<(Vec<Kind>, Vec<Vec<Turn>>), NoPlan> {
    let History { messages, more } = history;
    let covered: u64 = messages.iter().map(Message::stands_for).sum();
    let left_out = (*more > 0).then_some(Kind::LeftOut { messages: *more, context: None });
    let kinds = [Kind::Covered { messages: covered }].into_iter().chain(left_out).collect();
    let Some(budget) = budget else { return Ok((kinds, vec![messages.iter().filter_map(turn).collect()])) };
    // What a piece has room for beside the summary of those before it.
    let most = budget.room().saturating_sub(budget.answer);
    let sized = messages.iter().zip(sizes(history, None, budget));
    let turns: Vec<(Turn, u64)> = sized
        .filter_map(|(message, (_, tokens))| Some((turn(message)?, tokens)))
        .flat_map(|(turn, tokens)| slices(turn, tokens, most))
        .collect();
    let tokens: Vec<(Role, u64)> = turns.iter().map(|(turn, tokens)| (turn.role, *tokens)).collect();
    let pieces = pieces(&tokens, budget.room(), budget.answer).ok_or(NoPlan::TooLarge(budget.context))?;
    let piece = |piece: Range<usize>| turns[piece].iter().map(|(turn, _)| turn.clone()).collect();
    Ok((kinds, pieces.into_iter().map(piece).collect()))
}

/// A turn that is larger than `most` tokens, in slices that are not.
fn slices(turn: Turn, tokens: u64, most: u64) -> Vec<(Turn, u64)> {
    if tokens <= most || most == 0 {
        return vec![(turn, tokens)];
    }
    // One more than would do, as a text is not everywhere alike.
    let count = tokens.div_ceil(most) + 1;
    let bytes = turn.text.len().div_ceil(count as usize);
    let (mut slices, mut rest) = (vec![], turn.text.as_str());
    while !rest.is_empty() {
        let (slice, after) = rest.split_at(cut(rest, bytes));
        slices.push((Turn { role: turn.role, text: slice.to_owned() }, tokens.div_ceil(count)));
        rest = after;
    }
    slices
}

/// The tokens of each message, as far as is known.
fn sizes(history: &History, begun: Option<&Message>, budget: Budget) -> Vec<(Role, u64)> {
    let correction = Correction::of(&history.messages, history.more, budget.fixed);
    let all = history.messages.iter().chain(begun);
    all.map(|message| (message.role, correction.apply(message_tokens(message)))).collect()
}

/// What a provider is sent of a message: its text, if it has any.
fn turn(message: &Message) -> Option<Turn> {
    let text = message.text();
    let is_summary = message.role == Role::Summary && message.status.is_final();
    let (role, text) = if is_summary { (Role::User, in_place_of_messages(&text)) } else { (message.role, text) };
    // What a summary has so far is the assistant's.
    let role = if role == Role::Summary { Role::Assistant } else { role };
    (!text.is_empty()).then_some(Turn { role, text })
}

/// A summary as a model reads it.
fn in_place_of_messages(summary: &str) -> String {
    format!(
        "This is a summary of our conversation so far, in place of its messages:\n\n<summary>\n{summary}\n</summary>"
    )
}

fn has_alike(message: &Message, kind: &Kind) -> bool {
    message.parts.iter().any(|part| std::mem::discriminant(&part.kind) == std::mem::discriminant(kind))
}
