use axum::{Json, http::StatusCode};
use latchkey_tenants::SenderDomainId;

use super::{
    super::{
        auth::{Caller, MailWrite},
        body::{Empty, NoBody},
        path::Named,
        problem::Problem,
        schema,
    },
    view::SenderDomainView,
};

/// Check a sender domain now
///
/// Instead of at its `next_check_at`; two seconds after the last check at the earliest. What it found shows on the domain.
#[utoipa::path(
    post,
    path = "/sender-domains/{id}/check",
    tag = "Mail",
    params(("id" = schema::SenderDomainId, Path)),
    request_body = Empty,
    responses((status = 202, description = "The domain as it was before the check.", body = SenderDomainView)),
    security(("api_key" = ["mail:write"])),
)]
pub(super) async fn check_sender_domain(
    caller: Caller<MailWrite>,
    Named(id): Named<SenderDomainId>,
    _: NoBody,
) -> Result<(StatusCode, Json<SenderDomainView>), Problem> {
    let mut tx = caller.begin().await?;
    let domain = tx.sender_domain_check_now(&id).await?;
    caller.commit(tx).await?;
    let view = SenderDomainView::of(domain, &caller.platform.delivery.names);
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// Remove a sender domain
///
/// Mails come from another verified one from now on, or from this installation's neutral sender.
#[utoipa::path(
    delete,
    path = "/sender-domains/{id}",
    tag = "Mail",
    params(("id" = schema::SenderDomainId, Path)),
    responses((status = 200, description = "The domain as it was.", body = SenderDomainView)),
    security(("api_key" = ["mail:write"])),
)]
pub(super) async fn delete_sender_domain(
    caller: Caller<MailWrite>,
    Named(id): Named<SenderDomainId>,
) -> Result<Json<SenderDomainView>, Problem> {
    let mut tx = caller.begin().await?;
    let domain = tx.sender_domain_release(&id, &caller.actor).await?;
    caller.commit(tx).await?;
    let names = &caller.platform.delivery.names;
    Ok(Json(SenderDomainView::of(domain, names)))
}
