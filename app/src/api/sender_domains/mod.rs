//! The domains that the agency's mails come from.

mod create;
mod list;
mod moves;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(
            list::list_sender_domains,
            create::create_sender_domain
        ))
        .routes(routes!(
            list::show_sender_domain,
            moves::delete_sender_domain
        ))
        .routes(routes!(moves::check_sender_domain))
}
