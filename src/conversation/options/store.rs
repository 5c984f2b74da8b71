//! The options of conversations in the database. Every statement is scoped by who asks.

use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};

use crate::{
    access::{
        Viewer,
        store::{MAY_CHANGE, MAY_SEE},
    },
    conversation::changes::store::{next_messages_rev, sidebar_topic},
    database::{Database, from_json, json},
    ids::{ConversationId, Rev},
    steering::options::{Options, StoredOptions},
};

/// What became of options to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionsChange {
    /// They are so from this change of the conversation's list on.
    Done(Rev),
    /// They are not those that the person saw.
    Changed,
    /// There is no such conversation for this viewer, or they may not change it.
    Missing,
}

impl Database {
    /// How the replies of a conversation are asked for; `None` if the viewer may not see it.
    pub async fn options(&self, viewer: Viewer, id: ConversationId) -> sqlx::Result<Option<StoredOptions>> {
        let statement = format!(
            "SELECT o.options, o.rev FROM conversations c LEFT JOIN conversation_options o ON o.conversation_id = c.id
             WHERE c.id = $2 AND {MAY_SEE}"
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(viewer.user.to_string())
            .bind(id.to_string())
            .try_map(|row: AnyRow| match row.try_get::<Option<String>, _>("options")? {
                Some(options) => Ok(StoredOptions { rev: row.try_get("rev")?, options: from_json(&options)? }),
                None => Ok(StoredOptions::default()),
            })
            .fetch_optional(&self.read)
            .await
    }

    /// What a reply that the viewer asks for now is asked for with: a conversation without a system prompt has theirs.
    pub async fn effective_options(&self, viewer: Viewer, id: ConversationId) -> sqlx::Result<Options> {
        let mut options = self.options(viewer, id).await?.unwrap_or_default().options;
        if options.system_prompt.is_none() {
            options.system_prompt = self.personal_settings(viewer).await?.system_prompt;
        }
        Ok(options)
    }

    /// Sets all options of a conversation, if they are still those that the person saw. It counts as a change of the
    /// conversation's list, from which other pages learn of it.
    pub async fn set_options(
        &self,
        viewer: Viewer,
        id: ConversationId,
        seen: Rev,
        options: &Options,
    ) -> sqlx::Result<OptionsChange> {
        let mut tx = self.begin().await?;
        if sidebar_topic(&mut tx, viewer, id, MAY_CHANGE).await?.is_none() {
            return Ok(OptionsChange::Missing);
        }
        let Some(rev) = next_messages_rev(&mut tx, id, 1).await? else { return Ok(OptionsChange::Missing) };
        let before: Option<Rev> = sqlx::query_scalar("SELECT rev FROM conversation_options WHERE conversation_id = $1")
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        if before.unwrap_or(0) != seen {
            return Ok(OptionsChange::Changed);
        }
        write_options(&mut tx, id, rev, options).await?;
        tx.commit().await?;
        Ok(OptionsChange::Done(rev))
    }
}

/// Writes the options of a conversation that the viewer may change.
pub(crate) async fn write_options(
    tx: &mut AnyConnection,
    id: ConversationId,
    rev: Rev,
    options: &Options,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO conversation_options (conversation_id, options, rev) VALUES ($1, $2, $3)
         ON CONFLICT (conversation_id) DO UPDATE SET options = excluded.options, rev = excluded.rev",
    )
    .bind(id.to_string())
    .bind(json(options)?)
    .bind(rev)
    .execute(tx)
    .await?;
    Ok(())
}
