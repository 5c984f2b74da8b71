//! Conversations and messages in the database, as they are read. Every statement is scoped by who asks.

use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{
    CONVERSATIONS_A_PAGE, Conversation, ConversationPage, ConversationUsage, ListPosition, MessageMeta, Sidebar,
    SidebarTopic,
    marks::{MAX_PINNED, Mark},
};
use crate::{
    access::{Viewer, store::MAY_SEE},
    database::{Database, from_json, optional, parsed},
    ids::{ConversationId, MessageId, Millis, Rev, Seq},
    message::{Epoch, Message},
};

pub(super) const META: &str =
    "m.id, m.rev, m.parent_id, m.seq, m.author_id, m.role, m.status, m.epoch, m.nonce, m.together";
pub(crate) const MESSAGE: &str = "m.id, m.role, m.model, m.epoch, m.nonce, m.resumed_from, m.status, m.stop_reason, m.parts, m.ended_at, m.error, m.usage";

/// How often the messages of a conversation have changed, and which is the newest.
pub(super) struct Counters {
    pub rev: Rev,
    pub newest: Seq,
}

/// The place of a row in the sidebar, which is in the order of time.
pub type SidebarCursor = (Millis, ConversationId);

/// Which rows are in a list of the sidebar, what they are called there, and whose it is: `$1` is the account, and `$2`
/// the person, who is a member of it.
pub(super) struct Columns {
    pub rev: &'static str,
    pub rows: &'static str,
    pub visibility: &'static str,
    /// Its counter and its floor, and the counter of the person's marks.
    pub counters: &'static str,
}

impl Columns {
    pub fn of(list: Sidebar) -> Columns {
        match list {
            Sidebar::Mine => Columns {
                rev: "c.mine_rev",
                rows: "c.account_id = $1 AND c.created_by = $2",
                visibility: "private",
                counters: "SELECT mine_rev, mine_floor, marks_rev FROM memberships WHERE account_id = $1 AND user_id = $2",
            },
            Sidebar::Shared => Columns {
                rev: "c.shared_rev",
                rows: "c.account_id = $1 AND EXISTS (SELECT 1 FROM memberships ms WHERE ms.account_id = $1 AND ms.user_id = $2)",
                visibility: "account",
                counters:
                    "SELECT a.shared_rev, a.shared_floor, ms.marks_rev FROM accounts a JOIN memberships ms ON ms.account_id = a.id
                          WHERE a.id = $1 AND ms.user_id = $2",
            },
        }
    }
}

impl Database {
    /// The newest conversations of a list of the sidebar, after the row at `after` (none: from the first). `None` if the
    /// viewer is no member of the account.
    pub async fn conversations(
        &self,
        viewer: Viewer,
        list: Sidebar,
        after: Option<SidebarCursor>,
    ) -> sqlx::Result<Option<ConversationPage>> {
        let counters: Option<(Rev, Rev, Rev)> = sqlx::query_as(Columns::of(list).counters)
            .bind(viewer.account.to_string())
            .bind(viewer.user.to_string())
            .fetch_optional(&self.read)
            .await?;
        let Some((rev, _, marks)) = counters else { return Ok(None) };
        let pinned = if after.is_none() { self.pinned(viewer, list).await? } else { vec![] };
        let Columns { rev: column, rows, visibility, .. } = Columns::of(list);
        let sql = format!(
            "SELECT {} FROM conversations c LEFT JOIN conversation_marks k ON k.user_id = $2 AND k.conversation_id = c.id
             WHERE {rows} AND c.visibility = '{visibility}' AND c.deleted_at IS NULL AND k.archived_at IS NULL
             AND (c.updated_at, c.id) < ($3, $4) ORDER BY c.updated_at DESC, c.id DESC LIMIT $5",
            listed(column)
        );
        let (time, id) = after.map_or((i64::MAX, String::new()), |(time, id)| (time, id.to_string()));
        let mut rows = sqlx::query(AssertSqlSafe(sql))
            .bind(viewer.account.to_string())
            .bind(viewer.user.to_string())
            .bind(time)
            .bind(id)
            .bind(CONVERSATIONS_A_PAGE + 1)
            .try_map(conversation)
            .fetch_all(&self.read)
            .await?;
        let more = rows.len() as i64 > CONVERSATIONS_A_PAGE;
        rows.truncate(CONVERSATIONS_A_PAGE as usize);
        let position = |rev| ListPosition { lineage: self.lineage, rev };
        Ok(Some(ConversationPage { position: position(rev), marks: position(marks), rows, pinned, more }))
    }

    /// The pinned conversations of a list, the last one first.
    async fn pinned(&self, viewer: Viewer, list: Sidebar) -> sqlx::Result<Vec<Conversation>> {
        let Columns { rev, rows, visibility, .. } = Columns::of(list);
        let sql = format!(
            "SELECT {} FROM conversation_marks k JOIN conversations c ON c.id = k.conversation_id
             WHERE k.user_id = $2 AND k.account_id = $1 AND k.pinned_at IS NOT NULL AND k.archived_at IS NULL
             AND {rows} AND c.visibility = '{visibility}' AND c.deleted_at IS NULL ORDER BY k.pinned_at DESC LIMIT $3",
            listed(rev)
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(viewer.account.to_string())
            .bind(viewer.user.to_string())
            .bind(MAX_PINNED as i64)
            .try_map(conversation)
            .fetch_all(&self.read)
            .await
    }

    /// A conversation as its own page shows it, and the counters of its messages; `None` if the viewer may not see it.
    pub(super) async fn conversation(
        &self,
        viewer: Viewer,
        id: ConversationId,
    ) -> sqlx::Result<Option<(Counters, Conversation)>> {
        let sql = format!(
            "SELECT {}, c.messages_rev, c.newest_seq FROM conversations c
             LEFT JOIN conversation_marks k ON k.user_id = $1 AND k.conversation_id = c.id WHERE c.id = $2 AND {MAY_SEE}",
            listed("0")
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(viewer.user.to_string())
            .bind(id.to_string())
            .try_map(|row: AnyRow| {
                let counters = Counters { rev: row.try_get("messages_rev")?, newest: row.try_get("newest_seq")? };
                Ok((counters, conversation(row)?))
            })
            .fetch_optional(&self.read)
            .await
    }

    /// A message as its row has it, and the conversation that it is in; `None` if the viewer may not see it.
    pub async fn message(&self, viewer: Viewer, id: MessageId) -> sqlx::Result<Option<(ConversationId, Message)>> {
        let sql = format!(
            "SELECT {MESSAGE}, m.conversation_id FROM messages m JOIN conversations c ON c.id = m.conversation_id
             WHERE m.id = $2 AND m.deleted_at IS NULL AND {MAY_SEE}"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(viewer.user.to_string())
            .bind(id.to_string())
            .try_map(|row: AnyRow| Ok((parsed(&row, "conversation_id")?, message(row)?)))
            .fetch_optional(&self.read)
            .await
    }

    /// What the replies of a conversation have cost; `None` if the viewer may not see it.
    pub async fn conversation_usage(
        &self,
        viewer: Viewer,
        id: ConversationId,
    ) -> sqlx::Result<Option<ConversationUsage>> {
        if !self.may_see(viewer, id).await? {
            return Ok(None);
        }
        let rows: Vec<String> =
            sqlx::query_scalar("SELECT usage FROM messages WHERE conversation_id = $1 AND usage IS NOT NULL")
                .bind(id.to_string())
                .fetch_all(&self.read)
                .await?;
        let mut sum = ConversationUsage::default();
        for usage in rows {
            sum.add(from_json(&usage)?);
        }
        Ok(Some(sum))
    }

    /// In which list of the sidebar a conversation is; `None` if the viewer may not see it, or if it is temporary.
    pub async fn sidebar_topic(&self, viewer: Viewer, id: ConversationId) -> sqlx::Result<Option<SidebarTopic>> {
        let mut connection = self.read.acquire().await?;
        Ok(super::changes::store::sidebar_topic(&mut connection, viewer, id, MAY_SEE).await?.flatten())
    }
}

/// What a row of the sidebar has, of a conversation `c` with the reader's mark `k`. A reply that a dead process has left, and
/// that cannot be recovered, does not run.
pub(super) fn listed(rev: &str) -> String {
    format!(
        "c.id, {rev} AS rev, c.title, c.updated_at, c.replied_rev, c.expires_at, CASE WHEN EXISTS (
             SELECT 1 FROM messages r JOIN nodes n ON n.id = r.node_id WHERE r.conversation_id = c.id
             AND r.status IN ('pending', 'streaming') AND r.deleted_at IS NULL AND n.fenced = 0) THEN 1 ELSE 0 END AS is_running,
         k.rev AS mark_rev, k.pinned_at, k.archived_at, k.seen_rev, k.rated_rev"
    )
}

pub(super) fn conversation(row: AnyRow) -> sqlx::Result<Conversation> {
    let id = parsed(&row, "id")?;
    Ok(Conversation {
        id,
        rev: row.try_get("rev")?,
        title: row.try_get("title")?,
        updated_at: row.try_get("updated_at")?,
        replied: row.try_get("replied_rev")?,
        is_running: row.try_get::<i64, _>("is_running")? != 0,
        mark: mark_of(&row, id)?,
        expires_at: row.try_get("expires_at")?,
    })
}

/// The reader's mark, if the row has one.
fn mark_of(row: &AnyRow, conversation: ConversationId) -> sqlx::Result<Option<Mark>> {
    let Some(rev) = row.try_get::<Option<Rev>, _>("mark_rev")? else { return Ok(None) };
    Ok(Some(Mark {
        conversation,
        rev,
        pinned_at: row.try_get("pinned_at")?,
        archived_at: row.try_get("archived_at")?,
        seen: row.try_get("seen_rev")?,
        rated: row.try_get("rated_rev")?,
    }))
}

pub(super) fn meta(row: AnyRow) -> sqlx::Result<MessageMeta> {
    Ok(MessageMeta {
        id: parsed(&row, "id")?,
        rev: row.try_get("rev")?,
        parent: optional(&row, "parent_id")?,
        seq: row.try_get("seq")?,
        author: parsed(&row, "author_id")?,
        role: parsed(&row, "role")?,
        status: parsed(&row, "status")?,
        epoch: epoch(&row)?,
        together: row.try_get::<i64, _>("together")? != 0,
    })
}

pub(crate) fn message(row: AnyRow) -> sqlx::Result<Message> {
    Ok(Message {
        id: parsed(&row, "id")?,
        role: parsed(&row, "role")?,
        model: row.try_get("model")?,
        epoch: epoch(&row)?,
        resumed_from: (row.try_get::<Option<String>, _>("resumed_from")?).map(|from| from_json(&from)).transpose()?,
        status: parsed(&row, "status")?,
        stop_reason: optional(&row, "stop_reason")?,
        parts: from_json(&row.try_get::<String, _>("parts")?)?,
        ended_at: row.try_get("ended_at")?,
        error: row.try_get("error")?,
        usage: (row.try_get::<Option<String>, _>("usage")?).map(|usage| from_json(&usage)).transpose()?,
    })
}

pub(crate) fn epoch(row: &AnyRow) -> sqlx::Result<Epoch> {
    Ok(Epoch { counter: row.try_get::<i64, _>("epoch")? as u32, nonce: row.try_get::<i64, _>("nonce")? as u32 })
}
