//! The steps of a request's life: each takes nothing but the request, and answers it as it then is.

use axum::{Json, http::StatusCode};
use latchkey_tenants::{Request, RequestId, Tx};

use super::{
    super::{
        auth::{Caller, RequestsWrite},
        body::{Empty, NoBody},
        path::Named,
        problem::Problem,
        schema,
    },
    view::RequestView,
};

pub(super) type Moved = Result<Json<RequestView>, Problem>;

/// Send a queued request
///
/// The link goes out by mail and its clock starts.
#[utoipa::path(
    post,
    path = "/requests/{id}/send",
    tag = "Requests",
    params(("id" = schema::RequestId, Path)),
    request_body = Empty,
    responses(
        (status = 200, description = "The request, sent.", body = RequestView),
        (status = 409, description = "`not_queued`: it was sent or ended before. `workspace_suspended`."),
    ),
    security(("api_key" = ["requests:write"])),
)]
pub(super) async fn send_request(
    caller: Caller<RequestsWrite>,
    Named(id): Named<RequestId>,
    _: NoBody,
) -> Moved {
    let mut tx = caller.begin().await?;
    let request = tx.request_send(&id, &caller.actor).await?;
    moved(&caller, tx, request).await
}

/// Mail a new link
///
/// The old link is dead at once and the clock starts again. At most once a minute and ten times.
#[utoipa::path(
    post,
    path = "/requests/{id}/resend",
    tag = "Requests",
    params(("id" = schema::RequestId, Path)),
    request_body = Empty,
    responses(
        (status = 200, description = "The request, its clock started again.", body = RequestView),
        (status = 409, description = "`not_sent`, `nothing_pending`, `resend_too_soon`, `resend_limit`, `workspace_suspended`."),
    ),
    security(("api_key" = ["requests:write"])),
)]
pub(super) async fn resend_request(
    caller: Caller<RequestsWrite>,
    Named(id): Named<RequestId>,
    _: NoBody,
) -> Moved {
    let mut tx = caller.begin().await?;
    let request = tx.request_resend(&id, &caller.actor).await?;
    moved(&caller, tx, request).await
}

/// Cancel a request
///
/// Its link is dead at once; what was connected stays connected.
#[utoipa::path(
    post,
    path = "/requests/{id}/cancel",
    tag = "Requests",
    params(("id" = schema::RequestId, Path)),
    request_body = Empty,
    responses(
        (status = 200, description = "The request, cancelled.", body = RequestView),
        (status = 409, description = "`not_open`: it ended before."),
    ),
    security(("api_key" = ["requests:write"])),
)]
pub(super) async fn cancel_request(
    caller: Caller<RequestsWrite>,
    Named(id): Named<RequestId>,
    _: NoBody,
) -> Moved {
    let mut tx = caller.begin().await?;
    let request = tx.request_cancel(&id, &caller.actor).await?;
    moved(&caller, tx, request).await
}

/// Send again what expired
///
/// What is still open of an expired request goes out at once in a new request.
#[utoipa::path(
    post,
    path = "/requests/{id}/renew",
    tag = "Requests",
    params(("id" = schema::RequestId, Path)),
    request_body = Empty,
    responses(
        (status = 201, description = "The new request, sent.", body = RequestView),
        (status = 409, description = "`not_expired`: it has not expired, or nothing of it is open. `workspace_suspended`."),
    ),
    security(("api_key" = ["requests:write"])),
)]
pub(super) async fn renew_request(
    caller: Caller<RequestsWrite>,
    Named(id): Named<RequestId>,
    _: NoBody,
) -> Result<(StatusCode, Json<RequestView>), Problem> {
    let mut tx = caller.begin().await?;
    let request = tx.request_renew(&id, &caller.actor).await?;
    Ok((StatusCode::CREATED, moved(&caller, tx, request).await?))
}

pub(super) async fn moved(caller: &Caller<RequestsWrite>, tx: Tx, request: Request) -> Moved {
    caller.commit(tx).await?;
    let now = caller.platform.now();
    Ok(Json(RequestView::at(request, now)))
}
