//! `rivulet reset-password` at a terminal.

use std::process::Child;

use kit::{Database, Folder, Person, Process, person::PASSWORD, soon};
use rustix::process::{Pid, Signal, kill_process};

use super::{NEW, command, signs_in, terminal::Terminal};
use crate::program;

/// A server with Ada, and somebody who is asked for her new password beside it.
struct World {
    folder: Folder,
    process: Process,
    ada: Person,
    terminal: Terminal,
    child: Child,
}

impl World {
    async fn asks() -> World {
        let folder = Folder::new();
        folder.has_settings(&folder.settings("http://127.0.0.1:9/v1", 0));
        let process = program::start(&folder).await;
        let ada = Person::signs_up(process.address, "Ada").await;
        let mut terminal = Terminal::new();
        let child = terminal.starts(command(&folder, &["reset-password", "ada@example.org"]));
        terminal.shows("New password for ada@example.org: ").await;
        assert!(!terminal.echoes());
        World { folder, process, ada, terminal, child }
    }

    /// How the command ends.
    async fn ends(&mut self) -> Option<i32> {
        let ended = async {
            loop {
                if let Some(status) = self.child.try_wait().expect("its status") {
                    return status.code();
                }
                tokio::task::yield_now().await;
            }
        };
        let code = soon("the command ends", ended).await;
        assert!(self.terminal.echoes(), "the terminal is as it was");
        code
    }

    async fn is_as_before(&self) {
        assert_eq!(self.ada.gets("/").await.status, 200);
        assert_eq!(signs_in(self.process.address, PASSWORD).await, 303);
        assert_eq!(signs_in(self.process.address, NEW).await, 401);
    }
}

/// Rule: what is typed twice is the password, and is not shown.
#[tokio::test]
async fn a_password_is_typed_twice_unseen() {
    let mut world = World::asks().await;
    world.terminal.types(&format!("{NEW}\n"));
    world.terminal.shows("The same again: ").await;
    world.terminal.types(&format!("{NEW}\n"));
    let shown = world.terminal.shows("The password is reset").await;
    assert!(!shown.contains(NEW), "{shown}");
    assert_eq!(world.ends().await, Some(0));
    assert_eq!(world.ada.gets("/").await.location.as_deref(), Some("/sign-in"));
    assert_eq!(signs_in(world.process.address, NEW).await, 303);
}

/// Rule: two different passwords are none.
#[tokio::test]
async fn two_different_passwords_change_nothing() {
    let mut world = World::asks().await;
    world.terminal.types(&format!("{NEW}\n"));
    world.terminal.shows("The same again: ").await;
    world.terminal.types(&format!("{NEW}!\n"));
    world.terminal.shows("two different passwords").await;
    assert_eq!(world.ends().await, Some(1));
    world.is_as_before().await;
}

/// Rule: Ctrl-C and a termination at either prompt change nothing, and leave the terminal as it was.
#[tokio::test]
async fn who_is_interrupted_changes_nothing() {
    for (signal, lines) in [(Signal::INT, 0), (Signal::INT, 1), (Signal::TERM, 1)] {
        let mut world = World::asks().await;
        if lines == 1 {
            world.terminal.types(&format!("{NEW}\n"));
            world.terminal.shows("The same again: ").await;
        }
        world.terminal.types("over the");
        kill_process(Pid::from_child(&world.child), signal).expect("it runs");
        world.terminal.shows("Stopped. Nothing was changed.").await;
        assert_eq!(world.ends().await, Some(1));
        world.is_as_before().await;
    }
}

/// Rule: a version that was started while the password was typed has its tables left alone.
#[tokio::test]
async fn an_upgrade_meanwhile_is_not_written_to() {
    let mut world = World::asks().await;
    Database::open(&world.folder.database())
        .await
        .run("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'newer', 1, x'00', 0)")
        .await;
    world.terminal.types(&format!("{NEW}\n"));
    world.terminal.shows("The same again: ").await;
    world.terminal.types(&format!("{NEW}\n"));
    world.terminal.shows("from a newer Rivulet").await;
    assert_eq!(world.ends().await, Some(1));
    world.is_as_before().await;
}
