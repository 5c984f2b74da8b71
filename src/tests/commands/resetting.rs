//! `rivulet reset-password`, with the password from a pipe.

use kit::{Folder, Person, Process, person::PASSWORD, soon};
use rivulet::live::close;

use super::{NEW, command, resets, runs, signs_in};
use crate::program;

struct World {
    folder: Folder,
    process: Process,
    ada: Person,
}

impl World {
    async fn start() -> World {
        let folder = Folder::new();
        folder.has_settings(&folder.settings("http://127.0.0.1:9/v1", 0));
        let process = program::start(&folder).await;
        let ada = Person::signs_up(process.address, "Ada").await;
        World { folder, process, ada }
    }

    async fn count(&self, sql: &str) -> i64 {
        kit::Database::open(&self.folder.database()).await.count(sql).await
    }

    /// Nothing of Ada's has changed.
    async fn is_as_before(&self) {
        assert_eq!(self.ada.gets("/").await.status, 200);
        assert_eq!(signs_in(self.process.address, PASSWORD).await, 303);
        assert!(self.count("SELECT COUNT(*) FROM devices").await > 0);
    }
}

/// Rule: beside a server the new password counts at once and the old one no more; all sessions and devices are over, also
/// for sockets that are open; nobody else's are.
#[tokio::test]
async fn a_reset_beside_a_server_signs_out_everywhere() {
    let world = World::start().await;
    let other = world.ada.signs_in_again("Ada").await;
    let mut database = kit::Database::open(&world.folder.database()).await;
    let bea = Person::with_cookie(world.process.address, database.adds_person("Bea").await);
    let mut tab = other.opens_a_tab().await;
    let ran = resets(&world.folder, format!("{NEW}\n")).await;
    ran.is_done();
    assert!(ran.errors.contains("The password is reset"), "{}", ran.errors);
    for signed_out in [&world.ada, &other] {
        assert_eq!(signed_out.gets("/").await.location.as_deref(), Some("/sign-in"));
    }
    assert_eq!(bea.gets("/").await.status, 200);
    assert_eq!(world.count("SELECT COUNT(*) FROM devices").await, 0);
    assert_eq!(world.count("SELECT COUNT(*) FROM sessions").await, 1);
    assert_eq!(signs_in(world.process.address, PASSWORD).await, 401);
    assert_eq!(signs_in(world.process.address, NEW).await, 303);
    // Within a minute, as is documented.
    let closing = tokio::time::timeout(std::time::Duration::from_secs(30), tab.is_closed());
    assert_eq!(closing.await.expect("a socket is closed in time"), close::SESSION_OVER);
}

/// Rule: without a server it is the same, and the next server has it. The email is folded as a form folds it, and the
/// line's end is no part of a password, whichever it is.
#[tokio::test]
async fn a_reset_without_a_server_is_there_at_its_next_start() {
    let World { folder, mut process, ada } = World::start().await;
    process.dies();
    for input in [NEW.to_owned(), format!("{NEW}\r\n"), format!("{NEW}\n{PASSWORD}\n")] {
        runs(command(&folder, &["reset-password", " ADA@example.org "]), input).await.is_done();
        let mut process = program::start(&folder).await;
        assert_eq!(signs_in(process.address, PASSWORD).await, 401);
        assert_eq!(signs_in(process.address, NEW).await, 303);
        let ada = Person { address: process.address, ..ada.clone() };
        assert_eq!(ada.gets("/").await.location.as_deref(), Some("/sign-in"));
        process.dies();
    }
}

/// Rule: what is no password by the rules of the forms, or no line at all, changes nothing.
#[tokio::test]
async fn a_password_against_the_rules_is_refused() {
    let world = World::start().await;
    let wrong = [
        (b"seven77\n".to_vec(), "too short"),
        (b"\n".to_vec(), "too short"),
        (b"".to_vec(), "no password on standard input"),
        (b"password1\n".to_vec(), "most used"),
        (b"my ada@example.org\n".to_vec(), "contains your name"),
        ("p".repeat(1025).into_bytes(), "too long"),
        ("p".repeat(100_000).into_bytes(), "too long"),
        (b"\xff\xfe\xff\xfe\xff\xfe\xff\xfe\n".to_vec(), "UTF-8"),
    ];
    for (input, words) in wrong {
        let ran = resets(&world.folder, input).await;
        ran.is_refused(words);
        assert!(ran.errors.contains("Nothing was changed."), "{}", ran.errors);
    }
    world.is_as_before().await;
}

/// Rule: an unknown email is refused before anything is asked, and names nobody.
#[tokio::test]
async fn an_unknown_email_is_refused() {
    let world = World::start().await;
    let ran = runs(command(&world.folder, &["reset-password", "eve@example.org"]), NEW).await;
    ran.is_refused("Nobody has an account with this email");
    assert!(!ran.errors.contains("ada@") && !ran.errors.contains("eve@"), "{}", ran.errors);
    world.is_as_before().await;
}

/// Rule: the security log has what was done and to whom; nothing that is written has a password, its hash or a token.
#[tokio::test]
async fn a_reset_is_logged_without_secrets() {
    let world = World::start().await;
    let mut loud = command(&world.folder, &["reset-password", "ada@example.org"]);
    loud.env("RUST_LOG", "trace");
    let ran = runs(loud, format!("{NEW}\n")).await;
    ran.is_done();
    let event = |line: &&str| {
        let words = [" security: ", "event=\"password reset\"", "person=\"user_", "address=\"command line\""];
        words.iter().all(|words| line.contains(words))
    };
    assert_eq!(ran.errors.lines().filter(event).count(), 1, "{}", ran.errors);
    let token = world.ada.cookie.split_once('=').expect("a cookie").1;
    for secret in [NEW, PASSWORD, "$argon2", token] {
        assert!(!ran.errors.contains(secret) && !world.process.log.text().contains(secret), "{}", ran.errors);
    }
    assert_eq!(ran.output, "");
}

/// Rule: where nothing can be written the command ends with a sentence, and nothing is changed by halves.
#[tokio::test]
async fn a_reset_that_cannot_write_is_refused() {
    let world = World::start().await;
    let mut database = kit::Database::open(&world.folder.database()).await;
    database.locks().await;
    let ran = soon("the command gives up", resets(&world.folder, format!("{NEW}\n"))).await;
    database.unlocks().await;
    ran.is_refused("Nothing was changed.");
    database.run("CREATE TRIGGER refused BEFORE DELETE ON sessions BEGIN SELECT RAISE(ABORT, 'refused'); END").await;
    resets(&world.folder, format!("{NEW}\n")).await.is_refused("Nothing was changed.");
    database.run("DROP TRIGGER refused").await;
    world.is_as_before().await;
}
