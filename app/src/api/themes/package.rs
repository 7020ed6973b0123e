use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use latchkey_tenants::ThemeId;

use super::super::{
    auth::{Caller, ThemesRead},
    path::Named,
    problem::Problem,
    schema,
};

/// Download a version's package
///
/// The zip in its canonical form: uploaded again, it is the same version.
#[utoipa::path(
    get,
    path = "/themes/{id}/package",
    tag = "Themes",
    params(("id" = schema::ThemeId, Path)),
    responses((status = 200, description = "The package.", body = Vec<u8>, content_type = "application/zip")),
    security(("api_key" = ["themes:read"])),
)]
pub(super) async fn show_theme_package(
    caller: Caller<ThemesRead>,
    Named(id): Named<ThemeId>,
) -> Result<Response, Problem> {
    let mut tx = caller.read().await?;
    let found = tx.theme(&id).await?;
    let version = found.ok_or_else(|| Problem::not_found("theme"))?;
    let package = tx.theme_package(&version.hash).await?;
    let mut response = package
        .ok_or_else(|| Problem::not_found("theme"))?
        .into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/zip");
    headers.insert(header::CONTENT_TYPE, kind);
    let name = format!("attachment; filename=\"{id}.zip\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
