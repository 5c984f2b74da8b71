//! Conversations and messages in the database, as they are read. Every statement is scoped by who asks.

use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use super::{CONVERSATIONS_A_PAGE, Conversation, ConversationPage, MessageMeta, Sidebar, SidebarTopic};
use crate::{
    access::{Viewer, store::MAY_SEE},
    database::{Database, from_json, optional, parsed},
    ids::{ConversationId, MessageId, Millis, Rev, Seq},
    message::{Epoch, Message},
};

pub(super) const META: &str = "m.id, m.rev, m.parent_id, m.seq, m.author_id, m.role, m.status, m.epoch, m.nonce";
pub(crate) const MESSAGE: &str =
    "m.id, m.role, m.model, m.epoch, m.nonce, m.status, m.parts, m.ended_at, m.error, m.usage";

/// How many changed rows of a list are read at once: what fits in a frame.
const CHANGES_AT_ONCE: i64 = 30;

/// What changed in a list, up to `rev`.
pub struct Changes<T> {
    pub rev: Rev,
    pub rows: Vec<T>,
    /// Whether there is more after `rev`.
    pub more: bool,
}

impl<T> Changes<T> {
    /// `rows` are in the order of their `rev`, one more than are given at once if there is more.
    fn new(now: Rev, mut rows: Vec<T>, rev: impl Fn(&T) -> Rev) -> Changes<T> {
        let more = rows.len() as i64 > CHANGES_AT_ONCE;
        rows.truncate(CHANGES_AT_ONCE as usize);
        let rev = rows.last().filter(|_| more).map_or(now, rev);
        Changes { rev, rows, more }
    }
}

/// How often the messages of a conversation have changed, and which is the newest.
pub(super) struct Counters {
    pub rev: Rev,
    pub newest: Seq,
}

/// The place of a row in the sidebar, which is in the order of time.
pub type SidebarCursor = (Millis, ConversationId);

/// Which rows are in a list of the sidebar, what they are called there, and whose it is: `$1` is the account, and `$2`
/// the person, who is a member of it.
struct Columns {
    rev: &'static str,
    rows: &'static str,
    visibility: &'static str,
    counter: &'static str,
}

impl Columns {
    fn of(list: Sidebar) -> Columns {
        match list {
            Sidebar::Mine => Columns {
                rev: "c.mine_rev",
                rows: "c.account_id = $1 AND c.created_by = $2",
                visibility: "private",
                counter: "SELECT mine_rev FROM memberships WHERE account_id = $1 AND user_id = $2",
            },
            Sidebar::Shared => Columns {
                rev: "c.shared_rev",
                rows: "c.account_id = $1 AND EXISTS (SELECT 1 FROM memberships ms WHERE ms.account_id = $1 AND ms.user_id = $2)",
                visibility: "account",
                counter: "SELECT a.shared_rev FROM accounts a JOIN memberships ms ON ms.account_id = a.id
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
        let Some(rev) = self.sidebar_rev(viewer, list).await? else { return Ok(None) };
        let Columns { rev: column, rows, visibility, .. } = Columns::of(list);
        let sql = format!(
            "SELECT c.id, {column} AS rev, c.title, c.updated_at, 0 AS is_gone FROM conversations c
             WHERE {rows} AND c.visibility = '{visibility}' AND c.deleted_at IS NULL AND (c.updated_at, c.id) < ($3, $4)
             ORDER BY c.updated_at DESC, c.id DESC LIMIT $5"
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
        Ok(Some(ConversationPage { rev, rows, more }))
    }

    /// What has changed in a list of the sidebar since `rev`, oldest change first, those that are gone among them. `None` if
    /// the viewer is no member of the account.
    pub async fn conversations_since(
        &self,
        viewer: Viewer,
        list: Sidebar,
        rev: Rev,
    ) -> sqlx::Result<Option<Changes<Conversation>>> {
        let Some(now) = self.sidebar_rev(viewer, list).await? else { return Ok(None) };
        let Columns { rev: column, rows, visibility, .. } = Columns::of(list);
        // One that is gone has nothing but its id.
        let is_here = format!("c.deleted_at IS NULL AND c.visibility = '{visibility}'");
        let sql = format!(
            "SELECT c.id, {column} AS rev, CASE WHEN {is_here} THEN c.title ELSE '' END AS title,
                    CASE WHEN {is_here} THEN c.updated_at ELSE 0 END AS updated_at,
                    CASE WHEN {is_here} THEN 0 ELSE 1 END AS is_gone
             FROM conversations c WHERE {rows} AND {column} > $3 ORDER BY {column} LIMIT $4"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(viewer.account.to_string())
            .bind(viewer.user.to_string())
            // 0 is the rev of those that never were in the list, and that is nobody's to know.
            .bind(rev.max(0))
            .bind(CHANGES_AT_ONCE + 1)
            .try_map(conversation)
            .fetch_all(&self.read)
            .await?;
        Ok(Some(Changes::new(now, rows, |row| row.rev)))
    }

    async fn sidebar_rev(&self, viewer: Viewer, list: Sidebar) -> sqlx::Result<Option<Rev>> {
        sqlx::query_scalar(Columns::of(list).counter)
            .bind(viewer.account.to_string())
            .bind(viewer.user.to_string())
            .fetch_optional(&self.read)
            .await
    }

    /// What has changed in a conversation since `rev`, oldest change first; `None` if the viewer may not see it.
    pub async fn metas_since(
        &self,
        viewer: Viewer,
        id: ConversationId,
        rev: Rev,
    ) -> sqlx::Result<Option<Changes<MessageMeta>>> {
        let Some((Counters { rev: now, .. }, _)) = self.conversation(viewer, id).await? else {
            return Ok(None);
        };
        let sql = format!(
            "SELECT {META} FROM messages m WHERE m.conversation_id = $1 AND m.rev > $2 ORDER BY m.rev LIMIT $3"
        );
        let metas = sqlx::query(AssertSqlSafe(sql))
            .bind(id.to_string())
            .bind(rev)
            .bind(CHANGES_AT_ONCE + 1)
            .try_map(meta)
            .fetch_all(&self.read)
            .await?;
        Ok(Some(Changes::new(now, metas, |meta| meta.rev)))
    }

    /// A conversation as its own page shows it, and the counters of its messages; `None` if the viewer may not see it.
    pub(super) async fn conversation(
        &self,
        viewer: Viewer,
        id: ConversationId,
    ) -> sqlx::Result<Option<(Counters, Conversation)>> {
        let sql = format!(
            "SELECT c.id, 0 AS rev, c.title, c.updated_at, 0 AS is_gone, c.messages_rev, c.newest_seq
             FROM conversations c WHERE c.id = $2 AND {MAY_SEE}"
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

    /// In which list of the sidebar a conversation is; `None` if the viewer may not see it.
    pub async fn sidebar_topic(&self, viewer: Viewer, id: ConversationId) -> sqlx::Result<Option<SidebarTopic>> {
        let mut connection = self.read.acquire().await?;
        super::changes::store::sidebar_topic(&mut connection, viewer, id, MAY_SEE).await
    }
}

fn conversation(row: AnyRow) -> sqlx::Result<Conversation> {
    Ok(Conversation {
        id: parsed(&row, "id")?,
        rev: row.try_get("rev")?,
        title: row.try_get("title")?,
        updated_at: row.try_get("updated_at")?,
        deleted: row.try_get::<i64, _>("is_gone")? != 0,
    })
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
    })
}

pub(crate) fn message(row: AnyRow) -> sqlx::Result<Message> {
    Ok(Message {
        id: parsed(&row, "id")?,
        role: parsed(&row, "role")?,
        model: row.try_get("model")?,
        epoch: epoch(&row)?,
        status: parsed(&row, "status")?,
        parts: from_json(&row.try_get::<String, _>("parts")?)?,
        ended_at: row.try_get("ended_at")?,
        error: row.try_get("error")?,
        usage: (row.try_get::<Option<String>, _>("usage")?).map(|usage| from_json(&usage)).transpose()?,
    })
}

pub(crate) fn epoch(row: &AnyRow) -> sqlx::Result<Epoch> {
    Ok(Epoch { counter: row.try_get::<i64, _>("epoch")? as u32, nonce: row.try_get::<i64, _>("nonce")? as u32 })
}
