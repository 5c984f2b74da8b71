//! The browser's side of `/live`: one WebSocket a tab, and the clock, the timers and the signals around a
//! [`Client`](super::client::Client).
//!
//! It opens after hydration, and comes back by itself.

mod paint;
mod tab;

use std::{rc::Rc, time::Duration};

use futures::{
    SinkExt, StreamExt,
    channel::mpsc,
    future::{Either, select},
    pin_mut,
};
use gloo_net::websocket::{Message as Frame, WebSocketError, futures::WebSocket};
use gloo_timers::future::TimeoutFuture;
use leptos::{leptos_dom::helpers::window_event_listener_untyped, prelude::*, task::spawn_local};

pub use super::client::ListUpdate;
use super::{List, client::LOST_AFTER, close};
use crate::{
    ids::MessageId,
    message::{Epoch, Message},
    ui::drafts,
};
use tab::Tab;

/// How the connection is, for the thin bar that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Not open yet, or open: nothing to show.
    Fine,
    Lost,
    /// This page is of another build than the server.
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
}

/// Who follows a list: which `rev` they have, and what they do with an update up to a `rev`.
pub struct Follower {
    pub rev: Box<dyn Fn() -> i64>,
    pub take: Rc<dyn Fn(i64, ListUpdate)>,
}

thread_local! {
    /// The tab's one connection. (The browser has one thread; on the server nobody follows anything.)
    static TAB: Tab = Tab::default();
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wake {
    /// The network or the page is back, or a person wants it to be.
    Up,
    /// The network is gone, or the page goes to sleep: drop the socket.
    Down,
}

/// Opens the connection and keeps it. Once a page, after hydration.
pub fn start(build: String, link: RwSignal<Link>) {
    let (sender, woken) = mpsc::unbounded();
    let started = TAB.with(|tab| tab.wake.borrow_mut().replace(sender).is_some());
    if started {
        return;
    }
    let listen = |event: &'static str, then: fn()| {
        std::mem::forget(window_event_listener_untyped(event, move |_| then()));
    };
    for event in ["online", "pageshow"] {
        listen(event, || wake(Wake::Up));
    }
    for event in ["offline", "pagehide"] {
        listen(event, || wake(Wake::Down));
    }
    // Who does something with the page wants it to work.
    for event in ["keydown", "pointerdown", "focus"] {
        listen(event, reconnect_now);
    }
    listen("visibilitychange", || {
        // There are no frames to paint in a page that is hidden.
        paint::flush();
        if !document().hidden() {
            wake(Wake::Up);
        }
    });
    spawn_local(run(build, link, woken));
}

/// Has the next try to connect begin now, if there is no connection: at most one a second.
pub fn reconnect_now() {
    if !TAB.with(Tab::is_connected) {
        wake(Wake::Up);
    }
}

/// Patches the message from now on, until it has ended in the `newest` epoch that is known of, or [`leave`]. `over`:
/// whether it is known to have ended there.
pub fn follow(live: Live, newest: Epoch, over: bool) {
    TAB.with(|tab| tab.follow(live, newest, over));
}

pub fn leave(id: MessageId) {
    TAB.with(|tab| tab.leave(id));
}

/// Gives the list's updates to the follower from now on, until [`leave_list`].
pub fn follow_list(list: List, follower: Follower) {
    TAB.with(|tab| tab.follow_list(list, follower));
}

pub fn leave_list(list: List) {
    TAB.with(|tab| tab.leave_list(list));
}

fn wake(what: Wake) {
    TAB.with(|tab| {
        if let Some(wake) = &*tab.wake.borrow() {
            // The receiver lives as long as the page.
            let _ = wake.unbounded_send(what);
        }
    });
}

/// The time since the page began, by a clock that nobody sets.
fn now() -> Duration {
    let millis = window().performance().map_or(0.0, |performance| performance.now());
    Duration::from_secs_f64(millis / 1_000.0)
}

async fn pause(time: Duration) {
    TimeoutFuture::new(u32::try_from(time.as_millis()).unwrap_or(u32::MAX)).await;
}

async fn run(build: String, link: RwSignal<Link>, mut woken: mpsc::UnboundedReceiver<Wake>) {
    loop {
        let code = connect(&build, link, &mut woken).await;
        TAB.with(|tab| tab.closed(code));
        match code {
            Some(close::UPDATED) => return link.set(Link::Updated),
            Some(close::SESSION_OVER) => return link.set(Link::SignedOut),
            Some(close::SIGNED_OUT) => {
                drafts::forget_session();
                return link.set(Link::SignedOut);
            }
            _ => {}
        }
        spawn_local(async move {
            pause(LOST_AFTER).await;
            if TAB.with(Tab::is_lost) {
                link.set_if_new(Link::Lost);
            }
        });
        wait_for_next_try(&mut woken).await;
    }
}

async fn wait_for_next_try(woken: &mut mpsc::UnboundedReceiver<Wake>) {
    let mut until = now() + TAB.with(Tab::pause);
    loop {
        let waiting = pause(until.saturating_sub(now()));
        pin_mut!(waiting);
        match select(waiting, woken.next()).await {
            Either::Right((Some(Wake::Up), _)) => until = until.min(TAB.with(Tab::earliest_try)),
            Either::Right((Some(Wake::Down), _)) => {}
            Either::Left(_) | Either::Right((None, _)) => return,
        }
    }
}

/// One connection, from beginning to end. Returns with which code the server closed it.
async fn connect(build: &str, link: RwSignal<Link>, woken: &mut mpsc::UnboundedReceiver<Wake>) -> Option<u16> {
    let location = window().location();
    let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
    let (kick, mut kicked) = mpsc::channel(1);
    TAB.with(|tab| tab.opened(kick));
    let socket = WebSocket::open(&format!("{scheme}://{}/live?build={build}", location.host().ok()?)).ok()?;
    let (mut sink, mut frames) = socket.split();
    let sending = async {
        loop {
            for frame in TAB.with(Tab::frames) {
                let Ok(text) = serde_json::to_string(&frame) else { continue };
                if sink.send(Frame::Text(text)).await.is_err() {
                    return;
                }
            }
            // Who asks for much in one go has it asked for in few frames.
            if kicked.next().await.is_none() {
                return;
            }
        }
    };
    let receiving = async {
        while let Some(frame) = frames.next().await {
            match frame {
                Ok(Frame::Text(text)) => {
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
    let watching = async {
        while !TAB.with(Tab::is_silent) {
            let waiting = pause(TAB.with(Tab::wait));
            pin_mut!(waiting);
            match select(waiting, woken.next()).await {
                Either::Left(_) => TAB.with(Tab::tick),
                Either::Right((Some(Wake::Up), _)) => TAB.with(Tab::ping),
                Either::Right((Some(Wake::Down) | None, _)) => return,
            }
        }
    };
    let sending = async {
        sending.await;
        // Why it cannot be sent is said to who reads.
        std::future::pending::<()>().await;
    };
    pin_mut!(sending, receiving, watching);
    match select(receiving, select(sending, watching)).await {
        Either::Left((code, _)) => code,
        Either::Right(_) => None,
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
