//! The settings of providers, and the catalog of models.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use rivulet::{
    config::titles::Titles,
    database::Database,
    provider::{
        CatalogEntry, Config, DeltaStream, Model, Provider, ProviderError, Providers, Request, demo::Demo,
        prices::Prices, providers::Catalog,
    },
};
use tokio::{
    sync::Notify,
    time::{Instant, advance},
};

use crate::{Answer, ProviderServer, config, provider};

fn keys(catalog: &[CatalogEntry]) -> Vec<&str> {
    catalog.iter().map(|choice| choice.key.as_str()).collect()
}

/// The catalog, once it is as expected.
async fn eventually(providers: &Providers, expected: impl Fn(&Catalog) -> bool) -> Catalog {
    loop {
        let catalog = providers.catalog();
        if expected(&catalog) {
            return catalog;
        }
        tokio::task::yield_now().await;
    }
}

/// The catalog, once every provider has answered.
pub async fn whole_catalog(providers: &Providers) -> Catalog {
    eventually(providers, |catalog| catalog.trouble.is_empty()).await
}

#[tokio::test]
async fn lists_as_servers_write_them() {
    let server = ProviderServer::start().await;
    let provider = provider(&server);
    for (body, expected) in [
        (r#"[{"id":"b"},{"id":"a","name":"Model A","type":"chat"}]"#, vec![("a", "Model A"), ("b", "b")]),
        (r#"{"object":"list","data":null}"#, vec![]),
        (
            r#"{"data":[{"name":"no id"},null,7,{"id":""},{"id":"a","name":5},{"id":7},"b",{"id":"a"}]}"#,
            vec![("7", "7"), ("a", "a"), ("b", "b")],
        ),
        (r#"{"models":[{"id":"a"}]}"#, vec![("a", "a")]),
        (
            r#"{"data":[{"id":"text-embedding-3"},{"id":"gpt-4o-mini-tts"},{"id":"whisper-1"},{"id":"gpt-5"},{"id":"o/embedded-coder"}]}"#,
            vec![("gpt-5", "gpt-5"), ("o/embedded-coder", "o/embedded-coder")],
        ),
        // Whoever offers nothing else may mean it.
        (r#"{"data":[{"id":"dall-e-3"}]}"#, vec![("dall-e-3", "dall-e-3")]),
    ] {
        server.models(Answer::full(200, "application/json", body));
        let models = provider.ask_models().await.expect(body);
        assert_eq!(models.iter().map(|model| (model.id.as_str(), model.name.as_str())).collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn a_list_that_fails_advises_what_helps_there() {
    let server = ProviderServer::start().await;
    let url = server.url();
    for (status, body, sentence) in [
        (200, "{\"object\":\"page\"}", "Test answered with something that is not a list of models. Check OPENAI_BASE_URL, or base-url in Leptos.toml.".to_owned()),
        (404, "{}", format!("Test lists no models at {url}. Name them in Leptos.toml (models), or check OPENAI_BASE_URL, or base-url in Leptos.toml.")),
        (429, "", "Test is too busy. It is asked again for its models.".to_owned()),
        (400, "{\"error\":\"no\"}", "Test refused the request: no. It is asked again for its models.".to_owned()),
        (401, "", "Test refused the key. Check OPENAI_API_KEY, or api-key in Leptos.toml.".to_owned()),
    ] {
        server.models(Answer::full(status, "application/json", body));
        assert_eq!(provider(&server).ask_models().await.expect_err(body).of_list(), sentence);
    }
}

#[test]
fn a_provider_without_a_name_is_called_by_its_host() {
    let label = |table: &str| toml::from_str::<Config>(table).expect("settings").label();
    assert_eq!(label("kind = 'openai'"), "OpenAI");
    assert_eq!(label("kind = 'openai'\nbase-url = 'http://127.0.0.1:11434/v1'"), "127.0.0.1:11434");
    assert_eq!(label("kind = 'openai'\nbase-url = 'https://api.groq.com/openai/v1'"), "api.groq.com");
    assert_eq!(label("kind = 'openai'\nbase-url = 'https://api.groq.com/openai/v1'\nname = 'Groq'"), "Groq");
    assert_eq!(label("kind = 'demo'"), "demo");
}

#[tokio::test]
async fn the_catalog_has_every_model_and_is_kept() {
    let server = ProviderServer::start().await;
    server.models(Answer::full(200, "application/json", r#"{"data":[{"id":"z/b"},{"id":"a","name":"Model A"}]}"#));
    let providers = Providers::new(&[config(&server), Config::demo()]).expect("providers");
    let catalog = whole_catalog(&providers).await;
    let expected = ["Test/a", "Test/z/b", "demo/demo", "demo/demo-prose", "demo/demo-long", "demo/demo-fails"];
    assert_eq!(keys(&catalog.entries), expected);
    assert_eq!((catalog.entries[0].name.as_str(), catalog.entries[1].name.as_str()), ("Model A", "z/b"));
    assert_eq!(catalog.trouble, [""; 0]);
    assert_eq!(providers.catalog(), catalog);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_provider_without_a_list_is_left_out() {
    let server = ProviderServer::start().await;
    server.models(Answer::full(500, "text/plain", "no"));
    let providers = Providers::new(&[config(&server), Config::demo()]).expect("providers");
    assert_eq!(providers.catalog().trouble, ["Test is being asked for its models."]);
    let catalog = eventually(&providers, |catalog| !catalog.trouble[0].contains("is being asked")).await;
    assert!(!keys(&catalog.entries).iter().any(|key| key.starts_with("Test")));
    assert!(
        catalog.trouble[0].starts_with("Test failed: no."),
        "{catalog:?} names the provider whose models are missing"
    );
    assert!(
        ["", "Test", "Test/", "Test/some/model", "other/model", "/"].iter().all(|key| providers.find(key).is_err())
    );
}

#[tokio::test]
async fn a_provider_without_models_is_named() {
    let server = ProviderServer::start().await;
    server.models(Answer::full(200, "application/json", r#"{"object":"list","data":null}"#));
    let providers = Providers::new(&[config(&server)]).expect("providers");
    let catalog = eventually(&providers, |catalog| !catalog.trouble[0].contains("is being asked")).await;
    assert_eq!((catalog.entries, catalog.trouble), (vec![], vec!["Test has no models to choose from.".to_owned()]));
}

/// Its list comes when the test allows it, or never.
#[derive(Default)]
struct Slow {
    asked: AtomicUsize,
    answers: Notify,
}

#[async_trait]
impl Provider for Slow {
    fn name(&self) -> &str {
        "Slow"
    }

    fn models(&self) -> Option<Vec<Model>> {
        None
    }

    async fn ask_models(&self) -> Result<Vec<Model>, ProviderError> {
        self.asked.fetch_add(1, Relaxed);
        self.answers.notified().await;
        Ok(vec![Model { id: "late".into(), name: "late".into(), context: None }])
    }

    fn reply(&self, _request: Request) -> DeltaStream {
        stream::empty().boxed()
    }

    async fn title(&self, _model: &str, _text: &str) -> Result<Option<String>, ProviderError> {
        Ok(None)
    }
}

/// Lets what was spawned run until it waits.
async fn settle() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_list_and_one_that_was_missing_is_soon_asked_for_again() {
    let slow = Arc::new(Slow::default());
    let demo = Demo::new(&Config::demo()).expect("a provider");
    let all: Vec<Arc<dyn Provider>> = vec![slow.clone(), Arc::new(demo)];
    let providers = Providers::from(all);
    let since = Instant::now();
    for _ in 0..9 {
        assert_eq!(providers.catalog().entries[0].key, "demo/demo");
        settle().await;
    }
    // One request at a time, however many pages ask.
    assert_eq!((since.elapsed(), slow.asked.load(Relaxed)), (Duration::ZERO, 1));
    advance(Duration::from_secs(31)).await;
    settle().await;
    assert!(providers.catalog().trouble[0].starts_with("Slow sent nothing for 30 s."));
    settle().await;
    assert_eq!(slow.asked.load(Relaxed), 1, "not again at once");
    advance(Duration::from_secs(3)).await;
    providers.catalog();
    settle().await;
    assert_eq!(slow.asked.load(Relaxed), 2);
    slow.answers.notify_one();
    settle().await;
    let catalog = providers.catalog();
    assert_eq!((catalog.entries[0].key.as_str(), catalog.trouble.len()), ("Slow/late", 0));
    // The known list is shown while it is requested again, and after that has failed.
    for seconds in [61, 31] {
        advance(Duration::from_secs(seconds)).await;
        settle().await;
        assert_eq!(providers.catalog(), catalog);
        settle().await;
        assert_eq!(slow.asked.load(Relaxed), 3);
    }
}

#[tokio::test]
async fn the_last_list_outlives_the_process() {
    let folder = temp_dir::TempDir::new().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("rivulet.db").display());
    let server = ProviderServer::start().await;
    let known = {
        let database = Arc::new(Database::open(&url).await.expect("a database"));
        let providers = Providers::open(&[config(&server)], Prices::default(), Titles::default(), database.clone())
            .await
            .expect("providers");
        let catalog = whole_catalog(&providers).await;
        while database.known_models().await.expect("lists").is_empty() {
            tokio::task::yield_now().await;
        }
        database.close().await;
        catalog
    };
    // The same one hangs from now on.
    server.models(Answer::nothing().hang());
    let database = Arc::new(Database::open(&url).await.expect("a database"));
    let providers =
        Providers::open(&[config(&server)], Prices::default(), Titles::default(), database).await.expect("providers");
    assert_eq!((keys(&known.entries), providers.catalog()), (vec!["Test/test"], known.clone()));
}

#[tokio::test]
async fn models_from_the_settings_are_not_asked_for() {
    let server = ProviderServer::start().await;
    let models = vec!["one".into(), "two".into()];
    let providers = Providers::new(&[Config { models, ..config(&server) }]).expect("providers");
    assert_eq!(keys(&providers.catalog().entries), ["Test/one", "Test/two"]);
    assert!(server.seen().is_empty());
}

#[test]
fn settings_are_checked() {
    let read = |table: &str| toml::from_str::<Config>(table);
    let config = read("kind = 'openai'\nname = 'Local'\nbase-url = 'http://localhost:1/v1'\nmodels = ['a']");
    assert!(Providers::new(&[config.expect("settings")]).is_ok());
    assert!(read("kind = 'openai'\nbase_url = 'http://localhost:1/v1'\napi_key = 'k'").is_ok());
    assert!(read("kind = 'openai'\nkey = 'k'").is_err());
    assert!(read("kind = 'other'").is_err());
    for (table, name) in [
        ("kind = 'openai'\nbase-url = 'localhost:11434'", "base-url"),
        ("kind = 'openai'\nbase-url = 'http://me:secret@localhost/v1'", "base-url"),
        ("kind = 'openai'\napi-key = \"sk-se\\ncret\"", "api-key"),
        ("kind = 'openai'\nname = 'a/b'", "name"),
        ("kind = 'openai'\npace = 4.0", "pace"),
        ("kind = 'openai'\nheaders = { x-key = \"se\\ncret\" }", "headers"),
        ("kind = 'openai'\nheaders = { 'x key' = 'a' }", "headers"),
        ("kind = 'openai'\nidle-timeout-seconds = 0", "idle-timeout-seconds"),
        ("kind = 'openai'\nstart-timeout-seconds = 9223372036854775807", "start-timeout-seconds"),
        ("kind = 'demo'\nheaders = { a = 'b' }", "headers"),
        ("kind = 'demo'\nstart-timeout-seconds = 9", "start-timeout-seconds"),
        ("kind = 'demo'\npace = 0.0", "pace"),
        ("kind = 'demo'\npace = nan", "pace"),
        ("kind = 'demo'\nmodels = ['a']", "models"),
    ] {
        let error = Providers::new(&[read(table).expect("settings")]).err().expect(table).to_string();
        assert!(error.starts_with(&format!("[[provider]] {name} is ")), "{error}");
        assert!(!error.contains("se\ncret") && !error.contains("secret"), "{error}");
    }
    assert!(Providers::new(&[Config::demo(), Config::demo()]).is_err());
    let config = read("kind = 'openai'\napi-key = 'sk-secret'\nheaders = { x-key = 'secret' }").expect("settings");
    assert!(!format!("{config:?}").contains("secret"));
}
