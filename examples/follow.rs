//! A client of `docs/protocol.md`. `RIVULET_EMAIL=… RIVULET_PASSWORD=… cargo run --features ssr --example follow HOST:PORT`
use anyhow::{Context, Result, bail};
use futures::{SinkExt, StreamExt};
use reqwest::{Url, header::*, redirect::Policy};
use rivulet::{
    chat::api::PageData, conversation::list::Held, conversation::*, ids::MessageId, live::client::*, live::*,
    message::*, protocol::*,
};
use std::{collections::HashMap, env, io::Write, time::Instant};
use tokio_tungstenite::{connect_async, tungstenite::Message as Frame, tungstenite::client::IntoClientRequest};

const MINE: List = List::Conversations(Sidebar::Mine);
#[rustfmt::skip] struct Shown<W> { out: W, reply: Message, at: usize, lists: HashMap<List, ListPosition> } // `at`: bytes that are printed
impl<W: Write> Page for Shown<W> {
    fn read<R>(&self, _: MessageId, read: impl FnOnce(&Message) -> R) -> Option<R> {
        Some(read(&self.reply))
    }
    fn apply(&mut self, _: MessageId, event: Event) -> Outcome {
        let (outcome, text) = (self.reply.apply(event), self.reply.text());
        let _ = write!(self.out, "{}", text.get(self.at..).unwrap_or_default()).and_then(|()| self.out.flush());
        self.at = text.len();
        outcome
    }
    fn release(&mut self, _: MessageId) {}
    fn held(&self, list: List) -> Option<Held> {
        self.lists.get(&list).copied().map(Held::up_to)
    }
}

/// Prints the reply that runs in the newest conversation, or the next one that runs. Gives its status at the end.
pub async fn follow(host: &str, email: &str, password: &str, out: impl Write) -> Result<Status> {
    let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().tls_certs_only([]).build()?;
    let form = Url::parse_with_params("http://form", [("email", email), ("password", password)])?;
    let request = http.post(format!("http://{host}/sign-in")).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = request.body(form.query().unwrap_or_default().to_owned()).send().await?.error_for_status()?;
    let cookie = answer.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok()?.split(';').next());
    let cookie = HeaderValue::from_str(cookie.context("The server began no session.")?)?;
    let request =
        http.post(format!("http://{host}{FUNCTIONS}enter")).header(COOKIE, &cookie).json(&serde_json::json!({}));
    let PageData { mine, .. } = request.send().await?.error_for_status()?.json().await?;
    let (start, rev) = (Instant::now(), mine.rows.first().map_or(0, |newest| newest.rev - 1));
    let lists = HashMap::from([(MINE, ListPosition { rev, ..mine.position })]);
    let mut client =
        Client::new(Shown { out, reply: Message::unseen(MessageId::new(), Role::Assistant), at: 0, lists });
    client.follow_list(MINE); // from just before the newest one, so that the list brings it, too
    loop {
        let mut request = socket("ws", host, PROTOCOL).into_client_request()?;
        request.headers_mut().extend([(COOKIE, cookie.clone()), (ORIGIN, format!("http://{host}").parse()?)]);
        client.opened(start.elapsed());
        let mut socket = tokio::time::timeout(CONNECT_TIMEOUT, connect_async(request)).await.ok().and_then(Result::ok);
        while let Some((socket, _)) = socket.as_mut().filter(|_| !client.is_silent(start.elapsed())) {
            for frame in client.frames() {
                let _ = socket.send(Frame::text(serde_json::to_string(&frame)?)).await;
            }
            let change = match tokio::time::timeout(client.wait(start.elapsed()), socket.next()).await {
                Ok(Some(Ok(Frame::Text(text)))) => {
                    let frame = client.read(&text, start.elapsed())?;
                    client.take(frame, start.elapsed(), rand::random())
                }
                Ok(Some(Ok(Frame::Close(Some(why))))) if u16::from(why.code) != close::RESTARTING => bail!("{why}"),
                Ok(Some(Err(_)) | None) => break,
                _ => None,
            };
            match &change {
                Some(ListUpdate::Conversations(_, changes)) => {
                    changes.rows.iter().for_each(|row| client.follow_list(List::Messages(row.id)));
                }
                Some(ListUpdate::Messages(_, changes)) if !client.follows(client.page.reply.id) => {
                    for meta in changes.rows.iter().filter(|meta| !meta.status.is_final()) {
                        client.page.reply.id = meta.id;
                        client.follow(meta.id, meta.epoch, false);
                    }
                }
                Some(ListUpdate::Reset(list)) if client.page.lists.remove(list).is_some() => client.follow_list(*list),
                _ => {}
            }
            client.page.lists.extend(change.and_then(|change| Some((change.list(), change.position()?))));
            client.tick(start.elapsed());
            if !client.page.reply.is_unseen() && !client.follows(client.page.reply.id) {
                return Ok(client.page.reply.status);
            }
        }
        client.closed(None, start.elapsed());
        tokio::time::sleep(client.pause(true, rand::random())).await;
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let [email, password] = ["RIVULET_EMAIL", "RIVULET_PASSWORD"].map(|name| env::var(name).unwrap_or_default());
    follow(&env::args().nth(1).unwrap_or_default(), &email, &password, std::io::stdout()).await.map(drop)
}
