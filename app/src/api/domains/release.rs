use axum::Json;
use latchkey_tenants::DomainId;

use super::{
    super::{
        auth::{Caller, DomainsWrite},
        path::Named,
        problem::Problem,
        schema,
    },
    DomainView,
};
use crate::domains::release;

/// Remove a domain
///
/// Its pages are gone at once, and links that were sent on it with them. You can claim the host again at any time; another
/// agency has to wait or to prove that it is theirs.
#[utoipa::path(
    delete,
    path = "/domains/{id}",
    tag = "Domains",
    params(("id" = schema::DomainId, Path)),
    responses(
        (status = 200, description = "The domain, released.", body = DomainView),
        (status = 409, description = "`domain_is_primary`: make another one primary first. `domain_is_platform`: the host that you have from the start stays. `domain_in_use`: redirect URIs of OAuth clients are on it; switch them first."),
    ),
    security(("api_key" = ["domains:write"])),
)]
pub(super) async fn delete_domain(
    caller: Caller<DomainsWrite>,
    Named(id): Named<DomainId>,
) -> Result<Json<DomainView>, Problem> {
    let mut tx = caller.begin().await?;
    let domain = release(&mut tx, &id, &caller.actor).await?;
    let agency = tx.agency_itself().await?;
    caller.commit(tx).await?;
    let view = DomainView::of(domain, &agency, &caller.platform.urls);
    Ok(Json(view))
}
