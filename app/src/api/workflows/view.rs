use latchkey_tenants::{
    ConnectionId, ConnectionStatus, GateState, MissingReason, Resume, Slot, SlotId, Timestamp,
    Workflow, WorkflowId, WorkspaceId,
    values::{Name, Opaque},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::schema;

/// An automation that waits.
#[derive(Serialize, ToSchema)]
#[schema(as = Workflow)]
pub(crate) struct WorkflowView {
    #[schema(value_type = schema::WorkflowId)]
    id: WorkflowId,
    #[schema(value_type = schema::WorkspaceId)]
    workspace_id: WorkspaceId,
    #[schema(value_type = schema::Name)]
    name: Name,
    /// What the engine calls it.
    #[schema(value_type = Option<schema::Opaque>, required)]
    external_id: Option<Opaque>,
    #[schema(value_type = schema::Resume)]
    resume: Resume,
    gate: GateView,
    slots: Vec<SlotView>,
    #[schema(value_type = schema::Timestamp)]
    created_at: Timestamp,
}

impl From<Workflow> for WorkflowView {
    fn from(workflow: Workflow) -> Self {
        Self {
            gate: GateView::of(&workflow),
            id: workflow.id,
            workspace_id: workflow.workspace_id,
            name: workflow.name,
            external_id: workflow.external_id,
            resume: workflow.resume,
            slots: workflow.slots.into_iter().map(SlotView::from).collect(),
            created_at: workflow.created_at,
        }
    }
}

/// May the workflow run?
#[derive(Serialize, ToSchema)]
#[schema(as = Gate)]
pub(super) struct GateView {
    #[schema(value_type = schema::GateState)]
    state: GateState,
    #[schema(value_type = schema::Timestamp)]
    since: Timestamp,
    /// The slots that keep it shut: required ones; all while the workspace is suspended.
    missing: Vec<MissingView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MissingSlot)]
struct MissingView {
    #[schema(value_type = schema::SlotId)]
    slot_id: SlotId,
    #[schema(value_type = schema::Slug)]
    app: String,
    #[schema(value_type = schema::MissingReason)]
    reason: MissingReason,
}

impl GateView {
    pub fn of(workflow: &Workflow) -> Self {
        let missing = workflow.slots.iter().filter_map(|slot| {
            Some(MissingView {
                slot_id: slot.id.clone(),
                app: slot.app.clone(),
                reason: slot.missing()?,
            })
        });
        Self {
            state: workflow.gate.state,
            since: workflow.gate.since,
            missing: missing.collect(),
        }
    }
}

/// One app that the workflow needs.
#[derive(Serialize, ToSchema)]
#[schema(as = Slot)]
struct SlotView {
    #[schema(value_type = schema::SlotId)]
    id: SlotId,
    #[schema(value_type = schema::Slug)]
    app: String,
    #[schema(value_type = Vec<schema::Scope>)]
    scopes: Vec<String>,
    required: bool,
    #[schema(value_type = Option<schema::Opaque>, required)]
    expected_account: Option<Opaque>,
    #[schema(value_type = Option<schema::ConnectionId>, required)]
    connection_id: Option<ConnectionId>,
    #[schema(value_type = Option<schema::ConnectionStatus>, required)]
    connection_status: Option<ConnectionStatus>,
}

impl From<Slot> for SlotView {
    fn from(slot: Slot) -> Self {
        let (connection_id, connection_status) = slot.connection.unzip();
        Self {
            id: slot.id,
            app: slot.app,
            scopes: slot.scopes,
            required: slot.required,
            expected_account: slot.expected_account,
            connection_id,
            connection_status,
        }
    }
}
