//! What people change in their conversations. Every statement is scoped by who asks.

use sqlx::{AnyConnection, AssertSqlSafe, any::AnyRow};

use crate::{
    access::{
        Viewer,
        store::{AccessChange, MAY_CHANGE, MAY_SEE, lose_access},
    },
    conversation::{SidebarTopic, Visibility},
    database::{Database, parsed, placeholders},
    ids::{AccountId, ConversationId, Millis, Rev, UserId},
};

impl SidebarTopic {
    /// The column that has a conversation's last change in this list, and who may see those that are in it.
    pub(crate) fn column(self) -> (&'static str, Visibility) {
        match self {
            SidebarTopic::Mine(..) => ("mine_rev", Visibility::Private),
            SidebarTopic::Shared(_) => ("shared_rev", Visibility::Account),
        }
    }
}

impl Database {
    /// Gives a conversation a name by hand. Gives the list that it is in; `None` if the viewer may not.
    pub async fn rename(&self, viewer: Viewer, id: ConversationId, title: &str) -> sqlx::Result<Option<SidebarTopic>> {
        self.write_title(viewer, id, title, MAY_CHANGE, "1 = 1").await
    }

    /// Gives a conversation the name that a model found, unless it has had one.
    pub async fn give_title(
        &self,
        viewer: Viewer,
        id: ConversationId,
        title: &str,
    ) -> sqlx::Result<Option<SidebarTopic>> {
        self.write_title(viewer, id, title, MAY_SEE, "titled = 0").await
    }

    async fn write_title(
        &self,
        viewer: Viewer,
        id: ConversationId,
        title: &str,
        rule: &str,
        only_if: &str,
    ) -> sqlx::Result<Option<SidebarTopic>> {
        let mut tx = self.begin().await?;
        let Some(Some(topic)) = sidebar_topic(&mut tx, viewer, id, rule).await? else { return Ok(None) };
        let rev = next_sidebar_rev(&mut tx, topic).await?;
        let (column, visibility) = topic.column();
        let statement = format!(
            "UPDATE conversations SET title = $1, titled = 1, {column} = $2 WHERE id = $3 AND visibility = '{}' AND {only_if}",
            visibility.as_str()
        );
        let done =
            sqlx::query(AssertSqlSafe(statement)).bind(title).bind(rev).bind(id.to_string()).execute(&mut *tx).await?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        tx.commit().await?;
        Ok(Some(topic))
    }

    /// Opens a conversation to all members of its account, or closes it again: it leaves one list of the sidebar, and comes
    /// into the other. Gives both; `None` if the viewer did not make it, or if it is so already.
    pub async fn set_visibility(
        &self,
        viewer: Viewer,
        id: ConversationId,
        visibility: Visibility,
        now: Millis,
    ) -> sqlx::Result<Option<[SidebarTopic; 2]>> {
        let mut tx = self.begin().await?;
        let is_own = format!("{MAY_CHANGE} AND c.created_by = $1");
        let Some((account, user, before)) = list_columns(&mut tx, viewer, id, &is_own).await? else { return Ok(None) };
        if before == visibility || [before, visibility].contains(&Visibility::Temporary) {
            return Ok(None);
        }
        let (mine, shared) = (SidebarTopic::Mine(account, user), SidebarTopic::Shared(account));
        // The person before the account, as everywhere.
        let mine_rev = next_sidebar_rev(&mut tx, mine).await?;
        let shared_rev = next_sidebar_rev(&mut tx, shared).await?;
        sqlx::query("UPDATE conversations SET visibility = $1, mine_rev = $2, shared_rev = $3 WHERE id = $4")
            .bind(visibility.as_str())
            .bind(mine_rev)
            .bind(shared_rev)
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        if visibility == Visibility::Private {
            lose_access(&mut tx, AccessChange { conversation: Some(id), ..Default::default() }, now).await?;
        }
        tx.commit().await?;
        Ok(Some([mine, shared]))
    }

    /// Whether the conversation still has only its first words for a title, and shows it.
    pub async fn wants_title(&self, viewer: Viewer, id: ConversationId) -> sqlx::Result<bool> {
        let statement =
            format!("SELECT c.titled FROM conversations c WHERE c.id = $2 AND c.expires_at IS NULL AND {MAY_SEE}");
        let titled: Option<i64> = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(viewer.user.to_string())
            .bind(id.to_string())
            .fetch_optional(&self.read)
            .await?;
        Ok(titled == Some(0))
    }
}

/// What a conversation's lists follow from, if `rule` holds.
async fn list_columns(
    tx: &mut AnyConnection,
    viewer: Viewer,
    id: ConversationId,
    rule: &str,
) -> sqlx::Result<Option<(AccountId, UserId, Visibility)>> {
    let statement =
        format!("SELECT c.account_id, c.created_by, c.visibility FROM conversations c WHERE c.id = $2 AND {rule}");
    sqlx::query(AssertSqlSafe(statement))
        .bind(viewer.user.to_string())
        .bind(id.to_string())
        .try_map(|row: AnyRow| {
            Ok((parsed(&row, "account_id")?, parsed(&row, "created_by")?, parsed(&row, "visibility")?))
        })
        .fetch_optional(tx)
        .await
}

/// In which list of the sidebar a conversation is, if `rule` ([`MAY_SEE`], [`MAY_CHANGE`]) holds. A temporary one is in none.
pub(crate) async fn sidebar_topic(
    tx: &mut AnyConnection,
    viewer: Viewer,
    id: ConversationId,
    rule: &str,
) -> sqlx::Result<Option<Option<SidebarTopic>>> {
    let row = list_columns(tx, viewer, id, rule).await?;
    Ok(row.map(|(account, created_by, visibility)| topic_of(account, created_by, visibility)))
}

fn topic_of(account: AccountId, created_by: UserId, visibility: Visibility) -> Option<SidebarTopic> {
    match visibility {
        Visibility::Private => Some(SidebarTopic::Mine(account, created_by)),
        Visibility::Account => Some(SidebarTopic::Shared(account)),
        Visibility::Temporary => None,
    }
}

/// A conversation's row in the sidebar has changed by what happens in it. Gives the list that it is in; `None` if the viewer
/// may not see it, or if it is temporary.
pub(crate) async fn change_row(
    tx: &mut AnyConnection,
    viewer: Viewer,
    id: ConversationId,
) -> sqlx::Result<Option<SidebarTopic>> {
    let Some(Some(topic)) = sidebar_topic(tx, viewer, id, MAY_SEE).await? else { return Ok(None) };
    let rev = next_sidebar_rev(tx, topic).await?;
    let statement = format!("UPDATE conversations SET {} = $1 WHERE id = $2", topic.column().0);
    sqlx::query(AssertSqlSafe(statement)).bind(rev).bind(id.to_string()).execute(tx).await?;
    Ok(Some(topic))
}

/// The same of many that are in a list: of those of which `rule` holds, in the order of their ids.
pub(crate) async fn sidebar_topics(
    tx: &mut AnyConnection,
    viewer: Viewer,
    ids: &[ConversationId],
    rule: &str,
) -> sqlx::Result<Vec<(ConversationId, SidebarTopic)>> {
    let statement = format!(
        "SELECT c.id, c.account_id, c.created_by, c.visibility FROM conversations c
         WHERE c.id IN ({}) AND c.expires_at IS NULL AND {rule} ORDER BY c.id",
        placeholders(2, ids.len())
    );
    let query = sqlx::query(AssertSqlSafe(statement)).bind(viewer.user.to_string());
    let query = ids.iter().fold(query, |query, id| query.bind(id.to_string()));
    let found = query.try_map(|row: AnyRow| {
        let topic = topic_of(parsed(&row, "account_id")?, parsed(&row, "created_by")?, parsed(&row, "visibility")?);
        Ok((parsed(&row, "id")?, topic))
    });
    let found: Vec<(ConversationId, Option<SidebarTopic>)> = found.fetch_all(tx).await?;
    Ok(found.into_iter().filter_map(|(id, topic)| Some((id, topic?))).collect())
}

/// Counts a change of a list of the sidebar.
pub(crate) async fn next_sidebar_rev(tx: &mut AnyConnection, topic: SidebarTopic) -> sqlx::Result<Rev> {
    next_sidebar_revs(tx, topic, 1).await
}

/// The same of the list that a conversation is in, if it is in one.
pub(crate) async fn next_rev_in_sidebar(
    tx: &mut AnyConnection,
    topic: Option<SidebarTopic>,
) -> sqlx::Result<Option<(SidebarTopic, Rev)>> {
    let Some(topic) = topic else { return Ok(None) };
    Ok(Some((topic, next_sidebar_rev(tx, topic).await?)))
}

/// Counts so many changes of a list of the sidebar, and gives the rev of the first.
pub(crate) async fn next_sidebar_revs(tx: &mut AnyConnection, topic: SidebarTopic, changes: i64) -> sqlx::Result<Rev> {
    let newest: Rev = match topic {
        SidebarTopic::Mine(account, user) => sqlx::query_scalar(
            "UPDATE memberships SET mine_rev = mine_rev + $1 WHERE account_id = $2 AND user_id = $3 RETURNING mine_rev",
        )
        .bind(changes)
        .bind(account.to_string())
        .bind(user.to_string())
        .fetch_one(tx)
        .await?,
        SidebarTopic::Shared(account) => {
            sqlx::query_scalar("UPDATE accounts SET shared_rev = shared_rev + $1 WHERE id = $2 RETURNING shared_rev")
                .bind(changes)
                .bind(account.to_string())
                .fetch_one(tx)
                .await?
        }
    };
    Ok(newest - changes + 1)
}

/// Counts so many changes of the messages of a conversation and gives the rev of the first: each changed row has one of
/// its own. `None` if it is deleted.
pub(crate) async fn next_messages_rev(
    tx: &mut AnyConnection,
    id: ConversationId,
    changes: i64,
) -> sqlx::Result<Option<Rev>> {
    let newest: Option<Rev> = sqlx::query_scalar(
        "UPDATE conversations SET messages_rev = messages_rev + $1 WHERE id = $2 AND deleted_at IS NULL RETURNING messages_rev",
    )
    .bind(changes)
    .bind(id.to_string())
    .fetch_optional(tx)
    .await?;
    Ok(newest.map(|newest| newest - changes + 1))
}
