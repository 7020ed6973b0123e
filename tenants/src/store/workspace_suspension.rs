//! A workspace that rests until it is resumed: nothing is deleted, and afterwards everything is as it was.

use super::{
    StoreError, Tx,
    statement::{args, statements},
    workspaces::workspace,
};
use crate::{
    ActionError, EventType, GateState, NewEvent, Timestamp, WorkflowId, Workspace, WorkspaceId,
    workflow,
};

/// Since when the workspace of this table's row is suspended, as a column.
macro_rules! suspended {
    ($table:literal) => {
        concat!(
            "(select w.suspended_at from workspaces w where w.agency_id = ",
            $table,
            ".agency_id and w.id = ",
            $table,
            ".workspace_id) as suspended_at"
        )
    };
}
pub(super) use suspended;

statements! {
    SUSPEND = "update workspaces set suspended_at = $3 where agency_id = $1 and id = $2 returning *";
    RESUME = "update workspaces set suspended_at = null where agency_id = $1 and id = $2 returning *";
    MOVE_ENDS = "update requests set expires_at = expires_at + $3 where agency_id = $1 and workspace_id = $2 and status in ('sent', 'completed') and expires_at > $4";
    MOVE_REMINDERS = "update reminders set due_at = due_at + $3 where agency_id = $1 and done_at is null and request_id in (select id from requests where agency_id = $1 and workspace_id = $2)";
    GATES = "select id, gate_state, gate_since from workflows where agency_id = $1 and workspace_id = $2 order by id";
}

impl Tx {
    /// Nothing of it is sent, connected or handed out until it is resumed: its gates shut, and the clocks of its requests and
    /// reminders stand still. Doing it twice is doing it once.
    ///
    /// # Errors
    /// A conflict `workspace_closing` when it is being deleted.
    pub async fn workspace_suspend(
        &mut self,
        id: &WorkspaceId,
        actor: &str,
    ) -> Result<Workspace, ActionError> {
        let found = self.workspace_unclosed(id).await?;
        if found.suspended_at.is_some() {
            return Ok(found);
        }
        let (agency, now) = (self.agency.clone(), self.now());
        let row = self
            .inner
            .optional(SUSPEND, args![&agency, id, now])
            .await?;
        let row = row.ok_or(ActionError::NotFound("workspace"))?;
        self.workspace_event(EventType::WorkspaceSuspended, id, actor)
            .await?;
        for (workflow, _, _) in self.gates_of(id).await? {
            self.gate_settle(&workflow, false).await?;
        }
        Ok(workspace(&row)?)
    }

    /// Goes on where the suspension stopped it: what was left of each clock then is left now.
    ///
    /// # Errors
    /// A conflict `workspace_closing` when it is being deleted.
    pub async fn workspace_resume(
        &mut self,
        id: &WorkspaceId,
        actor: &str,
    ) -> Result<Workspace, ActionError> {
        let found = self.workspace_unclosed(id).await?;
        let Some(since) = found.suspended_at else {
            return Ok(found);
        };
        let (agency, now) = (self.agency.clone(), self.now());
        let row = self.inner.optional(RESUME, args![&agency, id]).await?;
        let row = row.ok_or(ActionError::NotFound("workspace"))?;
        let rested = now.micros().saturating_sub(since.micros()).max(0);
        self.inner
            .execute(MOVE_ENDS, args![&agency, id, rested, since])
            .await?;
        self.inner
            .execute(MOVE_REMINDERS, args![&agency, id, rested])
            .await?;
        self.workspace_event(EventType::WorkspaceResumed, id, actor)
            .await?;
        for (workflow, state, at) in self.gates_of(id).await? {
            // It was open then, so it waits for nobody's word now.
            let was_open = state == GateState::Paused && at == since;
            self.gate_settle(&workflow, was_open).await?;
        }
        Ok(workspace(&row)?)
    }

    async fn workspace_unclosed(&mut self, id: &WorkspaceId) -> Result<Workspace, ActionError> {
        self.take_turn().await?;
        let found = self.workspace(id).await?;
        let found = found.ok_or(ActionError::NotFound("workspace"))?;
        if found.closing_at.is_some() {
            let message = "the workspace is being deleted";
            return Err(ActionError::conflict("workspace_closing", message));
        }
        Ok(found)
    }

    async fn workspace_event(
        &mut self,
        kind: EventType,
        id: &WorkspaceId,
        actor: &str,
    ) -> Result<(), StoreError> {
        self.record(NewEvent {
            kind,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({}),
        })
        .await?;
        Ok(())
    }

    async fn gates_of(
        &mut self,
        id: &WorkspaceId,
    ) -> Result<Vec<(WorkflowId, GateState, Timestamp)>, StoreError> {
        let agency = self.agency.clone();
        let rows = self.inner.all(GATES, args![&agency, id]).await?;
        rows.iter()
            .map(|row| {
                Ok((
                    row.parsed("id")?,
                    row.parsed("gate_state")?,
                    row.time("gate_since")?,
                ))
            })
            .collect()
    }

    /// # Errors
    /// A conflict `workspace_suspended`.
    pub(super) async fn workspace_check_runs(
        &mut self,
        id: &WorkspaceId,
    ) -> Result<(), ActionError> {
        let found = self.workspace(id).await?;
        match found.is_some_and(|workspace| workspace.suspended_at.is_some()) {
            true => Err(workflow::suspended()),
            false => Ok(()),
        }
    }
}
