use latchkey_tenants::{
    GateState, StoreError, Tx, WorkflowId,
    store::{WorkflowRow, WorkflowSearch},
};
use serde::Serialize;

use super::{ROOT, gate_state, path_of};
use crate::{
    console::{
        Desk,
        listing::{Asked, Listed},
        names::Names,
    },
    http::{PageResult, Query},
    person::Work,
};

#[derive(Serialize)]
struct Line {
    #[serde(skip)]
    id: WorkflowId,
    path: String,
    name: String,
    workspace: String,
    external_id: Option<String>,
    apps: String,
    /// How many of the required slots are connected and well.
    done: usize,
    total: usize,
    gate: (&'static str, &'static str),
    since: i64,
}

const LABELS: [(GateState, &str); 3] = [
    (GateState::Waiting, "Waiting"),
    (GateState::Paused, "Paused"),
    (GateState::Open, "Open"),
];

/// `GET /dashboard/workflows`.
pub(super) async fn list(desk: Desk<Work>, query: Query) -> PageResult {
    let asked = Asked::of(ROOT, &query)?;
    let search = WorkflowSearch {
        state: asked.state(),
        text: asked.text.clone(),
    };
    let mut tx = desk.read().await?;
    let mut states = vec![("", "All".to_owned())];
    for (state, label) in LABELS {
        let label = match asked.text.is_empty() {
            true => format!("{label} {}", tx.gate_count(state).await?),
            false => label.to_owned(),
        };
        states.push((state.as_str(), label));
    }
    let rows = tx.workflow_rows(&search, &asked.page()).await?;
    let lines = lines(&mut tx, rows).await?;
    drop(tx);
    let page: Listed<Line> = asked.listed(&states, lines, |line| line.id.clone(), |line| line);
    Ok(desk.show("workflows/list.html", "Workflows", page))
}

async fn lines(tx: &mut Tx, rows: Vec<WorkflowRow>) -> Result<Vec<Line>, StoreError> {
    let mut names = Names::default();
    let mut lines = Vec::with_capacity(rows.len());
    for WorkflowRow {
        workflow,
        workspace,
        slots,
    } in rows
    {
        let mut apps = Vec::with_capacity(slots.len());
        for slot in &slots {
            apps.push(names.app(tx, &slot.app).await?);
        }
        let required = slots.iter().filter(|slot| slot.required);
        lines.push(Line {
            path: path_of(&workflow.id),
            name: workflow.name.to_string(),
            workspace: workspace.to_string(),
            external_id: workflow.external_id.as_ref().map(ToString::to_string),
            apps: apps.join(", "),
            done: required
                .clone()
                .filter(|slot| slot.missing.is_none())
                .count(),
            total: required.count(),
            gate: gate_state(workflow.gate.state),
            since: workflow.gate.since.micros(),
            id: workflow.id,
        });
    }
    Ok(lines)
}
