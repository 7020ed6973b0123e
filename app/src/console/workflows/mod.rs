//! Automations that wait: the list, one with its gate, and a new one.

mod create;
mod detail;
mod edit;
mod list;
mod words;

use latchkey_tenants::WorkflowId;

use crate::http::Pages;

pub(super) use words::gate_state;

pub(super) const ROOT: &str = "/dashboard/workflows";

pub(super) fn routes() -> Pages {
    Pages::new()
        .get(ROOT, list::list)
        .get("/dashboard/workflows/new", create::show)
        .post("/dashboard/workflows/new", create::create)
        .get("/dashboard/workflows/{id}", detail::show)
        .post("/dashboard/workflows/{id}/resume", detail::resume)
        .get("/dashboard/workflows/{id}/edit", edit::show)
        .post("/dashboard/workflows/{id}/edit", edit::save)
}

pub(super) fn path_of(id: &WorkflowId) -> String {
    format!("{ROOT}/{id}")
}
