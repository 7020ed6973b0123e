use axum::Json;
use latchkey_tenants::{
    DomainState, Tx,
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
    let agency = tx.agency_itself().await?;
    let first = urls.first_host(&agency);
    let host = wish.host.or_else(|| agency.primary_host.clone());
    let host = host.filter(|host| host.as_str() != first);
    let client = tx
        .oauth_client_move(slug.as_str(), host.as_ref(), &caller.actor)
        .await?;
    if let Some(host) = host {
        // Looked at after the move, which took the agency's turn; who leaves now without a commit has moved nothing.
        leads_here(&mut tx, &host, &first).await?;
    }
    caller.commit(tx).await?;
    Ok(Json(OauthClientView::of(client, &agency, urls)))
}

async fn leads_here(tx: &mut Tx, host: &Host, first: &str) -> Result<(), Problem> {
    match tx.host_state(host).await? {
        Some(DomainState::Live) => Ok(()),
        Some(state) => {
            let message = format!(
                "{host} is {state}, not live, so no provider could lead anybody back to it: mend the domain first"
            );
            Err(Problem::conflict("domain_not_live", &message))
        }
        None => {
            let detail = format!("is no host of yours; {first} always is");
            Err(Problem::refused_at("/host", detail))
        }
    }
}
