//! The way to a provider and back, and what is done with a grant afterwards.

mod arrival;
mod callback;
mod client;
mod flow_cookie;
pub mod protocol;
mod start;
mod unavailable;
mod usage;

use axum::{
    Router,
    routing::{get, post},
};

use crate::platform::Platform;

pub(crate) use usage::Usage;

pub(crate) fn routes() -> Router<Platform> {
    Router::new()
        .route("/connect/items/{item}/start", post(start::start))
        .route("/oauth/callback/{ctx}", get(callback::callback))
}
