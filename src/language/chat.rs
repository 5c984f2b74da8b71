//! What stands in a conversation and around it. A field has one use.

/// Where a message is written.
pub struct Composer {
    pub message_label: &'static str,
    pub placeholder: &'static str,
    pub send: &'static str,
    /// While a reply runs.
    pub queue: &'static str,
    pub stop: &'static str,
    /// While several replies run.
    pub stop_all: &'static str,
    /// The menu of models that are asked, too, and a button for each that is; its name goes in.
    pub ask_others: &'static str,
    pub do_not_ask: fn(&str) -> String,
    /// Why Enter does not send: something has to come first.
    pub wait_loading: &'static str,
    pub wait_sending: &'static str,
    pub wait_models: &'static str,
    pub wait_others: &'static str,
}

/// The saved prompts that `/` offers.
pub struct Prompts {
    pub label: &'static str,
    pub none_yet: &'static str,
    pub new: &'static str,
    pub edit: &'static str,
    /// Announced; how many there are goes in.
    pub announce_found: fn(usize) -> String,
}

/// Replies of several models, beside each other.
pub struct Together {
    /// How many there are goes in.
    pub label: fn(usize) -> String,
    pub tabs_label: &'static str,
    /// What is written next follows this one.
    pub choose: &'static str,
    pub chosen: &'static str,
}

/// What waits to be sent, and what can be done with it.
pub struct Queue {
    pub label: &'static str,
    /// Why a row waits for a person: the reply before it failed, was stopped or interrupted, or it cannot be sent as it is.
    pub held_failed: &'static str,
    pub held_stopped: &'static str,
    pub held_interrupted: &'static str,
    pub held_refused: &'static str,
    pub sending: &'static str,
    pub edit: &'static str,
    pub remove: &'static str,
    pub send_now: &'static str,
    /// The field in which a row is edited, and what is below it.
    pub edit_label: &'static str,
    pub save: &'static str,
    pub leave_edit: &'static str,
    /// Above the field, below the text that another tab has saved.
    pub edited_elsewhere: &'static str,
    /// In the composer, which has the words that were typed in place of a row.
    pub returned: &'static str,
    pub removed: &'static str,
    /// How many wait for replies that are not shown.
    pub elsewhere: fn(usize) -> String,
    /// Announced to whoever has queued a message.
    pub announce_queued: &'static str,
}

/// A message, and what can be done with it.
pub struct Message {
    pub person_label: &'static str,
    pub assistant_label: &'static str,
    pub summary_label: &'static str,
    pub waiting_label: &'static str,
    /// In the place of a model's name, where it is not known.
    pub unnamed_model: &'static str,
    /// Over a summary; how many messages it covers goes in, once that is known.
    pub summary_heading: &'static str,
    pub summary_of: fn(u64) -> String,
    pub summary_unused: &'static str,
    /// How many messages were not sent, and the model's context, if they do not fit into that.
    pub left_out: fn(u64, Option<u64>) -> String,
    /// On a button.
    pub summarise: &'static str,
    /// A tool's name goes in.
    pub used_tool: fn(&str) -> String,
    pub thinking: &'static str,
    pub thought_briefly: &'static str,
    pub thought_seconds: fn(i64) -> String,
    /// Minutes, and the seconds beyond them.
    pub thought_minutes: fn(i64, i64) -> String,
    pub stopped: &'static str,
    /// An interrupted reply with words, and one without.
    pub interrupted_with_words: &'static str,
    pub interrupted_without_words: &'static str,
    pub sending: &'static str,
    pub edit: &'static str,
    /// The field in which another version is written, and what is below it.
    pub edit_label: &'static str,
    pub send_edit: &'static str,
    pub leave_edit: &'static str,
    /// What is done less often.
    pub more: &'static str,
    pub fork: &'static str,
    pub copy_link: &'static str,
    pub link_copied: &'static str,
    pub link_not_copied: &'static str,
    pub delete: &'static str,
    /// How many messages have gone.
    pub deleted: fn(i64) -> String,
    /// What the reader thinks of a reply, and what they may write then.
    pub good: &'static str,
    pub bad: &'static str,
    pub what_was_good: &'static str,
    pub what_was_wrong: &'static str,
    pub save_word: &'static str,
    pub change_word: &'static str,
    pub retry: &'static str,
    pub retry_with: &'static str,
    pub resume: &'static str,
    pub output_tokens: fn(u64) -> String,
    /// Tenths of a second go in.
    pub seconds: fn(u64) -> String,
    pub tokens_a_second: fn(u64) -> String,
    /// Nano-dollars go in.
    pub cost: fn(u64) -> String,
    pub input_tokens: fn(u64) -> String,
    pub cached_tokens: fn(u64) -> String,
    pub reasoning_tokens: fn(u64) -> String,
    pub previous_version: &'static str,
    pub next_version: &'static str,
    pub copy: &'static str,
    /// On a button and announced.
    pub copied: &'static str,
    pub not_copied: &'static str,
    /// Announced when a reply ends; why it failed goes in.
    pub announce_failed_because: fn(&str) -> String,
    pub announce_failed: &'static str,
    pub announce_stopped: &'static str,
    pub announce_interrupted: &'static str,
    pub announce_completed: &'static str,
}

/// What rendered Markdown has beside the words of its text.
pub struct Markdown {
    pub copy_code: &'static str,
    pub task_done_label: &'static str,
    pub task_open_label: &'static str,
}

/// What can be done with words that are selected in a reply.
pub struct Selection {
    pub label: &'static str,
    pub quote: &'static str,
    pub ask: &'static str,
    pub copy: &'static str,
    /// The field for a question to the words, and what is beside a field.
    pub question: &'static str,
    pub send: &'static str,
    pub leave: &'static str,
    pub continue_from: &'static str,
    /// The words from which on the reply is written anew go in.
    pub in_place_of: fn(&str) -> String,
    /// The field for how it is to go on.
    pub instruction: &'static str,
    /// In the place of that, before the first words of a reply.
    pub nothing_before: &'static str,
}

/// A conversation.
pub struct Thread {
    /// How its replies are asked for.
    pub options: &'static str,
    pub conversation_label: &'static str,
    pub rename: &'static str,
    pub delete: &'static str,
    /// What is done less often with a conversation.
    pub menu: &'static str,
    pub usage: &'static str,
    pub gone: &'static str,
    pub jump: &'static str,
    /// Somebody else has written meanwhile, and the link there.
    pub elsewhere: &'static str,
    pub go_there: &'static str,
    /// The links in the place of scrolling, without scripts.
    pub earlier_messages: &'static str,
    pub later_messages: &'static str,
    pub latest_messages: &'static str,
}

/// A conversation that is removed when it is closed.
pub struct Temporary {
    /// What begins one, and what stands over it.
    pub label: &'static str,
    /// What becomes of it.
    pub hint: &'static str,
    pub keep: &'static str,
    pub close: &'static str,
    /// Announced.
    pub kept: &'static str,
    pub closed: &'static str,
}

/// How much of a model's context is taken.
pub struct Context {
    /// Per cent go in.
    pub label: fn(u64) -> String,
    /// Tokens go in: what is used, of how many, and how many of them are kept for the reply.
    pub used: fn(u64, u64, u64) -> String,
    /// What becomes of a message that is sent now.
    pub full: &'static str,
    pub summarise_hint: &'static str,
}

/// What the replies of a conversation have cost.
pub struct Usage {
    pub heading: &'static str,
    pub replies: &'static str,
    pub input: &'static str,
    pub cached: &'static str,
    pub output: &'static str,
    pub reasoning: &'static str,
    pub cost: &'static str,
    pub number: fn(u64) -> String,
    /// How many replies have no price.
    pub without_cost: fn(u64) -> String,
    pub hint: &'static str,
    pub close: &'static str,
}

/// Renaming and deleting a conversation.
pub struct Dialogs {
    pub cancel: &'static str,
    pub rename_heading: &'static str,
    pub title_field: &'static str,
    pub save_title: &'static str,
    pub delete_heading: &'static str,
    /// The conversation's title goes in.
    pub delete_question: fn(&str) -> String,
    pub delete: &'static str,
    /// Once it is deleted; its title goes in.
    pub deleted: fn(&str) -> String,
    /// Asking another model for a reply.
    pub retry_heading: &'static str,
    pub retry: &'static str,
}

/// How the replies of a conversation are asked for.
pub struct Options {
    pub heading: &'static str,
    pub preset: &'static str,
    pub no_preset: &'static str,
    pub system_prompt: &'static str,
    /// A box to tick, for whoever has a system prompt for all their conversations.
    pub no_system_prompt: &'static str,
    pub temperature: &'static str,
    pub temperature_hint: &'static str,
    pub top_p: &'static str,
    pub top_p_hint: &'static str,
    pub max_tokens: &'static str,
    pub reasoning_effort: &'static str,
    pub not_set: &'static str,
    /// The name of an effort goes in.
    pub effort: fn(&str) -> &'static str,
    pub stop: &'static str,
    pub preset_name: &'static str,
    /// In the place of saving, which will then replace what somebody else has saved.
    pub changed: &'static str,
    /// On the button, while some are set for a conversation that has not begun.
    pub are_set: &'static str,
    /// Takes back what was typed and is not saved.
    pub discard: &'static str,
    pub cancel: &'static str,
    pub save: &'static str,
}

/// The list of conversations.
pub struct Sidebar {
    pub label: &'static str,
    pub new_chat: &'static str,
    pub close: &'static str,
    pub shared: &'static str,
    pub today: &'static str,
    pub yesterday: &'static str,
    pub previous_7_days: &'static str,
    pub previous_30_days: &'static str,
    pub earlier: &'static str,
    /// Before the days.
    pub pinned: &'static str,
    /// What shows the archived conversations, and stands over them.
    pub archived: &'static str,
    pub nothing_archived: &'static str,
    /// The link in the place of scrolling, without scripts.
    pub more_archived: &'static str,
    /// What a screen reader adds to a title.
    pub running: &'static str,
    pub unread: &'static str,
    /// A row's menu, and what is in it.
    pub menu: &'static str,
    pub pin: &'static str,
    pub unpin: &'static str,
    pub archive: &'static str,
    pub unarchive: &'static str,
    /// Once it is archived; its title goes in.
    pub was_archived: fn(&str) -> String,
    /// What begins to choose many, and what stands over the list then.
    pub select: &'static str,
    pub selection: &'static str,
    pub chosen: fn(usize) -> String,
    pub leave_selection: &'static str,
    /// Once it is done to so many.
    pub were_archived: fn(usize) -> String,
    pub were_unarchived: fn(usize) -> String,
    pub were_deleted: fn(usize) -> String,
    pub theme: &'static str,
    pub settings: &'static str,
    pub security: &'static str,
    pub sign_out: &'static str,
}

/// The menu of models, and what stands in its place.
pub struct Models {
    pub menu_label: &'static str,
    pub none_heading: &'static str,
    /// Where no provider has a reason of its own.
    pub none_reason: &'static str,
    pub none_hint: &'static str,
    pub ask_again: &'static str,
}
