//! Has a function redirect somebody to where the attacker wants them, by the `Referer`.

use kit::{Server, page::client};
use reqwest::{
    StatusCode,
    header::{ACCEPT, LOCATION, REFERER},
};
use rivulet::protocol::FUNCTIONS;

/// Rule: a function answers data or a failure, and never with a redirect.
#[tokio::test]
async fn no_function_redirects() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let client = client();
    for path in ["account-form", "rename"].map(|function| format!("{FUNCTIONS}{function}")) {
        for cookie in ["", &ada.cookie] {
            let request = client.post(format!("http://{}{path}", server.address));
            let request = request.header(ACCEPT, "text/html").header(REFERER, "https://evil.example/");
            let answer = request.header("cookie", cookie).send().await.expect("an answer");
            assert!(!answer.status().is_redirection(), "{path}: {}", answer.status());
            assert_eq!(answer.headers().get(LOCATION), None, "{path}");
            assert_ne!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        }
    }
}
