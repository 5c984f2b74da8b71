//! What starts a reply in the database: a person's message, another answer to it, or continuing.

use sqlx::{AnyConnection, AssertSqlSafe, any::AnyRow};

use crate::{
    access::{Viewer, store::MAY_SEE},
    conversation::{
        MessageMeta, SidebarTopic, Visibility,
        changes::store::{change_row, next_messages_rev, next_rev_in_sidebar, sidebar_topic},
        marks::store::bring_back,
        options::store::write_options,
        queue::{ReplyChange, Sender},
        store::{MESSAGE, message},
        temporary::expiry,
    },
    database::{Database, json, parsed},
    ids::{ConversationId, MessageId, Millis, NodeId, Rev},
    message::{Epoch, Kind, Message, Part, Position, Role, Status},
    reply::continue_from::store::write_instruction,
    reply::queue::store::{Sendable, is_queued, move_queue, take_queued},
    reply::tree::store::{Spot, TreeNode, Written, node_of, visible_node},
    steering::options::Options,
};

/// The most replies that run in one conversation at a time.
const MAX_RUNNING: i64 = 8;

/// A person's message and the replies that it asks for.
pub struct Exchange {
    pub conversation: ConversationId,
    /// Makes the conversation, with this title, if it is not there yet. One that is temporary has none.
    pub opens: Option<String>,
    /// What the message follows; none: the conversation begins with it.
    pub parent: Option<MessageId>,
    /// The message of the same person that it is another version of: its sibling.
    pub edits: Option<MessageId>,
    /// Whether the conversation that it makes is temporary.
    pub temporary: bool,
    /// How the replies of the conversation that it makes are asked for.
    pub options: Options,
    pub said: Message,
    pub reply: Message,
    /// Those of the other models that are asked together with the first.
    pub others: Vec<Message>,
    pub now: Millis,
}

impl Exchange {
    pub fn replies(&self) -> impl DoubleEndedIterator<Item = &Message> {
        std::iter::once(&self.reply).chain(&self.others)
    }
}

/// What became of something that starts a reply.
#[derive(Debug, PartialEq, Eq)]
pub enum Started {
    /// The replies stand in the database.
    Yes(NewReplies),
    /// The same send, come twice: nothing was done.
    Repeated,
    /// What it follows is still running, or this model answers the same message already, or too many run here.
    Busy,
    /// It is not in a state for this any more; somebody else was faster.
    Changed,
    /// There is no such thing for this viewer.
    Missing,
    /// This process was declared dead: it must write no more.
    Fenced,
}

/// Replies that were written.
#[derive(Debug, PartialEq, Eq)]
pub struct NewReplies {
    /// The list's row of the message that was written with them.
    pub said: Option<MessageMeta>,
    /// In the order in which they were written.
    pub replies: Vec<MessageMeta>,
    /// The sidebar's list that has changed with them.
    pub sidebar: Option<SidebarTopic>,
    /// Whether the conversation was archived by whoever wrote, and is no more.
    pub came_back: bool,
}

impl Database {
    /// A person's message and the replies to it, all or nothing. The first reply is written last: the newest is the one to
    /// which a page opens.
    pub async fn exchange(&self, viewer: Viewer, new: &Exchange, node: NodeId) -> sqlx::Result<Started> {
        let mut tx = self.begin().await?;
        if is_fenced(&mut tx, node).await? {
            return Ok(Started::Fenced);
        }
        if let Some(title) = &new.opens {
            insert_conversation(&mut tx, viewer, new, title).await?;
        }
        let Some(sidebar) = sidebar_topic(&mut tx, viewer, new.conversation, MAY_SEE).await? else {
            return Ok(Started::Missing);
        };
        if let Some(before) = sent_before(&mut tx, new).await? {
            // The same id with other words is no repetition, and those words must not go unsaid.
            let same = before.text() == new.said.text();
            return Ok(if same { Started::Repeated } else { Started::Changed });
        }
        let sidebar = next_rev_in_sidebar(&mut tx, sidebar).await?;
        let Some(rev) = next_messages_rev(&mut tx, new.conversation, 1 + new.replies().count() as i64).await? else {
            return Ok(Started::Missing);
        };
        let parent = match parent_of(&mut tx, viewer, new).await? {
            Ok(parent) => parent,
            Err(refused) => return Ok(refused),
        };
        // It is in the queue, and would come twice.
        if is_queued(&mut tx, new.said.id).await? {
            return Ok(Started::Changed);
        }
        if is_full(&mut tx, new.conversation, new.replies().count()).await? {
            return Ok(Started::Busy);
        }
        let together = !new.others.is_empty();
        let written = Written { conversation: new.conversation, viewer, now: new.now, together };
        let replies: Vec<&Message> = new.replies().rev().collect();
        let started = written.insert_exchange(&mut tx, parent, sidebar, rev, (&new.said, &replies), node);
        match started.await {
            // The id is taken by something else, here or elsewhere.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(Started::Changed),
            started => {
                let started = started?;
                tx.commit().await?;
                Ok(Started::Yes(started))
            }
        }
    }

    /// Makes a row of the queue a message, with the reply to it, for which the other rows then wait: together or not at all,
    /// and once, however many try.
    pub async fn send_queued(
        &self,
        row: &Sendable,
        sender: Sender,
        reply: &Message,
        now: Millis,
        node: NodeId,
    ) -> sqlx::Result<Started> {
        let Sendable { conversation, author, ref queued } = *row;
        let mut tx = self.begin().await?;
        if is_fenced(&mut tx, node).await? {
            return Ok(Started::Fenced);
        }
        let Some(sidebar) = sidebar_topic(&mut tx, author, conversation, MAY_SEE).await? else {
            return Ok(Started::Missing);
        };
        let sidebar = next_rev_in_sidebar(&mut tx, sidebar).await?;
        let Some(rev) = next_messages_rev(&mut tx, conversation, 2).await? else {
            return Ok(Started::Missing);
        };
        if !take_queued(&mut tx, queued).await? {
            return Ok(Started::Changed);
        }
        // It has just been deleted, and may come back.
        let Some(parent) = node_of(&mut tx, conversation, queued.wait.after).await? else {
            return Ok(Started::Changed);
        };
        if !queued.wait.may_be_sent(parent.status, sender) {
            return Ok(Started::Changed);
        }
        if is_full(&mut tx, conversation, 1).await? {
            return Ok(Started::Busy);
        }
        let said = Message { parts: queued.parts.clone(), ..Message::said(queued.id, String::new(), now) };
        let written = Written { conversation, viewer: author, now, together: false };
        let parent = Some(parent.spot);
        let started = written.insert_exchange(&mut tx, parent, sidebar, rev, (&said, &[reply]), node).await;
        let started = match started {
            // Its id is another message's, so it never can.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(Started::Missing),
            started => started?,
        };
        move_queue(&mut tx, conversation, queued.wait.after, ReplyChange::Answered(reply.id)).await?;
        tx.commit().await?;
        Ok(Started::Yes(started))
    }

    /// Another reply to what `of` answers: its sibling. One that begins with words of it may have an `instruction` for the rest.
    /// What waits for `of` waits for it.
    pub async fn retry(
        &self,
        viewer: Viewer,
        of: MessageId,
        (reply, instruction): (&Message, Option<&str>),
        now: Millis,
        node: NodeId,
    ) -> sqlx::Result<Started> {
        let mut tx = self.begin().await?;
        let ended = match ended(&mut tx, viewer, of, node).await? {
            Ok(ended) => ended,
            Err(refused) => return Ok(refused),
        };
        let Some(parent) = ended.of.parent.filter(|_| ended.of.role == reply.role) else { return Ok(Started::Missing) };
        let Some(parent) = node_of(&mut tx, ended.conversation, parent).await? else {
            return Ok(Started::Changed);
        };
        let written = Written { conversation: ended.conversation, viewer, now, together: false };
        let started = ended.write(&mut tx, written, parent.spot, reply, node, ReplyChange::Retried(reply.id)).await?;
        if let Started::Yes(_) = started {
            if let Some(instruction) = instruction {
                write_instruction(&mut tx, reply.id, instruction).await?;
            }
            tx.commit().await?;
        }
        Ok(started)
    }

    /// A summary of all up to the finished reply `of`, which it follows. What waits for that reply waits for the summary then.
    pub async fn summarise(
        &self,
        viewer: Viewer,
        of: MessageId,
        summary: &Message,
        now: Millis,
        node: NodeId,
    ) -> sqlx::Result<Started> {
        let mut tx = self.begin().await?;
        let ended = match ended(&mut tx, viewer, of, node).await? {
            Ok(ended) => ended,
            Err(refused) => return Ok(refused),
        };
        let written = Written { conversation: ended.conversation, viewer, now, together: false };
        let parent = ended.of.spot;
        let started = ended.write(&mut tx, written, parent, summary, node, ReplyChange::Answered(summary.id)).await?;
        if let Started::Yes(_) = started {
            tx.commit().await?;
        }
        Ok(started)
    }

    /// Opens a new epoch of a message that ended early, `from` where it did: a compare-and-set on the epoch that the person
    /// saw.
    pub async fn resume(
        &self,
        viewer: Viewer,
        id: MessageId,
        from: Position,
        (next, status): (Epoch, Status),
        node: NodeId,
    ) -> sqlx::Result<Started> {
        let mut tx = self.begin().await?;
        if is_fenced(&mut tx, node).await? {
            return Ok(Started::Fenced);
        }
        let Some((conversation, before)) = visible_node(&mut tx, viewer, id).await? else {
            return Ok(Started::Missing);
        };
        let sidebar = change_row(&mut tx, viewer, conversation).await?;
        let Some(rev) = next_messages_rev(&mut tx, conversation, 1).await? else {
            return Ok(Started::Missing);
        };
        if is_full(&mut tx, conversation, 1).await? {
            return Ok(Started::Busy);
        }
        let updated = sqlx::query(
            "UPDATE messages SET epoch = $1, nonce = $2, resumed_from = $3, status = $4, stop_reason = NULL,
                 ended_at = NULL, error = NULL, usage = NULL, node_id = $5, rev = $6
             WHERE id = $7 AND epoch = $8 AND nonce = $9
                 AND (status IN ('stopped', 'failed', 'interrupted') OR status = 'completed' AND stop_reason = 'length')",
        )
        .bind(i64::from(next.counter))
        .bind(i64::from(next.nonce))
        .bind(json(&from)?)
        .bind(status.as_str())
        .bind(node.to_string())
        .bind(rev)
        .bind(id.to_string())
        .bind(i64::from(from.epoch.counter))
        .bind(i64::from(from.epoch.nonce))
        .execute(&mut *tx)
        .await;
        let updated = match updated {
            // This model answers the same message already.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(Started::Busy),
            updated => updated?,
        };
        if updated.rows_affected() == 0 {
            return Ok(Started::Changed);
        }
        move_queue(&mut tx, conversation, id, ReplyChange::Continued).await?;
        tx.commit().await?;
        let TreeNode { spot, parent, author, role, together, .. } = before;
        let reply = MessageMeta { id, rev, parent, seq: spot.seq, author, role, status, epoch: next, together };
        Ok(Started::Yes(NewReplies { said: None, replies: vec![reply], sidebar, came_back: false }))
    }

    /// What a reply of this process answers, if its row is that of one that has started and not ended. In a transaction
    /// that may write, so that no earlier one is still under way.
    pub async fn parent_if_started(
        &self,
        id: MessageId,
        epoch: Epoch,
        node: NodeId,
    ) -> sqlx::Result<Option<MessageId>> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "SELECT parent_id FROM messages
             WHERE id = $1 AND epoch = $2 AND nonce = $3 AND node_id = $4 AND status IN ('pending', 'streaming')",
        )
        .bind(id.to_string())
        .bind(i64::from(epoch.counter))
        .bind(i64::from(epoch.nonce))
        .bind(node.to_string())
        .try_map(|row: AnyRow| parsed(&row, "parent_id"))
        .fetch_optional(&mut *tx)
        .await
    }
}

async fn insert_conversation(tx: &mut AnyConnection, viewer: Viewer, new: &Exchange, title: &str) -> sqlx::Result<()> {
    let made = sqlx::query(
        "INSERT INTO conversations (id, account_id, created_by, created_at, visibility, title, updated_at, expires_at)
         SELECT $1, $2, $3, $4, $6, $5, $4, $7 FROM memberships ms WHERE ms.account_id = $2 AND ms.user_id = $3
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(new.conversation.to_string())
    .bind(viewer.account.to_string())
    .bind(viewer.user.to_string())
    .bind(new.now)
    .bind(if new.temporary { "" } else { title })
    .bind(if new.temporary { Visibility::Temporary } else { Visibility::Private }.as_str())
    .bind(new.temporary.then(|| expiry(new.now)))
    .execute(&mut *tx)
    .await?;
    if made.rows_affected() == 1
        && !new.options.is_empty()
        && let Some(rev) = next_messages_rev(tx, new.conversation, 1).await?
    {
        write_options(tx, new.conversation, rev, &new.options).await?;
    }
    Ok(())
}

/// Where a message that is sent goes, if it can go there.
async fn parent_of(
    tx: &mut AnyConnection,
    viewer: Viewer,
    new: &Exchange,
) -> sqlx::Result<Result<Option<Spot>, Started>> {
    let edited = match new.edits {
        None => None,
        Some(id) => match node_of(tx, new.conversation, id).await? {
            Some(edited)
                if edited.role == Role::User && edited.author == viewer.user && edited.parent == new.parent =>
            {
                Some(edited)
            }
            _ => return Ok(Err(Started::Changed)),
        },
    };
    let Some(id) = new.parent else {
        // It begins once: whoever has nothing of what is there yet has no branch to continue.
        let may_begin = edited.is_some() || !has_messages(tx, new.conversation).await?;
        return Ok(if may_begin { Ok(None) } else { Err(Started::Changed) });
    };
    Ok(match node_of(tx, new.conversation, id).await? {
        Some(parent) if parent.role.is_reply() && parent.status.is_final() => Ok(Some(parent.spot)),
        Some(parent) if parent.role.is_reply() => Err(Started::Busy),
        _ => Err(Started::Changed),
    })
}

/// A reply that has ended and to which another one is added, in this change of its conversation's messages.
struct Ended {
    conversation: ConversationId,
    of: TreeNode,
    sidebar: Option<SidebarTopic>,
    rev: Rev,
}

/// Such a reply, if another one can be added.
async fn ended(
    tx: &mut AnyConnection,
    viewer: Viewer,
    of: MessageId,
    node: NodeId,
) -> sqlx::Result<Result<Ended, Started>> {
    if is_fenced(tx, node).await? {
        return Ok(Err(Started::Fenced));
    }
    let Some((conversation, of)) = visible_node(tx, viewer, of).await? else { return Ok(Err(Started::Missing)) };
    let sidebar = change_row(tx, viewer, conversation).await?;
    let Some(rev) = next_messages_rev(tx, conversation, 1).await? else { return Ok(Err(Started::Missing)) };
    if !of.role.is_reply() {
        return Ok(Err(Started::Missing));
    }
    if !of.status.is_final() || is_full(tx, conversation, 1).await? {
        return Ok(Err(Started::Busy));
    }
    Ok(Ok(Ended { conversation, of, sidebar, rev }))
}

impl Ended {
    /// Writes the other one below a message. `change`: what that is to the queue.
    async fn write(
        self,
        tx: &mut AnyConnection,
        written: Written,
        parent: Spot,
        reply: &Message,
        node: NodeId,
        change: ReplyChange,
    ) -> sqlx::Result<Started> {
        match written.insert(tx, Some(parent), self.rev, reply, Some(node)).await {
            // This model is writing one already.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(Started::Busy),
            inserted => {
                let (reply, _) = inserted?;
                move_queue(tx, self.conversation, self.of.spot.id, change).await?;
                let (replies, sidebar) = (vec![reply], self.sidebar);
                Ok(Started::Yes(NewReplies { said: None, replies, sidebar, came_back: false }))
            }
        }
    }
}

/// What stands under the id of a message that is sent.
async fn sent_before(tx: &mut AnyConnection, new: &Exchange) -> sqlx::Result<Option<Message>> {
    sqlx::query(AssertSqlSafe(format!("SELECT {MESSAGE} FROM messages m WHERE m.id = $1 AND m.conversation_id = $2")))
        .bind(new.said.id.to_string())
        .bind(new.conversation.to_string())
        .try_map(message)
        .fetch_optional(tx)
        .await
}

/// Whether another process has declared this one dead.
async fn is_fenced(tx: &mut AnyConnection, node: NodeId) -> sqlx::Result<bool> {
    let alive: Option<String> = sqlx::query_scalar("SELECT id FROM nodes WHERE id = $1 AND fenced = 0")
        .bind(node.to_string())
        .fetch_optional(&mut *tx)
        .await?;
    Ok(alive.is_none())
}

async fn has_messages(tx: &mut AnyConnection, id: ConversationId) -> sqlx::Result<bool> {
    let first: Option<String> = sqlx::query_scalar(
        "SELECT id FROM messages WHERE conversation_id = $1 AND parent_id IS NULL AND deleted_at IS NULL LIMIT 1",
    )
    .bind(id.to_string())
    .fetch_optional(tx)
    .await?;
    Ok(first.is_some())
}

/// Whether so many more replies are too many for a conversation.
async fn is_full(tx: &mut AnyConnection, id: ConversationId, more: usize) -> sqlx::Result<bool> {
    let running: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM messages WHERE conversation_id = $1 AND status IN ('pending', 'streaming')",
    )
    .bind(id.to_string())
    .fetch_one(tx)
    .await?;
    Ok(running + more as i64 > MAX_RUNNING)
}

impl Written {
    /// Writes a person's message below its parent, and the replies to it, of which the last is the first asked; the conversation moves up in the sidebar's list.
    async fn insert_exchange(
        &self,
        tx: &mut AnyConnection,
        parent: Option<Spot>,
        sidebar: Option<(SidebarTopic, Rev)>,
        rev: Rev,
        (said, replies): (&Message, &[&Message]),
        node: NodeId,
    ) -> sqlx::Result<NewReplies> {
        let came_back = bring_back(tx, self.viewer, self.conversation).await?;
        if let Some((sidebar, sidebar_rev)) = sidebar {
            let (column, _) = sidebar.column();
            let statement = format!("UPDATE conversations SET {column} = $1, updated_at = $2 WHERE id = $3");
            sqlx::query(AssertSqlSafe(statement))
                .bind(sidebar_rev)
                .bind(self.now)
                .bind(self.conversation.to_string())
                .execute(&mut *tx)
                .await?;
        }
        let (said, spot) = self.insert(tx, parent, rev, said, None).await?;
        let mut written = Vec::with_capacity(replies.len());
        for (reply, rev) in replies.iter().zip(rev + 1..) {
            written.push(self.insert(tx, Some(spot), rev, reply, Some(node)).await?.0);
        }
        Ok(NewReplies { said: Some(said), replies: written, sidebar: sidebar.map(|(topic, _)| topic), came_back })
    }
}

impl Message {
    /// What a person said: complete from the start.
    pub fn said(id: MessageId, text: String, now: Millis) -> Message {
        Message {
            role: Role::User,
            status: Status::Completed,
            parts: vec![Part { kind: Kind::Text, started_at: now, text }],
            model: None,
            ended_at: Some(now),
            ..Message::asked(id, String::new())
        }
    }

    /// A reply that nothing has come of yet.
    pub fn asked(id: MessageId, model: String) -> Message {
        Message {
            id,
            role: Role::Assistant,
            model: Some(model),
            epoch: Epoch { counter: 1, nonce: rand::random() },
            resumed_from: None,
            status: Status::Pending,
            stop_reason: None,
            parts: vec![],
            ended_at: None,
            error: None,
            usage: None,
        }
    }
}
