use axum::Json;
use latchkey_tenants::{
    Agency, DomainState, Tx,
    values::{Host, Slug},
};
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
use crate::urls::Urls;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"host": "northwind.connect.example.com"})))]
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
    let agency = tx.agency_itself().await?;
    if tx.oauth_client(slug.as_str()).await?.is_none() {
        return Err(Problem::not_found("OAuth client"));
    }
    let host = wish.host.or_else(|| agency.primary_host.clone());
    let host = other_host(&mut tx, urls, &agency, host).await?;
    let client = tx
        .oauth_client_move(slug.as_str(), host.as_ref(), &caller.actor)
        .await?;
    caller.commit(tx).await?;
    Ok(Json(OauthClientView::of(client, &agency, urls)))
}

/// The host as the store keeps it: None is the agency's first one, which is always there.
async fn other_host(
    tx: &mut Tx,
    urls: &Urls,
    agency: &Agency,
    host: Option<Host>,
) -> Result<Option<Host>, Problem> {
    let first = urls.first_host(agency);
    let Some(host) = host.filter(|host| host.as_str() != first) else {
        return Ok(None);
    };
    match tx.host_state(&host).await? {
        Some(DomainState::Live) => Ok(Some(host)),
        Some(state) => {
            let message = format!(
                "{host} is {state}, not live, so a provider could not lead anybody back to it: mend the domain first"
            );
            Err(Problem::conflict("domain_not_live", &message))
        }
        None => {
            let detail = format!("is no host of yours; {first} always is");
            Err(Problem::refused_at("/host", detail))
        }
    }
}
