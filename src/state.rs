//! What one running server has.

use std::{path::Path, sync::Arc};

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use crate::{
    account::{limits::RateLimits, password, session::Sessions, setup_code::SetupCode},
    config::{Settings, public_url::PublicUrl, trusted_proxies::TrustedProxies},
    conversation::purge,
    database::Database,
    live::{access, hub::Hub},
    provider::Providers,
    reply::Replies,
};

/// Cheap to clone: it is shared.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

pub struct Parts {
    pub database: Arc<Database>,
    pub hub: Arc<Hub>,
    pub replies: Replies,
    pub providers: Providers,
    /// A hash of what browsers load.
    pub build: String,
    pub options: LeptosOptions,
    /// How often passwords were tried.
    pub limits: RateLimits,
    pub sessions: Sessions,
    pub public_url: Option<PublicUrl>,
    pub trusted_proxies: TrustedProxies,
    pub setup_code: SetupCode,
    /// Those that are spoken, as [`protocol::SPOKEN`](crate::protocol::SPOKEN).
    pub protocols: &'static [u32],
    /// The open sockets.
    pub sockets: TaskTracker,
}

impl std::ops::Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(app: &AppState) -> LeptosOptions {
        app.options.clone()
    }
}

impl FromRef<AppState> for Sessions {
    fn from_ref(app: &AppState) -> Sessions {
        app.sessions.clone()
    }
}

impl AppState {
    /// As [`Replies::detached`], with the state.
    pub async fn detached<F, T>(&self, work: impl FnOnce(AppState) -> F) -> T
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        self.replies.detached(work(self.clone())).await
    }

    /// Opens the database and what stands on it; the receiver is that of [`Replies::open`]. Errors are for the person who
    /// starts the server.
    pub async fn start(settings: &Settings) -> anyhow::Result<(AppState, oneshot::Receiver<()>)> {
        password::prepare();
        let build = build(&settings.site_root)?;
        let database = Arc::new(Database::open(&settings.database_url).await?);
        let (replies, committer) = Replies::open(database.clone(), settings.limits).await?;
        let providers = Providers::open(&settings.providers, database.clone()).await?;
        let options = LeptosOptions::builder()
            .output_name("rivulet")
            .site_root(settings.site_root.to_string_lossy())
            .site_addr(settings.address)
            .build();
        let sessions = Sessions {
            database: database.clone(),
            is_secure: settings.public_url.as_ref().is_some_and(PublicUrl::is_https),
            tasks: replies.tasks.clone(),
        };
        replies.tasks.spawn(purge::resume(database.clone(), replies.closing.clone()));
        let after = database.newest_access_change().await?;
        replies.tasks.spawn(access::watch(database.clone(), replies.hub.clone(), after, replies.closing.clone()));
        let app = AppState(Arc::new(Parts {
            database,
            hub: replies.hub.clone(),
            replies,
            providers,
            build,
            options,
            limits: RateLimits::default(),
            sessions,
            public_url: settings.public_url.clone(),
            trusted_proxies: settings.trusted_proxies.clone(),
            setup_code: SetupCode::new(settings.setup_code.clone()),
            protocols: settings.protocols,
            sockets: TaskTracker::new(),
        }));
        Ok((app, committer))
    }
}

/// The hash of the browser's half as it is served.
fn build(site_root: &Path) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    for file in ["pkg/rivulet.wasm", "pkg/rivulet.js", "pkg/rivulet.css"] {
        let path = site_root.join(file);
        let bytes = std::fs::read(&path).map_err(|_| {
            anyhow::anyhow!(
                "LEPTOS_SITE_ROOT (in Leptos.toml: [leptos] site-root) is \"{}\", where there is no {file}. It should be the folder that `cargo xtask build` writes.",
                site_root.display()
            )
        })?;
        hash.update(&bytes);
    }
    Ok(hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}
