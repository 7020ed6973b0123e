use axum::response::Response;
use latchkey_tenants::{Capability, GateState, Slot, StoreError, Tx, Workflow};
use serde::Serialize;

use super::{
    draft::{Around, Draft, LIFETIMES},
    path_of,
};
use crate::{
    console::{
        Desk,
        choose::{self, Chosen},
        connections::standing,
        done,
        languages::languages,
        workflows::{self, gate_state},
    },
    http::{PageError, PageResult, Query},
    person::{Sent, Work},
};

pub(super) const PATH: &str = "/dashboard/requests/new";
const TITLE: &str = "New request";

#[derive(Serialize)]
struct View {
    workspace: String,
    workspace_id: String,
    draft: Draft,
    workflows: Vec<WorkflowChoice>,
    clients: Vec<(String, String)>,
    more_workflows: bool,
    more_clients: bool,
    languages: Vec<(String, String)>,
    lifetimes: [(&'static str, &'static str); 9],
    manages: bool,
}

#[derive(Serialize)]
struct WorkflowChoice {
    path: String,
    name: String,
    gate: (&'static str, &'static str),
    slots: Vec<SlotChoice>,
}

#[derive(Serialize)]
struct SlotChoice {
    id: String,
    app: String,
    slug: String,
    required: bool,
    expected: Option<String>,
    /// Of what it is connected to.
    state: Option<(&'static str, &'static str)>,
    /// What its provider will show, in plain words.
    permissions: Vec<String>,
    /// The agency has an OAuth client for it.
    ready: bool,
    chosen: bool,
}

/// `GET /dashboard/requests/new`: first the workspace, then everything else on one page.
pub(super) async fn show(desk: Desk<Work>, query: Query) -> PageResult {
    let id = match choose::workspace(&desk, &query, PATH, TITLE).await? {
        Chosen::Workspace(id) => id,
        Chosen::Ask(page) => return Ok(page),
    };
    let mut tx = desk.read().await?;
    let around = Around::read(&mut tx, &id, &query).await?;
    let around = around.ok_or_else(PageError::not_found)?;
    let draft = Draft::blank(&around, query.typed("workflow"));
    let view = view(&desk, &mut tx, around, draft).await?;
    Ok(desk.show("requests/new.html", TITLE, view))
}

/// `POST /dashboard/requests/new`: `do` is `send` or `queue`, or `find`, which shows what is looked for.
pub(super) async fn create(sent: Sent<Desk<Work>>) -> PageResult {
    let (desk, fields) = (&sent.by, &sent.fields);
    let mut draft = Draft::of(fields);
    let mut tx = desk.begin().await?;
    let around = around_of(&mut tx, fields).await?;
    if fields.typed("do") == "find" {
        let view = view(desk, &mut tx, around, draft).await?;
        return Ok(desk.show("requests/new.html", TITLE, view));
    }
    let Some(new) = draft.request(&around) else {
        return again(desk, tx, around, draft).await;
    };
    let request = match tx.request_create(new, &desk.actor()).await {
        Ok(request) => request,
        Err(error) => {
            draft.refuse(error)?;
            return again(desk, tx, around, draft).await;
        }
    };
    let sends = fields.typed("do") == "send";
    if sends {
        tx.request_send(&request.id, &desk.actor()).await?;
    }
    desk.commit(tx).await?;
    let text = match sends {
        true => format!("The request to {} is on its way.", request.recipient.email),
        false => "The request is queued: send it whenever you like.".to_owned(),
    };
    Ok(done(&path_of(&request.id), &text))
}

pub(super) async fn around_of(tx: &mut Tx, fields: &Query) -> Result<Around, PageError> {
    let id = fields.typed("workspace").parse();
    let id = id.map_err(|_| PageError::not_found())?;
    let around = Around::read(tx, &id, fields).await?;
    around.ok_or_else(PageError::not_found)
}

async fn again(
    desk: &Desk<Work>,
    mut tx: Tx,
    around: Around,
    draft: Draft,
) -> Result<Response, PageError> {
    let view = view(desk, &mut tx, around, draft).await?;
    Ok(desk.refuse("requests/new.html", TITLE, view))
}

async fn view(
    desk: &Desk<Work>,
    tx: &mut Tx,
    around: Around,
    draft: Draft,
) -> Result<View, StoreError> {
    let ready = tx.oauth_client_contexts().await?;
    let ready: Vec<String> = ready.into_iter().map(|client| client.app).collect();
    let mut workflows = Vec::with_capacity(around.workflows.len());
    for workflow in &around.workflows {
        workflows.push(workflow_choice(tx, workflow, &draft, &ready).await?);
    }
    let clients = around.clients.iter().map(|member| {
        let label = match &member.name {
            Some(name) => format!("{name} · {}", member.email),
            None => member.email.to_string(),
        };
        (member.id.to_string(), label)
    });
    Ok(View {
        workspace: around.workspace.name.to_string(),
        workspace_id: around.workspace.id.to_string(),
        clients: clients.collect(),
        languages: languages(&desk.person().site),
        lifetimes: LIFETIMES,
        manages: desk.may(Capability::Manage),
        more_workflows: around.more_workflows,
        more_clients: around.more_clients,
        workflows,
        draft,
    })
}

async fn workflow_choice(
    tx: &mut Tx,
    workflow: &Workflow,
    draft: &Draft,
    ready: &[String],
) -> Result<WorkflowChoice, StoreError> {
    let mut slots = Vec::with_capacity(workflow.slots.len());
    for slot in &workflow.slots {
        slots.extend(slot_choice(tx, slot, draft, ready).await?);
    }
    let gate: GateState = workflow.gate.state;
    Ok(WorkflowChoice {
        path: workflows::path_of(&workflow.id),
        name: workflow.name.to_string(),
        gate: gate_state(gate),
        slots,
    })
}

/// None: the app is gone.
async fn slot_choice(
    tx: &mut Tx,
    slot: &Slot,
    draft: &Draft,
    ready: &[String],
) -> Result<Option<SlotChoice>, StoreError> {
    let Some(app) = tx.app(&slot.app).await? else {
        return Ok(None);
    };
    Ok(Some(SlotChoice {
        app: app.name.clone(),
        slug: app.slug.clone(),
        required: slot.required,
        expected: slot.expected_account.as_ref().map(ToString::to_string),
        state: slot
            .connection
            .as_ref()
            .map(|(_, status)| standing(*status, slot.paused)),
        permissions: app.scope_labels(&app.scopes_for(&slot.scopes)),
        ready: ready.contains(&slot.app),
        chosen: draft.slots.contains(slot.id.as_str()),
        id: slot.id.to_string(),
    }))
}
