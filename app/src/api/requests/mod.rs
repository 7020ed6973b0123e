//! Asks to clients, from the queue to the end.

mod create;
mod held;
mod link;
mod list;
mod moves;
mod show;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::platform::Platform;

pub(super) use view::RequestView;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list::list_requests, create::create_request))
        .routes(routes!(show::show_request))
        .routes(routes!(moves::send_request))
        .routes(routes!(moves::resend_request))
        .routes(routes!(moves::cancel_request))
        .routes(routes!(moves::renew_request))
        .routes(routes!(held::accept_item))
        .routes(routes!(held::return_item))
        .routes(routes!(link::make_link))
}
