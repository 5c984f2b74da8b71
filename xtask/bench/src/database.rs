//! Another program's connection to the server's database.

use std::{path::Path, time::Duration};

use rivulet::{
    ids::{ConversationId, MessageId, mint, now},
    message::{Kind, Part},
};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

/// What every message says that is only there to be there, about 500 bytes.
const PROSE: &str = "A river keeps its words by moving on. ";

pub struct Database(SqliteConnection);

impl Database {
    pub async fn open(path: &Path) -> anyhow::Result<Database> {
        let options = SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_secs(30));
        Ok(Database(options.connect().await?))
    }

    /// Asking for titles is no part of a load.
    pub async fn wants_no_titles(&mut self) -> anyhow::Result<()> {
        sqlx::query("UPDATE conversations SET titled = 1").execute(&mut self.0).await?;
        Ok(())
    }

    /// A new conversation of so many messages, of the one account that there is.
    pub async fn fills(&mut self, length: usize) -> anyhow::Result<ConversationId> {
        let conversation: ConversationId = mint();
        let mut tx = self.0.begin().await?;
        sqlx::query(
            "INSERT INTO conversations (id, account_id, rev, title, titled, updated_at, messages_rev, next_place)
             SELECT $1, id, conversations_rev + 1, 'Long', 1, $2, $3, $3 + 1 FROM accounts",
        )
        .bind(conversation.to_string())
        .bind(now())
        .bind(length as i64)
        .execute(&mut *tx)
        .await?;
        sqlx::query("UPDATE accounts SET conversations_rev = conversations_rev + 1").execute(&mut *tx).await?;
        let parts = serde_json::to_string(&[Part { kind: Kind::Text, started_at: now(), text: PROSE.repeat(13) }])?;
        for place in 1..=length as i64 {
            let id: MessageId = mint();
            sqlx::query(
                "INSERT INTO messages (id, conversation_id, rev, place, attempt, shown, role, epoch, nonce, status, parts, ended_at)
                 VALUES ($1, $2, $3, $3, 1, 1, $4, 1, 1, 'completed', $5, $6)",
            )
            .bind(id.to_string())
            .bind(conversation.to_string())
            .bind(place)
            .bind(if place % 2 == 1 { "user" } else { "assistant" })
            .bind(&parts)
            .bind(now())
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(conversation)
    }
}
