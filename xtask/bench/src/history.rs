//! Conversations that have much in them: what is asked of them must cost what is asked for, not what is there.

use std::time::Instant;

use kit::{Person, Provider, Tree};
use rivulet::{
    chat::api::Sending,
    conversation::{MESSAGES_A_PAGE, Window},
    ids::ConversationId,
};

use crate::{
    provider::question,
    recorder::Recorder,
    row::{Goal, Row, median},
    side::{PROSE, Product},
    tab::Tab,
};

const LENGTHS: [usize; 3] = [10, 1_000, 10_000];
/// How often each is asked.
const TIMES: usize = 15;
/// What people feel as at once, in milliseconds.
const AT_ONCE: f64 = 100.0;
/// By how much a measurement of some milliseconds is uncertain.
const MORE: f64 = 1.5;
/// The most of a page, in bytes, with the shortest of these conversations on it.
const PAGE: f64 = 200e3;

/// What asking for something of a conversation costs.
struct Cost {
    what: &'static str,
    measured: f64,
    /// The most for the shortest of them.
    most: f64,
    /// How many times more of it is asked for where there is more than a page.
    times: f64,
}

pub async fn rows(provider: &Provider) -> Vec<Row> {
    eprintln!("Conversations of {LENGTHS:?} messages …");
    let mut product = Product::start(provider).await;
    let mut rows = Vec::new();
    let mut shorter: Option<(usize, Vec<Cost>)> = None;
    for length in LENGTHS {
        let conversation = product.adds_conversation(length).await;
        let mut costs = reading(&product, conversation, length).await;
        let (sent, asked) = sending(&product, conversation, provider).await;
        costs.push(sent);
        for (at, cost) in costs.iter().enumerate() {
            let goal = match &shorter {
                None => Goal::AtMost(cost.most),
                Some((before, shorter)) => {
                    let more = if *before < MESSAGES_A_PAGE as usize { cost.times } else { 1.0 };
                    Goal::Times(more * MORE, shorter[at].measured, format!("the one for {before} messages"))
                }
            };
            rows.push(Row::new(format!("growth: {}: {length} messages", cost.what), goal, cost.measured, None));
        }
        // The provider is sent all of them, so this alone may grow with them.
        let row = format!("growth: send until the provider has the conversation, ms: {length} messages");
        rows.push(Row::new(row, Goal::AtMost(AT_ONCE), asked, None));
        shorter = Some((length, costs));
    }
    rows.extend(branches(&mut product).await);
    rows
}

/// Messages, and how many of their replies were asked for twice.
const TREES: [(usize, usize); 2] = [(1_000, 50), (10_000, 500)];

/// Reading in the middle of a long branch with forks.
async fn branches(product: &mut Product) -> Vec<Row> {
    let viewer = product.database.viewer().await;
    let (mut rows, mut shorter) = (vec![], None::<Vec<f64>>);
    for (length, forks) in TREES {
        let tree = Tree::of(length, forks);
        let id = product.database.adds_tree(viewer, &tree, &PROSE.repeat(13)).await;
        let (middle, leaf) = (tree.branch[length / 2], tree.branch[length - 1]);
        let windows = [
            ("open around the middle", Window::Around(middle)),
            ("scroll up there", Window::Before(middle)),
            ("scroll down there", Window::After { message: middle, leaf }),
            ("jump to the newest", Window::Newest),
        ];
        let mut costs = vec![];
        for (what, window) in windows {
            let mut took = vec![];
            for _ in 0..TIMES {
                let start = Instant::now();
                let page = product.person.loads(id, window).await.expect("a window");
                took.push(start.elapsed().as_secs_f64() * 1e3);
                assert_eq!(page.messages.len(), MESSAGES_A_PAGE as usize);
            }
            costs.push(median(took));
            let goal = match &shorter {
                None => Goal::AtMost(AT_ONCE),
                Some(shorter) => {
                    Goal::Times(MORE, shorter[costs.len() - 1], format!("the one for {} messages", TREES[0].0))
                }
            };
            let row = format!("growth: {what}, ms: {length} messages, {forks} forks");
            rows.push(Row::new(row, goal, costs[costs.len() - 1], None));
        }
        shorter = Some(costs);
    }
    rows
}

/// Loads the page, and scrolls up.
async fn reading(product: &Product, conversation: ConversationId, length: usize) -> Vec<Cost> {
    let person = &product.person;
    let page = MESSAGES_A_PAGE as usize;
    // The page above the newest; all that there is where there is less.
    let newest = person.reads(conversation).await.expect("the conversation");
    let first = newest.messages.first().expect("a message").id;
    let window = if length > page { Window::Before(first) } else { Window::Newest };
    let (mut opened, mut scrolled, mut bytes) = (Vec::new(), Vec::new(), 0);
    for _ in 0..TIMES {
        let start = Instant::now();
        let opened_page = person.gets(&format!("/c/{conversation}")).await;
        assert_eq!(opened_page.status, 200);
        bytes = opened_page.text.len();
        opened.push(start.elapsed().as_secs_f64() * 1e3);
        let start = Instant::now();
        let earlier = person.loads(conversation, window).await;
        scrolled.push(start.elapsed().as_secs_f64() * 1e3);
        assert_eq!(earlier.expect("earlier messages").messages.len(), length.min(page));
    }
    let times = MESSAGES_A_PAGE as f64 / LENGTHS[0] as f64;
    vec![
        Cost { what: "open, ms", measured: median(opened), most: AT_ONCE, times },
        Cost { what: "open, bytes of HTML", measured: bytes as f64, most: PAGE, times },
        Cost { what: "scroll up, ms", measured: median(scrolled), most: AT_ONCE, times },
    ]
}

/// Sending, until the server has answered that the message is written and the reply begun; and, in milliseconds, until
/// the provider is asked for the reply.
async fn sending(product: &Product, conversation: ConversationId, provider: &Provider) -> (Cost, f64) {
    let (mut sent, mut asked) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let parent = product.person.reads(conversation).await.expect("the conversation").leaf;
        let first = Person::first_message(&question(0));
        let sending = Sending { conversation, opens: false, parent, ..first };
        let start = Instant::now();
        let chat = product.person.sends(&sending).await.expect("a message that is taken");
        sent.push(start.elapsed().as_secs_f64() * 1e3);
        let writer = provider.is_asked().await;
        asked.push(start.elapsed().as_secs_f64() * 1e3);
        let tab = Tab::follows(&product.person, chat.reply).await;
        writer.writes("Yes.");
        writer.ends();
        tab.sees_the_end(Recorder::default()).await;
    }
    (Cost { what: "send, ms", measured: median(sent), most: AT_ONCE, times: 1.0 }, median(asked))
}
