//! Plants a cookie of the session's name before ours, as another program on the same host can.

use kit::{
    Person, Server,
    page::{self, form_request},
    person::PASSWORD,
};
use rivulet::server::serve::ConnectionLimits;

#[tokio::test]
async fn a_planted_cookie_signs_nobody_out() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let planted = [
        "rivulet_session=planted; ",
        "rivulet_session=; ",
        "rivulet_session=%ff; ",
        "rivulet_session=a; rivulet_session=b; ",
    ];
    for before in planted {
        let both = Person { cookie: format!("{before}{}", ada.cookie), ..ada.clone() };
        assert_eq!(both.gets("/").await.status, 200, "{before}");
        both.reads(chat.id).await.expect("the session that is there");
        both.opens_a_tab().await;
    }
    let junk: String = (0..19).map(|number| format!("rivulet_session=planted{number}; ")).collect();
    assert_eq!(Person { cookie: format!("{junk}{}", ada.cookie), ..ada.clone() }.gets("/").await.status, 200);
    // Signing out ends the session that is one, wherever its cookie stands.
    Person { cookie: format!("rivulet_session=planted; {}", ada.cookie), ..ada.clone() }.signs_out().await;
    assert_eq!(ada.reads(chat.id).await.expect_err("the session is over").status, 401);
}

/// Where people come by HTTPS, a browser takes the cookie from this host alone, and only over TLS.
#[tokio::test]
async fn over_https_no_cookie_can_be_planted() {
    let set = |settings: &mut rivulet::config::Settings| {
        settings.public_url = "https://chat.example.org".parse().ok();
        settings.setup_code = Some("correct-horse-battery".into());
    };
    let server = Server::with(set, ConnectionLimits::default()).await;
    let form =
        [("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD), ("code", "correct-horse-battery")];
    let answer = form_request(server.address, "/create-account", &form).send().await.expect("an answer");
    let cookie = answer.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
    assert!(cookie.starts_with("__Host-rivulet="), "{cookie}");
    for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let token = cookie.split(['=', ';']).nth(1).expect("a token");
    let page = page::get(server.address, "/", Some(&format!("__Host-rivulet={token}"))).await;
    assert_eq!(page.status, 200);
    let plain = page::get(server.address, "/", Some(&format!("rivulet_session={token}"))).await;
    assert_eq!(plain.status, 302, "the other name counts for nothing");
}

/// No header decides whether the connection is taken as HTTPS: the setting does.
#[tokio::test]
async fn a_header_does_not_change_the_cookie() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let form = [("email", "ada@example.org"), ("password", PASSWORD)];
    let request = form_request(server.address, "/sign-in", &form).header("x-forwarded-proto", "https");
    let answer = request.send().await.expect("an answer");
    let cookie = answer.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
    assert!(cookie.starts_with("rivulet_session=") && !cookie.contains("Secure"), "{cookie}");
}
