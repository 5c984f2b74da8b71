//! What happens to every text on its way in, a provider's or a person's.

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

/// A text as a title or a name shows it: in one line, without control characters, and without those that turn around
/// what stands beside it. White space becomes single spaces; none is left at the ends. Empty if nothing else was there.
pub fn in_one_line(text: &str) -> String {
    let shown = |c: &char| c.is_whitespace() || !(c.is_control() || is_bidi_control(*c));
    let text: String = text.chars().filter(shown).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether this character changes, unseen, in which direction others are read: an embedding, an override, an isolate, or
/// the end of one. The marks U+200E, U+200F and U+061C are none of these: they only stand for a letter.
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// In which direction a letter has its text read: `ltr` or `rtl`; `None` for what is no letter.
pub fn letter(c: char) -> Option<&'static str> {
    let from_right = |c| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}');
    match c {
        '\u{200e}' => Some("ltr"),
        '\u{200f}' | '\u{61c}' => Some("rtl"),
        c if !c.is_alphabetic() => None,
        c if from_right(c) => Some("rtl"),
        _ => Some("ltr"),
    }
}

/// A text as it stands in an element whose content is text alone, `<title>` or `<textarea>`: leptos and leptos_meta write
/// it there as it is.
pub fn in_text_element(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The same for a `<textarea>`, where browsers drop a first line break.
pub fn in_textarea(text: &str) -> String {
    let text = in_text_element(text);
    if text.starts_with('\n') { format!("\n{text}") } else { text }
}
