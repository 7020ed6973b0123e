use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    response::IntoResponse,
};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use utoipa::ToSchema;

use super::{problem::Problem, refusal};
use crate::platform::Platform;

/// A value that may be left out: what is there is said, so null is one only where `T` has it.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The JSON object that a call was sent.
pub(super) struct Body<T>(pub T);

/// What a call takes that needs nothing said: no body, or an empty object.
pub(super) struct NoBody;

/// An empty object.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({})))]
pub(super) struct Empty {}

impl<T: DeserializeOwned> FromRequest<Platform> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, platform: &Platform) -> Result<Self, Problem> {
        let json = is_json(request.headers());
        let body = read(request, platform).await?;
        if json {
            parse(&body).map(Self)
        } else {
            Err(not_json())
        }
    }
}

impl FromRequest<Platform> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, platform: &Platform) -> Result<Self, Problem> {
        let json = is_json(request.headers());
        let body = read(request, platform).await?;
        match (body.is_empty(), json) {
            (true, _) => Ok(Self),
            (false, true) => parse::<Empty>(&body).map(|_| Self),
            (false, false) => Err(not_json()),
        }
    }
}

/// The whole body, within the limit of the router.
pub(super) async fn read(request: Request, platform: &Platform) -> Result<Bytes, Problem> {
    Bytes::from_request(request, platform)
        .await
        .map_err(|rejection: BytesRejection| {
            if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
                let detail = "The body is larger than a call may be.";
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
            } else {
                let detail = "The body ended before it was complete.";
                Problem::new(StatusCode::BAD_REQUEST, "body_incomplete", detail)
            }
        })
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    is(headers, "application/json")
}

/// Whether the one header Content-Type names this type, with whatever parameters.
pub(super) fn is(headers: &HeaderMap, wanted: &str) -> bool {
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(kind), None) = (kinds.next(), kinds.next()) else {
        return false;
    };
    let essence = kind.to_str().unwrap_or_default().split(';').next();
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(wanted))
}

fn not_json() -> Problem {
    let detail = "Send JSON, with the header `Content-Type: application/json`.";
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        detail,
    )
}

pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // A derived struct would also be read from an array, its fields by position.
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') {
        return Err(Problem::refused_at("", "a JSON object is expected"));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let inner = error.inner();
        if inner.is_data() {
            Problem::refused(vec![refusal::of_body(error.path(), &inner.to_string())])
        } else {
            malformed(inner)
        }
    })?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    let detail = format!("The body is not JSON: {error}.");
    Problem::new(StatusCode::BAD_REQUEST, "malformed_json", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only its shape matters")]
        name: String,
    }

    fn status(body: &[u8]) -> u16 {
        match parse::<Body>(body) {
            Ok(_) => 200,
            Err(problem) => problem.into_response().status().as_u16(),
        }
    }

    #[test]
    fn what_is_not_json_is_400_and_what_is_wrong_is_422() {
        let deep = "[".repeat(100_000);
        for (body, expected) in [
            (br#"{"name":"a"}"#.as_slice(), 200),
            (br#" {"name":"a"} "#, 200),
            (b"", 400),
            (b"{", 400),
            (br#"{"name":"a"} x"#, 400),
            (br#"{"name":"\ud800"}"#, 400),
            (b"{\"name\":\"\xff\"}", 400),
            (br#"{"name":1e999}"#, 400),
            (b"null", 422),
            (b"7", 422),
            (br#"["a"]"#, 422),
            (br#"{"name":null}"#, 422),
            (br#"{"name":99999999999999999999999999}"#, 422),
            (deep.as_bytes(), 422),
            (format!("{{\"name\":{deep}").as_bytes(), 422),
        ] {
            assert_eq!(
                status(body),
                expected,
                "{}",
                String::from_utf8_lossy(&body[..body.len().min(40)])
            );
        }
    }
}
