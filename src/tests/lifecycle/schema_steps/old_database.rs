//! A database of an older version.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use kit::Folder;
use rivulet::database::migrations::{self, STEPS, Step};
use rusqlite::Connection;

pub struct OldDatabase {
    pub folder: Folder,
}

/// The steps that it has taken. A test adds its own, whatever Rivulet has by now.
const TAKEN: &[Step] = STEPS.split_at(4).0;

/// One person, a conversation with two messages.
const ROWS: &str = "
    INSERT INTO accounts (id) VALUES ('account');
    INSERT INTO users (id, account_id, name, email, password_hash)
        VALUES ('user', 'account', 'Ada', 'ada@example.org', '');
    INSERT INTO sessions (token_hash, user_id, created_at, expires_at) VALUES ('session', 'user', 1, 2);
    INSERT INTO conversations (id, account_id, rev, title, updated_at)
        VALUES ('conversation', 'account', 1, 'A title', 1);
    INSERT INTO messages (id, conversation_id, rev, place, attempt, shown, role, epoch, nonce, status, parts)
        VALUES ('question', 'conversation', 1, 1, 1, 1, 'user', 1, 1, 'completed', '[]'),
               ('answer', 'conversation', 2, 2, 1, 1, 'assistant', 1, 1, 'completed', '[]');";

impl OldDatabase {
    pub fn new() -> OldDatabase {
        OldDatabase::of(TAKEN)
    }

    /// One that has taken these steps alone.
    pub fn of(steps: &[Step]) -> OldDatabase {
        let database = OldDatabase { folder: Folder::new() };
        migrations::run(&database.path(), steps).expect("a new database");
        database.run(ROWS);
        database
    }

    pub fn path(&self) -> PathBuf {
        self.folder.database()
    }

    /// Starts a version that has these steps more. Gives the error that whoever starts it would read.
    pub fn takes(&self, more: &[Step]) -> Result<(), String> {
        migrations::run(&self.path(), &[TAKEN, more].concat()).map_err(|error| format!("{error:#}"))
    }

    /// Runs statements that bind nothing.
    pub fn run(&self, sql: &str) {
        self.connection().execute_batch(sql).unwrap_or_else(|error| panic!("{error} in {sql}"));
    }

    /// The one value that a query gives.
    pub fn count(&self, sql: &str) -> i64 {
        self.connection().query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{error} in {sql}"))
    }

    fn connection(&self) -> Connection {
        Connection::open(self.path()).expect("a database")
    }

    pub fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).expect("the file")
    }

    pub fn content(&self) -> String {
        content(&self.path())
    }

    /// `rivulet.db.NAME`
    pub fn beside(&self, name: &str) -> PathBuf {
        self.path().with_added_extension(name)
    }

    /// `rivulet.dbNAME`, as SQLite names its own files.
    pub fn beside_as(&self, name: &str) -> PathBuf {
        let mut path = self.path().into_os_string();
        path.push(name);
        path.into()
    }

    /// What is called `rivulet.db.before-…`, in order, without that beginning's first part.
    pub fn copies(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder").map(|entry| entry.expect("an entry"));
        let names = entries.map(|entry| entry.file_name().into_string().expect("a name"));
        let mut copies: Vec<_> = names.filter_map(|name| Some(name.strip_prefix("rivulet.db.")?.to_owned())).collect();
        copies.retain(|name| name.starts_with("before-"));
        copies.sort();
        copies
    }
}

/// All tables, with all rows.
pub fn content(path: &Path) -> String {
    let database = Connection::open(path).expect("a database");
    let mut select = database.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").expect("its tables");
    let tables = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("its tables");
    let mut content = String::new();
    for table in tables {
        let (name, sql): (String, Option<String>) = table.expect("a table");
        let _ = writeln!(content, "{name}: {sql:?}");
        if sql.is_some_and(|sql| sql.starts_with("CREATE TABLE")) {
            rows(&database, &name, &mut content);
        }
    }
    content
}

fn rows(database: &Connection, table: &str, content: &mut String) {
    let mut select = database.prepare(&format!("SELECT * FROM {table}")).expect("a table");
    let columns = select.column_count();
    let mut rows = select.query([]).expect("its rows");
    while let Some(row) = rows.next().expect("a row") {
        let values = (0..columns).map(|column| row.get_ref(column).expect("a value"));
        let _ = writeln!(content, "  {:?}", values.collect::<Vec<_>>());
    }
}
