//! What a tab was sent, as tests look at it.

use std::collections::HashMap;

use rivulet::{
    ids::MessageId,
    live::{List, ServerFrame},
    message::{Change, Position},
};

#[derive(Clone, Debug, PartialEq)]
pub enum Received {
    Number(u32, MessageId),
    Change(MessageId, Change),
    List(List),
    /// It had to load the list anew.
    ListReset(List),
    Beat(Vec<(u32, Position)>),
    Gone(MessageId),
    ListGone(List),
    Later(MessageId),
    LaterList(List),
    Error(String),
    /// The server closed, with this code.
    Closed(u16),
}

impl Received {
    /// What a frame is. `numbers`: which number the server has given each message so far.
    pub(super) fn from(frame: &ServerFrame, numbers: &mut HashMap<u32, MessageId>) -> Received {
        match frame {
            ServerFrame::Number(number, id) => {
                numbers.insert(*number, *id);
                Received::Number(*number, *id)
            }
            ServerFrame::Event(number, _, change) => {
                let id = numbers.get(number).expect("a number that came before");
                Received::Change(*id, change.clone())
            }
            ServerFrame::Conversations(list, _) => Received::List(List::Conversations(*list)),
            ServerFrame::Messages(of, _) => Received::List(List::Messages(*of)),
            ServerFrame::Marks(_) => Received::List(List::Marks),
            ServerFrame::ListReset(list) => Received::ListReset(*list),
            ServerFrame::Beat(positions) => Received::Beat(positions.clone()),
            ServerFrame::Gone(id) => Received::Gone(*id),
            ServerFrame::ListGone(list) => Received::ListGone(*list),
            ServerFrame::Later(id) => Received::Later(*id),
            ServerFrame::LaterList(list) => Received::LaterList(*list),
            ServerFrame::Error(error) => Received::Error(error.clone()),
        }
    }
}
