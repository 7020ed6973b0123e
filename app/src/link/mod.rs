//! What a client sees who opened a branded link.

use axum::Router;

use crate::platform::Platform;

pub(crate) fn routes() -> Router<Platform> {
    Router::new()
}
