use axum::Json;
use latchkey_tenants::ThemeId;

use super::{
    super::{
        auth::{Caller, ThemesWrite},
        path::Named,
        problem::Problem,
        schema,
    },
    view::ThemeView,
};

/// Delete a draft
#[utoipa::path(
    delete,
    path = "/themes/{id}",
    tag = "Themes",
    params(("id" = schema::ThemeId, Path)),
    responses(
        (status = 200, description = "The draft as it was.", body = ThemeView),
        (status = 409, description = "`theme_not_draft`: a version that was published is kept."),
    ),
    security(("api_key" = ["themes:write"])),
)]
pub(super) async fn delete_theme(
    caller: Caller<ThemesWrite>,
    Named(id): Named<ThemeId>,
) -> Result<Json<ThemeView>, Problem> {
    let mut tx = caller.begin().await?;
    let version = tx.theme_delete(&id, &caller.actor).await?;
    caller.commit(tx).await?;
    Ok(Json(version.into()))
}
