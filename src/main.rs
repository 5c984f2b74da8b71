//! Reads the settings, opens the database, serves.

#![recursion_limit = "256"] // as in lib.rs

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use anyhow::Context;
use axum::serve::ListenerExt;
use rivulet::{
    message::Status,
    server::{routes, settings::Settings, state::App, telemetry},
};
use tokio::{net::TcpSocket, signal, time::timeout};

/// How many connections may wait to be accepted: every tab of a busy server comes back at once when it restarts.
const BACKLOG: u32 = 4096;

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::start();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // For the person at the terminal, who reads the first line.
            eprintln!("Rivulet cannot start. {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let settings = Settings::read()?;
    // The port is taken first, as that can fail; nobody is let in before all that a dead process left is recovered.
    let taken = || {
        format!(
            "LEPTOS_SITE_ADDR is \"{}\", where nothing can listen. Is another program there already?",
            settings.address
        )
    };
    let socket = bind(settings.address).with_context(taken)?;
    let (app, committer) = App::start(&settings).await?;
    let listener = socket.listen(BACKLOG).with_context(taken)?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|stream| {
        // A word must not wait for the next one.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
    });
    let service = routes::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    tracing::info!("listening on http://{address}");
    let closing = app.closing.clone();
    let server = tokio::spawn(
        axum::serve(listener, service).with_graceful_shutdown(async move { closing.cancelled().await }).into_future(),
    );

    tokio::select! {
        () = asked_to_stop() => {}
        () = app.closing.cancelled() => {}
    }
    tracing::info!(grace_seconds = settings.grace_seconds, "stopping: no new replies; open ones may finish");
    app.closing.cancel();
    app.replies.close();
    if timeout(Duration::from_secs(settings.grace_seconds), app.replies.wait()).await.is_err() {
        for running in app.hub.all_running(None) {
            running.stop(Status::Interrupted);
        }
        // What cannot be written now is in the journal, and the next start ends it.
        let _ = timeout(Duration::from_secs(5), app.replies.wait()).await;
    }
    app.hub.restarting();
    app.sockets.close();
    let _ = timeout(Duration::from_secs(3), app.sockets.wait()).await;
    let _ = timeout(Duration::from_secs(3), server).await;
    let database = app.database.clone();
    drop(app);
    let _ = timeout(Duration::from_secs(2), committer).await;
    let _ = timeout(Duration::from_secs(2), database.close()).await;
    Ok(())
}

fn bind(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A port is free again at once when its server has ended.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Ctrl-C, or what a service manager sends.
async fn asked_to_stop() {
    let terminated = async {
        #[cfg(unix)]
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
                return;
            }
            Err(error) => tracing::warn!(%error, "SIGTERM cannot be heard"),
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = signal::ctrl_c() => {}
        () = terminated => {}
    }
}
