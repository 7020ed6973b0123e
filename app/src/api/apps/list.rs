use std::collections::BTreeSet;

use axum::Json;
use latchkey_tenants::{
    catalogue::{App, Catalogue},
    values::Slug,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    super::{
        auth::{AppsRead, Caller},
        list::{Cursor, Limit, Listing, Params},
        problem::Problem,
        schema,
    },
    view::AppView,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AppsQuery {
    #[serde(default)]
    #[param(value_type = schema::Limit, required = false)]
    limit: Limit,
    #[param(value_type = schema::Cursor, required = false)]
    cursor: Option<Cursor<Slug>>,
}

/// List the apps
///
/// Those of the catalogue and the agency's own, by slug.
#[utoipa::path(
    get,
    path = "/apps",
    tag = "Apps",
    params(AppsQuery),
    responses((status = 200, description = "A page of apps.", body = Listing<AppView>)),
    security(("api_key" = ["apps:read"])),
)]
pub(super) async fn list_apps(
    caller: Caller<AppsRead>,
    Params(query): Params<AppsQuery>,
) -> Result<Json<Listing<AppView>>, Problem> {
    let mut tx = caller.read().await?;
    let own = tx.own_apps().await?;
    let clients = tx.oauth_client_contexts().await?;
    let clients: BTreeSet<&str> = clients.iter().map(|client| client.app.as_str()).collect();
    let mut apps: Vec<&App> = Catalogue::builtin().apps().chain(&own).collect();
    apps.sort_by(|one, two| one.slug.cmp(&two.slug));
    if let Some(Cursor(last)) = query.cursor {
        apps.retain(|app| app.slug.as_str() > last.as_str());
    }
    apps.truncate(query.limit.rows() + 1);
    let view = |app: &App| AppView::of(app, clients.contains(app.slug.as_str()));
    Ok(Json(Listing::of(
        apps,
        query.limit,
        |app| app.slug.clone(),
        view,
    )))
}
