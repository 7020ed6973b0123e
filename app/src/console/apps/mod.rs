//! Apps: the catalogue, the agency's own, and its OAuth client at each provider.

mod client;
mod list;
mod new;
mod redirect;
mod show;
mod trial;
mod view;

use crate::http::Pages;

pub(super) fn routes() -> Pages {
    Pages::new()
        .get("/dashboard/apps", list::show)
        .get("/dashboard/apps/new", new::ask)
        .post("/dashboard/apps/new", new::add)
        .get("/dashboard/apps/{app}", show::show)
        .post("/dashboard/apps/{app}/client", client::store)
        .post("/dashboard/apps/{app}/trial", trial::run)
        .post("/dashboard/apps/{app}/redirect", redirect::switch)
}

/// Where an app's page is. Slugs need no escaping.
fn path_of(app: &str) -> String {
    format!("/dashboard/apps/{app}")
}
