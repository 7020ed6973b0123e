use std::future::Future;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    routing::{any, get},
};
use http::Method;
use tokio::net::TcpListener;

use crate::{
    account, api, console,
    http::{PageError, Pages, answer, brand_errors},
    link, mail, oauth,
    platform::Platform,
    portal,
    serving::{LINGER, serve_router},
    sign_in, themes,
};

/// The largest body of a form or an API call, in bytes.
const BODY_LIMIT: usize = 256 * 1024;

/// Everything that the app answers.
pub fn router(platform: Platform) -> Router {
    let pages = pages()
        .router()
        .merge(themes::routes())
        .route("/assets/{file}", get(themes::asset))
        .fallback(async || PageError::not_found())
        .method_not_allowed_fallback(async || PageError::method())
        .layer(from_fn_with_state(platform.clone(), brand_errors));
    Router::new()
        .nest("/api/v1", api::routes(&platform))
        .route("/api/v1/", any(api::no_such_call))
        .merge(mail::hooks())
        .merge(pages)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(platform.clone(), answer))
        .with_state(platform)
}

fn pages() -> Pages {
    Pages::new()
        .merge(link::routes())
        .merge(account::routes())
        .merge(oauth::routes())
        .merge(sign_in::routes())
        .merge(portal::routes())
        .merge(console::routes())
        .merge(mail::routes())
}

/// Method and path of every page, as the router has them: `/dashboard/requests/{request}`.
pub fn page_routes() -> Vec<(Method, &'static str)> {
    pages().listed()
}

/// Serves until `stop` resolves, then lets requests end that run or are on their way.
pub async fn serve(
    listener: TcpListener,
    platform: Platform,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let router = router(platform.clone());
    let draining = async move {
        stop.await;
        platform.drain();
    };
    serve_router(listener, router, draining, LINGER).await;
}
