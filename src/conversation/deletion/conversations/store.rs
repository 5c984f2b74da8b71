//! Deleting whole conversations, and bringing them back.

use sqlx::{AnyConnection, AssertSqlSafe, any::AnyRow};

use crate::{
    access::{
        Viewer,
        store::{MAY_CHANGE, MAY_RESTORE, lose_access_to},
    },
    conversation::{
        SidebarTopic,
        changes::store::{next_sidebar_revs, sidebar_topics},
        deletion::{DeletionChange, DeletionState, running::store::running_in, store::next_mark},
    },
    database::{Database, parsed, placeholders},
    ids::{ConversationId, MessageId, Millis},
};

impl Database {
    /// Deletes conversations: from now on they are nowhere but in the sidebar's lists, as their own tombstones. What was said in
    /// them can be brought back until it is purged. Gives those that the viewer may delete, each with the list that it was in.
    /// `runs`: whether a reply is running.
    pub async fn delete_conversations(
        &self,
        viewer: Viewer,
        ids: &[ConversationId],
        now: Millis,
        runs: impl Fn(MessageId) -> bool,
    ) -> sqlx::Result<DeletionChange<Vec<(ConversationId, SidebarTopic)>>> {
        let mut tx = self.begin().await?;
        let found = sidebar_topics(&mut tx, viewer, ids, MAY_CHANGE).await?;
        let ids: Vec<ConversationId> = found.iter().map(|(id, _)| *id).collect();
        if ids.is_empty() {
            return Ok(DeletionChange::Missing);
        }
        let running = running_in(&mut tx, &ids).await?.into_iter().map(|(reply, ..)| reply);
        let running: Vec<MessageId> = running.filter(|reply| runs(*reply)).collect();
        if !running.is_empty() {
            return Ok(DeletionChange::Runs(running));
        }
        let mark = next_mark(&mut tx, &ids, now).await?;
        change_conversations(&mut tx, &found, Some(mark)).await?;
        let statement = format!(
            "INSERT INTO deletions (conversation_id, deleted_at, state, finished_at)
             SELECT id, $1, $2, $3 FROM conversations WHERE id IN ({})",
            placeholders(4, ids.len())
        );
        let query = sqlx::query(AssertSqlSafe(statement)).bind(mark).bind(DeletionState::Deleted.as_str()).bind(now);
        ids.iter().fold(query, |query, id| query.bind(id.to_string())).execute(&mut *tx).await?;
        lose_access_to(&mut tx, &ids, now).await?;
        tx.commit().await?;
        Ok(DeletionChange::Begun(found))
    }

    /// Brings deleted conversations back, as they were. Gives those that are back, each with the list that it is in: not those
    /// that the viewer may not have back, or that have been purged by now.
    pub async fn restore_conversations(
        &self,
        viewer: Viewer,
        ids: &[ConversationId],
    ) -> sqlx::Result<Vec<(ConversationId, SidebarTopic)>> {
        let mut tx = self.begin().await?;
        let mut found = sidebar_topics(&mut tx, viewer, ids, MAY_RESTORE).await?;
        if found.is_empty() {
            return Ok(found);
        }
        let statement = format!(
            "DELETE FROM deletions WHERE conversation_id IN ({}) AND message_id IS NULL AND state = $1
             RETURNING conversation_id",
            placeholders(2, found.len())
        );
        let query = sqlx::query(AssertSqlSafe(statement)).bind(DeletionState::Deleted.as_str());
        let query = found.iter().fold(query, |query, (id, _)| query.bind(id.to_string()));
        let restored: Vec<ConversationId> =
            query.try_map(|row: AnyRow| parsed(&row, "conversation_id")).fetch_all(&mut *tx).await?;
        found.retain(|(id, _)| restored.contains(id));
        change_conversations(&mut tx, &found, None).await?;
        tx.commit().await?;
        Ok(found)
    }
}

/// Conversations are deleted, or back: each under a rev of its own, in the list that it is in.
async fn change_conversations(
    tx: &mut AnyConnection,
    changed: &[(ConversationId, SidebarTopic)],
    deleted_at: Option<Millis>,
) -> sqlx::Result<()> {
    let mut lists: Vec<(SidebarTopic, Vec<ConversationId>)> = vec![];
    for (id, topic) in changed {
        match lists.iter_mut().find(|(list, _)| list == topic) {
            Some((_, ids)) => ids.push(*id),
            None => lists.push((*topic, vec![*id])),
        }
    }
    // People before accounts, as everywhere.
    lists.sort_by_key(|(topic, _)| matches!(topic, SidebarTopic::Shared(_)));
    for (topic, ids) in lists {
        let rev = next_sidebar_revs(tx, topic, ids.len() as i64).await?;
        let (column, _) = topic.column();
        let statement = format!(
            "UPDATE conversations SET deleted_at = $1, {column} = $2 - 1 + counted.number FROM (
                 SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS number FROM conversations WHERE id IN ({})
             ) AS counted WHERE counted.id = conversations.id",
            placeholders(3, ids.len())
        );
        let query = sqlx::query(AssertSqlSafe(statement)).bind(deleted_at).bind(rev);
        ids.iter().fold(query, |query, id| query.bind(id.to_string())).execute(&mut *tx).await?;
    }
    Ok(())
}
