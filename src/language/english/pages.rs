//! What stands around the pages, and on those for people who are not signed in.

use crate::language::pages::{Account, Connection, NotFound, Page, Shortcuts};

pub(super) const PAGE: Page = Page {
    date: |year, month, day| {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)).unwrap_or(&"");
        format!("{day} {month} {year}")
    },
    title: "Rivulet",
    titled: |page| format!("{page} · Rivulet"),
    skip_link: "Skip to the conversation",
    open_sidebar: "Conversations",
    reload: "Reload",
    new_chat: "New chat",
    greeting: |name| format!("Hello, {name}"),
    new_chat_hint: "Ask something. The reply goes on whatever happens to this page.",
    toasts_label: "Done just now",
    undo: "Undo",
    dismiss: "Dismiss",
};

pub(super) const SHORTCUTS: Shortcuts = Shortcuts {
    heading: "Keyboard shortcuts",
    keys: &[
        ("Enter", "Send; while a reply runs, queue"),
        ("Shift Enter", "New line"),
        ("↑", "In the empty field: edit the last message"),
        ("/", "At the beginning of a word: a saved prompt"),
        ("Ctrl Shift 9", "With words of a reply selected: quote them, ask, copy, go on from there"),
        ("Esc", "Leave an edit, a menu or a dialog"),
        ("Ctrl Shift O", "New chat (⌘ on a Mac)"),
        ("Ctrl /", "Show this"),
    ],
    close: "Close",
};

pub(super) const CONNECTION: Connection = Connection {
    lost: "Connection lost. Replies go on; this page catches up by itself. ",
    reconnect: "Reconnect now",
    updated: "Rivulet was updated. What you typed is kept. ",
    reload: "Reload",
    signed_out: "You are signed out. ",
    sign_in: "Sign in",
};

pub(super) const NOT_FOUND: NotFound = NotFound {
    title: "Not found",
    heading: "There is nothing here",
    hint: "It may have been deleted, or the address is not quite right.",
    new_chat: "New chat",
};

pub(super) const ACCOUNT: Account = Account {
    create_title: "Create account",
    create_heading: "Welcome to Rivulet",
    create_hint: "Create the account that owns this server.",
    create: "Create account",
    name_field: "Name",
    email_field: "Email",
    password_field: "Password",
    new_password_hint: "At least 8 characters.",
    code_field: "Setup code",
    code_hint: "The end of the link that the server wrote to its log when it started: what follows code=.",
    has_owner: "This Rivulet has its owner already.",
    to_sign_in: "Sign in",
    sign_in_title: "Sign in",
    sign_in_heading: "Welcome back",
    sign_in: "Sign in",
};
