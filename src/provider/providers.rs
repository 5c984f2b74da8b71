//! All providers that are set up, as one menu of models.

use super::{Config, ConfigError, Kind, Model, Provider, demo::Demo, openai::OpenAi};
use futures::future::join_all;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

/// How long a page waits for a provider's list.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a list is taken for the truth.
const FRESH: Duration = Duration::from_secs(60);

/// A model in the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// `<provider name>/<model id>`: what [`Providers::find`] takes.
    pub key: String,
    /// The provider's name.
    pub provider: String,
    /// The model's name, for people.
    pub name: String,
}

/// Every provider that is set up.
pub struct Providers {
    all: Vec<Arc<dyn Provider>>,
    menu: Mutex<Option<(Instant, Vec<Choice>)>>,
}

impl Providers {
    /// Sets them all up; asks nothing over the network.
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
                Kind::Demo => Arc::new(Demo::new(config)?),
                Kind::Openai => Arc::new(OpenAi::new(config)?),
            });
        }
        Ok(Self::from(all))
    }

    /// Every model of all of them, in the order of the settings. A provider whose list cannot be read in 3 s is logged
    /// and left out. Kept for a minute; whoever comes while the providers are being asked waits for the same answer.
    pub async fn models(&self) -> Vec<Choice> {
        let mut menu = self.menu.lock().await;
        if let Some((since, choices)) = &*menu
            && since.elapsed() < FRESH
        {
            return choices.clone();
        }
        let choices = join_all(self.all.iter().map(choices)).await.concat();
        *menu = Some((Instant::now(), choices.clone()));
        choices
    }

    /// The provider and the model's id behind a key; `None` if no such provider is set up. Needs no network, so a model
    /// that the provider does not know is only refused when a reply is asked for.
    pub fn find(&self, key: &str) -> Option<(Arc<dyn Provider>, String)> {
        let (name, model) = key.split_once('/')?;
        let provider = self.all.iter().find(|one| one.name() == name)?;
        (!model.is_empty()).then(|| (provider.clone(), model.to_owned()))
    }
}

impl From<Vec<Arc<dyn Provider>>> for Providers {
    fn from(all: Vec<Arc<dyn Provider>>) -> Self {
        Self { all, menu: Mutex::new(None) }
    }
}

async fn choices(provider: &Arc<dyn Provider>) -> Vec<Choice> {
    let name = provider.name();
    match timeout(PATIENCE, provider.models()).await {
        Ok(Ok(models)) => models.into_iter().map(|model| choice(name, model)).collect(),
        Ok(Err(error)) => {
            tracing::warn!(provider = name, %error, "models left out");
            Vec::new()
        }
        Err(_) => {
            tracing::warn!(provider = name, after = ?PATIENCE, "models left out: no list in time");
            Vec::new()
        }
    }
}

fn choice(provider: &str, model: Model) -> Choice {
    Choice { key: format!("{provider}/{}", model.id), provider: provider.to_owned(), name: model.name }
}
