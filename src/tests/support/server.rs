//! The real server, in this process: what `main.rs` does, without its signals.

use std::net::SocketAddr;

use rivulet::server::{routes, settings::Settings, state::App};
use tokio::net::TcpListener;

use super::{Database, Folder, Person, Provider};

pub struct Server {
    pub address: SocketAddr,
    pub provider: Provider,
    pub folder: Folder,
    pub app: App,
}

impl Server {
    pub async fn start() -> Server {
        let (provider, folder) = (Provider::start().await, Folder::new());
        let settings = Settings::from(&folder.settings(&provider.url, 5), |_| None).expect("settings that are right");
        let listener = TcpListener::bind(settings.address).await.expect("a port");
        let address = listener.local_addr().expect("the server's address");
        let (app, _) = App::start(&settings).await.expect("a server that starts");
        let service = routes::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Server { address, provider, folder, app }
    }

    /// Makes the first account, as its page does.
    pub async fn sign_up(&self, name: &str) -> Person {
        Person::signs_up(self.address, name).await
    }

    /// Another program's connection to the same file.
    pub async fn database(&self) -> Database {
        Database::open(&self.folder.database()).await
    }
}
