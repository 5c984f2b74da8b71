//! What one running server has.

use std::{path::Path, sync::Arc};

use anyhow::Context;
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    account::setup_code::SetupCode,
    account::{limits::Limits, password, session::Sessions},
    config::trusted_proxies::TrustedProxies,
    config::{Settings, public_url::PublicUrl},
    conversation::purge,
    database::Database,
    ids::{OwnerId, mint},
    live::hub::Hub,
    provider::Providers,
    reply::{
        journal::{Journal, store::Store},
        recovery,
    },
};

/// Cheap to clone: it is shared.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

pub struct Parts {
    pub database: Arc<Database>,
    pub hub: Arc<Hub>,
    pub journal: Journal,
    pub providers: Providers,
    /// This process, as the rows of its running replies name it.
    pub owner: OwnerId,
    /// A hash of what browsers load: a page of another build is told to reload.
    pub build: String,
    pub options: LeptosOptions,
    /// How often passwords were tried.
    pub limits: Limits,
    pub sessions: Sessions,
    pub public_url: Option<PublicUrl>,
    pub trusted_proxies: TrustedProxies,
    pub setup_code: SetupCode,
    /// The running replies.
    pub replies: TaskTracker,
    /// The open sockets.
    pub sockets: TaskTracker,
    /// Cancelled when the server is to stop: no reply starts any more.
    pub closing: CancellationToken,
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
    /// Does what must not be left half done, even if whoever asked for it is gone: the server drops a request's own
    /// work when its connection closes, and a row without its reply would stand open for ever.
    pub async fn to_its_end<F, T>(&self, work: impl FnOnce(AppState) -> F) -> T
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        match self.replies.spawn(work(self.clone())).await {
            Ok(done) => done,
            // It is never aborted.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Opens the database, recovers what a dead process left, and starts the committer: the receiver says when it has
    /// ended, and with an error if it should not have. Errors are for the person who starts the server.
    pub async fn start(settings: &Settings) -> anyhow::Result<(AppState, oneshot::Receiver<()>)> {
        password::prepare();
        let build = build(&settings.site_root)?;
        let database = Arc::new(Database::open(&settings.database_url).await?);
        let owner: OwnerId = mint();
        database.register(owner).await.with_context(|| {
            format!(
                "The database {} cannot be written. Is it read-only, full, or locked by another program?",
                settings.database_url
            )
        })?;
        recovery::run(&database, owner).await?;
        let providers = Providers::open(&settings.providers, database.clone()).await?;
        let hub = Arc::new(Hub::new(settings.limits));
        let store = Store::open(database.path(), owner).context("The journal cannot be opened.")?;
        let (journal, committer) = Journal::start(store, database.turn(), hub.clone())?;
        let options = LeptosOptions::builder()
            .output_name("rivulet")
            .site_root(settings.site_root.to_string_lossy())
            .site_addr(settings.address)
            .build();
        let replies = TaskTracker::new();
        let sessions = Sessions {
            database: database.clone(),
            is_secure: settings.public_url.as_ref().is_some_and(PublicUrl::is_https),
            tasks: replies.clone(),
        };
        let app = AppState(Arc::new(Parts {
            database,
            hub,
            journal,
            providers,
            owner,
            build,
            options,
            limits: Limits::default(),
            sessions,
            public_url: settings.public_url.clone(),
            trusted_proxies: settings.trusted_proxies.clone(),
            setup_code: SetupCode::new(settings.setup_code.clone()),
            replies,
            sockets: TaskTracker::new(),
            closing: CancellationToken::new(),
        }));
        app.replies.spawn(purge::resume(app.database.clone(), app.closing.clone()));
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
