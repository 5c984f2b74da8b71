//! What a person can set: `Leptos.toml`, each value overridden by the environment.

use std::{
    fs::File as Handle,
    io::{ErrorKind, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::{private_files, protocol};

pub mod provider;
pub mod public_url;
pub mod titles;
pub mod trusted_proxies;

use provider::Config;
use public_url::PublicUrl;
use titles::Titles;
use trusted_proxies::TrustedProxies;

/// The shortest setup code, in bytes.
const SHORTEST_SETUP_CODE: usize = 16;

#[derive(Debug)]
pub struct Settings {
    /// Where to listen. `LEPTOS_SITE_ADDR`, `[leptos] site-addr`.
    pub address: SocketAddr,
    /// The folder with `pkg/` and the files of `public/`. `LEPTOS_SITE_ROOT`, `[leptos] site-root`.
    pub site_root: PathBuf,
    /// `RIVULET_DATABASE_URL`, `[database] url`.
    pub database_url: String,
    /// `[[provider]]`; the built-in `demo` alone where there is none. `OPENAI_API_KEY` and
    /// `OPENAI_BASE_URL` override those of the one that is named `openai`, or add it.
    pub providers: Vec<Config>,
    /// How long open replies may continue after the server was asked to stop, in seconds. `RIVULET_GRACE_SECONDS`, `[server] grace-seconds`.
    pub grace_seconds: u64,
    /// The address that people use, if it is not the one where the server listens. `RIVULET_PUBLIC_URL`, `[server] public-url`.
    pub public_url: Option<PublicUrl>,
    /// Whose word counts for who a client is. `RIVULET_TRUSTED_PROXIES` (separated by commas), `[server] trusted-proxies`.
    pub trusted_proxies: TrustedProxies,
    /// The code that the first account needs; a random one where there is none. `RIVULET_SETUP_CODE`.
    pub setup_code: Option<String>,
    /// A file with prices that count before those that are built in. `RIVULET_PRICES`, `[server] prices`.
    pub prices: Option<PathBuf>,
    /// Who gives conversations their titles. `RIVULET_TITLES`, `[server] titles`.
    pub titles: Titles,
    /// `[limits]`.
    pub limits: Limits,
    /// As [`protocol::SPOKEN`]; nobody sets it but tests.
    pub protocols: &'static [u32],
    /// For how long what was deleted can be brought back, if not for as long as people are promised; nobody sets it but tests.
    pub undo_timeout: Option<Duration>,
}

/// How much may run at once.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Limits {
    /// Pages of one person that are kept up to date; of one browser a quarter of them.
    pub tabs_per_person: usize,
    /// Running replies of one person.
    pub replies_per_person: usize,
    /// Running replies of all.
    pub replies: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { tabs_per_person: 200, replies_per_person: 4, replies: 100 }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    leptos: Leptos,
    database: DatabaseTable,
    server: Server,
    limits: Limits,
    provider: Vec<Config>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Leptos {
    site_addr: Option<String>,
    site_root: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct DatabaseTable {
    url: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Server {
    grace_seconds: Option<u64>,
    public_url: Option<String>,
    trusted_proxies: Vec<String>,
    prices: Option<String>,
    titles: Option<String>,
}

impl Settings {
    /// Reads the file that `RIVULET_SETTINGS` names, else `Leptos.toml` in the current folder, if there is one; and the
    /// environment. An error names the setting, its value, and what would be right.
    pub fn read() -> anyhow::Result<Settings> {
        let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let text = match env("RIVULET_SETTINGS") {
            Some(path) => file(Path::new(&path))?
                .with_context(|| format!("RIVULET_SETTINGS is \"{path}\". It should be the path of a file."))?,
            None => file(Path::new("Leptos.toml"))?.unwrap_or_default(),
        };
        Settings::from(&text, env)
    }

    /// The same from a file's text and a look-up of the environment.
    pub fn from(text: &str, env: impl Fn(&str) -> Option<String>) -> anyhow::Result<Settings> {
        let file: File = toml::from_str(text)
            .context("Leptos.toml does not say what Rivulet can understand. The README lists what it may say.")?;
        let address = env("LEPTOS_SITE_ADDR").or(file.leptos.site_addr).unwrap_or_else(|| "127.0.0.1:3000".into());
        let grace = env("RIVULET_GRACE_SECONDS");
        let mut providers = file.provider;
        let (url, key) = (env("OPENAI_BASE_URL").map(|url| url.trim().to_owned()), env("OPENAI_API_KEY"));
        if let Some(url) = url.as_ref().filter(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
            bail!("OPENAI_BASE_URL is \"{url}\". It should be an address such as \"http://127.0.0.1:11434/v1\".");
        }
        if url.is_some() || key.is_some() {
            // The one of that name alone: a key must not go to another server because that stands in the file.
            let at = providers.iter().position(|provider| provider.name() == "openai").unwrap_or_else(|| {
                providers.insert(0, Config::openai());
                0
            });
            let openai = &mut providers[at];
            openai.base_url = url.or(openai.base_url.take());
            openai.api_key = key.or(openai.api_key.take());
        }
        if providers.is_empty() {
            providers.push(Config::demo());
        }
        let setup_code = env("RIVULET_SETUP_CODE").map(|code| code.trim().to_owned());
        if setup_code.as_ref().is_some_and(|code| code.len() < SHORTEST_SETUP_CODE) {
            bail!("RIVULET_SETUP_CODE is too short. Whoever guesses it owns the server: it should have 16 characters.");
        }
        let public_url = env("RIVULET_PUBLIC_URL").or(file.server.public_url);
        let proxies = match env("RIVULET_TRUSTED_PROXIES") {
            Some(list) => list.split(',').map(str::to_owned).collect(),
            None => file.server.trusted_proxies,
        };
        Ok(Settings {
            address: address.parse().ok().with_context(|| {
                format!("LEPTOS_SITE_ADDR (in Leptos.toml: [leptos] site-addr) is \"{address}\". It should be an address and a port, such as \"127.0.0.1:3000\".")
            })?,
            site_root: env("LEPTOS_SITE_ROOT")
                .or(file.leptos.site_root)
                .unwrap_or_else(|| "target/site".into())
                .into(),
            database_url: env("RIVULET_DATABASE_URL")
                .or(file.database.url)
                .unwrap_or_else(|| "sqlite:rivulet.db".into()),
            providers,
            grace_seconds: match grace {
                Some(value) => value.parse().ok().with_context(|| {
                    format!("RIVULET_GRACE_SECONDS is \"{value}\". It should be a whole number of seconds, such as \"5\".")
                })?,
                None => file.server.grace_seconds.unwrap_or(5),
            },
            prices: env("RIVULET_PRICES").or(file.server.prices).map(PathBuf::from),
            titles: (env("RIVULET_TITLES").or(file.server.titles)).map(|titles| titles.parse()).transpose()?.unwrap_or_default(),
            limits: file.limits,
            public_url: public_url.map(|url| url.parse()).transpose()?,
            trusted_proxies: TrustedProxies::parse(proxies.iter().map(String::as_str))?,
            setup_code,
            protocols: protocol::SPOKEN,
            undo_timeout: None,
        })
    }
}

/// The text of a settings file; nothing if there is none. One that somebody else can write is refused: it could have the
/// keys in the environment sent to a server of theirs.
fn file(path: &Path) -> anyhow::Result<Option<String>> {
    let shown = path.display();
    let mut file = match Handle::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("{shown} cannot be read.")),
    };
    if private_files::others_may_write(&file)? {
        bail!(
            "{shown} can be written by other users of this machine, who could have your keys sent to them. Make it yours alone (chown, chmod go-w), or name another file in RIVULET_SETTINGS."
        );
    }
    let mut text = String::new();
    file.read_to_string(&mut text).with_context(|| format!("{shown} cannot be read."))?;
    Ok(Some(text))
}
