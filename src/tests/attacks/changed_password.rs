//! Signs in with the old password while it is changed.

use std::{net::Ipv4Addr, sync::Arc};

use axum::http::HeaderMap;
use rivulet::{
    account::{Person, session::NewSession},
    database::Database,
    ids::{UserId, mint, now},
    security::client_address::ClientAddress,
};
use temp_dir::TempDir;

const OLD: &str = "the old hash";
const NEW: &str = "the new hash";

fn new_session() -> NewSession {
    let headers = HeaderMap::new();
    NewSession::of(&headers, ClientAddress::of(Ipv4Addr::LOCALHOST.into(), &headers, |_| false))
}

async fn with_ada(folder: &TempDir) -> (Arc<Database>, UserId) {
    let database =
        Database::open(&format!("sqlite:{}", folder.path().join("rivulet.db").display())).await.expect("a database");
    let (database, ada) = (Arc::new(database), mint());
    let person = Person { name: "Ada".into(), email: "ada@example.org".into() };
    assert!(database.create_owner(ada, &person, OLD, 0).await.expect("an account"));
    (database, ada)
}

/// Rule: a sign-in that has checked the old password opens nothing once there is a new one.
#[tokio::test]
async fn the_old_password_opens_nothing_once_it_is_changed() {
    let folder = TempDir::new().expect("a folder");
    let (database, ada) = with_ada(&folder).await;
    let [before, mine, late, right] = [new_session(), new_session(), new_session(), new_session()];
    assert!(database.open_session(ada, OLD, &before).await.expect("a session"));
    let ended = database.change_password(ada, OLD, NEW, None, &mine).await.expect("a change");
    assert_eq!(ended, Some(vec![before.token_hash]));

    assert!(!database.open_session(ada, OLD, &late).await.expect("an answer"));
    assert!(database.open_session(ada, NEW, &right).await.expect("a session"));
    for (session, is_open) in [(mine, true), (late, false), (right, true)] {
        let found = database.session(&[session.token_hash], now()).await.expect("an answer");
        assert_eq!(found.is_some(), is_open);
    }
}

/// Rule: who hashes the old password anew does not bring it back, and of two who change it at once one does.
#[tokio::test]
async fn the_old_password_does_not_come_back() {
    let folder = TempDir::new().expect("a folder");
    let (database, ada) = with_ada(&folder).await;
    assert!(database.change_password(ada, OLD, NEW, None, &new_session()).await.expect("a change").is_some());
    assert!(!database.renew_password_hash(ada, OLD, "the old one's newer hash").await.expect("an answer"));
    assert_eq!(database.change_password(ada, OLD, "another", None, &new_session()).await.expect("an answer"), None);
    assert_eq!(database.password_hash(ada).await.expect("a hash").as_deref(), Some(NEW));
}
