//! Guesses a password: from many addresses, so that no limit of one address holds.

use futures::future::join_all;
use kit::{Server, person::PASSWORD, soon};
use reqwest::StatusCode;

use super::visitor::Visitor;

const EMAIL: &str = "ada@example.org";

/// How many of 100 guesses at this email, each from an address of its own, were checked.
async fn checked_of_100(server: &Server, email: &str) -> usize {
    let guesses = (0..100).map(async |number| {
        let status = Visitor::new(server.address, number).signs_in(email, "wrong horse").await;
        assert!(status == 401 || status == 429 || status == 503, "{status}");
        usize::from(status == 401)
    });
    join_all(guesses).await.into_iter().sum()
}

/// Rule: of many guesses at one password few are checked, wherever they come from; and its person, in a browser in
/// which they have signed in before, does not have to wait for it.
#[tokio::test]
async fn guesses_from_many_addresses_are_delayed_and_a_known_device_is_not() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let mut known = Visitor::new(server.address, 1000);
    assert_eq!(known.signs_in(EMAIL, PASSWORD).await, StatusCode::SEE_OTHER);
    assert_eq!(known.posts("/sign-out", &[]).await.status, StatusCode::SEE_OTHER);

    let checked = checked_of_100(&server, EMAIL).await;
    assert!((1..=20).contains(&checked), "{checked} of 100 guesses were checked");
    let mut stranger = Visitor::new(server.address, 1001);
    let delayed = stranger.posts("/sign-in", &[("email", EMAIL), ("password", PASSWORD)]).await;
    assert_eq!(delayed.status, 429, "a browser that is not known waits, too");
    assert!(delayed.text.contains("go back and try again"), "it states what to do: {}", delayed.text);
    assert_eq!(
        known.signs_in(EMAIL, PASSWORD).await,
        StatusCode::SEE_OTHER,
        "a known device waits for nobody's guesses"
    );

    known.plants("rivulet_device");
    assert_eq!(
        known.signs_in(EMAIL, PASSWORD).await,
        StatusCode::SEE_OTHER,
        "nor when somebody has planted another cookie before its own"
    );

    // It is a delay and no lock: whoever waits gets in.
    soon("the delay is over", async {
        while stranger.signs_in(EMAIL, PASSWORD).await != StatusCode::SEE_OTHER {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Rule: the delay is the same for an email that nobody has, so that it reveals nothing.
#[tokio::test]
async fn guesses_at_nobody_are_delayed_alike() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let checked = checked_of_100(&server, "nobody@example.org").await;
    assert!((1..=20).contains(&checked), "{checked} of 100 guesses were checked");
}

/// Rule: a device that is known is no way to guess without end.
#[tokio::test]
async fn guesses_from_a_stolen_device_are_delayed() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let mut device = Visitor::new(server.address, 1);
    assert_eq!(device.signs_in(EMAIL, PASSWORD).await, StatusCode::SEE_OTHER);
    for guess in 0..20 {
        if device.signs_in(EMAIL, "wrong horse").await == 429 {
            assert!(guess >= 10, "only {guess} guesses were free");
            return;
        }
    }
    panic!("20 guesses in a row");
}
