//! The composer's field, and what goes out of it and comes back.

use std::time::Duration;

use leptos::{html, prelude::*};

use crate::{
    chat::{
        api::Sending,
        draft::{NEW, draft_of, forget_draft},
        outbox::Outbox,
        page_context::PageContext,
        steering::new_chat::NewChatOptions,
        thread::Thread,
    },
    conversation::{LONGEST_MESSAGE, context::tokens},
    error::Failure,
    ids::{ConversationId, MessageId, mint},
    steering::options::Options,
    ui::drafts,
};

/// How much of what is typed can be lost with a tab that is killed.
const KEEP_INTERVAL: Duration = Duration::from_millis(500);

/// A composer's field, what it is for, and what is kept of it. Copied freely: it is handles.
#[derive(Clone, Copy)]
pub struct Field {
    pub node: NodeRef<html::Textarea>,
    /// None for a new conversation.
    pub place: Option<ConversationId>,
    pub thread: Option<Thread>,
    /// Of a new conversation.
    new: Option<NewChatOptions>,
    pub outbox: Outbox,
    pub model: RwSignal<String>,
    /// The other models that are asked what is sent next.
    pub others: RwSignal<Vec<String>>,
    /// Whether the conversation that it begins is temporary.
    pub temporary: RwSignal<bool>,
    pub failure: RwSignal<Option<String>>,
    /// About how many tokens what stands here has.
    pub typed: RwSignal<u64>,
    /// After something was kept, for a while: whether more was typed meanwhile.
    waiting: StoredValue<Option<bool>>,
}

impl Field {
    /// For a thread, or for a new conversation; with why the form came back, if it did.
    pub fn new((thread, new): (Option<Thread>, Option<NewChatOptions>), page: PageContext, failure: &str) -> Field {
        let PageContext { menu, outbox, temporary, .. } = page;
        let model = thread.map(|thread| thread.model).or(new.map(|new| new.model));
        Field {
            node: NodeRef::new(),
            place: thread.map(|thread| thread.id),
            thread,
            new,
            outbox,
            model: model.unwrap_or_else(|| RwSignal::new(menu.chosen([]))),
            others: RwSignal::new(vec![]),
            temporary,
            failure: RwSignal::new((!failure.is_empty()).then(|| failure.to_owned())),
            typed: RwSignal::new(0),
            waiting: StoredValue::new(None),
        }
    }

    pub fn draft(self) -> String {
        self.place.map_or_else(|| NEW.to_owned(), draft_of)
    }

    pub fn value(self) -> String {
        self.node.get_untracked().map(|node| node.value()).unwrap_or_default()
    }

    /// Puts a text into the field, and keeps it.
    pub fn write(self, text: &str) {
        if let Some(node) = self.node.get_untracked() {
            node.set_value(text);
            self.keep();
        }
    }

    /// Keeps what is typed: at once, and what follows together, as a long text takes a while.
    pub fn keep_typed(self) {
        if self.waiting.get_value().is_some() {
            return self.waiting.set_value(Some(true));
        }
        self.keep();
        self.waiting.set_value(Some(false));
        let waited = move || {
            if self.waiting.try_update_value(Option::take).flatten() == Some(true) && self.has_node() {
                self.keep_typed();
            }
        };
        set_timeout(waited, KEEP_INTERVAL);
    }

    /// Keeps what is not kept yet, before the field or the page goes.
    pub fn flush(self) {
        if self.waiting.try_get_value().flatten() == Some(true) && self.has_node() {
            self.waiting.set_value(Some(false));
            self.keep();
        }
    }

    fn has_node(self) -> bool {
        self.node.try_get_untracked().flatten().is_some()
    }

    pub fn keep(self) {
        let text = self.value();
        drafts::keep(&self.draft(), &text);
        self.weigh(&text);
    }

    /// Counts what stands here.
    pub fn weigh(self, text: &str) {
        let tokens = tokens(text);
        self.typed.maybe_update(|typed| std::mem::replace(typed, tokens) != tokens);
    }

    /// What is typed, as something to send, and the field is empty. None if it cannot be sent now, or was refused here.
    pub fn take(self) -> Option<Sending> {
        let text = self.value();
        if text.trim().is_empty() {
            return None;
        }
        if text.len() > LONGEST_MESSAGE {
            self.failure.set(Some(Failure::TooLong.to_string()));
            return None;
        }
        let opens = self.place.is_none();
        let temporary = opens && self.temporary.get_untracked();
        let same = self.take_unsure().into_iter().find(|asked| asked.text == text && asked.temporary == temporary);
        let (conversation, id) =
            same.map_or_else(|| (self.place.unwrap_or_else(mint), mint()), |asked| (asked.conversation, asked.id));
        let parent = self.thread.and_then(|thread| thread.branch.read_untracked().leaf());
        Some(Sending {
            conversation,
            opens,
            parent,
            edits: None,
            id,
            text,
            model: self.model.get_untracked(),
            others: self.others.get_untracked(),
            temporary,
            options: self.new.map(|new| new.options.get_untracked()).unwrap_or_default(),
        })
    }

    /// They went with what was sent.
    pub fn forget_options(self) {
        if let Some(new) = self.new {
            new.set(Options::default());
        }
    }

    /// What was handed back here. It is sent again under its id, or not at all.
    fn take_unsure(self) -> Vec<Sending> {
        let next = || self.outbox.with_untracked(|all| all.unsure(self.place).cloned());
        let mut unsure = vec![];
        while let Some(asked) = next() {
            self.outbox.forget(asked.id);
            unsure.push(asked);
        }
        unsure
    }

    /// The reply behind which what is typed is queued; none: it is sent at once.
    pub fn queues_after(self) -> Option<MessageId> {
        self.thread.and_then(Thread::sends_after)
    }

    /// Takes back what the server did not take, before what was typed meanwhile.
    pub fn hand_back(self, sending: Sending, why: Option<Failure>) {
        // What was typed in a conversation that did not begin.
        let after = (self.place.is_none()).then(|| drafts::read(&draft_of(sending.conversation))).flatten();
        let typed = self.value();
        let text = drafts::joined([sending.text.clone(), after.unwrap_or_default(), typed.clone()]);
        // What was chosen meanwhile for something else stays; but what was to be temporary is not kept.
        let is_untouched = typed.trim().is_empty();
        if self.place.is_none() && (is_untouched || sending.temporary) {
            self.temporary.set(sending.temporary);
            drafts::keep_apart(sending.temporary);
        }
        self.write(&text);
        if is_untouched {
            self.others.set(sending.others.clone());
            self.model.set(sending.model.clone());
        }
        if let Some(new) = self.new.filter(|new| is_untouched && !untrack(|| new.are_set())) {
            new.set(sending.options.clone());
        }
        if self.place.is_none() {
            forget_draft(sending.conversation);
        }
        match why {
            // The id is taken by something else: the next try has another.
            Some(Failure::Changed) => self.outbox.forget(sending.id),
            _ => self.outbox.handed_back(&sending),
        }
        if why.is_some() {
            self.failure.set(why.map(|why| why.to_string()));
        }
    }

    /// Takes out what has arrived after all. Returns whether nothing else stood here.
    pub fn take_out(self, arrived: &Sending) -> bool {
        self.outbox.forget(arrived.id);
        self.failure.set(None);
        let typed = self.value();
        let rest = match typed.strip_prefix(&arrived.text) {
            Some("") => "",
            Some(rest) if rest.starts_with("\n\n") => &rest[2..],
            _ => &typed,
        };
        self.write(rest);
        rest.is_empty()
    }
}
