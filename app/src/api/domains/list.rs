use axum::Json;
use latchkey_tenants::{Domain, DomainId};
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
use crate::domains::add_first_host;

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
    add_first_host(&caller.platform, caller.agency()).await?;
    let page = page_of(query.limit, query.cursor);
    let mut tx = caller.read().await?;
    let agency = tx.agency_itself().await?;
    let rows = tx.domains("", &page).await?;
    let id = |domain: &Domain| domain.id.clone();
    let view = |domain| DomainView::of(domain, &agency, &caller.platform.urls);
    Ok(Json(Listing::of(rows, query.limit, id, view)))
}
