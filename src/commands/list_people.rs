//! `rivulet list-people`: who has an account, and where they stand.

use crate::{
    account::session::ListedPerson,
    database::Database,
    ids::{Millis, minted_at, now},
    people::security_page::{ago, date},
    text::in_one_line,
};

const HEADER: [&str; 5] = ["NAME", "EMAIL", "SINCE", "SESSIONS", "LAST USED"];

/// A table of everybody, with a line end after each line. Errors are for the person who asked for it.
pub async fn list_people(database_url: &str) -> anyhow::Result<String> {
    let database = Database::open_beside(database_url).await?;
    let now = now();
    let people = database.people(now).await?;
    database.close().await;
    let rows = people.into_iter().map(|listed| row(listed, now));
    Ok(table(&[HEADER.map(str::to_owned)].into_iter().chain(rows).collect::<Vec<_>>()))
}

fn row(listed: ListedPerson, now: Millis) -> [String; 5] {
    let since = minted_at(listed.user).map_or_else(String::new, |at| date(at, 0));
    let used = listed.seen_at.map_or_else(|| "-".into(), |at| ago(now - at));
    [in_one_line(&listed.person.name), in_one_line(&listed.person.email), since, listed.sessions.to_string(), used]
}

/// Columns as wide as what is in them.
fn table(rows: &[[String; 5]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |row: &[String; 5]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
