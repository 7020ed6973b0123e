use axum::Json;
use latchkey_tenants::{
    Connection, ConnectionId, ConnectionStatus, WorkspaceId, store::ConnectionFilter, values::Slug,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    super::{
        auth::{Caller, ConnectionsRead},
        list::{Cursor, Limit, Listing, Params, page_of},
        problem::Problem,
        schema,
    },
    view::ConnectionView,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ConnectionsQuery {
    #[serde(default)]
    #[param(value_type = schema::Limit, required = false)]
    limit: Limit,
    #[param(value_type = schema::Cursor, required = false)]
    cursor: Option<Cursor<ConnectionId>>,
    #[param(value_type = schema::ConnectionStatus, required = false)]
    status: Option<ConnectionStatus>,
    #[param(value_type = schema::WorkspaceId, required = false)]
    workspace_id: Option<WorkspaceId>,
    #[param(value_type = schema::Slug, required = false)]
    app: Option<Slug>,
}

/// List the connections
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/connections",
    tag = "Connections",
    params(ConnectionsQuery),
    responses((status = 200, description = "A page of connections.", body = Listing<ConnectionView>)),
    security(("api_key" = ["connections:read"])),
)]
pub(super) async fn list_connections(
    caller: Caller<ConnectionsRead>,
    Params(query): Params<ConnectionsQuery>,
) -> Result<Json<Listing<ConnectionView>>, Problem> {
    let filter = ConnectionFilter {
        status: query.status,
        workspace_id: query.workspace_id,
        app: query.app.map(|app| app.to_string()),
    };
    let page = page_of(query.limit, query.cursor);
    let rows = caller.read().await?.connections(&filter, &page).await?;
    let id = |connection: &Connection| connection.id.clone();
    Ok(Json(Listing::of(
        rows,
        query.limit,
        id,
        ConnectionView::from,
    )))
}
