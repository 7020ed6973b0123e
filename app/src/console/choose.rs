use axum::response::Response;
use latchkey_tenants::{Workspace, WorkspaceId};
use serde::Serialize;

use super::{Desk, listing::address};
use crate::http::{PageError, Query};

/// The workspace that a form is about, or the page that asks for it.
pub(super) enum Chosen {
    Workspace(WorkspaceId),
    Ask(Response),
}

#[derive(Serialize)]
struct View {
    path: &'static str,
    q: String,
    found: Vec<(String, String, String)>,
    more: bool,
}

const SHOWN: u8 = 20;

/// Named in the query, or the only one that there is; else people choose from a search.
pub(super) async fn workspace<C>(
    desk: &Desk<C>,
    query: &Query,
    path: &'static str,
    title: &str,
) -> Result<Chosen, PageError> {
    if let Some(id) = query.get("workspace") {
        let id = id.parse().map_err(|_| PageError::not_found())?;
        return Ok(Chosen::Workspace(id));
    }
    let typed = query.typed("q");
    let mut tx = desk.read().await?;
    let mut found = tx.workspaces_found(typed, i64::from(SHOWN) + 1).await?;
    drop(tx);
    if let ([only], "") = (&*found, typed) {
        return Ok(Chosen::Workspace(only.id.clone()));
    }
    let shown = usize::from(SHOWN);
    let more = found.len() > shown;
    found.truncate(shown);
    let choice = |workspace: Workspace| {
        let to = address(path, &[("workspace", workspace.id.as_str())]);
        let (name, slug) = (workspace.name.to_string(), workspace.slug.to_string());
        (name, slug, to)
    };
    let view = View {
        path,
        q: typed.to_owned(),
        found: found.into_iter().map(choice).collect(),
        more,
    };
    Ok(Chosen::Ask(desk.show("choose.html", title, view)))
}
