//! What changes at the end of a block's element, so that the page touches nothing before it.

/// How the end of one element changes. The places are those after the last tag, or the last letter, that stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// Whether all that stands in the innermost place stays, so that it is only added to.
    pub appends: bool,
    /// Plain text, not HTML, that is appended to the innermost element first.
    pub text: String,
    /// The innermost element first, the block itself last: what follows the place in it.
    pub levels: Vec<Level>,
}

/// What follows the place in one of the elements around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// How many child elements follow it now.
    pub old: usize,
    /// What is to follow it.
    pub html: String,
}

impl Edit {
    /// What makes of a block, whose HTML is `kept` and then `old`, one of `kept` and then `new`; `None` if the block's
    /// own tag changes. Costs what `old` and `new` are long, unless the text changes across the end of `kept`.
    pub(super) fn new(kept: &str, old: &str, new: &str) -> Option<Self> {
        let at = common(old, new);
        let appends = old[at..].starts_with("</");
        if appends {
            let (old, mut new) = (levels(&old[at..]), levels(&new[at..]));
            let inner = new.first_mut()?;
            let rest = inner.html.split_off(inner.html.find('<').unwrap_or(inner.html.len()));
            let text = unescape(&std::mem::replace(&mut inner.html, rest));
            return Some(Self { appends, text, levels: pair(old, new) });
        }
        // The text from which on it changes is written anew.
        let run = old[..at].rfind('>').map(|tag| tag + 1);
        let before = if run.is_none() { &kept[kept.rfind('>').map_or(0, |tag| tag + 1)..] } else { "" };
        let at = run.unwrap_or(0);
        let (old, mut new) = (levels(&old[at..]), levels(&new[at..]));
        new.first_mut()?.html.insert_str(0, before);
        Some(Self { appends, text: String::new(), levels: pair(old, new) })
    }
}

fn pair(old: Vec<Level>, new: Vec<Level>) -> Vec<Level> {
    old.into_iter().zip(new).map(|(old, new)| Level { old: old.old, html: new.html }).collect()
}

/// How many bytes the two begin with alike, up to a place that is in no tag and no entity.
fn common(old: &str, new: &str) -> usize {
    let alike = old.bytes().zip(new.bytes()).take_while(|(old, new)| old == new).count();
    let alike = &old[..old.floor_char_boundary(alike)];
    let tag = alike.rfind('<').filter(|tag| !alike[*tag..].contains('>'));
    let entity = alike.rfind('&').filter(|entity| !alike[*entity..].contains(';'));
    tag.or(entity).unwrap_or(alike.len())
}

/// The end of a block's HTML, taken apart at the tags that close what is open where it begins.
fn levels(html: &str) -> Vec<Level> {
    let (mut levels, mut level) = (Vec::new(), Level::default());
    let (mut depth, mut from, mut at) = (0_usize, 0, 0);
    while let Some(tag) = html[at..].find('<').map(|tag| at + tag) {
        at = html[tag..].find('>').map_or(html.len(), |end| tag + end + 1);
        let name = &html[tag + 1..at];
        if !name.starts_with('/') {
            level.old += usize::from(depth == 0);
            depth += usize::from(!is_empty(name));
        } else if depth > 0 {
            depth -= 1;
        } else {
            level.html = html[from..tag].to_string();
            levels.push(std::mem::take(&mut level));
            from = at;
        }
    }
    levels
}

/// Whether this is the tag of an element that has no end.
fn is_empty(tag: &str) -> bool {
    ["br>", "hr>", "input "].iter().any(|name| tag.starts_with(name))
}

/// The text that [`escape`](super::inline::escape) was given.
fn unescape(html: &str) -> String {
    if !html.contains('&') {
        return html.to_string();
    }
    html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
