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
