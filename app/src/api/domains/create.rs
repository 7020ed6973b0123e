use axum::{Json, http::StatusCode};
use latchkey_tenants::{store::Claim, values::Host};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        auth::{Caller, DomainsWrite},
        body::Body,
        problem::Problem,
        schema,
    },
    DomainView,
};
use crate::domains::belongs_to_many;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"host": "connect.northwind.example"})))]
pub(super) struct ClaimDomain {
    /// As people write it; what comes back is as the DNS has it.
    #[schema(value_type = schema::Host)]
    host: Host,
}

/// Claim a host
///
/// A claim is not yet yours: make the records of the answer, and the rest follows by itself within seconds. Claiming a host
/// again answers the claim that there is.
#[utoipa::path(
    post,
    path = "/domains",
    tag = "Domains",
    request_body = ClaimDomain,
    responses(
        (status = 201, description = "The new claim.", body = DomainView),
        (status = 200, description = "The claim that you made before.", body = DomainView),
        (status = 409, description = "`domain_taken`: another agency has this host. `claim` holds your claim all the same: its TXT record proves that the host is yours now. `too_many_domains`."),
    ),
    security(("api_key" = ["domains:write"])),
)]
pub(super) async fn create_domain(
    caller: Caller<DomainsWrite>,
    Body(wish): Body<ClaimDomain>,
) -> Result<(StatusCode, Json<DomainView>), Problem> {
    let urls = &caller.platform.urls;
    if let Some(detail) = belongs_to_many(&wish.host, urls) {
        return Err(Problem::refused_at("/host", detail));
    }
    let mut tx = caller.begin().await?;
    let claim = tx.domain_claim(&wish.host, &caller.actor).await?;
    let agency = tx.agency_itself().await?;
    caller.commit(tx).await?;
    let view = |domain| DomainView::of(domain, &agency, urls);
    match claim {
        Claim::New(domain) => Ok((StatusCode::CREATED, Json(view(domain)))),
        Claim::Known(domain) => Ok((StatusCode::OK, Json(view(domain)))),
        Claim::Contested(domain) => {
            let message = format!(
                "another agency has {}: if it is yours now, prove it with the TXT record of `claim`, or let them remove it",
                domain.host
            );
            Err(Problem::conflict("domain_taken", &message).about(view(domain)))
        }
    }
}
