//! Providers: the catalogue, the agency's own, and its OAuth client at each.

mod create;
mod findings;
mod list;
mod oauth_client;
mod redirect_host;
mod show;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list::list_apps, create::create_app))
        .routes(routes!(show::show_app))
        .routes(routes!(
            oauth_client::show_oauth_client,
            oauth_client::put_oauth_client
        ))
        .routes(routes!(redirect_host::move_redirect))
}
