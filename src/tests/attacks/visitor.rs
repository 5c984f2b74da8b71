//! A browser of one's own, from an address of one's own: it sends the cookies that it was given.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use kit::page::{client_builder, form_request_by};
use reqwest::{
    StatusCode,
    header::{ACCEPT, COOKIE, SET_COOKIE, USER_AGENT},
};

const PLANTED: &str = "planted";

pub struct Visitor {
    server: SocketAddr,
    client: reqwest::Client,
    cookies: Vec<(String, String)>,
}

pub struct Answer {
    pub status: StatusCode,
    pub text: String,
}

impl Visitor {
    /// From the loopback address with this number.
    pub fn new(server: SocketAddr, number: u16) -> Visitor {
        let [high, low] = number.to_be_bytes();
        let address = IpAddr::V4(Ipv4Addr::new(127, 7, high, low));
        let client = client_builder().local_address(address).build().expect("a client that needs no certificates");
        Visitor { server, client, cookies: vec![] }
    }

    pub async fn posts(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = form_request_by(&self.client, self.server, path, form);
        self.sends(request).await
    }

    pub async fn gets(&mut self, path: &str) -> Answer {
        let request = self.client.get(format!("http://{}{path}", self.server));
        self.sends(request).await
    }

    pub async fn signs_in(&mut self, email: &str, password: &str) -> StatusCode {
        self.posts("/sign-in", &[("email", email), ("password", password)]).await.status
    }

    /// `rivulet_session=…`
    pub fn session(&self) -> String {
        let (name, value) = self.cookies.iter().find(|(name, _)| name.ends_with("rivulet_session")).expect("a session");
        format!("{name}={value}")
    }

    /// Has a cookie sent before all others, as another program on the same host can.
    pub fn plants(&mut self, name: &str) {
        self.cookies.insert(0, (name.to_owned(), PLANTED.to_owned()));
    }

    async fn sends(&mut self, request: reqwest::RequestBuilder) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .header(ACCEPT, "text/html")
            .header(USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
            .header(COOKIE, cookies.join("; "));
        let response = request.send().await.expect("an answer");
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("a cookie").split(';').next().unwrap_or_default();
            let (name, value) = cookie.split_once('=').expect("a name");
            self.cookies.retain(|(other, old)| other != name || old == PLANTED);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        Answer { status: response.status(), text: response.text().await.expect("a whole page") }
    }
}
