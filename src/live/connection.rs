//! The browser's side of `/live`: one WebSocket a tab, and the clock, the timers and the signals around a
//! [`Client`].
//!
//! It opens after hydration, and comes back by itself.

mod driver;
mod paint;

use std::time::Duration;

use futures::{
    SinkExt, StreamExt,
    channel::mpsc,
    future::{Either, select},
    pin_mut,
    stream::{SplitSink, SplitStream},
};
use gloo_net::websocket::{Message as Frame, WebSocketError, futures::WebSocket};
use gloo_timers::future::TimeoutFuture;
use leptos::{leptos_dom::helpers::window_event_listener_untyped, prelude::*, task::spawn_local};

pub use super::client::ListUpdate;
use super::{
    client::{Client, LOST_AFTER},
    close,
};
use crate::{
    conversation::list::Held,
    message::Message,
    protocol::{self, PROTOCOL},
    ui::drafts,
};
use driver::PageState;
use paint::{Painter, begins_with};

/// How the connection is, for the thin bar that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionStatus {
    /// Not open yet, or open: nothing to show.
    Fine,
    Lost,
    /// This page speaks a protocol that the server does not.
    Updated,
    SignedOut,
}

/// A message as a page has it.
#[derive(Clone)]
pub struct Live {
    pub message: ArcRwSignal<Message>,
    /// How often it was replaced by something that does not begin with what was there: then nothing that is shown of
    /// it can stay.
    pub replaced: ArcRwSignal<u32>,
}

impl Live {
    pub fn new(message: Message) -> Live {
        Live { message: ArcRwSignal::new(message), replaced: ArcRwSignal::new(0) }
    }

    /// Shows what was loaded anew, whatever it was before, unless more of it has come already.
    pub fn replace(&self, message: Message) {
        let (has_more, stays) = self.message.with_untracked(|shown| {
            let is_running = shown.epoch == message.epoch && !message.status.is_final();
            let has_more = *shown == message || is_running && begins_with(&shown.parts, &message.parts);
            (has_more, begins_with(&message.parts, &shown.parts))
        });
        if has_more {
            return;
        }
        self.message.set(message);
        if !stays {
            self.replaced.update(|times| *times += 1);
        }
    }
}

/// Who follows a list: how much of it they have, and what they do with an update.
pub struct Follower {
    pub held: Box<dyn Fn() -> Option<Held> + Send + Sync>,
    pub take: Box<dyn Fn(ListUpdate) + Send + Sync>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wake {
    /// The network or the page is back, or a person wants it to be.
    Up,
    /// The network is gone, or the page goes to sleep: drop the socket.
    Down,
}

type Woken = mpsc::UnboundedReceiver<Wake>;

/// The page's one connection, which lives as long as what made it. Copied freely: it is handles. (On the server nobody
/// starts it, and what is followed is followed in vain.)
#[derive(Clone, Copy)]
pub struct Connection {
    client: StoredValue<Client<PageState>>,
    /// Wakes who sends.
    kick: StoredValue<Option<mpsc::Sender<()>>>,
    /// Wakes who waits for the next try, or for something to come.
    wake: StoredValue<Option<mpsc::UnboundedSender<Wake>>>,
    painter: Painter,
}

impl Connection {
    #[allow(clippy::new_without_default, reason = "it belongs to the reactive owner that makes it")]
    pub fn new() -> Connection {
        let painter = Painter::default();
        let client = StoredValue::new(Client::new(PageState::new(painter)));
        Connection { client, kick: StoredValue::new(None), wake: StoredValue::new(None), painter }
    }

    /// Opens the connection and keeps it until the effect that calls this is cleaned up. After hydration.
    pub fn start(self, link: RwSignal<ConnectionStatus>) {
        let (sender, woken) = mpsc::unbounded();
        self.wake.set_value(Some(sender));
        let listen = |event, then: fn(Connection)| window_event_listener_untyped(event, move |_| then(self));
        let listeners = [
            listen("online", |connection| connection.wake(Wake::Up)),
            listen("pageshow", |connection| connection.wake(Wake::Up)),
            listen("offline", |connection| connection.wake(Wake::Down)),
            listen("pagehide", |connection| connection.wake(Wake::Down)),
            // Who does something with the page wants it to work.
            listen("keydown", Connection::reconnect_now),
            listen("pointerdown", Connection::reconnect_now),
            listen("focus", Connection::reconnect_now),
            listen("visibilitychange", Connection::look_again),
        ];
        let outdated = window_event_listener_untyped(protocol::OUTDATED, move |_| {
            link.set_if_new(ConnectionStatus::Updated);
            // Ends the connection.
            self.wake.set_value(None);
        });
        on_cleanup(move || {
            listeners.into_iter().chain([outdated]).for_each(|listener| listener.remove());
            // Who waits to be woken ends by it.
            self.wake.try_set_value(None);
        });
        spawn_local(run(self, link, woken));
    }

    /// Has the next try to connect begin now, if there is no connection: at most one a second.
    pub fn reconnect_now(self) {
        if !self.is_connected() {
            self.wake(Wake::Up);
        }
    }

    /// The page is hidden, or seen again.
    fn look_again(self) {
        // There are no frames to paint in a page that is hidden.
        self.painter.flush();
        if !document().hidden() {
            self.wake(Wake::Up);
        }
    }

    fn wake(self, what: Wake) {
        // The receiver lives as long as the connection is kept.
        self.wake.try_with_value(|wake| wake.as_ref().map(|wake| wake.unbounded_send(what)));
    }
}

/// The time since the page began, by a clock that nobody sets.
fn now() -> Duration {
    let millis = window().performance().map_or(0.0, |performance| performance.now());
    Duration::from_secs_f64(millis / 1_000.0)
}

async fn pause(time: Duration) {
    TimeoutFuture::new(u32::try_from(time.as_millis()).unwrap_or(u32::MAX)).await;
}

async fn run(connection: Connection, link: RwSignal<ConnectionStatus>, mut woken: Woken) {
    loop {
        let code = connect(connection, link, &mut woken).await;
        connection.closed(code);
        match code {
            Some(close::UPDATED) => return link.set_if_new(ConnectionStatus::Updated),
            Some(close::SESSION_OVER) => return link.set_if_new(ConnectionStatus::SignedOut),
            Some(close::SIGNED_OUT) => {
                drafts::forget_session();
                return link.set_if_new(ConnectionStatus::SignedOut);
            }
            _ => {}
        }
        spawn_local(async move {
            pause(LOST_AFTER).await;
            if connection.is_lost() {
                link.set_if_new(ConnectionStatus::Lost);
            }
        });
        if wait_for_next_try(connection, &mut woken).await.is_none() {
            return;
        }
    }
}

/// `None`: there is to be none.
async fn wait_for_next_try(connection: Connection, woken: &mut Woken) -> Option<()> {
    let mut until = now() + connection.pause();
    loop {
        let waiting = pause(until.saturating_sub(now()));
        pin_mut!(waiting);
        match select(waiting, woken.next()).await {
            Either::Right((Some(Wake::Up), _)) => until = until.min(connection.earliest_try()),
            Either::Right((Some(Wake::Down), _)) => {}
            Either::Right((None, _)) => return None,
            Either::Left(_) => return Some(()),
        }
    }
}

/// One connection, from beginning to end. Returns with which code the server closed it.
async fn connect(connection: Connection, link: RwSignal<ConnectionStatus>, woken: &mut Woken) -> Option<u16> {
    let location = window().location();
    let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
    let (kick, kicked) = mpsc::channel(1);
    connection.opened(kick);
    let socket = WebSocket::open(&protocol::socket(scheme, &location.host().ok()?, PROTOCOL)).ok()?;
    let (sink, frames) = socket.split();
    let (sending, receiving, watching) =
        (send(connection, sink, kicked), receive(connection, link, frames), watch(connection, woken));
    pin_mut!(sending, receiving, watching);
    match select(receiving, select(sending, watching)).await {
        Either::Left((code, _)) => code,
        Either::Right(_) => None,
    }
}

/// Sends what the client has to send, whenever it may have something.
async fn send(connection: Connection, mut sink: SplitSink<WebSocket, Frame>, mut kicked: mpsc::Receiver<()>) {
    loop {
        for frame in connection.frames() {
            let Ok(text) = serde_json::to_string(&frame) else { continue };
            if sink.send(Frame::Text(text)).await.is_err() {
                // Why it cannot be sent is said to who reads.
                std::future::pending::<()>().await;
            }
        }
        // Who asks for much in one go has it asked for in few frames.
        if kicked.next().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// Takes frames in until the socket closes, and returns with which code.
async fn receive(
    connection: Connection,
    link: RwSignal<ConnectionStatus>,
    mut frames: SplitStream<WebSocket>,
) -> Option<u16> {
    while let Some(frame) = frames.next().await {
        match frame {
            Ok(Frame::Text(text)) => {
                link.set_if_new(ConnectionStatus::Fine);
                connection.receive(&text);
            }
            Ok(Frame::Bytes(_)) => {}
            Err(WebSocketError::ConnectionClose(event)) => return Some(event.code),
            Err(_) => return None,
        }
    }
    None
}

/// Returns when the connection is dead or is to end.
async fn watch(connection: Connection, woken: &mut Woken) {
    while !connection.is_silent() {
        let waiting = pause(connection.wait());
        pin_mut!(waiting);
        match select(waiting, woken.next()).await {
            Either::Left(_) => connection.tick(),
            Either::Right((Some(Wake::Up), _)) => connection.ping(),
            Either::Right((Some(Wake::Down) | None, _)) => return,
        }
    }
}

/// Notifies only of what is new, and nobody who is gone. What is outdated stays so.
trait SetIfNew {
    fn set_if_new(&self, value: ConnectionStatus);
}

impl SetIfNew for RwSignal<ConnectionStatus> {
    fn set_if_new(&self, value: ConnectionStatus) {
        if self.try_get_untracked().is_some_and(|before| before != value && before != ConnectionStatus::Updated) {
            self.set(value);
        }
    }
}
