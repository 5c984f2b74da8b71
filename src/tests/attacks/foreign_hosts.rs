//! Has a name of one's own lead to the server (DNS rebinding), so that one's page is of its origin.

use kit::{
    Person, Server,
    page::{self, client, form_request},
    person::PASSWORD,
    upgrade,
};
use rivulet::{protocol::FUNCTIONS, server::serve::ConnectionLimits};
use tokio_tungstenite::{client_async, tungstenite::Error};

const HTTPS: &str = "https://chat.example.org";

async fn public() -> Server {
    let set = |settings: &mut rivulet::config::Settings| settings.public_url = HTTPS.parse().ok();
    Server::with(set, ConnectionLimits::default()).await
}

async fn gets(server: &Server, host: &str, path: &str) -> (u16, String) {
    let request = client().get(format!("http://{}{path}", server.address)).header("host", host);
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a whole answer"))
}

#[tokio::test]
async fn no_foreign_name_is_answered() {
    let server = Server::start().await;
    for host in [
        "evil.example",
        "evil.example:3000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "xlocalhost",
        "localhost@evil.example",
        "0x7f.1",
        "chat.example.org",
        "[::1].evil.example",
        "rivulet.local",
    ] {
        for path in [
            "/",
            "/create-account",
            "/sign-in",
            &*server.app.build.script,
            "/nothing",
            &format!("{FUNCTIONS}account-form"),
        ] {
            let (status, text) = gets(&server, host, path).await;
            assert!([400, 421].contains(&status), "{host}{path}: {status}");
            assert!(status == 400 || text.contains("public-url"), "it states what to do: {text}");
            assert!(!text.contains("evil"), "a foreign name comes back");
        }
    }
    let form = [("name", "Mallory"), ("email", "mallory@example.org"), ("password", PASSWORD)];
    let rebound = form_request(server.address, "/create-account", &form)
        .header("host", "evil.example:3000")
        .header("origin", "http://evil.example:3000")
        .header("sec-fetch-site", "same-origin");
    assert_eq!(rebound.send().await.expect("an answer").status(), 421);
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM users").await, 0);
}

/// Names of loopback, addresses, and the name that is set.
#[tokio::test]
async fn our_own_names_are_answered() {
    let server = public().await;
    for host in [
        "localhost",
        "localhost:3000",
        "LOCALHOST",
        "rivulet.localhost",
        "127.0.0.1",
        "127.9.9.9:80",
        "[::1]:3000",
        "192.168.1.7:3000",
        "[fd00::7]",
        "chat.example.org",
        "Chat.Example.Org:443",
        "chat.example.org.",
    ] {
        assert_eq!(gets(&server, host, "/sign-in").await.0, 200, "{host}");
    }
    for host in ["evil.example", "chat.example.org.evil.example", "www.chat.example.org", "example.org"] {
        assert_eq!(gets(&server, host, "/sign-in").await.0, 421, "{host}");
    }
}

/// A proxy may ask by another name than people do; their origin is the one that is set.
#[tokio::test]
async fn the_origins_are_the_same() {
    let server = public().await;
    let code = server.app.setup_code.link(server.app.public_url.as_ref(), server.address);
    let code = code.split_once("code=").expect("a code").1.replace("%2D", "-").replace("%5F", "_");
    let form = [("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD), ("code", &code)];
    let signs_up = |origin: &str| form_request(server.address, "/create-account", &form).header("origin", origin);
    for origin in ["https://evil.example", "http://chat.example.org", "https://chat.example.org.evil.example", "null"] {
        assert_eq!(page::send(signs_up(origin), None).await.status, 403, "{origin}");
    }
    let made = page::send(signs_up(HTTPS), None).await;
    assert_eq!(made.status, 303, "{}", made.text);
    let ada = Person::with_cookie(server.address, made.session.expect("a session's cookie"));
    for (origin, host, expected) in [
        (HTTPS, "127.0.0.1:3000", 101),
        (HTTPS, "chat.example.org", 101),
        ("https://evil.example", "chat.example.org", 403),
        ("https://evil.example", "evil.example", 421),
    ] {
        let mut request = upgrade(&ada);
        request.headers_mut().insert("origin", origin.parse().expect("a header"));
        request.headers_mut().insert("host", host.parse().expect("a header"));
        let stream = tokio::net::TcpStream::connect(server.address).await.expect("a connection");
        let status = match client_async(request, stream).await {
            Ok((_, response)) => response.status().as_u16(),
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(status, expected, "{origin} {host}");
    }
}

#[test]
fn what_is_no_origin_is_no_public_url() {
    use rivulet::config::public_url::PublicUrl;
    let origin = |text: &str| text.parse::<PublicUrl>().map(|url| url.origin().to_owned());
    for (text, expected) in [
        ("https://Chat.Example.org", "https://chat.example.org"),
        ("https://chat.example.org/", "https://chat.example.org"),
        ("https://chat.example.org:443", "https://chat.example.org"),
        ("http://chat.example.org:8080", "http://chat.example.org:8080"),
        ("http://[::1]:80", "http://[::1]"),
    ] {
        assert_eq!(origin(text).expect(text), expected);
    }
    for wrong in [
        "chat.example.org",
        "ftp://chat.example.org",
        "https://",
        "https://a/b",
        "https://a?b",
        "https://a@b",
        "https://a:x",
        "/",
    ] {
        let error = origin(wrong).expect_err(wrong).to_string();
        assert!(error.contains("RIVULET_PUBLIC_URL"), "{error}");
    }
}
