//! Who gives conversations their titles.

use std::str::FromStr;

use anyhow::bail;

/// Who gives a conversation its title after the first reply; until then, and if nobody does, it is the first words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Titles {
    /// The model that replied.
    #[default]
    ByReplying,
    /// The model with this key.
    By(String),
    Off,
}

impl FromStr for Titles {
    type Err = anyhow::Error;

    fn from_str(setting: &str) -> anyhow::Result<Titles> {
        Ok(match setting.trim() {
            "model" => Titles::ByReplying,
            "off" => Titles::Off,
            key if key.contains('/') => Titles::By(key.to_owned()),
            other => bail!(
                "RIVULET_TITLES (in Leptos.toml: [server] titles) is \"{other}\". It should be \"model\", \"off\", or a model such as \"openai/gpt-5-nano\"."
            ),
        })
    }
}
