use axum::Json;
use latchkey_tenants::{Tx, values::Slug};

use super::{
    super::{
        auth::{AppsRead, Caller},
        path::Named,
        problem::Problem,
        schema,
    },
    view::{AppDetails, OauthClientView},
};
use crate::platform::Platform;

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
    let client = match tx.oauth_client(slug.as_str()).await? {
        Some(client) => {
            let redirect_uri = redirect_uri(&caller.platform, &mut tx, &client.ctx).await?;
            Some(OauthClientView::of(client, redirect_uri))
        }
        None => None,
    };
    Ok(Json(AppDetails::of(app.into_owned(), client)))
}

/// On the host on which the agency's links and pages live.
pub(super) async fn redirect_uri(
    platform: &Platform,
    tx: &mut Tx,
    ctx: &str,
) -> Result<String, Problem> {
    let agency = tx.agency_itself().await?;
    let host = platform.urls.agency_host(&agency);
    Ok(platform.urls.redirect_uri(&host, ctx))
}
