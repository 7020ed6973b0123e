//! `/api/v1`: what an agency's programs call. One table makes the routes and their description.
//!
//! Before every call stand, in this order: the API key (`auth`), the repetition of a POST (`idempotency`), the key's
//! scope (`Caller`), the path, query and body. A handler parses, calls the store and shows what came of it.

mod apps;
mod auth;
mod body;
mod connections;
mod document;
mod domains;
mod events;
mod export;
mod idempotency;
mod list;
mod mail_relay;
mod path;
mod people;
mod problem;
mod refusal;
mod requests;
mod schema;
mod scope;
mod sender_domains;
mod suppressions;
mod themes;
mod workflows;
mod workspaces;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::get,
};
use http::header;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::platform::Platform;
use problem::Problem;

pub(crate) use export::workspace_export;

pub(crate) fn routes(platform: &Platform) -> Router<Platform> {
    let once = from_fn_with_state(platform.clone(), idempotency::once);
    let authenticate = from_fn_with_state(platform.clone(), auth::authenticate);
    let uploads = Router::from(themes::upload_routes())
        .layer(once.clone())
        .layer(DefaultBodyLimit::max(themes::UPLOAD_LIMIT));
    let calls = Router::from(kept())
        .layer(once)
        .merge(uploads)
        .merge(Router::from(never_kept()))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .route_layer(authenticate);
    let description = openapi().to_json().unwrap_or_default();
    calls
        .route(
            "/openapi.json",
            get(async move || json(description.clone())),
        )
        .fallback(no_such_call)
}

/// What an address under `/api/v1` answers that is no call.
pub(crate) async fn no_such_call() -> impl IntoResponse {
    Problem::no_such_call()
}

/// The description of the API, made from its code.
pub fn openapi() -> OpenApi {
    let mut calls = kept().merge(themes::upload_routes()).split_for_parts().1;
    document::complete(&mut calls, true);
    let mut tokens = never_kept().split_for_parts().1;
    document::complete(&mut tokens, false);
    document::frame().merge_from(calls).merge_from(tokens)
}

/// Calls whose answers are kept for repetition.
fn kept() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .merge(apps::routes())
        .merge(workspaces::routes())
        .merge(workflows::routes())
        .merge(requests::routes())
        .merge(connections::routes())
        .merge(domains::routes())
        .merge(people::routes())
        .merge(sender_domains::routes())
        .merge(mail_relay::routes())
        .merge(suppressions::routes())
        .merge(themes::routes())
        .merge(events::routes())
}

/// Calls whose answers hold a token: no token rests outside the vault.
fn never_kept() -> OpenApiRouter<Platform> {
    connections::token_routes()
}

fn json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
