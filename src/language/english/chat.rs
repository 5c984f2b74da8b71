//! What stands in a conversation and around it.

use crate::language::chat::{
    Composer, Context, Dialogs, Markdown, Message, Models, Options, Prompts, Queue, Selection, Sidebar, Temporary,
    Thread, Together, Usage,
};

pub(super) const COMPOSER: Composer = Composer {
    message_label: "Message",
    placeholder: "Write a message",
    send: "Send",
    queue: "Queue",
    stop: "Stop",
    stop_all: "Stop all",
    ask_others: "Ask another model, too",
    do_not_ask: |model| format!("Do not ask {model}"),
    wait_loading: "This conversation is still being loaded. Press Enter again in a moment.",
    wait_sending: "The message before it is still being sent. Press Enter again in a moment.",
    wait_models: "There is no model to ask yet.",
    wait_others: "What is queued goes to one model. Send this when the reply has ended, or ask one model only.",
};

pub(super) const PROMPTS: Prompts = Prompts {
    label: "Saved prompts",
    none_yet: "No saved prompts yet: texts that you begin messages with.",
    new: "New prompt…",
    edit: "Edit prompts",
    announce_found: |count| match count {
        1 => "1 saved prompt".into(),
        count => format!("{count} saved prompts"),
    },
};

pub(super) const TOGETHER: Together = Together {
    label: |count| format!("Replies of {count} models"),
    tabs_label: "Models",
    choose: "Go on with this",
    chosen: "Your choice",
};

pub(super) const QUEUE: Queue = Queue {
    label: "Queued",
    held_failed: "Held: the reply before it failed.",
    held_stopped: "Held: the reply before it was stopped.",
    held_interrupted: "Held: the reply before it was interrupted.",
    held_refused: "Held: it could not be sent. Its model may not be offered here any more; edit it to use another one.",
    sending: "Sending…",
    edit: "Edit",
    remove: "Remove",
    send_now: "Send now",
    edit_label: "Edit queued message",
    save: "Save",
    leave_edit: "Cancel",
    edited_elsewhere: "This message was changed meanwhile, perhaps in another tab: the text above is the newer one. Saving replaces \
                       it by yours.",
    returned: "The message that you were editing was removed meanwhile, perhaps in another tab. What you typed is here.",
    removed: "Message removed.",
    elsewhere: |count| match count {
        1 => "One message waits on another branch.".into(),
        count => format!("{count} messages wait on other branches."),
    },
    announce_queued: "Queued until the reply is finished.",
};

pub(super) const MESSAGE: Message = Message {
    person_label: "You",
    assistant_label: "Assistant",
    summary_label: "Summary",
    waiting_label: "Waiting for the first words",
    unnamed_model: "Reply",
    summary_heading: "Summary of the messages above",
    summary_of: |count| match count {
        1 => "Summary of the message above".into(),
        count => format!("Summary of the {} messages above", grouped(count)),
    },
    summary_unused: "This summary is not finished, so the messages above are still sent themselves.",
    left_out: |count, context| {
        let what = match count {
            1 => "An earlier message was not sent".into(),
            count => format!("{} earlier messages were not sent", grouped(count)),
        };
        match context {
            Some(context) => format!("{what}: not all fits into this model's context of {}.", tokens(context)),
            None => format!("{what}: the conversation is larger than what is sent at once."),
        }
    },
    summarise: "Summarise",
    used_tool: |name| format!("Used {name}"),
    thinking: "Thinking…",
    thought_briefly: "Thought for a moment",
    thought_seconds: |seconds| format!("Thought for {seconds} s"),
    thought_minutes: |minutes, seconds| format!("Thought for {minutes} min {seconds} s"),
    stopped: "Stopped.",
    interrupted_with_words: "The server stopped before this reply was finished. Press Continue to have the rest written.",
    interrupted_without_words: "The server stopped before this reply was finished. Press Retry to ask again.",
    sending: "Sending…",
    edit: "Edit",
    edit_label: "Edit message",
    send_edit: "Send",
    leave_edit: "Cancel",
    more: "More",
    fork: "Fork",
    copy_link: "Copy link",
    link_copied: "Link copied.",
    link_not_copied: "The link could not be copied.",
    delete: "Delete message",
    deleted: |count| match count {
        1 => "Message deleted.".into(),
        count => format!("{count} messages deleted."),
    },
    good: "Good reply",
    bad: "Bad reply",
    what_was_good: "What was good? (optional)",
    what_was_wrong: "What was wrong? (optional)",
    save_word: "Save",
    change_word: "Change what you wrote",
    retry: "Retry",
    retry_with: "Retry with",
    resume: "Continue",
    output_tokens: |count| format!("{count} {}", if count == 1 { "token" } else { "tokens" }),
    seconds: |tenths| format!("{}.{} s", tenths / 10, tenths % 10),
    tokens_a_second: |count| format!("{count} tokens/s"),
    cost: |nano| {
        // To a hundredth of a cent, and never nothing for something.
        let parts = nano.div_ceil(100_000);
        format!("${}.{:04}", parts / 10_000, parts % 10_000)
    },
    input_tokens: |count| format!("{count} tokens read"),
    cached_tokens: |count| format!("{count} of them kept by the provider from before"),
    reasoning_tokens: |count| format!("{count} tokens of thinking"),
    previous_version: "Previous version",
    next_version: "Next version",
    copy: "Copy",
    copied: "Copied",
    not_copied: "Not copied",
    announce_failed_because: |error| format!("The reply failed: {error}"),
    announce_failed: "The reply failed.",
    announce_stopped: "The reply was stopped.",
    announce_interrupted: "The reply was interrupted.",
    announce_completed: "The reply is finished.",
};

/// Such as "8,192 tokens".
pub(super) fn tokens(count: u64) -> String {
    format!("{} {}", grouped(count), if count == 1 { "token" } else { "tokens" })
}

/// A number with a comma before each three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

pub(super) const MARKDOWN: Markdown = Markdown { copy_code: "Copy", task_done_label: "Done", task_open_label: "To do" };

pub(super) const SELECTION: Selection = Selection {
    label: "Selected text",
    quote: "Quote",
    ask: "Ask about this",
    copy: "Copy as Markdown",
    question: "Ask about these words",
    send: "Send question",
    leave: "Cancel",
    continue_from: "Go on from here",
    in_place_of: |words| format!("In place of “{words}”"),
    instruction: "How should it go on? (optional)",
    nothing_before: "No words come before these. To have the whole reply written anew, press Retry.",
};

pub(super) const OPTIONS: Options = Options {
    heading: "Options",
    preset: "Preset",
    no_preset: "Choose one to fill in",
    system_prompt: "System prompt",
    no_system_prompt: "No system prompt, not even my own",
    temperature: "Temperature",
    temperature_hint: "0 to 2",
    top_p: "Top P",
    top_p_hint: "0 to 1",
    max_tokens: "Maximum tokens",
    reasoning_effort: "Reasoning effort",
    not_set: "As the provider sets it",
    effort: |name| match name {
        "none" => "None",
        "minimal" => "Minimal",
        "low" => "Low",
        "medium" => "Medium",
        "high" => "High",
        _ => "Very high",
    },
    stop: "Stop sequences, one a line",
    preset_name: "Keep as a preset named",
    changed: "These options were changed meanwhile, perhaps in another tab. What is here is not saved yet. Save replaces \
              that change; Discard changes shows it.",
    are_set: "Options are set for this conversation",
    discard: "Discard changes",
    cancel: "Cancel",
    save: "Save",
};

pub(super) const THREAD: Thread = Thread {
    options: "Options",
    conversation_label: "Conversation",
    rename: "Rename",
    delete: "Delete",
    menu: "Conversation menu",
    usage: "Usage",
    gone: "This conversation is no longer available to you: it may have been deleted, or not be shared with you any more. \
           Copy what you need from this page before you leave it.",
    jump: "Jump to latest",
    elsewhere: "Somebody else has written on another branch.",
    go_there: "Show it",
    earlier_messages: "Earlier messages",
    later_messages: "Later messages",
    latest_messages: "Latest messages",
};

pub(super) const TEMPORARY: Temporary = Temporary {
    label: "Temporary chat",
    hint: "This chat is in no list and in no backup. It is removed when you close it, or after 24 hours.",
    keep: "Keep",
    close: "Close",
    kept: "This chat is kept.",
    closed: "The chat is closed, and nothing of it is kept.",
};

pub(super) const CONTEXT: Context = Context {
    label: |percent| format!("Context: {percent} % used"),
    used: |used, context, answer| {
        format!(
            "About {} of the {} that this model reads and writes together are used; {} are kept for the reply.",
            grouped(used),
            tokens(context),
            grouped(answer)
        )
    },
    full: "Not all fits: the oldest messages will not be sent.",
    summarise_hint: "Has the model summarise this conversation, and go on with the summary",
};

pub(super) const USAGE: Usage = Usage {
    heading: "Usage",
    replies: "Replies",
    input: "Tokens read",
    cached: "of them kept by the provider",
    output: "Tokens written",
    reasoning: "of them thinking",
    cost: "Cost",
    number: grouped,
    without_cost: |count| match count {
        1 => "One reply without a price is not in the cost.".into(),
        count => format!("{} replies without a price are not in the cost.", grouped(count)),
    },
    hint: "All branches of this conversation, as the providers have counted.",
    close: "Close",
};

pub(super) const DIALOGS: Dialogs = Dialogs {
    cancel: "Cancel",
    rename_heading: "Rename this conversation",
    title_field: "Title",
    save_title: "Save",
    delete_heading: "Delete this conversation",
    delete_question: |title| format!("Delete “{title}” and everything said in it?"),
    delete: "Delete",
    deleted: |title| format!("“{title}” is deleted."),
    retry_heading: "Ask another model",
    retry: "Retry",
};

pub(super) const SIDEBAR: Sidebar = Sidebar {
    label: "Conversations",
    new_chat: "New chat",
    close: "Close",
    shared: "Shared",
    today: "Today",
    yesterday: "Yesterday",
    previous_7_days: "Previous 7 days",
    previous_30_days: "Previous 30 days",
    earlier: "Earlier",
    pinned: "Pinned",
    archived: "Archived",
    nothing_archived: "Nothing is archived.",
    more_archived: "Archived earlier",
    running: "A reply is being written",
    unread: "Unread",
    menu: "Conversation menu",
    pin: "Pin",
    unpin: "Unpin",
    archive: "Archive",
    unarchive: "Unarchive",
    was_archived: |title| format!("“{title}” is archived."),
    select: "Select",
    selection: "Selected conversations",
    chosen: |count| format!("{count} selected"),
    leave_selection: "Leave the selection",
    were_archived: |count| match count {
        1 => "1 conversation archived.".into(),
        count => format!("{count} conversations archived."),
    },
    were_unarchived: |count| match count {
        1 => "1 conversation is back.".into(),
        count => format!("{count} conversations are back."),
    },
    were_deleted: |count| match count {
        1 => "1 conversation deleted.".into(),
        count => format!("{count} conversations deleted."),
    },
    theme: "Light or dark",
    settings: "Settings",
    security: "Security",
    sign_out: "Sign out",
};

pub(super) const MODELS: Models = Models {
    menu_label: "Model",
    none_heading: "There is no model to ask",
    none_reason: "No provider offers a model to this server.",
    none_hint: "What you write is kept. Rivulet tries again by itself.",
    ask_again: "Try again",
};
