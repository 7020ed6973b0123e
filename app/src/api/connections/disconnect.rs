use axum::Json;
use latchkey_tenants::{ConnectionId, ConnectionStatus};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        auth::{Caller, ConnectionsRevoke},
        path::Named,
        problem::Problem,
        schema,
    },
    view::ReceiptView,
};
use crate::oauth::disconnect;

/// The end of a connection.
#[derive(Serialize, ToSchema)]
pub(super) struct Disconnected {
    #[schema(value_type = schema::ConnectionStatus)]
    status: ConnectionStatus,
    receipt: ReceiptView,
}

/// Revoke a connection
///
/// At the provider where it can be done there, and here for good: the credential is destroyed, its items are revoked and the
/// gates that need it pause. Doing it twice is doing it once: the receipt is that of the first time.
#[utoipa::path(
    delete,
    path = "/connections/{id}",
    tag = "Connections",
    params(("id" = schema::ConnectionId, Path)),
    responses(
        (status = 200, description = "What the provider said.", body = Disconnected),
        (status = 409, description = "`disconnect_interrupted`: not done; repeat the call."),
    ),
    security(("api_key" = ["connections:revoke"])),
)]
pub(super) async fn delete_connection(
    caller: Caller<ConnectionsRevoke>,
    Named(id): Named<ConnectionId>,
) -> Result<Json<Disconnected>, Problem> {
    let receipt = disconnect(&caller.platform, caller.agency(), &id, &caller.actor).await?;
    Ok(Json(Disconnected {
        status: ConnectionStatus::Revoked,
        receipt: receipt.into(),
    }))
}
