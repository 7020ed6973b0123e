use std::{convert::Infallible, str::FromStr};

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use super::PageError;
use crate::platform::Platform;

/// The variable part of a page's path. One that cannot be read is empty: neither a secret nor an id is.
pub(crate) struct Segment(pub String);

impl Segment {
    /// The id that it is. What cannot be one is the id of nothing.
    pub fn id<T: FromStr>(&self) -> Result<T, PageError> {
        self.0.parse().map_err(|_| PageError::not_found())
    }
}

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
