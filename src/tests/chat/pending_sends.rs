//! What becomes of a message between Enter and its row in the list.

use rivulet::{
    chat::{
        api::{Sending, Sent},
        outbox::pending_sends::{Kept, PendingSends},
    },
    error::Failure,
    ids::{ConversationId, Lineage, mint},
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
    for sending in [&lost, &answered] {
        assert_eq!(all.refused(Some(conversation)), Some((sending, None)));
        all.hand_back(sending.id);
    }
    assert_eq!(all.refused(Some(conversation)), None, "what is there stays there");
}
