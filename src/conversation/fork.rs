//! A branch up to one of its messages, as a conversation of its own: copied in slices, and there when all of it is.

pub mod store;

use crate::{
    access::Viewer,
    database::Database,
    error::Failure,
    ids::{ConversationId, MessageId, now},
};
use store::{Copied, ForkStart};

use super::SidebarTopic;

/// Copies what the branch has up to `message` into a new conversation of the viewer's own, under the id `into`, which the
/// page mints: asking twice is asking once. Gives the list of the sidebar that it comes into; none if it was there, or if it is temporary, as
/// that of a temporary one is.
pub async fn fork(
    database: &Database,
    viewer: Viewer,
    message: MessageId,
    into: ConversationId,
) -> Result<Option<SidebarTopic>, Failure> {
    let from = match database.begin_fork(viewer, message, into, now()).await? {
        ForkStart::Begun(from) => from,
        ForkStart::Repeated => return Ok(None),
        ForkStart::Unfinished => return Err(Failure::Changed),
        ForkStart::Busy => return Err(Failure::Busy),
        ForkStart::Missing => return Err(Failure::NotFound),
    };
    let copied = copy(database, viewer, message, &from, into).await;
    if !matches!(copied, Ok(Some(_))) {
        // What is there of it is removed; if not now, then after the next start.
        database.drop_fork(into).await?;
    }
    copied?.ok_or(Failure::Changed)
}

async fn copy(
    database: &Database,
    viewer: Viewer,
    message: MessageId,
    from: &ConversationId,
    into: ConversationId,
) -> sqlx::Result<Option<Option<SidebarTopic>>> {
    let branch = database.branch_to(viewer, *from, message).await?;
    let mut copied = Copied::default();
    while copied.count() < branch.len() {
        let Some(more) = database.copy_slice(into, &branch, copied).await? else { return Ok(None) };
        copied = more;
    }
    database.finish_fork(viewer, *from, into, copied, now()).await
}
