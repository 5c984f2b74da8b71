//! All that the sidebar shows: both lists of conversations, and what the person has marked them with.

use std::{collections::BTreeMap, time::Duration};

use gloo_timers::future::sleep;
use leptos::{prelude::*, task::spawn_local};

use super::{api, api::PageData, conversation_list::ConversationList, list_rows::ListRows};
use crate::{
    conversation::{
        Conversation, ListPosition, Sidebar,
        list::{Held, ListChanges},
        marks::{ListedRows, MAX_SELECTED, Mark, is_unread},
    },
    ids::{ConversationId, Millis, Rev},
    live::{
        List,
        connection::{Connection, Follower, ListUpdate},
    },
};

/// How long until the marks are loaded again that could not be.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// Copied freely: it is handles.
#[derive(Clone, Copy)]
pub struct SidebarLists {
    pub mine: ConversationList,
    pub shared: ConversationList,
    /// What has been marked since the page opened. What was before is with the rows.
    marks: RwSignal<ListRows<Mark>>,
    /// Up to which end of a reply this page has shown a conversation: its mark comes later.
    seen: RwSignal<BTreeMap<ConversationId, Rev>>,
    pub archive: Archive,
}

/// What is archived, as far as it is loaded: its rows are in the lists.
#[derive(Clone, Copy)]
pub struct Archive {
    /// Whether it is shown in the place of the other conversations.
    pub is_open: RwSignal<bool>,
    is_loaded: RwSignal<bool>,
    /// The last row that is loaded; none if there is no other.
    last: RwSignal<Option<(Millis, ConversationId)>>,
    loading: StoredValue<bool>,
}

impl SidebarLists {
    pub fn new(page: &PageData) -> SidebarLists {
        let PageData { mine, shared, archived, .. } = page;
        // The list then brings what the later page has, too.
        let position = if mine.marks.rev < shared.marks.rev { mine.marks } else { shared.marks };
        let lists = SidebarLists {
            mine: ConversationList::new(Sidebar::Mine, mine),
            shared: ConversationList::new(Sidebar::Shared, shared),
            marks: RwSignal::new(ListRows::loaded(position, [])),
            seen: RwSignal::new(BTreeMap::new()),
            archive: Archive {
                is_open: RwSignal::new(archived.is_some()),
                is_loaded: RwSignal::new(archived.is_some()),
                last: RwSignal::new(None),
                loading: StoredValue::new(false),
            },
        };
        if let Some(archived) = archived {
            lists.take_archived(archived.clone());
        }
        lists
    }

    pub fn go_live(self, connection: Connection) {
        self.mine.go_live(connection);
        self.shared.go_live(connection);
        connection.follow_list(
            List::Marks,
            Follower {
                held: Box::new(move || self.held()),
                take: Box::new(move |update| match update {
                    ListUpdate::Marks(changes) => self.take(changes),
                    ListUpdate::Reset(_) => self.load_anew(connection),
                    ListUpdate::Gone(_) | ListUpdate::Conversations(..) | ListUpdate::Messages(..) => {}
                }),
            },
        );
    }

    pub fn leave(self, connection: Connection) {
        self.mine.leave(connection);
        self.shared.leave(connection);
        connection.leave_list(List::Marks);
    }

    /// A conversation as the sidebar has it, and in which list.
    pub fn find(self, id: ConversationId) -> Option<(Sidebar, Conversation)> {
        let mine = self.mine.row(id).map(|row| (Sidebar::Mine, row));
        mine.or_else(|| self.shared.row(id).map(|row| (Sidebar::Shared, row)))
    }

    /// What a conversation is marked with: the newer of what came with its row and with the list.
    pub fn mark(self, row: &Conversation) -> Option<Mark> {
        let listed = self.marks.read().get(row.id).copied();
        listed.into_iter().chain(row.mark).max_by_key(|mark| mark.rev)
    }

    /// Up to which change of the marks the page has them.
    pub fn marked_up_to(self) -> Option<ListPosition> {
        self.marks.read().position()
    }

    pub fn is_pinned(self, row: &Conversation) -> bool {
        self.mark(row).is_some_and(|mark| mark.pinned_at.is_some())
    }

    pub fn is_archived(self, row: &Conversation) -> bool {
        self.mark(row).is_some_and(|mark| mark.archived_at.is_some())
    }

    pub fn is_unread(self, id: ConversationId) -> bool {
        let seen = self.seen.read().get(&id).copied().unwrap_or(0);
        self.find(id).is_some_and(|(list, row)| row.replied > seen && is_unread(&row, list, self.mark(&row).as_ref()))
    }

    /// This page shows a conversation up to this end of a reply.
    pub fn see(self, id: ConversationId, replied: Rev) {
        self.seen.update(|seen| {
            seen.insert(id, replied);
        });
    }

    /// The pinned conversations, the last one first.
    pub fn pinned(self) -> Vec<Conversation> {
        self.marked(|mark| mark.pinned_at.filter(|_| mark.archived_at.is_none()))
    }

    /// The archived ones that are loaded, the last one first.
    pub fn archived(self) -> Vec<Conversation> {
        let last = self.archive.last.get();
        let is_loaded = |at: &Millis, id| last.is_none_or(|last| (*at, id) >= last);
        self.marked(|mark| mark.archived_at.filter(|at| is_loaded(at, mark.conversation)))
    }

    /// Those of a list that stand in the order of time, newest first.
    pub fn by_time(self, list: ConversationList) -> Vec<Conversation> {
        let mut rows = list.sorted();
        rows.retain(|row| !self.mark(row).is_some_and(|mark| mark.pinned_at.is_some() || mark.archived_at.is_some()));
        rows
    }

    /// Those that were marked so, the last one first.
    fn marked(self, when: impl Fn(Mark) -> Option<Millis>) -> Vec<Conversation> {
        let all = self.mine.all().into_iter().chain(self.shared.all());
        let mut rows: Vec<_> = all.filter_map(|row| Some((when(self.mark(&row)?)?, row))).collect();
        rows.sort_by_key(|(at, row)| std::cmp::Reverse((*at, row.id)));
        rows.into_iter().map(|(_, row)| row).collect()
    }

    pub fn load_more(self) {
        if self.archive.is_open.get_untracked() {
            self.load_archived();
        } else {
            self.shared.load_more();
            self.mine.load_more();
        }
    }

    /// Loads what is archived, or more of it.
    pub fn load_archived(self) {
        let Archive { is_loaded, last, loading, .. } = self.archive;
        let after = last.get_untracked();
        if loading.get_value() || is_loaded.get_untracked() && after.is_none() {
            return;
        }
        loading.set_value(true);
        spawn_local(async move {
            let archived = api::archived(after).await;
            if last.is_disposed() {
                return;
            }
            loading.set_value(false);
            if let Ok(archived) = archived {
                self.take_archived(archived);
            }
        });
    }

    /// Where the archived conversations continue after those that are loaded.
    pub fn after_archived(self) -> Option<(Millis, ConversationId)> {
        self.archive.last.get()
    }

    fn take_archived(self, archived: ListedRows) {
        let newest = archived.rows.last().filter(|_| archived.more);
        let last = newest.and_then(|(_, row)| Some((row.mark?.archived_at?, row.id)));
        self.take_rows(archived);
        self.archive.last.set(last);
        self.archive.is_loaded.set(true);
    }

    fn take_rows(self, read: ListedRows) {
        let (mine, shared): (Vec<_>, Vec<_>) = read.rows.into_iter().partition(|(list, _)| *list == Sidebar::Mine);
        self.mine.take_aside(read.mine, mine.into_iter().map(|(_, row)| row).collect());
        self.shared.take_aside(read.shared, shared.into_iter().map(|(_, row)| row).collect());
    }

    /// How much of the marks is here, those of the rows included.
    fn held(self) -> Option<Held> {
        let held = self.marks.with_untracked(ListRows::held)?;
        let rows = untrack(|| self.mine.all().into_iter().chain(self.shared.all()));
        let seen = rows.filter_map(|row| Some(row.mark?.rev)).fold(held.seen, i64::max);
        Some(Held { seen, ..held })
    }

    fn take(self, changes: ListChanges<Mark>) {
        let mut newer = vec![];
        self.marks.update(|marks| newer = marks.take(changes));
        let is_shown = |mark: &Mark| mark.archived_at.is_none() || self.archive.is_loaded.get_untracked();
        let is_lacking = |mark: &Mark| untrack(|| self.find(mark.conversation)).is_none();
        let lacking = newer.into_iter().filter(|mark| is_shown(mark) && is_lacking(mark)).map(|mark| mark.conversation);
        let lacking: Vec<_> = lacking.collect();
        for ids in lacking.chunks(MAX_SELECTED).map(<[_]>::to_vec) {
            spawn_local(async move {
                if let Ok(read) = api::rows(ids).await
                    && !self.marks.is_disposed()
                {
                    self.take_rows(read);
                }
            });
        }
    }

    /// What is here leads nowhere: all of it is replaced by what there is now.
    fn load_anew(self, connection: Connection) {
        spawn_local(async move {
            let position: ListPosition = loop {
                match api::conversations(Sidebar::Mine, None).await {
                    Ok(page) => break page.marks,
                    Err(failure) if self.marks.is_disposed() || !failure.may_pass() => return,
                    Err(_) => sleep(RETRY_INTERVAL).await,
                }
            };
            if self.marks.is_disposed() {
                return;
            }
            self.marks.set(ListRows::loaded(position, []));
            self.seen.set(BTreeMap::new());
            self.archive.is_loaded.set(false);
            for list in [self.mine, self.shared] {
                list.leave(connection);
                list.load_anew(connection);
            }
            self.go_live(connection);
        });
    }
}

/// The sidebar's lists, for the page of a conversation that is in one of them. Set once the sidebar is there.
#[derive(Clone, Copy, Default)]
pub struct SidebarContext(RwSignal<Option<SidebarLists>>);

impl SidebarContext {
    pub fn set(self, lists: SidebarLists) {
        self.0.set(Some(lists));
    }

    pub fn get(self) -> Option<SidebarLists> {
        self.0.get()
    }

    /// A conversation as the sidebar has it.
    pub fn row(self, id: ConversationId) -> Option<Conversation> {
        self.0.get()?.find(id).map(|(_, row)| row)
    }

    pub fn lists(self, id: ConversationId) -> bool {
        self.row(id).is_some()
    }
}
