//! A person's marks in the database. Every statement is scoped by who asks; each changed row gets a rev of its own.

use sqlx::{AnyConnection, AssertSqlSafe, any::AnyRow};

use super::{ListedRows, MAX_PINNED};
use crate::{
    access::{Viewer, store::MAY_SEE},
    conversation::{
        CONVERSATIONS_A_PAGE, Conversation, ListPosition, Sidebar, Visibility,
        store::{SidebarCursor, conversation, listed},
    },
    database::{Database, parsed, placeholders},
    ids::{ConversationId, Millis, Rev},
};

/// What became of a mark that somebody set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    Yes,
    /// There is none of these conversations for this viewer.
    Missing,
    /// They have pinned as many as they can.
    TooMany,
}

/// What is set, and when it changes nothing; `$1` is the person, and `$4` what it is set to.
struct Change {
    column: &'static str,
    /// The value, in a statement that reads the conversation `c`.
    value: &'static str,
    /// When a row that is there changes.
    differs: &'static str,
}

const PIN: Change = Change {
    column: "pinned_at",
    value: "CAST($4 AS BIGINT)",
    differs: "(conversation_marks.pinned_at IS NULL) <> (excluded.pinned_at IS NULL)",
};
const ARCHIVE: Change = Change {
    column: "archived_at",
    value: "CAST($4 AS BIGINT)",
    differs: "(conversation_marks.archived_at IS NULL) <> (excluded.archived_at IS NULL)",
};
// A page of another past of the database may have seen more than there is.
const SEE: Change = Change {
    column: "seen_rev",
    value: "CASE WHEN c.replied_rev < $4 THEN c.replied_rev ELSE $4 END",
    differs: "conversation_marks.seen_rev < excluded.seen_rev",
};
const RATE: Change = Change {
    column: "rated_rev",
    value: "CAST($4 AS BIGINT)",
    differs: "conversation_marks.rated_rev < excluded.rated_rev",
};

impl Database {
    /// Pins a conversation for the viewer, at this time; `None`: no longer.
    pub async fn pin(&self, viewer: Viewer, id: ConversationId, at: Option<Millis>) -> sqlx::Result<Marked> {
        let mut tx = self.begin().await?;
        let rev = next_marks_rev(&mut tx, viewer, 1).await?;
        if at.is_some() && pinned_beside(&mut tx, viewer, id).await? >= MAX_PINNED as i64 {
            return Ok(Marked::TooMany);
        }
        if !mark(&mut tx, viewer, &[id], rev, at, &PIN).await? {
            return Ok(Marked::Missing);
        }
        tx.commit().await?;
        Ok(Marked::Yes)
    }

    /// Archives conversations for the viewer, at this time; `None`: no longer. Those that they may not see are left out.
    pub async fn archive(&self, viewer: Viewer, ids: &[ConversationId], at: Option<Millis>) -> sqlx::Result<Marked> {
        let mut tx = self.begin().await?;
        let rev = next_marks_rev(&mut tx, viewer, ids.len() as i64).await?;
        if !mark(&mut tx, viewer, ids, rev, at, &ARCHIVE).await? {
            return Ok(Marked::Missing);
        }
        tx.commit().await?;
        Ok(Marked::Yes)
    }

    /// The viewer has seen a conversation up to this end of a reply.
    pub async fn see(&self, viewer: Viewer, id: ConversationId, replied: Rev) -> sqlx::Result<Marked> {
        let mut tx = self.begin().await?;
        let rev = next_marks_rev(&mut tx, viewer, 1).await?;
        if !mark(&mut tx, viewer, &[id], rev, Some(replied), &SEE).await? {
            return Ok(Marked::Missing);
        }
        tx.commit().await?;
        Ok(Marked::Yes)
    }

    /// The viewer's archived conversations, the last one first, after this one. `None` if the viewer is no member of the
    /// account.
    pub async fn archived(&self, viewer: Viewer, after: Option<SidebarCursor>) -> sqlx::Result<Option<ListedRows>> {
        let statement = format!(
            "SELECT {}, c.visibility FROM conversation_marks k JOIN conversations c ON c.id = k.conversation_id
             WHERE k.user_id = $1 AND k.account_id = $2 AND k.archived_at IS NOT NULL
             AND (k.archived_at, k.conversation_id) < ($3, $4) AND {MAY_SEE}
             ORDER BY k.archived_at DESC, k.conversation_id DESC LIMIT $5",
            listed(REV)
        );
        let Some((mine, shared)) = self.sidebar_positions(viewer).await? else { return Ok(None) };
        let (time, id) = after.map_or((Millis::MAX, String::new()), |(time, id)| (time, id.to_string()));
        let mut rows = sqlx::query(AssertSqlSafe(statement))
            .bind(viewer.user.to_string())
            .bind(viewer.account.to_string())
            .bind(time)
            .bind(id)
            .bind(CONVERSATIONS_A_PAGE + 1)
            .try_map(listed_row)
            .fetch_all(&self.read)
            .await?;
        let more = rows.len() as i64 > CONVERSATIONS_A_PAGE;
        rows.truncate(CONVERSATIONS_A_PAGE as usize);
        Ok(Some(ListedRows { mine, shared, rows, more }))
    }

    /// Those of these conversations of the account that the viewer may see.
    pub async fn listed_rows(&self, viewer: Viewer, ids: &[ConversationId]) -> sqlx::Result<Option<ListedRows>> {
        let statement = format!(
            "SELECT {}, c.visibility FROM conversations c
             LEFT JOIN conversation_marks k ON k.user_id = $1 AND k.conversation_id = c.id
             WHERE c.id IN ({}) AND c.account_id = $2 AND c.expires_at IS NULL AND {MAY_SEE}",
            listed(REV),
            placeholders(3, ids.len())
        );
        let Some((mine, shared)) = self.sidebar_positions(viewer).await? else { return Ok(None) };
        let query =
            sqlx::query(AssertSqlSafe(statement)).bind(viewer.user.to_string()).bind(viewer.account.to_string());
        let query = ids.iter().fold(query, |query, id| query.bind(id.to_string()));
        let rows = query.try_map(listed_row).fetch_all(&self.read).await?;
        Ok(Some(ListedRows { mine, shared, rows, more: false }))
    }

    async fn sidebar_positions(&self, viewer: Viewer) -> sqlx::Result<Option<(ListPosition, ListPosition)>> {
        let revs: Option<(Rev, Rev)> = sqlx::query_as(
            "SELECT ms.mine_rev, a.shared_rev FROM memberships ms JOIN accounts a ON a.id = ms.account_id
             WHERE ms.account_id = $1 AND ms.user_id = $2",
        )
        .bind(viewer.account.to_string())
        .bind(viewer.user.to_string())
        .fetch_optional(&self.read)
        .await?;
        let position = |rev| ListPosition { lineage: self.lineage, rev };
        Ok(revs.map(|(mine, shared)| (position(mine), position(shared))))
    }
}

/// The rev of a row in the list that it is in.
const REV: &str = "CASE WHEN c.visibility = 'private' THEN c.mine_rev ELSE c.shared_rev END";

fn listed_row(row: AnyRow) -> sqlx::Result<(Sidebar, Conversation)> {
    let list = match parsed(&row, "visibility")? {
        Visibility::Private | Visibility::Temporary => Sidebar::Mine,
        Visibility::Account => Sidebar::Shared,
    };
    Ok((list, conversation(row)?))
}

/// Who writes in an archived conversation has it back in the sidebar. Whether it was archived.
pub(crate) async fn bring_back(tx: &mut AnyConnection, viewer: Viewer, id: ConversationId) -> sqlx::Result<bool> {
    let rev: Option<Rev> = sqlx::query_scalar(
        "UPDATE memberships SET marks_rev = marks_rev + 1 WHERE account_id = $1 AND user_id = $2 AND EXISTS (
             SELECT 1 FROM conversation_marks k WHERE k.user_id = $2 AND k.conversation_id = $3 AND k.archived_at IS NOT NULL)
         RETURNING marks_rev",
    )
    .bind(viewer.account.to_string())
    .bind(viewer.user.to_string())
    .bind(id.to_string())
    .fetch_optional(&mut *tx)
    .await?;
    let Some(rev) = rev else { return Ok(false) };
    sqlx::query(
        "UPDATE conversation_marks SET archived_at = NULL, rev = $1 WHERE user_id = $2 AND conversation_id = $3",
    )
    .bind(rev)
    .bind(viewer.user.to_string())
    .bind(id.to_string())
    .execute(tx)
    .await?;
    Ok(true)
}

/// Counts so many changes of a person's marks, and gives the rev of the first.
pub(in crate::conversation) async fn next_marks_rev(
    tx: &mut AnyConnection,
    viewer: Viewer,
    changes: i64,
) -> sqlx::Result<Rev> {
    let newest: Option<Rev> = sqlx::query_scalar(
        "UPDATE memberships SET marks_rev = marks_rev + $1 WHERE account_id = $2 AND user_id = $3 RETURNING marks_rev",
    )
    .bind(changes)
    .bind(viewer.account.to_string())
    .bind(viewer.user.to_string())
    .fetch_optional(tx)
    .await?;
    // Who is no member sees no conversation of the account, either.
    Ok(newest.unwrap_or_default() - changes + 1)
}

/// The viewer has rated a reply of a conversation, in this change of their marks.
pub(in crate::conversation) async fn mark_rated(
    tx: &mut AnyConnection,
    viewer: Viewer,
    id: ConversationId,
    rev: Rev,
) -> sqlx::Result<()> {
    mark(tx, viewer, &[id], rev, Some(rev), &RATE).await.map(drop)
}

/// How many others the viewer has pinned, of those that they can still see.
async fn pinned_beside(tx: &mut AnyConnection, viewer: Viewer, id: ConversationId) -> sqlx::Result<i64> {
    let statement = format!(
        "SELECT COUNT(*) FROM conversation_marks k JOIN conversations c ON c.id = k.conversation_id
         WHERE k.user_id = $1 AND k.account_id = $2 AND k.pinned_at IS NOT NULL AND c.id <> $3 AND {MAY_SEE}"
    );
    sqlx::query_scalar(AssertSqlSafe(statement))
        .bind(viewer.user.to_string())
        .bind(viewer.account.to_string())
        .bind(id.to_string())
        .fetch_one(tx)
        .await
}

/// Sets one thing of those conversations that the viewer may see, under revs from `rev` on. False if that is none of them.
async fn mark(
    tx: &mut AnyConnection,
    viewer: Viewer,
    ids: &[ConversationId],
    rev: Rev,
    value: Option<i64>,
    change: &Change,
) -> sqlx::Result<bool> {
    let Change { column, value: set, differs } = change;
    let places = placeholders(5, ids.len());
    let statement = format!(
        "INSERT INTO conversation_marks (user_id, conversation_id, account_id, rev, {column})
         SELECT $1, c.id, c.account_id, $3 - 1 + ROW_NUMBER() OVER (ORDER BY c.id), {set}
         FROM conversations c WHERE c.id IN ({places}) AND c.account_id = $2 AND c.expires_at IS NULL AND {MAY_SEE}
         ON CONFLICT (user_id, conversation_id) DO UPDATE SET rev = excluded.rev, {column} = excluded.{column}
         WHERE {differs}"
    );
    let query = sqlx::query(AssertSqlSafe(statement))
        .bind(viewer.user.to_string())
        .bind(viewer.account.to_string())
        .bind(rev)
        .bind(value);
    let written = ids.iter().fold(query, |query, id| query.bind(id.to_string())).execute(&mut *tx).await?;
    if written.rows_affected() > 0 {
        return Ok(true);
    }
    let statement = format!(
        "SELECT c.id FROM conversations c WHERE c.id IN ({}) AND c.account_id = $2 AND c.expires_at IS NULL AND {MAY_SEE} LIMIT 1",
        placeholders(3, ids.len())
    );
    let query =
        sqlx::query_scalar(AssertSqlSafe(statement)).bind(viewer.user.to_string()).bind(viewer.account.to_string());
    let seen: Option<String> =
        ids.iter().fold(query, |query, id| query.bind(id.to_string())).fetch_optional(tx).await?;
    Ok(seen.is_some())
}
