//! The real hub and the real journal over a real database, in every order that a seeded scheduler makes of a few steps.
//!
//! The orders are the same in every run (`PROPTEST_RNG_SEED` makes others); between the steps the committer runs as
//! freely as it does in truth. A failure is shrunk to its shortest order, which proptest prints as steps that can be
//! written down as a test.

mod failures;
mod follower;
mod reply;
mod stage;

use std::cell::RefCell;

use kit::soon;
use proptest::{prelude::*, test_runner::RngSeed};
use rivulet::message::Kind;
use stage::Stage;

/// What the scheduler can do next. Replies and followers are meant by number, modulo how many there are.
#[derive(Clone, Debug)]
enum Step {
    /// A tab follows a reply: with nothing, or with the page as the server would render it now.
    Join {
        reply: usize,
        with_page: bool,
    },
    /// A follower takes so many frames, if there are.
    Read {
        follower: usize,
        frames: usize,
    },
    /// A follower is gone: it says so, or its tab is just not there any more.
    Drop {
        follower: usize,
        says_so: bool,
    },
    Append {
        reply: usize,
        thinking: bool,
        text: &'static str,
    },
    /// Waits until all that was said is committed and shown, unless the database does not let it.
    Commit,
    /// The database cannot keep anything now. Waits until a commit has failed, if there is something to commit.
    Fail,
    /// Another connection holds the database's lock.
    Lock,
    /// The database works again.
    Heal,
    Stop {
        reply: usize,
    },
    End {
        reply: usize,
    },
    /// The database refuses what this reply says: a data error.
    Refuse {
        reply: usize,
    },
    /// The message is deleted behind the server's back.
    Delete {
        reply: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (reply, follower) = (0..2usize, 0..4usize);
    let text = prop::sample::select(vec!["a", "é", "水流", "🦀 said\n", "\"quoted\" "]);
    prop_oneof![
        4 => (reply.clone(), any::<bool>()).prop_map(|(reply, with_page)| Step::Join { reply, with_page }),
        6 => (follower.clone(), 1..4usize).prop_map(|(follower, frames)| Step::Read { follower, frames }),
        1 => (follower, any::<bool>()).prop_map(|(follower, says_so)| Step::Drop { follower, says_so }),
        8 => (reply.clone(), any::<bool>(), text).prop_map(|(reply, thinking, text)| Step::Append { reply, thinking, text }),
        5 => Just(Step::Commit),
        1 => Just(Step::Fail),
        1 => Just(Step::Lock),
        2 => Just(Step::Heal),
        1 => reply.clone().prop_map(|reply| Step::Stop { reply }),
        1 => reply.clone().prop_map(|reply| Step::End { reply }),
        1 => reply.clone().prop_map(|reply| Step::Refuse { reply }),
        1 => reply.prop_map(|reply| Step::Delete { reply }),
    ]
}

/// Takes the steps, and after each of them looks at everything.
async fn play(stage: &mut Stage, steps: Vec<Step>) {
    stage.opens(2).await;
    for step in steps {
        match step {
            Step::Join { reply, with_page } => stage.joins(reply, with_page).await,
            Step::Read { follower, frames } => stage.reads(follower, frames),
            Step::Drop { follower, says_so } => stage.drops(follower, says_so),
            Step::Append { reply, thinking, text } => {
                stage.says(reply, if thinking { Kind::Thinking } else { Kind::Text }, text);
            }
            Step::Commit => stage.commits().await,
            Step::Fail => stage.fails().await,
            Step::Lock => stage.locks().await,
            Step::Heal => stage.heals().await,
            Step::Stop { reply } => stage.stops(reply),
            Step::End { reply } => stage.ends(reply),
            Step::Refuse { reply } => stage.refuses(reply).await,
            Step::Delete { reply } => stage.deletes(reply).await,
        }
        stage.is_true().await;
    }
    stage.heals().await;
    soon("every reply ends", stage.closes()).await;
}

#[test]
fn in_every_order_followers_see_a_beginning_of_what_is_kept() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (failures, _listening) = failures::listen();
    let stage = RefCell::new(runtime.block_on(Stage::set(failures)));
    let mut config = ProptestConfig::with_cases(200);
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(1);
    }
    proptest!(config, |(steps in prop::collection::vec(step(), 0..24))| {
        runtime.block_on(play(&mut stage.borrow_mut(), steps));
    });
}
