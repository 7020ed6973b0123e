//! The agency's hosts: claimed here, proven and served by the edge, which reports back in the same row.

mod check;
mod create;
mod list;
mod log;
mod primary;
mod release;
mod show;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::platform::Platform;

pub(super) use view::DomainView;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list::list_domains, create::create_domain))
        .routes(routes!(show::show_domain, release::delete_domain))
        .routes(routes!(check::check_domain))
        .routes(routes!(primary::make_primary))
        .routes(routes!(log::show_domain_log))
}
