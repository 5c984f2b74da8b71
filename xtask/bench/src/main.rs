//! What `cargo xtask bench` measures the server with: each row of the design's table, beside a bare axum WebSocket that
//! gets the same bytes from the same provider in the same minute. Prints the rows as JSON.

mod bare;
mod both;
mod checkpoint;
mod database;
mod fanout;
mod folder;
mod growth;
mod history;
mod latency;
mod listener;
mod lists;
mod load;
mod log_index;
mod person;
mod process;
mod provider;
mod rest;
mod resume;
mod row;
mod side;
mod tab;
mod witness;

use anyhow::bail;
use tokio::signal::unix::{SignalKind, signal};

use both::Bench;
use folder::{BUILT, Built};
use row::Row;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare", provider] => bare::serve(provider.to_owned()).await,
        [server, site] => {
            BUILT.get_or_init(|| Built { server: server.into(), site: site.into() });
            // Whoever ends this ends the servers with it.
            let mut ended = signal(SignalKind::terminate())?;
            tokio::select! {
                rows = measure() => println!("{}", serde_json::to_string(&rows?)?),
                _ = ended.recv() => bail!("ended before everything was measured"),
                _ = tokio::signal::ctrl_c() => bail!("ended before everything was measured"),
            }
            Ok(())
        }
        _ => bail!("`cargo xtask bench` runs this."),
    }
}

async fn measure() -> anyhow::Result<Vec<Row>> {
    let mut bench = Bench::start().await?;
    let mut rows = latency::rows(&mut bench).await?;
    rows.extend(fanout::rows(&mut bench).await?);
    rows.extend(resume::rows(&mut bench).await?);
    rows.extend(rest::rows(&bench.provider).await?);
    rows.extend(growth::rows(&mut bench).await?);
    rows.extend(checkpoint::rows(&mut bench).await?);
    rows.extend(lists::rows(&bench.provider).await?);
    rows.extend(history::rows(&bench.provider).await?);
    rows.insert(0, bench.lost());
    Ok(rows)
}

/// A client that uses no proxy: everything is on this machine.
fn client() -> reqwest::Client {
    // A second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    (reqwest::Client::builder().tls_certs_only([]).no_proxy().redirect(reqwest::redirect::Policy::none()))
        .build()
        .expect("a client that needs no certificates")
}
