//! What a browser has to refuse, and what this server refuses.

use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, header},
};
use leptos::{nonce::use_nonce, prelude::use_context};
use leptos_axum::ResponseOptions;
use tower_http::set_header::SetResponseHeaderLayer;

pub mod client_address;
pub mod hosts;
pub mod log;

/// What an answer may do that is no page of ours, such as an error, a file or a function's: nothing but look like one.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";
/// What a page may ask the browser for beyond what all may: nothing.
const PERMISSIONS: &str = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";
/// For how long a browser that came by HTTPS comes by nothing else: a year.
const HSTS: &str = "max-age=31536000";

/// Headers that every answer has; one more where people come by HTTPS.
pub fn headers<S: Clone + Send + Sync + 'static>(router: Router<S>, is_https: bool) -> Router<S> {
    let header = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    let router = router
        .layer(header(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::X_FRAME_OPTIONS, "DENY"))
        // leptos redirects to the referrer after a form; another origin's must never be one.
        .layer(header(header::REFERRER_POLICY, "same-origin"))
        .layer(header(HeaderName::from_static("permissions-policy"), PERMISSIONS))
        .layer(header(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(header(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"));
    if is_https { router.layer(header(header::STRICT_TRANSPORT_SECURITY, HSTS)) } else { router }
}

/// Tells the browser to run only this page's own scripts. Called while the page is rendered, as it has the nonce.
///
/// A file of this server is no script because it is here: the page's one script has the nonce, and what that loads is
/// trusted with it. Nor is a string HTML: only what comes through the policy that `markdown::trusted` makes.
pub fn content_security_policy() {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else {
        return;
    };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types rivulet"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    // A page holds a person's words.
    response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// Whether a request comes from a page of this server: of the host that it asks (which `hosts` let through), or of the
/// address that people use. A browser always sends it for a socket.
pub fn same_origin(public_origin: Option<&str>, headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return false };
    let is_host = || origin.split_once("://").is_some_and(|(_, from)| text(header::HOST) == Some(from));
    public_origin == Some(origin) || is_host()
}
