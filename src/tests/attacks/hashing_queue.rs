//! Has the server hash so many passwords that nobody else can sign in.

use std::{
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
};

use futures::{
    FutureExt,
    future::{join, join_all},
};
use kit::{Server, person::PASSWORD, soon};
use reqwest::StatusCode;
use rivulet::account::password::{QueueFull, Waits, verify};

use super::visitor::Visitor;

/// Rule: those that would wait too long are refused at once, and take no place from a known device.
#[tokio::test]
async fn the_queue_is_bounded_and_a_known_device_has_a_place_in_it() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let mut known = Visitor::new(server.address, 1000);
    assert_eq!(known.signs_in("ada@example.org", PASSWORD).await, StatusCode::SEE_OTHER);
    let full = AtomicBool::new(false);
    let strangers = join_all((0..150).map(async |number| {
        let mut visitor = Visitor::new(server.address, number);
        let email = format!("nobody{number}@example.org");
        let answer = visitor.posts("/sign-in", &[("email", &email), ("password", "wrong horse")]).await;
        if answer.status == 503 {
            full.store(true, Ordering::Relaxed);
            assert!(answer.text.contains("go back and try again"), "it states what to do: {}", answer.text);
        }
        usize::from(answer.status == 503)
    }));
    let owner = async {
        while !full.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        known.signs_in("ada@example.org", PASSWORD).await
    };
    let (refused, owner) = join(strangers, tokio::time::timeout(kit::PATIENCE, owner)).await;
    let refused: usize = refused.into_iter().sum();
    assert!(refused >= 50, "only {refused} of 150 were refused");
    assert_eq!(owner.expect("the queue is full at some time"), StatusCode::SEE_OTHER);
}

/// Rule: who hangs up gives no turn back while the hash is still made. (Otherwise the queue would never be full, however
/// many are made at once.)
#[tokio::test]
async fn hanging_up_makes_no_room() {
    let asked = || verify("wrong horse".into(), None, Waits::Stranger);
    // The hash may be made before all have asked: then it is tried again.
    soon("the queue is full", async {
        loop {
            for _ in 0..2 {
                assert!(pin!(asked()).now_or_never().is_none(), "it is being hashed");
            }
            let mut waiting: Vec<_> = (0..33).map(|_| Box::pin(asked())).collect();
            let full = waiting.iter_mut().filter_map(|waits| waits.now_or_never()).next();
            if let Some(answer) = full {
                return assert!(answer.expect_err("no place").is::<QueueFull>());
            }
            join_all(waiting).await;
        }
    })
    .await;
}
