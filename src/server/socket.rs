//! The server's side of `/live`: one task a tab. It queues nothing: each subscription is the position that it has
//! sent, and is encoded when the socket can take it, a frame a turn (`turns`).

mod access;
mod allowance;
mod heartbeat;
mod requests;
mod turns;
mod upgrade;

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use axum::extract::ws::{CloseFrame, Message as Frame, Utf8Bytes, WebSocket};
use futures::{SinkExt, StreamExt, stream::SplitSink};
use tokio::time::{Instant, sleep_until, timeout};

use crate::{
    conversation::list::Held,
    ids::{ConversationId, MessageId},
    live::{
        List, ServerFrame, close, encode,
        frame_size::FrameSize,
        hub::{Closing, Running, Tab, Topic},
    },
    message::{Message, Position},
    state::AppState,
};
use allowance::Allowance;
pub use upgrade::connect;

/// A reader that takes no byte for so long is gone.
const SEND_PATIENCE: Duration = Duration::from_secs(20);
/// How long a reader may take for what is left when the server stops.
const FAREWELL: Duration = Duration::from_secs(1);
/// A page that sends nothing for so long is gone. Two idle beats and some.
const SILENCE: Duration = Duration::from_secs(60);

/// How a socket ends.
#[derive(PartialEq, Eq)]
enum Closed {
    ByPeer,
    Because(u16, &'static str),
}

const SESSION_OVER: Closed = Closed::Because(close::SESSION_OVER, "Your session is over.");
const SIGNED_OUT: Closed = Closed::Because(close::SIGNED_OUT, "You are signed out.");

const TOO_MANY: Closed = Closed::Because(close::TOO_MANY, "Too many pages are open.");

/// The page comes back with the cookie that it has by then.
const RENEWED: Closed = Closed::Because(close::RESTARTING, "The session was renewed.");

/// Who cannot be known to be signed in is sent nothing: the page comes back and asks again.
const UNREADABLE: Closed = Closed::Because(close::RESTARTING, "The database could not be read.");

struct Socket {
    app: AppState,
    tab: Arc<Tab>,
    sink: SplitSink<WebSocket, Frame>,
    messages: HashMap<MessageId, Subscription>,
    /// What the page has asked for and is not subscribed to yet, in order.
    asked: VecDeque<(MessageId, Option<Position>)>,
    /// How much of each list the page has, by what it said and what it was sent since.
    lists: HashMap<List, Option<Held>>,
    /// What is dirty, in the order of its turns.
    turns: VecDeque<Topic>,
    allowance: Allowance,
    frame_size: FrameSize,
    nonsense: u32,
    /// When the lists were last looked at without having been woken.
    listed: Instant,
}

struct Subscription {
    number: u32,
    conversation: ConversationId,
    sent: Option<Position>,
    source: Source,
}

enum Source {
    Running(Arc<Running>),
    /// It does not run: its row, which is final.
    Row(Box<Message>),
}

impl Socket {
    fn new(app: AppState, tab: Arc<Tab>, sink: SplitSink<WebSocket, Frame>) -> Socket {
        Socket {
            app,
            tab,
            sink,
            messages: HashMap::new(),
            asked: VecDeque::new(),
            lists: HashMap::new(),
            turns: VecDeque::new(),
            allowance: Allowance::new(),
            frame_size: FrameSize::default(),
            nonsense: 0,
            listed: Instant::now(),
        }
    }

    /// Serves the page until it is closed, and returns why.
    async fn serve(&mut self, stream: &mut (impl StreamExt<Item = Result<Frame, axum::Error>> + Unpin)) -> Closed {
        match self.run(stream).await {
            Err(closed) => closed,
        }
    }

    async fn run(
        &mut self,
        stream: &mut (impl StreamExt<Item = Result<Frame, axum::Error>> + Unpin),
    ) -> Result<Infallible, Closed> {
        if !self.app.hub.connect(&self.tab) {
            return Err(TOO_MANY);
        }
        // Register first, then check: somebody may have signed out since the upgrade was asked for.
        self.check_session().await?;
        // The page learns at once that its frames arrive.
        self.beat().await?;
        let mut received = Instant::now();
        let mut beat = Instant::now();
        let beating = sleep_until(beat + self.pace());
        tokio::pin!(beating);
        loop {
            match self.tab.closing() {
                Some(Closing::SignedOut) => return Err(SIGNED_OUT),
                Some(Closing::Renewed) => return Err(RENEWED),
                Some(Closing::Restarting) => return Err(self.say_goodbye().await),
                None => {}
            }
            if received.elapsed() > SILENCE {
                return Err(Closed::ByPeer);
            }
            let tab = self.tab.clone();
            let spent_until = self.allowance.spent_until();
            let next = if spent_until.is_none() { self.next_asked() } else { None };
            let due = beat + self.pace();
            if beating.deadline() != due {
                beating.as_mut().reset(due);
            }
            tokio::select! {
                () = sleep_until(spent_until.unwrap_or(due)), if spent_until.is_some() => {}
                frame = stream.next(), if spent_until.is_none() => {
                    received = Instant::now();
                    self.allowance.spend_frame();
                    let text = match frame {
                        Some(Ok(Frame::Text(text))) => text,
                        Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => continue,
                        Some(Ok(Frame::Binary(_))) => Utf8Bytes::default(),
                        Some(Ok(Frame::Close(_)) | Err(_)) | None => return Err(Closed::ByPeer),
                    };
                    self.receive(&text).await?;
                }
                () = tab.woken() => self.schedule(),
                () = &mut beating => {
                    beat = Instant::now();
                    self.beat().await?;
                }
                // A turn at a time, so that frames from the page, beats and closings are never kept waiting by a long text.
                () = std::future::ready(()), if next.is_some() => {
                    if let Some((id, position)) = next.and_then(|next| self.asked.remove(next)) {
                        self.subscribe(id, position).await?;
                    }
                }
                () = std::future::ready(()), if !self.turns.is_empty() => self.turn().await?,
            }
        }
    }

    /// What was written last, such as how a reply ended, is still sent.
    async fn say_goodbye(&mut self) -> Closed {
        self.schedule();
        let last_words = async {
            while !self.turns.is_empty() {
                self.turn().await?;
            }
            Ok(())
        };
        match timeout(FAREWELL, last_words).await {
            Ok(Err(closed)) => closed,
            _ => Closed::Because(close::RESTARTING, "The server is restarting."),
        }
    }

    fn schedule(&mut self) {
        let turns = &mut self.turns;
        self.tab.take_dirty(|topic| {
            if !turns.contains(&topic) {
                turns.push_back(topic);
            }
        });
    }

    fn enqueue(&mut self, topic: Topic) {
        if !self.turns.contains(&topic) {
            self.turns.push_back(topic);
        }
    }

    async fn send(&mut self, frame: &ServerFrame) -> Result<(), Closed> {
        self.send_text(encode(frame)).await
    }

    async fn send_text(&mut self, text: Utf8Bytes) -> Result<(), Closed> {
        match timeout(SEND_PATIENCE, self.sink.send(Frame::Text(text))).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Closed::ByPeer),
        }
    }

    async fn finish(mut self, why: Closed) {
        for list in std::mem::take(&mut self.lists).into_keys() {
            self.app.hub.unfollow(list, &self.tab);
        }
        for id in self.messages.keys().copied().collect::<Vec<_>>() {
            self.leave(id);
        }
        if let Closed::Because(code, reason) = why {
            let frame = Frame::Close(Some(CloseFrame { code, reason: reason.into() }));
            let _ = timeout(Duration::from_secs(2), self.sink.send(frame)).await;
        }
    }
}
