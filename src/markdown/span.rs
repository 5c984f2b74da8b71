//! Spans that a text has opened and not closed: code, links, addresses, emphasis.

use std::ops::Range;

/// A span that is open: where its mark stands, and what would close it.
type OpenSpan = (usize, String);

/// How much of `text` is to be shown, and what closes its open spans, the outermost first.
///
/// `marks` are those of its last block that opened and closed nothing, in their order.
pub(super) fn open<'a>(text: &'a str, marks: &[Range<usize>]) -> (&'a str, Vec<String>) {
    let code = marks.iter().find(|mark| text[mark.start..].starts_with('`'));
    let code = code.filter(|mark| !text[mark.end..].trim().is_empty());
    let before_code = code.map_or(text.len(), |mark| mark.start);
    let marks: Vec<_> = marks.iter().filter(|mark| mark.start < before_code).cloned().collect();

    let (links, end) = open_links(text, &marks, code.is_some());
    let mut open: Vec<OpenSpan> = links;
    open.extend(open_address(&text[..end], &marks));
    open.extend(open_emphasis(&text[..end], &marks));
    if let Some(mark) = code.filter(|mark| mark.start < end) {
        open.push((mark.start, text[mark.clone()].to_string()));
    }
    open.sort_by_key(|(at, _)| *at);
    let closers = open.into_iter().map(|(_, closer)| closer).collect();
    (&text[..end], closers)
}

/// The brackets that may become links, and where the text of the innermost one ends if its target has begun.
fn open_links(text: &str, marks: &[Range<usize>], in_code: bool) -> (Vec<OpenSpan>, usize) {
    let mut end = text.len();
    let mut links: Vec<OpenSpan> = Vec::new();
    let mut closing: Vec<usize> = Vec::new();
    for mark in marks.iter().rev() {
        match &text[mark.clone()] {
            "]" => closing.push(mark.start),
            "[" | "![" => {
                let Some(close) = closing.pop() else {
                    links.push((mark.start, "](<>)".to_string()));
                    continue;
                };
                let target = &text[close + 1..end.max(close + 1)];
                let label = links.last().is_some_and(|(at, _)| *at == close + 1);
                if !in_code && (label || may_be_target(target)) {
                    links.retain(|(at, _)| *at < close);
                    links.push((mark.start, "](<>)".to_string()));
                    end = close;
                }
            }
            _ => {}
        }
    }
    (links, end)
}

/// Whether what follows a bracketed text is nothing yet, or the beginning of `(address "title")`.
fn may_be_target(rest: &str) -> bool {
    let Some(rest) = rest.strip_prefix('(') else {
        return rest.is_empty();
    };
    let rest = rest.trim_start();
    let address = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let title = rest[address..].trim_start();
    rest.starts_with('<') || title.is_empty() || title.starts_with(['"', '\'', '('])
}

/// An address in angle brackets that has no end yet.
fn open_address(text: &str, marks: &[Range<usize>]) -> Option<OpenSpan> {
    let mark = marks.iter().rfind(|mark| text.get((*mark).clone()) == Some("<"))?;
    let address = &text[mark.end..];
    let fits = !address.contains(|c: char| c.is_whitespace() || c == '>');
    (fits && address.contains([':', '@'])).then(|| (mark.start, ">".to_string()))
}

/// The runs of `*`, `_` and `~` that open an emphasis.
fn open_emphasis(text: &str, marks: &[Range<usize>]) -> Vec<OpenSpan> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for mark in marks.iter().filter(|mark| mark.end <= text.len()) {
        if !text[mark.clone()].starts_with(['*', '_', '~']) {
            continue;
        }
        match runs.last_mut() {
            Some(run) if run.end == mark.start && text[run.clone()].ends_with(&text[mark.clone()]) => {
                run.end = mark.end;
            }
            _ => runs.push(mark.clone()),
        }
    }
    let opens = runs.into_iter().filter(|run| opens(text, run));
    opens.map(|run| (run.start, text[run].to_string())).collect()
}

/// Whether a run of marks would open an emphasis if it were closed. Between letters, as in `2*3`, it is left alone.
fn opens(text: &str, run: &Range<usize>) -> bool {
    let Some(next) = text[run.end..].chars().next() else {
        return false;
    };
    let punctuation = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
    match text[..run.start].chars().next_back() {
        _ if next.is_whitespace() => false,
        None => true,
        Some(before) if before.is_ascii_alphanumeric() => false,
        Some(before) if before.is_alphanumeric() => {
            run.len() > 1 && !punctuation(next) && !text[run.clone()].starts_with('_')
        }
        Some(_) => true,
    }
}
