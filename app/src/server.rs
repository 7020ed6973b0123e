use std::{future::Future, io, net::SocketAddr};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    routing::{any, get},
};
use tokio::net::TcpListener;

use crate::{
    account, api, console,
    http::{PageError, answer, brand_errors},
    link, mail, oauth,
    platform::Platform,
    portal, sign_in, themes,
};

/// The largest body of a form or an API call, in bytes.
const BODY_LIMIT: usize = 256 * 1024;

/// Everything that the app answers.
pub fn router(platform: Platform) -> Router {
    let pages = Router::new()
        .merge(link::routes())
        .merge(oauth::routes())
        .merge(sign_in::routes())
        .merge(account::routes())
        .merge(portal::routes().router())
        .merge(console::routes().router())
        .merge(mail::routes())
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

/// Serves until `stop` resolves, then lets running requests end.
pub async fn serve(
    listener: TcpListener,
    platform: Platform,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let service = router(platform.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let draining = async move {
        stop.await;
        platform.drain();
    };
    axum::serve(listener, service)
        .with_graceful_shutdown(draining)
        .await
}
