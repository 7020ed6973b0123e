use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use latchkey_tenants::{AgencyId, ApiKey, StoreError, store::Replay};
use ring::digest;
use secrecy::{ExposeSecret, SecretString};

use super::{
    body,
    problem::{PROBLEM_JSON, Problem},
};
use crate::{failure::chain, platform::Platform};

pub(super) const HEADER: &str = "idempotency-key";
pub(super) const REPLAYED: &str = "idempotency-replayed";
pub(super) const LONGEST: usize = 255;

/// The largest answer that is kept; none of ours comes near.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// Does a POST with an `Idempotency-Key` once: the same call again gets the answer of the first.
pub(super) async fn once(
    State(platform): State<Platform>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let caller = request.extensions().get::<Arc<ApiKey>>().cloned();
    let (Some(caller), Some(key), &Method::POST) =
        (caller, key_of(request.headers())?, request.method())
    else {
        return Ok(next.run(request).await);
    };
    let (parts, body) = request.into_parts();
    let body = body::read(Request::from_parts(parts.clone(), body), &platform).await?;
    let claim = Claim {
        fingerprint: fingerprint(&caller, &parts, &body),
        agency: caller.agency_id.clone(),
        platform,
        key,
    };
    match claim.make().await? {
        Replay::New => {}
        Replay::Done(status, body) => return Ok(replay(status, &body)),
        Replay::InProgress => {
            let detail = "the same call is being answered right now: repeat it in a moment";
            return Err(Problem::conflict("idempotency_in_progress", detail));
        }
        Replay::Mismatch => return Err(mismatch()),
    }
    // A caller who hangs up must not leave the work half done: it goes on without them, and its answer is kept.
    let work = tokio::spawn(async move {
        let response = next.run(Request::from_parts(parts, Body::from(body))).await;
        claim.keep(response).await
    });
    match work.await {
        Ok(response) => Ok(response),
        Err(error) => Err(Problem::internal(&error)),
    }
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.as_bytes();
    let printable = text.iter().all(|byte| (b' '..=b'~').contains(byte));
    let fits = (1..=LONGEST).contains(&text.len());
    match value.to_str() {
        Ok(text) if printable && fits && values.next().is_none() => Ok(Some(text.to_owned())),
        _ => {
            let detail =
                format!("An Idempotency-Key is 1 to {LONGEST} printable ASCII characters.");
            let code = "invalid_idempotency_key";
            Err(Problem::new(StatusCode::BAD_REQUEST, code, detail))
        }
    }
}

fn mismatch() -> Problem {
    let detail = "This Idempotency-Key was used for another call: use a new key for a new call.";
    let code = "idempotency_mismatch";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
}

/// SHA-256 over key, method, address and body, each with its length in front.
fn fingerprint(caller: &ApiKey, parts: &Parts, body: &[u8]) -> Vec<u8> {
    let mut hash = digest::Context::new(&digest::SHA256);
    let address = parts
        .uri
        .path_and_query()
        .map_or("", |address| address.as_str());
    let said: [&[u8]; 4] = [
        caller.id.as_str().as_bytes(),
        parts.method.as_str().as_bytes(),
        address.as_bytes(),
        body,
    ];
    for part in said {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finish().as_ref().to_vec()
}

fn replay(status: u16, body: &SecretString) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if status.is_success() {
        "application/json"
    } else {
        PROBLEM_JSON
    };
    let mut response = (status, body.expose_secret().to_owned()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// A key that is taken for one call.
struct Claim {
    platform: Platform,
    agency: AgencyId,
    key: String,
    fingerprint: Vec<u8>,
}

impl Claim {
    async fn make(&self) -> Result<Replay, StoreError> {
        let mut tx = self.platform.store.begin(&self.agency).await?;
        let known = tx.idempotency_claim(&self.key, &self.fingerprint).await?;
        tx.commit().await?;
        Ok(known)
    }

    /// Keeps the answer if it would be the same again, else frees the key.
    async fn keep(&self, response: Response) -> Response {
        let (parts, body) = response.into_parts();
        let Ok(body) = axum::body::to_bytes(body, ANSWER_LIMIT).await else {
            return Problem::internal(&TooLong).into_response();
        };
        let settled = !parts.status.is_server_error() && parts.status != StatusCode::FORBIDDEN;
        let text = std::str::from_utf8(&body).ok().filter(|_| settled);
        if let Err(error) = self.settle(parts.status.as_u16(), text).await {
            // The work is done and the caller must hear of it; the key stays taken until its time is up.
            tracing::error!(
                error = %chain(&error),
                "an answer could not be kept for repetition"
            );
        }
        Response::from_parts(parts, Body::from(body))
    }

    async fn settle(&self, status: u16, answer: Option<&str>) -> Result<(), StoreError> {
        let mut tx = self.platform.store.begin(&self.agency).await?;
        match answer {
            Some(text) => {
                let text = SecretString::from(text);
                tx.idempotency_store(&self.key, status, &text).await?;
            }
            None => tx.idempotency_forget(&self.key).await?,
        }
        tx.commit().await
    }
}

#[derive(Debug, thiserror::Error)]
#[error("an answer is too long to be kept")]
struct TooLong;

#[cfg(test)]
mod tests;
