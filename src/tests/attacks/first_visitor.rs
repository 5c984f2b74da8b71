//! Comes before the owner does, and makes the account that owns the server.

use kit::{
    Server,
    page::{self, Page, form_request},
    person::PASSWORD,
};
use rivulet::{config::Settings, server::serve::ConnectionLimits};

const CODE: &str = "correct-horse-battery";

async fn starts(change: impl FnOnce(&mut Settings)) -> Server {
    let set = |settings: &mut Settings| {
        settings.setup_code = Some(CODE.into());
        change(settings);
    };
    Server::with(set, ConnectionLimits::default()).await
}

async fn signs_up(server: &Server, code: Option<&str>, headers: &[(&'static str, &str)]) -> Page {
    let mut form = vec![("name", "Mallory"), ("email", "mallory@example.org"), ("password", PASSWORD)];
    form.extend(code.map(|code| ("code", code)));
    let request = form_request(server.address, "/create-account", &form);
    page::send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)), None).await
}

async fn is_refused(server: &Server, headers: &[(&'static str, &str)]) {
    for code in [None, Some("wrong"), Some("correct-horse-batterx"), Some("correct-horse-battery2")] {
        let page = signs_up(server, code, headers).await;
        assert_eq!((page.status.as_u16(), page.session), (422, None), "{code:?} {headers:?}");
        assert!(page.text.contains("log"), "it states where the code is: {}", page.text);
        assert!(page.text.contains("name=\"code\""), "it can be written into the form");
        assert!(!page.text.contains(&format!("\"{CODE}\"")), "the code comes with the page");
    }
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM users").await, 0);
}

/// The server can be reached from elsewhere. (This test's listens on loopback all the same.)
#[tokio::test]
async fn a_server_that_others_reach_asks_for_the_code() {
    let server = starts(|settings| settings.address = "0.0.0.0:3000".parse().expect("an address")).await;
    is_refused(&server, &[]).await;
    assert_eq!(signs_up(&server, Some(CODE), &[]).await.status, 303);
    let late = signs_up(&server, Some(CODE), &[]).await;
    assert_eq!(late.status, 403, "once there is an owner the code is of no use");
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM users").await, 1);
}

#[tokio::test]
async fn a_public_address_asks_for_the_code() {
    let server = starts(|settings| settings.public_url = "https://chat.example.org".parse().ok()).await;
    is_refused(&server, &[]).await;
    is_refused(&server, &[("host", "chat.example.org")]).await;
    assert_eq!(signs_up(&server, Some(CODE), &[]).await.status, 303);
}

/// A proxy on this machine brings everybody's requests from loopback.
#[tokio::test]
async fn what_comes_through_a_proxy_asks_for_the_code() {
    let server = starts(|_| {}).await;
    for header in [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "localhost"),
        ("forwarded", "for=127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("via", "1.1 proxy"),
        ("host", "192.168.1.7:3000"),
    ] {
        is_refused(&server, &[header]).await;
    }
    let trusting = starts(|settings| {
        settings.trusted_proxies =
            rivulet::config::trusted_proxies::TrustedProxies::parse(["127.0.0.1"].into_iter()).expect("a list");
    })
    .await;
    is_refused(&trusting, &[]).await;
}

/// The two commands stay as easy as they are.
#[tokio::test]
async fn at_ones_own_machine_no_code_is_asked_for() {
    for host in ["127.0.0.1:3000", "localhost:3000", "[::1]:3000"] {
        let server = starts(|_| {}).await;
        let page = page::get(server.address, "/create-account", None).await;
        assert!(!page.text.contains("name=\"code\""), "a code is asked for");
        assert_eq!(signs_up(&server, None, &[("host", host)]).await.status, 303, "{host}");
    }
}

/// The link from the log leads to a form that has the code in it.
#[tokio::test]
async fn the_link_brings_the_code_along() {
    let server = starts(|settings| settings.public_url = "https://chat.example.org".parse().ok()).await;
    let link = server.app.setup_code.link(server.app.public_url.as_ref(), server.address);
    let path = link.strip_prefix("https://chat.example.org").expect("people's address");
    let page = page::get(server.address, path, None).await;
    assert!(page.text.contains(&format!("value=\"{CODE}\"")), "{}", page.text);
    let without = page::get(server.address, "/create-account", None).await;
    assert!(without.text.contains("log"), "it states where the code is");
    let random = Server::start().await;
    let link = random.app.setup_code.link(random.app.public_url.as_ref(), random.address);
    assert!(link.split_once("code=").expect("a code").1.len() >= 22, "128 bits: {link}");
}

#[test]
fn a_code_that_can_be_guessed_is_refused() {
    let short = |name: &str| (name == "RIVULET_SETUP_CODE").then(|| "short".to_owned());
    let error = Settings::from("", short).expect_err("too short").to_string();
    assert!(error.contains("RIVULET_SETUP_CODE") && !error.contains("\"short\""), "{error}");
}
