use crate::{
    ActionError, ConnectionId, ConnectionStatus, GateState, MissingReason, Resume, SlotId,
    Timestamp, WorkflowId, WorkspaceId, gate,
    values::{Name, Opaque, Slug},
};

/// One client engagement inside an agency.
#[derive(Clone, Debug)]
pub struct Workspace {
    pub id: WorkspaceId,
    pub slug: Slug,
    pub name: Name,
    pub created_at: Timestamp,
    /// Since when it is being deleted. None: it is not.
    pub closing_at: Option<Timestamp>,
    /// Since when it rests: nothing is sent, connected or handed out, and its clocks stand still. None: it does not.
    pub suspended_at: Option<Timestamp>,
}

/// What a suspended workspace answers to whatever would go on in it.
pub(crate) fn suspended() -> ActionError {
    let message = "the workspace is suspended: resume it first";
    ActionError::conflict("workspace_suspended", message)
}

/// An automation that waits.
#[derive(Clone, Debug)]
pub struct Workflow {
    pub id: WorkflowId,
    pub workspace_id: WorkspaceId,
    pub name: Name,
    pub external_id: Option<Opaque>,
    pub resume: Resume,
    pub gate: Gate,
    pub created_at: Timestamp,
    pub slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    pub state: GateState,
    pub since: Timestamp,
}

/// One app that a workflow needs.
#[derive(Clone, Debug)]
pub struct Slot {
    pub id: SlotId,
    pub app: String,
    pub scopes: Vec<String>,
    pub required: bool,
    pub expected_account: Option<Opaque>,
    pub connection: Option<(ConnectionId, ConnectionStatus)>,
    /// The person whose connection it is lets nobody use it.
    pub paused: bool,
    /// The workspace is.
    pub suspended: bool,
}

impl Slot {
    /// Why it keeps the gate shut.
    pub fn missing(&self) -> Option<MissingReason> {
        if self.suspended {
            return Some(MissingReason::WorkspaceSuspended);
        }
        self.lacks()
    }

    /// What its client can do something about.
    pub fn lacks(&self) -> Option<MissingReason> {
        gate::missing(
            self.required,
            self.connection.as_ref().map(|(_, status)| *status),
            self.paused,
        )
    }
}

#[derive(Clone, Debug)]
pub struct NewWorkflow {
    pub workspace_id: WorkspaceId,
    pub name: Name,
    pub external_id: Option<Opaque>,
    pub resume: Resume,
    pub slots: Vec<NewSlot>,
}

#[derive(Clone, Debug)]
pub struct NewSlot {
    pub app: String,
    pub scopes: Vec<String>,
    pub required: bool,
    pub expected_account: Option<Opaque>,
}

/// What is put right in a workflow; none: stays as it is.
#[derive(Clone, Debug, Default)]
pub struct WorkflowChange {
    pub name: Option<Name>,
    pub external_id: Option<Option<Opaque>>,
    pub resume: Option<Resume>,
    pub slots: Vec<SlotChange>,
}

#[derive(Clone, Debug)]
pub struct SlotChange {
    pub id: SlotId,
    pub required: Option<bool>,
    pub expected_account: Option<Option<Opaque>>,
}
