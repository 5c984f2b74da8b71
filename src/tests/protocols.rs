//! The number of the protocol in the addresses: which pages the server answers, and what the others are answered.

use futures::StreamExt;
use kit::{Person, Refused, Server, Tab, page::client, soon, upgrade};
use leptos::server_fn::axum::server_fn_paths;
use reqwest::StatusCode;
use rivulet::{
    error::Failure,
    live::close,
    protocol::{FUNCTIONS, PROTOCOL, SPOKEN},
    server::serve::ConnectionLimits,
};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::{client_async, tungstenite::Message as Frame};

/// What a server will speak after the next number: its own, and the one before.
const TWO: &[u32] = &[PROTOCOL, PROTOCOL - 1];

async fn server_that_speaks(protocols: &'static [u32]) -> Server {
    Server::with(|settings| settings.protocols = protocols, ConnectionLimits::default()).await
}

fn names_of_functions() -> Vec<&'static str> {
    let names: Option<Vec<_>> = server_fn_paths().map(|(path, _)| path.strip_prefix(FUNCTIONS)).collect();
    names.expect("every function is below the one prefix")
}

#[test]
fn every_function_has_the_number_of_this_build_in_its_address() {
    assert_eq!(FUNCTIONS, format!("/api/{PROTOCOL}/"));
    assert_eq!((SPOKEN[0], SPOKEN.len() <= 2), (PROTOCOL, true), "its own and the one before");
    assert!(names_of_functions().len() >= 10);
}

/// Rule: a page of every protocol that is spoken reaches each function under its own address, with the same access.
#[tokio::test]
async fn pages_of_each_spoken_protocol_reach_the_same_functions() {
    for protocols in [SPOKEN, TWO] {
        let server = server_that_speaks(protocols).await;
        let ada = server.sign_up("Ada").await;
        for person in [ada.clone(), Person { cookie: String::new(), ..ada }] {
            for name in names_of_functions() {
                let status = async |protocol| {
                    let request = Person { protocol, ..person.clone() }.request(name).body("{}");
                    request.send().await.expect("an answer").status()
                };
                let own = status(PROTOCOL).await;
                assert_ne!(own, StatusCode::GONE, "{name}");
                for protocol in protocols {
                    assert_eq!(status(*protocol).await, own, "{name} in {protocol}");
                }
            }
        }
    }
}

/// Rule: pages of every protocol that is spoken send, follow and stop, beside each other.
#[tokio::test]
async fn pages_of_each_spoken_protocol_work() {
    for protocols in [SPOKEN, TWO] {
        let server = server_that_speaks(protocols).await;
        let ada = server.sign_up("Ada").await;
        for protocol in protocols {
            let page = Person { protocol: *protocol, ..ada.clone() };
            let chat = page.asks("Hello").await;
            let mut tab = page.opens_a_tab().await;
            tab.follows(chat.reply).await;
            server.provider.is_asked().await.writes("Hi");
            tab.sees(chat.reply, "Hi").await;
            page.stops(chat.reply).await.expect("it is stopped");
        }
    }
}

/// Rule: a page of any other protocol is refused with words that it shows, whatever it asks for, and nothing is done.
#[tokio::test]
async fn pages_of_other_protocols_are_to_be_loaded_anew() {
    for protocols in [SPOKEN, TWO] {
        let server = server_that_speaks(protocols).await;
        let ada = server.sign_up("Ada").await;
        for protocol in [protocols[protocols.len() - 1] - 1, PROTOCOL + 1, 0, u32::MAX] {
            let page = Person { protocol, ..ada.clone() };
            let sent = page.sends(&Person::first_message("Hello")).await;
            assert_eq!(sent, Err(Refused::of(Failure::Updated)), "{protocol}");
            let mut tab = Tab::open(&page).await;
            assert_eq!(soon("the socket is closed", tab.is_closed()).await, close::UPDATED, "{protocol}");
        }
        assert!(server.provider.is_asked_no_more().await);
    }
}

/// Rule: so are pages of the builds before the first number, and addresses that only look like one.
#[tokio::test]
async fn addresses_without_a_number_are_refused() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    for path in ["/api/send", "/api/02/send", "/api/+2/send", "/api/2", "/api//send", "/api/two/send"] {
        for cookie in ["", &ada.cookie] {
            let request = client().post(format!("http://{}{path}", server.address)).header("cookie", cookie);
            let answer = request.json(&json!({})).send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::GONE, "{path}");
            assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
            assert_eq!(answer.json::<Failure>().await.expect("a failure"), Failure::Updated, "{path}");
        }
    }
    let mut request = upgrade(&ada);
    let address = format!("ws://{}/live?build=0123456789abcdef", server.address);
    *request.uri_mut() = address.parse().expect("an address");
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let (mut socket, _) = client_async(request, stream).await.expect("a socket");
    match socket.next().await {
        Some(Ok(Frame::Close(Some(why)))) => assert_eq!(u16::from(why.code), close::UPDATED),
        other => panic!("{other:?}"),
    }
}
