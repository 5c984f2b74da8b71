//! The whole HTTP surface on one page.

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    handler::Handler,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, any, get, post},
};
use leptos::prelude::provide_context;
use leptos_axum::{LeptosRoutes, generate_route_list};
use tower_http::{
    CompressionLevel, compression::CompressionLayer, csrf::CsrfLayer, services::ServeDir, trace::TraceLayer,
};

use super::{bodies, client_address, forms, hosts, security_log, socket};
use crate::{
    app::{self, shell},
    error::Failure,
    protocol::{self, FUNCTIONS},
    security,
    state::AppState,
};

/// What answers at an address, beside the pages and the functions: leptos has tables of those.
pub struct Endpoint {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
    /// Whether its answers are compressed.
    packed: bool,
    handler: MethodRouter<AppState>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Anyone,
    /// Whoever is not signed in is refused, or sent to where they can sign in.
    SignedIn,
}

pub fn endpoints() -> Vec<Endpoint> {
    use Access::{Anyone, SignedIn};
    vec![
        Endpoint::post("/create-account", Anyone, forms::create_account),
        Endpoint::post("/sign-in", Anyone, forms::sign_in),
        Endpoint::post("/sign-out", Anyone, forms::sign_out),
        Endpoint::get("/settings/security", SignedIn, forms::security::show),
        Endpoint::post("/settings/security/end", SignedIn, forms::security::end),
        Endpoint::post("/settings/security/end-others", SignedIn, forms::security::end_others),
        Endpoint::post("/settings/security/password", SignedIn, forms::security::change_password),
        Endpoint::get("/settings", SignedIn, forms::settings::show),
        Endpoint::post("/settings/defaults", SignedIn, forms::settings::set_defaults),
        Endpoint::post("/settings/save-prompt", SignedIn, forms::settings::save_prompt),
        Endpoint::post("/settings/delete-prompt", SignedIn, forms::settings::delete_prompt),
        Endpoint::post("/settings/rename-preset", SignedIn, forms::settings::rename_preset),
        Endpoint::post("/settings/delete-preset", SignedIn, forms::settings::delete_preset),
        Endpoint::post("/settings/restore-preset", SignedIn, forms::settings::restore_preset),
        Endpoint::post("/", SignedIn, forms::message::send_first),
        Endpoint::post("/c/{id}", SignedIn, forms::message::send_next),
        Endpoint::post("/c/{id}/unarchive", SignedIn, forms::marks::unarchive),
        Endpoint::post("/c/{id}/rate", SignedIn, forms::marks::rate),
        // A socket, whose frames nothing may hold back.
        Endpoint { packed: false, ..Endpoint::get("/live", SignedIn, socket::connect) },
    ]
}

impl Endpoint {
    fn get<T: 'static>(path: &'static str, access: Access, handler: impl Handler<T, AppState>) -> Endpoint {
        Endpoint { method: Method::GET, path, access, packed: true, handler: get(handler) }
    }

    fn post<T: 'static>(path: &'static str, access: Access, handler: impl Handler<T, AppState>) -> Endpoint {
        Endpoint { method: Method::POST, path, access, packed: true, handler: post(handler) }
    }
}

fn routed(endpoints: Vec<Endpoint>) -> Router<AppState> {
    endpoints.into_iter().fold(Router::new(), |router, Endpoint { path, handler, .. }| router.route(path, handler))
}

pub fn router(app: AppState) -> Router {
    let pages = generate_route_list(app::App);

    let (packed, plain): (Vec<Endpoint>, _) = endpoints().into_iter().partition(|endpoint| endpoint.packed);

    let router = routed(packed)
        .leptos_routes(&app, pages, shell)
        .layer(compression())
        // Below the compression; files come packed.
        .merge(routed(plain))
        .layer(middleware::from_fn_with_state(app.clone(), bodies::limit))
        .layer(middleware::map_request(without_redirects))
        .fallback_service(
            ServeDir::new(&*app.options.site_root)
                .append_index_html_on_directories(false)
                .precompressed_br()
                .precompressed_gzip()
                .fallback(any(no_such_page).with_state(app.clone())),
        )
        .layer(middleware::from_fn(refuse_outdated))
        // Its own limit would not hold for server functions, which have that of `bodies`.
        .layer(DefaultBodyLimit::disable())
        .layer(csrf(&app).with_rejection_response(|_| Failure::ForeignOrigin.into_response()))
        .layer(middleware::from_fn_with_state(app.clone(), hosts::check))
        .layer(middleware::from_fn(cached))
        .layer(TraceLayer::new_for_http());
    let router = security::headers(router, app.sessions.is_secure)
        .layer(middleware::from_fn_with_state(app.clone(), security_log::refusals))
        .layer(middleware::from_fn_with_state(app.clone(), client_address::find))
        .with_state(app.clone());
    // Around it, as a router's own layers come after it has chosen the route.
    Router::new().fallback_service(router).layer(middleware::map_request_with_state(app, translated))
}

/// Leads pages of other protocols that are spoken to the same functions.
async fn translated(State(app): State<AppState>, mut request: Request) -> Request {
    let path = protocol::translated(request.uri().path(), app.protocols);
    // A function's address is a path alone.
    if let Some(uri) = path.and_then(|path| path.parse().ok()) {
        *request.uri_mut() = uri;
    }
    request
}

/// Refuses what was asked for in a protocol that is not spoken, before anything of it is read.
async fn refuse_outdated(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path.starts_with("/api/") && !path.starts_with(FUNCTIONS) {
        return Failure::Updated.as_json(Failure::Updated.status());
    }
    next.run(request).await
}

/// Functions answer the app's scripts. Whoever asks for a page they would redirect to any `Referer`.
async fn without_redirects(mut request: Request) -> Request {
    if request.uri().path().starts_with("/api/") {
        request.headers_mut().remove(header::ACCEPT);
    }
    request
}

/// Refuses what pages of another origin send. A proxy may ask this server by another name than people do.
fn csrf(app: &AppState) -> CsrfLayer {
    let Some(url) = &app.public_url else { return CsrfLayer::new() };
    // It is an origin: that was looked at when the settings were read.
    CsrfLayer::new().add_trusted_origin(url.origin()).unwrap_or_default()
}

/// For pages, functions and forms. Compression tells by an answer's length only who can have a
/// person's browser ask for pages with words of theirs in them, again and again: no address is repeated in a page, and what
/// another site posts is refused before it is read. (The nonce of a page is used once.)
fn compression() -> CompressionLayer {
    CompressionLayer::new().quality(CompressionLevel::Precise(4))
}

/// The longest name that file systems take, in bytes.
const MAX_NAME: usize = 255;

/// Files whose address has their build never change; others are asked about again. What functions answer is
/// somebody's, and so is an answer that was refused.
async fn cached(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let forever = path.strip_prefix("/pkg/").is_some_and(|file| file.contains('/'));
    let is_function = path.starts_with("/api/");
    // No file has such a name, and asking for one would be an error of the system.
    if path.split('/').any(|part| part.len() > MAX_NAME) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut response = next.run(request).await;
    let is_file = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    let value = if is_function || !is_file {
        "no-store"
    } else if forever {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(value));
    response
}

async fn no_such_page(State(app): State<AppState>, request: Request<Body>) -> Response {
    let context = move || provide_context(app.clone());
    let render = leptos_axum::render_app_async_with_context(context, shell);
    render(request).await.into_response()
}
