//! When a page asks for the queue, and what it shows of the answers.

use rivulet::{
    chat::queue::rows::QueueRows,
    conversation::{
        ListPosition,
        queue::{QueuePage, Queued, Wait},
    },
    ids::{Lineage, MessageId, Rev, mint},
};

fn at(rev: Rev) -> ListPosition {
    ListPosition { lineage: Lineage(1), rev }
}

fn row(rev: Rev) -> Queued {
    let wait = Wait { after: mint(), held: false };
    Queued { id: mint(), rev, wait, author: mint(), parts: vec![], model: "test/model".into() }
}

fn page(rev: Rev, rows: &[Queued]) -> QueuePage {
    QueuePage { position: at(rev), rows: rows.to_vec() }
}

fn shown(rows: &QueueRows) -> Vec<MessageId> {
    rows.rows().iter().map(|row| row.id).collect()
}

/// Rule: a page asks whenever its list has moved on, once at a time, and again if it moved on meanwhile.
#[test]
fn a_page_asks_once_for_each_move_of_its_list() {
    let mut rows = QueueRows::default();
    assert!(!rows.asks(), "nothing is known of the list");
    rows.list_is_at(at(3));
    assert!(rows.asks());
    assert!(!rows.asks(), "it asks already");
    rows.list_is_at(at(4));
    assert!(!rows.asks());
    rows.answer(page(3, &[]));
    assert!(rows.is_loaded() && rows.asks(), "the list has moved on meanwhile");
    rows.answer(page(4, &[]));
    assert!(!rows.asks());
    rows.list_is_at(at(4));
    assert!(!rows.asks(), "it has not moved");
}

/// Rule: what the page was rendered with is not asked for again.
#[test]
fn a_page_that_is_rendered_with_the_queue_does_not_ask() {
    let mut rows = QueueRows::default();
    rows.open(page(5, &[row(5)]));
    rows.list_is_at(at(5));
    assert!(!rows.asks());
    rows.list_is_at(at(6));
    assert!(rows.asks());
}

/// Rule: a question that was not answered is asked again.
#[test]
fn a_failed_question_is_asked_again() {
    let mut rows = QueueRows::default();
    rows.list_is_at(at(1));
    assert!(rows.asks());
    rows.fail();
    assert!(!rows.is_loaded() && rows.asks());
}

/// Rule: a row goes only when the list is as far as the answer without it: the message that it has become is there then.
#[test]
fn a_row_stays_until_the_list_has_its_message() {
    let mut rows = QueueRows::default();
    let waiting = row(2);
    rows.open(page(2, std::slice::from_ref(&waiting)));
    rows.list_is_at(at(3));
    assert!(rows.asks());
    rows.answer(page(5, &[]));
    assert_eq!(shown(&rows), [waiting.id]);
    assert!(!rows.asks(), "an answer is there");
    rows.list_is_at(at(4));
    assert_eq!((shown(&rows), rows.asks()), (vec![waiting.id], false));
    rows.list_is_at(at(5));
    assert_eq!((shown(&rows), rows.asks()), (vec![], false));
}

/// Rule: what an answer to an edit or to a new row brings stays until the queue is loaded with it, and older rows change
/// nothing.
#[test]
fn rows_from_answers_stay() {
    let mut rows = QueueRows::default();
    let (first, new) = (row(2), row(6));
    rows.open(page(3, std::slice::from_ref(&first)));
    rows.take(Queued { rev: 5, model: "test/other".into(), ..first.clone() });
    rows.take(new.clone());
    rows.take(row(1));
    assert_eq!(shown(&rows), [first.id, new.id]);
    rows.list_is_at(at(4));
    rows.answer(page(4, std::slice::from_ref(&first)));
    assert_eq!(shown(&rows), [first.id, new.id]);
    assert_eq!(rows.get(first.id).expect("the row").model, "test/other");
    rows.take(first.clone());
    assert_eq!(rows.get(first.id).expect("the row").rev, 5);
    rows.list_is_at(at(8));
    rows.answer(page(8, std::slice::from_ref(&first)));
    assert_eq!(shown(&rows), [first.id], "it was sent or removed since");
}

/// Rule: after an earlier state of the database was restored, nothing of the other past stays.
#[test]
fn another_past_replaces_all() {
    let mut rows = QueueRows::default();
    rows.open(page(9, &[row(9)]));
    rows.take(row(12));
    let restored = ListPosition { lineage: Lineage(2), rev: 4 };
    let kept = row(3);
    rows.list_is_at(at(10));
    assert!(rows.asks());
    rows.answer(QueuePage { position: restored, rows: vec![kept.clone()] });
    assert_eq!(rows.rows().len(), 2, "the list is not there yet");
    assert!(!rows.asks(), "no question is repeated at the same place");
    rows.list_is_at(restored);
    assert_eq!(shown(&rows), [kept.id]);
}
