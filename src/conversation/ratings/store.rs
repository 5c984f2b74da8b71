//! RatedRows in the database. Every statement is scoped by who asks.

use sqlx::{AssertSqlSafe, Row as _, any::AnyRow};

use super::{Rated, RatedRows, Rating};
use crate::{
    access::{Viewer, store::MAY_SEE},
    conversation::{
        ListPosition,
        marks::store::{mark_rated, next_marks_rev},
    },
    database::{Database, optional, parsed},
    ids::{ConversationId, MessageId, Millis, Rev},
};

impl Database {
    /// Rates a reply that has ended, for the viewer, at this time; `None`: their rating is taken back, and its word with it.
    /// `None` if there is no such reply for them.
    pub async fn rate(
        &self,
        viewer: Viewer,
        id: MessageId,
        rating: Option<Rating>,
        word: &str,
        now: Millis,
    ) -> sqlx::Result<Option<RatedRows>> {
        let mut tx = self.begin().await?;
        let rev = next_marks_rev(&mut tx, viewer, 1).await?;
        let statement = format!(
            "INSERT INTO ratings (user_id, message_id, conversation_id, rev, rating, word, rated_at)
             SELECT $1, m.id, m.conversation_id, CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT)
             FROM messages m JOIN conversations c ON c.id = m.conversation_id
             WHERE m.id = $2 AND m.role <> 'user' AND m.status NOT IN ('pending', 'streaming') AND m.deleted_at IS NULL
             AND c.account_id = $7 AND {MAY_SEE}
             ON CONFLICT (user_id, message_id) DO UPDATE
             SET rev = excluded.rev, rating = excluded.rating, word = excluded.word, rated_at = excluded.rated_at
             RETURNING conversation_id"
        );
        let word = if rating.is_some() { word } else { "" };
        let conversation: Option<ConversationId> = sqlx::query(AssertSqlSafe(statement))
            .bind(viewer.user.to_string())
            .bind(id.to_string())
            .bind(rev)
            .bind(rating.map(Rating::as_str))
            .bind(word)
            .bind(now)
            .bind(viewer.account.to_string())
            .try_map(|row: AnyRow| parsed(&row, "conversation_id"))
            .fetch_optional(&mut *tx)
            .await?;
        let Some(conversation) = conversation else { return Ok(None) };
        mark_rated(&mut tx, viewer, conversation, rev).await?;
        tx.commit().await?;
        let rated = Rated { message: id, rev, rating, word: word.to_owned() };
        Ok(Some(RatedRows { position: ListPosition { lineage: self.lineage, rev }, rows: vec![rated] }))
    }

    /// All of the viewer's ratings in a conversation; `None` if they may not see it.
    pub async fn ratings(&self, viewer: Viewer, id: ConversationId) -> sqlx::Result<Option<RatedRows>> {
        // The counter before the rows: what changes meanwhile has a higher rev.
        let counter = format!(
            "SELECT own.marks_rev FROM conversations c
             JOIN memberships own ON own.account_id = c.account_id AND own.user_id = $1 WHERE c.id = $2 AND {MAY_SEE}"
        );
        let rev: Option<Rev> = sqlx::query_scalar(AssertSqlSafe(counter))
            .bind(viewer.user.to_string())
            .bind(id.to_string())
            .fetch_optional(&self.read)
            .await?;
        let Some(rev) = rev else { return Ok(None) };
        let rows = sqlx::query(
            "SELECT message_id, rev, rating, word FROM ratings WHERE conversation_id = $1 AND user_id = $2",
        )
        .bind(id.to_string())
        .bind(viewer.user.to_string())
        .try_map(|row: AnyRow| {
            Ok(Rated {
                message: parsed(&row, "message_id")?,
                rev: row.try_get("rev")?,
                rating: optional(&row, "rating")?,
                word: row.try_get("word")?,
            })
        })
        .fetch_all(&self.read)
        .await?;
        Ok(Some(RatedRows { position: ListPosition { lineage: self.lineage, rev }, rows }))
    }
}
