//! What the reader thinks of a finished reply: two buttons, and a field for a word about it.

use leptos::{html, prelude::*, task::spawn_local};

use crate::{
    chat::thread::Thread,
    conversation::ratings::{LONGEST_WORD, Rating},
    ids::MessageId,
    language::t,
    ui::{
        browser::{focus, is_touched},
        icon,
    },
};

/// Copied freely: it is handles.
#[derive(Clone, Copy)]
pub(super) struct Rate {
    thread: Thread,
    id: MessageId,
    /// The rating, and the word with it.
    rated: Memo<Option<(Rating, String)>>,
    /// Whether the field is open, and what stands in it at first.
    is_open: RwSignal<bool>,
    words: RwSignal<String>,
    failure: RwSignal<Option<String>>,
}

impl Rate {
    /// `failure`: where to show that a rating could not be kept.
    pub fn new(thread: Thread, id: MessageId, failure: RwSignal<Option<String>>) -> Rate {
        let rated = Memo::new(move |_| thread.ratings.of(id));
        Rate { thread, id, rated, is_open: RwSignal::new(false), words: RwSignal::new(String::new()), failure }
    }

    fn has(self, rating: Rating) -> bool {
        self.rated.read().as_ref().is_some_and(|(rated, _)| *rated == rating)
    }

    fn press(self, rating: Rating) {
        let rating = Some(rating).filter(|rating| !untrack(|| self.has(*rating)));
        self.words.set(String::new());
        self.is_open.set(rating.is_some());
        self.keep(rating, String::new());
    }

    fn save(self, word: String) {
        if let Some((rating, _)) = self.rated.get_untracked().filter(|(_, before)| *before != word.trim()) {
            self.keep(Some(rating), word);
        }
        self.close();
    }

    fn keep(self, rating: Option<Rating>, word: String) {
        self.failure.set(None);
        spawn_local(async move {
            let Err(why) = self.thread.ratings.rate(self.id, rating, word.clone()).await else { return };
            drop(self.failure.try_set(Some(why.to_string())));
            // What was typed is not lost.
            if !word.is_empty() {
                drop(self.words.try_set(word));
                let _ = self.is_open.try_set(true);
            }
        });
    }

    fn change(self) {
        self.words.set(self.rated.get_untracked().map(|(_, word)| word).unwrap_or_default());
        self.is_open.set(true);
    }

    /// Closes the field, and gives the cursor back to the button that is pressed.
    fn close(self) {
        self.is_open.set(false);
        let id = self.id;
        request_animation_frame(move || focus(&format!("#{id} .rate [aria-pressed='true']")));
    }
}

/// A form, which works without scripts, too.
#[component]
pub(super) fn RateButtons(rate: Rate) -> impl IntoView {
    view! {
        <form class="rate" method="post" action=format!("/c/{}/rate", rate.thread.id)>
            <input type="hidden" name="id" value=rate.id.to_string() />
            <RateButton rate rating=Rating::Up label=t().message.good path=icon::THUMB_UP />
            <RateButton rate rating=Rating::Down label=t().message.bad path=icon::THUMB_DOWN />
        </form>
    }
}

/// A second press takes the rating back.
#[component]
fn RateButton(rate: Rate, rating: Rating, label: &'static str, path: &'static str) -> impl IntoView {
    let is_pressed = Memo::new(move |_| rate.has(rating));
    let press = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        rate.press(rating);
    };
    view! {
        <button
            class="icon-button"
            name="rating"
            value=move || if is_pressed.get() { "" } else { rating.as_str() }
            aria-label=label
            title=label
            aria-pressed=move || is_pressed.get().to_string()
            on:click=press
        >
            <icon::Icon path />
        </button>
    }
}

/// The word with the rating, or the field for it.
#[component]
pub(super) fn RatingWord(rate: Rate) -> impl IntoView {
    let rating = Memo::new(move |_| rate.rated.read().as_ref().map(|(rating, _)| *rating));
    let word = Memo::new(move |_| rate.rated.get().map(|(_, word)| word).filter(|word| !word.is_empty()));
    // Another tab may have taken it back.
    let is_asked = Memo::new(move |_| rate.is_open.get() && rating.get().is_some());
    view! {
        <Show when=move || is_asked.get()>
            <WordField rate rating />
        </Show>
        <Show when=move || !is_asked.get() && word.get().is_some()>
            <p class="aside rating-word">
                <span dir="auto">{move || word.get()}</span>
                <button type="button" class="icon-button" aria-label=t().message.change_word title=t().message.change_word on:click=move |_| rate.change()>
                    <icon::Icon path=icon::PENCIL />
                </button>
            </p>
        </Show>
    }
    .into_any()
}

#[component]
fn WordField(rate: Rate, rating: Memo<Option<Rating>>) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let label = move || match rating.get() {
        Some(Rating::Down) => t().message.what_was_wrong,
        _ => t().message.what_was_good,
    };
    Effect::new(move |_| {
        // With the other rating it begins anew.
        rating.track();
        if let Some(field) = field.get() {
            field.set_value(&rate.words.get());
            if !is_touched() {
                let _ = field.focus();
            }
        }
    });
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        rate.save(field.get_untracked().map(|field| field.value()).unwrap_or_default());
    };
    let leave = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            rate.close();
        }
    };
    view! {
        <form class="rating-field" on:submit=save on:keydown=leave>
            <input node_ref=field dir="auto" maxlength=LONGEST_WORD autocomplete="off" aria-label=label placeholder=label />
            <button>{t().message.save_word}</button>
        </form>
    }
}
