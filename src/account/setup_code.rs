//! The code that makes the first account, where it is not made at the machine itself.

use std::net::SocketAddr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

use crate::config::public_url::PublicUrl;

/// The code that the first account needs. It is of no use once there is one.
pub struct SetupCode(String);

impl SetupCode {
    /// The one that was set, or a random one.
    pub fn new(preset: Option<String>) -> SetupCode {
        SetupCode(preset.unwrap_or_else(|| URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>())))
    }

    /// Takes as long wherever two codes begin to differ.
    pub fn is(&self, code: &str) -> bool {
        self.0.as_bytes().ct_eq(code.trim().as_bytes()).into()
    }

    /// The address of the form with the code, for the log.
    pub fn link(&self, public_url: Option<&PublicUrl>, listens: SocketAddr) -> String {
        let origin = match public_url {
            Some(url) => url.to_string(),
            None if listens.ip().is_unspecified() => format!("http://localhost:{}", listens.port()),
            None => format!("http://{listens}"),
        };
        let code = percent_encoding::utf8_percent_encode(&self.0, percent_encoding::NON_ALPHANUMERIC);
        format!("{origin}/create-account?code={code}")
    }
}
