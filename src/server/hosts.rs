//! The names under which this server is asked for. A page of another site can have its own name lead here (DNS rebinding),
//! and is then of the same origin as what answers: so other names are not answered.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{forms, public_url::PublicUrl, state::App};

/// Refuses what is asked of another name with 421, and what names no host or two with 400.
pub async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    match host_of(request.headers(), request.uri()) {
        None => (StatusCode::BAD_REQUEST, "This request does not say which host it asks.").into_response(),
        Some(host) if is_served(&host, app.public_url.as_ref()) => next.run(request).await,
        Some(_) => {
            let card = "<p>This Rivulet does not answer under the name by which you asked for it. If that is its name, set \
                        <code>public-url</code> in Leptos.toml (or <code>RIVULET_PUBLIC_URL</code>) to the address that \
                        people use, such as <code>https://chat.example.org</code>, and start it again.</p>";
            (StatusCode::MISDIRECTED_REQUEST, forms::plain(&app.build, "Another name", card)).into_response()
        }
    }
}

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

/// Rebinding needs a name that its owner can have lead elsewhere. An address is none, and names of loopback lead nowhere else.
fn is_served(host: &str, public_url: Option<&PublicUrl>) -> bool {
    address(host).is_some() || is_loopback(host) || public_url.is_some_and(|url| url.host() == host)
}

/// Whether a host (as [`host_of`] gives it) is a name or an address of the machine that asks.
pub fn is_loopback(host: &str) -> bool {
    match address(host) {
        Some(address) => address.to_canonical().is_loopback(),
        None => host == "localhost" || host.ends_with(".localhost"),
    }
}

fn address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(host) => host.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}
