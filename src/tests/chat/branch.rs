//! Where a page is in a conversation's tree: only its reader moves it.

use rivulet::{
    chat::branch::{Branch, Reader},
    conversation::{Conversation, ListPosition, MessageMeta, MessagePage, list::ListChanges},
    ids::{Lineage, MessageId, Rev, Seq, UserId, mint},
    message::{Epoch, Message, Role, Status},
};

/// A conversation of two people, as its list has it.
struct World {
    me: UserId,
    other: UserId,
    rows: Vec<MessageMeta>,
}

impl World {
    /// A question of mine and the reply to it.
    fn new() -> World {
        let mut world = World { me: mint(), other: mint(), rows: vec![] };
        let question = world.writes(None, world.me, Role::User);
        world.writes(Some(question), world.me, Role::Assistant);
        world
    }

    fn writes(&mut self, parent: Option<MessageId>, author: UserId, role: Role) -> MessageId {
        let (id, number) = (mint(), self.rows.len() as i64 + 1);
        let epoch = Epoch { counter: 1, nonce: 1 };
        let (rev, seq): (Rev, Seq) = (number, number);
        self.rows.push(MessageMeta {
            id,
            rev,
            parent,
            seq,
            author,
            role,
            status: Status::Completed,
            epoch,
            together: false,
        });
        id
    }

    fn id(&self, index: usize) -> MessageId {
        self.rows[index].id
    }

    /// A page that was opened with all that there is, at this leaf.
    fn page(&self, leaf: MessageId) -> MessagePage {
        let mut branch = vec![];
        let mut next = Some(leaf);
        while let Some(row) = next.and_then(|id| self.rows.iter().find(|row| row.id == id)) {
            branch.push(Message::unseen(row.id, row.role));
            next = row.parent;
        }
        branch.reverse();
        MessagePage {
            conversation: Conversation {
                id: mint(),
                rev: 0,
                title: String::new(),
                updated_at: 0,
                replied: 0,
                is_running: false,
                mark: None,
                expires_at: None,
            },
            position: position(self.rows.len()),
            newest: self.rows.len() as Seq,
            leaf: Some(leaf),
            plain_leaf: Some(leaf),
            metas: self.rows.clone(),
            messages: branch,
            beside: vec![],
            more_before: false,
            more_after: false,
        }
    }

    fn opens(&self, leaf: MessageId) -> Branch {
        let mut branch = Branch::default();
        branch.open(&self.page(leaf));
        branch
    }

    fn reader(&self, is_at_end: bool) -> Reader {
        Reader { user: self.me, is_at_end }
    }
}

fn position(rev: usize) -> ListPosition {
    ListPosition { lineage: Lineage(1), rev: rev as Rev }
}

/// What the list brings: this row, and those that are gone. Whether the row was newer than what was there.
fn takes(branch: &mut Branch, row: &MessageMeta, gone: &[(MessageId, Rev)], reader: Reader) -> bool {
    let rev = gone.iter().map(|(_, rev)| *rev).fold(row.rev, Rev::max);
    let changes = ListChanges {
        from: 0,
        seen: 0,
        position: ListPosition { rev, ..position(0) },
        rows: vec![row.clone()],
        gone: gone.to_vec(),
    };
    !branch.take(changes, reader).is_empty()
}

fn shown(branch: &Branch) -> Vec<MessageId> {
    branch.shown().iter().map(|meta| meta.id).collect()
}

/// Rule: a child of the leaf is appended, whoever wrote it, and the page is at it.
#[test]
fn what_continues_the_branch_is_appended() {
    for is_mine in [true, false] {
        let mut world = World::new();
        let mut branch = world.opens(world.id(1));
        let author = if is_mine { world.me } else { world.other };
        let next = world.writes(Some(world.id(1)), author, Role::User);
        assert!(takes(&mut branch, &world.rows[2], &[], world.reader(false)));
        assert_eq!(shown(&branch), [world.id(0), world.id(1), next]);
        assert_eq!((branch.leaf(), branch.in_address()), (Some(next), None));
    }
}

/// Rule: another person's sibling of a shown message moves nobody; it only counts.
#[test]
fn others_branches_do_not_move_the_page() {
    let mut world = World::new();
    let mut branch = world.opens(world.id(1));
    let sibling = world.writes(Some(world.id(0)), world.other, Role::Assistant);
    assert!(takes(&mut branch, &world.rows[2], &[], world.reader(true)));
    let below = world.writes(Some(sibling), world.other, Role::User);
    assert!(takes(&mut branch, &world.rows[3], &[], world.reader(true)));
    assert_eq!(shown(&branch), [world.id(0), world.id(1)]);
    assert_eq!(branch.siblings(world.id(1)), [world.id(1), sibling]);
    assert!(branch.get(below).is_some());
    assert_eq!(branch.elsewhere(), Some(below), "it is said, with the way there");
    branch.show(&world.page(below));
    assert_eq!(branch.elsewhere(), None, "it is shown");
    let own = world.writes(Some(world.id(0)), world.me, Role::Assistant);
    takes(&mut branch, &world.rows[4].clone(), &[], world.reader(false));
    assert!(branch.get(own).is_some() && branch.elsewhere().is_none(), "one's own needs no link");
}

/// Rule: one's own sibling of the leaf, from another tab, is gone to by a page that stands at its end with nothing selected,
/// and by no other.
#[test]
fn ones_own_retry_is_gone_to_at_the_end_alone() {
    for is_at_end in [true, false] {
        let mut world = World::new();
        let mut branch = world.opens(world.id(1));
        let retry = world.writes(Some(world.id(0)), world.me, Role::Assistant);
        takes(&mut branch, &world.rows[2], &[], world.reader(is_at_end));
        let leaf = if is_at_end { retry } else { world.id(1) };
        assert_eq!(branch.leaf(), Some(leaf));
        // The plain address opens what one asked for last.
        assert_eq!(branch.in_address(), (!is_at_end).then_some(leaf));
    }
}

/// Rule: a sibling in the middle moves nobody, not even its author's other tab.
#[test]
fn a_sibling_in_the_middle_moves_nobody() {
    let mut world = World::new();
    let next = world.writes(Some(world.id(1)), world.me, Role::User);
    world.writes(Some(next), world.me, Role::Assistant);
    let mut branch = world.opens(world.id(3));
    world.writes(Some(world.id(0)), world.me, Role::Assistant);
    takes(&mut branch, &world.rows[4], &[], world.reader(true));
    assert_eq!(branch.leaf(), Some(world.id(3)));
    assert_eq!(branch.in_address(), Some(world.id(3)), "the plain address opens the new one");
}

/// Rule: what one asked for in this tab is gone to wherever it is, with what already follows it.
#[test]
fn a_retry_in_the_middle_begins_a_branch_there() {
    let mut world = World::new();
    let next = world.writes(Some(world.id(1)), world.me, Role::User);
    let mut branch = world.opens(next);
    let retry = world.writes(Some(world.id(0)), world.me, Role::Assistant);
    let below = world.writes(Some(retry), world.other, Role::User);
    for row in &world.rows[3..] {
        takes(&mut branch, row, &[], world.reader(false));
    }
    branch.go_to(retry);
    assert_eq!(shown(&branch), [world.id(0), retry, below]);
}

/// Rule: a row that the page did not know, but that is no new message, moves nobody.
#[test]
fn an_old_row_moves_nobody() {
    let mut world = World::new();
    let old = world.writes(Some(world.id(1)), world.me, Role::User);
    let leaf = world.writes(Some(world.id(0)), world.me, Role::Assistant);
    let mut page = world.page(leaf);
    page.metas.retain(|meta| meta.id != old);
    let mut branch = Branch::default();
    branch.open(&page);
    let changed = MessageMeta { rev: 9, ..world.rows[2].clone() };
    assert!(takes(&mut branch, &changed, &[], world.reader(true)));
    assert_eq!((branch.leaf(), branch.in_address()), (Some(leaf), None));
    assert!(!takes(&mut branch, &world.rows[2], &[], world.reader(true)), "an older row of it changes nothing");
}

/// Rule: a window shows what was loaded; more before it and after it joins it.
#[test]
fn a_window_grows_at_both_ends() {
    let mut world = World::new();
    for index in 1..5 {
        world.writes(Some(world.id(index)), world.me, Role::User);
    }
    let whole = world.page(world.id(5));
    let part = |from: usize, to: usize| MessagePage {
        metas: whole.metas[from..to].to_vec(),
        messages: whole.messages[from..to].to_vec(),
        more_before: from > 0,
        more_after: to < 6,
        ..whole.clone()
    };
    let ids: Vec<_> = world.rows.iter().map(|row| row.id).collect();
    let mut branch = Branch::default();
    branch.open(&part(2, 4));
    assert_eq!(shown(&branch), ids[2..4]);
    assert_eq!((branch.first(), branch.last(), branch.leaf()), (Some(ids[2]), Some(ids[3]), Some(ids[5])));
    assert!(branch.append(&part(4, 6)));
    assert_eq!((shown(&branch), branch.last()), (ids[2..].to_vec(), None));
    assert!(branch.prepend(&part(0, 2)));
    assert_eq!((shown(&branch), branch.first()), (ids, None));
}

/// Rule: a window that was read before messages went, and comes after that, leaves the page at what is left.
#[test]
fn a_late_window_does_not_bring_back_what_is_gone() {
    let mut world = World::new();
    let reply = world.id(1);
    let mut branch = world.opens(reply);
    let question = world.writes(Some(reply), world.me, Role::User);
    let answer = world.writes(Some(question), world.me, Role::Assistant);
    let late = world.page(answer);
    let row = world.rows[1].clone();
    takes(&mut branch, &row, &[(question, 5), (answer, 6)], world.reader(true));
    branch.show(&late);
    assert_eq!(branch.leaf(), Some(reply));
    assert_eq!(branch.shown().last().map(|meta| meta.id), Some(reply));
}

/// Rule: where messages are gone, whoever was at one of them is at the newest message below what they followed.
#[test]
fn a_page_whose_leaf_is_gone_is_above_it() {
    let mut world = World::new();
    let earlier = world.writes(Some(world.id(0)), world.me, Role::Assistant);
    let next = world.writes(Some(world.id(1)), world.me, Role::User);
    let leaf = world.writes(Some(next), world.me, Role::Assistant);
    let mut branch = world.opens(leaf);
    takes(&mut branch, &world.rows[0].clone(), &[(next, 10), (leaf, 11)], world.reader(true));
    assert_eq!((branch.leaf(), shown(&branch)), (Some(world.id(1)), vec![world.id(0), world.id(1)]));
    takes(&mut branch, &world.rows[0].clone(), &[(world.id(1), 12)], world.reader(true));
    assert_eq!(branch.leaf(), Some(earlier), "the branch that is left");
    assert_eq!(branch.siblings(earlier), [earlier]);
}

/// Rule: a window of another past than the list's is not mixed into it.
#[test]
fn a_window_of_another_past_is_not_taken() {
    let world = World::new();
    let mut branch = world.opens(world.id(1));
    let other =
        MessagePage { position: ListPosition { lineage: Lineage(2), rev: 9 }, leaf: None, ..world.page(world.id(1)) };
    let before = branch.clone();
    assert!(!branch.show(&other) && !branch.prepend(&other) && !branch.append(&other));
    assert_eq!(branch, before);
}

/// Rule: rows come in the order of their changes, which is not that of the branch; where the page is does not depend on it.
#[test]
fn rows_in_any_order_lead_to_the_same_leaf() {
    let mut world = World::new();
    for index in 1..5 {
        world.writes(Some(world.id(index)), world.me, Role::User);
    }
    let leaf = world.id(5);
    for order in [[2, 3, 4, 5], [2, 4, 5, 3], [5, 4, 3, 2], [4, 2, 5, 3]] {
        let mut before = World::new();
        before.rows = world.rows[..2].to_vec();
        let mut branch = before.opens(world.id(1));
        for index in order {
            takes(&mut branch, &world.rows[index].clone(), &[], world.reader(false));
        }
        assert_eq!((branch.leaf(), shown(&branch).len()), (Some(leaf), 6), "{order:?}");
        assert_eq!(branch.in_address(), None, "{order:?}");
    }
}

/// Rule: a window that was read before something came moves the page back nowhere.
#[test]
fn a_window_that_was_read_earlier_hides_nothing() {
    let mut world = World::new();
    let mut branch = world.opens(world.id(1));
    let read = world.page(world.id(1));
    let next = world.writes(Some(world.id(1)), world.me, Role::User);
    takes(&mut branch, &world.rows[2].clone(), &[], world.reader(false));
    assert!(branch.show(&read));
    assert_eq!((branch.leaf(), branch.in_address()), (Some(next), None));
}

/// Rule: what others write below the reader's own newest message is where the plain address leads.
#[test]
fn the_plain_address_follows_others_below_ones_own_message() {
    let mut world = World::new();
    let question = world.writes(Some(world.id(1)), world.me, Role::User);
    let answer = world.writes(Some(question), world.other, Role::Assistant);
    let mut branch = world.opens(answer);
    let fork = world.writes(Some(question), world.other, Role::Assistant);
    takes(&mut branch, &world.rows[4].clone(), &[], world.reader(true));
    assert_eq!(branch.leaf(), Some(answer), "others move nobody");
    assert_eq!(branch.in_address(), Some(answer), "the plain address opens {fork}");
}

/// Rule: what was asked for together stands beside each other, the first asked one first, while the branch ends with one of
/// them; another sibling is none of them, and once one of them is followed it alone is shown.
#[test]
fn replies_that_were_asked_for_together_stand_beside_each_other_at_the_end() {
    let mut world = World::new();
    let question = world.id(0);
    let replies = [2, 3].map(|_| world.writes(Some(question), world.me, Role::Assistant));
    world.rows[1..].iter_mut().for_each(|row| row.together = true);
    let [newest, oldest] = [replies[1], world.id(1)];
    let together = |branch: &Branch| branch.together().iter().map(|meta| meta.id).collect::<Vec<_>>();
    let mut branch = world.opens(newest);
    assert_eq!(together(&branch), [newest, replies[0], oldest]);
    branch.go_to(oldest);
    assert_eq!((branch.leaf(), together(&branch).len()), (Some(oldest), 3), "the reader may choose any of them");
    let next = world.writes(Some(oldest), world.me, Role::User);
    assert!(takes(&mut branch, &world.rows[4], &[], world.reader(true)));
    assert_eq!((branch.leaf(), together(&branch)), (Some(next), vec![]));
    assert!(takes(&mut branch, &MessageMeta { rev: 6, ..world.rows[0].clone() }, &[(next, 7)], world.reader(true)));
    assert_eq!(together(&branch).len(), 3, "it is deleted, and they are the end again");
    world.writes(Some(question), world.me, Role::Assistant);
    assert!(takes(&mut branch, &MessageMeta { rev: 8, ..world.rows[5].clone() }, &[], world.reader(true)));
    assert_eq!(together(&branch), [], "another one is asked for, by itself");
    assert_eq!(branch.siblings(oldest).len(), 4);
}
