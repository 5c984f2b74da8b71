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
/// How long a menu is taken for the truth.
const FRESH: Duration = Duration::from_secs(60);
/// The same for one that lacks a provider: whoever starts it and reloads shall see it.
const FRESH_WITH_TROUBLE: Duration = Duration::from_secs(3);

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

/// Every model on offer, and why there may be fewer than expected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Menu {
    pub choices: Vec<Choice>,
    /// A sentence for each provider whose models are not known, for people.
    pub trouble: Vec<String>,
}

/// Every provider that is set up.
pub struct Providers {
    all: Vec<Arc<dyn Provider>>,
    menu: Mutex<Option<(Instant, Menu)>>,
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
    /// and left out. Kept for a minute (3 s where one is left out); whoever comes while the providers are being asked
    /// waits for the same answer.
    pub async fn menu(&self) -> Menu {
        let mut kept = self.menu.lock().await;
        if let Some((since, menu)) = &*kept
            && since.elapsed() < if menu.trouble.is_empty() { FRESH } else { FRESH_WITH_TROUBLE }
        {
            return menu.clone();
        }
        let mut menu = Menu::default();
        for choices in join_all(self.all.iter().map(choices)).await {
            match choices {
                Ok(choices) => menu.choices.extend(choices),
                Err(trouble) => menu.trouble.push(trouble),
            }
        }
        *kept = Some((Instant::now(), menu.clone()));
        menu
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

async fn choices(provider: &Arc<dyn Provider>) -> Result<Vec<Choice>, String> {
    let name = provider.name();
    match timeout(PATIENCE, provider.models()).await {
        Ok(Ok(models)) => Ok(models.into_iter().map(|model| choice(name, model)).collect()),
        Ok(Err(error)) => {
            tracing::warn!(provider = name, %error, "models left out");
            Err(error.to_string())
        }
        Err(_) => {
            tracing::warn!(provider = name, after = ?PATIENCE, "models left out: no list in time");
            Err(format!("{name} did not say in time which models it has. Reload the page to ask again."))
        }
    }
}

fn choice(provider: &str, model: Model) -> Choice {
    Choice { key: format!("{provider}/{}", model.id), provider: provider.to_owned(), name: model.name }
}
