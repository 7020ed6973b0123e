use axum::Json;
use latchkey_tenants::{DomainId, DomainState};

use super::{
    super::{
        auth::{Caller, DomainsRead},
        path::Named,
        problem::Problem,
        schema,
    },
    DomainView,
};

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
    let mut tx = caller.read().await?;
    let agency = tx.agency_itself().await?;
    let found = tx.domain(&id).await?;
    let mut domain = found.ok_or_else(|| Problem::not_found("domain"))?;
    drop(tx);
    if !matches!(domain.state, DomainState::Live | DomainState::Released) {
        let mut tx = caller.begin().await?;
        tx.domain_watch(&id).await?;
        domain = tx.domain(&id).await?.unwrap_or(domain);
        tx.commit().await?;
    }
    let view = DomainView::of(domain, &agency, &caller.platform.urls);
    Ok(Json(view))
}
