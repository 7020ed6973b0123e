//! Workspaces: one for each client of the agency, from the first invitation to the last trace.

mod delete;
mod export;
mod list;
mod new;
mod rename;
mod show;
mod suspend;

use latchkey_tenants::{WorkspaceId, store::WorkspaceRow};

use super::Desk;
use crate::http::{PageError, Pages, Segment};

const PATH: &str = "/dashboard/workspaces";

pub(super) fn routes() -> Pages {
    Pages::new()
        .get(PATH, list::show)
        .get("/dashboard/workspaces/new", new::show)
        .post("/dashboard/workspaces/new", new::create)
        .get("/dashboard/workspaces/{workspace}", show::show)
        .post("/dashboard/workspaces/{workspace}/rename", rename::rename)
        .post("/dashboard/workspaces/{workspace}/export", export::export)
        .get("/dashboard/workspaces/{workspace}/suspend", suspend::ask)
        .post(
            "/dashboard/workspaces/{workspace}/suspend",
            suspend::suspend,
        )
        .post("/dashboard/workspaces/{workspace}/resume", suspend::resume)
        .get("/dashboard/workspaces/{workspace}/delete", delete::ask)
        .post("/dashboard/workspaces/{workspace}/delete", delete::delete)
}

fn path_of(id: &WorkspaceId) -> String {
    format!("{PATH}/{id}")
}

async fn found<C>(desk: &Desk<C>, segment: &Segment) -> Result<WorkspaceRow, PageError> {
    let id = segment.id()?;
    let row = desk.read().await?.workspace_row(&id).await?;
    row.ok_or_else(PageError::not_found)
}
