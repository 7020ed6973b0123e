//! Asks to clients: the list, one with its story, the composer, and many from a table.

mod compose;
mod detail;
mod draft;
mod import;
mod line;
mod list;
mod moves;
mod preview;
mod story;
mod table;
mod words;

use latchkey_tenants::{RequestId, WorkflowId, WorkspaceId};

use super::listing::address;
use crate::http::Pages;

pub(super) use line::{RequestLine, lines};
pub(super) use words::request_state;

pub(super) const ROOT: &str = "/dashboard/requests";

pub(super) fn routes() -> Pages {
    Pages::new()
        .get(ROOT, list::list)
        .get(compose::PATH, compose::show)
        .post(compose::PATH, compose::create)
        .post("/dashboard/requests/preview/page", preview::page)
        .post("/dashboard/requests/preview/mail", preview::mail)
        .get("/dashboard/requests/import", import::show)
        .post("/dashboard/requests/import", import::look)
        .post("/dashboard/requests/import/create", import::create)
        .post("/dashboard/requests/items/{item}/accept", moves::accept)
        .post(
            "/dashboard/requests/items/{item}/give-back",
            moves::give_back,
        )
        .get("/dashboard/requests/{id}", detail::show)
        .post("/dashboard/requests/{id}/send", moves::send)
        .post("/dashboard/requests/{id}/resend", moves::resend)
        .post("/dashboard/requests/{id}/cancel", moves::cancel)
        .post("/dashboard/requests/{id}/renew", moves::renew)
        .post("/dashboard/requests/{id}/link", moves::link)
}

/// Where a request is written, in this workspace and for all that is missing there, or in one workflow of it.
pub(super) fn path_of_new(workspace: &WorkspaceId, workflow: Option<&WorkflowId>) -> String {
    let pairs = [
        ("workspace", workspace.as_str()),
        ("workflow", workflow.map_or("", WorkflowId::as_str)),
    ];
    address(compose::PATH, &pairs)
}

/// The page of a request.
pub(super) fn path_of(id: &RequestId) -> String {
    format!("{ROOT}/{id}")
}
