use axum::Json;
use latchkey_tenants::{RequestId, Timestamp};
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{
    auth::{Caller, RequestsWrite},
    body::{Empty, NoBody},
    path::Named,
    problem::Problem,
    schema,
};

/// A link for staff to hand on.
#[derive(Serialize, ToSchema)]
pub(super) struct Link {
    /// Secret: whoever has it can open the request.
    #[schema(format = "uri")]
    url: String,
    #[schema(value_type = Option<schema::Timestamp>, required)]
    expires_at: Option<Timestamp>,
}

/// Make a link to copy
///
/// A fresh link instead of a mail; the old one is dead at once and the clock starts again.
#[utoipa::path(
    post,
    path = "/requests/{id}/link",
    tag = "Requests",
    params(("id" = schema::RequestId, Path)),
    request_body = Empty,
    responses(
        (status = 200, description = "The link. It is shown this once.", body = Link),
        (status = 409, description = "`nothing_pending`: the request has nothing that a link could open. `workspace_suspended`."),
    ),
    security(("api_key" = ["requests:write"])),
)]
pub(super) async fn make_link(
    caller: Caller<RequestsWrite>,
    Named(id): Named<RequestId>,
    _: NoBody,
) -> Result<Json<Link>, Problem> {
    let mut tx = caller.begin().await?;
    let (request, secret) = tx.request_make_link(&id, &caller.actor).await?;
    let agency = tx.agency_itself().await?;
    caller.commit(tx).await?;
    let urls = &caller.platform.urls;
    let link = urls.link(&urls.agency_host(&agency), &secret);
    Ok(Json(Link {
        url: link.expose_secret().to_owned(),
        expires_at: request.expires_at,
    }))
}
