//! Who gives conversations their titles.

use kit::{Person, Server, soon};
use rivulet::{
    config::{Settings, titles::Titles},
    conversation::{ConversationPage, Sidebar},
    server::serve::ConnectionLimits,
};
use serde_json::json;

/// A server with two models, on which a reply has ended and all that follows from that is done.
async fn replied(titles: Titles) -> (Server, Person) {
    let change = |settings: &mut Settings| {
        settings.titles = titles;
        settings.providers[0].models.push("cheap".into());
    };
    let server = Server::with(change, ConnectionLimits::default()).await;
    let ada = server.sign_up("Ada").await;
    let others = server.app.replies.tasks.len();
    let chat = ada.asks("Hello there").await;
    let writer = server.provider.is_asked().await;
    writer.writes("Hi");
    writer.ends();
    let mut tab = ada.opens_a_tab().await;
    tab.follows(chat.reply).await;
    tab.sees_the_end(chat.reply).await;
    soon("its work is done", async {
        while server.app.replies.tasks.len() > others {
            tokio::task::yield_now().await;
        }
    })
    .await;
    (server, ada)
}

async fn title(ada: &Person) -> String {
    let input = json!({ "list": Sidebar::Mine, "after": null });
    let page: ConversationPage = ada.call("conversations", input).await.expect("the sidebar");
    page.rows[0].title.clone()
}

/// Rule: the title is by the model that replied, by the one that is set, or the first words stay.
#[tokio::test]
async fn titles_are_by_the_model_that_is_set() {
    for (titles, model) in [(Titles::ByReplying, "model"), (Titles::By("test/cheap".into()), "cheap")] {
        let (server, ada) = replied(titles).await;
        assert_eq!(title(&ada).await, kit::TITLE);
        assert_eq!(server.provider.titled_by(), [model]);
    }
    for titles in [Titles::Off, Titles::By("test/gone".into())] {
        let (server, ada) = replied(titles).await;
        assert_eq!(title(&ada).await, "Hello there");
        assert_eq!(server.provider.titled_by(), [""; 0]);
    }
}
