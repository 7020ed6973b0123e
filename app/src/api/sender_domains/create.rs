use axum::{Json, http::StatusCode};
use latchkey_tenants::values::Host;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        auth::{Caller, MailWrite},
        body::Body,
        problem::Problem,
        schema,
    },
    view::SenderDomainView,
};
use crate::mail::check_sender_host;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"host": "mail.northwind.example"})))]
pub(super) struct ClaimSenderDomain {
    /// A domain for mail alone is best, such as `mail.` in front of your own.
    #[schema(value_type = schema::Host)]
    host: Host,
}

/// Claim a sender domain
///
/// Make the records of the answer, and mails come from there within seconds. Until then they come from this installation's
/// neutral sender, with your name. Claiming a domain again answers the claim that there is.
#[utoipa::path(
    post,
    path = "/sender-domains",
    tag = "Mail",
    request_body = ClaimSenderDomain,
    responses(
        (status = 201, description = "The new claim.", body = SenderDomainView),
        (status = 200, description = "The claim that you made before.", body = SenderDomainView),
        (status = 409, description = "`too_many_sender_domains`."),
    ),
    security(("api_key" = ["mail:write"])),
)]
pub(super) async fn create_sender_domain(
    caller: Caller<MailWrite>,
    Body(wish): Body<ClaimSenderDomain>,
) -> Result<(StatusCode, Json<SenderDomainView>), Problem> {
    check_sender_host(&wish.host, &caller.platform.urls)?;
    let mut tx = caller.begin().await?;
    let (domain, new) = tx.sender_domain_claim(&wish.host, &caller.actor).await?;
    caller.commit(tx).await?;
    let status = if new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let view = SenderDomainView::of(domain, &caller.platform.delivery.names);
    Ok((status, Json(view)))
}
