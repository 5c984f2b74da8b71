//! Opening the database: one file, one process, durable.

use std::{
    fs::{File, TryLockError},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, bail};
use sqlx::{
    Any, AnyPool, Executor, Transaction,
    any::AnyPoolOptions,
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
        .after_connect(|connection, _| {
            Box::pin(async move {
                // FULL: a commit that was reported is on the disk, which is what "durable before visible" rests on.
                for pragma in [
                    "PRAGMA busy_timeout = 2000",
                    "PRAGMA journal_mode = WAL",
                    "PRAGMA synchronous = FULL",
                    "PRAGMA foreign_keys = ON",
                ] {
                    connection.execute(pragma).await?;
                }
                Ok(())
            })
        })
}

/// `$from, $from+1, …`: our own lists, as sqlx's builder writes `?`, which PostgreSQL refuses.
pub fn placeholders(from: usize, count: usize) -> String {
    (from..from + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
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
