//! `cargo xtask run`: build, serve, print where.

use std::{
    fs,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, ExitCode, ExitStatus},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{
    build::{Options, build},
    project::Project,
    signals,
};

/// Serves until the server ends, and ends as it did.
pub fn run(release: bool) -> Result<ExitCode> {
    let project = Project::load()?;
    let built = build(&project, Options { release, ..Options::default() })?;
    let mut command = Command::new(&built.server);
    command.current_dir(&project.root);
    if std::env::var_os("LEPTOS_SITE_ROOT").is_none() {
        command.env("LEPTOS_SITE_ROOT", &built.site);
    }
    let address = configured_address(&project.root).unwrap_or_else(|| {
        command.env("LEPTOS_SITE_ADDR", &project.settings.site_addr);
        project.settings.site_addr.clone()
    });
    // An address that makes no sense is for the server to refuse; and only the server has the number for port 0.
    let address = address.parse().ok().filter(|address: &SocketAddr| address.port() != 0);
    let address = address.map(reachable);
    if let Some(address) = address.filter(accepts) {
        bail!(
            "Something else listens on {address} already. Stop it, or choose another address: \
             `LEPTOS_SITE_ADDR=127.0.0.1:3001 cargo xtask run`."
        );
    }
    let mut server = command.spawn().context("The server cannot be started")?;
    signals::pass_on(&server)?;
    if let Some(address) = address {
        if let Some(status) = ended_before_ready(&mut server, address)? {
            if status.code().is_some_and(|code| code != 0) {
                bail!("The server stopped before it was ready ({status}). Its output is above.");
            }
            return Ok(exit_code(status));
        }
        println!("Rivulet is ready: http://{address}");
    }
    Ok(exit_code(server.wait()?))
}

/// The address that the server will take from its settings; they are its own to check.
fn configured_address(root: &Path) -> Option<String> {
    if let Ok(address) = std::env::var("LEPTOS_SITE_ADDR") {
        return Some(address);
    }
    let settings = fs::read_to_string(root.join("Leptos.toml")).ok()?;
    address_in(&settings)
}

fn address_in(settings: &str) -> Option<String> {
    let settings: toml::Table = settings.parse().ok()?;
    Some(settings.get("leptos")?.get("site-addr")?.as_str()?.to_owned())
}

/// A server on every interface is reached on this machine's own.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

fn accepts(address: &SocketAddr) -> bool {
    TcpStream::connect_timeout(address, Duration::from_millis(500)).is_ok()
}

/// Waits until the server accepts connections; gives its status if it ends instead.
fn ended_before_ready(server: &mut Child, address: SocketAddr) -> Result<Option<ExitStatus>> {
    loop {
        let ready = accepts(&address);
        let ended = server.try_wait()?;
        if ready || ended.is_some() {
            return Ok(ended);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The server's own exit code; for a signal that ended it, what a shell would give.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or(signals::ending(status).map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_stands_in_the_settings() {
        let settings = "[leptos]\nsite-addr = \"0.0.0.0:8080\"\n[database]\nurl = \"sqlite:a.db\"\n";
        assert_eq!(address_in(settings).as_deref(), Some("0.0.0.0:8080"));
        assert_eq!(address_in("[leptos]\n"), None);
        assert_eq!(address_in("not toml"), None);
    }

    #[test]
    fn every_interface_is_reached_on_the_own_one() {
        let reached = |address: &str| address.parse().map(|found| reachable(found).to_string());
        assert_eq!(reached("0.0.0.0:3000").as_deref(), Ok("127.0.0.1:3000"));
        assert_eq!(reached("[::]:3000").as_deref(), Ok("[::1]:3000"));
        assert_eq!(reached("192.0.2.1:80").as_deref(), Ok("192.0.2.1:80"));
    }
}
