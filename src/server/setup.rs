//! Who may make the first account: somebody at this machine, or who has the code that the server logs when it starts.

use std::net::SocketAddr;

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, Uri, header, request::Parts},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

use super::{
    hosts::{host_of, host_of_origin, is_loopback},
    state::App,
};

/// What is missing, and where it is to be found.
pub const CODE_NEEDED: &str = "The setup code is wrong or missing. It stands in the server's log, at the end of the link \
                               that was written there when the server started (…/create-account?code=…).";

/// The code that the first account needs. It is of no use once there is one.
pub struct SetupCode(String);

impl SetupCode {
    /// The one that was set, or a random one.
    pub fn new(preset: Option<String>) -> SetupCode {
        SetupCode(preset.unwrap_or_else(|| URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>())))
    }

    /// Takes as long wherever two codes begin to differ.
    pub fn is(&self, code: &str) -> bool {
        self.0.as_bytes().ct_eq(code.trim().as_bytes()).into()
    }

    /// The address of the form with the code, for the log.
    pub fn link(&self, app: &App, listens: SocketAddr) -> String {
        let origin = match &app.public_url {
            Some(url) => url.to_string(),
            None if listens.ip().is_unspecified() => format!("http://localhost:{}", listens.port()),
            None => format!("http://{listens}"),
        };
        let code = percent_encoding::utf8_percent_encode(&self.0, percent_encoding::NON_ALPHANUMERIC);
        format!("{origin}/create-account?code={code}")
    }
}

/// The code in the address of the form, as the link in the log has it; empty without one.
pub fn code_in(uri: &Uri) -> String {
    let pairs = uri.query().unwrap_or_default().split('&');
    let code = pairs.filter_map(|pair| pair.strip_prefix("code=")).next().unwrap_or_default();
    percent_encoding::percent_decode_str(code).decode_utf8_lossy().into_owned()
}

/// Whether a request comes from a browser on this machine, to a server that only this machine reaches. A proxy on this
/// machine would bring everybody's from here, so whatever shows one counts as well.
pub fn is_at_this_machine(app: &App, parts: &Parts) -> bool {
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
