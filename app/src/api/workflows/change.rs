use axum::Json;
use latchkey_tenants::{
    Resume, SlotChange, SlotId, WorkflowChange, WorkflowId,
    values::{Name, Opaque},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        auth::{Caller, WorkflowsWrite},
        body::{Body, present},
        path::Named,
        problem::Problem,
        schema,
    },
    view::WorkflowView,
};

/// What is put right; whatever is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"name": "Weekly report"})))]
pub(super) struct ChangeWorkflow {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = schema::Name, required = false)]
    name: Option<Name>,
    /// What the engine calls it; null takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schema::Opaque>, required = false)]
    external_id: Option<Option<Opaque>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = schema::Resume, required = false)]
    resume: Option<Resume>,
    /// Slots by their ids; those that are not named stay as they are.
    #[serde(default)]
    #[schema(max_items = 50)]
    slots: Vec<ChangeSlot>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeSlot {
    #[schema(value_type = schema::SlotId)]
    id: SlotId,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    required: Option<bool>,
    /// An id or name at the provider; null: any account.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schema::Opaque>, required = false)]
    expected_account: Option<Option<Opaque>>,
}

impl From<ChangeSlot> for SlotChange {
    fn from(slot: ChangeSlot) -> Self {
        Self {
            id: slot.id,
            required: slot.required,
            expected_account: slot.expected_account,
        }
    }
}

/// Change a workflow
///
/// Its name, its external id, how it resumes, and what holds for its slots. Open requests follow as far as nothing is connected
/// yet; an account that is held already is accepted or given back on its own. The gate settles at once.
#[utoipa::path(
    patch,
    path = "/workflows/{id}",
    tag = "Workflows",
    params(("id" = schema::WorkflowId, Path)),
    request_body = ChangeWorkflow,
    responses((status = 200, description = "The workflow as it is now.", body = WorkflowView)),
    security(("api_key" = ["workflows:write"])),
)]
pub(super) async fn change_workflow(
    caller: Caller<WorkflowsWrite>,
    Named(id): Named<WorkflowId>,
    Body(change): Body<ChangeWorkflow>,
) -> Result<Json<WorkflowView>, Problem> {
    let change = WorkflowChange {
        name: change.name,
        external_id: change.external_id,
        resume: change.resume,
        slots: change.slots.into_iter().map(SlotChange::from).collect(),
    };
    let mut tx = caller.begin().await?;
    let workflow = tx.workflow_change(&id, change, &caller.actor).await?;
    caller.commit(tx).await?;
    Ok(Json(workflow.into()))
}
