use latchkey_tenants::{
    ActionError, GateState, Resume, Slot, StoreError, Tx, Workflow, WorkflowId,
};
use serde::Serialize;

use super::{gate_state, path_of, words::missing};
use crate::{
    console::{
        Desk,
        connections::standing,
        requests::{self, RequestLine, lines},
        told,
    },
    http::{PageError, PageResult, Segment},
    person::{Sent, Work},
};

#[derive(Serialize)]
struct View {
    path: String,
    name: String,
    workspace: (String, String),
    external_id: Option<String>,
    by_hand: bool,
    gate: (&'static str, &'static str),
    since: i64,
    created: i64,
    /// Why the gate is shut, a sentence each.
    why: Vec<String>,
    /// Nothing is missing; it waits for somebody's word.
    resumes: bool,
    slots: Vec<SlotView>,
    requests: Vec<RequestLine>,
    /// Where a request for what is missing is written; none: nothing is.
    ask: Option<String>,
}

#[derive(Serialize)]
struct SlotView {
    app: String,
    required: bool,
    expected: Option<String>,
    permissions: Vec<String>,
    state: (&'static str, &'static str),
    connection: Option<String>,
}

/// Requests that a page shows.
const REQUESTS: i64 = 20;

/// `GET /dashboard/workflows/{id}`.
pub(super) async fn show(desk: Desk<Work>, id: Segment) -> PageResult {
    let id: WorkflowId = id.id()?;
    let mut tx = desk.read().await?;
    let workflow = tx.workflow(&id).await?.ok_or_else(PageError::not_found)?;
    let workspace = tx.workspace(&workflow.workspace_id).await?;
    let workspace = workspace.ok_or_else(PageError::not_found)?;
    let requests = tx.request_rows_of_workflow(&id, REQUESTS).await?;
    let requests = lines(&mut tx, requests, desk.now()).await?;
    let (mut slots, mut why) = (Vec::with_capacity(workflow.slots.len()), Vec::new());
    for slot in &workflow.slots {
        let view = slot_view(&mut tx, slot).await?;
        why.extend(
            slot.missing()
                .map(|reason| format!("{} {}.", view.app, missing(reason))),
        );
        slots.push(view);
    }
    drop(tx);
    let view = View {
        workspace: (
            workspace.name.to_string(),
            format!("/dashboard/workspaces/{}", workspace.id),
        ),
        ask: ask(&workflow),
        resumes: workflow.gate.state == GateState::Paused && why.is_empty(),
        why,
        slots,
        requests,
        ..bare(&workflow)
    };
    let title = view.name.clone();
    Ok(desk.show("workflows/detail.html", &title, view))
}

fn bare(workflow: &Workflow) -> View {
    View {
        path: path_of(&workflow.id),
        name: workflow.name.to_string(),
        workspace: (String::new(), String::new()),
        external_id: workflow.external_id.as_ref().map(ToString::to_string),
        by_hand: workflow.resume == Resume::Manual,
        gate: gate_state(workflow.gate.state),
        since: workflow.gate.since.micros(),
        created: workflow.created_at.micros(),
        why: Vec::new(),
        resumes: false,
        slots: Vec::new(),
        requests: Vec::new(),
        ask: None,
    }
}

fn ask(workflow: &Workflow) -> Option<String> {
    let missing = |slot: &Slot| match &slot.connection {
        None => true,
        Some(_) => slot.lacks().is_some(),
    };
    let some = workflow
        .slots
        .iter()
        .any(|slot| missing(slot) && !slot.suspended);
    some.then(|| requests::path_of_new(&workflow.workspace_id, Some(&workflow.id)))
}

async fn slot_view(tx: &mut Tx, slot: &Slot) -> Result<SlotView, StoreError> {
    let app = tx.app(&slot.app).await?;
    let (name, permissions) = app.map_or_else(
        || (slot.app.clone(), slot.scopes.clone()),
        |app| {
            let permissions = app.scope_labels(&app.scopes_for(&slot.scopes));
            (app.name.clone(), permissions)
        },
    );
    let connection = slot.connection.as_ref();
    Ok(SlotView {
        app: name,
        required: slot.required,
        expected: slot.expected_account.as_ref().map(ToString::to_string),
        permissions,
        state: connection.map_or(("none", "Not connected"), |(_, status)| {
            standing(*status, slot.paused)
        }),
        connection: connection.map(|(id, _)| format!("/dashboard/connections/{id}")),
    })
}

/// `POST /dashboard/workflows/{id}/resume`: opens a paused gate that waits for somebody's word.
pub(super) async fn resume(id: Segment, sent: Sent<Desk<Work>>) -> PageResult {
    let id: WorkflowId = id.id()?;
    let mut tx = sent.by.begin().await?;
    let outcome = match tx.gate_resume(&id).await {
        Ok(gate) if gate.state == GateState::Open => {
            sent.by.commit(tx).await?;
            Ok(())
        }
        Ok(_) => {
            let why = "a required app has no working connection yet";
            Err(ActionError::conflict("still_missing", why))
        }
        Err(error) => Err(error),
    };
    told(
        &path_of(&id),
        outcome,
        "The gate is open: the workflow may run.",
    )
}
