use axum::Json;
use latchkey_tenants::SenderDomainId;

use super::{
    super::{
        auth::{Caller, MailRead},
        list::Listing,
        path::Named,
        problem::Problem,
        schema,
    },
    view::SenderDomainView,
};

/// List the sender domains
///
/// Oldest first, all on one page. Mails come from the one that is verified longest.
#[utoipa::path(
    get,
    path = "/sender-domains",
    tag = "Mail",
    responses((status = 200, description = "All sender domains.", body = Listing<SenderDomainView>)),
    security(("api_key" = ["mail:read"])),
)]
pub(super) async fn list_sender_domains(
    caller: Caller<MailRead>,
) -> Result<Json<Listing<SenderDomainView>>, Problem> {
    let domains = caller.read().await?.sender_domains().await?;
    let names = &caller.platform.delivery.names;
    let views = domains
        .into_iter()
        .map(|domain| SenderDomainView::of(domain, names));
    Ok(Json(Listing::whole(views.collect())))
}

/// Show a sender domain
///
/// With its records and what the last check saw of each.
#[utoipa::path(
    get,
    path = "/sender-domains/{id}",
    tag = "Mail",
    params(("id" = schema::SenderDomainId, Path)),
    responses((status = 200, description = "The sender domain.", body = SenderDomainView)),
    security(("api_key" = ["mail:read"])),
)]
pub(super) async fn show_sender_domain(
    caller: Caller<MailRead>,
    Named(id): Named<SenderDomainId>,
) -> Result<Json<SenderDomainView>, Problem> {
    let domain = caller.read().await?.sender_domain_existing(&id).await?;
    let names = &caller.platform.delivery.names;
    Ok(Json(SenderDomainView::of(domain, names)))
}
