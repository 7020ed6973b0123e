use latchkey_tenants::WorkspaceId;
use serde::Serialize;

use super::{found, path_of};
use crate::{
    console::{Desk, told},
    http::{PageResult, Segment},
    person::{Manage, Sent},
};

#[derive(Serialize)]
struct Suspend {
    path: String,
    called: String,
    workflows: i64,
    connections: i64,
    waiting: i64,
}

/// `GET /dashboard/workspaces/{workspace}/suspend`: what would rest.
pub(super) async fn ask(desk: Desk<Manage>, segment: Segment) -> PageResult {
    let row = found(&desk, &segment).await?;
    let page = Suspend {
        path: path_of(&row.workspace.id),
        called: row.workspace.name.to_string(),
        workflows: row.workflows,
        connections: row.connections,
        waiting: row.waiting,
    };
    let title = format!("Suspend {}", page.called);
    Ok(desk.show("workspaces/suspend.html", &title, &page))
}

/// `POST /dashboard/workspaces/{workspace}/suspend`.
pub(super) async fn suspend(
    segment: Segment,
    Sent { by: desk, .. }: Sent<Desk<Manage>>,
) -> PageResult {
    let id: WorkspaceId = segment.id()?;
    let mut tx = desk.begin().await?;
    let outcome = tx.workspace_suspend(&id, &desk.actor()).await;
    if outcome.is_ok() {
        desk.commit(tx).await?;
    }
    let text = "The workspace is suspended. Nothing was deleted: resume it whenever you like.";
    told(&path_of(&id), outcome, text)
}

/// `POST /dashboard/workspaces/{workspace}/resume`.
pub(super) async fn resume(
    segment: Segment,
    Sent { by: desk, .. }: Sent<Desk<Manage>>,
) -> PageResult {
    let id: WorkspaceId = segment.id()?;
    let mut tx = desk.begin().await?;
    let outcome = tx.workspace_resume(&id, &desk.actor()).await;
    if outcome.is_ok() {
        desk.commit(tx).await?;
    }
    let text = "The workspace goes on: links open again, and every clock has what was left of it.";
    told(&path_of(&id), outcome, text)
}
