//! The files that browsers load: each at an address of its build, so that it may be kept for ever.

use kit::{BUILD, Folder, Person, Server, page::client};
use reqwest::{Response, header};
use rivulet::state::build::Build;

const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// What is answered there: its status, how long it may be kept, and its text.
async fn answered(server: &Server, path: &str) -> (u16, String, String) {
    let answer = asked(server, path, "identity").await;
    let (status, kept) = (answer.status().as_u16(), header_of(&answer, header::CACHE_CONTROL));
    (status, kept, answer.text().await.expect("a whole answer"))
}

async fn asked(server: &Server, path: &str, encoding: &str) -> Response {
    let request = client().get(format!("http://{}{path}", server.address));
    request.header(header::ACCEPT_ENCODING, encoding).send().await.expect("an answer")
}

fn header_of(answer: &Response, name: header::HeaderName) -> String {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn file(build: &str, name: &str) -> String {
    format!("/pkg/{build}/rivulet.{name}")
}

/// Rule: every page names the files of the newest build, and they may be kept for ever.
#[tokio::test]
async fn pages_name_the_files_of_the_newest_build() {
    let server = Server::start().await;
    let ada = server.sign_up("Ada").await;
    for name in ["js", "wasm", "css"] {
        let text = format!("{name} {BUILD}");
        assert_eq!(answered(&server, &file(BUILD, name)).await, (200, FOR_EVER.into(), text), "{name}");
    }
    let stranger = Person { cookie: String::new(), ..ada.clone() };
    for (person, path) in [(&ada, "/"), (&ada, "/nothing"), (&stranger, "/sign-in")] {
        let page = person.gets(path).await.text;
        for name in ["js", "wasm", "css"] {
            assert!(page.contains(&file(BUILD, name)), "{path} has no {name}: {page}");
        }
    }
    let form = [("conversation", "x"), ("id", "x"), ("text", "Hello"), ("model", "x")];
    let without_scripts = [ada.gets("/settings/security").await, stranger.posts("/", &form).await];
    for page in without_scripts {
        assert!(page.text.contains(&file(BUILD, "css")), "{}", page.text);
    }
}

/// Rule: a build that is put beside those that are served takes nothing from open pages, and is served with the next start.
#[tokio::test]
async fn an_update_leaves_the_files_of_older_pages() {
    let server = Server::start().await;
    server.folder.has_build("newer");
    let newest = Build::newest(&server.folder.site()).expect("a build");
    assert_eq!((newest.script, newest.style), (file("newer", "js"), file("newer", "css")));
    // A server that runs has pages of its own build, and the files of both: the next one's page may be loaded from here.
    for build in [BUILD, "newer"] {
        assert_eq!(answered(&server, &file(build, "js")).await, (200, FOR_EVER.into(), format!("js {build}")));
    }
    assert!(answered(&server, "/sign-in").await.2.contains(&file(BUILD, "js")));
}

/// Rule: at an address of another build there is nothing, which nobody keeps, and never the newest file.
#[tokio::test]
async fn there_is_nothing_at_the_address_of_an_unknown_build() {
    let server = Server::start().await;
    for path in [&file("fedcba9876543210", "js"), "/pkg/rivulet.js", "/pkg/rivulet.js?v=1", &format!("/pkg/{BUILD}/")] {
        let (status, kept, _) = answered(&server, path).await;
        assert_eq!((status, kept.as_str()), (404, "no-store"), "{path}");
    }
    // Its content changes.
    assert_eq!(answered(&server, "/pkg/builds.txt").await.1, "no-cache");
}

/// Rule: files are sent as they were compressed when they were built, and may be kept as long.
#[tokio::test]
async fn files_are_sent_as_they_were_compressed() {
    let server = Server::start().await;
    let path = file(BUILD, "js");
    for (ending, encoding) in [("br", "br"), ("gz", "gzip")] {
        let packed = server.folder.site().join(format!("{}.{ending}", &path[1..]));
        std::fs::write(packed, "compressed").expect("a file of the site");
        let answer = asked(&server, &path, encoding).await;
        assert_eq!(header_of(&answer, header::CONTENT_ENCODING), encoding);
        assert_eq!(header_of(&answer, header::CONTENT_TYPE), "text/javascript");
        assert_eq!(header_of(&answer, header::CACHE_CONTROL), FOR_EVER);
        assert_eq!(answer.text().await.expect("a whole answer"), "compressed");
    }
}

/// Rule: a site that is not whole is refused at the start, by what is missing.
#[test]
fn a_site_that_is_not_whole_is_refused() {
    for missing in ["pkg/builds.txt".to_owned(), file(BUILD, "wasm")[1..].to_owned()] {
        let folder = Folder::new();
        std::fs::remove_file(folder.site().join(&missing)).expect("a file of the site");
        let refused = Build::newest(&folder.site()).expect_err("it is not whole").to_string();
        assert!(refused.contains(&missing) && refused.contains("cargo xtask build"), "{refused}");
    }
}
