//! The real server, in this process: what `main.rs` does, without its signals.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use reqwest::header::HeaderMap;
use rivulet::{
    access::{AccountRole, Viewer},
    account::session::NewSession,
    config::Settings,
    ids::{AccountId, mint, now},
    security::client_address::ClientAddress,
    server::serve::{ConnectionLimits, serve},
    state::AppState,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{Database, Folder, Person, Provider};

pub struct Server {
    pub address: SocketAddr,
    pub provider: Provider,
    pub folder: Folder,
    pub app: AppState,
}

impl Server {
    pub async fn start() -> Server {
        Server::with(|_| {}, ConnectionLimits::default()).await
    }

    /// Where nothing that was deleted can be brought back: it is removed at once.
    pub async fn without_undo() -> Server {
        Server::with(|settings| settings.undo_timeout = Some(Duration::ZERO), ConnectionLimits::default()).await
    }

    /// With other settings than a test's usual ones, and other limits than a server's. Wherever it is set to listen, it
    /// does so on loopback.
    pub async fn with(change: impl FnOnce(&mut Settings), limits: ConnectionLimits) -> Server {
        let (provider, folder) = (Provider::start().await, Folder::new());
        let mut settings =
            Settings::from(&folder.settings(&provider.url, 5), |_| None).expect("settings that are right");
        change(&mut settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("the server's address");
        let (app, _) = AppState::start(&settings).await.expect("a server that starts");
        // Nothing stops it, so that tests can ask an app that closes.
        tokio::spawn(serve(listener, app.clone(), limits, CancellationToken::new()));
        Server { address, provider, folder, app }
    }

    /// Makes the first account, as its page does.
    pub async fn sign_up(&self, name: &str) -> Person {
        Person::signs_up(self.address, name).await
    }

    /// Makes a member of an account, for which there is no page yet, and signs them in.
    pub async fn adds_member(&self, account: AccountId, name: &str, role: AccountRole) -> (Viewer, Person) {
        let viewer = Viewer { user: mint(), account };
        let person =
            rivulet::account::Person { name: name.to_owned(), email: format!("{}@example.org", name.to_lowercase()) };
        let database = &self.app.database;
        database.create_member(viewer, &person, "hash", role, now()).await.expect("a member");
        let headers = HeaderMap::new();
        let address = ClientAddress::of(Ipv4Addr::LOCALHOST.into(), &headers, |_| false);
        let session = NewSession::of(&headers, address);
        assert!(database.open_session(viewer.user, "hash", &session).await.expect("a session"));
        let cookie = self.app.sessions.cookie(&session);
        let cookie = cookie.split(';').next().expect("the session's cookie");
        (viewer, Person::with_cookie(self.address, cookie))
    }

    /// Another program's connection to the same file.
    pub async fn database(&self) -> Database {
        Database::open(&self.folder.database()).await
    }
}
