//! A tab's two lists, compared with what a page that opens now has of them.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use kit::{Person, Received, Tab};
use rand::{RngExt, rngs::SmallRng};
use rivulet::{
    conversation::{ConversationPage, MessageMeta, MessagePage, Sidebar},
    ids::{ConversationId, MessageId},
    live::List,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};

use crate::tally::{Awaited, Tally};

/// How long lists may take after the end of a reply that the tab has seen, over bad lines too.
const LONGEST: Duration = Duration::from_secs(30);
/// How long what was read of a page counts as current, so that a crowd of tabs does not read it a thousand times at once.
const FRESH: Duration = Duration::from_millis(200);

/// Reads the lists as pages do that open now. Cheap to clone: it is shared.
#[derive(Clone)]
pub struct Pages {
    person: Person,
    here: watch::Receiver<SocketAddr>,
    conversations: HashMap<MessageId, ConversationId>,
    read: Arc<Mutex<HashMap<ConversationId, (Instant, Page)>>>,
}

/// The lists of a page that is open on a conversation; nothing if the server does not show it.
type Page = Option<Arc<(MessagePage, ConversationPage)>>;

impl Pages {
    pub fn new(person: Person, here: watch::Receiver<SocketAddr>) -> Pages {
        Pages { person, here, conversations: HashMap::new(), read: Arc::default() }
    }

    /// Remembers in which conversation a message is.
    pub fn learn(&mut self, message: MessageId, conversation: ConversationId) {
        self.conversations.insert(message, conversation);
    }

    /// From now on the tab has both lists of a page that is open on the message's conversation.
    pub async fn follows_lists(&self, tab: &mut Tab, message: MessageId) {
        if let Some(conversation) = self.conversations.get(&message) {
            tab.follows_list(List::Messages(*conversation)).await;
            tab.follows_list(List::Conversations(Sidebar::Mine)).await;
        }
    }

    /// Reads until the tab's lists are those of a page that opens now. Whoever may not see them is done.
    pub async fn converge(&self, tab: &mut Tab, message: MessageId, tally: &Tally, random: &mut SmallRng) {
        let Some(conversation) = self.conversations.get(&message) else {
            return;
        };
        let begun = Instant::now();
        loop {
            match self.page(*conversation).await {
                Some(None) => return,
                Some(Some(page)) if are_those_of(tab, &page) => break,
                _ => {}
            }
            assert!(begun.elapsed() < LONGEST, "a tab's lists are not those of a page that opens now");
            let connections = tab.connection.connections;
            if let Some(Received::Closed(_)) = tab.receives(FRESH).await {
                while tab.connection.connections == connections {
                    tab.acts(random.random()).await;
                }
            }
        }
        let last = tab.received.iter().rposition(|received| matches!(received, Received::List(_)));
        tally.came(Awaited::Lists, last.is_some_and(|last| came_by_a_heartbeat(&tab.received[..=last])));
        tally.converged(begun.elapsed());
    }

    /// What it is now, if the server answers.
    async fn page(&self, conversation: ConversationId) -> Option<Page> {
        let mut read = self.read.lock().await;
        if let Some((_, page)) = read.get(&conversation).filter(|(at, _)| at.elapsed() < FRESH) {
            return Some(page.clone());
        }
        let messages = self.asks("messages", json!({ "id": conversation, "window": "newest" })).await?;
        let sidebar = self.asks("conversations", json!({ "list": "mine", "after": null })).await?;
        let page = messages.zip(sidebar).map(Arc::new);
        read.insert(conversation, (Instant::now(), page.clone()));
        Some(page)
    }

    /// An answer, nothing in it if that is no; nothing at all if there is no server just now.
    async fn asks<T: DeserializeOwned>(&self, function: &str, input: Value) -> Option<Option<T>> {
        let person = Person { address: *self.here.borrow(), ..self.person.clone() };
        let response = person.request(function).body(input.to_string()).send().await.ok()?;
        let status = response.status();
        let text = response.text().await.ok()?;
        if status.is_server_error() {
            return None;
        }
        Some(status.is_success().then(|| serde_json::from_str(&text).expect("an answer that can be read")))
    }
}

fn are_those_of(tab: &Tab, page: &(MessagePage, ConversationPage)) -> bool {
    let (messages, sidebar) = page;
    messages.metas.iter().all(|meta| tab.metas.get(&meta.id) == Some(meta))
        && sidebar.rows.iter().all(|row| tab.conversations.get(&row.id) == Some(row))
        // And nothing that is there no more. (A page has no rows of branches that it does not show.)
        && (messages.more_before || tab.metas.values().all(|meta| is_there(meta, messages)))
        && (sidebar.more || tab.conversations.len() == sidebar.rows.len())
}

fn is_there(meta: &MessageMeta, page: &MessagePage) -> bool {
    let is_beside = meta.parent.is_none_or(|parent| page.messages.iter().any(|message| message.id == parent));
    !is_beside || page.metas.iter().any(|other| other.id == meta.id)
}

/// Whether the last of what came did so right after a heartbeat that was not a new connection's greeting: on its own it
/// would have come earlier, or not at all.
pub fn came_by_a_heartbeat(came: &[Received]) -> bool {
    matches!(came, [.., before, Received::Beat(_), _] if !matches!(before, Received::Closed(_)))
}
