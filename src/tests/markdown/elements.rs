//! HTML taken apart into tags and text.

/// A piece of HTML.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece<'a> {
    /// `<name attributes>`.
    Open(&'a str, &'a str),
    /// `</name>`.
    Close(&'a str),
    Text(&'a str),
}

/// Takes HTML apart. Every `<` must begin a tag.
pub fn pieces(html: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        let text = rest.find('<').unwrap_or(rest.len());
        if text > 0 {
            pieces.push(Piece::Text(&rest[..text]));
            rest = &rest[text..];
            continue;
        }
        let end = rest.find('>').unwrap_or_else(|| panic!("a tag without end in {html:?}"));
        let tag = rest[1..end].trim_end_matches('/').trim_end();
        pieces.push(match (tag.strip_prefix('/'), tag.split_once([' ', '\n'])) {
            (Some(name), _) => Piece::Close(name),
            (None, Some((name, attributes))) => Piece::Open(name, attributes),
            (None, None) => Piece::Open(tag, ""),
        });
        rest = &rest[end + 1..];
    }
    pieces
}

/// The names and values of a tag's attributes, each in the form `name` or `name="value"`.
pub fn attributes(source: &str) -> Vec<(&str, &str)> {
    let mut attributes = Vec::new();
    let mut rest = source.trim_start();
    while !rest.is_empty() {
        let name = rest.find(['=', ' ']).unwrap_or(rest.len());
        let after = &rest[name..];
        let (value, after) = match after.strip_prefix("=\"") {
            Some(quoted) => quoted.split_once('"').expect("a closing quote"),
            None => ("", after),
        };
        attributes.push((&rest[..name], value));
        rest = after.trim_start();
    }
    attributes
}

pub const EMPTY: [&str; 3] = ["br", "hr", "input"];
const INLINE: [&str; 9] = ["a", "em", "strong", "del", "code", "span", "br", "input", "button"];

/// The same HTML without attributes of text direction.
pub fn without_directions(html: &str) -> String {
    html.replace(r#" dir="rtl""#, "").replace(r#" dir="ltr""#, "")
}

/// The same HTML, written one way: line breaks beside the tags of blocks mean nothing.
pub fn normal(html: &str) -> String {
    let pieces = pieces(html);
    let block = |piece: Option<&Piece>| match piece {
        Some(Piece::Open(name, _) | Piece::Close(name)) => !INLINE.contains(name) || *name == "br",
        Some(Piece::Text(_)) => false,
        None => true,
    };
    let (mut normal, mut verbatim) = (String::new(), 0);
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Open(name, attributes) => {
                verbatim += usize::from(*name == "pre" || attributes.contains("\"raw\""));
                let space = if attributes.is_empty() { "" } else { " " };
                normal.push_str(&format!("<{name}{space}{attributes}>"));
            }
            Piece::Close(name) => {
                verbatim -= usize::from(verbatim > 0 && (*name == "pre" || *name == "p"));
                normal.push_str(&format!("</{name}>"));
            }
            Piece::Text(text) if verbatim > 0 => normal.push_str(&text.replace('"', "&quot;")),
            Piece::Text(text) => {
                let before = block(at.checked_sub(1).map(|at| &pieces[at]));
                let text = if before { text.trim_start_matches('\n') } else { text };
                let text = if block(pieces.get(at + 1)) { text.trim_end_matches('\n') } else { text };
                normal.push_str(&text.replace('"', "&quot;"));
            }
        }
    }
    normal
}
