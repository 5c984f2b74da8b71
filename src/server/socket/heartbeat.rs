//! A socket's heartbeats: how often they are sent, and what is looked at again with them.

use std::time::Duration;

use tokio::time::Instant;

use super::{Closed, Socket, Source, Subscription};
use crate::live::{BEAT_IDLE, BEAT_STREAMING, ServerFrame, hub::Topic};

impl Socket {
    pub(super) fn pace(&self) -> Duration {
        // What has not ended, runs for the page, whether it is in the hub or (left behind by a failure) only in its row.
        let has_ended = |subscription: &Subscription| match &subscription.source {
            Source::Running(_) => false,
            Source::Row(message) => message.status.is_final(),
        };
        let streaming = !self.messages.values().all(has_ended);
        Duration::from_millis(u64::from(if streaming { BEAT_STREAMING } else { BEAT_IDLE }))
    }

    /// Sends that the server is here and how far it has sent; and looks at everything again, so that a lost wake-up heals.
    pub(super) async fn beat(&mut self) -> Result<(), Closed> {
        let mut topics: Vec<Topic> = self.messages.keys().copied().map(Topic::Message).collect();
        // A list costs a query, so it is looked at by itself only now and then.
        if self.listed.elapsed() >= Duration::from_millis(u64::from(BEAT_IDLE)) {
            self.listed = Instant::now();
            self.check_session().await?;
            topics.extend(self.lists.keys().copied().map(Topic::List));
        }
        for topic in topics {
            self.enqueue(topic);
        }
        let positions = (self.messages.values())
            .filter_map(|subscription| Some((subscription.number, subscription.sent?)))
            .collect();
        self.send(&ServerFrame::Beat(positions)).await
    }
}
