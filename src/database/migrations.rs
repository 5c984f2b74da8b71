//! The steps that bring the tables of a database up to date.

use std::cmp::Ordering;

use anyhow::{Context, bail};
use sqlx::{
    AnyConnection, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// Number, description and statements of each file in `migrations/sqlite`, by hand: the macro that reads the folder
/// compiles SQLite and sqlx a second time.
const STEPS: [(i64, &str, &str); 4] = [
    (1, "start", include_str!("../../migrations/sqlite/0001_start.sql")),
    (2, "journal in order", include_str!("../../migrations/sqlite/0002_journal_in_order.sql")),
    (3, "models", include_str!("../../migrations/sqlite/0003_models.sql")),
    (4, "sessions and devices", include_str!("../../migrations/sqlite/0004_sessions_and_devices.sql")),
];

/// All of the steps, with a checksum of each: one that was changed after a database had taken it is refused.
pub fn migrator() -> Migrator {
    let migrations = STEPS.map(|(number, description, statements)| {
        Migration::new(number, description.into(), MigrationType::Simple, statements.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.into())
}

/// Whether the tables are those that this program was written for. Errors are for the person who runs a command.
pub async fn check(connection: &mut AnyConnection) -> anyhow::Result<()> {
    let newest: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations")
        .fetch_one(connection)
        .await
        .context("The database has no tables of Rivulet's, or cannot be read.")?;
    let mine = STEPS.map(|(number, ..)| number).into_iter().max().unwrap_or_default();
    match newest.cmp(&mine) {
        Ordering::Equal => Ok(()),
        Ordering::Greater => bail!(
            "The database is from a newer Rivulet (it has step {newest}, which this one does not know). Use that version."
        ),
        Ordering::Less => bail!(
            "The database is from an older Rivulet. Start this one once, which brings the database up to date; or use the older one."
        ),
    }
}
