//! A tab whose connection is gone, and comes back.

use std::{sync::Arc, time::Instant};

use futures::SinkExt;
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::{
    bare_tab,
    both::Bench,
    load::{Load, TOKEN},
    provider::question,
    recorder::Recorder,
    row::{Goal, Row, median},
    tab::Tab,
};

/// How often it goes and comes.
const DROPS: usize = 21;
/// What it misses each time, in tokens.
const MISSED: usize = 500;

pub async fn rows(bench: &mut Bench) -> Vec<Row> {
    eprintln!("Connections that drop …");
    let load = Arc::new(Load::by_hand(MISSED * DROPS));
    let person = &bench.product.person;
    let id = person.asks(&question(0)).await.reply;
    let writer = bench.provider.is_asked().await;
    let mut tab = Tab::follows(person, id).await;
    let mut stays = Tab::follows(person, id).await;
    let truth: Arc<str> = load.text(0).into();
    let [mut seen, mut stayed] = [(); 2].map(|()| Recorder::new(load.clone(), 0, truth.clone()));
    let mut echo = bare_tab::connect(bench.bare.process.address, 0).await;
    let (mut times, mut echoes, mut asked, mut text) = (Vec::new(), Vec::new(), 0, 0);
    for drop in 1..=DROPS {
        let gone = tab.drops();
        (MISSED * (drop - 1)..MISSED * drop).for_each(|token| writer.writes(&load.token(0, token)));
        stays.sees(&mut stayed, MISSED * drop * TOKEN).await;
        let mut back = Tab::open(person, gone).await;
        let start = Instant::now();
        back.asks().await;
        text += back.sees(&mut seen, MISSED * drop * TOKEN).await;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        asked += back.asked;
        tab = back;
        let start = Instant::now();
        echo.send(Frame::text("x".repeat(MISSED * TOKEN))).await.expect("a bare socket");
        bare_tab::text(&mut echo).await;
        echoes.push(start.elapsed().as_secs_f64() * 1e3);
    }
    writer.ends();
    for (tab, recorder) in [(tab, seen), (stays, stayed)] {
        bench.wrong += tab.sees_the_end(recorder).await.wrong;
        bench.tabs += 1;
    }
    let missing = (MISSED * TOKEN) as f64;
    let bare = median(echoes);
    let load = format!("{DROPS} drops, {missing} bytes missed each");
    vec![
        Row::new(
            format!("resume after a drop, round trips: {load}"),
            Goal::Exactly(1.0),
            asked as f64 / DROPS as f64,
            None,
        ),
        Row::new(
            format!("resume after a drop, bytes of text sent: {load}"),
            Goal::Exactly(missing),
            text as f64 / DROPS as f64,
            None,
        ),
        Row::new(
            format!("resume after a drop, ms from asking to having all, median: {load}"),
            Goal::AtMost(10.0),
            median(times),
            Some(bare),
        ),
    ]
}
