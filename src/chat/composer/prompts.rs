//! The person's saved prompts, which `/` offers above the field.

use leptos::{prelude::*, task::spawn_local};

use super::{field::Field, selected::ConversationSelection};
use crate::{
    chat::steering::api,
    language::t,
    steering::{
        kept::Prompt,
        prompt_text::{Variables, fill, is_meant, slash_word},
    },
    ui::{browser, field, status::announce, time::Calendar},
};

/// The list's id, with which those of its options begin.
const LIST: &str = "saved-prompts";
/// Where prompts are made and changed.
const NEW: &str = "/settings#new-prompt";
const ALL: &str = "/settings#prompts";
/// How far before the cursor its word is looked for, in UTF-16 units: more than a title has.
const LOOK_BACK: u32 = 400;
/// How much of a prompt is shown below its title, in characters.
const PREVIEW: usize = 120;

/// What can be chosen.
#[derive(Clone, PartialEq, Eq)]
enum Choice {
    Prompt(Prompt),
    New,
    All,
}

/// Handles; copied freely.
#[derive(Clone, Copy)]
pub struct PromptMenu {
    field: Field,
    /// Only a browser has one.
    selection: StoredValue<Option<ConversationSelection>>,
    person: StoredValue<String>,
    /// What is typed behind the `/`; none: it is closed.
    word: RwSignal<Option<String>>,
    /// As they were when it was opened last.
    prompts: RwSignal<Option<Vec<Prompt>>>,
    failure: RwSignal<Option<String>>,
    active: RwSignal<Option<usize>>,
    /// Whether this word was left by Escape, and stays what it is.
    is_left: StoredValue<bool>,
    is_taking: StoredValue<bool>,
    choices: Memo<Vec<Choice>>,
}

impl PromptMenu {
    /// `person`: the name of who writes.
    pub fn new(field: Field, person: String) -> PromptMenu {
        let (word, prompts) = (RwSignal::new(None), RwSignal::new(None));
        let selection = StoredValue::new(None);
        Effect::new(move |_| selection.set_value(Some(ConversationSelection::listening(field.thread))));
        PromptMenu {
            field,
            selection,
            person: StoredValue::new(person),
            word,
            prompts,
            failure: RwSignal::new(None),
            active: RwSignal::new(None),
            is_left: StoredValue::new(false),
            is_taking: StoredValue::new(false),
            choices: Memo::new(move |_| choices(word.read().as_deref(), prompts.read().as_deref())),
        }
    }

    fn is_open(self) -> bool {
        // The page that it is on may be on its way out.
        let has_choices = self.choices.try_with(|choices| !choices.is_empty());
        let is_asked_for = self.word.try_with(|word| word.as_ref().is_some_and(String::is_empty));
        has_choices == Some(true)
            || (is_asked_for == Some(true) && self.failure.try_with(Option::is_some) == Some(true))
    }

    fn id(index: usize) -> String {
        format!("{LIST}-{index}")
    }

    /// The list, for `aria-controls`, while there is one.
    pub fn list(self) -> Option<&'static str> {
        self.is_open().then_some(LIST)
    }

    /// The option that Enter takes, for `aria-activedescendant`.
    pub fn active(self) -> Option<String> {
        self.active.try_get().flatten().filter(|_| self.is_open()).map(PromptMenu::id)
    }

    /// Looks at the word before the cursor, after anything was typed.
    pub fn look(self) {
        if self.is_taking.get_value() {
            return;
        }
        let word = self.field.node.get_untracked().and_then(|node| {
            let at = field::cursor(&node)?;
            let (before, after) =
                (field::slice(&node, at.saturating_sub(LOOK_BACK), at), field::slice(&node, at, at + 1));
            slash_word(&before, &after).map(str::to_owned)
        });
        if word.is_none() {
            self.is_left.set_value(false);
        }
        let word = word.filter(|_| !self.is_left.get_value());
        let (was_open, opens) = (self.word.with_untracked(Option::is_some), word.is_some());
        if self.word.with_untracked(|before| *before == word) {
            return;
        }
        self.word.set(word);
        if opens && !was_open {
            self.ask();
        }
        self.choose_first();
    }

    /// After the cursor may have moved; typing alone opens it.
    pub fn look_again(self) {
        if self.word.with_untracked(Option::is_some) {
            self.look();
        }
    }

    /// Asks for the prompts anew: they may have changed in another tab.
    fn ask(self) {
        spawn_local(async move {
            let asked = api::prompts().await;
            if self.prompts.is_disposed() {
                return;
            }
            self.failure.set(asked.as_ref().err().map(ToString::to_string));
            if let Ok(prompts) = asked
                && self.prompts.with_untracked(|before| before.as_ref() != Some(&prompts))
            {
                self.prompts.set(Some(prompts));
                self.choose_first();
            }
        });
    }

    fn choose_first(self) {
        let choices = self.choices.read_untracked();
        let has_prompt = matches!(choices.first(), Some(Choice::Prompt(_)));
        self.active.set(has_prompt.then_some(0));
        if has_prompt {
            let count = choices.iter().filter(|choice| matches!(choice, Choice::Prompt(_))).count();
            announce(&(t().prompts.announce_found)(count));
        }
    }

    pub fn close(self) {
        if self.word.try_with_untracked(Option::is_some) == Some(true) {
            self.word.set(None);
        }
    }

    /// The cursor has left the field.
    pub fn leave(self) {
        self.close();
        if let Some(selection) = self.selection.try_get_value().flatten() {
            selection.forget();
        }
    }

    /// Whether the key was for the list.
    pub fn keydown(self, event: &web_sys::KeyboardEvent) -> bool {
        if !untrack(|| self.is_open()) || browser::is_composing(event) || event.ctrl_key() || event.meta_key() {
            return false;
        }
        let active = self.active.get_untracked();
        match (&*event.key(), active) {
            ("ArrowDown", _) => self.step(1),
            ("ArrowUp", _) => self.step(-1),
            ("Enter" | "Tab", Some(active)) if !event.shift_key() => self.take(active),
            ("Escape", _) => {
                self.is_left.set_value(true);
                self.close();
            }
            _ => return false,
        }
        event.prevent_default();
        event.stop_propagation();
        true
    }

    fn step(self, step: isize) {
        let count = self.choices.read_untracked().len() as isize;
        let before = self.active.get_untracked().map_or(if step > 0 { -1 } else { 0 }, |active| active as isize);
        let next = (count > 0).then(|| (before + step).rem_euclid(count) as usize);
        self.active.set(next);
        request_animation_frame(move || {
            if let Some(option) = next.and_then(|next| document().get_element_by_id(&PromptMenu::id(next))) {
                browser::scroll_to_nearest(&option);
            }
        });
    }

    fn take(self, index: usize) {
        let Some(choice) = self.choices.read_untracked().get(index).cloned() else { return };
        match choice {
            Choice::Prompt(prompt) => self.replace(&prompt.text),
            Choice::New => self.leave_for(NEW),
            Choice::All => self.leave_for(ALL),
        }
    }

    fn leave_for(self, page: &str) {
        self.replace("");
        let _ = window().location().assign(page);
    }

    /// Puts a prompt in the place of the word, and the cursor to what is to be written first.
    fn replace(self, prompt: &str) {
        let Some(node) = self.field.node.get_untracked() else { return };
        let word = self.word.get_untracked().unwrap_or_default();
        let Some(end) = field::cursor(&node) else { return };
        let selection = self.selection.get_value().map(ConversationSelection::text).unwrap_or_default();
        let person = self.person.get_value();
        let filled = fill(prompt, Variables { date: &today(), name: &person, selection: &selection });
        let start = end.saturating_sub(1 + field::length(&word));
        self.close();
        self.is_taking.set_value(true);
        field::replace(&node, start..end, &filled.text);
        self.is_taking.set_value(false);
        self.field.keep();
        let place = |at: usize| start + field::length(&filled.text[..at]);
        let _ = node.set_selection_range(place(filled.cursor.start), place(filled.cursor.end));
    }
}

/// The prompts that a word means, and what else there is; nothing where the list is closed.
fn choices(word: Option<&str>, prompts: Option<&[Prompt]>) -> Vec<Choice> {
    let (Some(word), Some(prompts)) = (word, prompts) else { return vec![] };
    let meant = prompts.iter().filter(|prompt| is_meant(&prompt.title, word));
    let mut choices: Vec<Choice> = meant.cloned().map(Choice::Prompt).collect();
    // What is no prompt's name may be anything, such as a path: the list is not in its way.
    if word.is_empty() || !choices.is_empty() {
        choices.push(Choice::New);
        choices.extend((!prompts.is_empty()).then_some(Choice::All));
    }
    choices
}

/// The day where the person is.
fn today() -> String {
    let offset = -js_sys::Date::new_0().get_timezone_offset() as i64;
    let Calendar { year, month, day, .. } = Calendar::of(js_sys::Date::now() as i64 + offset * 60_000);
    (t().page.date)(year, month, day)
}

#[component]
pub fn PromptList(menu: PromptMenu) -> impl IntoView {
    let is_open = Memo::new(move |_| menu.is_open());
    let has_none = move || menu.prompts.read().as_ref().is_some_and(Vec::is_empty);
    let options = move || {
        let choices = menu.choices.get().into_iter().enumerate();
        choices.map(|(index, choice)| view! { <PromptOption menu index choice /> }).collect_view()
    };
    view! {
        <Show when=move || is_open.get()>
            // The field keeps the cursor.
            <div class="prompt-menu" on:mousedown=|event| event.prevent_default()>
                {move || menu.failure.get().map(|why| view! { <p class="aside">{why}</p> })}
                {move || has_none().then(|| view! { <p class="aside">{t().prompts.none_yet}</p> })}
                <div id=LIST role="listbox" aria-label=t().prompts.label>
                    {options}
                </div>
            </div>
        </Show>
    }
    .into_any()
}

#[component]
fn PromptOption(menu: PromptMenu, index: usize, choice: Choice) -> impl IntoView {
    let (title, preview, is_prompt) = match choice {
        Choice::Prompt(Prompt { title, text, .. }) => {
            let preview = text.split_whitespace().collect::<Vec<_>>().join(" ");
            (title, Some(preview.chars().take(PREVIEW).collect::<String>()), true)
        }
        Choice::New => (t().prompts.new.to_owned(), None, false),
        Choice::All => (t().prompts.edit.to_owned(), None, false),
    };
    view! {
        <div
            id=PromptMenu::id(index)
            role="option"
            class:action=!is_prompt
            aria-selected=move || (menu.active.get() == Some(index)).to_string()
            on:click=move |_| menu.take(index)
        >
            <span dir="auto">{title}</span>
            {preview.map(|preview| view! { <small dir="auto">{preview}</small> })}
        </div>
    }
}
