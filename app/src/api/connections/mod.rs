//! Living grants: who let what in, and how to use it.

mod access_token;
mod disconnect;
mod list;
mod show;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::platform::Platform;

pub(super) use view::ConnectionView;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list::list_connections))
        .routes(routes!(
            show::show_connection,
            disconnect::delete_connection
        ))
}

/// Apart, because an answer that holds a token is never kept.
pub(super) fn token_routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(access_token::fetch_access_token))
}
