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

use crate::http::Pages;

pub(crate) use decline::decline_item;
pub(crate) use events::{Progress, Watcher, live};
use fresh::fresh_path;
pub(crate) use notice::{NOTICE_COOKIE, Notice, brought, notice_cookie};
pub(crate) use page::show_again;
pub(crate) use session::{Holder, ItemForm, Opened, opened};
pub(crate) use view::{Cards, HostInput, Said, draft_page, form_targets, permissions};

pub(crate) fn routes() -> Pages {
    Pages::new()
        .get("/connect/{secret}", open::open)
        .head("/connect/{secret}", open::look)
        .post("/connect/{secret}", open::open)
        .post("/connect/{secret}/fresh", fresh::by_link)
        .get("/connect/requests/{request}", page::show)
        .post("/connect/requests/{request}/fresh", fresh::by_request)
        .get("/connect/requests/{request}/events", events::stream)
        .post("/connect/items/{item}/fresh", fresh::by_item)
        .post("/connect/items/{item}/decline", decline::decline)
        .post("/connect/items/{item}/forward", forward::forward)
}
