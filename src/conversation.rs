//! Conversations: what they are, and the two lists that every tab keeps in step (a conversation's messages, and the
//! sidebar's conversations).

use std::{str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    access::Viewer,
    ids::{AccountId, ConversationId, MessageId, Millis, Rev, Seq, UserId},
    message::{Epoch, Message, Role, Status, UnknownName, Usage},
    text::in_one_line,
};

#[cfg(feature = "ssr")]
pub mod changes {
    //! What people change.
    pub mod store;
}
pub mod context;
#[cfg(feature = "ssr")]
pub mod deletion;
#[cfg(feature = "ssr")]
pub mod fork;
pub mod list;
pub mod marks;
#[cfg(feature = "ssr")]
pub mod options {
    //! How the replies of a conversation are asked for.
    pub mod store;
}
#[cfg(feature = "ssr")]
pub mod purge;
pub mod queue;
pub mod ratings;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
pub mod temporary;
#[cfg(feature = "ssr")]
pub mod tombstones;
pub mod tree;
#[cfg(feature = "ssr")]
pub mod window {
    //! What a page loads of a conversation's tree, and what a model is sent of it.
    pub mod store;
}

pub use list::ListPosition;
use marks::Mark;

/// How many messages a page opens with, and how many more come as one scrolls up.
pub const MESSAGES_A_PAGE: i64 = 30;
/// How many conversations the sidebar opens with, and how many more come as one scrolls down.
pub const CONVERSATIONS_A_PAGE: i64 = 60;
/// For so long what was deleted can be brought back; then it is removed.
pub const UNDO_TIMEOUT: Duration = Duration::from_secs(15);
/// For so long a temporary conversation stays after its last message.
pub const TEMPORARY_TIMEOUT: Duration = Duration::from_hours(24);
/// For so long a temporary conversation stays after its last page was closed, as that may have been to load it anew.
pub const LEFT_TIMEOUT: Duration = Duration::from_mins(5);
/// The longest message that a person can send, in bytes.
pub const LONGEST_MESSAGE: usize = 512 * 1024;
/// The longest title, in characters.
pub const LONGEST_TITLE: usize = 80;

/// One of the sidebar's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sidebar {
    /// A person's own conversations in an account.
    Mine,
    /// Those that are open to all members of the account.
    Shared,
}

/// Whose list of the sidebar it is. Each has a counter of its own, so that what is private moves no number that others
/// can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SidebarTopic {
    Mine(AccountId, UserId),
    Shared(AccountId),
}

impl SidebarTopic {
    /// What the viewer means by the list.
    pub fn of(list: Sidebar, viewer: Viewer) -> SidebarTopic {
        match list {
            Sidebar::Mine => SidebarTopic::Mine(viewer.account, viewer.user),
            Sidebar::Shared => SidebarTopic::Shared(viewer.account),
        }
    }

    pub fn list(self) -> Sidebar {
        match self {
            SidebarTopic::Mine(..) => Sidebar::Mine,
            SidebarTopic::Shared(_) => Sidebar::Shared,
        }
    }
}

/// Who may see a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Who made it.
    Private,
    /// All members of its account.
    Account,
    /// Who made it, until it expires. It is in no list.
    Temporary,
}

impl Visibility {
    pub fn as_str(self) -> &'static str {
        match self {
            Visibility::Private => "private",
            Visibility::Account => "account",
            Visibility::Temporary => "temporary",
        }
    }
}

impl FromStr for Visibility {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Visibility, UnknownName> {
        let known = [Visibility::Private, Visibility::Account, Visibility::Temporary];
        known.into_iter().find(|visibility| visibility.as_str() == name).ok_or_else(|| UnknownName(name.to_owned()))
    }
}

/// What the replies of a conversation have cost, on all branches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationUsage {
    /// How many replies the providers have counted.
    pub replies: u64,
    /// How many of them have no cost, as no price was known.
    pub without_cost: u64,
    /// The sums. `cost` is that of the others; none if no reply has one.
    pub usage: Usage,
}

impl ConversationUsage {
    /// Counts a reply in.
    pub fn add(&mut self, reply: Usage) {
        self.replies += 1;
        self.without_cost += u64::from(reply.cost.is_none());
        self.usage = self.usage.plus(reply);
    }
}

/// A conversation as the sidebar lists it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Conversation {
    pub id: ConversationId,
    /// The change of the sidebar's list in which it became what it is.
    pub rev: Rev,
    pub title: String,
    /// When something was last said in it.
    pub updated_at: Millis,
    /// The change of its messages with which a reply ended last; 0: none has.
    #[serde(default, skip_serializing_if = "is_default")]
    pub replied: Rev,
    /// Whether a reply runs in it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub is_running: bool,
    /// What its reader has marked it with, as it was when the row was read; the list of marks has what came since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
    /// When it is removed, if it is temporary and nobody writes in it meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Millis>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl list::Row for Conversation {
    type Id = ConversationId;

    fn id(&self) -> ConversationId {
        self.id
    }

    fn rev(&self) -> Rev {
        self.rev
    }
}

/// What a conversation's list has of a message: all that may change beside the message itself, never its parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageMeta {
    pub id: MessageId,
    /// The change of the conversation's list in which it became what it is.
    pub rev: Rev,
    /// What it answers or follows; none: the conversation begins with it. Messages of one parent are siblings.
    pub parent: Option<MessageId>,
    /// The order in which the conversation's messages were written; a child's is higher than its parent's.
    pub seq: Seq,
    /// Who wrote it, or asked for the reply.
    pub author: UserId,
    pub role: Role,
    pub status: Status,
    pub epoch: Epoch,
    /// A reply that was asked for in one send with others of its siblings.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub together: bool,
}

impl list::Row for MessageMeta {
    type Id = MessageId;

    fn id(&self) -> MessageId {
        self.id
    }

    fn rev(&self) -> Rev {
        self.rev
    }
}

/// What a page loads of a conversation. A leaf is the last message of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The end of the branch that its plain address opens: the newest leaf below the reader's own newest message, or else
    /// the newest leaf.
    Newest,
    /// Around a message, on the branch to the newest leaf below it.
    Around(MessageId),
    /// What is before this one, which the page has.
    Before(MessageId),
    /// What is after `message`, which the page has, on the branch to `leaf`.
    After { message: MessageId, leaf: MessageId },
}

/// A window of a conversation: the metas of the messages in it and of their siblings, and the messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePage {
    pub conversation: Conversation,
    /// The change of the list up to which this is complete.
    pub position: ListPosition,
    /// The newest message of the conversation, wherever it is.
    pub newest: Seq,
    /// The last message of the branch; none: the conversation is empty.
    pub leaf: Option<MessageId>,
    /// The leaf that the plain address opens.
    pub plain_leaf: Option<MessageId>,
    pub metas: Vec<MessageMeta>,
    /// In the order of the branch.
    pub messages: Vec<Message>,
    /// The siblings of its last message that were asked for together with it, while that is a leaf; in any
    /// order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<Message>,
    /// Whether there is something before it, and after it.
    pub more_before: bool,
    pub more_after: bool,
}

/// A page of the sidebar, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationPage {
    /// The change of the list up to which this is complete.
    pub position: ListPosition,
    /// The change of the reader's marks up to which those of the rows are.
    pub marks: ListPosition,
    /// Without those that are archived.
    pub rows: Vec<Conversation>,
    /// All that are pinned, with the first page: some are among the rows, too.
    pub pinned: Vec<Conversation>,
    pub more: bool,
}

/// A title from a message's first words, until there is a better one. Not empty, so that the sidebar has something to
/// show.
pub fn first_words(text: &str) -> String {
    let line = in_one_line(text);
    if line.is_empty() {
        return "Untitled".to_owned();
    }
    if line.chars().count() <= 48 {
        return line;
    }
    let short: String = line.chars().take(48).collect();
    let end = short.rfind(' ').filter(|end| *end > 16).unwrap_or(short.len());
    format!("{}…", &short[..end])
}
