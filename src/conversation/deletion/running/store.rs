//! The replies that run where something is deleted or edited.

use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};

use crate::{
    access::Viewer,
    conversation::deletion::stored::store::stored_lanes,
    database::{Database, parsed, placeholders},
    ids::{ConversationId, MessageId, Seq, UserId},
};

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
pub(in crate::conversation::deletion) async fn running_below(
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
