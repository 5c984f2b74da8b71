//! An open code block at the end of a text: while it stays open it only gets text appended.

/// How far an open fence has been shown.
pub(super) struct Fence {
    mark: char,
    length: usize,
    /// Bytes of the whole source: where the last line begins, and up to where it is shown.
    line: usize,
    shown: usize,
    /// Whether nothing closes it.
    endless: bool,
}

impl Fence {
    /// One that is none in the text: all that follows is shown as it stands.
    pub fn endless(shown: usize) -> Self {
        Self { mark: ' ', length: 0, line: shown, shown, endless: true }
    }

    pub fn is_endless(&self) -> bool {
        self.endless
    }

    /// The fence that the text opens at the byte `at`, if it stands there without indentation and is not closed.
    /// `shown`: how much of the text is on the page.
    pub fn open(text: &str, at: usize, shown: usize) -> Option<Self> {
        let (first, code) = text[at..].split_once('\n')?;
        let mark = first.chars().next().filter(|c| "`~".contains(*c))?;
        let info = first.trim_start_matches(mark);
        let length = first.len() - info.len();
        if length < 3 || mark == '`' && info.contains('`') {
            return None;
        }
        let line = text.len() - code.len();
        let mut fence = Self { mark, length, line, shown: line, endless: false };
        fence.grow(text)?;
        fence.shown = shown.max(line);
        Some(fence)
    }

    /// What is to be appended to the code, or `None` if the fence may have been closed. Reads only what is new.
    pub fn grow<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let new = text.get(self.shown..)?;
        if self.endless {
            self.shown = text.len();
            return Some(new);
        }
        if new.contains('\r') {
            return None;
        }
        while let Some(length) = text.get(self.line.max(self.shown)..)?.find('\n') {
            let end = self.line.max(self.shown) + length;
            if self.closes(text.get(self.line..end)?) {
                return None;
            }
            self.line = end + 1;
        }
        let last = text.get(self.line..)?;
        let held = last.chars().all(|c| c == self.mark || c == ' ');
        let end = if held { self.line.max(self.shown) } else { text.len() };
        let new = text.get(self.shown..end)?;
        self.shown = end;
        Some(new)
    }

    fn closes(&self, line: &str) -> bool {
        let marks = line.trim_start_matches(' ');
        let rest = marks.trim_start_matches(self.mark);
        line.len() - marks.len() < 4 && marks.len() - rest.len() >= self.length && rest.trim_end_matches(' ').is_empty()
    }
}
