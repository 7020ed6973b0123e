use axum::Json;
use latchkey_tenants::values::Slug;

use super::{
    super::{
        auth::{AppsRead, Caller},
        path::Named,
        problem::Problem,
        schema,
    },
    view::{AppDetails, OauthClientView},
};

/// Show an app
///
/// With its scopes in plain words and, once the agency has an OAuth client, the redirect URI to register.
#[utoipa::path(
    get,
    path = "/apps/{app}",
    tag = "Apps",
    params(("app" = schema::Slug, Path)),
    responses((status = 200, description = "The app.", body = AppDetails)),
    security(("api_key" = ["apps:read"])),
)]
pub(super) async fn show_app(
    caller: Caller<AppsRead>,
    Named(slug): Named<Slug>,
) -> Result<Json<AppDetails>, Problem> {
    let mut tx = caller.read().await?;
    let app = tx.app(slug.as_str()).await?;
    let app = app.ok_or_else(|| Problem::not_found("app"))?;
    let client = tx.oauth_client(slug.as_str()).await?;
    let agency = tx.agency_itself().await?;
    let client = client.map(|client| OauthClientView::of(client, &agency, &caller.platform.urls));
    Ok(Json(AppDetails::of(app.into_owned(), client)))
}
