//! The real program, which can be killed.

use std::{
    net::SocketAddr,
    process::{ExitStatus, Stdio},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStderr, Command},
};

use super::{Folder, soon};

pub struct Process {
    pub address: SocketAddr,
    child: Child,
    /// Nothing if it was closed. It is read only at the start and at the end.
    log: Option<Lines<BufReader<ChildStderr>>>,
}

impl Process {
    /// Starts the program in a folder that has its `Leptos.toml`, and waits until it listens.
    pub async fn start(folder: &Folder) -> Process {
        Process::from(command(folder)).await
    }

    /// The same from a command of one's own.
    pub async fn from(command: Command) -> Process {
        Process::start_and_read(command).await.0
    }

    /// The same, with what it logged until it listened.
    pub async fn start_and_read(mut command: Command) -> (Process, String) {
        let mut child = command.spawn().expect("the program can be started");
        let mut log = BufReader::new(child.stderr.take().expect("its log")).lines();
        let mut said = String::new();
        let address = soon("the server listens", async {
            while let Some(line) = log.next_line().await.expect("its log can be read") {
                if let Some((_, address)) = line.split_once("listening on http://") {
                    return address.trim().parse().expect("an address");
                }
                said += &line;
            }
            panic!("the server did not start: {said}");
        })
        .await;
        (Process { address, child, log: Some(log) }, said)
    }

    /// From now on nobody can read what it logs: the terminal is gone.
    pub fn loses_its_log(&mut self) {
        self.log = None;
    }

    /// What the system says of it in this file of `/proc`.
    pub fn says_of_itself(&self, file: &str) -> String {
        let id = self.child.id().expect("it runs");
        std::fs::read_to_string(format!("/proc/{id}/{file}")).expect("a running process")
    }

    /// `kill -9`.
    pub async fn dies(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// What a service manager sends.
    pub async fn is_asked_to_stop(&self) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill is there");
        assert!(sent.success());
    }

    /// How it ended, and the rest of what it logged.
    pub async fn ends(mut self) -> (ExitStatus, String) {
        soon("the program ends", async {
            let mut rest = String::new();
            if let Some(log) = &mut self.log {
                while let Ok(Some(line)) = log.next_line().await {
                    rest += &line;
                    rest.push('\n');
                }
            }
            (self.child.wait().await.expect("its status"), rest)
        })
        .await
    }

    /// What the program says of something that it does and then ends.
    pub async fn runs(mut command: Command) -> String {
        let output = soon("the program ends", command.output()).await.expect("the program can be started");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        said
    }

    /// What the program says when it cannot start.
    pub async fn fails(mut command: Command) -> String {
        soon("the program gives up", async {
            let mut child = command.spawn().expect("the program can be started");
            let mut said = String::new();
            let mut log = child.stderr.take().expect("its log");
            log.read_to_string(&mut said).await.expect("its log can be read");
            assert!(!child.wait().await.expect("its status").success(), "it started: {said}");
            said
        })
        .await
    }
}

/// The program in a folder, with nothing of this process' environment that is a setting.
pub fn command(folder: &Folder) -> Command {
    prepared(Command::new(env!("CARGO_BIN_EXE_rivulet")), folder)
}

/// A command that starts the program, in a folder.
pub fn prepared(mut command: Command, folder: &Folder) -> Command {
    for setting in [
        "LEPTOS_SITE_ADDR",
        "LEPTOS_SITE_ROOT",
        "RIVULET_SETTINGS",
        "RIVULET_DATABASE_URL",
        "RIVULET_GRACE_SECONDS",
        "RIVULET_PUBLIC_URL",
        "RIVULET_SETUP_CODE",
        "RIVULET_TRUSTED_PROXIES",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "RUST_LOG",
    ] {
        command.env_remove(setting);
    }
    command.env("NO_COLOR", "1").current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}
