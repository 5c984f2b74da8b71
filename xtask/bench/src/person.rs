//! Somebody who uses the server: what a browser asks for, without one.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use reqwest::{
    Client,
    header::{ACCEPT, CONTENT_TYPE, COOKIE, SET_COOKIE},
};
use rivulet::{
    chat::api::{Sending, Sent},
    conversation::{ConversationPage, MessagePage},
    ids::{ConversationId, MessageId, mint},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{client::IntoClientRequest, http::Request};

use crate::client;

#[derive(Clone)]
pub struct Person {
    pub address: SocketAddr,
    client: Client,
    cookie: String,
    build: String,
}

impl Person {
    /// Makes the first account.
    pub async fn signs_up(address: SocketAddr) -> anyhow::Result<Person> {
        let client = client();
        let form = "name=Ada&email=ada%40example.org&password=correct+horse";
        let request = client.post(format!("http://{address}/create-account"));
        let response = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form).send().await?;
        let cookie = response.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).context("no cookie for the first account")?;
        let mut person = Person { address, client, cookie: cookie.to_owned(), build: String::new() };
        let opening: Value = person.call("enter", json!({})).await?;
        person.build = opening["build"].as_str().context("the page's build")?.to_owned();
        Ok(person)
    }

    /// Begins a conversation, and says which reply came of it.
    pub async fn says(&self, text: &str) -> anyhow::Result<(ConversationId, MessageId)> {
        let conversation = mint();
        Ok((conversation, self.sends(conversation, true, text).await?))
    }

    pub async fn sends(&self, conversation: ConversationId, opens: bool, text: &str) -> anyhow::Result<MessageId> {
        let sending = Sending { conversation, opens, id: mint(), text: text.into(), model: "test/model".into() };
        let sent: Sent = self.call("send", json!({ "sending": sending })).await?;
        Ok(sent.messages.last().context("a reply to what was sent")?.id)
    }

    /// The newest part of a conversation, as its page opens with it.
    pub async fn reads(&self, conversation: ConversationId) -> anyhow::Result<MessagePage> {
        self.call("messages", json!({ "id": conversation, "before": null })).await
    }

    /// Up to which change a page has the sidebar that opens now.
    pub async fn sidebar(&self) -> anyhow::Result<i64> {
        let conversations: ConversationPage = self.call("conversations", json!({ "before": i64::MAX })).await?;
        Ok(conversations.rev)
    }

    /// A conversation's page.
    pub async fn opens(&self, conversation: ConversationId) -> anyhow::Result<String> {
        let request = self.client.get(format!("http://{}/c/{conversation}", self.address));
        let response = request.header(COOKIE, &self.cookie).header(ACCEPT, "text/html").send().await?;
        Ok(response.error_for_status()?.text().await?)
    }

    /// Calls a server function.
    pub async fn call<T: DeserializeOwned>(&self, function: &str, input: Value) -> anyhow::Result<T> {
        let request = self.client.post(format!("http://{}/api/{function}", self.address)).json(&input);
        let response = request.header(COOKIE, &self.cookie).header(ACCEPT, "application/json").send().await?;
        let (status, text) = (response.status(), response.text().await?);
        ensure!(status.is_success(), "{function}: {status} {text}");
        serde_json::from_str(&text).with_context(|| format!("{function}: {text}"))
    }

    /// What a browser asks for a socket with.
    pub fn upgrade(&self) -> anyhow::Result<Request<()>> {
        let mut request = format!("ws://{}/live?build={}", self.address, self.build).into_client_request()?;
        for (name, value) in [("origin", format!("http://{}", self.address)), ("cookie", self.cookie.clone())] {
            request.headers_mut().insert(name, value.parse()?);
        }
        Ok(request)
    }
}
