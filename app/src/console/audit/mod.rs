//! The audit log: what happened, who did it, and that nobody changed a line of it.

mod check;
mod export;
mod filter;
mod list;

use crate::http::Pages;

const PATH: &str = "/dashboard/audit";

pub(super) fn routes() -> Pages {
    Pages::new()
        .get(PATH, list::show)
        .get("/dashboard/audit/check", check::show)
        .post("/dashboard/audit/export", export::export)
}
