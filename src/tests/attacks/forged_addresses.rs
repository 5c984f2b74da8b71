//! Names another address as one's own, to get round a limit or to have it count against somebody else.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue};
use rivulet::{config::trusted_proxies::TrustedProxies, security::client_address::ClientAddress};

fn proxies(list: &str) -> TrustedProxies {
    TrustedProxies::parse(list.split(',')).expect("a list that is right")
}

fn address(peer: &str, forwarded: &[&[u8]], trusted: &TrustedProxies) -> String {
    let mut headers = HeaderMap::new();
    for line in forwarded {
        headers.append("x-forwarded-for", HeaderValue::from_bytes(line).expect("a header"));
    }
    ClientAddress::of(peer.parse().expect("an address"), &headers, |proxy| trusted.contain(proxy)).to_string()
}

#[test]
fn nobody_but_a_trusted_proxy_names_another_address() {
    let none = proxies("");
    assert_eq!(address("203.0.113.5", &[b"198.51.100.1"], &none), "203.0.113.5");
    assert_eq!(address("127.0.0.1", &[b"198.51.100.1"], &none), "127.0.0.1");
    assert_eq!(address("203.0.113.5", &[b"198.51.100.1"], &proxies("127.0.0.1, 10.0.0.0/8")), "203.0.113.5");
}

/// What a client wrote stands left of what the proxies add.
#[test]
fn the_rightmost_foreign_address_counts() {
    let trusted = proxies("127.0.0.1,10.0.0.0/8,fd00::/8");
    let cases: [(&str, &[&[u8]], &str); 14] = [
        ("127.0.0.1", &[b"198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", &[b"6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", &[b"6.6.6.6, 198.51.100.1, 10.1.2.3"], "198.51.100.1"),
        ("127.0.0.1", &[b"6.6.6.6", b"198.51.100.1", b"10.1.2.3,fd00::1"], "198.51.100.1"),
        ("::ffff:127.0.0.1", &[b"::ffff:198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", &[b"198.51.100.1:4711"], "198.51.100.1"),
        ("127.0.0.1", &[b"[2001:db8::1]:4711"], "2001:db8::1"),
        ("127.0.0.1", &[b"[2001:db8::1]"], "2001:db8::1"),
        // The proxies' own, as where nobody is before them.
        ("127.0.0.1", &[], "127.0.0.1"),
        ("127.0.0.1", &[b"10.1.2.3"], "10.1.2.3"),
        // No address: whoever named it is all that is known, and what stands left of it counts for nothing.
        ("127.0.0.1", &[b"198.51.100.1, unknown"], "127.0.0.1"),
        ("127.0.0.1", &[b"198.51.100.1, "], "127.0.0.1"),
        ("127.0.0.1", &[b"198.51.100.1, \xff\xfe, 10.1.2.3"], "10.1.2.3"),
        ("127.0.0.1", &[b"198.51.100.1, 10.1.2.3/8"], "127.0.0.1"),
    ];
    for (peer, forwarded, expected) in cases {
        assert_eq!(address(peer, forwarded, &trusted), expected, "{peer} {forwarded:?}");
    }
    let long = vec![b','; 60_000];
    assert_eq!(address("127.0.0.1", &[&long], &trusted), "127.0.0.1");
}

/// Each subscriber has 2⁶⁴ addresses.
#[test]
fn the_addresses_of_one_subscriber_are_one() {
    let key = |text: &str| {
        let peer: IpAddr = text.parse().expect("an address");
        ClientAddress::of(peer, &HeaderMap::new(), |_| false).key()
    };
    assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
    assert_ne!(key("203.0.113.5"), key("203.0.113.6"));
    assert_eq!(key("::ffff:203.0.113.5"), key("203.0.113.5"));
}

#[test]
fn what_is_no_network_is_refused() {
    for wrong in ["proxy.example.org", "10.0.0.0/33", "*", "10.0.0.1-10.0.0.9"] {
        let error = TrustedProxies::parse([wrong].into_iter()).expect_err(wrong).to_string();
        assert!(error.contains("RIVULET_TRUSTED_PROXIES") && error.contains(wrong), "{error}");
    }
}
