//! Does what nobody is to see: guesses, and comes from elsewhere.

use kit::{Folder, Person, person::PASSWORD};

use super::visitor::Visitor;
use crate::program;

/// Rule: what matters to security is logged, a line an event, with who and from where; no email and no password is.
#[tokio::test]
async fn what_matters_is_logged() {
    let folder = Folder::new();
    let settings = folder.settings("http://127.0.0.1:9/v1", 0);
    folder.has_settings(&settings);
    let mut process = program::start(&folder).await;
    Person::signs_up(process.address, "Ada").await;
    let mut ada = Visitor::new(process.address, 1);
    let typed = "hunter2\n2026-01-01T00:00:00Z  INFO security: forged";
    ada.signs_in("ada@example.org", "wrong horse").await;
    ada.signs_in(typed, "wrong horse").await;
    ada.signs_in("ada@example.org", PASSWORD).await;
    ada.posts("/settings/security/end-others", &[]).await;
    ada.posts("/settings/security/password", &[("present", PASSWORD), ("new", "over the other bridge")]).await;
    ada.posts("/sign-out", &[]).await;
    for _ in 0..15 {
        ada.signs_in("ada@example.org", "wrong horse").await;
    }
    for _ in 0..200 {
        Visitor::new(process.address, 2).signs_in("ada@example.org", "wrong horse").await;
    }
    let foreign = reqwest::header::HeaderValue::from_static("http://evil.example");
    let post = kit::page::form_request(process.address, "/sign-in", &[]).header("origin", foreign);
    assert_eq!(post.send().await.expect("an answer").status(), 403);
    process.is_asked_to_stop();
    let (_, log) = process.ends().await;

    let lines: Vec<&str> = log.lines().filter(|line| line.contains(" security: ")).collect();
    let count = |event: &str, with: &str| {
        lines.iter().filter(|line| line.contains(&format!("event=\"{event}\"")) && line.contains(with)).count()
    };
    assert_eq!(count("sign-up", "person=\"user_"), 1, "{log}");
    assert!(count("sign-in wrong", "person=\"user_") >= 10, "{log}");
    assert_eq!(count("sign-in wrong", "person=\"unknown\" address=127.7.0.1"), 1, "{log}");
    assert_eq!(count("sign-in right", "address=127.7.0.1"), 1, "{log}");
    for event in ["sessions ended", "password changed", "sign-out"] {
        assert_eq!(count(event, "person=\"user_"), 1, "{event} in {log}");
    }
    assert!((1..60).contains(&count("sign-in delayed", "address=127.7.0.2")), "{log}");
    assert!(count("limit reached", "path=\"/sign-in\"") >= 1, "{log}");
    assert_eq!(count("request forbidden", "path=\"/sign-in\" address=127.0.0.1"), 1, "{log}");
    for foreign in ["hunter2", "forged", "ada@example.org", "wrong horse", PASSWORD, "ERROR"] {
        assert!(!log.contains(foreign), "{foreign} in {log}");
    }
}
