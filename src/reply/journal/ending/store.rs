//! The end of a reply: its final row, and what becomes of the queue behind it. For the journal, and for recovery.

use rusqlite::{Transaction, params};
use sqlx::AnyConnection;

use crate::{
    conversation::queue::{ReplyChange, Wait},
    database::json,
    ids::{MessageId, NodeId, Rev},
    message::{Message, StopReason},
    reply::queue::store::move_queue,
};

const NEXT_REV: &str = "UPDATE conversations SET messages_rev = messages_rev + 1
    WHERE deleted_at IS NULL AND id = (SELECT conversation_id FROM messages WHERE id = $1) RETURNING messages_rev, id";

/// Counts the change of the sidebar's list that the message's conversation is in, which is one of these.
const NEXT_MINE: &str = "UPDATE memberships SET mine_rev = mine_rev + 1 WHERE (account_id, user_id) = (
        SELECT c.account_id, c.created_by FROM messages m JOIN conversations c ON c.id = m.conversation_id
        WHERE m.id = $1 AND c.visibility = 'private' AND c.deleted_at IS NULL)
    RETURNING mine_rev";
const NEXT_SHARED: &str = "UPDATE accounts SET shared_rev = shared_rev + 1 WHERE id = (
        SELECT c.account_id FROM messages m JOIN conversations c ON c.id = m.conversation_id
        WHERE m.id = $1 AND c.visibility = 'account' AND c.deleted_at IS NULL)
    RETURNING shared_rev";

/// A reply has ended in the conversation, with this change of its messages.
const REPLIED_MINE: &str = "UPDATE conversations SET replied_rev = $1, mine_rev = $2
    WHERE id = (SELECT conversation_id FROM messages WHERE id = $3)";
const REPLIED_SHARED: &str = "UPDATE conversations SET replied_rev = $1, shared_rev = $2
    WHERE id = (SELECT conversation_id FROM messages WHERE id = $3)";

/// Each list of the sidebar. The person comes before the account, and both before the conversation.
const LISTS: [(&str, &str); 2] = [(NEXT_MINE, REPLIED_MINE), (NEXT_SHARED, REPLIED_SHARED)];

const FINISH: &str =
    "UPDATE messages SET status = $1, stop_reason = $2, parts = $3, ended_at = $4, error = $5, usage = $6, rev = $7
    WHERE id = $8 AND node_id = $9 AND epoch = $10 AND nonce = $11 AND status IN ('pending', 'streaming')";

/// The final row. Whoever lost the message (node, epoch, already final) changes nothing.
pub(in crate::reply) fn finish(tx: &Transaction, node: &str, last: &Message) -> rusqlite::Result<()> {
    let listed = next_sidebar_rev(tx, last.id)?;
    let Some(rev) = next_rev(tx, NEXT_REV, last.id)? else { return Ok(()) };
    let done = tx.prepare_cached(FINISH)?.execute(params![
        last.status.as_str(),
        last.stop_reason.map(StopReason::as_str),
        text(&last.parts)?,
        last.ended_at,
        last.error,
        last.usage.map(|usage| text(&usage)).transpose()?,
        rev,
        last.id.to_string(),
        node,
        last.epoch.counter,
        last.epoch.nonce,
    ])?;
    if done == 0 {
        return Ok(());
    }
    if let Some((replied, listed)) = listed {
        tx.prepare_cached(replied)?.execute(params![rev, listed, last.id.to_string()])?;
    }
    hold_queue(tx, last)
}

/// The next rev of the sidebar's list that the conversation is in, and what writes it there.
fn next_sidebar_rev(tx: &Transaction, id: MessageId) -> rusqlite::Result<Option<(&'static str, Rev)>> {
    for (next, replied) in LISTS {
        if let Some(rev) = next_rev(tx, next, id)? {
            return Ok(Some((replied, rev)));
        }
    }
    Ok(None)
}

/// `None` if the conversation is deleted, or not in this list.
fn next_rev(tx: &Transaction, statement: &str, id: MessageId) -> rusqlite::Result<Option<Rev>> {
    let mut next_rev = tx.prepare_cached(statement)?;
    let mut revs = next_rev.query(params![id.to_string()])?;
    let rev = revs.next()?.map(|row| row.get(0)).transpose()?;
    // It is done only when no row is left to be read.
    while revs.next()?.is_some() {}
    Ok(rev)
}

/// What waits for a reply that did not complete waits for a person from now on: `move_queue`, in the journal's own way.
fn hold_queue(tx: &Transaction, last: &Message) -> rusqlite::Result<()> {
    let wait = Wait { after: last.id, held: false };
    if wait.next(ReplyChange::Is(last.status)) == wait {
        return Ok(());
    }
    let mut select =
        tx.prepare_cached("SELECT id FROM queue WHERE after_id = ?1 AND held = 0 AND removed_at IS NULL ORDER BY seq")?;
    let rows: Vec<String> =
        select.query_map([last.id.to_string()], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for row in rows {
        let rev = next_rev(tx, NEXT_REV, last.id)?;
        tx.prepare_cached("UPDATE queue SET held = 1, rev = ?1 WHERE id = ?2")?.execute(params![rev, row])?;
    }
    Ok(())
}

/// The same for recovery, which has a connection like everybody else. False if nothing was changed.
pub(in crate::reply) async fn finish_orphan(
    tx: &mut AnyConnection,
    node: NodeId,
    last: &Message,
) -> sqlx::Result<bool> {
    let mut listed = None;
    for (next, replied) in LISTS {
        let rev: Option<Rev> = sqlx::query_scalar(next).bind(last.id.to_string()).fetch_optional(&mut *tx).await?;
        listed = listed.or(rev.map(|rev| (replied, rev)));
    }
    let counted: Option<(Rev, String)> =
        sqlx::query_as(NEXT_REV).bind(last.id.to_string()).fetch_optional(&mut *tx).await?;
    let Some((rev, conversation)) = counted else { return Ok(false) };
    let done = sqlx::query(FINISH)
        .bind(last.status.as_str())
        .bind(last.stop_reason.map(StopReason::as_str))
        .bind(json(&last.parts)?)
        .bind(last.ended_at)
        .bind(last.error.as_deref())
        .bind(last.usage.map(|usage| json(&usage)).transpose()?)
        .bind(rev)
        .bind(last.id.to_string())
        .bind(node.to_string())
        .bind(i64::from(last.epoch.counter))
        .bind(i64::from(last.epoch.nonce))
        .execute(&mut *tx)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    if let Some((replied, listed)) = listed {
        sqlx::query(replied).bind(rev).bind(listed).bind(last.id.to_string()).execute(&mut *tx).await?;
    }
    let conversation = conversation.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    move_queue(tx, conversation, last.id, ReplyChange::Is(last.status)).await?;
    Ok(true)
}

pub(in crate::reply) fn text<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
