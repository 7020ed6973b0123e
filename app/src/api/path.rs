use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use super::problem::Problem;
use crate::platform::Platform;

/// The one value in a call's address. What cannot be an id is the id of nothing: 404.
pub(super) struct Named<T>(pub T);

impl<T: FromStr> FromRequestParts<Platform> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, platform: &Platform) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, platform).await;
        let value = text.ok().and_then(|Path(text)| text.parse().ok());
        value.map(Self).ok_or_else(|| Problem::not_found("thing"))
    }
}

/// The two values in a call's address: a thing, and a part of it.
pub(super) struct Within<T, P>(pub T, pub P);

impl<T: FromStr, P: FromStr> FromRequestParts<Platform> for Within<T, P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, platform: &Platform) -> Result<Self, Problem> {
        let texts = Path::<(String, String)>::from_request_parts(parts, platform).await;
        let values = texts
            .ok()
            .and_then(|Path((thing, part))| Some((thing.parse().ok()?, part.parse().ok()?)));
        let (thing, part) = values.ok_or_else(|| Problem::not_found("thing"))?;
        Ok(Self(thing, part))
    }
}
