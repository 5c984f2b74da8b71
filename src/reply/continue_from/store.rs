//! A reply that begins with a part of another, in the database.

use sqlx::{AnyConnection, AssertSqlSafe};

use crate::{
    access::{Viewer, store::MAY_SEE},
    database::Database,
    ids::MessageId,
};

/// Keeps with a new reply how it is to be continued.
pub(in crate::reply) async fn write_instruction(
    tx: &mut AnyConnection,
    reply: MessageId,
    instruction: &str,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE messages SET instruction = $1 WHERE id = $2")
        .bind(instruction)
        .bind(reply.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

impl Database {
    /// What the model was asked to do from where the reply began with another's words.
    pub async fn instruction(&self, viewer: Viewer, reply: MessageId) -> sqlx::Result<Option<String>> {
        let statement = format!(
            "SELECT m.instruction FROM messages m JOIN conversations c ON c.id = m.conversation_id
             WHERE m.id = $2 AND m.instruction IS NOT NULL AND {MAY_SEE}"
        );
        sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(viewer.user.to_string())
            .bind(reply.to_string())
            .fetch_optional(&self.read)
            .await
    }
}
