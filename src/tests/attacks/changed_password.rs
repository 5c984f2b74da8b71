//! Signs in with the old password while it is changed.

use std::sync::Arc;

use rivulet::{
    account::{Person, session::Opened},
    database::Database,
    ids::{UserId, mint, now},
};
use temp_dir::TempDir;

const OLD: &str = "the old hash";
const NEW: &str = "the new hash";

fn opened() -> Opened {
    Opened { browser: "Firefox".into(), address: "127.0.0.1".into(), now: now(), expires_at: now() + 60_000 }
}

async fn with_ada(folder: &TempDir) -> (Arc<Database>, UserId) {
    let database =
        Database::open(&format!("sqlite:{}", folder.path().join("rivulet.db").display())).await.expect("a database");
    let (database, ada) = (Arc::new(database), mint());
    let person = Person { name: "Ada".into(), email: "ada@example.org".into() };
    assert!(database.create_owner(ada, &person, OLD).await.expect("an account"));
    (database, ada)
}

/// Rule: a sign-in that has checked the old password opens nothing once there is a new one.
#[tokio::test]
async fn the_old_password_opens_nothing_once_it_is_changed() {
    let folder = TempDir::new().expect("a folder");
    let (database, ada) = with_ada(&folder).await;
    assert!(database.open_session("before", ada, OLD, &opened()).await.expect("a session"));
    let ended = database.change_password(ada, OLD, NEW, None).await.expect("a change");
    assert_eq!(ended, Some(vec!["before".to_owned()]));

    assert!(!database.open_session("late", ada, OLD, &opened()).await.expect("an answer"));
    assert!(database.session(&["late".to_owned()], now()).await.expect("an answer").is_none());
    assert!(database.open_session("right", ada, NEW, &opened()).await.expect("a session"));
}

/// Rule: who hashes the old password anew does not bring it back, and of two who change it at once one does.
#[tokio::test]
async fn the_old_password_does_not_come_back() {
    let folder = TempDir::new().expect("a folder");
    let (database, ada) = with_ada(&folder).await;
    assert!(database.change_password(ada, OLD, NEW, None).await.expect("a change").is_some());
    assert!(!database.renew_password_hash(ada, OLD, "the old one's newer hash").await.expect("an answer"));
    assert_eq!(database.change_password(ada, OLD, "another", None).await.expect("an answer"), None);
    assert_eq!(database.password_hash(ada).await.expect("a hash").as_deref(), Some(NEW));
}
