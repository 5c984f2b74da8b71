//! A copy of the database, also while it is served.

use std::{
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use rusqlite::{Connection, OpenFlags};

use super::connection::path_of;
use crate::private_files::private;

/// Copies the database at `url` to a `file` that does not exist yet, durable and checked. One read transaction: what is
/// written meanwhile is not in it, and nobody is kept waiting. Errors are for the person who asked for it.
pub async fn backup(url: &str, file: &Path) -> anyhow::Result<()> {
    let (from, to) = (path_of(url)?, file.to_owned());
    let copied = tokio::task::spawn_blocking(move || {
        if to.exists() {
            bail!("{} exists already. Name a new file for the copy.", to.display());
        }
        copy(&from, &to)
    });
    copied.await?
}

/// The same for a database by its path, and in the place of what is called `to` already.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let partial = partial(to);
    // SQLite copies into an empty file, and leaves it as private as it is.
    match private().write(true).create_new(true).open(&partial) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{} exists: a backup is being made, or one was cut off. Remove it if none is.", partial.display())
        }
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be written.", partial.display()));
        }
    }
    let copied = write(from, &partial).and_then(|()| leave_out_temporary(&partial)).and_then(|()| check(&partial));
    if let Err(error) = copied {
        let _ = fs::remove_file(&partial);
        return Err(error);
    }
    fs::rename(&partial, to).with_context(|| format!("The copy cannot be named {}.", to.display()))?;
    // The name is durable when its folder is.
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).context("The copy's folder cannot be written to the disk.")
}

/// What a copy is called until it is whole, so that half a copy is never taken for one.
pub fn partial(copy: &Path) -> PathBuf {
    copy.with_added_extension("partial")
}

fn write(from: &Path, to: &Path) -> anyhow::Result<()> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .with_context(|| format!("The database {} cannot be opened.", from.display()))?;
    let copied = source.execute("VACUUM INTO ?1", [to.to_str().context("The copy's name has to be UTF-8.")?]);
    copied.with_context(|| format!("The database cannot be copied to {}. Is there room?", to.display()))?;
    File::options()
        .write(true)
        .open(to)
        .and_then(|file| file.sync_all())
        .context("The copy cannot be written to the disk.")
}

/// Takes temporary conversations out of a copy: they are to be nowhere once they are closed. What is left is copied within the
/// file, so that no page has any of them.
fn leave_out_temporary(copy: &Path) -> anyhow::Result<()> {
    let removed = (|| {
        let copy = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // An older database, before its tables are changed.
        if !copy.column_exists(None, "conversations", "expires_at")? {
            return Ok(());
        }
        // The rows refer to each other. Of what has just been read nothing is left on the disk but this copy.
        copy.pragma_update(None, "foreign_keys", false)?;
        copy.pragma_update(None, "journal_mode", "MEMORY")?;
        copy.pragma_update(None, "temp_store", "MEMORY")?;
        copy.pragma_update(None, "secure_delete", true)?;
        if remove_temporary(&copy)? > 0 {
            copy.execute_batch("VACUUM")?;
        }
        Ok::<(), rusqlite::Error>(())
    })();
    removed.context("Temporary chats cannot be taken out of the copy.")?;
    File::options()
        .write(true)
        .open(copy)
        .and_then(|file| file.sync_all())
        .context("The copy cannot be written to the disk.")
}

/// Gives how many conversations there were.
fn remove_temporary(copy: &Connection) -> rusqlite::Result<usize> {
    const TEMPORARY: &str = "SELECT id FROM conversations WHERE expires_at IS NOT NULL";
    let messages = format!("SELECT id FROM messages WHERE conversation_id IN ({TEMPORARY})");
    copy.execute_batch(&format!(
        "DELETE FROM journal WHERE message_id IN ({messages});
         DELETE FROM queue WHERE conversation_id IN ({TEMPORARY});
         DELETE FROM lanes WHERE conversation_id IN ({TEMPORARY});
         DELETE FROM conversation_options WHERE conversation_id IN ({TEMPORARY});
         DELETE FROM conversation_marks WHERE conversation_id IN ({TEMPORARY});
         DELETE FROM ratings WHERE conversation_id IN ({TEMPORARY});
         DELETE FROM deletions WHERE conversation_id IN ({TEMPORARY});
         DELETE FROM list_starts WHERE list IN ({TEMPORARY});
         DELETE FROM messages WHERE conversation_id IN ({TEMPORARY});"
    ))?;
    copy.execute("DELETE FROM conversations WHERE expires_at IS NOT NULL", [])
}

/// A copy that cannot be read is worse than none.
fn check(copy: &Path) -> anyhow::Result<()> {
    let copy =
        Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_ONLY).context("The copy cannot be opened.")?;
    let found: String =
        copy.query_row("PRAGMA integrity_check", [], |row| row.get(0)).context("The copy cannot be read.")?;
    match &*found {
        "ok" => Ok(()),
        found => bail!("The copy is damaged, and so may be the database: {found}"),
    }
}
