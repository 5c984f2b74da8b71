//! The state of everything, and the steps that it can take.

use std::collections::VecDeque;

use rivulet::conversation::list::{Held, ListState};

use super::{
    Budget, Design,
    database::Database,
    tab::{Asked, Frame, Request, Tab},
};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub database: Database,
    /// Whether the server runs.
    pub runs: bool,
    pub tabs: Vec<Tab>,
    pub sockets: Vec<Option<Socket>>,
    pub backup: Option<Box<Database>>,
    pub budget: Budget,
    /// How many lineages were begun, and titles written: none is ever used again.
    pub begun: i64,
    pub written: u8,
}

/// A tab's socket as the server has it, and the frames that are on their way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Socket {
    pub asked: VecDeque<Asked>,
    pub to_page: VecDeque<Frame>,
    pub list: Option<Option<Held>>,
    /// Whether it is due to look at the list.
    pub dirty: bool,
    /// Without the guard of one moment: the counters, read before the rows.
    pub read: Option<Counters>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Counters(pub Held, pub i64, pub Option<i64>);

impl Counters {
    pub fn state(self) -> ListState {
        ListState { now: self.0.position, floor: self.1, reached: self.2 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    // The list.
    ChangesFirst,
    ChangesLast,
    DeletesAll,
    Purges,
    // The process and its disk.
    Crashes,
    Starts,
    BacksUp,
    Restores,
    // A tab's functions.
    Sends(usize),
    LoadsEarlier(usize),
    Returns(usize),
    AnswersLoad(usize),
    AnswersAside(usize),
    Loads(usize),
    TakesAside(usize),
    // Its socket.
    Connects(usize),
    Loses(usize),
    Reads(usize),
    SendsList(usize),
    Receives(usize),
}

impl World {
    /// Pages are open, and not connected yet.
    pub fn begin(design: &Design) -> World {
        let database = Database::new();
        World {
            runs: true,
            tabs: vec![Tab::open(&database); design.tabs],
            sockets: vec![None; design.tabs],
            backup: None,
            budget: design.budget,
            begun: 1,
            written: 3,
            database,
        }
    }

    /// The steps that can be taken now.
    pub fn steps(&self, steps: &mut Vec<Step>) {
        let budget = self.budget;
        let mut may = |yes: bool, step: Step| {
            if yes {
                steps.push(step);
            }
        };
        may(budget.restores > 0 && self.backup.is_none(), Step::BacksUp);
        may(budget.restores > 0 && self.backup.is_some() && !self.runs, Step::Restores);
        may(!self.runs, Step::Starts);
        let there = self.database.rows().next().is_some();
        may(self.runs && budget.crashes > 0, Step::Crashes);
        may(self.runs && budget.changes > 0 && there, Step::ChangesFirst);
        may(self.runs && budget.changes > 0 && there, Step::ChangesLast);
        may(self.runs && budget.deletes > 0 && there, Step::DeletesAll);
        may(self.runs && budget.purges > 0, Step::Purges);
        for (at, (tab, socket)) in self.tabs.iter().zip(&self.sockets).enumerate() {
            let is_idle = tab.aside.is_none() && tab.load.is_none();
            may(is_idle && budget.sends > 0 && self.runs, Step::Sends(at));
            may(is_idle && budget.earlier > 0 && self.runs, Step::LoadsEarlier(at));
            may(self.runs && matches!(tab.load, Some(Request::Asked(_))), Step::AnswersLoad(at));
            may(self.runs && matches!(tab.aside, Some(Request::Asked(_))), Step::AnswersAside(at));
            may(matches!(tab.load, Some(Request::Answered(..))), Step::Loads(at));
            may(matches!(tab.aside, Some(Request::Answered(..))), Step::TakesAside(at));
            let Some(socket) = socket else {
                may(self.runs, Step::Connects(at));
                continue;
            };
            may(tab.follows && is_idle && budget.returns > 0, Step::Returns(at));
            may(budget.cuts > 0, Step::Loses(at));
            may(!socket.asked.is_empty(), Step::Reads(at));
            may(socket.dirty && socket.list.is_some() && socket.to_page.len() < 2, Step::SendsList(at));
            may(!socket.to_page.is_empty() && socket.asked.len() < 2, Step::Receives(at));
        }
    }

    /// Whether all pages come to have what the database has, when nothing more happens.
    pub fn converges(&self, design: &Design) -> bool {
        const MANY: usize = 100;
        let mut world = self.clone();
        for _ in 0..MANY {
            let mut steps = vec![];
            world.steps(&mut steps);
            let Some(step) = steps.into_iter().find(|step| step.comes_by_itself()) else {
                return world.tabs.iter().all(|tab| tab.follows && tab.is_right(&world.database));
            };
            world.take(design, step);
        }
        false
    }
}

impl Step {
    /// Nobody does it, and it is no fault.
    fn comes_by_itself(self) -> bool {
        match self {
            Step::Starts
            | Step::AnswersLoad(_)
            | Step::AnswersAside(_)
            | Step::Loads(_)
            | Step::TakesAside(_)
            | Step::Connects(_)
            | Step::Reads(_)
            | Step::SendsList(_)
            | Step::Receives(_) => true,
            Step::ChangesFirst
            | Step::ChangesLast
            | Step::DeletesAll
            | Step::Purges
            | Step::Crashes
            | Step::BacksUp
            | Step::Restores
            | Step::Sends(_)
            | Step::LoadsEarlier(_)
            | Step::Returns(_)
            | Step::Loses(_) => false,
        }
    }
}
