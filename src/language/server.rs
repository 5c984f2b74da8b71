//! What only the server writes: pages made without scripts, and sentences that answer a request or end a reply. A field has
//! one use.

use super::providers::Providers;

pub struct Server {
    pub cards: Cards,
    pub forms: Forms,
    pub security: SecurityPage,
    pub settings: SettingsPage,
    pub sessions: Sessions,
    pub replies: Replies,
    pub providers: Providers,
}

/// Pages of one card. Each string is HTML.
pub struct Cards {
    pub too_often_title: &'static str,
    /// The seconds to wait go in.
    pub too_often_from_address: fn(u64) -> String,
    pub too_often_with_wrong_password: fn(u64) -> String,
    pub busy_title: &'static str,
    pub busy: &'static str,
    pub signed_out_title: &'static str,
    /// Before a message that was not sent.
    pub unsent_message: &'static str,
    pub unsent_message_label: &'static str,
    pub to_sign_in: &'static str,
    pub unknown_host_title: &'static str,
    pub unknown_host: &'static str,
}

/// Why what was sent was refused.
pub struct Forms {
    pub no_name: &'static str,
    pub long_name: &'static str,
    pub no_email: &'static str,
    pub short_password: &'static str,
    pub long_password: &'static str,
    pub common_password: &'static str,
    pub personal_password: &'static str,
    pub wrong_setup_code: &'static str,
    pub wrong_present_password: &'static str,
    /// The most characters go in.
    pub wrong_title: fn(usize) -> String,
    /// The most that can be asked at once goes in.
    pub wrong_models: fn(usize) -> String,
    /// The most conversations go in.
    pub too_many_pinned: fn(usize) -> String,
    /// The most characters go in.
    pub long_word: fn(usize) -> String,
    pub too_many_selected: fn(usize) -> String,
    pub long_body: &'static str,
    /// The sentence above goes in.
    pub long_form: fn(&str) -> String,
    pub no_host: &'static str,
}

/// A person's sessions and password.
pub struct SecurityPage {
    pub heading: &'static str,
    pub back: &'static str,
    pub to_settings: &'static str,
    pub session_ended: &'static str,
    pub others_ended: &'static str,
    pub password_changed: &'static str,
    pub sessions_heading: &'static str,
    pub sessions_hint: &'static str,
    pub end_others: &'static str,
    pub this_session: &'static str,
    /// When it was last used, and the date on which it began.
    pub used_and_begun: fn(&str, &str) -> String,
    pub end: &'static str,
    /// The browser, and when the session was last used.
    pub end_label: fn(&str, &str) -> String,
    pub just_now: &'static str,
    pub minutes_ago: fn(i64) -> String,
    pub hours_ago: fn(i64) -> String,
    pub days_ago: fn(i64) -> String,
    pub password_heading: &'static str,
    pub password_hint: &'static str,
    pub present_password_field: &'static str,
    pub new_password_field: &'static str,
    pub new_password_hint: &'static str,
    pub change_password: &'static str,
}

/// What a person has chosen and keeps to ask with.
pub struct SettingsPage {
    pub heading: &'static str,
    pub back: &'static str,
    pub to_security: &'static str,
    pub saved: &'static str,
    /// The name of what was deleted goes in.
    pub deleted: fn(&str) -> String,
    pub undo: &'static str,
    pub save: &'static str,
    pub delete: &'static str,
    /// For a screen reader: what it is that the button deletes.
    pub delete_label: fn(&str) -> String,
    pub defaults_heading: &'static str,
    pub default_model: &'static str,
    pub no_default_model: &'static str,
    /// A model that is not on offer now goes in.
    pub model_not_offered: fn(&str) -> String,
    pub system_prompt: &'static str,
    pub system_prompt_hint: &'static str,
    pub prompts_heading: &'static str,
    /// HTML.
    pub prompts_hint: &'static str,
    pub new_prompt: &'static str,
    pub prompt_title: &'static str,
    pub prompt_text: &'static str,
    pub add_prompt: &'static str,
    pub presets_heading: &'static str,
    pub presets_hint: &'static str,
    pub no_presets: &'static str,
    pub preset_name: &'static str,
    pub rename_preset: &'static str,
}

/// What a session's browser is called.
pub struct Sessions {
    /// A browser, and its system.
    pub browser_on_system: fn(&str, &str) -> String,
    pub program_on_system: fn(&str) -> String,
    pub unnamed_browser: &'static str,
    pub unnamed_program: &'static str,
}

/// Why a reply did not start, or how it ended.
pub struct Replies {
    pub too_many_of_person: &'static str,
    pub too_many: &'static str,
    /// The most messages go in.
    pub queue_full: fn(i64) -> String,
    pub panicked: &'static str,
    pub unreadable_conversation: &'static str,
    pub no_words: &'static str,
    /// What is to be sent is larger than a model's context, whose tokens go in.
    pub too_large: fn(u64) -> String,
    pub too_long: &'static str,
    pub refused_by_database: &'static str,
    pub damaged: &'static str,
}
