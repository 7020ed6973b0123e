//! Connections: what clients let in, how it is doing, and its end.

mod list;
mod refresh;
mod revoke;
mod show;
mod words;

use latchkey_tenants::ConnectionId;

use crate::http::Pages;

pub(super) use words::{standing, trouble};

const PATH: &str = "/dashboard/connections";

pub(super) fn routes() -> Pages {
    Pages::new()
        .get(PATH, list::show)
        .get("/dashboard/connections/{connection}", show::show)
        .post(
            "/dashboard/connections/{connection}/refresh",
            refresh::refresh,
        )
        .post("/dashboard/connections/{connection}/revoke", revoke::revoke)
}

fn path_of(id: &ConnectionId) -> String {
    format!("{PATH}/{id}")
}
