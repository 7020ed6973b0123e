use super::{
    StoreError, Tx,
    api_keys::to_json,
    conn::Row,
    search::pattern,
    search_words::Kind,
    statement::{AMONG, among, args, args_among, statements},
    workspace_suspension::suspended,
    workspaces::before_id,
};
use crate::{
    ActionError, ConnectionId, EventType, Gate, GateState, MissingReason, NewEvent, NewSlot,
    NewWorkflow, PageOf, Slot, SlotId, Workflow, WorkflowId, WorkspaceId, id::kinds::WorkflowKind,
    values::Opaque,
};

/// `$first` is the filter whose index is read along.
macro_rules! list {
    ($first:literal) => {
        concat!(
            "select *, ",
            suspended!("workflows"),
            " from workflows where agency_id = $1 and ",
            $first,
            "id < $2 and (cast($3 as text) is null or workspace_id = $3) and (cast($4 as text) is null or external_id = $4) order by id desc limit $5"
        )
    };
}

/// `$which` says of which workflows.
macro_rules! slots {
    ($which:expr) => {
        concat!(
            "select s.*, c.status, c.paused_at from slots s left join connections c on c.agency_id = s.agency_id and c.id = s.connection_id where s.agency_id = $1 and s.workflow_id ",
            $which,
            " order by s.workflow_id, s.position"
        )
    };
}

statements! {
    CREATE = "insert into workflows (id, agency_id, workspace_id, name, external_id, resume, gate_state, gate_since, created_at) values ($2, $1, $3, $4, $5, $6, $7, $8, $8)";
    CREATE_SLOT = "insert into slots (id, agency_id, workflow_id, position, app, scopes, required, expected_account) values ($2, $1, $3, $4, $5, $6, $7, $8)";
    ONE = concat!("select *, ", suspended!("workflows"), " from workflows where agency_id = $1 and id = $2");
    LIST = list!("");
    LIST_OF_WORKSPACE = list!("workspace_id = $3 and ");
    LIST_CALLED = list!("external_id = $4 and ");
    SLOTS = slots!("= $2");
    SLOTS_AMONG = slots!(concat!("in ", among!()));
    OF_WORKSPACE = concat!("select *, ", suspended!("workflows"), " from workflows where agency_id = $1 and workspace_id = $2 and (cast($4 as text) is null or lower(name) like $4 escape '!' or lower(coalesce(external_id, '')) like $4 escape '!') order by id desc limit $3");
    SLOTS_OF_WORKSPACE = "select s.*, c.status, c.paused_at from workflows f cross join slots s left join connections c on c.agency_id = s.agency_id and c.id = s.connection_id where s.agency_id = f.agency_id and s.workflow_id = f.id and f.agency_id = $1 and f.workspace_id = $2 order by s.workflow_id, s.position";
    OF_SLOT = "select workflow_id from slots where agency_id = $1 and id = $2";
    SET_CONNECTION = "update slots set connection_id = $3 where agency_id = $1 and id = $2";
    OF_CONNECTION = "select distinct workflow_id from slots where agency_id = $1 and connection_id = $2";
    SET_GATE = "update workflows set gate_state = $3, gate_since = $4 where agency_id = $1 and id = $2";
}

/// Which workflows to list.
#[derive(Clone, Debug, Default)]
pub struct WorkflowFilter {
    pub workspace_id: Option<WorkspaceId>,
    pub external_id: Option<Opaque>,
}

impl Tx {
    /// Makes a workflow with its slots. A workflow without a required slot is open from the start.
    pub async fn workflow_create(
        &mut self,
        new: NewWorkflow,
        actor: &str,
    ) -> Result<Workflow, ActionError> {
        if !self.workspace_takes_more(&new.workspace_id).await? {
            return Err(ActionError::invalid(
                "/workspace_id",
                "there is no such workspace",
            ));
        }
        let (agency, now) = (self.agency.clone(), self.now());
        let id: WorkflowId = self.new_id();
        self.inner
            .execute(
                CREATE,
                args![
                    &agency,
                    &id,
                    &new.workspace_id,
                    &new.name,
                    new.external_id.as_ref(),
                    new.resume.as_str(),
                    GateState::Waiting.as_str(),
                    now
                ],
            )
            .await?;
        self.slots_create(&id, &new.slots).await?;
        let texts = [
            Some(new.name.as_str()),
            new.external_id.as_ref().map(Opaque::as_str),
        ];
        self.search_words_put(Kind::Workflow, id.as_str(), &texts)
            .await?;
        let data = serde_json::json!({ "name": new.name });
        self.record(NewEvent {
            kind: EventType::WorkflowCreated,
            actor,
            subject: id.as_str(),
            data,
        })
        .await?;
        self.gate_settle(&id, false).await?;
        self.workflow(&id)
            .await?
            .ok_or(ActionError::NotFound("workflow"))
    }

    async fn slots_create(
        &mut self,
        workflow: &WorkflowId,
        slots: &[NewSlot],
    ) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        for (position, slot) in (0..).zip(slots) {
            let slot_id: SlotId = self.new_id();
            self.inner
                .execute(
                    CREATE_SLOT,
                    args![
                        &agency,
                        &slot_id,
                        workflow,
                        position,
                        &slot.app,
                        &to_json(&slot.scopes),
                        slot.required,
                        slot.expected_account.as_ref()
                    ],
                )
                .await?;
        }
        Ok(())
    }

    pub async fn workflow(&mut self, id: &WorkflowId) -> Result<Option<Workflow>, StoreError> {
        let agency = self.agency.clone();
        let Some(row) = self.inner.optional(ONE, args![&agency, id]).await? else {
            return Ok(None);
        };
        let slots = self.inner.all(SLOTS, args![&agency, id]).await?;
        workflow(&row, &slots).map(Some)
    }

    /// Newest first.
    pub async fn workflows(
        &mut self,
        filter: &WorkflowFilter,
        page: &PageOf<WorkflowId>,
    ) -> Result<Vec<Workflow>, StoreError> {
        let agency = self.agency.clone();
        let after = before_id::<WorkflowKind>(page.after.as_ref().map(WorkflowId::as_str));
        let statement = match filter {
            WorkflowFilter {
                external_id: Some(_),
                ..
            } => LIST_CALLED,
            WorkflowFilter {
                workspace_id: Some(_),
                ..
            } => LIST_OF_WORKSPACE,
            _ => LIST,
        };
        let rows = self
            .inner
            .all(
                statement,
                args![
                    &agency,
                    &after,
                    filter.workspace_id.as_ref(),
                    filter.external_id.as_ref(),
                    page.limit
                ],
            )
            .await?;
        let mut workflows = Vec::with_capacity(rows.len());
        for rows in rows.chunks(AMONG) {
            let ids = rows.iter().map(|row| row.text("id"));
            let ids: Vec<String> = ids.collect::<Result<_, _>>()?;
            let args = args_among(&agency, ids.iter().map(String::as_str));
            let slots = self.inner.all(SLOTS_AMONG, &args).await?;
            for row in rows {
                workflows.push(workflow(row, &slots)?);
            }
        }
        Ok(workflows)
    }

    /// Newest first; `text` is a part of a name or of what the engine calls it, empty for any.
    pub async fn workflows_of_workspace(
        &mut self,
        workspace: &WorkspaceId,
        text: &str,
        limit: i64,
    ) -> Result<Vec<Workflow>, StoreError> {
        let agency = self.agency.clone();
        let text = pattern(text);
        let args = args![&agency, workspace, limit, text.as_deref()];
        let rows = self.inner.all(OF_WORKSPACE, args).await?;
        let args = args![&agency, workspace];
        let slots = self.inner.all(SLOTS_OF_WORKSPACE, args).await?;
        rows.iter().map(|row| workflow(row, &slots)).collect()
    }

    /// Whose slot it is.
    pub async fn workflow_of_slot(
        &mut self,
        slot: &SlotId,
    ) -> Result<Option<WorkflowId>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(OF_SLOT, args![&agency, slot]).await?;
        row.map(|row| row.parsed("workflow_id")).transpose()
    }

    pub(super) async fn slot_set_connection(
        &mut self,
        slot: &SlotId,
        connection: &ConnectionId,
    ) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        self.inner
            .execute(SET_CONNECTION, args![&agency, slot, connection])
            .await?;
        Ok(())
    }

    /// The workflows that this connection feeds.
    pub async fn workflows_of_connection(
        &mut self,
        connection: &ConnectionId,
    ) -> Result<Vec<WorkflowId>, StoreError> {
        let agency = self.agency.clone();
        self.inner
            .all(OF_CONNECTION, args![&agency, connection])
            .await?
            .iter()
            .map(|row| row.parsed("workflow_id"))
            .collect()
    }

    /// Settles the gate of every workflow that this connection feeds.
    pub(super) async fn gates_settle(
        &mut self,
        connection: &ConnectionId,
    ) -> Result<(), StoreError> {
        for workflow in self.workflows_of_connection(connection).await? {
            self.gate_settle(&workflow, false).await?;
        }
        Ok(())
    }

    /// Opens a gate that waits for a person's word (`resume: manual`).
    pub async fn gate_resume(&mut self, id: &WorkflowId) -> Result<Gate, ActionError> {
        self.take_turn().await?;
        if self.workflow(id).await?.is_none() {
            return Err(ActionError::NotFound("workflow"));
        }
        Ok(self.gate_settle(id, true).await?)
    }

    /// Brings the gate to the state that follows from its slots; a change writes exactly one event.
    pub(super) async fn gate_settle(
        &mut self,
        id: &WorkflowId,
        by_hand: bool,
    ) -> Result<Gate, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        // Two connections that arrive together see each other.
        self.take_turn().await?;
        let workflow = self.workflow(id).await?;
        let workflow =
            workflow.ok_or_else(|| StoreError::corrupt("workflows", "the workflow is gone"))?;
        let missing: Vec<MissingReason> = workflow.slots.iter().filter_map(Slot::missing).collect();
        let state = workflow.gate.state.next(&missing, workflow.resume, by_hand);
        if state == workflow.gate.state {
            return Ok(workflow.gate);
        }
        self.inner
            .execute(SET_GATE, args![&agency, id, state.as_str(), now])
            .await?;
        let kind = match state {
            GateState::Open => EventType::GateOpened,
            GateState::Waiting | GateState::Paused => EventType::GatePaused,
        };
        let data = serde_json::json!({ "state": state, "missing": missing });
        self.record(NewEvent {
            kind,
            actor: "system",
            subject: id.as_str(),
            data,
        })
        .await?;
        Ok(Gate { state, since: now })
    }
}

/// The workflow of a row, with those of the slots that are its own.
pub(super) fn workflow(row: &Row, slots: &[Row]) -> Result<Workflow, StoreError> {
    let id: WorkflowId = row.parsed("id")?;
    let suspended = row.optional_time("suspended_at")?.is_some();
    let mut own = Vec::new();
    for row in slots {
        if row.text("workflow_id")? == id.as_str() {
            own.push(slot(row, suspended)?);
        }
    }
    Ok(Workflow {
        workspace_id: row.parsed("workspace_id")?,
        name: row.parsed("name")?,
        external_id: row.optional_parsed("external_id")?,
        resume: row.parsed("resume")?,
        gate: Gate {
            state: row.parsed("gate_state")?,
            since: row.time("gate_since")?,
        },
        created_at: row.time("created_at")?,
        slots: own,
        id,
    })
}

fn slot(row: &Row, suspended: bool) -> Result<Slot, StoreError> {
    let connection = match row.optional_parsed("connection_id")? {
        Some(id) => Some((id, row.parsed("status")?)),
        None => None,
    };
    Ok(Slot {
        id: row.parsed("id")?,
        app: row.text("app")?,
        scopes: row.json("scopes")?,
        required: row.flag("required")?,
        expected_account: row.optional_parsed("expected_account")?,
        connection,
        paused: row.optional_time("paused_at")?.is_some(),
        suspended,
    })
}
