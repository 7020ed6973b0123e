use axum::{Json, http::StatusCode};
use latchkey_tenants::{
    Timestamp, Workspace, WorkspaceId,
    values::{Name, Slug},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::{Caller, WorkspacesRead, WorkspacesWrite},
    body::{Body, Empty, NoBody},
    list::{Cursor, Limit, Listing, Params, page_of},
    path::Named,
    problem::Problem,
    schema,
};
use crate::platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list_workspaces, create_workspace))
        .routes(routes!(show_workspace))
        .routes(routes!(suspend_workspace))
        .routes(routes!(resume_workspace))
}

/// One client engagement of the agency.
#[derive(Serialize, ToSchema)]
#[schema(as = Workspace)]
pub(super) struct WorkspaceView {
    #[schema(value_type = schema::WorkspaceId)]
    id: WorkspaceId,
    #[schema(value_type = schema::Name)]
    name: Name,
    #[schema(value_type = schema::Slug)]
    slug: Slug,
    #[schema(value_type = schema::Timestamp)]
    created_at: Timestamp,
    /// Since when it is suspended.
    #[schema(value_type = Option<schema::Timestamp>, required)]
    suspended_at: Option<Timestamp>,
}

impl From<Workspace> for WorkspaceView {
    fn from(workspace: Workspace) -> Self {
        Self {
            id: workspace.id,
            name: workspace.name,
            slug: workspace.slug,
            created_at: workspace.created_at,
            suspended_at: workspace.suspended_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WorkspacesQuery {
    #[serde(default)]
    #[param(value_type = schema::Limit, required = false)]
    limit: Limit,
    #[param(value_type = schema::Cursor, required = false)]
    cursor: Option<Cursor<WorkspaceId>>,
}

/// List the workspaces
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/workspaces",
    tag = "Workspaces",
    params(WorkspacesQuery),
    responses((status = 200, description = "A page of workspaces.", body = Listing<WorkspaceView>)),
    security(("api_key" = ["workspaces:read"])),
)]
async fn list_workspaces(
    caller: Caller<WorkspacesRead>,
    Params(query): Params<WorkspacesQuery>,
) -> Result<Json<Listing<WorkspaceView>>, Problem> {
    let page = page_of(query.limit, query.cursor);
    let rows = caller.read().await?.workspaces(&page).await?;
    let id = |workspace: &Workspace| workspace.id.clone();
    Ok(Json(Listing::of(
        rows,
        query.limit,
        id,
        WorkspaceView::from,
    )))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"name": "Globex", "slug": "globex"})))]
struct NewWorkspace {
    #[schema(value_type = schema::Name)]
    name: Name,
    /// Unique in the agency.
    #[schema(value_type = schema::Slug)]
    slug: Slug,
}

/// Create a workspace
#[utoipa::path(
    post,
    path = "/workspaces",
    tag = "Workspaces",
    request_body = NewWorkspace,
    responses(
        (status = 201, description = "The new workspace.", body = WorkspaceView),
        (status = 409, description = "`slug_taken`: the agency has a workspace of this slug."),
    ),
    security(("api_key" = ["workspaces:write"])),
)]
async fn create_workspace(
    caller: Caller<WorkspacesWrite>,
    Body(new): Body<NewWorkspace>,
) -> Result<(StatusCode, Json<WorkspaceView>), Problem> {
    let mut tx = caller.begin().await?;
    let workspace = tx
        .workspace_create(new.name, new.slug, &caller.actor)
        .await?;
    caller.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(workspace.into())))
}

/// Show a workspace
#[utoipa::path(
    get,
    path = "/workspaces/{id}",
    tag = "Workspaces",
    params(("id" = schema::WorkspaceId, Path)),
    responses((status = 200, description = "The workspace.", body = WorkspaceView)),
    security(("api_key" = ["workspaces:read"])),
)]
async fn show_workspace(
    caller: Caller<WorkspacesRead>,
    Named(id): Named<WorkspaceId>,
) -> Result<Json<WorkspaceView>, Problem> {
    let workspace = caller.read().await?.workspace(&id).await?;
    let workspace = workspace.ok_or_else(|| Problem::not_found("workspace"))?;
    Ok(Json(workspace.into()))
}

/// Suspend a workspace
///
/// Its links pause, nothing is sent, its gates shut and its tokens are refused; nothing is deleted. The clocks of its requests
/// and reminders stand still. Doing it twice is doing it once.
#[utoipa::path(
    post,
    path = "/workspaces/{id}/suspend",
    tag = "Workspaces",
    params(("id" = schema::WorkspaceId, Path)),
    request_body = Empty,
    responses(
        (status = 200, description = "The workspace, suspended.", body = WorkspaceView),
        (status = 409, description = "`workspace_closing`: it is being deleted."),
    ),
    security(("api_key" = ["workspaces:write"])),
)]
async fn suspend_workspace(
    caller: Caller<WorkspacesWrite>,
    Named(id): Named<WorkspaceId>,
    _: NoBody,
) -> Result<Json<WorkspaceView>, Problem> {
    let mut tx = caller.begin().await?;
    let workspace = tx.workspace_suspend(&id, &caller.actor).await?;
    caller.commit(tx).await?;
    Ok(Json(workspace.into()))
}

/// Resume a workspace
///
/// Everything goes on where the suspension stopped it. Doing it twice is doing it once.
#[utoipa::path(
    post,
    path = "/workspaces/{id}/resume",
    tag = "Workspaces",
    params(("id" = schema::WorkspaceId, Path)),
    request_body = Empty,
    responses(
        (status = 200, description = "The workspace, as it was.", body = WorkspaceView),
        (status = 409, description = "`workspace_closing`: it is being deleted."),
    ),
    security(("api_key" = ["workspaces:write"])),
)]
async fn resume_workspace(
    caller: Caller<WorkspacesWrite>,
    Named(id): Named<WorkspaceId>,
    _: NoBody,
) -> Result<Json<WorkspaceView>, Problem> {
    let mut tx = caller.begin().await?;
    let workspace = tx.workspace_resume(&id, &caller.actor).await?;
    caller.commit(tx).await?;
    Ok(Json(workspace.into()))
}
