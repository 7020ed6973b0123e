use axum::Json;
use latchkey_tenants::RequestId;

use super::{
    super::{
        auth::{Caller, RequestsRead},
        path::Named,
        problem::Problem,
        schema,
    },
    view::{RequestDetails, RequestView},
};

/// Show a request
///
/// With what became of each item and each mail.
#[utoipa::path(
    get,
    path = "/requests/{id}",
    tag = "Requests",
    params(("id" = schema::RequestId, Path)),
    responses((status = 200, description = "The request.", body = RequestDetails)),
    security(("api_key" = ["requests:read"])),
)]
pub(super) async fn show_request(
    caller: Caller<RequestsRead>,
    Named(id): Named<RequestId>,
) -> Result<Json<RequestDetails>, Problem> {
    let mut tx = caller.read().await?;
    let request = tx.request_existing(&id).await?;
    let mails = tx.mails_of(&id).await?;
    let reminders = tx.reminders_of(&id).await?;
    let forwards = tx.forwards_of(&id).await?;
    let request = RequestView::at(request, caller.platform.now());
    Ok(Json(RequestDetails::of(
        request, mails, reminders, forwards,
    )))
}
