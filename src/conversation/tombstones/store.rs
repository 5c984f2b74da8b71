//! Tombstones and lineages that are removed. Each step is a short transaction of its own, safe to repeat.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, Row, any::AnyRow};

use crate::{
    database::{Database, parsed, placeholders},
    ids::{AccountId, Millis, Rev, UserId},
};

/// How many rows go in one transaction.
const SLICE: i64 = 100;

impl Database {
    /// Removes some conversations that were deleted `before` then and have no messages left, and raises the floors of the
    /// lists that they were in, in one transaction. Whether there may be more.
    pub async fn remove_tombstones(&self, before: Millis) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        let old: Vec<Tombstone> = sqlx::query(
            "SELECT c.id, c.account_id, c.created_by, c.mine_rev, c.shared_rev FROM conversations c
             WHERE c.deleted_at < $1 AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id)
             AND NOT EXISTS (SELECT 1 FROM deletions d WHERE d.conversation_id = c.id)
             ORDER BY c.deleted_at LIMIT $2",
        )
        .bind(before)
        .bind(SLICE)
        .try_map(tombstone)
        .fetch_all(&mut *tx)
        .await?;
        if old.is_empty() {
            return Ok(false);
        }
        let (mut mine, mut shared) = (BTreeMap::<_, Rev>::new(), BTreeMap::<_, Rev>::new());
        for one in &old {
            let floor = mine.entry((one.account, one.created_by)).or_default();
            *floor = (*floor).max(one.mine_rev);
            let floor = shared.entry(one.account).or_default();
            *floor = (*floor).max(one.shared_rev);
        }
        for ((account, user), floor) in mine {
            sqlx::query(
                "UPDATE memberships SET mine_floor = $1 WHERE account_id = $2 AND user_id = $3 AND mine_floor < $1",
            )
            .bind(floor)
            .bind(account.to_string())
            .bind(user.to_string())
            .execute(&mut *tx)
            .await?;
        }
        for (account, floor) in shared {
            sqlx::query("UPDATE accounts SET shared_floor = $1 WHERE id = $2 AND shared_floor < $1")
                .bind(floor)
                .bind(account.to_string())
                .execute(&mut *tx)
                .await?;
        }
        let ids = placeholders(1, old.len());
        for statement in [
            format!("DELETE FROM lanes WHERE conversation_id IN ({ids})"),
            format!("DELETE FROM conversations WHERE id IN ({ids})"),
        ] {
            let query = old.iter().fold(sqlx::query(AssertSqlSafe(statement)), |query, one| query.bind(&one.id));
            query.execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(old.len() as i64 == SLICE)
    }

    /// Removes some messages that were deleted `before` then and purged, and raises the floors of their conversations' lists,
    /// in one transaction. Whether there may be more.
    pub async fn remove_message_tombstones(&self, before: Millis) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        // Those below a message were deleted with it or before it. So where a deletion is not purged, some may remain below
        // whatever was deleted in the conversation later.
        let old: Vec<(String, String, i64, Rev)> = sqlx::query_as(
            "SELECT m.id, m.conversation_id, m.lane, m.rev FROM messages m WHERE m.deleted_at < $1
             AND NOT EXISTS (SELECT 1 FROM deletions d WHERE d.conversation_id = m.conversation_id AND d.deleted_at <= m.deleted_at)
             ORDER BY m.deleted_at, m.seq DESC LIMIT $2",
        )
        .bind(before)
        .bind(SLICE)
        .fetch_all(&mut *tx)
        .await?;
        if old.is_empty() {
            return Ok(false);
        }
        let mut floors = BTreeMap::<&str, Rev>::new();
        for (_, conversation, _, rev) in &old {
            let floor = floors.entry(conversation).or_default();
            *floor = (*floor).max(*rev);
        }
        for (conversation, floor) in floors {
            sqlx::query("UPDATE conversations SET messages_floor = $1 WHERE id = $2 AND messages_floor < $1")
                .bind(floor)
                .bind(conversation)
                .execute(&mut *tx)
                .await?;
        }
        let statement = format!("DELETE FROM messages WHERE id IN ({})", placeholders(1, old.len()));
        let query = old.iter().fold(sqlx::query(AssertSqlSafe(statement)), |query, (id, ..)| query.bind(id));
        query.execute(&mut *tx).await?;
        let lanes: BTreeSet<(&str, i64)> =
            old.iter().map(|(_, conversation, lane, _)| (&**conversation, *lane)).collect();
        for (conversation, lane) in lanes {
            sqlx::query(
                "DELETE FROM lanes WHERE conversation_id = $1 AND lane = $2
                 AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = $1 AND m.lane = $2)",
            )
            .bind(conversation)
            .bind(lane)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(old.len() as i64 == SLICE)
    }

    /// Removes some lineages that ended `before` then, and where lists stood when they were first changed in those. Whether
    /// there may be more.
    pub async fn remove_lineages(&self, before: Millis) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        // The first one that is kept: it began before then, and those before it ended before that.
        let kept: Option<i64> =
            sqlx::query_scalar("SELECT number FROM lineages WHERE begun_at < $1 ORDER BY number DESC LIMIT 1")
                .bind(before)
                .fetch_optional(&mut *tx)
                .await?;
        let Some(kept) = kept else { return Ok(false) };
        // Where lists stood when it began is asked for only from a lineage before it.
        let starts = sqlx::query(
            "DELETE FROM list_starts WHERE (list, lineage) IN (SELECT list, lineage FROM list_starts WHERE lineage <= $1 LIMIT $2)",
        )
        .bind(kept)
        .bind(SLICE)
        .execute(&mut *tx)
        .await?;
        let mut removed = starts.rows_affected();
        if removed == 0 {
            let lineages = sqlx::query(
                "DELETE FROM lineages WHERE number IN (SELECT number FROM lineages WHERE number < $1 ORDER BY number LIMIT $2)",
            )
            .bind(kept)
            .bind(SLICE)
            .execute(&mut *tx)
            .await?;
            removed = lineages.rows_affected();
        }
        tx.commit().await?;
        Ok(removed > 0)
    }
}

/// A conversation that was deleted, and its last change in each list of the sidebar.
struct Tombstone {
    id: String,
    account: AccountId,
    created_by: UserId,
    mine_rev: Rev,
    shared_rev: Rev,
}

fn tombstone(row: AnyRow) -> sqlx::Result<Tombstone> {
    Ok(Tombstone {
        id: row.try_get("id")?,
        account: parsed(&row, "account_id")?,
        created_by: parsed(&row, "created_by")?,
        mine_rev: row.try_get("mine_rev")?,
        shared_rev: row.try_get("shared_rev")?,
    })
}
