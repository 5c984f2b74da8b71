//! A reply that begins with a part of another, in the database.

use sqlx::AssertSqlSafe;

use crate::{
    access::{Viewer, store::MAY_SEE},
    conversation::{
        changes::store::{change_row, next_messages_rev},
        queue::ReplyChange,
    },
    database::Database,
    ids::{MessageId, Millis, NodeId},
    message::{Message, Role},
    reply::{
        queue::store::move_queue,
        store::{NewReplies, Started, is_fenced, is_full},
        tree::store::{Written, node_of, visible_node},
    },
};

impl Database {
    /// A sibling of `of` that has the first words already: written with them, so that nobody sees it without. What waits for
    /// `of` waits for it.
    pub async fn continue_from(
        &self,
        viewer: Viewer,
        of: MessageId,
        reply: &Message,
        instruction: Option<&str>,
        now: Millis,
        node: NodeId,
    ) -> sqlx::Result<Started> {
        let mut tx = self.begin().await?;
        if is_fenced(&mut tx, node).await? {
            return Ok(Started::Fenced);
        }
        let Some((conversation, of)) = visible_node(&mut tx, viewer, of).await? else {
            return Ok(Started::Missing);
        };
        let sidebar = change_row(&mut tx, viewer, conversation).await?;
        let Some(rev) = next_messages_rev(&mut tx, conversation, 1).await? else {
            return Ok(Started::Missing);
        };
        let (Role::Assistant, Some(parent)) = (of.role, of.parent) else { return Ok(Started::Missing) };
        let Some(parent) = node_of(&mut tx, conversation, parent).await? else {
            return Ok(Started::Changed);
        };
        if !of.status.is_final() || is_full(&mut tx, conversation, 1).await? {
            return Ok(Started::Busy);
        }
        let written = Written { conversation, viewer, now, together: false };
        let inserted = match written.insert(&mut tx, Some(parent.spot), rev, reply, Some(node)).await {
            // This model answers the same message already.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(Started::Busy),
            inserted => inserted?.0,
        };
        if let Some(instruction) = instruction {
            sqlx::query("UPDATE messages SET instruction = $1 WHERE id = $2")
                .bind(instruction)
                .bind(reply.id.to_string())
                .execute(&mut *tx)
                .await?;
        }
        move_queue(&mut tx, conversation, of.spot.id, ReplyChange::Retried(reply.id)).await?;
        tx.commit().await?;
        Ok(Started::Yes(NewReplies { said: None, replies: vec![inserted], sidebar, came_back: false }))
    }

    /// What the model was asked to do from where the reply began with another's words.
    pub async fn instruction(&self, viewer: Viewer, reply: MessageId) -> sqlx::Result<Option<String>> {
        let statement = format!(
            "SELECT m.instruction FROM messages m JOIN conversations c ON c.id = m.conversation_id
             WHERE m.id = $2 AND m.instruction IS NOT NULL AND {MAY_SEE}"
        );
        sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(viewer.user.to_string())
            .bind(reply.to_string())
            .fetch_optional(&self.read)
            .await
    }
}
