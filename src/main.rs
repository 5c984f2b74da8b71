//! Reads the settings, opens the database, serves. Or does instead what a command asks for.

#![recursion_limit = "256"] // as in lib.rs

use std::{io::Write, net::SocketAddr, path::Path, process::ExitCode, time::Duration};

use anyhow::{Context, bail};
use rivulet::{
    commands::{list_people::list_people, reset_password::reset_password},
    config::Settings,
    database::backup::backup,
    message::Status,
    private_files::keep_private,
    server::{
        listener::raise_descriptor_limit,
        serve::{self, ConnectionLimits},
        telemetry,
    },
    state::AppState,
};
use tokio::{net::TcpSocket, sync::oneshot, task::JoinHandle, time::timeout};

/// Gives back what a peak took; the system's own keeps it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many connections may wait to be accepted: every tab of a busy server comes back at once when it restarts.
const BACKLOG: u32 = 4096;

const USAGE: &str = "\
rivulet                        serves
rivulet backup FILE            copies the database to a new file, also while it is served
rivulet list-people            lists who has an account, also while it is served
rivulet reset-password EMAIL   asks for a new password for this person (or reads a line from a pipe; it is never an
                               argument) and ends all of their sessions; also while it is served: requests are refused
                               at once, and pages that they have open close within a minute
rivulet help                   shows this

Each reads the same settings as the server: run it in the same folder, as the same user.";

#[tokio::main]
async fn main() -> ExitCode {
    keep_private();
    let (_guard, dropped) = telemetry::start();
    tokio::spawn(telemetry::report_dropped(dropped));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [] => serve().await,
        ["backup", file] => copy(Path::new(file)).await,
        ["list-people"] => list().await,
        ["reset-password", email] => reset(email).await,
        ["help" | "--help" | "-h"] => {
            give(&format!("{USAGE}\n"));
            Ok(())
        }
        // What was typed is not repeated: it may be a password.
        _ => {
            say(&format!("There is no such command, or not with these arguments. There are:\n\n{USAGE}"));
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// For the person at the terminal, who may be gone.
fn say(words: &str) {
    let _ = writeln!(std::io::stderr(), "{words}");
}

/// For whoever reads the output, who may have read enough.
fn give(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

async fn copy(file: &Path) -> anyhow::Result<()> {
    let settings = Settings::read()?;
    backup(&settings.database_url, file).await?;
    say(&format!("The database is copied to {}.", file.display()));
    Ok(())
}

async fn list() -> anyhow::Result<()> {
    let settings = Settings::read()?;
    give(&list_people(&settings.database_url).await?);
    Ok(())
}

async fn reset(email: &str) -> anyhow::Result<()> {
    let settings = Settings::read()?;
    let mut stop = StopSignals::new()?;
    say(&reset_password(&settings.database_url, email, stop.received()).await?);
    Ok(())
}

async fn serve() -> anyhow::Result<()> {
    let limits = ConnectionLimits::within(raise_descriptor_limit());
    let settings = Settings::read().context("Rivulet cannot start.")?;
    // The port is taken first, as that can fail; nobody is let in before all that a dead process left is recovered.
    let taken = || {
        format!(
            "Rivulet cannot start. LEPTOS_SITE_ADDR is \"{}\", where nothing can listen. Is another program there already?",
            settings.address
        )
    };
    let socket = bind(settings.address).with_context(taken)?;
    let (app, mut committer) = AppState::start(&settings).await.context("Rivulet cannot start.")?;
    // Until here a signal ends the process at once: a large database may take minutes to be brought up to date, which is
    // as safe to be killed in as recovery.
    let mut stop = StopSignals::new()?;
    let listener = socket.listen(BACKLOG).with_context(taken)?;
    let address = listener.local_addr()?;
    tracing::info!("listening on http://{address}");
    if !app.database.has_owner().await? {
        tracing::info!(
            "nobody has an account yet; make the first one at {}",
            app.setup_code.link(app.public_url.as_ref(), address)
        );
    }
    let server = tokio::spawn(serve::serve(listener, app.clone(), limits, app.replies.closing.clone()));

    tokio::select! {
        () = stop.received() => {}
        _ = &mut committer => {
            // Without it nothing is kept, so nothing may be shown. The next start recovers what it left.
            app.replies.closing.cancel();
            close_sockets(&app).await;
            bail!("Nothing can be written to the database any more: see the log. Start Rivulet again.");
        }
    }
    tokio::select! {
        () = shut_down(app, committer, server, settings.grace_seconds) => Ok(()),
        () = stop.received() => bail!("Asked to stop a second time: Rivulet ends at once. The next start recovers what was open."),
    }
}

/// Lets running replies finish, then ends them; and closes what is open.
async fn shut_down(app: AppState, committer: oneshot::Receiver<()>, server: JoinHandle<()>, grace_seconds: u64) {
    tracing::info!(grace_seconds, "stopping: no new replies; open ones may finish");
    app.replies.closing.cancel();
    app.replies.tasks.close();
    if timeout(Duration::from_secs(grace_seconds), app.replies.tasks.wait()).await.is_err() {
        for running in app.hub.all_running(None) {
            running.stop(Status::Interrupted);
        }
        // What cannot be written now is in the journal, and the next start ends it.
        let _ = timeout(Duration::from_secs(5), app.replies.tasks.wait()).await;
    }
    close_sockets(&app).await;
    let _ = timeout(Duration::from_secs(3), server).await;
    let database = app.database.clone();
    drop(app);
    let _ = timeout(Duration::from_secs(2), committer).await;
    let _ = timeout(Duration::from_secs(2), database.close()).await;
}

async fn close_sockets(app: &AppState) {
    app.hub.restarting();
    app.sockets.close();
    let _ = timeout(Duration::from_secs(3), app.sockets.wait()).await;
}

fn bind(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A port is free again at once when its server has ended.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Ctrl-C, and what a service manager sends.
struct StopSignals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl StopSignals {
    fn new() -> std::io::Result<StopSignals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(StopSignals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl StopSignals {
    fn new() -> std::io::Result<StopSignals> {
        Ok(StopSignals {})
    }

    /// Waits for the next one.
    async fn received(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
