//! What becomes of a message between Enter and its row in the list.

use rivulet::{
    chat::{
        api::{Sending, Sent},
        outbox::pending_sends::{Kept, PendingSends},
    },
    conversation::queue::{Queued, Wait},
    error::Failure,
    ids::{ConversationId, Lineage, MessageId, mint},
};

fn answer() -> Sent {
    Sent { lineage: Lineage(1), metas: vec![], messages: vec![] }
}

/// The first message of a new conversation, or one more in it.
fn message(conversation: ConversationId, opens: bool) -> Sending {
    Sending {
        conversation,
        opens,
        parent: None,
        edits: None,
        id: mint(),
        text: "Hello".into(),
        model: "test/model".into(),
        others: vec![],
        temporary: false,
        options: Default::default(),
    }
}

/// Rule: what a page kept before an update is read after it, whatever has been added to it since.
#[test]
fn what_an_older_page_kept_is_not_lost() {
    let kept = r#"{"sending":{"conversation":"conv_01h455vb4pex5vsknk084sn02q","opens":true,"id":"msg_01h455vb4pex5vsknk084sn02q","text":"Hello","model":"test/model"},"handed_back":false}"#;
    let kept: Kept = serde_json::from_str(kept).expect("something to bring back");
    assert_eq!((kept.sending.text.as_str(), kept.sending.opens, kept.handed_back), ("Hello", true, false));
}

#[test]
fn a_sent_message_is_pending_until_it_is_removed() {
    let (conversation, mut all) = (mint(), PendingSends::default());
    let hello = message(conversation, false);
    all.send(hello.clone());
    assert!(all.is_sending(hello.id));
    assert_eq!(all.pending(conversation), Some(&hello));
    assert_eq!(all.pending(mint()), None, "another conversation has none of it");
    all.answer(hello.id, Ok(answer()));
    assert!(!all.is_sending(hello.id));
    assert_eq!((all.pending(conversation), all.answered(conversation)), (Some(&hello), Some(&answer())));
    all.forget(hello.id);
    assert_eq!((all.pending(conversation), all.awaited(conversation)), (None, None));
}

#[test]
fn a_refused_message_returns_to_the_composer_where_it_was_written() {
    let (conversation, mut all) = (mint(), PendingSends::default());
    let (first, next) = (message(conversation, true), message(mint(), false));
    for sending in [&next, &first] {
        all.send(sending.clone());
        all.answer(sending.id, Err(Failure::Unreachable));
    }
    assert_eq!(all.refused(None), Some((&first, Some(&Failure::Unreachable))), "to the composer of new conversations");
    assert_eq!(all.refused(Some(next.conversation)), Some((&next, Some(&Failure::Unreachable))));
    assert_eq!(all.refused(Some(conversation)), None, "that conversation did not begin");
    assert!(all.is_refused_first(conversation) && !all.is_refused_first(next.conversation));
    assert_eq!(all.pending(next.conversation), None, "it is no longer shown in the thread");
    assert_eq!(all.awaited(next.conversation), Some(&next), "it may have arrived all the same");
    all.hand_back(next.id);
    assert_eq!((all.refused(Some(next.conversation)), all.awaited(next.conversation)), (None, None));
    assert_eq!(all.unsure(Some(next.conversation)), Some(&next), "the same text again is the same message again");
}

#[test]
fn a_message_that_is_sent_again_is_there_once() {
    let (conversation, mut all) = (mint(), PendingSends::default());
    let hello = message(conversation, false);
    all.send(hello.clone());
    all.answer(hello.id, Err(Failure::Unreachable));
    all.send(hello.clone());
    assert!(all.is_sending(hello.id));
    all.forget(hello.id);
    assert_eq!(all.awaited(conversation), None);
}

#[test]
fn a_response_changes_nothing_where_the_list_was_faster() {
    let (conversation, mut all) = (mint(), PendingSends::default());
    let (hello, late) = (message(conversation, false), message(mint(), false));
    all.send(hello.clone());
    all.forget(hello.id);
    all.answer(hello.id, Err(Failure::Unreachable));
    assert_eq!(all.refused(Some(conversation)), None, "it has arrived: it must not come back");
    all.send(late.clone());
    all.answer(late.id, Err(Failure::Unreachable));
    all.hand_back(late.id);
    all.answer(late.id, Ok(answer()));
    assert_eq!(all.unsure(Some(late.conversation)), Some(&late), "its text is in the composer");
}

#[test]
fn a_message_that_was_kept_over_a_reload_returns_to_the_composer() {
    let mut all = PendingSends::default();
    let [sent, typed, here] = [(); 3].map(|()| message(mint(), false));
    all.send(here.clone());
    let kept = |sending: &Sending, handed_back| Kept { sending: sending.clone(), handed_back };
    all.restore([kept(&sent, false), kept(&typed, true), kept(&here, false)]);
    assert_eq!(all.refused(Some(sent.conversation)), Some((&sent, None)), "the reason is lost");
    assert_eq!(all.refused(Some(typed.conversation)), None, "a draft has it");
    assert_eq!(all.unsure(Some(typed.conversation)), Some(&typed));
    assert_eq!(all.refused(Some(here.conversation)), None, "it is here once");
    assert!(all.is_sending(here.id), "what is being sent here stays so");
    let json = serde_json::to_string(&kept(&sent, true)).expect("it can be kept");
    assert_eq!(serde_json::from_str::<Kept>(&json).expect("it can be read"), kept(&sent, true));
}

#[test]
fn a_message_that_had_arrived_and_is_lost_returns_to_the_composer() {
    let (conversation, mut all) = (mint(), PendingSends::default());
    let [lost, answered, there] = [(); 3].map(|()| message(conversation, false));
    for sending in [&lost, &answered, &there] {
        all.send(sending.clone());
        all.answer(sending.id, Ok(answer()));
    }
    for sending in [&lost, &there] {
        all.arrive(sending.id);
    }
    let elsewhere = message(mint(), true);
    all.send(elsewhere.clone());
    all.answer(elsewhere.id, Ok(answer()));
    all.arrive(elsewhere.id);
    assert!(!all.is_refused_first(elsewhere.conversation), "it has begun");
    assert_eq!(all.awaited(elsewhere.conversation), None);
    assert_eq!(all.take_lost(conversation, |id| id != there.id), [lost.clone(), answered.clone()]);
    // Each is put before what stands in the field.
    for sending in [&answered, &lost] {
        assert_eq!(all.refused(Some(conversation)), Some((sending, None)));
        all.hand_back(sending.id);
    }
    assert_eq!(all.refused(Some(conversation)), None, "what is there stays there");
}

/// What the server answers to one that it has queued.
fn row(sending: &Sending, after: MessageId) -> Queued {
    let wait = Wait { after, held: false };
    Queued { id: sending.id, rev: 1, wait, author: mint(), parts: vec![], model: sending.model.clone() }
}

fn queueing(all: &PendingSends, conversation: ConversationId) -> Vec<MessageId> {
    all.queueing(conversation).map(|sending| sending.id).collect()
}

/// Messages that are to be queued in a conversation, in this order, and the reply for which they wait.
fn three(all: &mut PendingSends, conversation: ConversationId) -> ([Sending; 3], MessageId) {
    let (three, after) = ([(); 3].map(|()| message(conversation, false)), mint());
    three.iter().for_each(|sending| all.queue(sending.clone(), after));
    (three, after)
}

/// Rule: messages are queued one after the other, in the order in which they were typed; none is shown as sent.
#[test]
fn messages_are_queued_one_after_the_other() {
    let (conversation, mut all) = (mint(), PendingSends::default());
    let ([a, b, c], after) = three(&mut all, conversation);
    assert_eq!((all.pending(conversation), queueing(&all, conversation)), (None, vec![a.id, b.id, c.id]));
    assert_eq!(all.begin_queueing(conversation), Some((a.clone(), after)));
    assert_eq!(all.begin_queueing(conversation), None, "one at a time");
    assert_eq!(all.begin_queueing(mint()), None, "another conversation has none");
    all.answer_queueing(a.id, Ok(Some(row(&a, after))));
    assert_eq!(all.queued(conversation).len(), 1);
    assert_eq!(queueing(&all, conversation), [a.id, b.id, c.id], "it stays until the page's queue has it");
    all.forget(a.id);
    assert_eq!(all.begin_queueing(conversation), Some((b.clone(), after)));
    all.answer_queueing(b.id, Ok(None));
    assert_eq!(queueing(&all, conversation), [c.id], "the server had it before");
}

/// Rule: what is refused comes back with all that was typed after it, in the order in which it was typed.
#[test]
fn what_was_to_be_queued_comes_back_in_order() {
    let (conversation, mut all) = (mint(), PendingSends::default());
    let ([a, b, c], _) = three(&mut all, conversation);
    all.begin_queueing(conversation);
    all.answer_queueing(a.id, Err(Failure::Unreachable));
    assert_eq!(all.begin_queueing(conversation), None);
    let mut field = vec![];
    while let Some((sending, why)) =
        all.refused(Some(conversation)).map(|(sending, why)| (sending.clone(), why.cloned()))
    {
        assert_eq!(why, (sending.id == a.id).then_some(Failure::Unreachable));
        all.hand_back(sending.id);
        field.insert(0, sending.id);
    }
    assert_eq!(field, [a.id, b.id, c.id]);
}

/// Rule: what is too late for a reply waits for what follows that, in order, and is never sent beside it.
#[test]
fn what_is_too_late_waits_for_what_was_faster() {
    let (conversation, mut all) = (mint(), PendingSends::default());
    let ([a, b, c], after) = three(&mut all, conversation);
    all.begin_queueing(conversation);
    all.answer_queueing(a.id, Err(Failure::Changed));
    assert_eq!(all.overtaken(conversation), Some((&a, after)));
    assert_eq!(all.begin_queueing(conversation), None, "the others stay behind it");
    let newer = mint();
    all.queue_again(conversation, newer);
    assert_eq!(all.overtaken(conversation), None);
    assert_eq!(all.begin_queueing(conversation), Some((a.clone(), newer)));
    all.answer_queueing(a.id, Err(Failure::Changed));
    all.send(a.clone());
    assert_eq!(all.pending(conversation), Some(&a), "nothing runs any more: it is an ordinary message");
    assert_eq!(all.begin_queueing(conversation), Some((b.clone(), newer)));
    all.answer_queueing(b.id, Err(Failure::Changed));
    assert_eq!(all.overtaken(conversation), None, "it follows what is being sent");
    all.answer(a.id, Err(Failure::Unreachable));
    assert_eq!(all.overtaken(conversation), None);
    assert_eq!(all.refused(Some(conversation)), Some((&c, None)), "what follows a refused message comes back with it");
}
