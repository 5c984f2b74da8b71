//! Accounts: who may sign up and sign in, and what everybody else is shown.

use std::time::{Duration, Instant};

use futures::future::join;
use kit::{
    Server,
    page::{self, Page},
    person::PASSWORD,
};
use reqwest::header::HeaderValue;
use rivulet::error::Failure;

async fn creates(server: &Server, name: &str, email: &str, password: &str) -> Page {
    page::post(server.address, "/create-account", None, &[("name", name), ("email", email), ("password", password)])
        .await
}

async fn signs_in(server: &Server, email: &str, password: &str) -> Page {
    page::post(server.address, "/sign-in", None, &[("email", email), ("password", password)]).await
}

/// The text of the page's notice.
fn notice(page: &Page) -> String {
    let (_, after) = page.text.split_once("role=\"alert\"").unwrap_or_else(|| panic!("no notice in {}", page.text));
    let text = after.split_once('>').and_then(|(_, text)| text.split_once('<')).map(|(text, _)| text);
    text.unwrap_or_default().to_owned()
}

/// Rule: the first start leads to "Create account", every later one to "Sign in"; sign-up is closed after the first.
#[tokio::test]
async fn sign_up_is_closed_after_the_first() {
    let server = Server::start().await;
    let page = page::get(server.address, "/", None).await;
    assert_eq!((page.status.as_u16(), page.location.as_deref()), (302, Some("/create-account")));
    let ada = server.sign_up("Ada").await;
    assert!(ada.gets("/").await.text.contains("Hello, Ada"));
    let page = page::get(server.address, "/", None).await;
    assert_eq!((page.status.as_u16(), page.location.as_deref()), (302, Some("/sign-in")));
    let eve = creates(&server, "Eve", "eve@example.org", "let me in please").await;
    assert_eq!(eve.status, 403);
    assert!(eve.session.is_none());
    assert!(eve.text.contains("has its owner already"));
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM users").await, 1);
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM accounts").await, 1);
}

/// Rule: a name loses invisible characters that change how the text beside it is shown.
#[tokio::test]
async fn a_name_is_one_line_of_what_can_be_seen() {
    let server = Server::start().await;
    let made = creates(&server, " Ada\u{202e}\u{7}\u{9b}  L. ", "ada@example.org", PASSWORD).await;
    assert_eq!(made.status, 303);
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM users WHERE name = 'Ada L.'").await, 1);
}

/// Rule: of two first accounts at once one is made.
#[tokio::test]
async fn of_two_sign_ups_at_once_one_wins() {
    let server = Server::start().await;
    let (one, two) = join(
        creates(&server, "Ada", "ada@example.org", PASSWORD),
        creates(&server, "Eve", "eve@example.org", PASSWORD),
    )
    .await;
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 403]);
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM users").await, 1);
}

/// Rule: a refused form is shown again with the right status and with what was typed, but never with a password.
#[tokio::test]
async fn a_refused_form_is_shown_again_with_what_was_typed() {
    let server = Server::start().await;
    let wrong = [
        ("", "ada@example.org", PASSWORD, "name"),
        ("Ada", "ada", PASSWORD, "email"),
        ("Ada", "ada@", PASSWORD, "email"),
        ("Ada", "a da@example.org", PASSWORD, "email"),
        ("Ada", "ada@example.org", "seven77", "8 characters"),
        (&"Ä".repeat(101), "ada@example.org", PASSWORD, "100 characters"),
        ("Ada", "ada@example.org", &"p".repeat(1025), "too long"),
    ];
    for (name, email, password, reason) in wrong {
        let page = creates(&server, name, email, password).await;
        assert_eq!(page.status, 422, "{name} {email}");
        assert!(notice(&page).contains(reason), "{}", notice(&page));
        assert!(page.text.contains(&format!("value=\"{name}\"")) || name.is_empty());
        assert!(page.text.contains(&format!("value=\"{email}\"")));
        assert!(!page.text.contains(password), "the password came back");
    }
    assert_eq!(server.database().await.count("SELECT COUNT(*) FROM users").await, 0);
    let missing = page::post(server.address, "/create-account", None, &[("name", "Ada")]).await;
    assert!(missing.status.is_client_error(), "{}", missing.status);
}

/// Rule: the same answer for an unknown email and a wrong password.
#[tokio::test]
async fn an_unknown_email_and_a_wrong_password_get_the_same_answer() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let wrong = signs_in(&server, "ada@example.org", "wrong horse").await;
    let unknown = signs_in(&server, "eve@example.org", "wrong horse").await;
    for page in [&wrong, &unknown] {
        assert_eq!(page.status, 401);
        assert_eq!(notice(page), Failure::WrongPassword.to_string());
        assert!(page.session.is_none());
    }
    assert_eq!(wrong.text.len(), unknown.text.len(), "the pages differ");
    assert!(wrong.text.contains("value=\"ada@example.org\""), "what was typed is there");
    let right = signs_in(&server, " ADA@example.org ", PASSWORD).await;
    assert_eq!(right.status, 303);
}

/// Rule: and it takes the same time. Without a check of a password it would take a fraction of it.
#[tokio::test]
async fn an_unknown_email_and_a_wrong_password_take_the_same_time() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let (mut wrong, mut unknown) = (vec![], vec![]);
    for _ in 0..6 {
        for (email, times) in [("ada@example.org", &mut wrong), ("eve@example.org", &mut unknown)] {
            let since = Instant::now();
            assert_eq!(signs_in(&server, email, "wrong horse").await.status, 401);
            times.push(since.elapsed());
        }
    }
    let fastest = |times: &[Duration]| times.iter().min().copied().unwrap_or_default().as_secs_f64();
    let ratio = fastest(&wrong) / fastest(&unknown);
    assert!((0.4..2.5).contains(&ratio), "a wrong password took {ratio} times as long as an unknown email");
}

/// Rule: the cookie's token is random and stored hashed; neither scripts nor other sites can use the cookie.
#[tokio::test]
async fn a_session_is_a_random_token_that_is_stored_hashed() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let again = ada.signs_in_again("Ada").await;
    assert_ne!(ada.cookie, again.cookie);
    let token = ada.cookie.split_once('=').expect("a token").1;
    assert!(token.len() >= 43, "256 bits");
    let mut database = server.database().await;
    assert_eq!(database.count("SELECT COUNT(*) FROM sessions").await, 2);
    assert_eq!(database.count(format!("SELECT COUNT(*) FROM sessions WHERE token_hash = '{token}'")).await, 0);
    assert_eq!(database.count("SELECT COUNT(*) FROM users WHERE password_hash LIKE '$argon2id$%'").await, 1);
    let form = [("email", "ada@example.org"), ("password", PASSWORD)];
    let response = page::form_request(server.address, "/sign-in", &form).send().await.expect("an answer");
    let cookie = response.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
}

/// Rule: signing out ends the session at the server, not only in the browser.
#[tokio::test]
async fn signing_out_ends_the_session() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    ada.signs_out().await;
    let refused = ada.reads(chat.id).await.expect_err("the session is over");
    assert_eq!((refused.status, refused.failure), (401, Failure::SignedOut));
    // Two of the page's functions refuse, in one order or the other; the page redirects to sign-in in both cases.
    for _ in 0..30 {
        let page = ada.gets(&format!("/c/{}", chat.id)).await;
        assert_eq!((page.status.as_u16(), page.location.as_deref()), (302, Some("/sign-in")));
        assert!(!page.text.contains("Hello"));
    }
    ada.signs_out().await;
}

/// Rule: cookies of other programs on this host are ignored.
#[tokio::test]
async fn a_cookie_that_is_no_text_signs_nobody_out() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    for odd in [&b"model=Mod\xe8le/x; "[..], "model=Modèle/x; ".as_bytes(), b"\xff; =; ;; "] {
        let cookies = [odd, ada.cookie.as_bytes()].concat();
        let cookies = HeaderValue::from_bytes(&cookies).expect("a header");
        let asked = page::client()
            .get(format!("http://{}/", server.address))
            .header("cookie", cookies)
            .header("accept", "text/html");
        assert_eq!(asked.send().await.expect("an answer").status(), 200);
    }
}

/// Rule: an expired or forged cookie signs nobody in, anywhere.
#[tokio::test]
async fn an_expired_or_forged_cookie_signs_nobody_in() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let chat = ada.asks("Hello").await;
    let forged = kit::Person { cookie: "rivulet_session=AAAA".into(), ..ada.clone() };
    assert_eq!(forged.reads(chat.id).await.expect_err("a forged one").status, 401);
    server.database().await.run("UPDATE sessions SET expires_at = 1").await;
    assert_eq!(ada.reads(chat.id).await.expect_err("an expired one").status, 401);
    assert_eq!(ada.stops(chat.reply).await.expect_err("an expired one").failure, Failure::SignedOut);
    assert_eq!(ada.gets("/").await.location.as_deref(), Some("/sign-in"));
}

/// Rule: the number of guesses at passwords is limited.
#[tokio::test]
async fn passwords_cannot_be_tried_for_ever() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    // Too long to be checked, so that the trying is quick.
    let long = "p".repeat(2000);
    for tries in 0..200 {
        let page = signs_in(&server, "ada@example.org", &long).await;
        if page.status == 429 {
            assert!(tries >= 20, "only {tries} tries");
            assert!(page.text.contains("go back and try again"), "it reason what to do");
            assert!(page.text.contains("<h1>"), "in a page");
            return;
        }
        assert_eq!(page.status, 401);
    }
    panic!("200 tries in a row");
}
