//! What happens to every text at the door, a provider's or a person's.

/// Changes what browsers and PostgreSQL would change behind our back: CRLF and CR become LF, NUL becomes U+FFFD.
///
/// Takes a text in pieces, however it was cut: a CR that ends one piece and the LF that begins the next are one LF.
/// Nothing is held back, so there is nothing to flush at the end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Normalizer {
    after_cr: bool,
}

impl Normalizer {
    /// The next piece, normalised; empty if all of it was the LF of a CRLF. One pass, at most three bytes for one.
    pub fn push(&mut self, text: &str) -> String {
        let mut normal = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\n' if self.after_cr => {}
                '\r' => normal.push('\n'),
                '\0' => normal.push(char::REPLACEMENT_CHARACTER),
                c => normal.push(c),
            }
            self.after_cr = c == '\r';
        }
        normal
    }
}

/// A whole text, normalised as by [`Normalizer`]: for what people send.
pub fn normalize(text: &str) -> String {
    Normalizer::default().push(text)
}

/// A text as it stands inside a `<textarea>`: leptos writes what is in there as it is, and browsers drop a first line
/// break.
pub fn in_textarea(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    if text.starts_with('\n') { format!("\n{text}") } else { text }
}
