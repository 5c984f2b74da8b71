//! A message that is read where it is written and from a copy that lags, by a tab that moves between the two: it never
//! goes back, and comes to have all.
//!
//! What decides is not described again: `Message::next`, `is_behind` and `apply`, and the page's `NewerEpoch`.

use rivulet::{
    ids::MessageId,
    message::{Epoch, Event, Kind, Message, NewerEpoch, Outcome, Position, Role, Status},
};
use stateright::{Checker, HasDiscoveries, Model, Property};

use super::{
    database::ended,
    properties::{FORWARD, PREFIX, is_earlier},
    server::{follow, grow, next},
};

const CONVERGE: &str = "wherever a tab is, it comes to have all";

/// What becomes of the message, in this order: it is continued twice.
const WRITTEN: [Written; 8] = [
    Written::Text("é"),
    Written::Text("b"),
    Written::Ends(Status::Stopped),
    Written::Continues,
    Written::Text("水"),
    Written::Ends(Status::Interrupted),
    Written::Continues,
    Written::Ends(Status::Completed),
];

#[derive(Clone, Copy)]
enum Written {
    Text(&'static str),
    Ends(Status),
    Continues,
}

struct Design {
    /// How often the tab may move.
    moves: u8,
    /// A copy that is behind a reader sends nothing.
    has_behind: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    /// Where it is written, and how much of it was.
    truth: Message,
    written: usize,
    /// What another process has read of it.
    copy: Message,
    tab: Message,
    newer: NewerEpoch,
    subscription: Option<Subscription>,
    /// What is on its way to the tab.
    event: Option<Event>,
    moves: u8,
    went_back: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Subscription {
    source: Source,
    sent: Option<Position>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Source {
    Truth,
    Copy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    Writes,
    /// The other process reads all that there is.
    Reads,
    Moves(Source),
    Turns,
    Receives,
}

impl World {
    fn begin(design: &Design) -> World {
        let id = MessageId::from_uuid(uuid::Uuid::nil());
        let unseen = Message::unseen(id, Role::Assistant);
        let truth = Message { epoch: Epoch { counter: 1, nonce: 1 }, ..unseen.clone() };
        World {
            copy: truth.clone(),
            truth,
            written: 0,
            tab: unseen,
            newer: NewerEpoch::default(),
            subscription: None,
            event: None,
            moves: design.moves,
            went_back: false,
        }
    }

    fn take(&mut self, design: &Design, step: Step) {
        match step {
            Step::Writes => self.writes(),
            Step::Reads => self.copy = self.truth.clone(),
            Step::Moves(source) => {
                self.moves = self.moves.saturating_sub(1);
                self.event = None;
                self.asks(source);
            }
            Step::Turns => self.event = self.turns(design),
            Step::Receives => self.receives(),
        }
    }

    fn writes(&mut self) {
        let events = match WRITTEN[self.written] {
            Written::Text(text) => grow(&self.truth, Kind::Text, text),
            Written::Ends(status) => vec![ended(&self.truth, status)],
            Written::Continues => {
                let Epoch { counter, nonce } = self.truth.epoch;
                let next = Epoch { counter: counter + 1, nonce: nonce + 1 };
                self.truth = self.truth.clone().resumed(next);
                vec![]
            }
        };
        follow(&mut self.truth, &events);
        self.written += 1;
    }

    fn asks(&mut self, source: Source) {
        let sent = (!self.tab.is_unseen()).then(|| self.newer.position(&self.tab));
        self.subscription = Some(Subscription { source, sent });
    }

    fn turns(&mut self, design: &Design) -> Option<Event> {
        let Subscription { source, sent } = self.subscription.as_mut()?;
        match source {
            Source::Truth => next(&self.truth, sent),
            Source::Copy if design.has_behind && sent.is_some_and(|sent| self.copy.is_behind(&sent)) => None,
            Source::Copy => next(&self.copy, sent),
        }
    }

    fn receives(&mut self) {
        let Some(event) = self.event.take() else { return };
        let before = self.tab.clone();
        let outcome = match self.newer.take(&self.tab, event) {
            Ok(event) => self.tab.apply(event),
            Err(outcome) => outcome,
        };
        self.went_back |= !is_earlier(&before, &self.tab) || self.tab.epoch.counter < before.epoch.counter;
        if let (Outcome::Gap, Some(Subscription { source, .. })) = (outcome, self.subscription) {
            self.asks(source);
        }
    }

    /// Whether it has all in the end, on both sides, if nothing more is written.
    fn converges(&self, design: &Design) -> bool {
        [Source::Truth, Source::Copy].into_iter().all(|source| {
            let mut world = self.clone();
            world.take(design, Step::Reads);
            world.take(design, Step::Moves(source));
            for _ in 0..100 {
                world.take(design, Step::Turns);
                world.take(design, Step::Receives);
            }
            world.tab == world.truth
        })
    }
}

impl Model for Design {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World::begin(self)]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        if world.written < WRITTEN.len() {
            steps.push(Step::Writes);
        }
        steps.push(Step::Reads);
        if world.moves > 0 {
            steps.extend([Step::Moves(Source::Truth), Step::Moves(Source::Copy)]);
        }
        steps.push(if world.event.is_some() { Step::Receives } else { Step::Turns });
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        next.take(self, step);
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Design>> {
        vec![
            Property::always(PREFIX, |_, world: &World| world.tab.is_unseen() || is_earlier(&world.tab, &world.truth)),
            Property::always(FORWARD, |_, world: &World| !world.went_back),
            Property::always(CONVERGE, |design: &Design, world: &World| world.converges(design)),
            Property::sometimes("the copy is behind the tab", |_, world: &World| {
                !world.tab.is_unseen() && world.copy.is_behind(&world.tab.position())
            }),
            Property::sometimes("a tab has all from the copy", |_, world: &World| {
                let at_copy = |at: Subscription| at.source == Source::Copy;
                world.tab.status == Status::Completed && world.subscription.is_some_and(at_copy)
            }),
        ]
    }
}

#[test]
fn a_tab_that_moves_to_a_copy_that_lags_never_goes_back() {
    let checker = Design { moves: 4, has_behind: true }.checker().threads(2).spawn_bfs().join();
    println!("{} states", checker.unique_state_count());
    assert!(checker.is_done(), "not every state was checked");
    checker.assert_properties();
}

#[test]
fn without_behind_a_copy_that_lags_removes_words() {
    let found = HasDiscoveries::AnyOf([FORWARD].into());
    let design = Design { moves: 2, has_behind: false };
    let checker = design.checker().threads(2).finish_when(found).spawn_bfs().join();
    checker.assert_any_discovery(FORWARD);
}
