//! Workflows as lists of people show them.

use super::{
    StoreError, Tx,
    conn::Row,
    listing::Listing,
    search_words::{hits, read_hits},
    statement::{among, statements},
    workflows::workflow,
    workspaces::before_id,
};
use crate::{
    Counted, GateState, MissingReason, PageOf, Workflow, WorkflowId, gate, id::kinds::WorkflowKind,
    values::Name,
};

/// `$from` has the workflows as `f` and their workspaces as `w`.
macro_rules! rows {
    ($from:expr) => {
        concat!(
            "select f.*, w.name as workspace, w.suspended_at, (select string_agg(s.app || ' ' || cast(s.required as text) || ' ' || coalesce(c.status, '') || ' ' || case when c.paused_at is null then '' else 'paused' end, ',' order by s.position) from slots s left join connections c on c.agency_id = s.agency_id and c.id = s.connection_id where s.agency_id = f.agency_id and s.workflow_id = f.id) as marks from ",
            $from
        )
    };
}

statements! {
    ALL = rows!("workflows f join workspaces w on w.agency_id = f.agency_id and w.id = f.workspace_id where f.agency_id = $1 and f.id < $2 order by f.id desc limit $3");
    IN_STATE = rows!("workflows f join workspaces w on w.agency_id = f.agency_id and w.id = f.workspace_id where f.agency_id = $1 and f.gate_state = $4 and f.id < $2 order by f.id desc limit $3");
    HITS = read_hits!(hits!("workflows", "workflow"));
    THESE = rows!(concat!("workflows f join workspaces w on w.agency_id = f.agency_id and w.id = f.workspace_id where f.agency_id = $1 and f.id in ", among!(), " and (cast($28 as text) is null or f.gate_state = $28) order by f.id desc"));
    BROAD = rows!("workflows f join workspaces w on w.agency_id = f.agency_id and w.id = f.workspace_id where f.agency_id = $1 and f.id < $4 and (cast($6 as text) is null or f.gate_state = $6) and exists (select 1 from search_words s where s.agency_id = f.agency_id and s.id in (f.id, f.workspace_id) and s.word >= $2 and s.word < $3) order by f.id desc limit $5");
    COUNT = "select count(*) as counted from (select 1 as one from workflows where agency_id = $1 and gate_state = $2 limit $3) few";
}

const LISTING: Listing = Listing {
    all: ALL,
    in_state: IN_STATE,
    hits: HITS,
    these: THESE,
    broad: BROAD,
};

/// Which workflows a list shows.
#[derive(Clone, Debug, Default)]
pub struct WorkflowSearch {
    pub state: Option<GateState>,
    /// How a word of its name, of its workspace's, or of what the engine calls it begins; empty: any.
    pub text: String,
}

/// A workflow in a list.
#[derive(Clone, Debug)]
pub struct WorkflowRow {
    /// Without its slots.
    pub workflow: Workflow,
    pub workspace: Name,
    pub slots: Vec<SlotMark>,
}

/// What one app does for a workflow's gate.
#[derive(Clone, Debug)]
pub struct SlotMark {
    pub app: String,
    pub required: bool,
    pub missing: Option<MissingReason>,
}

impl Tx {
    /// Newest first.
    pub async fn workflow_rows(
        &mut self,
        search: &WorkflowSearch,
        page: &PageOf<WorkflowId>,
    ) -> Result<Vec<WorkflowRow>, StoreError> {
        let after = before_id::<WorkflowKind>(page.after.as_ref().map(WorkflowId::as_str));
        let wanted = (&*search.text, search.state.map(GateState::as_str));
        let rows = self.listed(&LISTING, wanted, &after, page.limit).await?;
        rows.iter().map(listed).collect()
    }

    /// How many workflows stand at this state of the gate.
    pub async fn gate_count(&mut self, state: GateState) -> Result<Counted, StoreError> {
        self.counted(COUNT, state.as_str()).await
    }
}

fn listed(row: &Row) -> Result<WorkflowRow, StoreError> {
    let marks = row.optional_text("marks")?.unwrap_or_default();
    let marks = marks.split(',').filter(|mark| !mark.is_empty());
    let suspended = row.optional_time("suspended_at")?.is_some();
    Ok(WorkflowRow {
        workflow: workflow(row, &[])?,
        workspace: row.parsed("workspace")?,
        slots: marks
            .map(|mark| slot(mark, suspended))
            .collect::<Result<_, _>>()?,
    })
}

fn slot(mark: &str, suspended: bool) -> Result<SlotMark, StoreError> {
    let unread = || StoreError::corrupt("marks", "it is not made of apps and states");
    let parts: Vec<_> = mark.split(' ').collect();
    let [app, required, status, paused] = parts[..] else {
        return Err(unread());
    };
    let status = match status {
        "" => None,
        status => Some(status.parse().map_err(|_| unread())?),
    };
    let required = required != "0";
    Ok(SlotMark {
        app: app.to_owned(),
        required,
        missing: match suspended {
            true => Some(MissingReason::WorkspaceSuspended),
            false => gate::missing(required, status, !paused.is_empty()),
        },
    })
}
