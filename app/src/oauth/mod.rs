//! The way to a provider and back, and what is done with a grant afterwards.

mod client;
pub mod protocol;
mod usage;

use axum::Router;

use crate::platform::Platform;

#[expect(
    unused_imports,
    reason = "the callback, refreshes and disconnections are on their way"
)]
pub(crate) use client::{Provider, ProviderProblem, provider};
pub(crate) use usage::Usage;

pub(crate) fn routes() -> Router<Platform> {
    Router::new()
}
