//! The host that a request asks, and the one from which it comes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::{HeaderMap, Uri, header, uri::Authority};

/// The host that a request asks, without its port, in lower case. None unless it names exactly one.
pub fn host_of(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = name(hosts.next()?.to_str().ok()?)?;
    let same = uri.authority().is_none_or(|authority| name(authority.as_str()).as_deref() == Some(&host));
    (hosts.next().is_none() && same).then_some(host)
}

/// The host of an `Origin`.
pub fn host_of_origin(origin: &str) -> Option<String> {
    name(origin.split_once("://")?.1)
}

fn name(authority: &str) -> Option<String> {
    let authority: Authority = authority.parse().ok()?;
    // All of it is host and port: no name of a user before, and nothing behind an address in brackets.
    let rest = authority.as_str().strip_prefix(authority.host())?;
    let host = authority.host().to_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    (!host.is_empty() && (rest.is_empty() || rest.starts_with(':'))).then(|| host.to_owned())
}

/// Whether a host (as [`host_of`] gives it) is a name or an address of the machine that asks.
pub fn is_loopback(host: &str) -> bool {
    match address(host) {
        Some(address) => address.to_canonical().is_loopback(),
        None => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// The address that a host is, if it is no name.
pub fn address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(host) => host.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}
