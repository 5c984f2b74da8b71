//! What happened, and what to do.

use crate::language::failures::{Failures, Steering};

pub(super) const FAILURES: Failures = Failures {
    signed_out: "You are signed out. Sign in to go on.",
    not_found: "There is nothing here. It may have been deleted.",
    busy: "A reply is still running in this conversation. Wait for it or stop it, then send again.",
    changed: "This has changed meanwhile, perhaps in another tab. The page now shows how it stands.",
    empty: "Write something first.",
    too_long: "This message is too long: it may have 512 KiB. Shorten it and send again.",
    unknown_model: "This model is not offered here any more. Choose another one.",
    wrong_password: "The email or the password is wrong.",
    closed: "This Rivulet has its owner already. Sign in instead.",
    foreign_origin: "This request came from another site and was refused.",
    restarting: "Rivulet is just restarting. Try again in a moment.",
    unavailable: "Rivulet could not save this. Nothing was lost; try again in a moment.",
    unreachable: "Rivulet cannot be reached. Check the connection and try again.",
    updated: "Rivulet was updated. Reload this page; what you typed is kept.",
    not_understood: "This request was not understood. Reload the page and try again.",
};

pub(super) const STEERING: Steering = Steering {
    wrong_name: |most| format!("A name has between 1 and {most} characters."),
    long_prompt: "This prompt is too long: it may have 64 KiB. Shorten it and save it again.",
    wrong_temperature: "The temperature is a number from 0 to 2.",
    wrong_top_p: "Top p is a number from 0 to 1.",
    no_tokens: "The maximum of tokens is a whole number, at least 1.",
    many_stops: "There can be four stop sequences at the most.",
    long_stop: "A stop sequence can have 256 bytes at the most.",
    many_presets: |most| format!("You have {most} presets, and there can be no more. Delete one."),
    many_prompts: |most| format!("You have {most} prompts, and there can be no more. Delete one."),
    preset_name_taken: "Another one of your presets has this name. Choose another name.",
    prompt_title_taken: "Another one of your prompts has this title. Choose another title.",
};
