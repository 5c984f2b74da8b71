//! Somebody with a browser: what they ask for by the server functions, and what came of it.

use std::net::SocketAddr;

use reqwest::{
    RequestBuilder, StatusCode,
    header::{ACCEPT, COOKIE},
};
use rivulet::{
    chat::api::{Continuing, Sending, Sent},
    conversation::{
        ConversationPage, MessageMeta, MessagePage, Sidebar, Window,
        marks::ListedRows,
        queue::{QueuePage, Queued, Queueing},
        ratings::{RatedRows, Rating},
    },
    error::Failure,
    ids::{ConversationId, MessageId, Rev, mint},
    message::{Epoch, Message, Position},
    protocol::PROTOCOL,
    steering::{
        options::{Options, StoredOptions},
        settings::PersonalSetting,
    },
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::page::{self, client};

pub const PASSWORD: &str = "correct horse";
/// The model that the test provider offers.
pub const MODEL: &str = "test/model";

#[derive(Clone)]
pub struct Person {
    pub address: SocketAddr,
    /// `rivulet_session=…`
    pub cookie: String,
    /// What they ask through.
    pub client: reqwest::Client,
    /// What their pages speak.
    pub protocol: u32,
}

/// A request that was refused: its status, and what the page would show.
#[derive(Debug, PartialEq)]
pub struct Refused {
    pub status: u16,
    pub failure: Failure,
}

/// A conversation with its last exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chat {
    pub id: ConversationId,
    /// What the person sent.
    pub message: MessageId,
    pub reply: MessageId,
}

impl Person {
    pub async fn signs_up(address: SocketAddr, name: &str) -> Person {
        let email = format!("{}@example.org", name.to_lowercase());
        let form = [("name", name), ("email", &email), ("password", PASSWORD)];
        let response = page::post(address, "/create-account", None, &form).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER, "{}", response.text);
        Person::with_cookie(address, response.session.expect("a session's cookie"))
    }

    /// Somebody who has this session.
    pub fn with_cookie(address: SocketAddr, cookie: impl Into<String>) -> Person {
        Person { address, cookie: cookie.into(), client: client(), protocol: PROTOCOL }
    }

    /// The same person in another browser.
    pub async fn signs_in_again(&self, name: &str) -> Person {
        let email = format!("{}@example.org", name.to_lowercase());
        let response = page::post(self.address, "/sign-in", None, &[("email", &email), ("password", PASSWORD)]).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER, "{}", response.text);
        Person { cookie: response.session.expect("a session's cookie"), ..self.clone() }
    }

    pub async fn signs_out(&self) {
        let response = self.posts("/sign-out", &[]).await;
        assert_eq!(response.status, StatusCode::SEE_OTHER);
    }

    /// Sends a form.
    pub async fn posts(&self, path: &str, form: &[(&str, &str)]) -> page::Page {
        let request = page::form_request_by(&self.client, self.address, path, form);
        page::send(request, Some(&self.cookie)).await
    }

    pub async fn gets(&self, path: &str) -> page::Page {
        page::send(self.client.get(format!("http://{}{path}", self.address)), Some(&self.cookie)).await
    }

    /// Begins a conversation with a message that has to be taken.
    pub async fn asks(&self, text: &str) -> Chat {
        self.sends(&Person::first_message(text)).await.expect("a message that is taken")
    }

    /// Sends the next message of one.
    pub async fn asks_in(&self, chat: ConversationId, text: &str) -> Result<Chat, Refused> {
        let parent = self.reads(chat).await?.leaf;
        self.sends(&Sending { conversation: chat, opens: false, parent, ..Person::first_message(text) }).await
    }

    /// Sends another version of a message, below `parent`.
    pub async fn edits(&self, chat: &Chat, parent: Option<MessageId>, text: &str) -> Result<Chat, Refused> {
        let edits = Some(chat.message);
        let edit = Sending { conversation: chat.id, opens: false, parent, edits, ..Person::first_message(text) };
        self.sends(&edit).await
    }

    /// What a page sends for the first message of a new conversation.
    pub fn first_message(text: &str) -> Sending {
        Sending {
            conversation: mint(),
            opens: true,
            parent: None,
            edits: None,
            id: mint(),
            text: text.into(),
            model: MODEL.into(),
            others: vec![],
            temporary: false,
            options: Options::default(),
        }
    }

    /// How the replies of a conversation are asked for.
    pub async fn options(&self, chat: ConversationId) -> Result<StoredOptions, Refused> {
        self.call("options", json!({ "id": chat })).await
    }

    /// Sets them, having seen those of this rev. Gives the rev of the new ones.
    pub async fn sets_options(&self, chat: ConversationId, rev: Rev, options: &Options) -> Result<Rev, Refused> {
        self.call("set-options", json!({ "id": chat, "rev": rev, "options": options })).await
    }

    /// Chooses something for all their conversations.
    pub async fn chooses(&self, setting: PersonalSetting) -> Result<(), Refused> {
        self.call("set-setting", json!({ "setting": setting })).await
    }

    /// Sends, and gives the reply that came of it.
    pub async fn sends(&self, sending: &Sending) -> Result<Chat, Refused> {
        let sent: Sent = self.call("send", json!({ "sending": sending })).await?;
        let reply = sent.messages.last().expect("the reply to a message that had not come before").id;
        Ok(Chat { id: sending.conversation, message: sending.id, reply })
    }

    pub async fn stops(&self, reply: MessageId) -> Result<(), Refused> {
        self.call("stop", json!({ "id": reply })).await
    }

    /// Copies a branch up to a message into a new conversation.
    pub async fn forks(&self, message: MessageId, into: ConversationId) -> Result<(), Refused> {
        self.call("fork", json!({ "id": message, "into": into })).await
    }

    /// Asks for another reply beside one, and gives it.
    pub async fn retries(&self, reply: MessageId) -> Result<MessageMeta, Refused> {
        let sent: Sent = self.call("retry", json!({ "id": reply, "model": MODEL })).await?;
        Ok(sent.metas.into_iter().next_back().expect("the list's row of the reply"))
    }

    /// Has the branch that ends with a reply summarised, and gives the row of the summary.
    pub async fn summarises(&self, reply: MessageId) -> Result<MessageMeta, Refused> {
        let sent: Sent = self.call("summarise", json!({ "id": reply, "model": MODEL })).await?;
        Ok(sent.metas.into_iter().next_back().expect("the list's row of the summary"))
    }

    pub async fn continues(&self, reply: MessageId, epoch: Epoch) -> Result<(), Refused> {
        self.call("continue", json!({ "id": reply, "epoch": epoch, "model": MODEL })).await
    }

    /// Has the model continue from a place in a reply: a sibling begins with what stands before that.
    pub async fn continues_from(&self, reply: MessageId, from: Position) -> Result<MessageMeta, Refused> {
        let sent = self.asks_to_continue(&Person::continuing(reply, from, "")).await?;
        Ok(sent.metas.into_iter().next_back().expect("the list's row of the reply"))
    }

    pub fn continuing(reply: MessageId, from: Position, instruction: &str) -> Continuing {
        Continuing { of: reply, from, id: mint(), instruction: instruction.into(), model: MODEL.into() }
    }

    pub async fn asks_to_continue(&self, asked: &Continuing) -> Result<Sent, Refused> {
        self.call("continue-from", json!({ "asked": asked })).await
    }

    /// Queues a message until this reply has completed, and gives its row.
    pub async fn queues(&self, chat: &Chat, text: &str) -> Result<Queued, Refused> {
        let row = self.enqueues(&Person::queueing(chat, text)).await?;
        Ok(row.expect("a message that had not come before"))
    }

    /// What a page sends to queue a message.
    pub fn queueing(chat: &Chat, text: &str) -> Queueing {
        Queueing { conversation: chat.id, after: chat.reply, id: mint(), text: text.into(), model: MODEL.into() }
    }

    pub async fn enqueues(&self, queueing: &Queueing) -> Result<Option<Queued>, Refused> {
        self.call("enqueue", json!({ "queueing": queueing })).await
    }

    pub async fn edits_queued(&self, row: &Queued, text: &str) -> Result<Option<Queued>, Refused> {
        let edit = json!({ "id": row.id, "rev": row.rev, "text": text, "model": row.model });
        self.call("edit-queued", edit).await
    }

    pub async fn removes_queued(&self, row: &Queued) -> Result<(), Refused> {
        self.call("remove-queued", json!({ "id": row.id })).await
    }

    /// Has a row sent now, as the page shows it; gives the rows of the message and the reply, or none if it was sent before.
    pub async fn sends_queued(&self, row: &Queued) -> Result<Vec<MessageMeta>, Refused> {
        let sent: Sent = self.call("send-queued", json!({ "id": row.id, "after": row.wait.after })).await?;
        Ok(sent.metas)
    }

    /// What waits in a conversation.
    pub async fn queue(&self, chat: ConversationId) -> Vec<Queued> {
        let page: QueuePage = self.call("queue", json!({ "id": chat })).await.expect("a conversation that is there");
        page.rows
    }

    pub async fn renames(&self, chat: ConversationId, title: &str) -> Result<(), Refused> {
        self.call("rename", json!({ "id": chat, "title": title })).await
    }

    pub async fn deletes(&self, chat: ConversationId) -> Result<(), Refused> {
        self.call("delete", json!({ "id": chat })).await
    }

    /// Begins a temporary conversation with a message that has to be taken.
    pub async fn asks_in_passing(&self, text: &str) -> Chat {
        let sending = Sending { temporary: true, ..Person::first_message(text) };
        self.sends(&sending).await.expect("a message that is taken")
    }

    pub async fn keeps(&self, chat: ConversationId) -> Result<(), Refused> {
        self.call("keep-temporary", json!({ "id": chat })).await
    }

    /// Closes a temporary conversation.
    pub async fn closes(&self, chat: ConversationId) -> Result<(), Refused> {
        self.call("close-temporary", json!({ "id": chat })).await
    }

    /// Closes the tab that shows a temporary conversation.
    pub async fn leaves(&self, chat: ConversationId) -> Result<(), Refused> {
        self.call("leave-temporary", json!({ "id": chat })).await
    }

    /// Deletes many at once. Gives those that have gone.
    pub async fn deletes_many(&self, chats: &[ConversationId]) -> Result<Vec<ConversationId>, Refused> {
        self.call("delete-many", json!({ "ids": chats })).await
    }

    pub async fn undoes_deletion_of_many(&self, chats: &[ConversationId]) -> Result<(), Refused> {
        self.call("undo-delete-many", json!({ "ids": chats })).await
    }

    pub async fn undoes_deletion_of(&self, chat: ConversationId) -> Result<(), Refused> {
        self.call("undo-delete-conversation", json!({ "id": chat })).await
    }

    pub async fn pins(&self, chat: ConversationId, on: bool) -> Result<(), Refused> {
        self.call("pin", json!({ "id": chat, "on": on })).await
    }

    pub async fn archives(&self, chats: &[ConversationId], on: bool) -> Result<(), Refused> {
        self.call("archive", json!({ "ids": chats, "on": on })).await
    }

    /// Their page shows the end of a conversation, with what it has of the sidebar's row.
    pub async fn sees_the_end_of(&self, chat: ConversationId, replied: Rev) -> Result<(), Refused> {
        self.call("see", json!({ "id": chat, "replied": replied })).await
    }

    /// Rates a reply, with a word of theirs, or takes that back.
    pub async fn rates(&self, reply: MessageId, rating: Option<Rating>, word: &str) -> Result<RatedRows, Refused> {
        self.call("rate", json!({ "id": reply, "rating": rating, "word": word })).await
    }

    /// Their ratings in a conversation.
    pub async fn ratings(&self, chat: ConversationId) -> Result<RatedRows, Refused> {
        self.call("ratings", json!({ "id": chat })).await
    }

    /// What they have archived, the last one first.
    pub async fn archived(&self) -> Vec<ConversationId> {
        let rows: ListedRows = self.call("archived", json!({ "after": null })).await.expect("what is archived");
        rows.rows.into_iter().map(|(_, row)| row.id).collect()
    }

    /// A list of the sidebar as a page opens with it.
    pub async fn sidebar(&self, list: Sidebar) -> ConversationPage {
        self.call("conversations", json!({ "list": list, "after": null })).await.expect("a list of the sidebar")
    }

    /// Deletes a message and all below it. Gives how many messages have gone.
    pub async fn deletes_message(&self, message: MessageId) -> Result<i64, Refused> {
        self.call("delete-message", json!({ "id": message })).await
    }

    pub async fn undoes_deletion(&self, message: MessageId) -> Result<(), Refused> {
        self.call("undo-delete-message", json!({ "id": message })).await
    }

    /// A conversation as its page opens it.
    pub async fn reads(&self, chat: ConversationId) -> Result<MessagePage, Refused> {
        self.loads(chat, Window::Newest).await
    }

    pub async fn loads(&self, chat: ConversationId, window: Window) -> Result<MessagePage, Refused> {
        self.call("messages", json!({ "id": chat, "window": window })).await
    }

    /// One message of it as a page that opens now has it.
    pub async fn finds(&self, chat: &Chat) -> Message {
        let page = self.reads(chat.id).await.expect("a conversation that is there");
        page.messages.into_iter().find(|message| message.id == chat.reply).expect("the reply is shown")
    }

    /// Calls a server function.
    pub async fn call<T: DeserializeOwned>(&self, function: &str, input: Value) -> Result<T, Refused> {
        let request = self.request(function).body(input.to_string());
        let response = request.send().await.expect("an answer");
        let status = response.status();
        let text = response.text().await.expect("a whole answer");
        match status {
            StatusCode::OK => {
                Ok(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{function}: {error} in {text}")))
            }
            _ => Err(Refused {
                status: status.as_u16(),
                failure: serde_json::from_str(&text)
                    .unwrap_or_else(|error| panic!("{function}: {status}, {error} in {text:?}")),
            }),
        }
    }

    /// A request to a server function, without its body.
    pub fn request(&self, function: &str) -> RequestBuilder {
        (self.client.post(format!("http://{}/api/{}/{function}", self.address, self.protocol)))
            .header(COOKIE, &self.cookie)
            .header(ACCEPT, "application/json")
            .header("content-type", "application/json")
    }
}

impl Refused {
    pub fn of(failure: Failure) -> Refused {
        Refused { status: failure.status().as_u16(), failure }
    }
}
