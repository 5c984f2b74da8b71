//! The browser's side of `/live`: one WebSocket a tab.
//!
//! It holds no state of its own beside who follows what: on every connect each message is asked for with its signal's
//! own position, and each list with its holder's own `rev`. It opens after hydration, and comes back by itself.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use futures::{
    SinkExt, StreamExt,
    channel::mpsc,
    future::{Either, select},
    pin_mut,
};
use gloo_net::websocket::{Message as Frame, WebSocketError, futures::WebSocket};
use gloo_timers::future::TimeoutFuture;
use leptos::{ev, leptos_dom::helpers::window_event_listener_untyped, prelude::*, task::spawn_local};

use super::{BEAT_IDLE, BEAT_STREAMING, ClientFrame, List, ServerFrame, close};
use crate::{
    conversation::{Conversation, Head},
    ids::MessageId,
    message::{Change, Event, Message, Outcome},
};

/// How the connection is, for the thin bar that tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Not open yet, or open: nothing to tell.
    Fine,
    Lost,
    /// This page is of another build than the server.
    Updated,
    SignedOut,
}

/// What changed in a list.
pub enum News {
    Conversations(Vec<Conversation>),
    Heads(Vec<Head>),
    /// The list is not, or no longer, for this person.
    Gone,
}

/// Who follows a list: which `rev` they have, and what they do with news up to a `rev`.
pub struct Follower {
    pub rev: Box<dyn Fn() -> i64>,
    pub take: Rc<dyn Fn(i64, News)>,
}

/// The longest pause between two tries, in milliseconds.
const LONGEST_PAUSE: u32 = 8_000;

thread_local! {
    /// The tab's one connection. (The browser has one thread; on the server nobody follows anything.)
    static TAB: Tab = Tab::default();
}

#[derive(Default)]
struct Tab {
    messages: RefCell<HashMap<MessageId, Followed>>,
    lists: RefCell<HashMap<List, Follower>>,
    numbers: RefCell<HashMap<u32, MessageId>>,
    /// Event frames that come in slices.
    pieces: RefCell<HashMap<u32, String>>,
    outgoing: RefCell<Option<mpsc::UnboundedSender<ClientFrame>>>,
    wake: RefCell<Option<mpsc::UnboundedSender<Wake>>>,
    heard: Cell<f64>,
}

struct Followed {
    signal: ArcRwSignal<Message>,
    /// Gaps in a row: after two the position itself is not trusted.
    gaps: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wake {
    /// Try now: the network or the page is back.
    Up,
    /// The network is gone, or the page goes to sleep: drop the socket.
    Down,
}

/// Opens the connection and keeps it. Once a page, after hydration.
pub fn start(build: String, link: RwSignal<Link>) {
    let (wake, woken) = mpsc::unbounded();
    let started = TAB.with(|tab| tab.wake.borrow_mut().replace(wake).is_some());
    if started {
        return;
    }
    for (event, what) in
        [("online", Wake::Up), ("pageshow", Wake::Up), ("offline", Wake::Down), ("pagehide", Wake::Down)]
    {
        std::mem::forget(window_event_listener_untyped(event, move |_| self::wake(what)));
    }
    std::mem::forget(window_event_listener(ev::visibilitychange, move |_| self::wake(Wake::Up)));
    spawn_local(run(build, link, woken));
}

/// Patches the signal from now on, until the message has ended or [`leave`].
pub fn follow(signal: ArcRwSignal<Message>) {
    let id = signal.with_untracked(|message| message.id);
    TAB.with(|tab| tab.messages.borrow_mut().insert(id, Followed { signal, gaps: 0 }));
    ask(id, true);
}

pub fn leave(id: MessageId) {
    TAB.with(|tab| {
        if tab.messages.borrow_mut().remove(&id).is_some() {
            tab.send(ClientFrame::Leave(id));
        }
    });
}

/// Gives the list's news to the follower from now on, until [`leave_list`].
pub fn follow_list(list: List, follower: Follower) {
    TAB.with(|tab| {
        let rev = (follower.rev)();
        tab.lists.borrow_mut().insert(list, follower);
        tab.send(ClientFrame::List { list, rev });
    });
}

pub fn leave_list(list: List) {
    TAB.with(|tab| {
        if tab.lists.borrow_mut().remove(&list).is_some() {
            tab.send(ClientFrame::LeaveList(list));
        }
    });
}

fn wake(what: Wake) {
    TAB.with(|tab| {
        if let Some(wake) = &*tab.wake.borrow() {
            // The receiver lives as long as the page.
            let _ = wake.unbounded_send(what);
        }
    });
}

/// Subscribes to a message, with the position that its signal has (or with none, for a fresh start).
fn ask(id: MessageId, with_position: bool) {
    TAB.with(|tab| {
        let position =
            (tab.messages.borrow().get(&id)).map(|followed| followed.signal.with_untracked(Message::position));
        if let Some(position) = position {
            tab.send(ClientFrame::Message { id, position: with_position.then_some(position) });
        }
    });
}

async fn run(build: String, link: RwSignal<Link>, mut woken: mpsc::UnboundedReceiver<Wake>) {
    let mut tries = 0;
    loop {
        match connect(&build, link, &mut woken, &mut tries).await {
            Some(close::UPDATED) => return link.set(Link::Updated),
            Some(close::SIGNED_OUT) => return link.set(Link::SignedOut),
            _ => {}
        }
        link.set(Link::Lost);
        // Full jitter, so that a thousand tabs do not come back in the same instant.
        let longest = (250_u32 << tries.min(5)).min(LONGEST_PAUSE);
        tries += 1;
        let pause = TimeoutFuture::new((js_sys::Math::random() * f64::from(longest)) as u32);
        let up = async { while woken.next().await.is_some_and(|wake| wake != Wake::Up) {} };
        pin_mut!(up);
        select(pause, up).await;
    }
}

/// One connection, from its opening to its end. Says with which code the server closed it.
async fn connect(
    build: &str,
    link: RwSignal<Link>,
    woken: &mut mpsc::UnboundedReceiver<Wake>,
    tries: &mut u32,
) -> Option<u16> {
    let location = window().location();
    let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
    let socket = WebSocket::open(&format!("{scheme}://{}/live?build={build}", location.host().ok()?)).ok()?;
    let (mut sink, mut frames) = socket.split();
    let (outgoing, mut to_send) = mpsc::unbounded();
    TAB.with(|tab| tab.opened(outgoing));
    let sending = async {
        while let Some(frame) = to_send.next().await {
            let Ok(text) = serde_json::to_string(&frame) else { continue };
            if sink.send(Frame::Text(text)).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let receiving = async {
        while let Some(frame) = frames.next().await {
            match frame {
                Ok(Frame::Text(text)) => {
                    *tries = 0;
                    link.set_if_new(Link::Fine);
                    TAB.with(|tab| tab.receive(&text));
                }
                Ok(Frame::Bytes(_)) => {}
                Err(WebSocketError::ConnectionClose(event)) => return Some(event.code),
                Err(_) => return None,
            }
        }
        None
    };
    let ending = async {
        loop {
            let quiet = TimeoutFuture::new(1_000);
            match select(quiet, woken.next()).await {
                Either::Right((Some(Wake::Down), _)) => return,
                Either::Left(_) | Either::Right((Some(Wake::Up), _)) if TAB.with(Tab::is_silent) => return,
                Either::Right((None, _)) => return,
                _ => {}
            }
        }
    };
    pin_mut!(sending, receiving, ending);
    let code = match select(receiving, select(sending, ending)).await {
        Either::Left((code, _)) => code,
        Either::Right(_) => None,
    };
    TAB.with(|tab| *tab.outgoing.borrow_mut() = None);
    code
}

impl Tab {
    /// Asks for everything that is followed, each from where it is. (Frames wait until the socket is open.)
    fn opened(&self, outgoing: mpsc::UnboundedSender<ClientFrame>) {
        *self.outgoing.borrow_mut() = Some(outgoing);
        self.heard.set(js_sys::Date::now());
        self.numbers.borrow_mut().clear();
        self.pieces.borrow_mut().clear();
        for (list, follower) in &*self.lists.borrow() {
            self.send(ClientFrame::List { list: *list, rev: (follower.rev)() });
        }
        for (id, followed) in &*self.messages.borrow() {
            let position = followed.signal.with_untracked(Message::position);
            self.send(ClientFrame::Message { id: *id, position: Some(position) });
        }
    }

    fn send(&self, frame: ClientFrame) {
        if let Some(outgoing) = &*self.outgoing.borrow() {
            // A closed socket's queue is replaced, with everything asked for again, by the next connect.
            let _ = outgoing.unbounded_send(frame);
        }
    }

    /// Whether the server should have been heard by now.
    fn is_silent(&self) -> bool {
        let streaming = (self.messages.borrow().values())
            .any(|followed| followed.signal.with_untracked(|message| !message.status.is_final()));
        let patience = match streaming {
            true => f64::from(BEAT_STREAMING) * 6.0,
            false => f64::from(BEAT_IDLE) * 1.6,
        };
        js_sys::Date::now() - self.heard.get() > patience
    }

    fn receive(&self, text: &str) {
        self.heard.set(js_sys::Date::now());
        match serde_json::from_str(text) {
            Ok(frame) => self.take(frame),
            Err(error) => leptos::logging::error!("A frame could not be read: {error}"),
        }
    }

    fn take(&self, frame: ServerFrame) {
        match frame {
            ServerFrame::Number(number, id) => {
                self.numbers.borrow_mut().insert(number, id);
            }
            ServerFrame::Event(number, epoch, change) => self.apply(number, Event { epoch, change }),
            ServerFrame::Piece(number, text, last) => {
                let mut pieces = self.pieces.borrow_mut();
                pieces.entry(number).or_default().push_str(&text);
                if last && let Some(whole) = pieces.remove(&number) {
                    drop(pieces);
                    self.receive(&whole);
                }
            }
            ServerFrame::Conversations { rev, rows } => self.news(List::Conversations, rev, News::Conversations(rows)),
            ServerFrame::Heads { of, rev, heads } => self.news(List::Messages(of), rev, News::Heads(heads)),
            ServerFrame::Beat(positions) => {
                self.send(ClientFrame::Beat);
                for (number, position) in positions {
                    let id = self.numbers.borrow().get(&number).copied();
                    let here = id.and_then(|id| {
                        let messages = self.messages.borrow();
                        messages.get(&id).map(|followed| followed.signal.with_untracked(Message::position))
                    });
                    if let (Some(id), Some(here)) = (id, here)
                        && here != position
                    {
                        ask(id, true);
                    }
                }
            }
            ServerFrame::Gone(id) => {
                self.messages.borrow_mut().remove(&id);
            }
            ServerFrame::ListGone(list) => {
                self.news(list, i64::MAX, News::Gone);
                self.lists.borrow_mut().remove(&list);
            }
            ServerFrame::Error(error) => leptos::logging::error!("The server did not understand: {error}"),
        }
    }

    fn apply(&self, number: u32, event: Event) {
        let Some(id) = self.numbers.borrow().get(&number).copied() else { return };
        let Some(signal) = self.messages.borrow().get(&id).map(|followed| followed.signal.clone()) else { return };
        if matches!(event.change, Change::Snapshot { reset: true, .. }) {
            leptos::logging::warn!("This page had something of {id} that the server never had; it was replaced.");
        }
        let mut outcome = Outcome::Stale;
        signal.maybe_update(|message| {
            outcome = message.apply(event);
            outcome == Outcome::Applied
        });
        let ended = signal.with_untracked(|message| message.status.is_final());
        let mut messages = self.messages.borrow_mut();
        let Some(followed) = messages.get_mut(&id) else { return };
        followed.gaps = if outcome == Outcome::Gap { followed.gaps + 1 } else { 0 };
        let gaps = followed.gaps;
        if ended {
            // The server has let it go too; a later epoch is announced by the list.
            messages.remove(&id);
        }
        drop(messages);
        if gaps > 0 {
            ask(id, gaps < 2);
        }
    }

    fn news(&self, list: List, rev: i64, news: News) {
        let take = self.lists.borrow().get(&list).map(|follower| follower.take.clone());
        if let Some(take) = take {
            take(rev, news);
        }
    }
}

/// Tells only what is new.
trait SetIfNew<T> {
    fn set_if_new(&self, value: T);
}

impl<T: PartialEq + Copy + Send + Sync + 'static> SetIfNew<T> for RwSignal<T> {
    fn set_if_new(&self, value: T) {
        if self.get_untracked() != value {
            self.set(value);
        }
    }
}
