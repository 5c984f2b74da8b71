//! What a change of a list costs for each tab that follows it.

use std::time::Duration;

use futures::{StreamExt, future::join_all, stream};
use kit::{Provider, soon};
use rivulet::{
    conversation::Sidebar,
    ids::ConversationId,
    live::{List, ServerFrame},
};

use crate::{
    cpu,
    row::{Goal, Row},
    side::{AT_ONCE, Product},
    tab::Tab,
};

const TABS: usize = 300;
const CHANGES: usize = 100;

/// A conversation is renamed again and again, with many tabs that follow the sidebar, and with one.
pub async fn rows(provider: &Provider) -> Vec<Row> {
    let mut product = Product::start(provider).await;
    let conversation = product.adds_conversation(2).await;
    let few = renames(&product, conversation, 1).await;
    let many = renames(&product, conversation, TABS).await;
    let each = many.saturating_sub(few).as_secs_f64() * 1e6 / ((TABS - 1) * CHANGES) as f64;
    let row = format!("CPU of a list change for a tab that follows it, µs: {TABS} tabs");
    vec![Row::new(row, Goal::AtMost(10.0), each, None)]
}

/// The processor time of the server while so many tabs see every change, each of them before the next one is made.
async fn renames(product: &Product, conversation: ConversationId, count: usize) -> Duration {
    let lists = [List::Conversations(Sidebar::Mine), List::Messages(conversation)];
    let follow = |_| product.tab_with_lists(&lists);
    let mut tabs: Vec<Tab> = stream::iter(0..count).map(follow).buffered(AT_ONCE).collect().await;
    rename(product, conversation, &mut tabs, "Nothing yet").await;
    let before = cpu::of(&product.process);
    for change in 0..CHANGES {
        rename(product, conversation, &mut tabs, &format!("Change {change} of {count}")).await;
    }
    cpu::of(&product.process) - before
}

async fn rename(product: &Product, conversation: ConversationId, tabs: &mut [Tab], title: &str) {
    product.person.renames(conversation, title).await.expect("it is renamed");
    let has_title = |frame: &ServerFrame| matches!(frame, ServerFrame::Conversations(_, changes) if changes.rows.iter().any(|row| row.title == title));
    soon("every tab has the title", join_all(tabs.iter_mut().map(|tab| tab.waits_for(has_title)))).await;
}
