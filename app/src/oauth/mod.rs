//! The way to a provider and back, and what is done with a grant afterwards.

pub mod protocol;
mod usage;

use axum::Router;

use crate::platform::Platform;

pub(crate) use usage::Usage;

pub(crate) fn routes() -> Router<Platform> {
    Router::new()
}
