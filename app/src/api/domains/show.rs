use axum::Json;
use latchkey_tenants::DomainId;

use super::{
    super::{
        auth::{Caller, DomainsRead},
        path::Named,
        problem::Problem,
        schema,
    },
    DomainView,
};
use crate::domains::watch;

/// Show a domain
///
/// Until it is live, looking at it lets it be checked every few seconds for the next minute.
#[utoipa::path(
    get,
    path = "/domains/{id}",
    tag = "Domains",
    params(("id" = schema::DomainId, Path)),
    responses((status = 200, description = "The domain.", body = DomainView)),
    security(("api_key" = ["domains:read"])),
)]
pub(super) async fn show_domain(
    caller: Caller<DomainsRead>,
    Named(id): Named<DomainId>,
) -> Result<Json<DomainView>, Problem> {
    let found = watch(&caller.platform, caller.agency(), &id).await?;
    let domain = found.ok_or_else(|| Problem::not_found("domain"))?;
    let agency = caller.read().await?.agency_itself().await?;
    let view = DomainView::of(domain, &agency, &caller.platform.urls);
    Ok(Json(view))
}
