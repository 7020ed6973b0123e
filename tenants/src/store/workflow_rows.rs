//! Workflows as lists of people show them.

use super::{
    StoreError, Tx,
    conn::Row,
    search::pattern,
    statement::{args, statements},
    workflows::workflow,
    workspaces::before_id,
};
use crate::{GateState, PageOf, Workflow, WorkflowId, id::kinds::WorkflowKind, values::Name};

statements! {
    ALL = "select f.*, w.name as workspace from workflows f join workspaces w on w.agency_id = f.agency_id and w.id = f.workspace_id where f.agency_id = $1 and f.id < $2 and (cast($3 as text) is null or lower(f.name) like $3 escape '!' or lower(w.name) like $3 escape '!' or lower(coalesce(f.external_id, '')) like $3 escape '!') order by f.id desc limit $4";
    IN_STATE = "select f.*, w.name as workspace from workflows f join workspaces w on w.agency_id = f.agency_id and w.id = f.workspace_id where f.agency_id = $1 and f.gate_state = $5 and f.id < $2 and (cast($3 as text) is null or lower(f.name) like $3 escape '!' or lower(w.name) like $3 escape '!' or lower(coalesce(f.external_id, '')) like $3 escape '!') order by f.id desc limit $4";
    SLOTS = "select s.*, c.status, c.paused_at from slots s left join connections c on c.agency_id = s.agency_id and c.id = s.connection_id where s.agency_id = $1 and s.workflow_id = $2 order by s.position";
    COUNTS = "select gate_state, count(*) as workflows from workflows where agency_id = $1 group by gate_state";
}

/// Which workflows a list shows.
#[derive(Clone, Debug, Default)]
pub struct WorkflowSearch {
    pub state: Option<GateState>,
    /// A part of its name, of its workspace's, or of what the engine calls it.
    pub text: String,
}

/// A workflow in a list.
#[derive(Clone, Debug)]
pub struct WorkflowRow {
    pub workflow: Workflow,
    pub workspace: Name,
}

impl Tx {
    /// Newest first.
    pub async fn workflow_rows(
        &mut self,
        search: &WorkflowSearch,
        page: &PageOf<WorkflowId>,
    ) -> Result<Vec<WorkflowRow>, StoreError> {
        let agency = self.agency.clone();
        let after = before_id::<WorkflowKind>(page.after.as_ref().map(WorkflowId::as_str));
        let text = pattern(&search.text);
        let (text, limit) = (text.as_deref(), page.limit);
        let rows = match search.state {
            Some(state) => {
                let args = args![&agency, &after, text, limit, state.as_str()];
                self.inner.all(IN_STATE, args).await?
            }
            None => {
                let args = args![&agency, &after, text, limit];
                self.inner.all(ALL, args).await?
            }
        };
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            found.push(self.workflow_listed(row).await?);
        }
        Ok(found)
    }

    async fn workflow_listed(&mut self, row: &Row) -> Result<WorkflowRow, StoreError> {
        let agency = self.agency.clone();
        let id = row.text("id")?;
        let slots = self.inner.all(SLOTS, args![&agency, &id]).await?;
        Ok(WorkflowRow {
            workflow: workflow(row, &slots)?,
            workspace: row.parsed("workspace")?,
        })
    }

    /// How many workflows stand at each state of the gate that there is.
    pub async fn gate_counts(&mut self) -> Result<Vec<(GateState, i64)>, StoreError> {
        let agency = self.agency.clone();
        let rows = self.inner.all(COUNTS, args![&agency]).await?;
        rows.iter()
            .map(|row| Ok((row.parsed("gate_state")?, row.int("workflows")?)))
            .collect()
    }
}
