use http::{
    Request, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use hyper::body::Bytes;
use serde_json::Value;
use url::Url;

use super::json;
use crate::egress::{Egress, EgressError};

const LIMIT: usize = 256 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    #[error("an issuer is an address without user name, query or fragment")]
    Issuer,
    #[error("the issuer publishes no metadata [HTTP {status}]")]
    Missing { status: u16 },
    #[error("the issuer's metadata cannot be read as JSON")]
    Malformed,
    #[error("the metadata is that of another issuer")]
    OtherIssuer,
    #[error(transparent)]
    Network(#[from] EgressError),
}

/// The metadata that an issuer publishes (RFC 8414 §3), or that of OpenID Connect Discovery. It names this very
/// issuer in `issuer` (RFC 8414 §3.3), or is not returned.
pub async fn fetch_metadata(egress: &Egress, issuer: &Url) -> Result<Value, MetadataError> {
    let plain = issuer.username().is_empty() && issuer.password().is_none();
    if !plain || issuer.query().is_some() || issuer.fragment().is_some() {
        return Err(MetadataError::Issuer);
    }
    let egress = egress.clone().with_body_limit(LIMIT);
    let path = issuer.path().trim_end_matches('/');
    let mut first = issuer.clone();
    first.set_path(&format!("/.well-known/oauth-authorization-server{path}"));
    let mut second = issuer.clone();
    second.set_path(&format!("{path}/.well-known/openid-configuration"));

    match fetch(&egress, issuer, &first).await {
        Ok(metadata) => Ok(metadata),
        // The same server is asked again only when it answered.
        Err(error @ MetadataError::Network(_)) => Err(error),
        Err(first) => match fetch(&egress, issuer, &second).await {
            // What was there but wrong says more than what was missing.
            Err(MetadataError::Missing { .. }) => Err(first),
            other => other,
        },
    }
}

async fn fetch(egress: &Egress, issuer: &Url, url: &Url) -> Result<Value, MetadataError> {
    let request = Request::get(url.as_str())
        .header(ACCEPT, "application/json")
        .body(Bytes::new())
        .map_err(|_| MetadataError::Issuer)?;
    let answer = egress.send(request).await?;
    let status = answer.status();
    if status != StatusCode::OK {
        return Err(MetadataError::Missing {
            status: status.as_u16(),
        });
    }
    let kind = answer.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|value| value.to_str().ok()).unwrap_or("");
    if !kind.to_ascii_lowercase().starts_with("application/json") {
        return Err(MetadataError::Malformed);
    }
    let metadata = json::parse(answer.body()).filter(Value::is_object);
    let metadata = metadata.ok_or(MetadataError::Malformed)?;
    match metadata.get("issuer").and_then(Value::as_str) {
        Some(named) if is_same(issuer, named) => Ok(metadata),
        _ => Err(MetadataError::OtherIssuer),
    }
}

/// Letter for letter, save that a URL without a path is written with and without its slash.
fn is_same(issuer: &Url, named: &str) -> bool {
    let text = issuer.as_str();
    text == named || (issuer.path() == "/" && text.strip_suffix('/') == Some(named))
}
