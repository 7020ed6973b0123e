use axum::Json;
use latchkey_tenants::WorkflowId;

use super::{
    super::{
        auth::{Caller, WorkflowsRead},
        path::Named,
        problem::Problem,
        schema,
    },
    view::WorkflowView,
};

/// Show a workflow
///
/// With its slots and what each is connected to.
#[utoipa::path(
    get,
    path = "/workflows/{id}",
    tag = "Workflows",
    params(("id" = schema::WorkflowId, Path)),
    responses((status = 200, description = "The workflow.", body = WorkflowView)),
    security(("api_key" = ["workflows:read"])),
)]
pub(super) async fn show_workflow(
    caller: Caller<WorkflowsRead>,
    Named(id): Named<WorkflowId>,
) -> Result<Json<WorkflowView>, Problem> {
    let workflow = caller.read().await?.workflow(&id).await?;
    let workflow = workflow.ok_or_else(|| Problem::not_found("workflow"))?;
    Ok(Json(workflow.into()))
}
