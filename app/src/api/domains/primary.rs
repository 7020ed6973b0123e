use axum::Json;
use latchkey_tenants::DomainId;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        auth::{Caller, DomainsWrite},
        body::{Empty, NoBody},
        path::Named,
        problem::Problem,
        schema,
    },
    DomainView,
};
use crate::oauth::RedirectUris;

/// A domain that became primary, and what is left to do at the providers.
#[derive(Serialize, ToSchema)]
pub(super) struct PrimaryDomain {
    #[serde(flatten)]
    domain: DomainView,
    /// Of every app with an OAuth client. Until they are switched, flows go over the host where they are registered.
    redirect_uris: Vec<AppRedirectUris>,
}

#[derive(Serialize, ToSchema)]
struct AppRedirectUris {
    #[schema(value_type = schema::Slug)]
    app: String,
    /// The one that is registered at the provider and that flows use.
    #[schema(format = "uri")]
    redirect_uri: String,
    /// The one on this domain: register it too, then switch. Null: it is the same.
    #[schema(format = "uri", required)]
    next_redirect_uri: Option<String>,
}

/// Make a domain primary
///
/// New links, mails and pages live on it from now on. Links that are out and pages that are open go on where they are, and so
/// do redirect URIs, until you switch each app.
#[utoipa::path(
    post,
    path = "/domains/{id}/primary",
    tag = "Domains",
    params(("id" = schema::DomainId, Path)),
    request_body = Empty,
    responses(
        (status = 200, description = "The domain, and the redirect URIs to register.", body = PrimaryDomain),
        (status = 409, description = "`domain_not_live`: it cannot be reached yet, or not any more."),
    ),
    security(("api_key" = ["domains:write"])),
)]
pub(super) async fn make_primary(
    caller: Caller<DomainsWrite>,
    Named(id): Named<DomainId>,
    _: NoBody,
) -> Result<Json<PrimaryDomain>, Problem> {
    let urls = &caller.platform.urls;
    let mut tx = caller.begin().await?;
    tx.domain_make_primary(Some(&id), &caller.actor).await?;
    let found = tx.domain(&id).await?;
    let domain = found.ok_or_else(|| Problem::not_found("domain"))?;
    let agency = tx.agency_itself().await?;
    let clients = tx.oauth_client_contexts().await?;
    caller.commit(tx).await?;
    let uris = clients.into_iter().map(|client| {
        let host = client.redirect_host.as_ref();
        let uris = RedirectUris::of(&client.ctx, host, &agency, urls);
        AppRedirectUris {
            app: client.app,
            redirect_uri: uris.now,
            next_redirect_uri: uris.next,
        }
    });
    Ok(Json(PrimaryDomain {
        redirect_uris: uris.collect(),
        domain: DomainView::of(domain, &agency, urls),
    }))
}
