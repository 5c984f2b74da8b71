//! The steps that bring the tables of a database up to date.

mod copies;

use std::{cmp::Ordering, collections::BTreeMap, path::Path, time::Instant};

use anyhow::{Context, anyhow, bail};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use sha2::{Digest, Sha384};
use sqlx::AnyConnection;

use super::connection::connect;

/// A file in `migrations/sqlite`. Databases have taken it, so it is never changed.
#[derive(Clone, Copy)]
pub struct Step {
    pub number: i64,
    pub description: &'static str,
    pub statements: &'static str,
}

/// All steps, in order.
pub const STEPS: &[Step] = &[
    step(1, "start", include_str!("../../migrations/sqlite/0001_start.sql")),
    step(2, "journal in order", include_str!("../../migrations/sqlite/0002_journal_in_order.sql")),
    step(3, "models", include_str!("../../migrations/sqlite/0003_models.sql")),
    step(4, "sessions and devices", include_str!("../../migrations/sqlite/0004_sessions_and_devices.sql")),
    step(6, "trees", include_str!("../../migrations/sqlite/0006_trees.sql")),
    step(7, "lineage", include_str!("../../migrations/sqlite/0007_lineage.sql")),
    step(8, "queue", include_str!("../../migrations/sqlite/0008_queue.sql")),
    step(9, "resumed", include_str!("../../migrations/sqlite/0009_resumed.sql")),
    step(10, "deletions", include_str!("../../migrations/sqlite/0010_deletions.sql")),
    step(11, "stop reasons", include_str!("../../migrations/sqlite/0011_stop_reasons.sql")),
    step(12, "steering", include_str!("../../migrations/sqlite/0012_steering.sql")),
    step(13, "usage", include_str!("../../migrations/sqlite/0013_usage.sql")),
    step(14, "finished deletions", include_str!("../../migrations/sqlite/0014_finished_deletions.sql")),
    step(15, "marks", include_str!("../../migrations/sqlite/0015_marks.sql")),
    step(17, "instructions", include_str!("../../migrations/sqlite/0017_instructions.sql")),
    step(18, "asked together", include_str!("../../migrations/sqlite/0018_asked_together.sql")),
    step(19, "ratings", include_str!("../../migrations/sqlite/0019_ratings.sql")),
    step(20, "temporary", include_str!("../../migrations/sqlite/0020_temporary.sql")),
    step(21, "summaries", include_str!("../../migrations/sqlite/0021_summaries.sql")),
];

const fn step(number: i64, description: &'static str, statements: &'static str) -> Step {
    Step { number, description, statements }
}

impl Step {
    fn checksum(&self) -> Vec<u8> {
        Sha384::digest(self.statements).to_vec()
    }
}

/// Takes the `steps` that the database at `path` has not taken yet: all of them, or none. If there is anything in it, it
/// is copied first. The caller holds the lock on the file. Errors are for the person who starts the server.
pub fn run(path: &Path, steps: &[Step]) -> anyhow::Result<()> {
    let shown = path.display();
    let (mut connection, taken) = open(path).with_context(|| {
        format!("The database {shown} cannot be opened. Is it a file that may be written? Is another program using it?")
    })?;
    let due = due(path, steps, &taken)?;
    let Some(first) = due.first() else { return Ok(()) };
    let mut copied = String::new();
    if !is_empty(&connection)? {
        let copy = copies::copy_before(path, first.number).map_err(|error| unchanged(path, &error, ""))?;
        copied = format!(" A copy from before is {}.", copy.display());
    }
    let transaction = take(&mut connection, &due).map_err(|error| unchanged(path, &error, &copied))?;
    // Of a commit that fails nobody can be sure that it did not happen.
    transaction.commit().with_context(|| {
        format!("The disk failed while the database {shown} was brought up to date. The next start finds out whether it was.{copied}")
    })?;
    if !copied.is_empty() {
        tracing::info!(from = first.number, "the database was brought up to date");
        copies::remove_old(path);
    }
    Ok(())
}

/// With number and checksum of each step that the database has taken.
fn open(path: &Path) -> rusqlite::Result<(Connection, BTreeMap<i64, Vec<u8>>)> {
    let connection = connect(path)?;
    let mut taken = BTreeMap::new();
    if connection.table_exists(None, "_sqlx_migrations")? {
        let mut select = connection.prepare("SELECT version, checksum FROM _sqlx_migrations")?;
        taken = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    }
    Ok((connection, taken))
}

fn due<'a>(path: &Path, steps: &'a [Step], taken: &BTreeMap<i64, Vec<u8>>) -> anyhow::Result<Vec<&'a Step>> {
    let shown = path.display();
    if let Some(version) = taken.keys().find(|number| steps.iter().all(|step| step.number != **number)) {
        bail!(
            "The database {shown} is from a newer Rivulet (it has step {version}, which this one does not know). Start that version, or name another file in RIVULET_DATABASE_URL."
        );
    }
    let changed = |step: &&Step| taken.get(&step.number).is_some_and(|checksum| *checksum != step.checksum());
    if let Some(Step { number, description, .. }) = steps.iter().find(changed) {
        bail!(
            "The database {shown} has taken another step {number} ({description}) than this Rivulet has, so one of the two is no released version. Start the one that made it, or name another file in RIVULET_DATABASE_URL."
        );
    }
    Ok(steps.iter().filter(|step| !taken.contains_key(&step.number)).collect())
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

fn unchanged(path: &Path, error: &anyhow::Error, copied: &str) -> anyhow::Error {
    let reason = format!("{error:#}");
    anyhow!(
        "The database {} cannot be brought up to date: {}. Nothing was changed: the Rivulet that you had still works with it.{copied}",
        path.display(),
        reason.trim_end_matches('.')
    )
}

/// All of the steps in one transaction, which is still to be committed: after a failure, or a kill, the older program can
/// still be started.
fn take<'a>(connection: &'a mut Connection, steps: &[&Step]) -> anyhow::Result<Transaction<'a>> {
    let transaction =
        begin(connection).context("it cannot be written. Is it read-only, full, or locked by another program?")?;
    for step in steps {
        take_one(&transaction, step).with_context(|| format!("step {} ({}) failed", step.number, step.description))?;
    }
    Ok(transaction)
}

fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    // To make a table anew is to drop the old one, which with foreign keys on deletes what refers to its rows. Within a
    // transaction this cannot be set.
    connection.pragma_update(None, "foreign_keys", false)?;
    // What is sorted, or may have to be undone, can be as large as the database.
    connection.pragma_update(None, "temp_store", "FILE")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLE)?;
    Ok(transaction)
}

/// As sqlx has it, which took the first steps of older databases.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
)";

fn take_one(transaction: &Transaction, step: &Step) -> anyhow::Result<()> {
    let started = Instant::now();
    transaction.execute_batch(step.statements)?;
    check_references(transaction)?;
    transaction.execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (?1, ?2, 1, ?3, ?4)",
        params![step.number, step.description, step.checksum(), started.elapsed().as_nanos() as i64],
    )?;
    Ok(())
}

/// Refuses rows that refer to rows that are not there.
fn check_references(transaction: &Transaction) -> anyhow::Result<()> {
    let mut check = transaction
        .prepare(r#"SELECT "table", parent, COUNT(*) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2"#)?;
    let mut broken = check.query([])?;
    if let Some(row) = broken.next()? {
        let (table, parent, count): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        bail!("of the table {table}, {count} rows refer to rows of {parent} that are not there");
    }
    Ok(())
}

/// Whether the tables are those that this program was written for. Errors are for the person who runs a command.
pub async fn check(connection: &mut AnyConnection) -> anyhow::Result<()> {
    let newest: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations")
        .fetch_one(connection)
        .await
        .context("The database has no tables of Rivulet's, or cannot be read.")?;
    let mine = STEPS.iter().map(|step| step.number).max().unwrap_or_default();
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
