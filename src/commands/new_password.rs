//! A new password from whoever runs a command: typed twice and unseen at a terminal, or a line from another program.
//! Never an argument, which all users of the machine can read.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::{Context, bail};
use tokio::sync::oneshot;

use crate::text::in_one_line;

/// The longest line that is read, in bytes: beyond any password, and as much as a terminal gives.
const MAX_LINE: u64 = 4096;

/// The new password for the person with this email, as it was typed. Errors are for the person who types it. Whoever drops
/// this meanwhile finds the terminal as it was.
pub async fn read(email: &str) -> anyhow::Result<String> {
    if !io::stdin().is_terminal() {
        return line().await;
    }
    let _unseen = EchoOff::new().context("The terminal would show the password. Send it by a pipe instead.")?;
    prompt(&format!("New password for {}: ", in_one_line(email)));
    let password = line().await?;
    prompt("The same again: ");
    if line().await? != password {
        bail!("These are two different passwords. Nothing was changed.");
    }
    Ok(password)
}

/// A line of standard input, without its end.
async fn line() -> anyhow::Result<String> {
    let (sender, read) = oneshot::channel();
    // A thread of its own: nothing ends a read, and the runtime would wait for one of its threads.
    std::thread::spawn(move || {
        let mut line = vec![];
        let read = io::stdin().lock().take(MAX_LINE).read_until(b'\n', &mut line);
        let _ = sender.send(read.map(|_| line));
    });
    let line = read.await?.context("Standard input cannot be read.")?;
    if line.is_empty() {
        bail!("There is no password on standard input. Nothing was changed.");
    }
    let line = String::from_utf8(line).context("A password has to be UTF-8. Nothing was changed.")?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn prompt(words: &str) {
    let mut to = io::stderr();
    let _ = write!(to, "{words}").and_then(|()| to.flush());
}

/// The terminal shows nothing that is typed but the line's end, until this is dropped.
#[cfg(unix)]
struct EchoOff(rustix::termios::Termios);

#[cfg(unix)]
impl EchoOff {
    fn new() -> io::Result<EchoOff> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin())?;
        let mut unseen = before.clone();
        unseen.local_modes.remove(LocalModes::ECHO);
        unseen.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Flush, &unseen)?;
        Ok(EchoOff(before))
    }
}

#[cfg(unix)]
impl Drop for EchoOff {
    fn drop(&mut self) {
        // Half a password is dropped with it, rather than left to the shell. A terminal that is gone needs nothing.
        let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Flush, &self.0);
    }
}

#[cfg(not(unix))]
struct EchoOff;

#[cfg(not(unix))]
impl EchoOff {
    fn new() -> io::Result<EchoOff> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
