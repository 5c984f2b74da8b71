//! How the database is opened: one file, one server, durable.

use std::{
    fs::{File, TryLockError},
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use sqlx::{
    Any, AnyConnection, AnyPool, Connection, Executor, Row, Transaction,
    any::{AnyPoolOptions, AnyRow},
};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::timeout,
};

use self::{
    connection::{PRAGMAS, path_of},
    migrations::STEPS,
};
use crate::{ids::Lineage, private_files};

pub mod backup;
pub mod connection;
mod lineage;
pub mod migrations;

/// Older ones can lose committed rows of the write-ahead log (<https://sqlite.org/wal.html#walresetbug>).
pub const MIN_SQLITE: i32 = 3_051_003;

/// The longest that anybody waits for a connection, or for the turn to write.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// Two ways in: many readers, and one writer at a time.
pub struct Database {
    pub read: AnyPool,
    write: AnyPool,
    /// Whose turn it is to write, the journal's own connection included. SQLite itself would let those that wait look
    /// again every now and then, and be as late.
    turn: Arc<Mutex<()>>,
    path: PathBuf,
    /// In which its lists count while this process serves it.
    pub lineage: Lineage,
    /// Held for as long as a server lives: a second one on the same file would show words that it cannot keep.
    _lock: Option<File>,
}

/// A transaction that may write, and the turn to do so.
pub struct Writing {
    transaction: Transaction<'static, Any>,
    _turn: OwnedMutexGuard<()>,
}

impl Writing {
    pub async fn commit(self) -> sqlx::Result<()> {
        self.transaction.commit().await
    }
}

impl Deref for Writing {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.transaction
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }
}

impl Database {
    /// Opens `url` (`sqlite:PATH`), creates the file if there is none, and brings its tables up to date. Errors are for
    /// the person who starts the server.
    pub async fn open(url: &str) -> anyhow::Result<Database> {
        check_version(rusqlite::version_number())?;
        let named = path_of(url)?;
        let shown = named.display();
        let path = create(&named)
            .with_context(|| format!("The database {shown} cannot be opened. Is it a file that may be written?"))?;
        let lock = lock(&path, &named)?;
        let file = path.clone();
        tokio::task::spawn_blocking(move || migrations::run(&file, STEPS)).await??;
        sqlx::any::install_default_drivers();
        let url = format!("sqlite:{}?mode=rw", path.display());
        let connect = async |connections| {
            let opened = pool(connections).connect(&url).await;
            opened.with_context(|| format!("The database {shown} cannot be opened. Is it a file that may be written?"))
        };
        let (write, read) = (connect(1).await?, connect(4).await?);
        let lineage = lineage::begin(&write).await.with_context(|| {
            format!("The database {shown} cannot be written. Is it read-only, full, or locked by another program?")
        })?;
        Ok(Database { read, write, turn: Arc::default(), path, lineage, _lock: Some(lock) })
    }

    /// Opens the database at `url` for a command that reads, or writes a few rows: also beside a server, as SQLite has
    /// processes take turns. Makes no file and changes no table. Takes no lock either: one made by another user (`sudo`)
    /// would keep the server from starting. Errors are for the person who runs the command.
    pub async fn open_beside(url: &str) -> anyhow::Result<Database> {
        check_version(rusqlite::version_number())?;
        let named = path_of(url)?;
        let shown = named.display();
        let path = named.canonicalize().with_context(|| {
            format!("There is no database {shown}. Run this where the server is started, or name the file in RIVULET_DATABASE_URL.")
        })?;
        sqlx::any::install_default_drivers();
        let url = format!("sqlite:{}?mode=rw", path.display());
        let connect = async || {
            let opened = pool(1).connect(&url).await;
            opened.with_context(|| format!("The database {shown} cannot be opened. May you read and write it?"))
        };
        let (read, write) = (connect().await?, connect().await?);
        migrations::check(&mut *read.acquire().await?).await?;
        let lineage = lineage::newest(&read).await?;
        Ok(Database { read, write, turn: Arc::default(), path, lineage, _lock: None })
    }

    /// A transaction that may write. It takes its turn at once, so that it never fails half way for having read first.
    pub async fn begin(&self) -> sqlx::Result<Writing> {
        let turn = timeout(MAX_WAIT, self.turn.clone().lock_owned()).await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        Ok(Writing { transaction: self.write.begin_with("BEGIN IMMEDIATE").await?, _turn: turn })
    }

    /// Moves all of the write-ahead log into the database and empties it, so that what was deleted stands there no more.
    /// False if a reader still needs what is in it: then try again later.
    pub async fn empty_log(&self) -> sqlx::Result<bool> {
        // Most of the work, which keeps nobody waiting.
        self.read.execute("PRAGMA wal_checkpoint(PASSIVE)").await?;
        let _turn = timeout(MAX_WAIT, self.turn.lock()).await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let mut connection = self.write.acquire().await?;
        // It is not worth waiting for a reader: nobody writes meanwhile.
        connection.execute("PRAGMA busy_timeout = 0").await?;
        let checkpoint = connection.fetch_one("PRAGMA wal_checkpoint(TRUNCATE)").await;
        connection.execute(PRAGMAS[0]).await?;
        let busy: i64 = checkpoint?.try_get(0)?;
        Ok(busy == 0)
    }

    /// Whose turn it is to write.
    pub fn turn(&self) -> Arc<Mutex<()>> {
        self.turn.clone()
    }

    /// The file, with all symbolic links resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// Refuses a SQLite that can lose committed rows. `number` is as SQLite counts: 3051003 is 3.51.3.
pub fn check_version(number: i32) -> anyhow::Result<()> {
    let [least, found] = [MIN_SQLITE, number].map(|n| format!("{}.{}.{}", n / 1_000_000, n / 1_000 % 1_000, n % 1_000));
    if number < MIN_SQLITE {
        bail!(
            "This Rivulet was built with SQLite {found}, which can lose what was written. Build it with {least} or newer."
        );
    }
    Ok(())
}

/// Makes the file if there is none, and gives its path without symbolic links: one file is one database, by whatever
/// name it is opened.
fn create(path: &Path) -> std::io::Result<PathBuf> {
    let file = private_files::private().create(true).append(true).open(path)?;
    if private_files::others_may_read(&file)? {
        tracing::warn!(
            database = %path.display(),
            "other users of this machine may read the database: take that away with chmod 600, of its -wal and -shm too"
        );
    }
    path.canonicalize()
}

fn lock(path: &Path, named: &Path) -> anyhow::Result<File> {
    let beside = path.with_added_extension("lock");
    // Never through a link that somebody else may have put there, and what is there stays as it is.
    let file = private_files::unlinked(private_files::private().write(true).create(true).truncate(false))
        .open(&beside)
        .with_context(|| {
            format!(
                "The lock file {} cannot be opened. May its folder be written? Is it a symbolic link?",
                beside.display()
            )
        })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "The database {} is in use by another Rivulet. Stop that one, or name another file in RIVULET_DATABASE_URL.",
            named.display()
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
        .acquire_timeout(MAX_WAIT)
        .idle_timeout(None)
        .max_lifetime(None)
        // A file does not hang up.
        .test_before_acquire(false)
        // SQLite ends a transaction itself when its disk fails, sqlx counts it as open for ever: such a one is replaced.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
        .after_connect(|connection, _| {
            Box::pin(async move {
                for pragma in PRAGMAS {
                    connection.execute(pragma).await?;
                }
                Ok(())
            })
        })
}

/// A column that holds an id, or one of an enum's names.
pub fn parsed<T>(row: &AnyRow, column: &str) -> sqlx::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    (row.try_get::<String, _>(column)?.parse()).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// The same for a column that may be empty.
pub fn optional<T>(row: &AnyRow, column: &str) -> sqlx::Result<Option<T>>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| text.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))).transpose()
}

pub fn json<T: serde::Serialize>(value: &T) -> sqlx::Result<String> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

pub fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> sqlx::Result<T> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// What a list of so many values is in a statement: `$2, $3, $4` for (2, 3).
pub fn placeholders(first: usize, count: usize) -> String {
    (first..first + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}
