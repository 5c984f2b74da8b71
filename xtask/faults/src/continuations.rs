//! Replies that are continued from one of their words, on a server that is killed.

use std::time::Duration;

use kit::{Chat, Person, Tab};
use rand::{RngExt, rngs::SmallRng};
use rivulet::{
    ids::MessageId,
    message::{Position, Status},
};
use serde_json::json;
use tokio::time::timeout;

use crate::{
    author::{Author, Written},
    fault::Round,
    world::{PACE, Reply, World},
};

/// A person who reads a reply has another one continue from a word of it, and the server is killed at a random moment
/// soon after they asked. All that was shown of the first one is there; the other one is there with the words that it
/// began with, and can be continued, or it never came to be.
pub async fn killed(mut round: Round) {
    let mut world = World::start(&mut round).await;
    round.report.may_end(&["with both", "with one"]);
    for _ in 0..4 {
        let (reply, author) = world.asks().await;
        let writing = tokio::spawn(author.streams(usize::MAX, PACE));
        let mut tab = world.tab().await;
        let from = somewhere(&mut tab, reply.chat.reply, &mut round.random).await;
        let begins_with = tab.message(reply.chat.reply).prefix(from).expect("the first words").text();
        let asked = Person::continuing(reply.chat.reply, from, "");
        let other = Reply { chat: Chat { reply: asked.id, ..reply.chat }, written: Written::default() };
        other.written.continues_from(&begins_with);
        let request = world.ada.request("continue-from").body(json!({ "asked": asked }).to_string());
        let patience = Duration::from_micros(round.random.random_range(0..80_000));
        let is_answered =
            matches!(timeout(patience, request.send()).await, Ok(Ok(answer)) if answer.status().is_success());
        if is_answered {
            let author = Author::new(world.provider.is_asked().await, other.written.clone(), round.random.random());
            let mut tab = world.tab().await;
            tab.follows(asked.id).await;
            tab.sees(asked.id, &begins_with).await;
            tokio::spawn(author.streams(usize::MAX, PACE));
            let moment = round.random.random_range(0..100);
            let _ = timeout(Duration::from_millis(moment), reads_on(&mut tab)).await;
        }
        world.server.dies();
        round.report.times(1);
        writing.await.expect("an author");
        world.restarts().await;
        // Where the answer did not come, the provider may have been asked all the same.
        while !world.provider.is_asked_no_more().await {
            drop(world.provider.is_asked().await);
        }
        let first = world.settles_unshown(&reply).await;
        assert!(matches!(first.status, Status::Stopped | Status::Interrupted), "it ended as {:?}", first.status);
        let page = world.ada.reads(reply.chat.id).await.expect("the conversation");
        let is_there = page.metas.iter().any(|meta| meta.id == asked.id);
        assert!(is_there || !is_answered, "a reply that was there is lost");
        round.report.ended(if is_there { "with both" } else { "with one" });
        if is_there {
            let last = world.settles(&other).await;
            assert_eq!(last.status, Status::Interrupted);
            assert!(last.text().starts_with(&begins_with), "{:?} does not begin with {begins_with:?}", last.text());
            let mut author = world.continues(&other, &last).await;
            author.writes_words(3);
            author.writer.ends();
            assert_eq!(world.settles(&other).await.status, Status::Completed);
        }
    }
}

/// Reads some of a reply, and gives a place in what is shown of it.
async fn somewhere(tab: &mut Tab, id: MessageId, random: &mut SmallRng) -> Position {
    tab.follows(id).await;
    let enough = random.random_range(20..600);
    while tab.text(id).len() < enough {
        tab.next().await;
    }
    let (shown, text) = (tab.message(id).position(), tab.text(id));
    let at = random.random_range(20..=shown.at);
    Position { at: text.floor_char_boundary(at), ..shown }
}

async fn reads_on(tab: &mut Tab) {
    loop {
        tab.next().await;
    }
}
