//! The conditions of access, as they stand in statements; memberships; and the losses of access, which every process
//! reads.

use std::collections::BTreeSet;

use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};

use super::{AccountRole, Viewer};
use crate::{
    database::{Database, optional, parsed, placeholders},
    ids::{AccountId, ConversationId, Millis, UserId},
};

/// That the person `$1` may see the conversation `c`, and write in it.
pub(crate) const MAY_SEE: &str = "c.deleted_at IS NULL AND (c.created_by = $1 OR c.visibility = 'account')
    AND EXISTS (SELECT 1 FROM memberships ms WHERE ms.account_id = c.account_id AND ms.user_id = $1)";

macro_rules! may_change {
    () => {
        "EXISTS (SELECT 1 FROM memberships ms WHERE ms.account_id = c.account_id AND ms.user_id = $1
        AND (c.created_by = $1 OR c.visibility = 'account' AND ms.role IN ('owner', 'admin')))"
    };
}

/// That the person `$1` may rename, open, close and delete the conversation `c`, delete messages in it, and bring those back.
pub(crate) const MAY_CHANGE: &str = concat!("c.deleted_at IS NULL AND ", may_change!());

/// That the person `$1` may bring back the deleted conversation `c`.
pub(crate) const MAY_RESTORE: &str = concat!("c.deleted_at IS NOT NULL AND ", may_change!());

/// Whom or what a loss of access concerns; what is not named concerns all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccessChange {
    pub user: Option<UserId>,
    pub account: Option<AccountId>,
    pub conversation: Option<ConversationId>,
}

impl Database {
    /// Whether the viewer may see this conversation now.
    pub async fn may_see(&self, viewer: Viewer, id: ConversationId) -> sqlx::Result<bool> {
        let statement = format!("SELECT c.id FROM conversations c WHERE c.id = $2 AND {MAY_SEE}");
        let found: Option<String> = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(viewer.user.to_string())
            .bind(id.to_string())
            .fetch_optional(&self.read)
            .await?;
        Ok(found.is_some())
    }

    /// Those of these conversations that the viewer may see now.
    pub async fn visible(
        &self,
        viewer: Viewer,
        ids: &BTreeSet<ConversationId>,
    ) -> sqlx::Result<BTreeSet<ConversationId>> {
        if ids.is_empty() {
            return Ok(BTreeSet::new());
        }
        let statement =
            format!("SELECT c.id FROM conversations c WHERE c.id IN ({}) AND {MAY_SEE}", placeholders(2, ids.len()),);
        let query = sqlx::query(AssertSqlSafe(statement)).bind(viewer.user.to_string());
        let query = ids.iter().fold(query, |query, id| query.bind(id.to_string()));
        let visible = query.try_map(|row: AnyRow| parsed(&row, "id")).fetch_all(&self.read).await?;
        Ok(visible.into_iter().collect())
    }

    /// Ends a membership. False if there was none.
    pub async fn remove_member(&self, account: AccountId, user: UserId, now: Millis) -> sqlx::Result<bool> {
        let mut tx = self.begin().await?;
        let removed = sqlx::query("DELETE FROM memberships WHERE account_id = $1 AND user_id = $2")
            .bind(account.to_string())
            .bind(user.to_string())
            .execute(&mut *tx)
            .await?;
        lose_access(&mut tx, AccessChange { user: Some(user), ..Default::default() }, now).await?;
        tx.commit().await?;
        Ok(removed.rows_affected() == 1)
    }

    /// Forgets the losses of access from before this time: every process has read them.
    pub async fn forget_access_changes(&self, before: Millis) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM access_changes WHERE at < $1").bind(before).execute(&mut *tx).await?;
        tx.commit().await
    }

    /// The losses of access after this number, oldest first, at most 1,000; each with its number.
    pub async fn access_changes(&self, after: i64) -> sqlx::Result<Vec<(i64, AccessChange)>> {
        sqlx::query(
            "SELECT number, user_id, account_id, conversation_id FROM access_changes
             WHERE number > $1 ORDER BY number LIMIT 1000",
        )
        .bind(after)
        .try_map(|row: AnyRow| {
            let change = AccessChange {
                user: optional(&row, "user_id")?,
                account: optional(&row, "account_id")?,
                conversation: optional(&row, "conversation_id")?,
            };
            Ok((row.try_get("number")?, change))
        })
        .fetch_all(&self.read)
        .await
    }

    /// The number of the newest loss of access; 0 if there is none.
    pub async fn newest_access_change(&self) -> sqlx::Result<i64> {
        sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) FROM access_changes").fetch_one(&self.read).await
    }
}

/// Has every process check again what is open to whoever is concerned. In the transaction in which access is lost.
pub(crate) async fn lose_access(tx: &mut AnyConnection, change: AccessChange, now: Millis) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO access_changes (at, user_id, account_id, conversation_id) VALUES ($1, $2, $3, $4)")
        .bind(now)
        .bind(change.user.map(|user| user.to_string()))
        .bind(change.account.map(|account| account.to_string()))
        .bind(change.conversation.map(|conversation| conversation.to_string()))
        .execute(tx)
        .await?;
    Ok(())
}

/// The same of many conversations.
pub(crate) async fn lose_access_to(tx: &mut AnyConnection, ids: &[ConversationId], now: Millis) -> sqlx::Result<()> {
    let statement = format!(
        "INSERT INTO access_changes (at, conversation_id) SELECT $1, id FROM conversations WHERE id IN ({})",
        placeholders(2, ids.len())
    );
    let query = sqlx::query(AssertSqlSafe(statement)).bind(now);
    ids.iter().fold(query, |query, id| query.bind(id.to_string())).execute(tx).await?;
    Ok(())
}

/// Makes somebody a member of an account. The counters of their lists continue where those of an earlier membership ended.
pub(crate) async fn add_member(
    tx: &mut AnyConnection,
    account: AccountId,
    user: UserId,
    role: AccountRole,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO memberships (account_id, user_id, role, created_at, mine_rev, marks_rev)
         SELECT $1, $2, $3, $4, COALESCE(MAX(mine_rev), 0), COALESCE((
             SELECT MAX(rev) FROM conversation_marks WHERE user_id = $2 AND account_id = $1), 0)
         FROM conversations WHERE account_id = $1 AND created_by = $2",
    )
    .bind(account.to_string())
    .bind(user.to_string())
    .bind(role.as_str())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}
