//! Where a conversation stands in its window.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::ids::MessageId;

/// How far below the top of the window a message was, in CSS pixels.
#[derive(Clone, Copy)]
pub struct Anchor(Option<f64>);

impl Anchor {
    pub fn at(id: MessageId) -> Anchor {
        Anchor(article(id).map(|article| article.get_bounding_client_rect().top()))
    }

    /// Scrolls so that a message is there, once what is shown now is laid out.
    pub fn restore(self, id: MessageId) {
        request_animation_frame(move || {
            let now = article(id).map(|article| article.get_bounding_client_rect().top());
            if let Some(((before, now), scroller)) = self.0.zip(now).zip(scroller()) {
                scroller.set_scroll_top(scroller.scroll_top() + (now - before).round() as i32);
            }
        });
    }
}

/// The first message of which something is in the window.
pub fn first_seen() -> Option<MessageId> {
    let scroller = scroller()?;
    let (top, articles) = (scroller.get_bounding_client_rect().top(), scroller.get_elements_by_tag_name("article"));
    let mut articles = (0..articles.length()).filter_map(|at| articles.item(at));
    articles.find(|article| article.get_bounding_client_rect().bottom() > top)?.id().parse().ok()
}

/// Scrolls to a message.
pub fn show(id: MessageId) {
    request_animation_frame(move || {
        if let Some(article) = article(id) {
            article.scroll_into_view();
        }
    });
}

/// Scrolls to the newest words.
pub fn to_end() {
    request_animation_frame(|| {
        if let Some(scroller) = scroller() {
            scroller.set_scroll_top(0);
        }
    });
}

/// Whether the reader has selected something.
pub fn is_selecting() -> bool {
    window().get_selection().ok().flatten().is_some_and(|selection| !selection.is_collapsed())
}

fn article(id: MessageId) -> Option<web_sys::Element> {
    document().get_element_by_id(&id.to_string())
}

fn scroller() -> Option<web_sys::HtmlElement> {
    document().query_selector(".scroller").ok().flatten()?.dyn_into().ok()
}
