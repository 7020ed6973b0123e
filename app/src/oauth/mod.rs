//! The way to a provider and back, and what is done with a grant afterwards.

mod access;
mod arrival;
mod callback;
mod client;
mod disconnect;
mod discovery;
mod flow_cookie;
mod hop;
pub mod protocol;
mod redirect;
mod refresh;
mod refresh_now;
mod start;
mod trial;
mod unavailable;

use crate::http::Pages;

pub use access::{Access, AccessError, access_token};
pub(crate) use client::{Provider, ProviderProblem, provider};
pub use disconnect::disconnect;
pub(crate) use discovery::{DiscoveryError, discover};
pub(crate) use redirect::{RedirectUris, redirect_move};
pub(crate) use refresh::Refreshes;
pub use refresh_now::{RefreshNowError, refresh_now};
pub(crate) use start::{start_again, start_item};
pub(crate) use trial::{Trial, try_client};

pub(crate) fn routes() -> Pages {
    Pages::new()
        .post("/connect/items/{item}/start", start::start)
        .get("/oauth/callback/{ctx}", callback::callback)
        .head("/oauth/callback/{ctx}", callback::look)
        .get("/oauth/hop/{ticket}", hop::hop)
        .head("/oauth/hop/{ticket}", hop::look)
        .get("/oauth/return/{ticket}", hop::home)
        .head("/oauth/return/{ticket}", hop::look)
}
