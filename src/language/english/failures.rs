//! What happened, and what to do.

use crate::language::failures::Failures;

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
