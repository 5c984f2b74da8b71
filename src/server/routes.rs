//! The whole HTTP surface on one page.

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use leptos::prelude::provide_context;
use leptos_axum::{LeptosRoutes, generate_route_list};
use tower_http::{
    CompressionLevel, compression::CompressionLayer, csrf::CsrfLayer, limit::RequestBodyLimitLayer, services::ServeDir,
    trace::TraceLayer,
};

use super::{client_address, forms, security, security_log, state::App};
use crate::{
    app::{self, shell},
    error::Failure,
    live::socket,
};

/// The largest body that a request may have, in bytes: a message of the longest kind, as a form or JSON may swell it.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

pub fn router(app: App) -> Router {
    let pages = generate_route_list(app::App);
    let options = app.options.clone();

    let router = Router::new()
        .route("/create-account", post(forms::create_account))
        .route("/sign-in", post(forms::sign_in))
        .route("/sign-out", post(forms::sign_out))
        .route("/settings/security", get(forms::security::show))
        .route("/settings/security/end", post(forms::security::end))
        .route("/settings/security/end-others", post(forms::security::end_others))
        .route("/settings/security/password", post(forms::security::change_password))
        .route("/", post(forms::say_first))
        .route("/c/{id}", post(forms::say_next))
        .leptos_routes(&app, pages, {
            let options = options.clone();
            move || shell(options.clone())
        })
        .layer(compression())
        // Below the compression, so that nothing stands between a socket and its frames; files come packed.
        .route("/live", get(socket::connect))
        .fallback_service(
            ServeDir::new(&*options.site_root)
                .append_index_html_on_directories(false)
                .precompressed_br()
                .precompressed_gzip()
                .fallback(any(no_such_page).with_state(app.clone())),
        )
        .layer(middleware::from_fn(cached))
        // axum's own limit would not hold for server functions.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT))
        .layer(CsrfLayer::new().with_rejection_response(|_| Failure::ForeignOrigin.into_response()))
        .layer(TraceLayer::new_for_http());
    let router = security::headers(router).layer(middleware::from_fn_with_state(app.clone(), security_log::refusals));
    router.layer(middleware::from_fn_with_state(app.clone(), client_address::find)).with_state(app)
}

/// For pages, functions and forms. Compression tells by an answer's length only who can have a
/// person's browser ask for pages with words of theirs in them, again and again: no address is repeated in a page, and what
/// another site posts is refused before it is read. (The nonce of a page is used once.)
fn compression() -> CompressionLayer {
    CompressionLayer::new().quality(CompressionLevel::Precise(4))
}

/// Files that are asked for with their build never change; others are asked about again.
async fn cached(request: Request, next: Next) -> Response {
    let forever =
        request.uri().path().starts_with("/pkg/") && request.uri().query().is_some_and(|query| query.starts_with("v="));
    let mut response = next.run(request).await;
    if response.status().is_success() || response.status() == axum::http::StatusCode::NOT_MODIFIED {
        let value = if forever { "public, max-age=31536000, immutable" } else { "no-cache" };
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn no_such_page(State(app): State<App>, request: Request<Body>) -> Response {
    let options = app.options.clone();
    let context = move || provide_context(app.clone());
    let render = leptos_axum::render_app_async_with_context(context, move || shell(options.clone()));
    render(request).await.into_response()
}
