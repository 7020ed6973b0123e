use axum::{Json, http::StatusCode};
use latchkey_tenants::{
    NewSlot, NewWorkflow, Resume, Tx, WorkspaceId,
    catalogue::App,
    values::{Name, Opaque, Slug},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        auth::{Caller, WorkflowsWrite},
        body::Body,
        problem::Problem,
        schema,
        scope::{self, ScopeToken},
    },
    view::WorkflowView,
};

/// Of one workflow.
const MOST_SLOTS: usize = 50;
/// Of one slot.
const MOST_SCOPES: usize = 100;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({
    "workspace_id": "wsp_01kc76xp00hezapqm44qap4thw", "name": "Weekly report",
    "slots": [{"app": "slack", "scopes": ["chat:write"]}],
})))]
pub(super) struct CreateWorkflow {
    #[schema(value_type = schema::WorkspaceId)]
    workspace_id: WorkspaceId,
    #[schema(value_type = schema::Name)]
    name: Name,
    /// What the engine calls it.
    #[schema(value_type = Option<schema::Opaque>)]
    external_id: Option<Opaque>,
    /// `auto` if nothing is said.
    #[schema(value_type = Option<schema::Resume>)]
    resume: Option<Resume>,
    /// The apps that it needs.
    #[schema(min_items = 1, max_items = 50)]
    slots: Vec<CreateSlot>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateSlot {
    /// Of the catalogue, or the agency's own.
    #[schema(value_type = schema::Slug)]
    app: Slug,
    /// The app's default if nothing is said.
    #[serde(default)]
    #[schema(value_type = Vec<schema::Scope>, max_items = 100)]
    scopes: Vec<ScopeToken>,
    /// An optional slot never shuts the gate.
    #[serde(default = "yes")]
    #[schema(default = true)]
    required: bool,
    /// An id or name at the provider; any other account is held until staff accept it.
    #[schema(value_type = Option<schema::Opaque>)]
    expected_account: Option<Opaque>,
}

const fn yes() -> bool {
    true
}

/// Create a workflow
///
/// Its gate waits until every required slot is connected.
#[utoipa::path(
    post,
    path = "/workflows",
    tag = "Workflows",
    request_body = CreateWorkflow,
    responses((status = 201, description = "The new workflow.", body = WorkflowView)),
    security(("api_key" = ["workflows:write"])),
)]
pub(super) async fn create_workflow(
    caller: Caller<WorkflowsWrite>,
    Body(new): Body<CreateWorkflow>,
) -> Result<(StatusCode, Json<WorkflowView>), Problem> {
    if new.slots.is_empty() || new.slots.len() > MOST_SLOTS {
        let detail = format!("1 to {MOST_SLOTS} slots are expected");
        return Err(Problem::refused_at("/slots", detail));
    }
    let mut tx = caller.begin().await?;
    let mut slots = Vec::with_capacity(new.slots.len());
    for (index, slot) in new.slots.into_iter().enumerate() {
        slots.push(slot_of(&mut tx, index, slot).await?);
    }
    let new = NewWorkflow {
        workspace_id: new.workspace_id,
        name: new.name,
        external_id: new.external_id,
        resume: new.resume.unwrap_or(Resume::Auto),
        slots,
    };
    let workflow = tx.workflow_create(new, &caller.actor).await?;
    caller.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(workflow.into())))
}

async fn slot_of(tx: &mut Tx, index: usize, new: CreateSlot) -> Result<NewSlot, Problem> {
    let Some(app) = tx.app(new.app.as_str()).await? else {
        let detail = "there is no such app; GET /apps lists them";
        return Err(Problem::refused_at(format!("/slots/{index}/app"), detail));
    };
    Ok(NewSlot {
        scopes: scopes_of(&app, index, new.scopes)?,
        app: app.slug.clone(),
        required: new.required,
        expected_account: new.expected_account,
    })
}

fn scopes_of(app: &App, index: usize, asked: Vec<ScopeToken>) -> Result<Vec<String>, Problem> {
    if asked.is_empty() {
        return Ok(app.default_scopes.clone());
    }
    if asked.len() > MOST_SCOPES {
        let detail = format!("at most {MOST_SCOPES} scopes are expected");
        return Err(Problem::refused_at(
            format!("/slots/{index}/scopes"),
            detail,
        ));
    }
    let separator = app.authorize.separator.as_str();
    if let Some(at) = asked
        .iter()
        .position(|scope| scope.as_str().contains(separator))
    {
        let detail = format!(
            "{} puts `{separator}` between scopes, so none can hold it",
            app.name
        );
        return Err(Problem::refused_at(
            format!("/slots/{index}/scopes/{at}"),
            detail,
        ));
    }
    Ok(scope::texts(asked))
}
