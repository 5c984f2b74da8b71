//! What one running server has.

pub mod build;

use std::sync::Arc;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use crate::{
    account::{limits::RateLimits, password, session::Sessions, setup_code::SetupCode},
    config::{Settings, public_url::PublicUrl, trusted_proxies::TrustedProxies},
    conversation::{UNDO_TIMEOUT, purge, tombstones},
    database::Database,
    live::{access, hub::Hub},
    provider::{Providers, prices::Prices},
    reply::Replies,
};
use build::Build;

/// Cheap to clone: it is shared.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

pub struct Parts {
    pub database: Arc<Database>,
    pub hub: Arc<Hub>,
    pub replies: Replies,
    pub providers: Arc<Providers>,
    pub build: Build,
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
        let build = Build::newest(&settings.site_root)?;
        let database = Arc::new(Database::open(&settings.database_url).await?);
        let prices = Prices::open(settings.prices.as_deref())?;
        let providers =
            Arc::new(Providers::open(&settings.providers, prices, settings.titles.clone(), database.clone()).await?);
        let (replies, committer) = Replies::open(database.clone(), providers.clone(), settings.limits).await?;
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
        let undo_timeout = settings.undo_timeout.unwrap_or(UNDO_TIMEOUT);
        replies.tasks.spawn(purge::keep_purging(database.clone(), undo_timeout, replies.closing.clone()));
        replies.tasks.spawn(tombstones::keep_removing(database.clone(), replies.closing.clone()));
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
