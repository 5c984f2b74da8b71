//! Looks for an answer that a browser may frame, run, keep or lend to another site.

use kit::{
    Person, Server,
    page::{client, form_request},
};
use reqwest::{Response, StatusCode};
use rivulet::{config::Settings, protocol::FUNCTIONS, server::serve::ConnectionLimits};
use serde_json::json;

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn is_guarded(what: &str, answer: &Response) {
    let policy = header(answer, "content-security-policy");
    for part in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(header(answer, name), value, "{what}: {name}");
    }
    assert!(header(answer, "permissions-policy").contains("microphone=()"), "{what}");
    assert!(!header(answer, "cache-control").is_empty(), "{what} may be kept");
}

/// One answer of each kind and status.
async fn answers(server: &Server, ada: &Person) -> Vec<(String, Response)> {
    let url = |path: &str| format!("http://{}{path}", server.address);
    let get = |path: &str| client().get(url(path)).header("accept", "text/html");
    let sending = json!({ "sending": Person::first_message("Hello") }).to_string();
    let (long, send) = ("x".repeat(20_000), format!("{FUNCTIONS}send"));
    let mut requests = vec![
        get("/"),
        get("/").header("cookie", &ada.cookie),
        get("/nothing").header("cookie", &ada.cookie),
        get("/sign-in"),
        get("/create-account"),
        get(&server.app.build.script),
        get("/pkg/none.js"),
        get(&send),
        get("/live"),
        get("/live?protocol=2").header("cookie", &ada.cookie),
        get("/").header("host", "evil.example"),
        client().put(url("/sign-in")),
        ada.request("send").body(sending),
        ada.request("stop").body("nonsense"),
        ada.request("stop").body(long.clone()),
        ada.request("models").header("origin", "http://evil.example").body("null"),
        client().post(url(&send)),
        client().post(url("/api/0/send")),
        client().post(url("/sign-in")).body(long),
        form_request(server.address, "/sign-in", &[("email", "a@b"), ("password", "x")]),
        form_request(server.address, "/sign-in", &[("email", "a@b")]),
        form_request(server.address, "/", &[("conversation", "x"), ("id", "x"), ("text", "Hello"), ("model", "x")]),
        form_request(server.address, "/sign-out", &[]),
    ];
    let tries = [("email", "a@b"), ("password", &*"p".repeat(2000))];
    requests.extend((0..40).map(|_| form_request(server.address, "/sign-in", &tries)));
    let mut answers = vec![];
    for request in requests {
        let request = request.build().expect("a request");
        let what = format!("{} {}", request.method(), request.url().path());
        let answer = client().execute(request).await.expect("an answer");
        answers.push((format!("{what}: {}", answer.status()), answer));
    }
    answers
}

#[tokio::test]
async fn every_answer_has_a_policy() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let answers = answers(&server, &ada).await;
    let mut statuses: Vec<StatusCode> = answers.iter().map(|(_, answer)| answer.status()).collect();
    for (what, answer) in &answers {
        is_guarded(what, answer);
        assert_eq!(header(answer, "strict-transport-security"), "", "{what}: people come by HTTP");
        if what.contains("/api/") {
            assert_eq!(header(answer, "cache-control"), "no-store", "{what}");
        }
    }
    statuses.sort_unstable();
    statuses.dedup();
    assert!(statuses.len() >= 10, "{statuses:?}");
}

/// Only what has the page's nonce is a script, and what that loads.
#[tokio::test]
async fn no_file_is_a_script_because_it_is_here() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    let request = client().get(format!("http://{}/", server.address)).header("cookie", &ada.cookie);
    let answer = request.header("accept", "text/html").send().await.expect("an answer");
    let policy = header(&answer, "content-security-policy").to_owned();
    let scripts = policy.split(';').find_map(|part| part.trim().strip_prefix("script-src ")).expect("a policy");
    assert!(policy.contains("; trusted-types rivulet"), "{policy}");
    assert!(
        scripts.contains("'strict-dynamic'") && !scripts.contains("'self'") && !scripts.contains("'unsafe-inline'")
    );
    let nonce = scripts.split_once("'nonce-").and_then(|(_, rest)| rest.split_once('\'')).expect("a nonce").0;
    let page = answer.text().await.expect("a page");
    for script in page.split("<script").skip(1) {
        let tag = script.split_once('>').expect("a tag").0;
        assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "<script{tag}>");
    }
}

#[tokio::test]
async fn over_https_browsers_stay_there() {
    let set = |settings: &mut Settings| settings.public_url = "https://chat.example.org".parse().ok();
    let server = Server::with(set, ConnectionLimits::default()).await;
    for path in ["/sign-in", &*server.app.build.script, &format!("{FUNCTIONS}send")] {
        let answer = client().get(format!("http://{}{path}", server.address)).send().await.expect("an answer");
        assert!(header(&answer, "strict-transport-security").starts_with("max-age=31536000"), "{path}");
    }
}
