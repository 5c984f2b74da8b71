//! Uses a session's token that was stolen, or that was left behind.

use kit::{Person, Server, person::PASSWORD};
use reqwest::StatusCode;
use rivulet::{error::Failure, live::close};

use super::visitor::Visitor;

const EMAIL: &str = "ada@example.org";
const NEW_PASSWORD: &str = "over the other bridge";

async fn signed_in(server: &Server, number: u16) -> Visitor {
    let mut visitor = Visitor::new(server.address, number);
    assert_eq!(visitor.signs_in(EMAIL, PASSWORD).await, StatusCode::SEE_OTHER);
    visitor
}

fn thief(server: &Server, of: &Visitor) -> Person {
    Person::with_cookie(server.address, of.session())
}

/// Whether this person's token opens anything.
async fn is_in(person: &Person) -> bool {
    person.gets("/").await.status == 200
}

/// Rule: a person sees where they are signed in, and what they end is over at once, its sockets too.
#[tokio::test]
async fn a_session_can_be_seen_and_ended() {
    let server = Server::start().await;
    let left_behind = server.sign_up("Ada").await;
    let mut here = signed_in(&server, 1).await;
    let page = here.gets("/settings/security").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.text.matches("Firefox on Linux").count(), 1, "{}", page.text);
    assert!(page.text.contains("127.7.0.1") && page.text.contains("This one"));
    let (_, form) = page.text.split_once("name=\"session\" value=\"").expect("another session that can be ended");
    let id = form.split('"').next().expect("its name").to_owned();

    let mut tab = left_behind.opens_a_tab().await;
    let ended = here.posts("/settings/security/end", &[("session", &id)]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    assert_eq!(tab.is_closed().await, close::SIGNED_OUT);
    assert!(!is_in(&left_behind).await);
    assert_eq!(here.gets("/settings/security").await.text.matches("name=\"session\"").count(), 0);
    assert_eq!(here.gets("/").await.status, 200, "one's own stays");
}

/// Rule: the list begins with this browser, wherever else the person was since; a stranger stands out below it.
#[tokio::test]
async fn ones_own_session_is_listed_first() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let mut here = signed_in(&server, 1).await;
    let (_second, _third) = (signed_in(&server, 2).await, signed_in(&server, 3).await);
    let mut database = server.database().await;
    for (number, ago) in [(1, 2), (2, 0), (3, 1)] {
        let seen_at = rivulet::ids::now() - ago * 60_000;
        database.run(format!("UPDATE sessions SET seen_at = {seen_at} WHERE address = '127.7.0.{number}'")).await;
    }
    let page = here.gets("/settings/security").await.text;
    let place = |what: &str| page.find(what).unwrap_or_else(|| panic!("{what} is missing: {page}"));
    let places = ["This one", "127.7.0.1", "127.7.0.2", "127.7.0.3"].map(place);
    assert!(places.is_sorted(), "{places:?}: {page}");
}

/// Rule: one's own session and other people's are not ended by their names.
#[tokio::test]
async fn nobody_ends_the_sessions_of_others() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let mut here = signed_in(&server, 1).await;
    let mut database = server.database().await;
    let eve = Person::with_cookie(server.address, database.adds_person("Eve").await);
    assert!(is_in(&eve).await);
    database
        .run("UPDATE sessions SET token_hash = 'eves' WHERE user_id = (SELECT id FROM users WHERE name = 'Eve')")
        .await;
    assert_eq!(here.posts("/settings/security/end", &[("session", "eves")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(here.posts("/settings/security/end-others", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(database.count("SELECT COUNT(*) FROM sessions WHERE token_hash = 'eves'").await, 1);
}

/// Rule: all others end together.
#[tokio::test]
async fn all_other_sessions_can_be_ended() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let again = ada.signs_in_again("Ada").await;
    let mut here = signed_in(&server, 1).await;
    // None is not all.
    assert_eq!(here.posts("/settings/security/end", &[("session", "")]).await.status, StatusCode::SEE_OTHER);
    assert!(is_in(&ada).await && is_in(&again).await);
    assert_eq!(here.posts("/settings/security/end-others", &[]).await.status, StatusCode::SEE_OTHER);
    assert!(!is_in(&ada).await && !is_in(&again).await);
    assert_eq!(here.gets("/").await.status, 200);
}

/// Rule: another password throws everybody else out, whoever has a copy of this browser's own token included.
#[tokio::test]
async fn another_password_ends_the_stolen_token_too() {
    let server = Server::start().await;
    let elsewhere = server.sign_up("Ada").await;
    let mut here = signed_in(&server, 1).await;
    let thief = thief(&server, &here);
    assert!(is_in(&thief).await);
    let (mut theirs, mut others) = (thief.opens_a_tab().await, elsewhere.opens_a_tab().await);

    let wrong = here.posts("/settings/security/password", &[("present", "wrong horse"), ("new", NEW_PASSWORD)]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("The present password is wrong"), "{}", wrong.text);
    let weak = here.posts("/settings/security/password", &[("present", PASSWORD), ("new", "password")]).await;
    assert_eq!(weak.status, 422);
    assert!(weak.text.contains("one of the most used"), "{}", weak.text);
    assert!(is_in(&thief).await && is_in(&elsewhere).await, "nothing was changed");

    let changed = here.posts("/settings/security/password", &[("present", PASSWORD), ("new", NEW_PASSWORD)]).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER);
    assert_eq!(theirs.is_closed().await, close::RESTARTING, "this browser's own tabs come back");
    assert_eq!(others.is_closed().await, close::SIGNED_OUT);
    assert!(!is_in(&thief).await && !is_in(&elsewhere).await);
    assert_eq!(here.gets("/").await.status, 200, "this browser has another token");
    assert_eq!(Visitor::new(server.address, 2).signs_in(EMAIL, PASSWORD).await, 401);
    assert_eq!(Visitor::new(server.address, 2).signs_in(EMAIL, NEW_PASSWORD).await, StatusCode::SEE_OTHER);
}

/// Rule: who has a session does not find out its password by guessing at the page.
#[tokio::test]
async fn the_present_password_cannot_be_guessed() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let mut here = signed_in(&server, 1).await;
    for guess in 0..20 {
        let answer =
            here.posts("/settings/security/password", &[("present", "wrong horse"), ("new", NEW_PASSWORD)]).await;
        if answer.status == 429 {
            assert!(guess >= 5, "only {guess} guesses");
            return;
        }
    }
    panic!("20 guesses in a row");
}

/// Rule: a new password that is refused is no guess at the present one.
#[tokio::test]
async fn a_weak_new_password_is_no_guess() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let mut here = signed_in(&server, 1).await;
    for _ in 0..12 {
        let weak = here.posts("/settings/security/password", &[("present", PASSWORD), ("new", "password")]).await;
        assert_eq!(weak.status, 422);
    }
}

/// Rule: signing in again ends the token that the browser had.
#[tokio::test]
async fn signing_in_again_ends_the_old_token() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let mut here = signed_in(&server, 1).await;
    let thief = thief(&server, &here);
    assert!(is_in(&thief).await);
    assert_eq!(here.signs_in(EMAIL, PASSWORD).await, StatusCode::SEE_OTHER);
    assert!(!is_in(&thief).await);
    assert_eq!(here.gets("/").await.status, 200);
}

/// Rule: a session lasts 14 days from its last use and 90 from its beginning; its use is noted.
#[tokio::test]
async fn a_session_that_is_not_used_ends() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let mut database = server.database().await;
    let days_left = format!("SELECT (MAX(expires_at) - {}) / {DAY} FROM sessions", rivulet::ids::now() - 60_000);
    assert_eq!(database.count(days_left.clone()).await, 14);
    database.run(format!("UPDATE sessions SET created_at = created_at - 80 * {DAY}, seen_at = seen_at - {DAY}")).await;
    assert!(is_in(&ada).await);
    database.comes_to(days_left, 10).await;
    database.run("UPDATE sessions SET expires_at = 1").await;
    assert_eq!(ada.gets("/settings/security").await.location.as_deref(), Some("/sign-in"));
    assert!(!is_in(&ada).await);
}

/// Rule: a function that is called without a session answers 401, and is no error of the server's.
#[tokio::test]
async fn a_function_without_a_session_is_a_401() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let nobody = Person::with_cookie(server.address, "");
    let refused = nobody.call::<serde_json::Value>("enter", serde_json::json!({})).await.expect_err("nobody is let in");
    assert_eq!((refused.status, refused.failure), (401, Failure::SignedOut));
}
