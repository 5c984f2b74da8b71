//! What a test waits for in a tab.

use rivulet::{ids::MessageId, message::Status};

use super::{Received, Tab};
use crate::soon;

impl Tab {
    /// Waits until the message's text is exactly this. All that it shows meanwhile has to be a beginning of it.
    pub async fn sees(&mut self, id: MessageId, text: &str) {
        self.reads_until("a text", |tab| {
            let shown = tab.text(id);
            assert!(text.starts_with(&shown), "{shown:?} is no beginning of {text:?}");
            (shown == text).then_some(())
        })
        .await;
    }

    /// Waits until the message has ended, and gives how.
    pub async fn sees_the_end(&mut self, id: MessageId) -> Status {
        self.reads_until("the end of a message", |tab| {
            let status = tab.message(id).status;
            status.is_final().then_some(status)
        })
        .await
    }

    /// Waits for so many more heartbeats. Before each the server has sent all that it had to send.
    pub async fn receives_heartbeats(&mut self, count: usize) {
        for _ in 0..count {
            self.waits_for(|received| matches!(received, Received::Beat(_))).await;
        }
    }

    /// Waits until the server closes the socket, and gives its code.
    pub async fn is_closed(&mut self) -> u16 {
        match self.waits_for(|received| matches!(received, Received::Closed(_))).await {
            Received::Closed(code) => code,
            other => unreachable!("{other:?} was waited for"),
        }
    }

    /// Reads until something comes for which this holds.
    pub async fn waits_for(&mut self, wanted: impl Fn(&Received) -> bool) -> Received {
        let before = self.received.len();
        self.reads_until("a frame", |tab| tab.received[before..].last().filter(|last| wanted(last)).cloned()).await
    }

    /// Reads until there is an answer. What else comes, such as heartbeats, gives it no more time.
    async fn reads_until<T>(&mut self, what: &str, answer: impl Fn(&Tab) -> Option<T>) -> T {
        soon(what, async {
            loop {
                if let Some(answer) = answer(self) {
                    return answer;
                }
                self.next().await;
            }
        })
        .await
    }
}
