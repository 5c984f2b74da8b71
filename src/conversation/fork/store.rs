//! Forks in the database. Each step is a short transaction. Until the last one the new conversation is nowhere, and a
//! process that starts removes what another one left of it.

use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use crate::{
    access::{Viewer, store::MAY_SEE},
    conversation::{
        SidebarTopic,
        changes::store::{next_rev_in_sidebar, sidebar_topic},
        deletion::{
            DeletionState,
            running::store::running_in,
            slices::store::{Candidate, candidate, slice},
            stored::store::stored_lanes,
        },
        temporary::expiry,
    },
    database::{Database, parsed},
    ids::{ConversationId, MessageId, Millis, Seq, mint},
};

/// What became of asking for a fork.
pub enum ForkStart {
    /// It is begun, from this conversation.
    Begun(ConversationId),
    /// It is there, or was.
    Repeated,
    /// It is being copied.
    Unfinished,
    /// A reply of the branch still runs.
    Busy,
    Missing,
}

/// How far a copy is.
#[derive(Clone, Copy, Default)]
pub struct Copied {
    count: usize,
    last: Option<MessageId>,
}

impl Copied {
    pub fn count(self) -> usize {
        self.count
    }
}

impl Database {
    /// Makes the conversation `into`, which nobody finds yet, for a copy of the branch that ends with `message`.
    pub async fn begin_fork(
        &self,
        viewer: Viewer,
        message: MessageId,
        into: ConversationId,
        now: Millis,
    ) -> sqlx::Result<ForkStart> {
        let mut tx = self.begin().await?;
        let before: Option<(Option<i64>, Option<String>)> = sqlx::query_as(
            "SELECT c.deleted_at, d.state FROM conversations c
             LEFT JOIN deletions d ON d.conversation_id = c.id AND d.message_id IS NULL
             WHERE c.id = $1 AND c.created_by = $2",
        )
        .bind(into.to_string())
        .bind(viewer.user.to_string())
        .fetch_optional(&mut *tx)
        .await?;
        if let Some((deleted_at, _)) = before {
            return Ok(if deleted_at.is_none() { ForkStart::Repeated } else { ForkStart::Unfinished });
        }
        let statement = format!(
            "SELECT m.conversation_id, m.lane, m.seq FROM messages m JOIN conversations c ON c.id = m.conversation_id
             WHERE m.id = $2 AND m.deleted_at IS NULL AND {MAY_SEE}"
        );
        let source = sqlx::query(AssertSqlSafe(statement))
            .bind(viewer.user.to_string())
            .bind(message.to_string())
            .try_map(|row: AnyRow| Ok((parsed(&row, "conversation_id")?, (row.try_get("lane")?, row.try_get("seq")?))))
            .fetch_optional(&mut *tx)
            .await?;
        let Some((from, end)): Option<(ConversationId, (i64, Seq))> = source else { return Ok(ForkStart::Missing) };
        let (lanes, unfinished) = stored_lanes(&mut tx, from).await?;
        if unfinished.is_some_and(|it| it.hides() && lanes.is_below(end, (it.lane, it.seq))) {
            return Ok(ForkStart::Missing);
        }
        // Continue may have a reply run in the middle of the branch.
        let running = running_in(&mut tx, &[from]).await?;
        if running.into_iter().any(|(_, _, lane, seq)| lanes.is_below(end, (lane, seq))) {
            return Ok(ForkStart::Busy);
        }
        let made = sqlx::query(
            "INSERT INTO conversations (id, account_id, created_by, created_at, visibility, title, titled, updated_at, deleted_at, expires_at)
             SELECT $1, ms.account_id, ms.user_id, $2, CASE WHEN c.expires_at IS NULL THEN 'private' ELSE 'temporary' END,
                 c.title, c.titled, $2, $2, CASE WHEN c.expires_at IS NULL THEN NULL ELSE CAST($6 AS BIGINT) END
             FROM conversations c JOIN memberships ms ON ms.account_id = $3 AND ms.user_id = $4
             WHERE c.id = $5 ON CONFLICT (id) DO NOTHING",
        )
        .bind(into.to_string())
        .bind(now)
        .bind(viewer.account.to_string())
        .bind(viewer.user.to_string())
        .bind(from.to_string())
        .bind(expiry(now))
        .execute(&mut *tx)
        .await?;
        if made.rows_affected() == 0 {
            return Ok(ForkStart::Missing);
        }
        sqlx::query("INSERT INTO deletions (conversation_id, deleted_at, state) VALUES ($1, $2, $3)")
            .bind(into.to_string())
            .bind(now)
            .bind(DeletionState::Copying.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(ForkStart::Begun(from))
    }

    /// The messages of the branch that ends with `message`, in its order. None if the viewer may not see it.
    pub async fn branch_to(
        &self,
        viewer: Viewer,
        id: ConversationId,
        message: MessageId,
    ) -> sqlx::Result<Vec<Candidate>> {
        let mut read = self.read.acquire().await?;
        let statement = format!(
            "SELECT m.lane, m.seq FROM messages m JOIN conversations c ON c.id = m.conversation_id
             WHERE m.id = $2 AND c.id = $3 AND m.deleted_at IS NULL AND {MAY_SEE}"
        );
        let end: Option<(i64, Seq)> = sqlx::query_as(AssertSqlSafe(statement))
            .bind(viewer.user.to_string())
            .bind(message.to_string())
            .bind(id.to_string())
            .fetch_optional(&mut *read)
            .await?;
        let Some((lane, seq)) = end else { return Ok(vec![]) };
        let (lanes, _) = stored_lanes(&mut read, id).await?;
        let mut branch = vec![];
        for run in lanes.branch(lane, seq).into_iter().rev() {
            let rows = sqlx::query(
                "SELECT m.id, m.lane, m.seq, CAST(octet_length(m.parts) AS BIGINT) AS bytes FROM messages m
                 WHERE m.conversation_id = $1 AND m.lane = $2 AND m.seq > $3 AND m.seq <= $4 AND m.deleted_at IS NULL
                 ORDER BY m.seq",
            )
            .bind(id.to_string())
            .bind(run.lane)
            .bind(run.after)
            .bind(run.up_to)
            .try_map(candidate);
            branch.extend(rows.fetch_all(&mut *read).await?);
        }
        Ok(branch)
    }

    /// Copies the next slice of a branch, each message under an id of its own below the one before; `None` if one of them was
    /// deleted or continued meanwhile.
    pub async fn copy_slice(
        &self,
        into: ConversationId,
        branch: &[Candidate],
        copied: Copied,
    ) -> sqlx::Result<Option<Copied>> {
        let left = &branch[copied.count..];
        let taken = &left[..slice(left)];
        let rows: Vec<String> = (0..taken.len())
            .map(|at| format!("(${}, ${}, ${}, CAST(${} AS BIGINT))", 4 * at + 2, 4 * at + 3, 4 * at + 4, 4 * at + 5))
            .collect();
        // What they cost was spent once, in the other conversation.
        let statement = format!(
            "WITH copied (old, id, parent, number) AS (VALUES {})
             INSERT INTO messages (id, conversation_id, parent_id, seq, lane, rev, author_id, role, model, epoch, nonce, status,
                 parts, created_at, ended_at, error, stop_reason, instruction)
             SELECT copied.id, $1, copied.parent, copied.number, 1, copied.number, m.author_id, m.role, m.model, m.epoch, m.nonce,
                 m.status, m.parts, m.created_at, m.ended_at, m.error, m.stop_reason,
                 m.instruction
             FROM copied JOIN messages m ON m.id = copied.old AND m.deleted_at IS NULL
                 AND m.status NOT IN ('pending', 'streaming') ORDER BY copied.number",
            rows.join(", ")
        );
        let mut query = sqlx::query(AssertSqlSafe(statement)).bind(into.to_string());
        let mut copied = copied;
        for one in taken {
            let id: MessageId = mint();
            copied.count += 1;
            query = query
                .bind(&one.id)
                .bind(id.to_string())
                .bind(copied.last.map(|last| last.to_string()))
                .bind(copied.count as i64);
            copied.last = Some(id);
        }
        let mut tx = self.begin().await?;
        let inserted = query.execute(&mut *tx).await?;
        if inserted.rows_affected() != taken.len() as u64 {
            return Ok(None);
        }
        tx.commit().await?;
        Ok(Some(copied))
    }

    /// All is copied: the conversation is there. Gives the list that it comes into, if it does; `None` if the viewer may not see
    /// any more what it was copied from, or if there was nothing.
    pub async fn finish_fork(
        &self,
        viewer: Viewer,
        from: ConversationId,
        into: ConversationId,
        copied: Copied,
        now: Millis,
    ) -> sqlx::Result<Option<Option<SidebarTopic>>> {
        if copied.count == 0 {
            return Ok(None);
        }
        let mut tx = self.begin().await?;
        // The other one may have been closed meanwhile.
        if sidebar_topic(&mut tx, viewer, from, MAY_SEE).await?.is_none() {
            return Ok(None);
        }
        let lasting: Option<String> =
            sqlx::query_scalar("SELECT id FROM conversations WHERE id = $1 AND expires_at IS NULL")
                .bind(into.to_string())
                .fetch_optional(&mut *tx)
                .await?;
        let topic = lasting.map(|_| SidebarTopic::Mine(viewer.account, viewer.user));
        let rev = next_rev_in_sidebar(&mut tx, topic).await?.map_or(0, |(_, rev)| rev);
        let done = sqlx::query("DELETE FROM deletions WHERE conversation_id = $1 AND state = $2")
            .bind(into.to_string())
            .bind(DeletionState::Copying.as_str())
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() != 1 {
            return Ok(None);
        }
        let count = copied.count as i64;
        sqlx::query(
            "UPDATE conversations SET deleted_at = NULL, mine_rev = $1, updated_at = $2, messages_rev = $3, newest_seq = $3,
                 newest_lane = 1 WHERE id = $4 AND created_by = $5",
        )
        .bind(rev)
        .bind(now)
        .bind(count)
        .bind(into.to_string())
        .bind(viewer.user.to_string())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO lanes (conversation_id, lane, from_lane, from_seq, newest_seq) VALUES ($1, 1, 0, 0, $2)",
        )
        .bind(into.to_string())
        .bind(count)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO conversation_options (conversation_id, options, rev)
             SELECT $1, o.options, $2 FROM conversation_options o WHERE o.conversation_id = $3",
        )
        .bind(into.to_string())
        .bind(count)
        .bind(from.to_string())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Some(topic))
    }

    /// Has what was copied removed: nobody has seen it.
    pub async fn drop_fork(&self, into: ConversationId) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE deletions SET state = 'purging', finished_at = deleted_at WHERE conversation_id = $1 AND state = 'copying'")
            .bind(into.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// The same for what an earlier process left.
    pub async fn drop_unfinished_forks(&self) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE deletions SET state = 'purging', finished_at = deleted_at WHERE message_id IS NULL AND state = 'copying'")
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }
}
