//! The agency's hosts: what to do at the DNS provider, and how far it is.

mod claim;
mod list;
mod primary;
mod release;
mod show;
mod view;

use latchkey_tenants::DomainId;

use crate::http::Pages;

pub(super) fn routes() -> Pages {
    Pages::new()
        .get("/dashboard/domains", list::show)
        .post("/dashboard/domains", claim::claim)
        .get("/dashboard/domains/{domain}", show::show)
        .get("/dashboard/domains/{domain}/state", show::state)
        .post("/dashboard/domains/{domain}/check", show::check)
        .get("/dashboard/domains/{domain}/primary", primary::ask)
        .post("/dashboard/domains/{domain}/primary", primary::make)
        .post("/dashboard/domains/{domain}/release", release::release)
}

fn path_of(id: &DomainId) -> String {
    format!("/dashboard/domains/{id}")
}
