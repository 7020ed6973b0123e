use axum::{Json, http::StatusCode};
use latchkey_tenants::{DomainId, DomainState};

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

/// Check a domain now
///
/// Instead of at its `next_check_at`; two seconds after the last check at the earliest. What it found shows on the domain.
#[utoipa::path(
    post,
    path = "/domains/{id}/check",
    tag = "Domains",
    params(("id" = schema::DomainId, Path)),
    request_body = Empty,
    responses(
        (status = 202, description = "The domain as it was before the check.", body = DomainView),
        (status = 409, description = "`domain_released`: it was removed."),
    ),
    security(("api_key" = ["domains:write"])),
)]
pub(super) async fn check_domain(
    caller: Caller<DomainsWrite>,
    Named(id): Named<DomainId>,
    _: NoBody,
) -> Result<(StatusCode, Json<DomainView>), Problem> {
    let mut tx = caller.begin().await?;
    let domain = tx.domain_check_now(&id).await?;
    if domain.state == DomainState::Released {
        let message = "this domain was removed: claim the host again";
        return Err(Problem::conflict("domain_released", message));
    }
    let agency = tx.agency_itself().await?;
    caller.commit(tx).await?;
    let view = DomainView::of(domain, &agency, &caller.platform.urls);
    Ok((StatusCode::ACCEPTED, Json(view)))
}
