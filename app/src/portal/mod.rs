//! What a client sees of their own: what waits for them in the portal, what they have connected, and the same for a person
//! without an account by a link to their address.

mod activity;
mod care;
mod connection;
mod holder;
mod home;
mod items;
mod listing;
mod own;
mod workflow;

use latchkey_tenants::ConnectionId;

use crate::http::Pages;

pub(crate) use holder::holder;
pub(crate) use own::{ALL as OWN, OPEN as OWN_LINK};
pub(crate) use workflow::workflow_again;

pub(crate) const CONNECTIONS: &str = "/portal/connections";

/// Where a client looks after one connection.
pub(crate) fn connection_path(id: &ConnectionId) -> String {
    format!("{CONNECTIONS}/{id}")
}

pub(crate) fn routes() -> Pages {
    Pages::new()
        .get("/portal", home::door)
        .get(CONNECTIONS, home::show)
        .get("/portal/connections/events", home::events)
        .get("/portal/connections/workflows/{workflow}", workflow::show)
        .get(
            "/portal/connections/workflows/{workflow}/events",
            workflow::events,
        )
        .post("/portal/items/{item}/start", items::start)
        .post("/portal/items/{item}/decline", items::decline)
        .get("/portal/connections/{connection}", connection::show)
        .post(
            "/portal/connections/{connection}/refresh",
            connection::refresh,
        )
        .post(
            "/portal/connections/{connection}/reconnect",
            connection::reconnect,
        )
        .post("/portal/connections/{connection}/pause", connection::pause)
        .post(
            "/portal/connections/{connection}/resume",
            connection::resume,
        )
        .get("/portal/connections/{connection}/revoke", connection::ask)
        .post(
            "/portal/connections/{connection}/revoke",
            connection::revoke,
        )
        .get("/portal/activity", activity::show)
        .merge(own::routes())
}
