//! The agency's theme: versions as they are uploaded, which of them is published, and previews.

mod delete;
mod list;
mod package;
mod preview;
mod publications;
mod publish;
mod show;
mod upload;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::platform::Platform;

pub(super) use view::ReportView;

/// Bytes of an upload: the largest zip, and a brand kit whose logo is written in base64.
pub(super) const UPLOAD_LIMIT: usize = 6 * 1024 * 1024;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list::list_themes))
        .routes(routes!(show::show_theme, delete::delete_theme))
        .routes(routes!(package::show_theme_package))
        .routes(routes!(publish::publish_theme))
        .routes(routes!(publish::publish_base_theme))
        .routes(routes!(preview::preview_theme))
        .routes(routes!(publications::list_publications))
}

/// Its body may be larger than that of other calls.
pub(super) fn upload_routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new().routes(routes!(upload::upload_theme))
}
