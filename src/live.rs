//! The socket's frames, both sides. JSON text, one WebSocket a tab.
//!
//! The page subscribes to messages by the [`Position`] that it has and to lists by their [`ListPosition`], and is sent what
//! is missing and then what comes. `server::socket` is the server's side; [`client`] is a page's, and [`connection`] drives it in
//! the browser.

use serde::{Deserialize, Serialize};

use crate::{
    conversation::{Conversation, ListPosition, MessageMeta, Sidebar, list::ListChanges, marks::Mark},
    ids::{ConversationId, MessageId, Rev},
    message::{Change, Epoch, Position},
};

#[cfg(feature = "ssr")]
pub mod access;
pub mod client;
pub mod connection;
#[cfg(feature = "ssr")]
pub mod frame_size;
#[cfg(feature = "ssr")]
pub mod hub;

/// The longest frame, in bytes, so that a long text delays no heartbeat.
pub const FRAME_LIMIT: usize = 16 * 1024;
/// What an event's frame takes at most beside what the limit of [`Message::next`](crate::message::Message::next) counts,
/// in bytes.
pub const ENVELOPE: usize = 112;
/// How often each side sends a sign of life while something streams, in milliseconds.
pub const BEAT_STREAMING: u32 = 1_000;
/// The same while nothing does.
pub const BEAT_IDLE: u32 = 25_000;

/// The most that a page may follow at once.
pub const MAX_SUBSCRIPTIONS: usize = 512;
/// The most messages that a page asks for before some have come to their end. So many positions fit into one frame,
/// and other pages' worth of lists and of what the server has not finished fits beside them.
pub const MAX_OUTSTANDING: usize = 128;

/// A list that can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// One of the sidebar's: `{"conversations":"mine"}`.
    Conversations(Sidebar),
    /// The messages of one: `{"messages":"conv_…"}`.
    Messages(ConversationId),
    /// What the person has marked conversations with: `"marks"`.
    Marks,
}

/// What a page sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientFrame {
    /// Send me what this message has beyond what I have, and continue:
    /// `{"message":{"id":"msg_…","position":[[1,7],1,12,false]}}`; `null` for "nothing yet".
    Message { id: MessageId, position: Option<Position> },
    /// The same for many: `{"messages":[["msg_…",[[1,7],1,12,false]],["msg_…",null]]}`.
    Messages(Vec<(MessageId, Option<Position>)>),
    /// No longer: `{"leave":"msg_…"}`.
    Leave(MessageId),
    /// Send me what changed in this list since I had it, and continue; `seen`: the highest rev of any row that I have:
    /// `{"list":{"list":{"conversations":"mine"},"position":[6013370483745821,12],"seen":12}}`; `null` and 0 for "nothing yet".
    List { list: List, position: Option<ListPosition>, seen: Rev },
    /// No longer: `{"leave_list":{"messages":"conv_…"}}`.
    LeaveList(List),
    /// I am here, and this is how much I have of each message of which more has come since I last said so:
    /// `{"beat":[[7,[[1,7],1,12,false]]]}`.
    Beat(Vec<(u32, Position)>),
    /// Are you? Answered at once by a heartbeat: `"ping"`.
    Ping,
}

/// What the server sends. Generic over what it holds of an event, so that it is written from a borrowed one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerFrame<C = Change> {
    /// From now on this number means this message: `{"number":[7,"msg_…"]}`.
    Number(u32, MessageId),
    /// An event of the message with this number: `{"e":[7,[1,3735928559],{"t":[0,1234," word"]}]}`.
    #[serde(rename = "e")]
    Event(u32, Epoch, C),
    /// What changed in a list of the sidebar:
    /// `{"conversations":["mine",{"from":12,"position":[6013370483745821,14],"rows":[…],"gone":[["conv_…",14]]}]}`.
    Conversations(Sidebar, ListChanges<Conversation>),
    /// What changed in a conversation: `{"messages":["conv_…",{"from":2,"position":[6013370483745821,3],"rows":[…]}]}`.
    Messages(ConversationId, ListChanges<MessageMeta>),
    /// What the person has marked: `{"marks":{"from":2,"position":[6013370483745821,3],"rows":[…]}}`.
    Marks(ListChanges<Mark>),
    /// What you have of this list leads nowhere: load it anew, and then follow it again:
    /// `{"list_reset":{"conversations":"mine"}}`.
    ListReset(List),
    /// I am here, and this is how far I have sent you each message that runs: `{"beat":[[7,[[1,7],1,12,false]]]}`.
    Beat(Vec<(u32, Position)>),
    /// This message is not, or no longer, for you: `{"gone":"msg_…"}`.
    Gone(MessageId),
    /// Neither is this list: `{"list_gone":{"messages":"conv_…"}}`.
    ListGone(List),
    /// This message cannot be read now; ask again later: `{"later":"msg_…"}`.
    Later(MessageId),
    /// Neither can this list: `{"later_list":{"messages":"conv_…"}}`.
    LaterList(List),
    /// I did not understand you: `{"error":"…"}`. The third one is the last.
    Error(String),
}

/// Why the server closes a socket, as its close code.
pub mod close {
    /// The server stops or restarts: come back soon.
    pub const RESTARTING: u16 = 1012;
    /// Three frames that made no sense.
    pub const NONSENSE: u16 = 4400;
    /// Somebody signed out, or ended this session.
    pub const SIGNED_OUT: u16 = 4401;
    /// The session is over, by its time or by a change that the page has not received. What was typed stays.
    pub const SESSION_OVER: u16 = 4402;
    /// The person has too many of them: come back when others are closed.
    pub const TOO_MANY: u16 = 4429;
    /// The page speaks a protocol that the server does not: reload.
    pub const UPDATED: u16 = 4426;
}

/// A frame as it is sent.
#[cfg(feature = "ssr")]
pub fn encode<C: Serialize>(frame: &ServerFrame<C>) -> axum::extract::ws::Utf8Bytes {
    // These types have string keys and no failing Serialize, so this cannot fail; an empty frame would be answered as nonsense.
    serde_json::to_string(frame).unwrap_or_default().into()
}
