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

use axum::{
    Router,
    routing::{get, post},
};

use crate::platform::Platform;

pub use access::{Access, AccessError, access_token};
pub(crate) use client::{Provider, ProviderProblem, provider};
pub use disconnect::disconnect;
pub(crate) use discovery::{DiscoveryError, discover};
pub(crate) use redirect::{RedirectUris, redirect_move};
pub(crate) use refresh::Refreshes;
pub use refresh_now::{RefreshNowError, refresh_now};
pub(crate) use start::{start_again, start_item};
pub(crate) use trial::{Trial, try_client};

pub(crate) fn routes() -> Router<Platform> {
    Router::new()
        .route("/connect/items/{item}/start", post(start::start))
        .route(
            "/oauth/callback/{ctx}",
            get(callback::callback).head(callback::look),
        )
        .route("/oauth/hop/{ticket}", get(hop::hop).head(hop::look))
        .route("/oauth/return/{ticket}", get(hop::home).head(hop::look))
}
