//! Signals, shared with the server that we started.

use std::process::{Child, ExitStatus};

use anyhow::Result;

/// From here on Ctrl-C ends the server and not us, so that we can wait for it to end properly.
///
/// The terminal sends Ctrl-C to the server itself. What some process sent to us alone is passed on.
#[cfg(unix)]
pub fn pass_on(server: &Child) -> Result<()> {
    use rustix::process::{Pid, Signal, kill_process};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::{SignalsInfo, exfiltrator::origin::WithOrigin};
    use signal_hook::low_level::siginfo::Cause;

    let server = Pid::from_child(server);
    let mut signals = SignalsInfo::<WithOrigin>::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || {
        for received in &mut signals {
            if let (Cause::Sent(_), Some(signal)) = (received.cause, Signal::from_named_raw(received.signal)) {
                // It may have ended just now, which is what was asked for.
                let _ = kill_process(server, signal);
            }
        }
    });
    Ok(())
}

#[cfg(not(unix))]
pub fn pass_on(_server: &Child) -> Result<()> {
    Ok(())
}

/// The signal that ended a program.
#[cfg(unix)]
pub fn ending(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
pub fn ending(_status: ExitStatus) -> Option<i32> {
    None
}
