use leptos::prelude::*;
use leptos_axum::{LeptosRoutes, generate_route_list};
use rivulet::app::{App, shell};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = LeptosOptions::builder()
        .output_name("rivulet")
        .site_root(std::env::var("LEPTOS_SITE_ROOT").unwrap_or("target/site".into()))
        .site_addr(([127, 0, 0, 1], 3000))
        .build();
    let routes = generate_route_list(App);
    let app = axum::Router::new()
        .leptos_routes(&options, routes, {
            let options = options.clone();
            move || shell(options.clone())
        })
        .fallback(leptos_axum::file_and_error_handler(shell))
        .with_state(options.clone());
    let listener = tokio::net::TcpListener::bind(options.site_addr).await?;
    axum::serve(listener, app).await?;
    Ok(())
}
