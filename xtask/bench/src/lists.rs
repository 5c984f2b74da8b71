//! What a change of a list costs for each tab that follows it.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};
use rivulet::{
    ids::ConversationId,
    live::{ClientFrame, List, ServerFrame},
};
use serde_json::json;
use tokio::time::timeout;

use crate::{
    provider::Provider,
    row::{Goal, Row},
    side::{AT_ONCE, Product},
    tab::{self, Socket},
};

const TABS: usize = 300;
const CHANGES: usize = 100;
/// How long all tabs may take for one change.
const PATIENCE: Duration = Duration::from_secs(30);

/// A conversation is renamed again and again, with many tabs that follow the sidebar, and with one.
pub async fn rows(provider: &Provider) -> anyhow::Result<Vec<Row>> {
    let mut product = Product::start(provider).await?;
    let conversation = product.database.fills(2).await?;
    let few = renames(&product, conversation, 1).await?;
    let many = renames(&product, conversation, TABS).await?;
    let each = many.saturating_sub(few).as_secs_f64() * 1e6 / ((TABS - 1) * CHANGES) as f64;
    let row = format!("CPU of a list change for a tab that follows it, µs: {TABS} tabs");
    Ok(vec![Row::new(row, Goal::AtMost(10.0), each, None)])
}

/// The processor time of the server while so many tabs see every change, each of them before the next one is made.
async fn renames(product: &Product, conversation: ConversationId, count: usize) -> anyhow::Result<Duration> {
    let connect = |_| async {
        let mut socket = tab::connect(product.person.upgrade()?).await?;
        for list in [List::Conversations, List::Messages(conversation)] {
            tab::says(&mut socket, &ClientFrame::List { list, rev: 0 }).await?;
        }
        anyhow::Ok(socket)
    };
    let mut tabs: Vec<Socket> = stream::iter(0..count).map(connect).buffered(AT_ONCE).try_collect().await?;
    rename(product, conversation, &mut tabs, "Nothing yet").await?;
    let before = product.process.cpu()?;
    for change in 0..CHANGES {
        rename(product, conversation, &mut tabs, &format!("Change {change} of {count}")).await?;
    }
    Ok(product.process.cpu()? - before)
}

async fn rename(
    product: &Product,
    conversation: ConversationId,
    tabs: &mut [Socket],
    title: &str,
) -> anyhow::Result<()> {
    let () = product.person.call("rename", json!({ "id": conversation, "title": title })).await?;
    timeout(PATIENCE, try_join_all(tabs.iter_mut().map(|tab| sees(tab, title)))).await??;
    Ok(())
}

async fn sees(socket: &mut Socket, title: &str) -> anyhow::Result<()> {
    loop {
        match serde_json::from_str(&tab::text(socket).await?)? {
            ServerFrame::Conversations { rows, .. } if rows.iter().any(|row| row.title == title) => return Ok(()),
            ServerFrame::<rivulet::message::Change>::Beat(_) => tab::says(socket, &ClientFrame::Beat).await?,
            _ => {}
        }
    }
}
