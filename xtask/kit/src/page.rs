//! Pages and forms, as a browser without scripts asks for them.

use std::net::SocketAddr;

use reqwest::{
    RequestBuilder, StatusCode, Url,
    header::{ACCEPT, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE},
};

/// What came back.
pub struct Page {
    pub status: StatusCode,
    pub text: String,
    /// `rivulet_session=…`, if the answer sets it.
    pub session: Option<String>,
    pub location: Option<String>,
}

pub async fn get(address: SocketAddr, path: &str, cookie: Option<&str>) -> Page {
    send(client().get(format!("http://{address}{path}")), cookie).await
}

pub async fn post(address: SocketAddr, path: &str, cookie: Option<&str>, form: &[(&str, &str)]) -> Page {
    send(form_request(address, path, form), cookie).await
}

/// A form as a browser sends it.
pub fn form_request(address: SocketAddr, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
    form_request_by(&client(), address, path, form)
}

/// The same by a client of one's own.
pub fn form_request_by(
    client: &reqwest::Client,
    address: SocketAddr,
    path: &str,
    form: &[(&str, &str)],
) -> RequestBuilder {
    let encoded = Url::parse_with_params("http://form/", form).expect("an address");
    (client.post(format!("http://{address}{path}")))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(encoded.query().unwrap_or_default().to_owned())
}

pub async fn send(request: RequestBuilder, cookie: Option<&str>) -> Page {
    let request = request.header(ACCEPT, "text/html").header(COOKIE, cookie.unwrap_or_default());
    let response = request.send().await.expect("an answer");
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let session = header(SET_COOKIE).and_then(|cookie| cookie.split(';').next().map(str::to_owned));
    let (status, location) = (response.status(), header(LOCATION));
    Page { status, location, session, text: response.text().await.expect("a whole page") }
}

/// A client that keeps nothing, not even its connections, follows nothing and uses no proxy: a request has only what is
/// given to it.
pub fn client() -> reqwest::Client {
    client_builder().pool_max_idle_per_host(0).build().expect("a client that needs no certificates")
}

/// The same to be made otherwise; without more it keeps its connections.
pub fn client_builder() -> reqwest::ClientBuilder {
    // A second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().tls_certs_only([]).no_proxy().redirect(reqwest::redirect::Policy::none())
}
