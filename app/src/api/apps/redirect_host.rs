use axum::Json;
use latchkey_tenants::values::{Host, Slug};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        auth::{AppsWrite, Caller},
        body::Body,
        path::Named,
        problem::Problem,
        schema,
    },
    view::OauthClientView,
};
use crate::oauth::redirect_move;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"host": "connect.northwind.example"})))]
pub(super) struct MoveRedirect {
    /// Your primary host if nothing is said. Name the old one to go back.
    #[schema(value_type = Option<schema::Host>)]
    host: Option<Host>,
}

/// Switch the redirect URI
///
/// Says that the redirect URI on this host is registered at the provider; every flow from now on uses it. Register first: the
/// provider refuses a redirect URI that it does not know. Flows that are under way end on the old one.
#[utoipa::path(
    post,
    path = "/apps/{app}/oauth-client/redirect-host",
    tag = "Apps",
    params(("app" = schema::Slug, Path)),
    request_body = MoveRedirect,
    responses(
        (status = 200, description = "The OAuth client with its new redirect URI.", body = OauthClientView),
        (status = 409, description = "`domain_not_live`: the host cannot answer yet, or not any more."),
    ),
    security(("api_key" = ["apps:write"])),
)]
pub(super) async fn move_redirect(
    caller: Caller<AppsWrite>,
    Named(slug): Named<Slug>,
    Body(wish): Body<MoveRedirect>,
) -> Result<Json<OauthClientView>, Problem> {
    let urls = &caller.platform.urls;
    let mut tx = caller.begin().await?;
    let client = redirect_move(&mut tx, urls, slug.as_str(), wish.host, &caller.actor).await?;
    let agency = tx.agency_itself().await?;
    caller.commit(tx).await?;
    Ok(Json(OauthClientView::of(client, &agency, urls)))
}
