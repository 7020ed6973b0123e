use axum::Json;
use latchkey_tenants::{ThemeId, ThemeVersion};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    super::{
        auth::{Caller, ThemesRead},
        list::{Cursor, Limit, Listing, Params, page_of},
        problem::Problem,
        schema,
    },
    view::ThemeView,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ThemesQuery {
    #[serde(default)]
    #[param(value_type = schema::Limit, required = false)]
    limit: Limit,
    #[param(value_type = schema::Cursor, required = false)]
    cursor: Option<Cursor<ThemeId>>,
}

/// List the versions of your theme
///
/// Newest first. Kept are 20 drafts, and the 50 that were published last.
#[utoipa::path(
    get,
    path = "/themes",
    tag = "Themes",
    params(ThemesQuery),
    responses((status = 200, description = "A page of versions.", body = Listing<ThemeView>)),
    security(("api_key" = ["themes:read"])),
)]
pub(super) async fn list_themes(
    caller: Caller<ThemesRead>,
    Params(query): Params<ThemesQuery>,
) -> Result<Json<Listing<ThemeView>>, Problem> {
    let page = page_of(query.limit, query.cursor);
    let mut tx = caller.read().await?;
    let rows = tx.themes(&page).await?;
    let id = |version: &ThemeVersion| version.id.clone();
    Ok(Json(Listing::of(rows, query.limit, id, ThemeView::from)))
}
