//! What a test waits for in a tab.

use rivulet::{ids::MessageId, message::Status};

use super::{Received, Tab};

impl Tab {
    /// Waits until the message's text is exactly this. All that it shows meanwhile has to be a beginning of it.
    pub async fn sees(&mut self, id: MessageId, text: &str) {
        loop {
            let shown = self.text(id);
            assert!(text.starts_with(&shown), "{shown:?} is no beginning of {text:?}");
            if shown == text {
                return;
            }
            self.next().await;
        }
    }

    /// Waits until the message has ended, and gives how.
    pub async fn sees_the_end(&mut self, id: MessageId) -> Status {
        loop {
            let status = self.message(id).status;
            if status.is_final() {
                return status;
            }
            self.next().await;
        }
    }

    /// Waits for so many more heartbeats. Before each the server has sent all that it had to send.
    pub async fn receives_heartbeats(&mut self, count: usize) {
        for _ in 0..count {
            self.waits_for(|received| matches!(received, Received::Beat(_))).await;
        }
    }

    /// Waits until the server closes the socket, and gives its code.
    pub async fn is_closed(&mut self) -> u16 {
        loop {
            if let Received::Closed(code) = self.next().await {
                return code;
            }
        }
    }

    /// Reads until something comes for which this holds.
    pub async fn waits_for(&mut self, wanted: impl Fn(&Received) -> bool) -> Received {
        loop {
            let received = self.next().await;
            if wanted(&received) {
                return received;
            }
        }
    }
}
