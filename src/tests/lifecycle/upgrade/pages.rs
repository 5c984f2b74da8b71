//! What a person sees, read from the pages as a browser without scripts has them, as a text that outlives their HTML.

use std::fmt::Write;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use kit::Person;
use reqwest::StatusCode;

/// Elements that are not closed.
const VOID: [&str; 6] = ["br", "hr", "img", "input", "link", "meta"];
/// Elements that stand on lines of their own.
const BLOCKS: [&str; 12] =
    ["blockquote", "details", "div", "h1", "h2", "h3", "li", "p", "pre", "span", "summary", "td"];

/// The sidebar, and each of these conversations from its first message on.
pub async fn all(person: &Person, conversations: &[String]) -> String {
    let mut text = String::from("Sidebar\n");
    for (title, address) in View::of(&person.gets("/").await.text).conversations {
        let _ = writeln!(text, "  {title} {address}");
    }
    for address in conversations {
        let _ = write!(text, "\n{address}\n{}", conversation(person, address).await);
    }
    text
}

/// The conversations that such a text has.
pub fn named_in(text: &str) -> Vec<String> {
    text.lines().filter(|line| line.starts_with("/c/")).map(str::to_owned).collect()
}

/// What [`conversation`] gives for one that is not there.
pub const NOT_FOUND: &str = "  Not found\n";

/// Its title, and its messages from the first one on.
pub async fn conversation(person: &Person, address: &str) -> String {
    let (mut next, mut title, mut messages) = (Some(address.to_owned()), None, Vec::<(String, String)>::new());
    while let Some(address) = next {
        let page = person.gets(&address).await;
        if page.status == StatusCode::NOT_FOUND {
            return NOT_FOUND.into();
        }
        assert_eq!(page.status, StatusCode::OK, "{address}");
        let view = View::of(&page.text);
        title.get_or_insert(view.title);
        // A page around a message has some of those that are here.
        let earlier: Vec<_> =
            (view.messages.into_iter()).filter(|(id, _)| messages.iter().all(|(present, _)| present != id)).collect();
        messages.splice(0..0, earlier);
        next = view.earlier;
    }
    let messages: String = messages.into_iter().map(|(_, message)| message).collect();
    format!("  {}\n{messages}", title.unwrap_or_default().trim())
}

/// A page, taken apart.
#[derive(Default)]
struct View {
    title: String,
    /// The id of each message, and who, how it ended, and then the lines that it shows.
    messages: Vec<(String, String)>,
    /// Title and address of each, as the sidebar lists them.
    conversations: Vec<(String, String)>,
    /// The address of the page before.
    earlier: Option<String>,
    open: Vec<Element>,
}

struct Element {
    name: String,
    kind: Kind,
    /// What it shows.
    text: String,
}

enum Kind {
    Title,
    Link(String),
    /// A part of a message, a notice below it, or how many siblings it has.
    Shown,
    Other,
}

impl View {
    fn of(html: &str) -> View {
        let mut emitter = DefaultEmitter::default();
        emitter.naively_switch_states(true);
        let mut view = View::default();
        // The tokenizer takes what is in there for a text.
        let html = html.replace("<noscript>", "").replace("</noscript>", "");
        for token in Tokenizer::new_with_emitter(&html, emitter) {
            let Ok(token) = token;
            match token {
                Token::StartTag(tag) => view.opens(&tag),
                Token::EndTag(tag) => view.closes(&utf8(&tag.name)),
                Token::String(text) => view.shows(&utf8(&text)),
                _ => {}
            }
        }
        view
    }

    fn opens(&mut self, tag: &StartTag<()>) {
        let name = utf8(&tag.name);
        let attribute = |name: &str| tag.attributes.get(name.as_bytes()).map(|value| utf8(value)).unwrap_or_default();
        if name == "article" {
            let begins = format!("  {}, {}\n", attribute("aria-label"), attribute("data-status"));
            self.messages.push((attribute("data-message-id"), begins));
        }
        if VOID.contains(&name.as_str()) || tag.self_closing {
            return self.shows("\n");
        }
        let is_shown = || ["notice", "aside", "siblings"].contains(&attribute("class").as_str());
        let kind = match name.as_str() {
            "h1" => Kind::Title,
            "a" => Kind::Link(attribute("href")),
            _ if self.is_open("article") && (!attribute("data-part").is_empty() || is_shown()) => Kind::Shown,
            _ => Kind::Other,
        };
        self.open.push(Element { name, kind, text: String::new() });
    }

    fn is_open(&self, name: &str) -> bool {
        self.open.iter().any(|element| element.name == name)
    }

    fn shows(&mut self, text: &str) {
        if let Some(element) = self.open.last_mut() {
            element.text += text;
        }
    }

    /// Closes the element, and those in it that are not closed by themselves.
    fn closes(&mut self, name: &str) {
        while let Some(element) = self.open.pop() {
            let is_it = element.name == name;
            self.takes(element);
            if is_it {
                return;
            }
        }
    }

    fn takes(&mut self, element: Element) {
        let text = element.text.trim();
        match element.kind {
            Kind::Title => self.title = text.to_owned(),
            Kind::Link(to) if self.is_open("nav") && to.starts_with("/c/") => {
                self.conversations.push((text.to_owned(), to));
            }
            Kind::Link(to) if text == "Earlier messages" => self.earlier = Some(to),
            Kind::Shown => {
                for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                    if let Some((_, message)) = self.messages.last_mut() {
                        let _ = writeln!(message, "    {line}");
                    }
                }
            }
            Kind::Link(_) | Kind::Other if ["button", "script"].contains(&element.name.as_str()) => {}
            Kind::Link(_) | Kind::Other => {
                let line = if BLOCKS.contains(&element.name.as_str()) { "\n" } else { "" };
                self.shows(&format!("{}{line}", element.text));
            }
        }
    }
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("a page in UTF-8")
}
