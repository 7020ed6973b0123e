use axum::Json;
use latchkey_tenants::{ThemeId, ThemeMove, ThemeMoveWhy, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::{
    auth::{Caller, ThemesRead},
    list::{Cursor, Limit, Listing, Params},
    problem::Problem,
    schema,
};

/// One step of the published version.
#[derive(Serialize, ToSchema)]
#[schema(as = Publication)]
pub(super) struct PublicationView {
    #[schema(value_type = schema::Timestamp)]
    at: Timestamp,
    /// Who: `api_key:key_...`, or `system`.
    by: String,
    /// Null: the theme that everybody starts with.
    #[schema(value_type = Option<schema::ThemeId>, required)]
    from: Option<ThemeId>,
    #[schema(value_type = Option<schema::ThemeId>, required)]
    to: Option<ThemeId>,
    #[schema(value_type = schema::PublicationWhy)]
    why: ThemeMoveWhy,
    /// Of an automatic step: what went wrong.
    #[schema(required)]
    reason: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PublicationsQuery {
    #[serde(default)]
    #[param(value_type = schema::Limit, required = false)]
    limit: Limit,
    #[param(value_type = schema::Cursor, required = false)]
    cursor: Option<Cursor<i64>>,
}

/// List how the published version moved
///
/// Newest first. Versions that are not kept any more go on being named.
#[utoipa::path(
    get,
    path = "/themes/publications",
    tag = "Themes",
    params(PublicationsQuery),
    responses((status = 200, description = "A page of steps.", body = Listing<PublicationView>)),
    security(("api_key" = ["themes:read"])),
)]
pub(super) async fn list_publications(
    caller: Caller<ThemesRead>,
    Params(query): Params<PublicationsQuery>,
) -> Result<Json<Listing<PublicationView>>, Problem> {
    let before = query.cursor.map(|Cursor(seq)| seq);
    let mut tx = caller.read().await?;
    let rows = tx.theme_moves(before, query.limit.and_one()).await?;
    let seq = |step: &ThemeMove| step.seq;
    Ok(Json(Listing::of(
        rows,
        query.limit,
        seq,
        PublicationView::from,
    )))
}

impl From<ThemeMove> for PublicationView {
    fn from(step: ThemeMove) -> Self {
        Self {
            at: step.at,
            by: step.actor,
            from: step.from,
            to: step.to,
            why: step.why,
            reason: step.reason,
        }
    }
}
