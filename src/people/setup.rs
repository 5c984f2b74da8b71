//! Who may make the first account: somebody at this machine, or who has the code that the server logs when it starts.

use std::net::SocketAddr;

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, Uri, header, request::Parts},
};

use crate::{
    security::hosts::{host_of, host_of_origin, is_loopback},
    state::AppState,
};

/// The code in the address of the form, as the link in the log has it; empty without one.
pub fn code_in(uri: &Uri) -> String {
    let pairs = uri.query().unwrap_or_default().split('&');
    let code = pairs.filter_map(|pair| pair.strip_prefix("code=")).next().unwrap_or_default();
    percent_encoding::percent_decode_str(code).decode_utf8_lossy().into_owned()
}

/// Whether a request comes from a browser on this machine, to a server that only this machine reaches. A proxy on this
/// machine would bring everybody's from here, so whatever shows one counts as well.
pub fn is_at_this_machine(app: &AppState, parts: &Parts) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
    let here = |host: Option<String>| host.is_some_and(|host| is_loopback(&host));
    let origin = parts.headers.get(header::ORIGIN);
    app.options.site_addr.ip().to_canonical().is_loopback()
        && app.public_url.as_ref().is_none_or(|url| is_loopback(url.host()))
        && peer.is_some_and(|peer| peer.is_loopback() && !app.trusted_proxies.contain(peer))
        && here(host_of(&parts.headers, &parts.uri))
        && origin.is_none_or(|origin| here(origin.to_str().ok().and_then(host_of_origin)))
        && !is_forwarded(&parts.headers)
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    const NAMES: [&str; 5] = ["forwarded", "via", "x-real-ip", "true-client-ip", "cf-connecting-ip"];
    headers.keys().any(|name| name.as_str().starts_with("x-forwarded-") || NAMES.contains(&name.as_str()))
}
