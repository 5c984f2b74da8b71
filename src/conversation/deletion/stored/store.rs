//! Deletions as they are stored, and what they hide.

use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};

use crate::{
    conversation::{
        deletion::{Deletion, DeletionState},
        tree::Lanes,
    },
    database::{optional, parsed},
    ids::{ConversationId, MessageId, Seq},
};

const DELETION: &str = "d.deleted_at, d.state, d.lane, d.seq, d.before_seq, d.messages";

fn deletion(row: &AnyRow) -> sqlx::Result<Deletion> {
    Ok(Deletion {
        at: row.try_get("deleted_at")?,
        state: parsed(row, "state")?,
        lane: row.try_get("lane")?,
        seq: row.try_get("seq")?,
        before: row.try_get("before_seq")?,
        messages: row.try_get("messages")?,
    })
}

/// The deletion of this message.
pub(in crate::conversation::deletion) async fn deletion_of(
    tx: &mut AnyConnection,
    conversation: ConversationId,
    id: MessageId,
) -> sqlx::Result<Option<Deletion>> {
    let statement = format!("SELECT {DELETION} FROM deletions d WHERE d.message_id = $1 AND d.conversation_id = $2");
    sqlx::query(AssertSqlSafe(statement))
        .bind(id.to_string())
        .bind(conversation.to_string())
        .try_map(|row: AnyRow| deletion(&row))
        .fetch_optional(tx)
        .await
}

/// The deletion in a conversation that is not finished.
pub(in crate::conversation) async fn unfinished(
    tx: &mut AnyConnection,
    conversation: ConversationId,
) -> sqlx::Result<Option<Deletion>> {
    let statement = format!(
        "SELECT {DELETION} FROM deletions d WHERE d.conversation_id = $1 AND d.state IN ('deleting', 'restoring')"
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(conversation.to_string())
        .try_map(|row: AnyRow| deletion(&row))
        .fetch_optional(tx)
        .await
}

/// All lanes of a conversation as they are stored, and the deletion in it that is not finished.
pub(in crate::conversation) async fn stored_lanes(
    connection: &mut AnyConnection,
    id: ConversationId,
) -> sqlx::Result<(Lanes, Option<Deletion>)> {
    let statement = format!(
        "SELECT {DELETION}, (
             SELECT string_agg(l.lane || ' ' || l.from_lane || ' ' || l.from_seq || ' ' || l.newest_seq, ',')
             FROM lanes l WHERE l.conversation_id = c.id
         ) AS lanes
         FROM conversations c LEFT JOIN deletions d ON d.conversation_id = c.id AND d.state IN ('deleting', 'restoring')
         WHERE c.id = $1"
    );
    let found = sqlx::query(AssertSqlSafe(statement))
        .bind(id.to_string())
        .try_map(|row: AnyRow| {
            let lanes: Option<String> = row.try_get("lanes")?;
            let state: Option<DeletionState> = optional(&row, "state")?;
            let unfinished = state.map(|_| deletion(&row)).transpose()?;
            Ok((Lanes::parse(&lanes.unwrap_or_default()), unfinished))
        })
        .fetch_optional(connection)
        .await?;
    Ok(found.unwrap_or_default())
}

/// Whether a message is not marked, but hidden as all below another one is being deleted: nothing is written below it.
pub(crate) async fn is_hidden(
    tx: &mut AnyConnection,
    conversation: ConversationId,
    place: (i64, Seq),
) -> sqlx::Result<bool> {
    match unfinished(tx, conversation).await? {
        Some(deletion) if deletion.hides() => {
            let (lanes, _) = stored_lanes(tx, conversation).await?;
            Ok(lanes.is_below(place, (deletion.lane, deletion.seq)))
        }
        _ => Ok(false),
    }
}
