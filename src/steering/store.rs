//! What people keep to ask with, in the database. Every statement is scoped by who asks.

use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};

use super::{
    kept::{MAX_KEPT, Preset, Prompt},
    settings::{PersonalSetting, PersonalSettings},
};
use crate::{
    access::Viewer,
    database::{Database, from_json, parsed},
    error::Failure,
    ids::{PresetId, PromptId},
};

/// What became of something to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    Done,
    /// The person has as many as may be.
    Full,
    /// Another one of theirs has this name.
    NameTaken,
    /// The id is another person's.
    Missing,
}

impl Saved {
    /// What a person is answered: `too_many` takes the most that may be.
    pub fn or_failure(self, too_many: fn(i64) -> String, name_taken: &str) -> Result<(), Failure> {
        match self {
            Saved::Done => Ok(()),
            Saved::Full => Err(Failure::Limited(too_many(MAX_KEPT))),
            Saved::NameTaken => Err(Failure::Invalid(name_taken.into())),
            Saved::Missing => Err(Failure::NotFound),
        }
    }
}

impl Database {
    /// A person's settings. A row that this version cannot read is passed over.
    pub async fn personal_settings(&self, viewer: Viewer) -> sqlx::Result<PersonalSettings> {
        let rows: Vec<(String, String)> = sqlx::query_as("SELECT name, value FROM user_settings WHERE user_id = $1")
            .bind(viewer.user.to_string())
            .fetch_all(&self.read)
            .await?;
        let mut settings = PersonalSettings::default();
        for (name, value) in rows {
            let setting = serde_json::from_str(&value)
                .and_then(|value: Value| serde_json::from_value(json!({ "name": name, "value": value })));
            match setting {
                Ok(setting) => settings.set(setting),
                Err(error) => tracing::warn!(name, %error, "a person's setting cannot be read"),
            }
        }
        Ok(settings)
    }

    pub async fn set_personal_setting(&self, viewer: Viewer, setting: &PersonalSetting) -> sqlx::Result<()> {
        let row = serde_json::to_value(setting).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        let (name, value) = (row["name"].as_str().unwrap_or_default(), &row["value"]);
        let query = match value {
            Value::Null => sqlx::query("DELETE FROM user_settings WHERE user_id = $1 AND name = $2"),
            _ => sqlx::query(
                "INSERT INTO user_settings (value, user_id, name) VALUES ($3, $1, $2)
                 ON CONFLICT (user_id, name) DO UPDATE SET value = excluded.value",
            ),
        };
        let query = query.bind(viewer.user.to_string()).bind(name);
        let query = if value.is_null() { query } else { query.bind(value.to_string()) };
        let mut tx = self.begin().await?;
        query.execute(&mut *tx).await?;
        tx.commit().await
    }

    /// A person's presets, by name.
    pub async fn presets(&self, viewer: Viewer) -> sqlx::Result<Vec<Preset>> {
        sqlx::query("SELECT id, name, options, model FROM presets WHERE user_id = $1 ORDER BY name")
            .bind(viewer.user.to_string())
            .try_map(|row: AnyRow| {
                let options = from_json(&row.try_get::<String, _>("options")?)?;
                Ok(Preset {
                    id: parsed(&row, "id")?,
                    name: row.try_get("name")?,
                    options,
                    model: row.try_get("model")?,
                })
            })
            .fetch_all(&self.read)
            .await
    }

    /// Keeps a preset under its id, be it new or not.
    pub async fn save_preset(&self, viewer: Viewer, preset: &Preset) -> sqlx::Result<Saved> {
        let mut tx = self.begin().await?;
        if is_full(&mut tx, viewer, "presets", preset.id.to_string()).await? {
            return Ok(Saved::Full);
        }
        let written = sqlx::query(
            "INSERT INTO presets (id, user_id, name, options, model) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, options = excluded.options, model = excluded.model
             WHERE presets.user_id = excluded.user_id",
        )
        .bind(preset.id.to_string())
        .bind(viewer.user.to_string())
        .bind(&preset.name)
        .bind(crate::database::json(&preset.options)?)
        .bind(&preset.model)
        .execute(&mut *tx)
        .await;
        let saved = saved(written.map(|written| written.rows_affected()))?;
        tx.commit().await?;
        Ok(saved)
    }

    /// Removes a preset. False if the person has no such one.
    pub async fn delete_preset(&self, viewer: Viewer, id: PresetId) -> sqlx::Result<bool> {
        self.delete_kept(viewer, "DELETE FROM presets WHERE user_id = $1 AND id = $2", id.to_string()).await
    }

    /// A person's saved prompts, by title.
    pub async fn prompts(&self, viewer: Viewer) -> sqlx::Result<Vec<Prompt>> {
        sqlx::query("SELECT id, title, text FROM prompts WHERE user_id = $1 ORDER BY title")
            .bind(viewer.user.to_string())
            .try_map(|row: AnyRow| {
                Ok(Prompt { id: parsed(&row, "id")?, title: row.try_get("title")?, text: row.try_get("text")? })
            })
            .fetch_all(&self.read)
            .await
    }

    /// Keeps a prompt under its id, be it new or not.
    pub async fn save_prompt(&self, viewer: Viewer, prompt: &Prompt) -> sqlx::Result<Saved> {
        let mut tx = self.begin().await?;
        if is_full(&mut tx, viewer, "prompts", prompt.id.to_string()).await? {
            return Ok(Saved::Full);
        }
        let written = sqlx::query(
            "INSERT INTO prompts (id, user_id, title, text) VALUES ($1, $2, $3, $4)
             ON CONFLICT (id) DO UPDATE SET title = excluded.title, text = excluded.text
             WHERE prompts.user_id = excluded.user_id",
        )
        .bind(prompt.id.to_string())
        .bind(viewer.user.to_string())
        .bind(&prompt.title)
        .bind(&prompt.text)
        .execute(&mut *tx)
        .await;
        let saved = saved(written.map(|written| written.rows_affected()))?;
        tx.commit().await?;
        Ok(saved)
    }

    /// Removes a saved prompt. False if the person has no such one.
    pub async fn delete_prompt(&self, viewer: Viewer, id: PromptId) -> sqlx::Result<bool> {
        self.delete_kept(viewer, "DELETE FROM prompts WHERE user_id = $1 AND id = $2", id.to_string()).await
    }

    async fn delete_kept(&self, viewer: Viewer, statement: &'static str, id: String) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        let deleted = sqlx::query(statement).bind(viewer.user.to_string()).bind(id).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(deleted.rows_affected() == 1)
    }
}

/// Whether a person has as many rows in this table as may be, beside the one with this id.
async fn is_full(tx: &mut AnyConnection, viewer: Viewer, table: &'static str, id: String) -> sqlx::Result<bool> {
    let count: i64 =
        sqlx::query_scalar(AssertSqlSafe(format!("SELECT COUNT(*) FROM {table} WHERE user_id = $1 AND id <> $2")))
            .bind(viewer.user.to_string())
            .bind(id)
            .fetch_one(tx)
            .await?;
    Ok(count >= MAX_KEPT)
}

fn saved(rows: sqlx::Result<u64>) -> sqlx::Result<Saved> {
    match rows {
        Ok(1) => Ok(Saved::Done),
        Ok(_) => Ok(Saved::Missing),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(Saved::NameTaken),
        Err(error) => Err(error),
    }
}
