use axum::Json;
use latchkey_tenants::{Domain, DomainId, edge_name};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    super::{
        auth::{Caller, DomainsRead},
        list::{Cursor, Limit, Listing, Params, page_of},
        problem::Problem,
        schema,
    },
    DomainView,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DomainsQuery {
    #[serde(default)]
    #[param(value_type = schema::Limit, required = false)]
    limit: Limit,
    #[param(value_type = schema::Cursor, required = false)]
    cursor: Option<Cursor<DomainId>>,
}

/// List the domains
///
/// Newest first, among them the host that you have from the start. Removed ones are left out.
#[utoipa::path(
    get,
    path = "/domains",
    tag = "Domains",
    params(DomainsQuery),
    responses((status = 200, description = "A page of domains.", body = Listing<DomainView>)),
    security(("api_key" = ["domains:read"])),
)]
pub(super) async fn list_domains(
    caller: Caller<DomainsRead>,
    Params(query): Params<DomainsQuery>,
) -> Result<Json<Listing<DomainView>>, Problem> {
    add_first_host(&caller).await?;
    let page = page_of(query.limit, query.cursor);
    let mut tx = caller.read().await?;
    let agency = tx.agency_itself().await?;
    let rows = tx.domains(&page).await?;
    let id = |domain: &Domain| domain.id.clone();
    let view = |domain| DomainView::of(domain, &agency, &caller.platform.urls);
    Ok(Json(Listing::of(rows, query.limit, id, view)))
}

/// A new agency's first host is written down by whoever comes first, an edge or its own program.
async fn add_first_host(caller: &Caller<DomainsRead>) -> Result<(), Problem> {
    let mut tx = caller.read().await?;
    let agency = tx.agency_itself().await?;
    let Some(host) = edge_name(&agency.slug, caller.platform.urls.platform_host()) else {
        return Ok(());
    };
    if tx.domain_by_host(&host).await?.is_some() {
        return Ok(());
    }
    drop(tx);
    let mut tx = caller.begin().await?;
    tx.domain_add_platform(&host).await?;
    caller.commit(tx).await
}
