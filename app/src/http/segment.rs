use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use crate::platform::Platform;

/// The variable part of a page's path. One that cannot be read is empty: neither a secret nor an id is.
pub(crate) struct Segment(pub String);

impl FromRequestParts<Platform> for Segment {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        platform: &Platform,
    ) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, platform).await;
        Ok(Self(path.map(|Path(text)| text).unwrap_or_default()))
    }
}
