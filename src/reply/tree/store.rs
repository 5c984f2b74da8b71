//! A conversation's tree as what starts a reply reads and writes it: each message with its place, by its parent.

use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};

use crate::{
    access::{Viewer, store::MAY_SEE},
    conversation::{MessageMeta, deletion::stored::store::is_hidden, temporary::expiry},
    database::{json, optional, parsed},
    ids::{ConversationId, MessageId, Millis, NodeId, Rev, Seq, UserId},
    message::{Message, Role, Status},
};

/// Where a message stands in its conversation's tree.
#[derive(Clone, Copy)]
pub(in crate::reply) struct Spot {
    pub id: MessageId,
    pub seq: Seq,
    pub lane: i64,
}

/// A message, as far as it matters to what is to follow or replace it.
pub(in crate::reply) struct TreeNode {
    pub spot: Spot,
    pub parent: Option<MessageId>,
    pub author: UserId,
    pub role: Role,
    pub status: Status,
    pub together: bool,
}

const TREE_NODE: &str = "m.id, m.seq, m.lane, m.parent_id, m.author_id, m.role, m.status, m.together";

fn tree_node(row: &AnyRow) -> sqlx::Result<TreeNode> {
    Ok(TreeNode {
        spot: Spot { id: parsed(row, "id")?, seq: row.try_get("seq")?, lane: row.try_get("lane")? },
        parent: optional(row, "parent_id")?,
        author: parsed(row, "author_id")?,
        role: parsed(row, "role")?,
        status: parsed(row, "status")?,
        together: row.try_get::<i64, _>("together")? != 0,
    })
}

/// A message of a conversation that the viewer may see.
pub(in crate::reply) async fn node_of(
    tx: &mut AnyConnection,
    conversation: ConversationId,
    id: MessageId,
) -> sqlx::Result<Option<TreeNode>> {
    let statement = format!(
        "SELECT {TREE_NODE} FROM messages m WHERE m.id = $1 AND m.conversation_id = $2 AND m.deleted_at IS NULL"
    );
    let node = sqlx::query(AssertSqlSafe(statement))
        .bind(id.to_string())
        .bind(conversation.to_string())
        .try_map(|row: AnyRow| tree_node(&row))
        .fetch_optional(&mut *tx)
        .await?;
    match node {
        Some(node) if is_hidden(tx, conversation, (node.spot.lane, node.spot.seq)).await? => Ok(None),
        node => Ok(node),
    }
}

/// A message that the viewer may see, and its conversation.
pub(in crate::reply) async fn visible_node(
    tx: &mut AnyConnection,
    viewer: Viewer,
    id: MessageId,
) -> sqlx::Result<Option<(ConversationId, TreeNode)>> {
    let statement = format!(
        "SELECT {TREE_NODE}, m.conversation_id FROM messages m JOIN conversations c ON c.id = m.conversation_id
         WHERE m.id = $2 AND m.deleted_at IS NULL AND {MAY_SEE}"
    );
    let found: Option<(ConversationId, TreeNode)> = sqlx::query(AssertSqlSafe(statement))
        .bind(viewer.user.to_string())
        .bind(id.to_string())
        .try_map(|row: AnyRow| Ok((parsed(&row, "conversation_id")?, tree_node(&row)?)))
        .fetch_optional(&mut *tx)
        .await?;
    match found {
        Some((id, node)) if is_hidden(tx, id, (node.spot.lane, node.spot.seq)).await? => Ok(None),
        found => Ok(found),
    }
}

/// What messages that are written together share.
pub(in crate::reply) struct Written {
    pub conversation: ConversationId,
    pub viewer: Viewer,
    pub now: Millis,
    /// Whether the replies among them were asked for together.
    pub together: bool,
}

impl Written {
    /// Writes a message below its parent: its first child stays in the parent's lane, any other opens a lane. A deleted
    /// child counts, as it may come back.
    pub(in crate::reply) async fn insert(
        &self,
        tx: &mut AnyConnection,
        parent: Option<Spot>,
        rev: Rev,
        message: &Message,
        node: Option<NodeId>,
    ) -> sqlx::Result<(MessageMeta, Spot)> {
        let stays = match parent {
            Some(parent) => !has_children(tx, parent.id).await?,
            None => false,
        };
        let (seq, newest_lane): (Seq, i64) = sqlx::query_as(
            "UPDATE conversations SET newest_seq = newest_seq + 1, newest_lane = newest_lane + $1,
                 expires_at = CASE WHEN expires_at IS NULL THEN NULL ELSE CAST($2 AS BIGINT) END
             WHERE id = $3 RETURNING newest_seq, newest_lane",
        )
        .bind(i64::from(!stays))
        .bind(expiry(self.now))
        .bind(self.conversation.to_string())
        .fetch_one(&mut *tx)
        .await?;
        let lane = parent.filter(|_| stays).map_or(newest_lane, |parent| parent.lane);
        let (from_lane, from_seq) = parent.map_or((0, 0), |parent| (parent.lane, parent.seq));
        sqlx::query(
            "INSERT INTO lanes (conversation_id, lane, from_lane, from_seq, newest_seq) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (conversation_id, lane) DO UPDATE SET newest_seq = $5",
        )
        .bind(self.conversation.to_string())
        .bind(lane)
        .bind(from_lane)
        .bind(from_seq)
        .bind(seq)
        .execute(&mut *tx)
        .await?;
        let parent = parent.map(|parent| parent.id);
        let together = self.together && message.role == Role::Assistant;
        sqlx::query(
            "INSERT INTO messages (id, conversation_id, parent_id, seq, lane, rev, author_id, role, model, epoch, nonce, status,
                 parts, created_at, node_id, together)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        )
        .bind(message.id.to_string())
        .bind(self.conversation.to_string())
        .bind(parent.map(|parent| parent.to_string()))
        .bind(seq)
        .bind(lane)
        .bind(rev)
        .bind(self.viewer.user.to_string())
        .bind(message.role.as_str())
        .bind(message.model.as_deref())
        .bind(i64::from(message.epoch.counter))
        .bind(i64::from(message.epoch.nonce))
        .bind(message.status.as_str())
        .bind(json(&message.parts)?)
        .bind(self.now)
        .bind(node.map(|node| node.to_string()))
        .bind(i64::from(together))
        .execute(&mut *tx)
        .await?;
        let Message { id, role, status, epoch, .. } = *message;
        let meta = MessageMeta { id, rev, parent, seq, author: self.viewer.user, role, status, epoch, together };
        Ok((meta, Spot { id, seq, lane }))
    }
}

async fn has_children(tx: &mut AnyConnection, parent: MessageId) -> sqlx::Result<bool> {
    let child: Option<String> = sqlx::query_scalar("SELECT id FROM messages WHERE parent_id = $1 LIMIT 1")
        .bind(parent.to_string())
        .fetch_optional(tx)
        .await?;
    Ok(child.is_some())
}
