//! Who asks, as limits and logs name them: the peer's address, or the one that a trusted proxy names.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};

use crate::error::Failure;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Where a request comes from. As an extractor it is what was noted with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The address of `peer`; or, if that is a trusted proxy, the rightmost address in `X-Forwarded-For` that is not one:
    /// what stands left of it, anybody may have written.
    pub fn of(peer: IpAddr, headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> ClientAddress {
        let mut address = peer.to_canonical();
        let lines = headers.get_all(FORWARDED_FOR).iter().collect::<Vec<_>>();
        let mut hops = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        while is_trusted(address) {
            // What is no address ends the search: it is the word of the last proxy, who is then all that is known.
            match hops.next().and_then(hop) {
                Some(next) => address = next,
                None => break,
            }
        }
        ClientAddress(address)
    }

    /// What limits are counted by: an IPv6 address without its lower half, which each subscriber chooses freely.
    pub fn key(&self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        }
    }

    pub fn is_loopback(&self) -> bool {
        self.0.is_loopback()
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An entry of `X-Forwarded-For`: an address, with a port where a proxy adds one.
fn hop(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<ClientAddress, Failure> {
        // It is there: every connection has a peer.
        parts.extensions.get().copied().ok_or(Failure::Unavailable)
    }
}
