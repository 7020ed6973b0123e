//! Keys by which programs of the agency call the API.

mod list;
mod new;
mod revoke;
mod scopes;

use crate::http::Pages;

const PATH: &str = "/dashboard/keys";

pub(super) fn routes() -> Pages {
    Pages::new()
        .get(PATH, list::show)
        .get("/dashboard/keys/new", new::show)
        .post("/dashboard/keys/new", new::create)
        .post("/dashboard/keys/{key}/revoke", revoke::revoke)
}
