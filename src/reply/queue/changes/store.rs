//! What people change in the queue: a row is added, edited and removed. Every statement is scoped by who asks.

use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};

use crate::{
    access::{Viewer, store::MAY_SEE},
    conversation::{
        changes::store::next_messages_rev,
        deletion::stored::store::is_hidden,
        queue::{MAX_QUEUED, Queued, ReplyChange, Wait},
    },
    database::{Database, from_json, json, optional, parsed},
    ids::{ConversationId, MessageId, Millis, Rev, Seq},
    message::{Part, Role, Status},
    reply::queue::store::{IS_SHOWN, QUEUED, queued},
};

/// What a person queues.
pub struct NewQueued {
    pub conversation: ConversationId,
    pub id: MessageId,
    /// The reply that it waits for.
    pub after: MessageId,
    pub parts: Vec<Part>,
    pub model: String,
}

/// What became of a change of the queue.
#[derive(Debug, PartialEq, Eq)]
pub enum QueueChange {
    Done(ConversationId, Queued),
    /// It had come before: nothing was done.
    Repeated,
    /// The queue has as many rows as it may.
    Full,
    /// It is another one by now, or was sent, or removed.
    Changed,
    /// There is no such thing for this viewer.
    Missing,
}

impl Database {
    /// Queues a message. One whose reply has ended meanwhile finds it so: it is due, or held.
    pub async fn enqueue(&self, viewer: Viewer, new: &NewQueued) -> sqlx::Result<QueueChange> {
        let mut tx = self.begin().await?;
        let Some(found) = reply_of(&mut tx, viewer, new.conversation, new.after).await? else {
            return Ok(QueueChange::Missing);
        };
        let Some(rev) = next_messages_rev(&mut tx, new.conversation, 1).await? else {
            return Ok(QueueChange::Missing);
        };
        if let Some(before) = queued_before(&mut tx, new).await? {
            return Ok(before);
        }
        let Some((status, is_followed)) = found else { return Ok(QueueChange::Changed) };
        // What was queued before may have been sent, and then the next one does not belong beside that.
        if status.is_final() && is_followed {
            return Ok(QueueChange::Changed);
        }
        let (count, seq): (i64, Seq) = sqlx::query_as(
            "SELECT COUNT(*), COALESCE(MAX(seq), 0) + 1 FROM queue WHERE conversation_id = $1 AND removed_at IS NULL",
        )
        .bind(new.conversation.to_string())
        .fetch_one(&mut *tx)
        .await?;
        if count >= MAX_QUEUED {
            return Ok(QueueChange::Full);
        }
        let wait = Wait { after: new.after, held: false }.next(ReplyChange::Is(status));
        sqlx::query(
            "INSERT INTO queue (id, conversation_id, after_id, seq, user_id, parts, model, rev, held)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(new.id.to_string())
        .bind(new.conversation.to_string())
        .bind(wait.after.to_string())
        .bind(seq)
        .bind(viewer.user.to_string())
        .bind(json(&new.parts)?)
        .bind(&new.model)
        .bind(rev)
        .bind(i64::from(wait.held))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        let (parts, model) = (new.parts.clone(), new.model.clone());
        Ok(QueueChange::Done(new.conversation, Queued { id: new.id, rev, wait, author: viewer.user, parts, model }))
    }

    /// Replaces the words and the model of a row of the viewer's own: a compare-and-set on the rev that they saw.
    pub async fn edit_queued(
        &self,
        viewer: Viewer,
        id: MessageId,
        seen: Rev,
        parts: Vec<Part>,
        model: String,
    ) -> sqlx::Result<QueueChange> {
        let mut tx = self.begin().await?;
        let Some((conversation, row)) = own_queued(&mut tx, viewer, id).await? else {
            return missing_or_sent(&mut tx, viewer, id).await;
        };
        let Some(before) = row else { return Ok(QueueChange::Changed) };
        if text(&before.parts) == text(&parts) && before.model == model {
            return Ok(QueueChange::Done(conversation, before));
        }
        let Some(rev) = next_messages_rev(&mut tx, conversation, 1).await? else { return Ok(QueueChange::Missing) };
        let edited = sqlx::query("UPDATE queue SET parts = $1, model = $2, rev = $3 WHERE id = $4 AND rev = $5")
            .bind(json(&parts)?)
            .bind(&model)
            .bind(rev)
            .bind(id.to_string())
            .bind(seen)
            .execute(&mut *tx)
            .await?;
        if edited.rows_affected() == 0 {
            return Ok(QueueChange::Changed);
        }
        tx.commit().await?;
        Ok(QueueChange::Done(conversation, Queued { rev, parts, model, ..before }))
    }

    /// Removes a row of the viewer's own. Its id and a rev stay.
    pub async fn remove_queued(&self, viewer: Viewer, id: MessageId, now: Millis) -> sqlx::Result<QueueChange> {
        let mut tx = self.begin().await?;
        let Some((conversation, row)) = own_queued(&mut tx, viewer, id).await? else {
            return missing_or_sent(&mut tx, viewer, id).await;
        };
        let Some(before) = row else { return Ok(QueueChange::Repeated) };
        let Some(rev) = next_messages_rev(&mut tx, conversation, 1).await? else { return Ok(QueueChange::Missing) };
        sqlx::query("UPDATE queue SET parts = '[]', model = '', removed_at = $1, rev = $2 WHERE id = $3")
            .bind(now)
            .bind(rev)
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(QueueChange::Done(conversation, before))
    }
}

/// Whether the viewer may see the conversation (`None`: they may not); and of a reply in it its status, and whether
/// something follows it already.
async fn reply_of(
    tx: &mut AnyConnection,
    viewer: Viewer,
    conversation: ConversationId,
    reply: MessageId,
) -> sqlx::Result<Option<Option<(Status, bool)>>> {
    let statement = format!(
        "SELECT m.role, m.status, m.lane, m.seq, EXISTS (SELECT 1 FROM messages child WHERE child.parent_id = m.id AND child.deleted_at IS NULL) AS is_followed
         FROM conversations c LEFT JOIN messages m ON m.id = $3 AND m.conversation_id = c.id AND m.deleted_at IS NULL
         WHERE c.id = $2 AND {MAY_SEE}"
    );
    type Found = Option<((i64, Seq), (Status, bool))>;
    let found: Option<Found> = sqlx::query(AssertSqlSafe(statement))
        .bind(viewer.user.to_string())
        .bind(conversation.to_string())
        .bind(reply.to_string())
        .try_map(|row: AnyRow| match optional::<Role>(&row, "role")? {
            Some(role) if role.is_reply() => {
                let is_followed = row.try_get::<i64, _>("is_followed")? != 0;
                let place = (row.try_get("lane")?, row.try_get("seq")?);
                Ok(Some((place, (parsed(&row, "status")?, is_followed))))
            }
            _ => Ok(None),
        })
        .fetch_optional(&mut *tx)
        .await?;
    match found {
        Some(Some((place, _))) if is_hidden(tx, conversation, place).await? => Ok(Some(None)),
        found => Ok(found.map(|found| found.map(|(_, reply)| reply))),
    }
}

/// What stands under the id of a message that is queued, if that is there: in the queue, or sent by now.
async fn queued_before(tx: &mut AnyConnection, new: &NewQueued) -> sqlx::Result<Option<QueueChange>> {
    let before: Option<(String, String, i64)> = sqlx::query_as(
        "SELECT conversation_id, parts, CASE WHEN removed_at IS NULL THEN 0 ELSE 1 END FROM queue WHERE id = $1
         UNION ALL SELECT conversation_id, parts, 0 FROM messages WHERE id = $1",
    )
    .bind(new.id.to_string())
    .fetch_optional(tx)
    .await?;
    let Some((conversation, parts, is_removed)) = before else { return Ok(None) };
    let same = conversation == new.conversation.to_string()
        && (is_removed != 0 || text(&from_json::<Vec<Part>>(&parts)?) == text(&new.parts));
    Ok(Some(if same { QueueChange::Repeated } else { QueueChange::Changed }))
}

/// A row that the viewer wrote, and may still see; without the row if it was removed.
async fn own_queued(
    tx: &mut AnyConnection,
    viewer: Viewer,
    id: MessageId,
) -> sqlx::Result<Option<(ConversationId, Option<Queued>)>> {
    let statement = format!(
        "SELECT {QUEUED}, q.conversation_id, q.removed_at FROM queue q JOIN conversations c ON c.id = q.conversation_id
         WHERE q.id = $2 AND q.user_id = $1 AND {IS_SHOWN} AND {MAY_SEE}"
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(viewer.user.to_string())
        .bind(id.to_string())
        .try_map(|row: AnyRow| {
            let is_removed = row.try_get::<Option<Millis>, _>("removed_at")?.is_some();
            Ok((parsed(&row, "conversation_id")?, if is_removed { None } else { Some(queued(&row)?) }))
        })
        .fetch_optional(tx)
        .await
}

/// Why there is no row of the viewer's own with this id: it was sent, or there never was one.
async fn missing_or_sent(tx: &mut AnyConnection, viewer: Viewer, id: MessageId) -> sqlx::Result<QueueChange> {
    let statement = format!(
        "SELECT m.id FROM messages m JOIN conversations c ON c.id = m.conversation_id
         WHERE m.id = $2 AND m.author_id = $1 AND {MAY_SEE}"
    );
    let sent: Option<String> = sqlx::query_scalar(AssertSqlSafe(statement))
        .bind(viewer.user.to_string())
        .bind(id.to_string())
        .fetch_optional(tx)
        .await?;
    Ok(if sent.is_some() { QueueChange::Changed } else { QueueChange::Missing })
}

fn text(parts: &[Part]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect()
}
