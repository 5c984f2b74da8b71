//! Link definitions, and which addresses a link may lead to.

use std::collections::HashMap;

use pulldown_cmark::{LinkType, RefDefs};
use unicase::UniCase;

/// A definition's label; compared with Unicode case folding, as CommonMark defines.
pub(super) type Label = UniCase<String>;

/// Where a definition leads.
#[derive(Clone)]
pub(super) struct LinkTarget {
    pub url: String,
    pub title: String,
}

/// The definitions of the part of a text that is finished.
#[derive(Clone, Default)]
pub(super) struct Definitions(HashMap<Label, LinkTarget>);

impl Definitions {
    pub fn read(found: &RefDefs) -> Self {
        let entries = found.iter().map(|(name, definition)| {
            let url = definition.dest.to_string();
            let title = definition.title.as_deref().unwrap_or("").to_string();
            (label(name), LinkTarget { url, title })
        });
        Self(entries.collect())
    }

    /// Adds those that are new: of several definitions of a label the first wins.
    pub fn add(&mut self, more: Self) {
        for (label, target) in more.0 {
            self.0.entry(label).or_insert(target);
        }
    }

    pub fn get(&self, name: &str) -> Option<&LinkTarget> {
        (!self.0.is_empty()).then(|| self.0.get(&label(name)))?
    }

    pub fn defines_any(&self, labels: &[Label]) -> bool {
        labels.iter().any(|label| self.0.contains_key(label))
    }
}

pub(super) fn label(name: &str) -> Label {
    UniCase::new(name.to_string())
}

/// The address as it may stand in `href`, or `None` if it leads anywhere but to `http://`, `https://` or `mailto:`.
///
/// `url` has its entities and escapes resolved. A relative address would lead into Rivulet itself, so it is refused;
/// so is any control character, which browsers drop, so that `java\nscript:` would become a scheme.
pub(super) fn safe(url: &str, kind: LinkType) -> Option<String> {
    let url = match kind {
        LinkType::Email => format!("mailto:{url}"),
        _ => url.trim().to_string(),
    };
    let begins = |scheme: &str| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let known = begins("http://") || begins("https://") || begins("mailto:");
    (known && !url.contains(char::is_control)).then_some(url)
}

/// The last part of an address's path, for an image without a description; the address if it has no path.
pub(super) fn file_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let name = path.trim_end_matches('/').rsplit('/').next();
    name.filter(|name| !name.is_empty()).unwrap_or(url)
}

/// Endings of files that are no hosts' endings.
const FILES: [&str; 16] = [
    ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".pdf", ".txt", ".html", ".css", ".js", ".ts", ".json", ".toml",
    ".yaml", ".yml",
];

/// The host that an address leads to, if the link's text, as HTML, looks like the address of another one; or if the
/// address hides its host behind what looks like one.
pub(super) fn other_host<'a>(text: &str, url: &'a str) -> Option<&'a str> {
    let (host, hidden) = host(url.split_once("://")?.1);
    let mut shown = String::new();
    for piece in text.split('<') {
        shown.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
    }
    let shown = shown.trim();
    let address = shown.split_once("://").map_or(shown, |(_, rest)| rest);
    let (named, _) = self::host(address);
    let looks_like = named.contains('.')
        && !named.starts_with('.')
        && !named.ends_with('.')
        && !named.contains("..")
        && !named.contains(|c: char| !(c.is_alphanumeric() || "-.".contains(c)))
        && named.contains(char::is_alphabetic)
        && !FILES.iter().any(|ending| named.ends_with(ending));
    let bare = |host: &str| host.strip_prefix("www.").unwrap_or(host).to_lowercase();
    (hidden || looks_like && bare(named) != bare(host)).then_some(host)
}

/// The host of an address without its scheme, and whether something stands before it.
fn host(address: &str) -> (&str, bool) {
    let authority = address.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let (before, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    (host.split(':').next().unwrap_or_default(), !before.is_empty())
}
