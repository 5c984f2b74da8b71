//! Settings with which the program refuses to start.

use kit::{Folder, Process};

use super::World;
use crate::program::command;

/// Rule: a port in use stops the start with the setting's name and value.
#[tokio::test]
async fn a_port_in_use_is_named() {
    let world = World::start(5).await;
    let address = world.process.address.to_string();
    let other = Folder::new();
    let mut command = command(&other);
    command.env("LEPTOS_SITE_ADDR", &address).env("LEPTOS_SITE_ROOT", other.site());
    let output = Process::fails(command).await;
    assert!(output.contains("LEPTOS_SITE_ADDR") && output.contains(&address), "{output}");
    assert!(output.to_lowercase().contains("another program"), "{output}");
}

/// Rule: a wrong setting stops the start with the setting's name, the value, and what would be right.
#[tokio::test]
async fn a_wrong_setting_is_named_with_its_value_and_a_right_one() {
    let wrong = [
        ("LEPTOS_SITE_ADDR", "localhost", "127.0.0.1:3000"),
        ("LEPTOS_SITE_ADDR", "127.0.0.1:99999", "127.0.0.1:3000"),
        ("LEPTOS_SITE_ADDR", "192.0.2.1:3000", "192.0.2.1"),
        ("LEPTOS_SITE_ROOT", "/nowhere/site", "cargo xtask build"),
        ("RIVULET_DATABASE_URL", "postgres://localhost/rivulet", "sqlite:rivulet.db"),
        ("RIVULET_DATABASE_URL", "sqlite::memory:", "sqlite:rivulet.db"),
        ("RIVULET_DATABASE_URL", "sqlite:", "sqlite:rivulet.db"),
        ("RIVULET_GRACE_SECONDS", "soon", "seconds"),
        ("RIVULET_GRACE_SECONDS", "-1", "seconds"),
        ("RIVULET_TITLES", "cheap", "openai/gpt-5-nano"),
        ("RIVULET_PRICES", "/nowhere/prices.json", "assets/prices.json"),
        ("OPENAI_BASE_URL", "127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
    ];
    for (setting, value, right) in wrong {
        let folder = Folder::new();
        let mut command = command(&folder);
        command.env("LEPTOS_SITE_ROOT", folder.site()).env("LEPTOS_SITE_ADDR", "127.0.0.1:0").env(setting, value);
        let output = Process::fails(command).await;
        for part in [setting, value, right] {
            assert!(output.contains(part), "{setting}={value} is refused without {part:?}: {output}");
        }
    }
    let file = [
        ("[leptos]\nsite-adr = \"127.0.0.1:0\"", "site-adr"),
        ("[leptos\n", "Leptos.toml"),
        ("[server]\ngrace-seconds = \"soon\"", "grace-seconds"),
        ("[[provider]]\nkind = \"demo\"\npace = 0", "pace"),
        ("[[provider]]\nkind = \"gemini\"", "gemini"),
        ("[[provider]]\nkind = \"openai\"\nbase-url = \"ftp://x\"", "ftp://x"),
        ("[database]\nurl = \"mysql:x\"", "mysql:x"),
    ];
    for (text, names) in file {
        let folder = Folder::new();
        folder.has_settings(text);
        let mut command = command(&folder);
        command.env("LEPTOS_SITE_ROOT", folder.site()).env("LEPTOS_SITE_ADDR", "127.0.0.1:0");
        let output = Process::fails(command).await;
        assert!(output.contains("Rivulet cannot start") && output.contains(names), "{text}: {output}");
    }
}

/// Rule: secrets are in no message and no log.
#[tokio::test]
async fn a_key_is_in_no_message() {
    let folder = Folder::new();
    let mut command = command(&folder);
    command.env("LEPTOS_SITE_ROOT", folder.site()).env("LEPTOS_SITE_ADDR", "127.0.0.1:0").env("RUST_LOG", "trace");
    command.env("OPENAI_API_KEY", "sk-very\u{1}secret").env("OPENAI_BASE_URL", "http://127.0.0.1:1/v1");
    let output = Process::fails(command).await;
    assert!(output.contains("api-key") && !output.contains("sk-very"), "{output}");
}
