//! The list of models on a page: no provider can delay the page.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Json, Router, extract::State, routing::get};
use kit::{Database, Folder, Person, soon};
use rivulet::chat::api::ModelList;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Semaphore};

use crate::program;

/// A provider whose list of models comes once the test allows it.
struct Hesitant {
    url: String,
    allowed: Arc<Semaphore>,
}

impl Hesitant {
    async fn start() -> Hesitant {
        let allowed = Arc::new(Semaphore::new(0));
        let router = Router::new().route("/v1/models", get(list)).with_state(allowed.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Hesitant { url, allowed }
    }

    /// Answers one request.
    fn answers(&self) {
        self.allowed.add_permits(1);
    }
}

async fn list(State(allowed): State<Arc<Semaphore>>) -> Json<Value> {
    allowed.acquire().await.expect("it is never closed").forget();
    Json(json!({ "data": [{ "id": "slow-one" }] }))
}

/// A page, which must come at once.
async fn page(ada: &Person) -> String {
    let since = Instant::now();
    let page = ada.gets("/").await;
    assert!(since.elapsed() < Duration::from_secs(2), "the page waited for the provider: {:?}", since.elapsed());
    assert_eq!(page.status, 200);
    page.text
}

/// Rules: a page waits for no provider; it shows that the models are being requested, and can ask until they are there.
/// A list that was received once is there at once after a restart, whatever the provider does.
#[tokio::test]
async fn a_provider_that_hangs_delays_no_page() {
    let (folder, provider) = (Folder::new(), Hesitant::start().await);
    let settings = folder.settings(&provider.url, 5).replace("models = [\"model\"]\n", "");
    folder.has_settings(&settings);
    let mut process = program::start(&folder).await;
    let ada = Person::signs_up(process.address, "Ada").await;
    for _ in 0..2 {
        assert!(page(&ada).await.contains("test is being asked for its models."));
    }
    let known: ModelList = ada.call("models", json!({})).await.expect("what is known");
    assert_eq!((known.models.len(), known.trouble.is_some()), (0, true));

    provider.answers();
    let known = soon("the models are known", async {
        loop {
            let known: ModelList = ada.call("models", json!({})).await.expect("what is known");
            if known.trouble.is_none() {
                return known;
            }
        }
    })
    .await;
    assert_eq!(known.models[0].key, "test/slow-one");
    let mut database = Database::open(&folder.database()).await;
    soon("they are kept", async { while database.count("SELECT COUNT(*) FROM provider_models").await == 0 {} }).await;

    process.dies();
    let process = program::start(&folder).await;
    let ada = Person { address: process.address, ..ada };
    assert!(page(&ada).await.contains("test/slow-one"));
}
