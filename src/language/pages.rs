//! What stands around the pages, and on those for people who are not signed in. A field has one use.

/// The document and the frame of a page.
pub struct Page {
    /// A day of a year, by the numbers of year, month and day.
    pub date: fn(i64, i64, i64) -> String,
    /// The title of a document whose page has none.
    pub title: &'static str,
    /// A page's title goes in.
    pub titled: fn(&str) -> String,
    pub skip_link: &'static str,
    pub open_sidebar: &'static str,
    /// After what could not be loaded.
    pub reload: &'static str,
    pub new_chat: &'static str,
    /// A person's name goes in.
    pub greeting: fn(&str) -> String,
    pub new_chat_hint: &'static str,
    /// What was done just now.
    pub toasts_label: &'static str,
    pub undo: &'static str,
    pub dismiss: &'static str,
}

/// All keys, and what each does.
pub struct Shortcuts {
    pub heading: &'static str,
    pub keys: &'static [(&'static str, &'static str)],
    pub close: &'static str,
}

/// The bar of a page that is not live. Each sentence is followed by what can be pressed.
pub struct Connection {
    pub lost: &'static str,
    pub reconnect: &'static str,
    pub updated: &'static str,
    pub reload: &'static str,
    pub signed_out: &'static str,
    pub sign_in: &'static str,
}

/// A page that is not there.
pub struct NotFound {
    pub title: &'static str,
    pub heading: &'static str,
    pub hint: &'static str,
    pub new_chat: &'static str,
}

/// Creating the first account, and signing in.
pub struct Account {
    pub create_title: &'static str,
    pub create_heading: &'static str,
    pub create_hint: &'static str,
    pub create: &'static str,
    pub name_field: &'static str,
    pub email_field: &'static str,
    pub password_field: &'static str,
    pub new_password_hint: &'static str,
    pub code_field: &'static str,
    pub code_hint: &'static str,
    /// In the place of the form, once there is an account.
    pub has_owner: &'static str,
    pub to_sign_in: &'static str,
    pub sign_in_title: &'static str,
    pub sign_in_heading: &'static str,
    pub sign_in: &'static str,
}
