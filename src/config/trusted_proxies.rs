//! The proxies whose word counts for who a client is.

use std::net::IpAddr;

use anyhow::Context;
use ipnet::IpNet;

/// The addresses and networks of proxies whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Takes addresses (`10.0.0.7`) and networks (`10.0.0.0/8`, `fd00::/8`). The error names the setting.
    pub fn parse<'a>(list: impl Iterator<Item = &'a str>) -> anyhow::Result<TrustedProxies> {
        let parse = |text: &str| {
            let network =
                text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(|address| address.to_canonical().into()));
            network.with_context(|| {
                format!(
                    "RIVULET_TRUSTED_PROXIES (in Leptos.toml: [server] trusted-proxies) names \"{text}\". It should be an \
                     address such as \"127.0.0.1\" or a network such as \"10.0.0.0/8\"."
                )
            })
        };
        list.map(str::trim)
            .filter(|text| !text.is_empty())
            .map(parse)
            .collect::<anyhow::Result<_>>()
            .map(TrustedProxies)
    }

    /// Whether this address (canonical) is one of them.
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}
