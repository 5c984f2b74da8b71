//! The commands of the real program besides serving: what they do, beside a server too, and what they give away.

mod asking;
mod listing;
mod resetting;
mod terminal;

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use kit::{Folder, page, person::PASSWORD, soon};

use crate::program;

const NEW: &str = "over the other bridge";

/// How a command ended, and all that it wrote.
struct Ran {
    code: Option<i32>,
    output: String,
    /// With the log.
    errors: String,
}

impl Ran {
    /// It is refused with these words.
    fn is_refused(&self, words: &str) {
        assert_eq!(self.code, Some(1), "{}", self.errors);
        assert!(self.errors.contains(words), "no {words:?} in {}", self.errors);
    }

    fn is_done(&self) {
        assert_eq!(self.code, Some(0), "{}", self.errors);
    }
}

fn command(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = program::command(folder);
    command.args(arguments);
    command
}

/// Runs a command until it ends, with this on its standard input.
async fn runs(mut command: Command, input: impl Into<Vec<u8>>) -> Ran {
    let input = input.into();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program can be started");
    let mut pipe = child.stdin.take().expect("its input");
    let ending = tokio::task::spawn_blocking(move || {
        // One that is refused does not read.
        let _ = pipe.write_all(&input);
        drop(pipe);
        child.wait_with_output()
    });
    let Output { status, stdout, stderr } =
        soon("the command ends", ending).await.expect("its thread").expect("its end");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ran { code: status.code(), output: text(stdout), errors: text(stderr) }
}

/// Resets Ada's password in this folder by a pipe.
async fn resets(folder: &Folder, input: impl Into<Vec<u8>>) -> Ran {
    runs(command(folder, &["reset-password", "ada@example.org"]), input).await
}

/// What a sign-in with this password is answered.
async fn signs_in(address: std::net::SocketAddr, password: &str) -> u16 {
    let form = [("email", "ada@example.org"), ("password", password)];
    page::post(address, "/sign-in", None, &form).await.status.as_u16()
}

/// Rule: help is an answer, and what is no command is an error that has the same; neither repeats what was typed.
#[tokio::test]
async fn all_commands_are_listed() {
    let folder = Folder::new();
    let help = runs(command(&folder, &["help"]), "").await;
    help.is_done();
    for name in ["backup FILE", "list-people", "reset-password EMAIL", "help"] {
        assert!(help.output.contains(&format!("rivulet {name}")), "{}", help.output);
    }
    let wrong: [&[&str]; 4] =
        [&["hunter2"], &["reset-password"], &["reset-password", "ada@example.org", "hunter2"], &["list-people", "x"]];
    for arguments in wrong {
        let ran = runs(command(&folder, arguments), PASSWORD).await;
        assert_eq!((ran.code, ran.output.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ran.errors.contains(help.output.trim()) && !ran.errors.contains("hunter2"), "{}", ran.errors);
    }
    assert!(!folder.database().exists());
}
