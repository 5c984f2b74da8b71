//! What must hold in every state, and what must happen in some.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use rivulet::message::{Message, Status};
use stateright::{Model, Property};

use super::{
    design::{Budget, Design},
    tab::Page,
    world::{Step, World},
};

pub const PREFIX: &str = "what a tab shows is a prefix of the truth";
pub const FORWARD: &str = "no word that was seen is taken away, not even by a reload";
pub const FINAL: &str = "within its epoch a final state stays";
pub const DURABLE: &str = "what may be seen survives a crash";
pub const CONVERGE: &str = "every reader converges from here";

impl Model for Design {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World::begin(self)]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        world.steps(self, steps);
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut world = world.clone();
        world.take(self, step).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Design>> {
        let mut properties: Vec<Property<Design>> = vec![
            Property::always(PREFIX, |_, world: &World| world.shown().all(|shown| world.is_true(shown))),
            Property::always(CONVERGE, |design: &Design, world: &World| world.converges(design)),
            Property::sometimes("everything that may go wrong has gone wrong", |_, world: &World| {
                world.budget == Budget::default()
            }),
            Property::sometimes("a tab has a complete reply", |_, world: &World| world.shows(Status::Completed)),
        ];
        if self.budget.crashes > 0 {
            properties.push(Property::sometimes("a tab has a reply that was interrupted", |_, world: &World| {
                world.shows(Status::Interrupted)
            }));
        }
        if self.budget.continues + self.budget.elsewhere > 0 {
            properties.push(Property::sometimes("a tab has a continued reply", |_, world: &World| {
                world.tabs.iter().any(|tab| tab.message.epoch.counter > 1)
            }));
        }
        // Restoring an old copy takes words away. Then the promise is only that no two replies are mixed.
        if self.budget.restores == 0 {
            properties.push(Property::always(FINAL, |_, world: &World| !world.tabs.iter().any(|tab| tab.reopened)));
            properties.push(Property::always(FORWARD, |_, world: &World| !world.tabs.iter().any(|tab| tab.went_back)));
            properties.push(Property::always(DURABLE, |_, world: &World| world.is_durable()));
        }
        properties
    }
}

impl World {
    /// What people may see: what the tabs show, and what runs in the hub.
    fn shown(&self) -> impl Iterator<Item = &Message> {
        let tabs = self.tabs.iter().map(|tab| &tab.message).filter(|message| message.epoch.counter > 0);
        let running = self.server.as_ref().and_then(|server| server.running.as_ref());
        tabs.chain(running.filter(|running| running.continues_from.is_none()).map(|running| &running.message))
    }

    fn shows(&self, end: Status) -> bool {
        self.tabs.iter().any(|tab| tab.message.status == end)
    }

    fn is_true(&self, shown: &Message) -> bool {
        self.truths.iter().any(|truth| truth.epoch == shown.epoch && is_earlier(shown, truth))
    }

    fn is_durable(&self) -> bool {
        let kept = self.database.folded();
        self.shown().all(|shown| {
            is_earlier(shown, &kept)
                && shown.epoch.counter <= kept.epoch.counter
                && (shown.epoch != kept.epoch || !shown.status.is_final() || *shown == kept)
        })
    }

    /// Whether all readers get everything when nothing more goes wrong and nobody does anything but read: in every order
    /// in which heartbeats come when nothing else does, and in one in which they come as often as everything else.
    fn converges(&self, design: &Design) -> bool {
        self.every_order_ends(design, &mut HashSet::new()) && self.ends_in_turns(design)
    }

    /// Whether every order of steps from here ends settled, and none runs in a circle. `path` has the states before.
    fn every_order_ends(&self, design: &Design, path: &mut HashSet<u64>) -> bool {
        let here = fingerprint(self);
        if self.is_settled() || design.converges_from(here) {
            return true;
        }
        if !path.insert(here) {
            return false;
        }
        let steps = self.fair_steps(design);
        let ends = |step: Step| {
            let mut world = self.clone();
            world.take(design, step);
            world.every_order_ends(design, path)
        };
        let good = !steps.is_empty() && steps.into_iter().all(ends);
        path.remove(&here);
        if good {
            design.add_converging([here]);
        }
        good
    }

    /// Whether it ends settled when all steps take turns, heartbeats too: what was done longest ago is done next. Only one
    /// of so many states is checked for it.
    fn ends_in_turns(&self, design: &Design) -> bool {
        const ONE_OF: u64 = 16;
        if !fingerprint(self).is_multiple_of(ONE_OF) {
            return true;
        }
        let (mut world, mut done, mut passed) = (self.clone(), Vec::<Step>::new(), HashSet::new());
        while !world.is_settled() {
            if !passed.insert(fingerprint(&(&world, &done))) {
                return false;
            }
            let age = |step: &Step| done.iter().position(|before| before == step).map_or(0, |at| at + 1);
            let next = world.possible(design).min_by_key(age).or_else(|| world.fair_steps(design).first().copied());
            let Some(step) = next else { return false };
            done.retain(|before| *before != step);
            done.push(step);
            world.take(design, step);
        }
        true
    }

    /// Whether all that was written is in the row, and every open page shows it.
    pub fn is_settled(&self) -> bool {
        let idle = |server: &super::server::Server| {
            server.running.is_none() && server.batch.is_none() && server.queue.is_empty()
        };
        let row = &self.database.row;
        self.server.as_ref().is_some_and(idle)
            && row.status.is_final()
            && row == self.draft()
            && self.tabs.iter().all(|tab| tab.page == Page::Closed || tab.page == Page::Open && tab.message == *row)
    }

    /// The steps that may come next if nothing waits for ever. A heartbeat comes when nothing else can; after a restore
    /// people have to reload.
    pub fn fair_steps(&self, design: &Design) -> Vec<Step> {
        let (beats, others): (Vec<_>, Vec<_>) = self.possible(design).partition(|step| matches!(step, Step::Beats(_)));
        if !others.is_empty() {
            return others;
        }
        let stale = (0..self.tabs.len()).find(|at| self.tabs[*at].message != self.database.row);
        match stale.filter(|_| self.is_restored(design)) {
            Some(at) => vec![Step::Loads(at)],
            None => beats,
        }
    }

    /// The steps that can be taken with nothing going wrong, and nobody doing anything.
    fn possible(&self, design: &Design) -> impl Iterator<Item = Step> {
        let mut steps = vec![];
        self.steps(design, &mut steps);
        steps.into_iter().filter(|step| {
            !matches!(
                step,
                Step::Stops
                    | Step::Presses(_)
                    | Step::PressesElsewhere
                    | Step::Crashes
                    | Step::Loses(_)
                    | Step::BacksUp
                    | Step::Restores
                    | Step::CommitsUnnoticed
                    | Step::CommitFails
                    | Step::PublishesUnnoticedBy(_)
                    | Step::Loads(_)
            )
        })
    }
}

fn fingerprint(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Whether the text of a message is that of an earlier state of another one, or the same. Compared without `since`, which
/// is what the model checks.
pub fn is_earlier(before: &Message, after: &Message) -> bool {
    let last = before.parts.len().saturating_sub(1);
    before.parts.len() <= after.parts.len()
        && before.parts.iter().zip(&after.parts).enumerate().all(|(at, (before, after))| {
            before.kind == after.kind
                && after.text.starts_with(&before.text)
                && (at == last || before.text == after.text)
        })
}
