//! `/api/v1`: what an agency's programs call.

use axum::Router;

use crate::platform::Platform;

pub(crate) fn routes(_platform: &Platform) -> Router<Platform> {
    Router::new()
}

/// The description of the API, made from its code.
pub fn openapi() -> utoipa::openapi::OpenApi {
    utoipa::openapi::OpenApi::default()
}
