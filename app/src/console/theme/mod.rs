//! The agency's theme: a brand kit in two minutes, whole packages, and which version its clients see.

mod colors;
mod compare;
mod differences;
mod edited;
mod home;
mod kit;
mod look;
mod package;
mod palette;
mod publish;
mod report;
mod settings;
mod version;

use axum::{extract::DefaultBodyLimit, handler::Handler};
use latchkey_tenants::ThemeId;

use crate::http::Pages;

/// Bytes of a form with the largest package, or with two pictures.
const UPLOAD_LIMIT: usize = 6 * 1024 * 1024;

pub(super) fn routes() -> Pages {
    let large = || DefaultBodyLimit::max(UPLOAD_LIMIT);
    Pages::new()
        .get("/dashboard/theme", home::show)
        .get("/dashboard/theme/palette", palette::show)
        .post("/dashboard/theme/kit", kit::make.layer(large()))
        .post("/dashboard/theme/package", package::upload.layer(large()))
        .get("/dashboard/theme/versions/{version}/colors", colors::ask)
        .post("/dashboard/theme/versions/{version}/colors", colors::save)
        .get(
            "/dashboard/theme/versions/{version}/settings",
            settings::ask,
        )
        .post(
            "/dashboard/theme/versions/{version}/settings",
            settings::save,
        )
        .get("/dashboard/theme/compare", compare::show)
        .post("/dashboard/theme/base/publish", publish::base)
        .get("/dashboard/theme/versions/{version}", version::show)
        .get(
            "/dashboard/theme/versions/{version}/package",
            package::download,
        )
        .post(
            "/dashboard/theme/versions/{version}/publish",
            publish::publish,
        )
        .post(
            "/dashboard/theme/versions/{version}/delete",
            version::delete,
        )
}

fn path_of(id: &ThemeId) -> String {
    format!("/dashboard/theme/versions/{id}")
}
