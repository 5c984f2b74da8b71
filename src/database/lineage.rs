//! Beginning a lineage: from then on lists count in one that no other copy of the database has.
//!
//! The whole scheme is one row a start, and no file beside the database, which could be restored or copied with it.
//! Why no page is ever taken for up to date by another past: say it has a list up to `rev` of lineage L. It was given that by
//! the process that began L, when the list stood at `rev`. A database that has L was copied from that process' own, no
//! earlier than L began; and whoever served the copy since began another lineage before changing anything. So all that
//! the copy has under L is what that process had too, and the page has no more than that if `rev` is at most where the
//! list stood at the end of L in the copy (`conversation::list::start`). A process that is killed here has begun a
//! lineage that nobody was given, or none.

use sqlx::AnyPool;

use crate::ids::{Lineage, now};

/// Numbers below this are whole in every reader of JSON.
const NONCES: i64 = 1 << 53;

/// Begins a lineage. Before this process changes or serves anything.
pub(super) async fn begin(write: &AnyPool) -> sqlx::Result<Lineage> {
    let nonce = rand::random_range(0..NONCES);
    sqlx::query("INSERT INTO lineages (nonce, begun_at) VALUES ($1, $2)")
        .bind(nonce)
        .bind(now())
        .execute(write)
        .await?;
    Ok(Lineage(nonce))
}

/// The one that was begun last.
pub(super) async fn newest(read: &AnyPool) -> sqlx::Result<Lineage> {
    sqlx::query_scalar("SELECT nonce FROM lineages ORDER BY number DESC LIMIT 1").fetch_one(read).await.map(Lineage)
}
