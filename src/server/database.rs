//! Opening the database: one file, one process, durable.

use std::{
    fmt::Write,
    fs::{File, TryLockError},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, bail};
use sqlx::{
    Any, AnyPool, Connection, Executor, Row, Transaction,
    any::{AnyPoolOptions, AnyRow},
    migrate::{MigrateError, Migrator},
};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Two ways in: many readers, and one writer, so that writers queue here rather than fail as busy.
pub struct Database {
    pub read: AnyPool,
    write: AnyPool,
    /// Held for as long as the process lives: a second server on the same file would show words that it cannot keep.
    _lock: File,
}

impl Database {
    /// Opens `url` (`sqlite:PATH`), creates the file if there is none, and brings its tables up to date. Errors are for
    /// the person who starts the server.
    pub async fn open(url: &str) -> anyhow::Result<Database> {
        let path = path_of(url)?;
        let shown = path.display();
        let lock = lock(&path)?;
        sqlx::any::install_default_drivers();
        let url = format!("sqlite:{}", path.display());
        let write = pool(1)
            .connect(&format!("{url}?mode=rwc"))
            .await
            .with_context(|| format!("The database {shown} cannot be opened. Is it a file that may be written?"))?;
        match MIGRATIONS.run(&write).await {
            Ok(()) => {}
            Err(MigrateError::VersionMissing(version)) => bail!(
                "The database {shown} is from a newer Rivulet (it has step {version}, which this one does not know). Start that version, or name another file in RIVULET_DATABASE_URL."
            ),
            Err(error) => {
                return Err(error).with_context(|| {
                    format!("The database {shown} cannot be brought up to date. Is it read-only, full, or locked by another program?")
                });
            }
        }
        let read = pool(4).connect(&format!("{url}?mode=rw")).await?;
        Ok(Database { read, write, _lock: lock })
    }

    /// A transaction that may write. It takes its turn at once, so that it never fails half way for having read first.
    pub async fn begin(&self) -> sqlx::Result<Transaction<'static, Any>> {
        self.write.begin_with("BEGIN IMMEDIATE").await
    }

    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

fn path_of(url: &str) -> anyhow::Result<PathBuf> {
    let path = url
        .strip_prefix("sqlite:")
        .map(|rest| rest.strip_prefix("//").unwrap_or(rest))
        .map(|rest| rest.split('?').next().unwrap_or(rest));
    match path {
        Some(path) if !path.is_empty() && !path.contains(":memory:") => Ok(PathBuf::from(path)),
        _ => bail!(
            "RIVULET_DATABASE_URL (in Leptos.toml: [database] url) is \"{url}\". It should be \"sqlite:\" and a file's path, such as \"sqlite:rivulet.db\"."
        ),
    }
}

fn lock(path: &std::path::Path) -> anyhow::Result<File> {
    let beside = path.with_added_extension("lock");
    let file = File::create(&beside)
        .with_context(|| format!("The folder of the database {} cannot be written.", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "The database {} is in use by another Rivulet. Stop that one, or name another file in RIVULET_DATABASE_URL.",
            path.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("The lock file {} cannot be locked.", beside.display()))
        }
    }
}

fn pool(connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(None)
        .max_lifetime(None)
        // SQLite ends a transaction itself when its disk fails, sqlx counts it as open for ever: such a one is replaced.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
        .after_connect(|connection, _| {
            Box::pin(async move {
                // FULL: a commit that was reported is on the disk, which is what "durable before visible" rests on.
                for pragma in [
                    "PRAGMA busy_timeout = 2000",
                    "PRAGMA journal_mode = WAL",
                    "PRAGMA synchronous = FULL",
                    "PRAGMA foreign_keys = ON",
                    // What a statement may have to undo stays in memory, rather than in a file for every commit.
                    "PRAGMA temp_store = MEMORY",
                    // In pages of 4 KiB: a checkpoint makes the commits behind it wait, so it comes seldom.
                    "PRAGMA wal_autocheckpoint = 4000",
                ] {
                    connection.execute(pragma).await?;
                }
                Ok(())
            })
        })
}

/// Adds `$from, $from+1, …`: our own lists, as sqlx's builder writes `?`, which PostgreSQL refuses.
pub fn push_placeholders(sql: &mut String, from: usize, count: usize) {
    for n in from..from + count {
        let comma = if n == from { "" } else { ", " };
        // Writing into a String cannot fail.
        let _ = write!(sql, "{comma}${n}");
    }
}

/// A column that holds an id.
pub fn parsed<T>(row: &AnyRow, column: &str) -> sqlx::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    (row.try_get::<String, _>(column)?.parse()).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// A column that holds one of an enum's names.
pub fn named<T: serde::de::DeserializeOwned>(row: &AnyRow, column: &str) -> sqlx::Result<T> {
    serde_json::from_value(serde_json::Value::String(row.try_get(column)?))
        .map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// An enum's name, as its JSON has it.
pub fn name<T: serde::Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

pub fn json<T: serde::Serialize>(value: &T) -> sqlx::Result<String> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

pub fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> sqlx::Result<T> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// Whether it is the data that the database refused (then again is no use), rather than the moment.
pub fn is_data_error(error: &sqlx::Error) -> bool {
    use sqlx::error::ErrorKind;
    match error {
        sqlx::Error::Database(error) => {
            // SQLite's extended codes keep the kind in the low byte: too big, a constraint (a trigger's too), a mismatch.
            let code = error.code().and_then(|code| code.parse::<u32>().ok());
            !matches!(error.kind(), ErrorKind::Other) || code.is_some_and(|code| matches!(code & 0xff, 18..=20))
        }
        sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => true,
        _ => false,
    }
}
