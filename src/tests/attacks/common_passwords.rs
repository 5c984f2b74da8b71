//! Tries the most common passwords, and attacks hashes of a lower cost.

use kit::{Server, person::PASSWORD};
use reqwest::StatusCode;

use super::visitor::Visitor;

/// Rule: a password that attackers try first cannot be chosen, and the form states what to choose instead.
#[tokio::test]
async fn a_password_that_is_tried_first_is_refused() {
    let server = Server::start().await;
    let mut ada = Visitor::new(server.address, 1);
    let person = [("name", "Ada Lovelace"), ("email", "countess@example.org")];
    for password in ["password", "Password1", "12345678", "iloveyou", "lovelace1815", "Countess!!", "rivulet2026"] {
        let form = [person[0], person[1], ("password", password)];
        let page = ada.posts("/create-account", &form).await;
        assert_eq!(page.status, 422, "{password}");
        assert!(page.text.contains("tried first"), "{password}: {}", page.text);
    }
    let form = [person[0], person[1], ("password", "analytical engines")];
    assert_eq!(ada.posts("/create-account", &form).await.status, StatusCode::SEE_OTHER);
}

/// Rule: a password that was hashed at a lower cost is hashed anew when its person signs in.
#[tokio::test]
async fn a_cheap_hash_is_replaced() {
    use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).expect("a low cost"));
    let hash = cheap.hash_password(PASSWORD.as_bytes()).expect("a hash").to_string();
    let mut database = server.database().await;
    database.run(format!("UPDATE users SET password_hash = '{hash}'")).await;
    let is_cheap = "SELECT COUNT(*) FROM users WHERE password_hash LIKE '%m=8,t=1%'";
    assert_eq!(database.count(is_cheap).await, 1);
    for _ in 0..2 {
        assert_eq!(Visitor::new(server.address, 1).signs_in("ada@example.org", PASSWORD).await, StatusCode::SEE_OTHER);
        assert_eq!(database.count(is_cheap).await, 0);
    }
}
