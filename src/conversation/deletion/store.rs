//! Deletions in the database. Each step is a short transaction, safe to repeat, and to be killed after.

use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};

use super::{Deletion, DeletionChange, DeletionState};
use crate::{
    access::{
        Viewer,
        store::{MAY_CHANGE, MAY_RESTORE, lose_access_to},
    },
    conversation::{
        SidebarTopic,
        changes::store::{next_sidebar_revs, sidebar_topics},
        tree::Lanes,
    },
    database::{Database, optional, parsed, placeholders},
    ids::{ConversationId, MessageId, Millis, Seq, UserId},
};

impl Database {
    /// Begins to delete a message and all below it: from now on nobody finds that. `runs`: whether a reply is running.
    pub async fn begin_deletion(
        &self,
        viewer: Viewer,
        id: MessageId,
        now: Millis,
        runs: impl Fn(MessageId) -> bool,
    ) -> sqlx::Result<DeletionChange<ConversationId>> {
        let mut tx = self.begin().await?;
        let Some(root) = changeable(&mut tx, viewer, id).await? else { return Ok(DeletionChange::Missing) };
        let conversation = root.conversation;
        let before = deletion_of(&mut tx, conversation, id).await?;
        if before.is_some_and(|before| matches!(before.state, DeletionState::Deleting | DeletionState::Deleted)) {
            return Ok(DeletionChange::Begun(conversation));
        }
        if unfinished(&mut tx, conversation).await?.is_some() {
            return Ok(DeletionChange::Unfinished(conversation));
        }
        if root.is_deleted {
            return Ok(DeletionChange::Missing);
        }
        let running = running_below(&mut tx, conversation, (root.lane, root.seq), |reply, _| runs(reply)).await?;
        if !running.is_empty() {
            return Ok(DeletionChange::Runs(running));
        }
        sqlx::query(
            "INSERT INTO deletions (conversation_id, deleted_at, message_id, lane, seq, before_seq, state)
             VALUES ($1, $2, $3, $4, $5, COALESCE(
                 (SELECT MAX(m.seq) FROM messages m WHERE m.conversation_id = $1 AND m.lane = $4 AND m.seq < $5), 0), $6)",
        )
        .bind(conversation.to_string())
        .bind(next_mark(&mut tx, &[conversation], now).await?)
        .bind(id.to_string())
        .bind(root.lane)
        .bind(root.seq)
        .bind(DeletionState::Deleting.as_str())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(DeletionChange::Begun(conversation))
    }

    /// Begins to bring back what was deleted with a message.
    pub async fn begin_restoring(&self, viewer: Viewer, id: MessageId) -> sqlx::Result<DeletionChange<ConversationId>> {
        let mut tx = self.begin().await?;
        let Some(root) = changeable(&mut tx, viewer, id).await? else { return Ok(DeletionChange::Missing) };
        let conversation = root.conversation;
        let Some(deletion) = deletion_of(&mut tx, conversation, id).await? else {
            // It may be the second time.
            return Ok(if root.is_deleted { DeletionChange::Missing } else { DeletionChange::Begun(conversation) });
        };
        match deletion.state {
            DeletionState::Purging | DeletionState::Copying => return Ok(DeletionChange::Missing),
            DeletionState::Restoring => return Ok(DeletionChange::Begun(conversation)),
            DeletionState::Deleting | DeletionState::Deleted => {}
        }
        if unfinished(&mut tx, conversation).await?.is_some_and(|other| other.at != deletion.at) {
            return Ok(DeletionChange::Unfinished(conversation));
        }
        if root.is_below_deleted {
            return Ok(DeletionChange::Changed);
        }
        set_state(&mut tx, conversation, deletion.at, DeletionState::Restoring).await?;
        tx.commit().await?;
        Ok(DeletionChange::Begun(conversation))
    }

    /// How many messages have gone with the deletion of this one; 0 if they are back.
    pub async fn deleted_with(&self, conversation: ConversationId, id: MessageId) -> sqlx::Result<i64> {
        let mut read = self.read.acquire().await?;
        Ok(deletion_of(&mut read, conversation, id).await?.map_or(0, |deletion| deletion.messages))
    }

    /// The conversations with a deletion that is not finished, as a process left them that ended in the middle.
    pub async fn unfinished_deletions(&self) -> sqlx::Result<Vec<ConversationId>> {
        sqlx::query("SELECT conversation_id FROM deletions WHERE state IN ('deleting', 'restoring')")
            .try_map(|row: AnyRow| parsed(&row, "conversation_id"))
            .fetch_all(&self.read)
            .await
    }

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

/// A message, where it stands, and what has become of it.
struct Root {
    conversation: ConversationId,
    lane: i64,
    seq: Seq,
    is_deleted: bool,
    /// Whether what it follows is deleted.
    is_below_deleted: bool,
}

/// A message of a conversation that the viewer may change, be it deleted or not.
async fn changeable(tx: &mut AnyConnection, viewer: Viewer, id: MessageId) -> sqlx::Result<Option<Root>> {
    let statement = format!(
        "SELECT m.conversation_id, m.lane, m.seq, CASE WHEN m.deleted_at IS NULL THEN 0 ELSE 1 END AS is_deleted,
                CASE WHEN p.deleted_at IS NULL THEN 0 ELSE 1 END AS is_below_deleted
         FROM messages m JOIN conversations c ON c.id = m.conversation_id LEFT JOIN messages p ON p.id = m.parent_id
         WHERE m.id = $2 AND {MAY_CHANGE}"
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(viewer.user.to_string())
        .bind(id.to_string())
        .try_map(|row: AnyRow| {
            Ok(Root {
                conversation: parsed(&row, "conversation_id")?,
                lane: row.try_get("lane")?,
                seq: row.try_get("seq")?,
                is_deleted: row.try_get::<i64, _>("is_deleted")? != 0,
                is_below_deleted: row.try_get::<i64, _>("is_below_deleted")? != 0,
            })
        })
        .fetch_optional(tx)
        .await
}

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
async fn deletion_of(
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

impl Database {
    /// The running replies that the viewer asked for below a message that they edited.
    pub async fn own_running_below(
        &self,
        viewer: Viewer,
        conversation: ConversationId,
        edited: MessageId,
    ) -> sqlx::Result<Vec<MessageId>> {
        let mut read = self.read.acquire().await?;
        let above: Option<(i64, Seq)> =
            sqlx::query_as("SELECT lane, seq FROM messages WHERE id = $1 AND conversation_id = $2 AND author_id = $3")
                .bind(edited.to_string())
                .bind(conversation.to_string())
                .bind(viewer.user.to_string())
                .fetch_optional(&mut *read)
                .await?;
        let Some(above) = above else { return Ok(vec![]) };
        running_below(&mut read, conversation, above, |_, author| author == viewer.user).await
    }
}

/// The replies that run below a message, or are it, and of which `counts` is true; it gets who asked for each, too. However many
/// run and however many forks there are, that takes two queries.
async fn running_below(
    tx: &mut AnyConnection,
    conversation: ConversationId,
    above: (i64, Seq),
    counts: impl Fn(MessageId, UserId) -> bool,
) -> sqlx::Result<Vec<MessageId>> {
    let mut running = running_in(tx, &[conversation]).await?;
    running.retain(|(reply, author, ..)| counts(*reply, *author));
    if running.is_empty() {
        return Ok(vec![]);
    }
    let (lanes, _) = stored_lanes(tx, conversation).await?;
    let below = running.into_iter().filter(|(_, _, lane, seq)| lanes.is_below((*lane, *seq), above));
    Ok(below.map(|(reply, ..)| reply).collect())
}

/// The replies whose rows are those of running ones, each with who asked for it and its place.
pub(in crate::conversation) async fn running_in(
    tx: &mut AnyConnection,
    ids: &[ConversationId],
) -> sqlx::Result<Vec<(MessageId, UserId, i64, Seq)>> {
    let statement = format!(
        "SELECT id, author_id, lane, seq FROM messages WHERE conversation_id IN ({})
         AND status IN ('pending', 'streaming') AND deleted_at IS NULL",
        placeholders(1, ids.len())
    );
    let query = ids.iter().fold(sqlx::query(AssertSqlSafe(statement)), |query, id| query.bind(id.to_string()));
    query
        .try_map(|row: AnyRow| {
            Ok((parsed(&row, "id")?, parsed(&row, "author_id")?, row.try_get("lane")?, row.try_get("seq")?))
        })
        .fetch_all(tx)
        .await
}

/// The time, or a little later: no other deletion of these conversations has it, or had it.
async fn next_mark(tx: &mut AnyConnection, ids: &[ConversationId], now: Millis) -> sqlx::Result<Millis> {
    let places = placeholders(1, ids.len());
    let statement = format!(
        "SELECT COALESCE(MAX(marks.mark), 0) FROM (
             SELECT MAX(m.deleted_at) AS mark FROM messages m WHERE m.conversation_id IN ({places}) AND m.deleted_at IS NOT NULL
             UNION ALL SELECT MAX(d.deleted_at) FROM deletions d WHERE d.conversation_id IN ({places})
         ) AS marks"
    );
    let query = ids.iter().fold(sqlx::query_scalar(AssertSqlSafe(statement)), |query, id| query.bind(id.to_string()));
    let last: Millis = query.fetch_one(tx).await?;
    Ok(now.max(last + 1))
}

async fn set_state(
    tx: &mut AnyConnection,
    conversation: ConversationId,
    at: Millis,
    state: DeletionState,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE deletions SET state = $1 WHERE conversation_id = $2 AND deleted_at = $3")
        .bind(state.as_str())
        .bind(conversation.to_string())
        .bind(at)
        .execute(tx)
        .await?;
    Ok(())
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
