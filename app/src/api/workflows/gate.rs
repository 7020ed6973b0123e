use std::{borrow::Cow, time::Duration};

use axum::Json;
use latchkey_tenants::{GateState, Workflow, WorkflowId};
use serde::{Deserialize, Deserializer};
use tokio::time::{sleep, timeout};
use utoipa::IntoParams;

use super::{
    super::{
        auth::{Caller, WorkflowsRead, WorkflowsWrite},
        body::{Empty, NoBody},
        list::Params,
        path::Named,
        problem::Problem,
        schema,
    },
    view::GateView,
};

/// Other processes tell us nothing, so we look again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
const LONGEST: u64 = 60;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct GateQuery {
    /// Seconds to hold the answer while the state stays what it is.
    #[serde(default)]
    #[param(value_type = schema::Seconds, required = false)]
    wait: Wait,
    /// The state that the caller knows; the answer is held only while it is the present one. The present state if nothing is
    /// said.
    #[param(value_type = schema::GateState, required = false)]
    state: Option<GateState>,
}

/// Ask at the gate
///
/// May the workflow run? With `wait` the answer is held until the state changes, at most so many seconds; `state` makes it
/// certain that no change is missed between two calls: `?wait=30&state=waiting`.
#[utoipa::path(
    get,
    path = "/workflows/{id}/gate",
    tag = "Workflows",
    params(("id" = schema::WorkflowId, Path), GateQuery),
    responses((status = 200, description = "The gate.", body = GateView)),
    security(("api_key" = ["workflows:read"])),
)]
pub(super) async fn wait_at_gate(
    caller: Caller<WorkflowsRead>,
    Named(id): Named<WorkflowId>,
    Params(query): Params<GateQuery>,
) -> Result<Json<GateView>, Problem> {
    // Listening starts before the first look, so that nothing falls in between.
    let mut changes = caller.platform.bus.changes_of(caller.agency());
    let mut workflow = look(&caller, &id).await?;
    let known = query.state.unwrap_or(workflow.gate.state);
    let changed = async {
        while workflow.gate.state == known {
            tokio::select! {
                () = changes.next() => {}
                () = sleep(LOOK_AGAIN) => {}
                () = caller.platform.drained() => break,
            }
            workflow = look(&caller, &id).await?;
        }
        Ok::<_, Problem>(())
    };
    if let Ok(outcome) = timeout(query.wait.0, changed).await {
        outcome?;
    }
    Ok(Json(GateView::of(&workflow)))
}

async fn look<S>(caller: &Caller<S>, id: &WorkflowId) -> Result<Workflow, Problem> {
    let workflow = caller.read().await?.workflow(id).await?;
    workflow.ok_or_else(|| Problem::not_found("workflow"))
}

/// Resume a workflow
///
/// Opens a paused gate that waits for somebody's word (`resume: manual`), if nothing is missing any more.
#[utoipa::path(
    post,
    path = "/workflows/{id}/resume",
    tag = "Workflows",
    params(("id" = schema::WorkflowId, Path)),
    request_body = Empty,
    responses(
        (status = 200, description = "The gate; open already is open.", body = GateView),
        (status = 409, description = "`still_missing`: a required slot has no working connection, or the workspace is suspended."),
    ),
    security(("api_key" = ["workflows:write"])),
)]
pub(super) async fn resume_workflow(
    caller: Caller<WorkflowsWrite>,
    Named(id): Named<WorkflowId>,
    _: NoBody,
) -> Result<Json<GateView>, Problem> {
    let mut tx = caller.begin().await?;
    let gate = tx.gate_resume(&id).await?;
    if gate.state != GateState::Open {
        let detail = "a required slot has no working connection: ask at the gate which one";
        return Err(Problem::conflict("still_missing", detail));
    }
    caller.commit(tx).await?;
    Ok(Json(GateView::of(&look(&caller, &id).await?)))
}

#[derive(Default)]
struct Wait(Duration);

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let seconds = text.parse().ok().filter(|seconds| *seconds <= LONGEST);
        let expected = || serde::de::Error::custom("a number of seconds from 0 to 60 is expected");
        Ok(Self(Duration::from_secs(seconds.ok_or_else(expected)?)))
    }
}
