//! What only the server writes.

use super::providers::PROVIDERS;
use crate::language::server::{Cards, Forms, Replies, SecurityPage, Server, Sessions, SettingsPage};

pub(super) const SERVER: Server = Server {
    cards: CARDS,
    forms: FORMS,
    security: SECURITY_PAGE,
    settings: SETTINGS_PAGE,
    sessions: SESSIONS,
    replies: REPLIES,
    providers: PROVIDERS,
};

const CARDS: Cards = Cards {
    too_often_title: "Too many tries",
    too_often_from_address: |seconds| {
        format!("There were many tries from your address. Wait {seconds} s, then go back and try again.")
    },
    too_often_with_wrong_password: |seconds| {
        format!("There were many tries with a wrong password. Wait {seconds} s, then go back and try again.")
    },
    busy_title: "Try again in a moment",
    busy: "Very many people are signing in at this moment. Wait a few seconds, then go back and try again.",
    signed_out_title: "Signed out",
    unsent_message: "This is what you wrote, to be copied:",
    unsent_message_label: "Message",
    to_sign_in: "Sign in",
    unknown_host_title: "Another name",
    unknown_host: "This Rivulet does not answer under the name by which you asked for it. If that is its name, set \
                   <code>public-url</code> in Leptos.toml (or <code>RIVULET_PUBLIC_URL</code>) to the address that \
                   people use, such as <code>https://chat.example.org</code>, and start it again.",
};

const FORMS: Forms = Forms {
    no_name: "Write your name.",
    long_name: "This name is too long: it may have 100 characters.",
    no_email: "This is not an email address. It should look like ada@example.org.",
    short_password: "This password is too short: it needs at least 8 characters.",
    long_password: "This password is too long: it may have 1,024 bytes.",
    common_password: "This password is one of the most used ones, which are tried first. Choose another one, such as four \
                      words that have nothing to do with each other.",
    personal_password: "This password contains your name, your email or \"rivulet\", which are tried first. Choose other \
                        words.",
    wrong_setup_code: "The setup code is wrong or missing. It stands in the server's log, at the end of the link that was \
                       written there when the server started (…/create-account?code=…).",
    wrong_present_password: "The present password is wrong. Nothing was changed.",
    wrong_title: |most| format!("A title has between 1 and {most} characters."),
    wrong_models: |most| format!("Ask {most} models at the most, and each once."),
    too_many_pinned: |most| format!("You can pin {most} conversations. Unpin one first."),
    long_word: |most| format!("What you write about a reply can have {most} characters. Shorten it."),
    too_many_selected: |most| format!("Choose between 1 and {most} conversations at a time."),
    long_body: "This is too long to be sent. If you are signed out, sign in first.",
    long_form: |long_body| format!("{long_body} Going back, your browser has what you wrote."),
    no_host: "This request does not say which host it asks.",
};

const SECURITY_PAGE: SecurityPage = SecurityPage {
    heading: "Security",
    back: "Back to the chats",
    to_settings: "Settings",
    session_ended: "The session is ended.",
    others_ended: "All other sessions are ended.",
    password_changed: "The password is changed, and all other sessions are ended.",
    sessions_heading: "Where you are signed in",
    sessions_hint: "A session ends 14 days after it was last used, and 90 days after it began.",
    end_others: "End all other sessions",
    this_session: "This one",
    used_and_begun: |used, begun| format!("Last used {used} · signed in on {begun}"),
    end: "End",
    end_label: |browser, used| format!("End the session in {browser}, last used {used}"),
    just_now: "just now",
    minutes_ago: |n| format!("{n} minute{} ago", plural(n)),
    hours_ago: |n| format!("{n} hour{} ago", plural(n)),
    days_ago: |n| format!("{n} day{} ago", plural(n)),
    password_heading: "Change the password",
    password_hint: "This ends all other sessions.",
    present_password_field: "Present password",
    new_password_field: "New password",
    new_password_hint: "At least 8 characters, and none of the words that are tried first.",
    change_password: "Change password",
};

const SETTINGS_PAGE: SettingsPage = SettingsPage {
    heading: "Settings",
    back: "Back to the chats",
    to_security: "Security",
    saved: "Saved.",
    deleted: |name| format!("“{name}” is deleted."),
    undo: "Undo",
    save: "Save",
    delete: "Delete",
    delete_label: |name| format!("Delete “{name}”"),
    defaults_heading: "New conversations",
    default_model: "Default model",
    no_default_model: "The first one on offer",
    model_not_offered: |model| format!("{model} (not on offer now)"),
    system_prompt: "System prompt",
    system_prompt_hint: "What every model heeds in each of your conversations that has no system prompt of its own.",
    prompts_heading: "Saved prompts",
    prompts_hint: "Texts to begin a message with: type / in the message field. <code>{{date}}</code>, <code>{{name}}</code> \
                   and <code>{{selection}}</code> are filled in with the day, your name and the words that you have \
                   selected; any other <code>{{blank}}</code> is selected for you to write over.",
    new_prompt: "New prompt",
    prompt_title: "Title",
    prompt_text: "Text",
    add_prompt: "Add",
    presets_heading: "Presets",
    presets_hint: "Options of a conversation that you have saved under a name. A conversation's options dialog makes and uses them.",
    no_presets: "You have saved none yet.",
    preset_name: "Name",
    rename_preset: "Rename",
};

const SESSIONS: Sessions = Sessions {
    browser_on_system: |browser, system| format!("{browser} on {system}"),
    program_on_system: |system| format!("A program on {system}"),
    unnamed_browser: "A browser",
    unnamed_program: "An unknown program",
};

const REPLIES: Replies = Replies {
    too_many_of_person: "As many of your replies are running as may at once. Wait for one or stop one, then send again.",
    too_many: "Rivulet is writing as many replies as it can. Send again in a moment; your text is kept.",
    queue_full: |most| {
        format!(
            "{most} messages are waiting in this conversation, and it can have no more. Wait until one is sent, or remove one."
        )
    },
    panicked: "Something went wrong inside Rivulet. What had come is kept; press Retry to ask again.",
    unreadable_conversation: "The conversation could not be read from the database. Press Retry to ask again.",
    no_words: "The model answered nothing. Press Retry to ask again, or choose another model.",
    too_large: |context| {
        format!(
            "This message is larger than what the model reads at once ({}). Send less, or choose a model that reads more.",
            super::chat::tokens(context)
        )
    },
    too_long: "The reply grew past 4 MiB and was ended. What had come is kept.",
    refused_by_database: "The database refused to keep more of this reply. What had come is kept; press Retry to ask again.",
    damaged: "A part of this reply could not be read back after the server had stopped: the database is damaged. The rest \
              is still in it; see the server's log.",
};

fn plural(n: i64) -> &'static str {
    if n == 1 { "" } else { "s" }
}
