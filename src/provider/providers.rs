//! All providers that are set up, as one catalog of models. Nobody who looks at it ever waits for a provider.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::time::{Instant, timeout};

use super::{
    Config, ConfigError, Model, ModelHandle, Provider, ProviderError, ProviderKind,
    demo::Demo,
    openai::OpenAi,
    prices::{ModelFacts, Prices},
};
use crate::{config::titles::Titles, database::Database, error::Failure, language::t};

/// How long a provider may take to list its models.
const LIST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a list is taken for the truth.
const FRESH: Duration = Duration::from_secs(60);
/// The same after a failure, and of an empty one: whoever starts the provider and looks again shall see it.
const RETRY_INTERVAL: Duration = Duration::from_secs(3);

/// A model in the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogEntry {
    /// `<provider name>/<model id>`: what [`Providers::find`] takes.
    pub key: String,
    /// What people call the provider.
    pub provider: String,
    /// The model's name, for people.
    pub name: String,
    pub facts: ModelFacts,
}

/// Every model on offer as far as is known, and why there may be fewer than expected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    pub entries: Vec<CatalogEntry>,
    /// A sentence for each provider whose models are not known, for people.
    pub trouble: Vec<String>,
}

/// Every provider that is set up.
pub struct Providers {
    all: Vec<Arc<KnownProvider>>,
    prices: Prices,
    titles: Titles,
    /// Keeps the lists over restarts.
    database: Option<Arc<Database>>,
}

/// A provider and what is known of its models.
struct KnownProvider {
    provider: Arc<dyn Provider>,
    list: Mutex<KnownModels>,
}

#[derive(Default)]
struct KnownModels {
    /// The last one that came, in this run or an earlier one.
    models: Option<Vec<Model>>,
    /// Why the last question for it failed.
    failure: Option<String>,
    asking: bool,
    /// When the last question ended.
    asked: Option<Instant>,
}

impl Providers {
    /// Sets them all up, with the lists of models that `database` has from an earlier run, and asks for new ones in the
    /// background.
    ///
    /// # Errors
    /// The first setting that is wrong, or the database's.
    pub async fn open(
        configs: &[Config],
        prices: Prices,
        titles: Titles,
        database: Arc<Database>,
    ) -> anyhow::Result<Self> {
        let providers = Self { prices, titles, database: Some(database.clone()), ..Self::new(configs)? };
        let mut kept = database.known_models().await?;
        for known in &providers.all {
            let models = kept.remove(known.provider.name());
            known.lock().models = models;
        }
        providers.refresh();
        Ok(providers)
    }

    /// Sets them all up, without a database, without prices and without asking anything over the network.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn new(configs: &[Config]) -> Result<Self, ConfigError> {
        let mut all: Vec<Arc<dyn Provider>> = Vec::new();
        for config in configs {
            config.check()?;
            if all.iter().any(|one| one.name() == config.name()) {
                let right = "another name, as a provider before it has this one";
                return Err(ConfigError::new("name", config.name(), right));
            }
            all.push(match config.kind {
                ProviderKind::Demo => Arc::new(Demo::new(config)?),
                ProviderKind::Openai => Arc::new(OpenAi::new(config)?),
            });
        }
        Ok(Self::from(all))
    }

    /// Every model of all of them, in the order of the settings, as it is known now. What is older than a minute (3 s
    /// where the last question failed or nothing came of it) is asked for again meanwhile, for whoever looks next.
    pub fn catalog(&self) -> Catalog {
        self.refresh();
        let mut catalog = Catalog::default();
        for known in &self.all {
            match known.models() {
                Ok(models) => catalog.entries.extend(models.into_iter().map(|model| self.entry(known, model))),
                Err(trouble) => catalog.trouble.push(trouble),
            }
        }
        catalog
    }

    /// The provider and the model's id behind a key.
    pub fn find(&self, key: &str) -> Result<ModelHandle, Failure> {
        let found = key.split_once('/').and_then(|(name, model)| {
            let known = self.all.iter().find(|one| one.provider.name() == name)?;
            known.offers(model).then(|| (known.provider.clone(), model.to_owned()))
        });
        found.ok_or(Failure::UnknownModel)
    }

    /// Whom to ask for the title of a conversation in which this model has replied; `None`: nobody.
    ///
    /// # Errors
    /// That the model of the settings is not offered.
    pub fn title_model(&self, replied: ModelHandle) -> Result<Option<ModelHandle>, Failure> {
        match &self.titles {
            Titles::ByReplying => Ok(Some(replied)),
            Titles::By(key) => self.find(key).map(Some),
            Titles::Off => Ok(None),
        }
    }

    /// What is known of a provider's model.
    pub fn facts(&self, provider: &dyn Provider, model: &str) -> ModelFacts {
        self.prices.facts(provider.name(), provider.host(), model)
    }

    /// How many tokens a provider's model reads and writes together, if that is known.
    pub fn context(&self, provider: &dyn Provider, model: &str) -> Option<u64> {
        let known = self.all.iter().find(|known| known.provider.name() == provider.name());
        known.and_then(|known| known.listed_context(model)).or_else(|| self.facts(provider, model).context)
    }

    fn entry(&self, known: &KnownProvider, model: Model) -> CatalogEntry {
        let provider = &known.provider;
        let facts = self.facts(provider.as_ref(), &model.id);
        CatalogEntry {
            key: format!("{}/{}", provider.name(), model.id),
            provider: provider.label().to_owned(),
            name: model.name,
            // The provider may offer less than others do.
            facts: ModelFacts { context: model.context.or(facts.context), ..facts },
        }
    }

    /// Asks every provider whose list is too old, one question at a time each, in the background.
    fn refresh(&self) {
        for known in self.all.iter().filter(|known| known.is_due()) {
            // Weak: a provider that hangs keeps nothing of a server that has ended.
            let (known, database) = (Arc::downgrade(known), self.database.as_ref().map(Arc::downgrade));
            tokio::spawn(ask(known, database));
        }
    }
}

impl From<Vec<Arc<dyn Provider>>> for Providers {
    fn from(all: Vec<Arc<dyn Provider>>) -> Self {
        let all =
            all.into_iter().map(|provider| Arc::new(KnownProvider { provider, list: Mutex::default() })).collect();
        Self { all, prices: Prices::default(), titles: Titles::default(), database: None }
    }
}

impl KnownProvider {
    /// The models that are known, or a sentence with the reason why there are none.
    fn models(&self) -> Result<Vec<Model>, String> {
        let label = self.provider.label();
        let list = self.lock();
        match self.provider.models().or_else(|| list.models.clone()) {
            Some(models) if models.is_empty() => Err((t().server.providers.list_empty)(label)),
            Some(models) => Ok(models),
            None => Err((list.failure.clone()).unwrap_or_else(|| (t().server.providers.list_awaited)(label))),
        }
    }

    fn offers(&self, id: &str) -> bool {
        let has = |models: &Vec<Model>| models.iter().any(|model| model.id == id);
        match self.provider.models() {
            Some(models) => has(&models),
            None => self.lock().models.as_ref().is_some_and(has),
        }
    }

    /// How much a model reads and writes, if the list has that.
    fn listed_context(&self, id: &str) -> Option<u64> {
        let context = |models: &Vec<Model>| models.iter().find(|model| model.id == id).and_then(|model| model.context);
        match self.provider.models() {
            Some(models) => context(&models),
            None => self.lock().models.as_ref().and_then(context),
        }
    }

    /// Whether the list is to be asked for; then the caller must.
    fn is_due(&self) -> bool {
        let mut list = self.lock();
        let lacks = list.failure.is_some() || list.models.as_ref().is_none_or(Vec::is_empty);
        let fresh = if lacks { RETRY_INTERVAL } else { FRESH };
        let due =
            self.provider.models().is_none() && !list.asking && list.asked.is_none_or(|asked| asked.elapsed() >= fresh);
        list.asking |= due;
        due
    }

    /// Takes the answer to a question; gives the list if it is another one than before.
    fn take(&self, answer: Result<Vec<Model>, String>) -> Option<Vec<Model>> {
        let mut list = self.lock();
        (list.asking, list.asked) = (false, Some(Instant::now()));
        match answer {
            Ok(models) => {
                list.failure = None;
                let new = list.models.as_ref() != Some(&models);
                list.models = Some(models.clone());
                new.then_some(models)
            }
            Err(failure) => {
                // Logged once, however often it is asked again.
                if list.failure.as_ref() != Some(&failure) {
                    tracing::warn!(provider = self.provider.name(), failure, "the list of models could not be had");
                }
                list.failure = Some(failure);
                None
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, KnownModels> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One question for a provider's models.
async fn ask(known: Weak<KnownProvider>, database: Option<Weak<Database>>) {
    let Some(provider) = known.upgrade().map(|known| known.provider.clone()) else { return };
    let answer = timeout(LIST_TIMEOUT, provider.ask_models()).await;
    let answer = answer.unwrap_or_else(|_| {
        Err(ProviderError::Silent { provider: provider.label().to_owned(), after: LIST_TIMEOUT, words: false })
    });
    let Some(known) = known.upgrade() else { return };
    let new = known.take(answer.map_err(|error| error.of_list()));
    let database = database.and_then(|database| database.upgrade());
    if let (Some(models), Some(database)) = (new, database)
        && let Err(error) = database.keep_models(provider.name(), &models).await
    {
        tracing::warn!(provider = provider.name(), %error, "the list of models could not be kept for the next start");
    }
}
