//! The last known lists of models, so that a page has them at once after a restart.

use std::collections::HashMap;

use super::Model;
use crate::database::{Database, json};

impl Database {
    /// The last list of each provider, by the provider's name. One that cannot be read is left out: it is asked for again anyway.
    pub async fn known_models(&self) -> sqlx::Result<HashMap<String, Vec<Model>>> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT provider, models FROM provider_models").fetch_all(&self.read).await?;
        Ok(rows.into_iter().filter_map(|(name, models)| Some((name, serde_json::from_str(&models).ok()?))).collect())
    }

    /// Keeps a provider's list in place of the one before.
    pub async fn keep_models(&self, provider: &str, models: &[Model]) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO provider_models (provider, models) VALUES ($1, $2)
             ON CONFLICT (provider) DO UPDATE SET models = excluded.models",
        )
        .bind(provider)
        .bind(json(&models)?)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }
}
