//! The sentences of [`Failure`](crate::error::Failure): what happened, and what to do.

pub struct Failures {
    pub signed_out: &'static str,
    pub not_found: &'static str,
    pub busy: &'static str,
    pub changed: &'static str,
    pub empty: &'static str,
    pub too_long: &'static str,
    pub unknown_model: &'static str,
    pub wrong_password: &'static str,
    pub closed: &'static str,
    pub foreign_origin: &'static str,
    pub restarting: &'static str,
    pub unavailable: &'static str,
    pub unreachable: &'static str,
    pub updated: &'static str,
    /// A function's arguments made no sense.
    pub not_understood: &'static str,
}

/// Why something that replies are to be asked for with cannot be kept.
pub struct Steering {
    /// The most characters go in.
    pub wrong_name: fn(usize) -> String,
    pub long_prompt: &'static str,
    pub wrong_temperature: &'static str,
    pub wrong_top_p: &'static str,
    pub no_tokens: &'static str,
    pub many_stops: &'static str,
    pub long_stop: &'static str,
    /// The most that a person keeps goes in.
    pub many_presets: fn(i64) -> String,
    pub many_prompts: fn(i64) -> String,
    pub preset_name_taken: &'static str,
    pub prompt_title_taken: &'static str,
}
