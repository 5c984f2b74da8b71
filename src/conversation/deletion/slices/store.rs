//! Marking what is deleted, and taking the marks from what is brought back, a slice at a time.

use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};

use crate::{
    conversation::{
        changes::store::next_messages_rev,
        deletion::{
            Deletion, DeletionState,
            stored::store::{stored_lanes, unfinished},
        },
    },
    database::{Database, placeholders},
    ids::{ConversationId, Millis, Seq, now},
};

/// How many messages are marked, or removed, in one transaction, and how many bytes of them: each is written over, and
/// everybody waits.
pub(in crate::conversation) const MAX_SLICE: i64 = 100;
pub(in crate::conversation) const MAX_SLICE_BYTES: i64 = 256 * 1024;

/// A message that a slice may take.
pub struct Candidate {
    pub id: String,
    pub lane: i64,
    pub seq: Seq,
    /// The size of what it has.
    pub bytes: i64,
}

pub(in crate::conversation) fn candidate(row: AnyRow) -> sqlx::Result<Candidate> {
    let (id, lane, seq) = (row.try_get("id")?, row.try_get("lane")?, row.try_get("seq")?);
    Ok(Candidate { id, lane, seq, bytes: row.try_get("bytes")? })
}

/// How many of these make one slice: one in any case, or a long one would stay for ever.
pub(in crate::conversation) fn slice(found: &[Candidate]) -> usize {
    let mut bytes = 0;
    let fits = |one: &&Candidate| {
        bytes += one.bytes;
        bytes <= MAX_SLICE_BYTES
    };
    found.iter().take(MAX_SLICE as usize).take_while(fits).count().max(1).min(found.len())
}

impl Database {
    /// Continues the deletion in a conversation that is not finished, by one slice; true if there may be more to do.
    pub async fn continue_deletion(&self, conversation: ConversationId) -> sqlx::Result<bool> {
        let mut read = self.read.acquire().await?;
        let unfinished = unfinished(&mut read, conversation).await?;
        // Whoever holds one while it waits for another may wait for ever.
        drop(read);
        let Some(deletion) = unfinished else { return Ok(false) };
        match deletion.state {
            DeletionState::Deleting => {
                let found = self.unmarked(conversation, deletion).await?;
                self.mark(conversation, deletion, &found).await
            }
            _ => {
                let found = self.marked(conversation, deletion.at, 0).await?;
                self.unmark(conversation, deletion, &found).await
            }
        }
    }

    /// The messages of a deletion that are not marked, and one more than a slice: the newest of each lane first, and of a
    /// lane that leaves another one before that one's.
    async fn unmarked(&self, conversation: ConversationId, deletion: Deletion) -> sqlx::Result<Vec<Candidate>> {
        let mut read = self.read.acquire().await?;
        let (lanes, _) = stored_lanes(&mut read, conversation).await?;
        let mut found = vec![];
        for (lane, first) in lanes.below(deletion.lane, deletion.seq) {
            let room = MAX_SLICE + 1 - found.len() as i64;
            if room > 0 && lane.newest_seq >= first.max(1) {
                let rows = sqlx::query(
                    "SELECT id, lane, seq, CAST(octet_length(parts) AS BIGINT) AS bytes FROM messages
                     WHERE conversation_id = $1 AND lane = $2 AND seq >= $3 AND seq <= $4 AND deleted_at IS NULL
                     ORDER BY seq DESC LIMIT $5",
                )
                .bind(conversation.to_string())
                .bind(lane.lane)
                .bind(first)
                .bind(lane.newest_seq)
                .bind(room)
                .try_map(candidate);
                found.extend(rows.fetch_all(&mut *read).await?);
            }
        }
        Ok(found)
    }

    /// Marks a slice of what was found.
    async fn mark(&self, conversation: ConversationId, deletion: Deletion, found: &[Candidate]) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        if unfinished(&mut tx, conversation).await? != Some(deletion) {
            // Somebody else continues with it.
            return Ok(true);
        }
        let (taken, left) = found.split_at(slice(found));
        let Some(rev) = next_messages_rev(&mut tx, conversation, taken.len() as i64).await? else { return Ok(false) };
        change(&mut tx, taken, rev, Some(deletion.at)).await?;
        let mut newest: Vec<(i64, Seq)> = vec![];
        for one in taken {
            newest.retain(|(lane, _)| *lane != one.lane);
            newest.push((one.lane, 0));
        }
        // The message after the slice is the newest of its lane now; and that before them all is, once they are gone.
        for (lane, seq) in &mut newest {
            *seq = match left.first() {
                Some(next) if next.lane == *lane => next.seq,
                _ if *lane == deletion.lane => deletion.before,
                _ => 0,
            };
        }
        set_newest(&mut tx, conversation, &newest).await?;
        let (state, finished_at) =
            if left.is_empty() { (DeletionState::Deleted, Some(now())) } else { (DeletionState::Deleting, None) };
        sqlx::query(
            "UPDATE deletions SET messages = messages + $1, state = $2, finished_at = $3
             WHERE conversation_id = $4 AND deleted_at = $5",
        )
        .bind(taken.len() as i64)
        .bind(state.as_str())
        .bind(finished_at)
        .bind(conversation.to_string())
        .bind(deletion.at)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(!left.is_empty())
    }

    /// The messages with a mark, after `after`, in the order in which they were written, and one more than a slice.
    pub(in crate::conversation) async fn marked(
        &self,
        conversation: ConversationId,
        mark: Millis,
        after: Seq,
    ) -> sqlx::Result<Vec<Candidate>> {
        sqlx::query(
            "SELECT id, lane, seq, CAST(octet_length(parts) AS BIGINT) AS bytes FROM messages
             WHERE conversation_id = $1 AND deleted_at = $2 AND seq > $3 ORDER BY seq LIMIT $4",
        )
        .bind(conversation.to_string())
        .bind(mark)
        .bind(after)
        .bind(MAX_SLICE + 1)
        .try_map(candidate)
        .fetch_all(&self.read)
        .await
    }

    /// Takes the mark from a slice of what was found.
    async fn unmark(
        &self,
        conversation: ConversationId,
        deletion: Deletion,
        found: &[Candidate],
    ) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        if unfinished(&mut tx, conversation).await? != Some(deletion) {
            return Ok(true);
        }
        let (taken, left) = found.split_at(slice(found));
        let Some(rev) = next_messages_rev(&mut tx, conversation, taken.len() as i64).await? else { return Ok(false) };
        change(&mut tx, taken, rev, None).await?;
        let mut newest: Vec<(i64, Seq)> = vec![];
        for one in taken {
            newest.retain(|(lane, _)| *lane != one.lane);
            newest.push((one.lane, one.seq));
        }
        set_newest(&mut tx, conversation, &newest).await?;
        let statement = match left {
            [] => "DELETE FROM deletions WHERE $1 > -1 AND conversation_id = $2 AND deleted_at = $3",
            _ => "UPDATE deletions SET messages = messages - $1 WHERE conversation_id = $2 AND deleted_at = $3",
        };
        sqlx::query(statement)
            .bind(taken.len() as i64)
            .bind(conversation.to_string())
            .bind(deletion.at)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(!left.is_empty())
    }
}

/// Marks messages, or takes their marks, each under a rev of its own.
async fn change(tx: &mut AnyConnection, messages: &[Candidate], rev: i64, mark: Option<Millis>) -> sqlx::Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let statement = format!(
        "WITH slice AS (
             SELECT m.id, ROW_NUMBER() OVER (ORDER BY m.seq) - 1 AS number FROM messages m WHERE m.id IN ({})
         )
         UPDATE messages SET deleted_at = $1, rev = $2 + slice.number FROM slice WHERE messages.id = slice.id",
        placeholders(3, messages.len())
    );
    let query = sqlx::query(AssertSqlSafe(statement)).bind(mark).bind(rev);
    messages.iter().fold(query, |query, one| query.bind(&one.id)).execute(tx).await?;
    Ok(())
}

/// Sets the newest message of lanes.
async fn set_newest(tx: &mut AnyConnection, conversation: ConversationId, newest: &[(i64, Seq)]) -> sqlx::Result<()> {
    if newest.is_empty() {
        return Ok(());
    }
    let cases: String =
        (0..newest.len()).map(|at| format!(" WHEN lane = ${} THEN ${}", 2 * at + 2, 2 * at + 3)).collect();
    let lanes: Vec<String> = (0..newest.len()).map(|at| format!("${}", 2 * at + 2)).collect();
    let statement = format!(
        "UPDATE lanes SET newest_seq = CASE{cases} ELSE newest_seq END WHERE conversation_id = $1 AND lane IN ({})",
        lanes.join(", ")
    );
    let query = sqlx::query(AssertSqlSafe(statement)).bind(conversation.to_string());
    newest.iter().fold(query, |query, (lane, seq)| query.bind(*lane).bind(*seq)).execute(tx).await?;
    Ok(())
}
