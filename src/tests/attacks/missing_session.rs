//! Somebody who is not signed in asks for everything that the server has: every endpoint, function and page of its
//! tables, with what each of them takes.

use kit::{Server, page};
use leptos::server_fn::axum::server_fn_paths;
use reqwest::{RequestBuilder, StatusCode, header};
use rivulet::{
    app::App,
    ids::{ConversationId, MessageId, mint},
    protocol::FUNCTIONS,
    server::routes::{Access, endpoints},
};
use serde_json::json;

/// Functions that answer whoever asks: what the sign-in pages show.
const OPEN_FUNCTIONS: [&str; 1] = ["account-form"];

fn is_refused(status: StatusCode, location: Option<&str>) -> bool {
    let sent_to_sign_in = matches!(location, Some("/sign-in" | "/create-account"));
    [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status) || status.is_redirection() && sent_to_sign_in
}

fn a_conversation() -> ConversationId {
    mint()
}

async fn ask(request: RequestBuilder) -> (bool, StatusCode, String) {
    let response = request.send().await.expect("an answer");
    let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
    let (status, refused) = (response.status(), is_refused(response.status(), location));
    (refused, status, response.text().await.expect("a whole answer"))
}

#[tokio::test]
async fn no_endpoint_answers_without_a_session() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let (client, conversation) = (page::client(), a_conversation().to_string());
    let asked: Vec<_> = endpoints().into_iter().filter(|endpoint| endpoint.access == Access::SignedIn).collect();
    assert!(asked.len() >= 7, "the table was read");
    for endpoint in asked {
        let path = endpoint.path.replace("{id}", &conversation);
        let request = client.request(endpoint.method.clone(), format!("http://{}{path}?protocol=2", server.address));
        let form = "text=Hello&model=test%2Fmodel&id=msg_01h455vb4pex5vsknk084sn02q&conversation=conv_01h455vb4pex5vsknk084sn02q&session=x&present=x&password=correct+horse+battery&new=correct+horse+battery";
        let request = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header(header::ORIGIN, format!("http://{}", server.address))
            .body(form);
        let (refused, status, text) = ask(request).await;
        assert!(refused, "{} {path}: {status} {text}", endpoint.method);
    }
}

#[tokio::test]
async fn no_function_answers_without_a_session() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let (client, conversation) = (page::client(), a_conversation());
    let message: MessageId = mint();
    let sending = json!({ "conversation": conversation, "opens": true, "parent": null, "id": message, "text": "Hello", "model": "test/model" });
    let paths: Vec<&str> = server_fn_paths()
        .map(|(path, _)| path)
        .filter(|path| !OPEN_FUNCTIONS.contains(&&path[FUNCTIONS.len()..]))
        .collect();
    assert!(paths.len() >= 10, "the functions were found: {paths:?}");
    for path in paths {
        let mut answers = vec![];
        // Each takes one of these for its `id`, and passes over what it does not take.
        for id in [json!(conversation), json!(message)] {
            let input = json!({ "id": id, "window": "newest", "list": "mine", "after": null, "sending": sending, "epoch": [1, 1], "model": "test/model", "title": "Title" });
            let request = client.post(format!("http://{}{path}", server.address)).json(&input);
            answers.push(ask(request.header(header::ACCEPT, "application/json")).await);
        }
        assert!(answers.iter().all(|(_, status, _)| !status.is_success()), "{path}: {answers:?}");
        assert!(answers.iter().any(|(refused, ..)| *refused), "{path} was not asked in its own words: {answers:?}");
    }
}

#[tokio::test]
async fn no_page_of_the_chat_is_shown_without_a_session() {
    let server = Server::start().await;
    server.sign_up("Ada").await;
    let pages = leptos_axum::generate_route_list(App);
    let of_chat: Vec<_> =
        pages.iter().map(|page| page.path()).filter(|path| !["/sign-in", "/create-account"].contains(path)).collect();
    assert!(of_chat.len() >= 2, "the pages were found: {of_chat:?}");
    for path in of_chat {
        let path = path.replace("{id}", &a_conversation().to_string());
        let request =
            page::client().get(format!("http://{}{path}", server.address)).header(header::ACCEPT, "text/html");
        let (refused, status, text) = ask(request).await;
        assert!(refused, "{path}: {status} {text}");
    }
}
