//! What a client sees who opened a branded link.

mod decline;
mod events;
mod forward;
mod fresh;
mod notice;
mod open;
mod page;
mod session;
mod view;

use axum::{
    Router,
    routing::{get, post},
};

use crate::platform::Platform;

pub(crate) use decline::decline_item;
pub(crate) use events::{Progress, live};
use fresh::fresh_path;
pub(crate) use notice::{NOTICE_COOKIE, Notice, brought, notice_cookie};
pub(crate) use session::{Holder, ItemForm, Opened, opened};
pub(crate) use view::{Cards, HostInput, connect_page, form_targets, missing_permissions};

pub(crate) fn routes() -> Router<Platform> {
    Router::new()
        .route(
            "/connect/{secret}",
            get(open::open).head(open::look).post(open::open),
        )
        .route("/connect/{secret}/fresh", post(fresh::by_link))
        .route("/connect/requests/{request}", get(page::show))
        .route("/connect/requests/{request}/fresh", post(fresh::by_request))
        .route("/connect/requests/{request}/events", get(events::stream))
        .route("/connect/items/{item}/fresh", post(fresh::by_item))
        .route("/connect/items/{item}/decline", post(decline::decline))
        .route("/connect/items/{item}/forward", post(forward::forward))
}
