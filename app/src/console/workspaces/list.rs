use latchkey_tenants::{WorkspaceId, store::WorkspaceRow};
use serde::Serialize;

use super::{PATH, path_of};
use crate::{
    console::{
        Desk,
        listing::{Asked, Listed},
    },
    http::{PageResult, Query},
    person::Work,
};

#[derive(Serialize)]
struct Row {
    path: String,
    name: String,
    slug: String,
    clients: i64,
    workflows: i64,
    connections: i64,
    broken: i64,
    waiting: i64,
    closing: bool,
    suspended: bool,
}

/// `GET /dashboard/workspaces`: newest first.
pub(super) async fn show(desk: Desk<Work>, query: Query) -> PageResult {
    let asked: Asked<WorkspaceId> = Asked::of(PATH, &query)?;
    let mut tx = desk.read().await?;
    let found = tx.workspace_rows(&asked.text, &asked.page()).await?;
    drop(tx);
    let id = |row: &WorkspaceRow| row.workspace.id.clone();
    let page: Listed<Row> = asked.listed(&[], found, id, row);
    Ok(desk.show("workspaces/list.html", "Workspaces", page))
}

fn row(row: WorkspaceRow) -> Row {
    Row {
        path: path_of(&row.workspace.id),
        closing: row.workspace.closing_at.is_some(),
        suspended: row.workspace.suspended_at.is_some(),
        name: row.workspace.name.to_string(),
        slug: row.workspace.slug.to_string(),
        clients: row.clients,
        workflows: row.workflows,
        connections: row.connections,
        broken: row.broken,
        waiting: row.waiting,
    }
}
