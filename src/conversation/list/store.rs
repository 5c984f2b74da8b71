//! What changed in the lists since somebody had them. All of an answer is of one moment.

use sqlx::{AnyConnection, AssertSqlSafe, Row as _, any::AnyRow};

use super::{Changed, Held, ListPosition, ListState, start};
use crate::{
    access::{Viewer, store::MAY_SEE},
    conversation::{
        Conversation, MessageMeta, Sidebar,
        marks::Mark,
        store::{Columns, META, conversation, listed, meta},
    },
    database::{Database, parsed},
    ids::{ConversationId, Rev},
};

/// What a list's reader is sent.
pub enum Since<R: super::Row> {
    /// What they have leads nowhere: they have to load it anew.
    Reset,
    /// What changed, in the order of its revs, up to `now` if there is no `more`.
    Changed { now: ListPosition, changed: Vec<Changed<R>>, more: bool },
}

impl Database {
    /// What has changed in a list of the sidebar since somebody had it, at `most` so many rows; `None` if the viewer is no
    /// member of the account.
    pub async fn conversations_since(
        &self,
        viewer: Viewer,
        list: Sidebar,
        held: Option<Held>,
        most: usize,
    ) -> sqlx::Result<Option<Since<Conversation>>> {
        let Columns { rev: column, rows, visibility, counters } = Columns::of(list);
        let mut tx = self.read.begin().await?;
        let counters: Option<(Rev, Rev, Rev)> = sqlx::query_as(counters)
            .bind(viewer.account.to_string())
            .bind(viewer.user.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let Some((rev, floor, _)) = counters else { return Ok(None) };
        let name = match list {
            Sidebar::Mine => format!("{} {}", viewer.account, viewer.user),
            Sidebar::Shared => viewer.account.to_string(),
        };
        let state = self.list_state(&mut tx, name, (rev, floor), held).await?;
        let Some(from) = start(held, &state) else { return Ok(Some(Since::Reset)) };
        let sql = format!(
            "SELECT {}, CASE WHEN c.deleted_at IS NULL AND c.visibility = '{visibility}' THEN 0 ELSE 1 END AS is_gone
             FROM conversations c LEFT JOIN conversation_marks k ON k.user_id = $2 AND k.conversation_id = c.id
             WHERE {rows} AND {column} > $3 ORDER BY {column} LIMIT $4",
            listed(column)
        );
        let changed = sqlx::query(AssertSqlSafe(sql))
            .bind(viewer.account.to_string())
            .bind(viewer.user.to_string())
            // 0 is the rev of those that never were in the list, and that is nobody's to know.
            .bind(from.max(0))
            .bind(most as i64 + 1)
            .try_map(|row: AnyRow| match row.try_get::<i64, _>("is_gone")? {
                0 => Ok(Changed::Row(conversation(row)?)),
                _ => Ok(Changed::Gone(parsed(&row, "id")?, row.try_get("rev")?)),
            })
            .fetch_all(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Some(Since::new(state.now, changed, most)))
    }

    /// What has changed in a conversation since somebody had it, at `most` so many rows; `None` if the viewer may not see
    /// it.
    pub async fn metas_since(
        &self,
        viewer: Viewer,
        id: ConversationId,
        held: Option<Held>,
        most: usize,
    ) -> sqlx::Result<Option<Since<MessageMeta>>> {
        let mut tx = self.read.begin().await?;
        let counters =
            format!("SELECT c.messages_rev, c.messages_floor FROM conversations c WHERE c.id = $2 AND {MAY_SEE}");
        let counters: Option<(Rev, Rev)> = sqlx::query_as(AssertSqlSafe(counters))
            .bind(viewer.user.to_string())
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(counters) = counters else { return Ok(None) };
        let state = self.list_state(&mut tx, id.to_string(), counters, held).await?;
        let Some(from) = start(held, &state) else { return Ok(Some(Since::Reset)) };
        let sql = format!(
            "SELECT {META}, m.deleted_at FROM messages m WHERE m.conversation_id = $1 AND m.rev > $2 ORDER BY m.rev LIMIT $3"
        );
        let changed = sqlx::query(AssertSqlSafe(sql))
            .bind(id.to_string())
            .bind(from)
            .bind(most as i64 + 1)
            .try_map(|row: AnyRow| match row.try_get::<Option<i64>, _>("deleted_at")? {
                None => meta(row).map(Changed::Row),
                Some(_) => Ok(Changed::Gone(parsed(&row, "id")?, row.try_get("rev")?)),
            })
            .fetch_all(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Some(Since::new(state.now, changed, most)))
    }

    /// What the viewer has marked since somebody had their marks, at `most` so many rows; `None` if they are no member of
    /// the account. No row leaves this list, so it can be asked from any rev.
    pub async fn marks_since(
        &self,
        viewer: Viewer,
        held: Option<Held>,
        most: usize,
    ) -> sqlx::Result<Option<Since<Mark>>> {
        let mut tx = self.read.begin().await?;
        let rev: Option<Rev> =
            sqlx::query_scalar("SELECT marks_rev FROM memberships WHERE account_id = $1 AND user_id = $2")
                .bind(viewer.account.to_string())
                .bind(viewer.user.to_string())
                .fetch_optional(&mut *tx)
                .await?;
        let Some(rev) = rev else { return Ok(None) };
        let name = format!("{} {} marks", viewer.account, viewer.user);
        let state = self.list_state(&mut tx, name, (rev, 0), held).await?;
        let Some(from) = start(held, &state) else { return Ok(Some(Since::Reset)) };
        let changed = sqlx::query(
            "SELECT conversation_id, rev, pinned_at, archived_at, seen_rev, rated_rev FROM conversation_marks
             WHERE account_id = $1 AND user_id = $2 AND rev > $3 ORDER BY rev LIMIT $4",
        )
        .bind(viewer.account.to_string())
        .bind(viewer.user.to_string())
        .bind(from)
        .bind(most as i64 + 1)
        .try_map(|row: AnyRow| {
            Ok(Changed::Row(Mark {
                conversation: parsed(&row, "conversation_id")?,
                rev: row.try_get("rev")?,
                pinned_at: row.try_get("pinned_at")?,
                archived_at: row.try_get("archived_at")?,
                seen: row.try_get("seen_rev")?,
                rated: row.try_get("rated_rev")?,
            }))
        })
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Some(Since::new(state.now, changed, most)))
    }

    /// `list`: its name in `list_starts`.
    async fn list_state(
        &self,
        tx: &mut AnyConnection,
        list: String,
        (rev, floor): (Rev, Rev),
        held: Option<Held>,
    ) -> sqlx::Result<ListState> {
        let now = ListPosition { lineage: self.lineage, rev };
        let earlier = held.map(|held| held.position.lineage).filter(|lineage| *lineage != self.lineage);
        let Some(lineage) = earlier else { return Ok(ListState { now, floor, reached: None }) };
        // It stands where it stood at that lineage's end until a later one changes it.
        let reached: Option<Option<Rev>> = sqlx::query_scalar(
            "SELECT (SELECT s.rev FROM list_starts s WHERE s.list = $1 AND s.lineage > l.number ORDER BY s.lineage LIMIT 1)
             FROM lineages l WHERE l.nonce = $2",
        )
        .bind(list)
        .bind(lineage.0)
        .fetch_optional(tx)
        .await?;
        Ok(ListState { now, floor, reached: reached.map(|reached| reached.unwrap_or(rev)) })
    }
}

impl<R: super::Row> Since<R> {
    /// `changed` has one more than are given at once if there is more.
    fn new(now: ListPosition, mut changed: Vec<Changed<R>>, most: usize) -> Since<R> {
        let more = changed.len() > most;
        changed.truncate(most);
        Since::Changed { now, changed, more }
    }
}
