use axum::Json;
use latchkey_tenants::ThemeId;

use super::{
    super::{
        auth::{Caller, ThemesRead},
        path::Named,
        problem::Problem,
        schema,
    },
    view::ThemeDetails,
};

/// Show a version, with what the check found in it
#[utoipa::path(
    get,
    path = "/themes/{id}",
    tag = "Themes",
    params(("id" = schema::ThemeId, Path)),
    responses((status = 200, description = "The version.", body = ThemeDetails)),
    security(("api_key" = ["themes:read"])),
)]
pub(super) async fn show_theme(
    caller: Caller<ThemesRead>,
    Named(id): Named<ThemeId>,
) -> Result<Json<ThemeDetails>, Problem> {
    let mut tx = caller.read().await?;
    let found = tx.theme(&id).await?;
    let version = found.ok_or_else(|| Problem::not_found("theme"))?;
    Ok(Json(version.into()))
}
