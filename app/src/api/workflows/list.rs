use axum::Json;
use latchkey_tenants::{Workflow, WorkflowId, WorkspaceId, store::WorkflowFilter, values::Opaque};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    super::{
        auth::{Caller, WorkflowsRead},
        list::{Cursor, Limit, Listing, Params, page_of},
        problem::Problem,
        schema,
    },
    view::WorkflowView,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WorkflowsQuery {
    #[serde(default)]
    #[param(value_type = schema::Limit, required = false)]
    limit: Limit,
    #[param(value_type = schema::Cursor, required = false)]
    cursor: Option<Cursor<WorkflowId>>,
    /// Only those of this workspace.
    #[param(value_type = schema::WorkspaceId, required = false)]
    workspace_id: Option<WorkspaceId>,
    /// Only those that the engine calls so.
    #[param(value_type = schema::Opaque, required = false)]
    external_id: Option<Opaque>,
}

/// List the workflows
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/workflows",
    tag = "Workflows",
    params(WorkflowsQuery),
    responses((status = 200, description = "A page of workflows.", body = Listing<WorkflowView>)),
    security(("api_key" = ["workflows:read"])),
)]
pub(super) async fn list_workflows(
    caller: Caller<WorkflowsRead>,
    Params(query): Params<WorkflowsQuery>,
) -> Result<Json<Listing<WorkflowView>>, Problem> {
    let filter = WorkflowFilter {
        workspace_id: query.workspace_id,
        external_id: query.external_id,
    };
    let page = page_of(query.limit, query.cursor);
    let rows = caller.read().await?.workflows(&filter, &page).await?;
    let id = |workflow: &Workflow| workflow.id.clone();
    Ok(Json(Listing::of(rows, query.limit, id, WorkflowView::from)))
}
