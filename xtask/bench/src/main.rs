//! What `cargo xtask bench` measures the server with: each row of the design's table, beside a bare axum WebSocket that
//! gets the same bytes from the same provider in the same minute. Prints the rows as JSON.

mod bare;
mod bare_tab;
mod both;
mod checkpoint;
mod commits;
mod cpu;
mod fanout;
mod growth;
mod history;
mod latency;
mod lists;
mod load;
mod log_index;
mod provider;
mod recorder;
mod rest;
mod resume;
mod row;
mod side;
mod tab;

use anyhow::bail;
use tokio::signal::unix::{SignalKind, signal};

use both::Bench;
use row::Row;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare", provider] => bare::serve(provider.to_owned()).await,
        [] => {
            // Whoever ends this program ends the servers with it.
            let mut ended = signal(SignalKind::terminate())?;
            tokio::select! {
                rows = measure() => println!("{}", serde_json::to_string(&rows)?),
                _ = ended.recv() => bail!("ended before everything was measured"),
                _ = tokio::signal::ctrl_c() => bail!("ended before everything was measured"),
            }
            Ok(())
        }
        _ => bail!("`cargo xtask bench` runs this, without arguments."),
    }
}

async fn measure() -> Vec<Row> {
    let mut bench = Bench::start().await;
    let mut rows = latency::rows(&mut bench).await;
    rows.extend(fanout::rows(&mut bench).await);
    rows.extend(resume::rows(&mut bench).await);
    rows.extend(rest::rows(&bench.provider).await);
    rows.extend(growth::rows(&mut bench).await);
    rows.extend(checkpoint::rows(&mut bench).await);
    rows.extend(lists::rows(&bench.provider).await);
    rows.extend(history::rows(&bench.provider).await);
    rows.insert(0, bench.lost());
    rows
}
