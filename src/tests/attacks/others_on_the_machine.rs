//! Another user of the same machine reads the server's files, or puts links and settings in its way.

use std::{
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use kit::{Folder, Person, Process, Provider, Server};

use crate::program::{self, command};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

/// Rule: nobody else may read what the server writes.
#[tokio::test]
async fn files_are_for_the_servers_user_alone() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    ada.asks("Hello").await;
    for end in ["", "-wal", "-shm", ".lock"] {
        assert_eq!(mode(&server.folder.path().join(format!("rivulet.db{end}"))), 0o600, "{end}");
    }
    server.folder.has_settings(&server.folder.settings(&server.provider.url, 5));
    let mut backup = command(&server.folder);
    backup.args(["backup", "copy.db"]);
    Process::runs(backup).await;
    assert_eq!(mode(&server.folder.path().join("copy.db")), 0o600);
}

/// Rule: a database that others may read is logged.
#[tokio::test]
async fn a_database_that_others_may_read_is_said() {
    let (folder, provider) = (Folder::new(), Provider::start().await);
    folder.has_settings(&folder.settings(&provider.url, 5));
    std::fs::write(folder.database(), "").expect("a database");
    std::fs::set_permissions(folder.database(), PermissionsExt::from_mode(0o644)).expect("a mode");
    let process = program::start(&folder).await;
    let output = process.log.text();
    assert!(output.contains("other users of this machine may read the database"), "{output}");
    assert_eq!(Person::signs_up(process.address, "Ada").await.gets("/").await.status, 200);
}

/// Rule: a link in the place of the lock file is refused, and what it points to stays as it is.
#[tokio::test]
async fn a_link_in_place_of_the_lock_is_refused() {
    let (folder, provider) = (Folder::new(), Provider::start().await);
    folder.has_settings(&folder.settings(&provider.url, 5));
    let target = folder.path().join("precious");
    std::fs::write(&target, "words").expect("a file");
    symlink(&target, folder.path().join("rivulet.db.lock")).expect("a link");
    let output = Process::fails(command(&folder)).await;
    assert!(output.contains("rivulet.db.lock") && output.contains("symbolic link"), "{output}");
    assert_eq!(std::fs::read_to_string(&target).expect("it is there"), "words");
}

/// Rule: settings that others may write are refused: they could have the keys sent elsewhere. A file elsewhere can be named.
#[tokio::test]
async fn settings_that_others_may_write_are_refused() {
    let (folder, provider) = (Folder::new(), Provider::start().await);
    let settings = folder.path().join("Leptos.toml");
    std::fs::write(&settings, folder.settings(&provider.url, 5)).expect("settings");
    for mode in [0o664, 0o646] {
        std::fs::set_permissions(&settings, PermissionsExt::from_mode(mode)).expect("a mode");
        let output = Process::fails(command(&folder)).await;
        assert!(output.contains("Leptos.toml can be written by other users"), "{output}");
    }
    let elsewhere = Folder::new();
    std::fs::copy(&settings, elsewhere.path().join("rivulet.toml")).expect("a copy");
    std::fs::set_permissions(elsewhere.path().join("rivulet.toml"), PermissionsExt::from_mode(0o600)).expect("a mode");
    let mut named = command(&folder);
    named.env("RIVULET_SETTINGS", elsewhere.path().join("rivulet.toml"));
    let process = Process::start(named).await;
    assert_eq!(Person::signs_up(process.address, "Ada").await.gets("/").await.status, 200);
    let mut missing = command(&folder);
    missing.env("RIVULET_SETTINGS", "/nowhere.toml");
    let output = Process::fails(missing).await;
    assert!(output.contains("RIVULET_SETTINGS is \"/nowhere.toml\""), "{output}");
}
