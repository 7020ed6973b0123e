use axum::Json;
use latchkey_tenants::{Request, RequestId, RequestStatus, WorkspaceId, store::RequestFilter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    super::{
        auth::{Caller, RequestsRead},
        list::{Cursor, Limit, Listing, Params, page_of},
        problem::Problem,
        schema,
    },
    view::RequestView,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RequestsQuery {
    #[serde(default)]
    #[param(value_type = schema::Limit, required = false)]
    limit: Limit,
    #[param(value_type = schema::Cursor, required = false)]
    cursor: Option<Cursor<RequestId>>,
    #[param(value_type = schema::RequestStatus, required = false)]
    status: Option<RequestStatus>,
    #[param(value_type = schema::WorkspaceId, required = false)]
    workspace_id: Option<WorkspaceId>,
}

/// List the requests
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/requests",
    tag = "Requests",
    params(RequestsQuery),
    responses((status = 200, description = "A page of requests.", body = Listing<RequestView>)),
    security(("api_key" = ["requests:read"])),
)]
pub(super) async fn list_requests(
    caller: Caller<RequestsRead>,
    Params(query): Params<RequestsQuery>,
) -> Result<Json<Listing<RequestView>>, Problem> {
    let filter = RequestFilter {
        status: query.status,
        workspace_id: query.workspace_id,
    };
    let page = page_of(query.limit, query.cursor);
    let rows = caller.read().await?.requests(&filter, &page).await?;
    let now = caller.platform.now();
    let id = |request: &Request| request.id.clone();
    let view = |request| RequestView::at(request, now);
    Ok(Json(Listing::of(rows, query.limit, id, view)))
}
