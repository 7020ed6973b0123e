use std::{future::Future, io, net::SocketAddr};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use http::{HeaderValue, header};
use tokio::net::TcpListener;

use crate::{
    account, api,
    http::{PageError, answer, brand_errors},
    link, oauth,
    platform::Platform,
    sign_in,
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
        .route("/assets/{file}", get(asset))
        .fallback(async || PageError::not_found())
        .method_not_allowed_fallback(async || PageError::method())
        .layer(from_fn_with_state(platform.clone(), brand_errors));
    Router::new()
        .nest("/api/v1", api::routes(&platform))
        .route("/api/v1/", any(api::no_such_call))
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

/// The theme's files. Their names hold their hash, so they never change.
async fn asset(State(platform): State<Platform>, Path(file): Path<String>) -> Response {
    let path = format!("/assets/{file}");
    let Some(asset) = platform
        .theme
        .assets()
        .iter()
        .find(|asset| asset.path == path)
    else {
        return PageError::not_found().into_response();
    };
    let mut response = asset.bytes.clone().into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(asset.content_type),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    response
}
