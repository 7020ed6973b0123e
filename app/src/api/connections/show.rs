use axum::Json;
use latchkey_tenants::ConnectionId;

use super::{
    super::{
        auth::{Caller, ConnectionsRead},
        path::Named,
        problem::Problem,
        schema,
    },
    view::ConnectionDetails,
};

/// Show a connection
#[utoipa::path(
    get,
    path = "/connections/{id}",
    tag = "Connections",
    params(("id" = schema::ConnectionId, Path)),
    responses((status = 200, description = "The connection.", body = ConnectionDetails)),
    security(("api_key" = ["connections:read"])),
)]
pub(super) async fn show_connection(
    caller: Caller<ConnectionsRead>,
    Named(id): Named<ConnectionId>,
) -> Result<Json<ConnectionDetails>, Problem> {
    let mut tx = caller.read().await?;
    let connection = tx.connection(&id).await?;
    let connection = connection.ok_or_else(|| Problem::not_found("connection"))?;
    let workflows = tx.workflows_of_connection(&id).await?;
    Ok(Json(ConnectionDetails::of(connection, workflows)))
}
