//! The browser's side of `/live`: one WebSocket a tab.
//!
//! It holds no state of its own beside who follows what: on every connect each message is asked for with its signal's
//! own position, and each list with its holder's own `rev`. It opens after hydration, and comes back by itself.

mod tab;

use std::rc::Rc;

use futures::{
    SinkExt, StreamExt,
    channel::mpsc,
    future::{Either, select},
    pin_mut,
};
use gloo_net::websocket::{Message as Frame, WebSocketError, futures::WebSocket};
use gloo_timers::future::TimeoutFuture;
use leptos::{ev, leptos_dom::helpers::window_event_listener_untyped, prelude::*, task::spawn_local};

use super::{ClientFrame, List, close};
use crate::{
    conversation::{Conversation, Head},
    ids::MessageId,
    message::{Epoch, Message},
};
use tab::{Followed, Tab};

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

/// Patches the message from now on, until it has ended in the `newest` epoch that is known of, or [`leave`].
pub fn follow(live: Live, newest: Epoch) {
    let id = live.message.with_untracked(|message| message.id);
    TAB.with(|tab| tab.messages.borrow_mut().insert(id, Followed { live, newest, gaps: 0 }));
    TAB.with(|tab| tab.ask(id, true));
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
