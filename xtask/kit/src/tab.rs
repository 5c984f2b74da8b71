//! A tab that checks the promise: whatever it is sent, what it shows may only grow. So if the last text is right, all that
//! it ever showed was a beginning of it.

mod lists;
mod received;
mod shown;
mod waiting;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use rivulet::{
    conversation::{Conversation, MessageMeta, marks::Mark},
    ids::{ConversationId, MessageId},
    live::{ClientFrame, ServerFrame, client::CONNECT_TIMEOUT},
    message::{Kind, Message, Role},
};

use crate::{
    PATIENCE, Person,
    connection::{Connection, Incoming},
};
use lists::Lists;
pub use received::Received;
use shown::Shown;
pub use shown::is_beginning;

pub struct Tab {
    pub connection: Connection<Shown>,
    /// The rows of the lists that it follows.
    pub metas: BTreeMap<MessageId, MessageMeta>,
    pub conversations: BTreeMap<ConversationId, Conversation>,
    pub marks: BTreeMap<ConversationId, Mark>,
    lists: Lists,
    /// Everything that came, in order.
    pub received: Vec<Received>,
    /// How long it has been waited for something since nothing but heartbeats comes.
    waited: Duration,
    /// Which number the server has given each message.
    numbers: HashMap<u32, MessageId>,
    /// Is called with every state that the tab shows.
    pub observer: Option<Observer>,
}

/// Is called with every state of a message.
pub type Observer = Arc<dyn Fn(&Message) + Send + Sync>;

impl Person {
    pub async fn opens_a_tab(&self) -> Tab {
        Tab::open(self).await
    }
}

impl Tab {
    pub async fn open(person: &Person) -> Tab {
        Tab::open_with(person, None).await
    }

    /// With a receive buffer of so many bytes (the system's own if none).
    pub async fn open_with(person: &Person, buffer: Option<u32>) -> Tab {
        Tab::tries_to_open(person, buffer).await.expect("a WebSocket")
    }

    /// The same, if somebody is there.
    pub async fn tries_to_open(person: &Person, buffer: Option<u32>) -> Option<Tab> {
        Some(Tab {
            connection: Connection::open(person, buffer, Shown::default()).await?,
            metas: BTreeMap::new(),
            conversations: BTreeMap::new(),
            marks: BTreeMap::new(),
            lists: Lists::default(),
            received: vec![],
            waited: Duration::ZERO,
            numbers: HashMap::new(),
            observer: None,
        })
    }

    /// The network is gone and comes back: all that is followed is asked for again, each from where it is.
    pub async fn reconnects(&mut self, person: &Person) {
        self.connection.belongs_to(person);
        assert!(self.tries_to_reconnect().await, "a WebSocket");
    }

    /// The same at the same address, if somebody is there.
    pub async fn tries_to_reconnect(&mut self) -> bool {
        self.connection.tries_to_reconnect().await
    }

    /// What a page does by itself: takes the next frame in, or notices that none comes, and comes back after a pause when
    /// the connection is gone. `random`: at least 0, less than 1, for each pause.
    pub async fn acts(&mut self, random: f64) {
        if !self.connection.is_closed {
            let patience = self.connection.client.wait(self.connection.now());
            if self.receives(patience).await.is_some() {
                return;
            }
            let connection = &mut self.connection;
            connection.client.tick(connection.now());
            connection.sends_frames().await;
            if !connection.client.is_silent(connection.now()) {
                return;
            }
            connection.client.closed(None, connection.now());
            connection.is_closed = true;
        }
        tokio::time::sleep(self.connection.client.pause(true, random)).await;
        // One that does not open in time is given up, as one that is not there.
        if tokio::time::timeout(CONNECT_TIMEOUT, self.tries_to_reconnect()).await.is_err() {
            self.connection.client.closed(None, self.connection.now());
        }
    }

    /// Follows a message of which it has nothing yet.
    pub async fn follows(&mut self, id: MessageId) {
        let newest = self.message_or_unseen(id, Role::Assistant).epoch;
        self.connection.client.follow(id, newest, false);
        self.connection.sends_frames().await;
    }

    pub async fn leaves(&mut self, id: MessageId) {
        self.connection.client.leave(id);
        self.connection.sends_frames().await;
    }

    pub async fn sends(&mut self, frame: ClientFrame) {
        self.connection.sends(&frame).await;
    }

    pub async fn sends_text(&mut self, text: &str) {
        self.connection.sends_text(text).await;
    }

    /// Whether it has the message.
    pub fn shows(&self, id: MessageId) -> bool {
        self.connection.client.page.messages.contains_key(&id)
    }

    pub fn message(&self, id: MessageId) -> &Message {
        self.connection.client.page.messages.get(&id).expect("a message that the tab follows")
    }

    pub fn text(&self, id: MessageId) -> String {
        self.message(id).text()
    }

    pub fn thinking(&self, id: MessageId) -> String {
        let parts = self.message(id).parts.iter().filter(|part| part.kind == Kind::Thinking);
        parts.map(|part| part.text.as_str()).collect()
    }

    /// Takes the next frame in, and gives what it was. Heartbeats come for ever: who waits for something in a loop of these
    /// has waited in vain when nothing else has come for [`PATIENCE`].
    pub async fn next(&mut self) -> Received {
        let begun = Instant::now();
        let received = self.receives(PATIENCE.saturating_sub(self.waited)).await;
        let received = received.unwrap_or_else(|| panic!("waited {PATIENCE:?} in vain for a frame of the server"));
        self.waited =
            if matches!(received, Received::Beat(_)) { self.waited + begun.elapsed() } else { Duration::ZERO };
        received
    }

    /// The same, if one comes in time.
    pub async fn receives(&mut self, patience: Duration) -> Option<Received> {
        let last = self.received.last();
        assert!(!self.connection.is_closed, "the connection was closed, so nothing more comes; last came {last:?}");
        let received = match tokio::time::timeout(patience, self.connection.next()).await.ok()? {
            Incoming::Frame(frame) => self.takes(frame).await,
            Incoming::Closed(code) => Received::Closed(code),
        };
        self.received.push(received.clone());
        Some(received)
    }

    async fn takes(&mut self, frame: ServerFrame) -> Received {
        let received = Received::from(&frame, &mut self.numbers);
        if let Some(update) = self.connection.takes(frame) {
            self.takes_list(update).await;
        }
        if let (Received::Change(id, _), Some(observer)) = (&received, &self.observer)
            && self.shows(*id)
        {
            observer(self.message(*id));
        }
        self.connection.sends_frames().await;
        received
    }

    fn message_or_unseen(&mut self, id: MessageId, role: Role) -> &mut Message {
        self.connection.client.page.messages.entry(id).or_insert_with(|| Message::unseen(id, role))
    }
}
