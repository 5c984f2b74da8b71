//! A page that shows the end of a conversation while somebody looks at it: no tab shows that as unread any more.

use leptos::{prelude::*, task::spawn_local};

use super::{api, sidebar_lists::SidebarContext, thread::Thread};
use crate::conversation::Conversation;

/// Has the server keep what is seen: once for each end of a reply, and for none that the page lacks. `row`: the conversation
/// as the sidebar has it, or else as it was loaded.
pub fn keep_seen(thread: Thread, row: Memo<Option<Conversation>>, is_looked_at: RwSignal<bool>) {
    let (asked, sidebar) = (StoredValue::new(0), use_context::<SidebarContext>());
    Effect::new(move |_| {
        let is_at_end = is_looked_at.get() && thread.is_ready() && thread.is_at_end.get();
        let Some(lists) = sidebar.and_then(SidebarContext::get).filter(|_| is_at_end) else { return };
        let Some(row) = row.get() else { return };
        let here = thread.branch.read().held().map_or(0, |held| held.position.rev);
        let seen = lists.mark(&row).map_or(0, |mark| mark.seen);
        if row.replied <= seen || row.replied > here || row.replied <= asked.get_value() {
            return;
        }
        asked.set_value(row.replied);
        // Here at once, also if the reader goes elsewhere before the server has it.
        untrack(|| lists.see(row.id, row.replied));
        spawn_local(async move {
            if api::see(row.id, row.replied).await.is_err() {
                // With whatever changes next it is tried again.
                asked.try_set_value(0);
            }
        });
    });
}
