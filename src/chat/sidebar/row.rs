//! A conversation in the sidebar: its link, whether a reply runs or is unread, and its menu.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::{use_location, use_navigate};

use super::selection::Selection;
use crate::{
    chat::{
        address::plain,
        api,
        dialogs::{RenameDialog, delete_with_undo},
        page_context::PageContext,
        sidebar_lists::SidebarLists,
    },
    conversation::Conversation,
    error::Failure,
    ids::ConversationId,
    language::t,
    ui::{browser, menu::Menu, toast::Toasts},
};

/// What can be done with the rows. Copied freely: it is handles.
#[derive(Clone, Copy)]
pub(super) struct RowActions {
    pub lists: SidebarLists,
    pub selection: Selection,
    pub toasts: Toasts,
    /// The conversation that is being renamed.
    renaming: RwSignal<Option<ConversationId>>,
    /// The row that has moved by what was done in its menu, and gets the cursor back.
    moved: StoredValue<Option<ConversationId>>,
    /// The row that goes by what was done in its menu, and those that get the cursor in its place: the first that is there.
    leaving: StoredValue<Option<(ConversationId, Vec<ConversationId>)>>,
}

impl RowActions {
    pub fn new(lists: SidebarLists) -> RowActions {
        RowActions {
            lists,
            selection: Selection::new(),
            toasts: expect_context(),
            renaming: RwSignal::new(None),
            moved: StoredValue::new(None),
            leaving: StoredValue::new(None),
        }
    }

    /// A row is about to go from those that are shown: the cursor shall go to the next, or else to the one before.
    fn leaves(self, id: ConversationId, shown: &[ConversationId]) {
        let Some(at) = shown.iter().position(|row| *row == id) else { return };
        let others = shown[at + 1..].iter().chain(shown[..at].iter().rev()).copied().collect();
        self.leaving.set_value(Some((id, others)));
    }

    /// Gives the cursor on once the row has gone, if it was lost with that.
    pub fn give_cursor_on(self, shown: &[ConversationId]) {
        let gone = |(id, _): &(ConversationId, _)| !shown.contains(id);
        let Some((_, others)) = self.leaving.get_value().filter(gone) else { return };
        self.leaving.set_value(None);
        let next = others.into_iter().find(|other| shown.contains(other));
        request_animation_frame(move || {
            if browser::has_no_cursor() {
                browser::focus(
                    &next.map_or(".new-chat".into(), |next| format!(".conversations a[href='{}']", plain(next))),
                );
            }
        });
    }

    fn pin(self, id: ConversationId, on: bool) {
        self.moved.set_value(Some(id));
        self.call(async move {
            let pinned = api::pin(id, on).await;
            if pinned.is_err() {
                // It stays where it is.
                let _ = self.moved.try_set_value(None);
            }
            pinned
        });
    }

    fn archive(self, row: Conversation) {
        let (id, toasts) = (row.id, self.toasts);
        spawn_local(async move {
            let undo = move |()| self.call(async move { api::archive(vec![id], false).await });
            match api::archive(vec![id], true).await {
                Ok(()) => toasts.show((t().sidebar.was_archived)(&row.title), Some(Callback::new(undo))),
                Err(why) => toasts.show(why.to_string(), None),
            }
        });
    }

    fn unarchive(self, id: ConversationId) {
        self.call(async move { api::archive(vec![id], false).await });
    }

    /// Does something, and shows if it cannot be done.
    fn call(self, work: impl Future<Output = Result<(), Failure>> + 'static) {
        let toasts = self.toasts;
        spawn_local(async move {
            if let Err(why) = work.await {
                toasts.show(why.to_string(), None);
            }
        });
    }
}

#[component]
pub(super) fn Row(
    id: ConversationId,
    actions: RowActions,
    /// All rows, in the order in which they are shown.
    shown: Callback<(), Vec<ConversationId>>,
) -> impl IntoView {
    let PageContext { is_looked_at, .. } = expect_context();
    let lists = actions.lists;
    let path = use_location().pathname;
    let is_current = Memo::new(move |_| path.read().strip_prefix("/c/") == Some(&id.to_string()));
    let row = Memo::new(move |_| lists.find(id).map(|(_, row)| row));
    let is_running = Memo::new(move |_| row.read().as_ref().is_some_and(|row| row.is_running));
    let is_unread = Memo::new(move |_| !(is_current.get() && is_looked_at.get()) && lists.is_unread(id));
    let title = move || row.read().as_ref().map(|row| row.title.clone()).unwrap_or_default();
    let state = move || match (is_running.get(), is_unread.get()) {
        (true, _) => Some(t().sidebar.running),
        (false, true) => Some(t().sidebar.unread),
        (false, false) => None,
    };
    Effect::new(move |_| {
        if actions.moved.get_value() == Some(id) {
            actions.moved.set_value(None);
            request_animation_frame(move || browser::focus(&format!("[popovertarget='row-{id}']")));
        }
    });
    let is_archive = lists.archive.is_open.get_untracked();
    let selection = actions.selection;
    let turn = move |event: web_sys::MouseEvent| selection.turn(id, event.shift_key(), &shown.run(()));
    // While some are being chosen, a row is chosen wherever it is pressed.
    let press = move |event: web_sys::MouseEvent| {
        if untrack(|| selection.is_open()) {
            event.prevent_default();
            turn(event);
        }
    };
    view! {
        <li class:running=move || is_running.get() class:unread=move || is_unread.get()>
            <Show when=move || selection.is_open()>
                <input
                    type="checkbox"
                    aria-label=title
                    prop:checked=move || selection.has(id)
                    on:click=turn
                />
            </Show>
            <a
                href=plain(id)
                on:click=press
                dir="auto"
                aria-current=move || is_current.get().then_some("page")
                aria-describedby=move || state().map(|_| format!("state-{id}"))
            >
                {title}
            </a>
            <Show when=move || state().is_some()>
                <span class="state" id=format!("state-{id}")>
                    <span class="visually-hidden">{state}</span>
                </span>
            </Show>
            <RowMenu id row actions shown />
            {is_archive.then(|| view! { <noscript>{unarchive_form(id)}</noscript> })}
        </li>
    }
}

/// What brings a conversation back without scripts, which the menu needs.
fn unarchive_form(id: ConversationId) -> impl IntoView {
    view! {
        <form method="post" action=format!("{}/unarchive", plain(id))>
            <button>{t().sidebar.unarchive}</button>
        </form>
    }
}

#[component]
fn RowMenu(
    id: ConversationId,
    row: Memo<Option<Conversation>>,
    actions: RowActions,
    shown: Callback<(), Vec<ConversationId>>,
) -> impl IntoView {
    view! {
        <Menu id=format!("row-{id}") label=t().sidebar.menu>
            <RowChoices id row actions shown />
        </Menu>
    }
    .into_any()
}

/// What is in the menu, once it is opened.
#[component]
fn RowChoices(
    id: ConversationId,
    row: Memo<Option<Conversation>>,
    actions: RowActions,
    shown: Callback<(), Vec<ConversationId>>,
) -> impl IntoView {
    let lists = actions.lists;
    let is_pinned = Memo::new(move |_| row.read().as_ref().is_some_and(|row| lists.is_pinned(row)));
    let is_archived = Memo::new(move |_| row.read().as_ref().is_some_and(|row| lists.is_archived(row)));
    let (navigate, path) = (use_navigate(), use_location().pathname);
    let archive = move |_| {
        let Some(row) = row.get_untracked() else { return };
        actions.leaves(id, &shown.run(()));
        if is_archived.get_untracked() { actions.unarchive(id) } else { actions.archive(row) }
    };
    let delete = move |_| {
        let Some(row) = row.get_untracked() else { return };
        actions.leaves(id, &shown.run(()));
        let is_shown = path.read_untracked().strip_prefix("/c/") == Some(&id.to_string());
        delete_with_undo(vec![row], is_shown.then_some(id), actions.toasts, navigate.clone());
    };
    view! {
        <Show when=move || !is_archived.get()>
            <button type="button" on:click=move |_| actions.pin(id, !is_pinned.get_untracked())>
                {move || if is_pinned.get() { t().sidebar.unpin } else { t().sidebar.pin }}
            </button>
        </Show>
        <button type="button" on:click=move |_| actions.renaming.set(Some(id))>
            {t().thread.rename}
        </button>
        <button type="button" on:click=archive>
            {move || if is_archived.get() { t().sidebar.unarchive } else { t().sidebar.archive }}
        </button>
        <button type="button" on:click=move |_| actions.selection.begin(id)>
            {t().sidebar.select}
        </button>
        <button type="button" class="dangerous" on:click=delete>
            {t().thread.delete}
        </button>
    }
    .into_any()
}

/// What is asked before something is done with a row.
#[component]
pub(super) fn RowDialogs(actions: RowActions) -> impl IntoView {
    let renaming = actions.renaming;
    view! {
        <For each=move || renaming.get() key=|id| *id let(id)>
            {
                let open = RwSignal::new(true);
                Effect::new(move |_| if !open.get() { renaming.set(None) });
                let title = Memo::new(move |_| actions.lists.find(id).map(|(_, row)| row.title).unwrap_or_default());
                view! { <RenameDialog id open title /> }
            }
        </For>
    }
}
