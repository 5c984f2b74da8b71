//! A tab that costs as little as it can, so that many of them delay nothing: the page's own client, and one message.

use std::collections::HashMap;

use kit::{Connection, Incoming, Person};
use rivulet::{
    conversation::{ListPosition, list::Held},
    ids::MessageId,
    live::{ClientFrame, List, ServerFrame, client::Page},
    message::{Change, Event, Message, Outcome, Role},
};

use crate::recorder::{Recorder, Seen};

pub struct Tab {
    connection: Connection<Shown>,
    /// How often it has asked for its message since it is connected.
    pub asked: usize,
}

struct Shown {
    /// The one message that it shows.
    message: Message,
    /// Up to which change it has each list, if it has anything of it.
    lists: HashMap<List, ListPosition>,
}

impl Page for Shown {
    fn read<R>(&self, _: MessageId, read: impl FnOnce(&Message) -> R) -> Option<R> {
        Some(read(&self.message))
    }

    fn apply(&mut self, _: MessageId, event: Event) -> Outcome {
        self.message.apply(event)
    }

    fn release(&mut self, _: MessageId) {}

    fn held(&self, list: List) -> Option<Held> {
        self.lists.get(&list).copied().map(Held::up_to)
    }
}

impl Tab {
    /// Opens a socket for a page that has this message so far.
    pub async fn open(person: &Person, message: Message) -> Tab {
        let shown = Shown { message, lists: HashMap::new() };
        let connection = Connection::open(person, None, shown).await.expect("a WebSocket");
        Tab { connection, asked: 0 }
    }

    /// Opens a socket and follows a reply of which it has nothing yet, until the server has answered.
    pub async fn follows(person: &Person, id: MessageId) -> Tab {
        let mut tab = Tab::open(person, Message::unseen(id, Role::Assistant)).await;
        tab.asks().await;
        // Nothing is written yet that anyone could see.
        let mut nothing = Recorder::default();
        loop {
            let frame = tab.next(&mut nothing).await;
            let is_answer = matches!(frame, ServerFrame::Number(..));
            tab.takes(frame, &mut nothing).await;
            if is_answer {
                return tab;
            }
        }
    }

    /// Follows its message: asks for what is missing, and all that comes.
    pub async fn asks(&mut self) {
        let Message { id, epoch, .. } = self.connection.client.page.message;
        self.connection.client.follow(id, epoch, false);
        self.sends_frames().await;
    }

    /// Follows a list from there on; from its beginning if it has nothing of it.
    pub async fn follows_list(&mut self, list: List, position: Option<ListPosition>) {
        self.connection.client.page.lists.extend(position.map(|position| (list, position)));
        self.connection.client.follow_list(list);
        self.sends_frames().await;
    }

    /// The connection is gone, without a close.
    pub fn drops(self) -> Message {
        self.connection.client.page.message
    }

    /// Reads until the reply has ended.
    pub async fn sees_the_end(mut self, mut recorder: Recorder) -> Seen {
        while !self.connection.client.page.message.status.is_final() {
            self.reads(&mut recorder).await;
        }
        recorder.closes()
    }

    /// Reads until it has so many bytes, and gives how many bytes of text it was sent for that.
    pub async fn sees(&mut self, recorder: &mut Recorder, bytes: usize) -> usize {
        let mut sent = 0;
        while self.length() < bytes {
            sent += self.reads(recorder).await;
        }
        sent
    }

    /// Reads until a frame comes for which this holds.
    pub async fn waits_for(&mut self, wanted: impl Fn(&ServerFrame) -> bool) {
        let mut nothing = Recorder::default();
        loop {
            let frame = self.next(&mut nothing).await;
            let found = wanted(&frame);
            self.takes(frame, &mut nothing).await;
            if found {
                return;
            }
        }
    }

    /// Reads the next frame, and gives how many bytes of text it brought.
    async fn reads(&mut self, recorder: &mut Recorder) -> usize {
        let frame = self.next(recorder).await;
        let brought = match &frame {
            ServerFrame::Event(_, _, Change::Text(text)) => text.text.len(),
            ServerFrame::Event(_, _, Change::Snapshot { message, .. }) => message.text().len(),
            ServerFrame::Event(..) | ServerFrame::Number(..) | ServerFrame::Beat(_) => 0,
            // Lists, of which nobody asks here what is in them.
            ServerFrame::Messages(..) | ServerFrame::Conversations(..) => 0,
            other => panic!("{other:?} came"),
        };
        self.takes(frame, recorder).await;
        brought
    }

    async fn next(&mut self, recorder: &mut Recorder) -> ServerFrame {
        let before = self.connection.bytes;
        let incoming = self.connection.next().await;
        recorder.frame(self.connection.bytes - before);
        match incoming {
            Incoming::Frame(frame) => frame,
            Incoming::Closed(code) => panic!("the server closed a socket: {code}"),
        }
    }

    async fn takes(&mut self, frame: ServerFrame, recorder: &mut Recorder) {
        let before = self.length();
        if let Some(update) = self.connection.takes(frame)
            && let Some(position) = update.position()
        {
            self.connection.client.page.lists.insert(update.list(), position);
        }
        self.sends_frames().await;
        let last = self.connection.client.page.message.parts.last();
        recorder.sees(last.and_then(|part| part.text.get(before..)).unwrap_or_default());
    }

    async fn sends_frames(&mut self) {
        for frame in self.connection.client.frames() {
            self.asked += usize::from(matches!(frame, ClientFrame::Message { .. }));
            self.connection.sends(&frame).await;
        }
    }

    /// These loads have one part.
    fn length(&self) -> usize {
        self.connection.client.page.message.parts.last().map_or(0, |part| part.text.len())
    }
}
