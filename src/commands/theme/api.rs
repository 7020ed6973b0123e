//! An agency's API over the network, as these commands ask it.

use crate::cli::AgencyApi;
use crate::commands::{CommandError, Result};
use axum::body::Bytes;
use axum::http::{Method, Request, Response, Uri, header};
use latchkey_app::egress::{Egress, EgressPolicy};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// The check of an upload renders every page and mail in every language.
const PATIENCE: Duration = Duration::from_mins(2);
/// A report of 200 findings, and more.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// An agency's API, with its key.
pub struct Api {
    egress: Egress,
    pub base: String,
    key: SecretString,
}

impl Api {
    pub fn of(options: &AgencyApi) -> Result<Self> {
        let key = match (&options.key_file, &options.key) {
            (Some(file), _) => {
                let context = format!("cannot read the key in {}", file.display());
                std::fs::read_to_string(file).map_err(CommandError::unusable(context))?
            }
            (None, Some(key)) => key.clone(),
            (None, None) => {
                let why =
                    "an API key is missing: name its file with --key-file, or set LATCHKEY_API_KEY";
                return Err(CommandError::wrong(why));
            }
        };
        let policy = EgressPolicy {
            allow_loopback: is_loopback(&options.url),
        };
        Ok(Self {
            egress: Egress::new(policy)
                .with_deadline(PATIENCE)
                .with_body_limit(ANSWER_LIMIT),
            base: format!("{}/api/v1", options.url.as_str().trim_end_matches('/')),
            key: SecretString::from(key.trim()),
        })
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        good(&self.send(Request::new(Bytes::new()), path).await?)
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let body = Bytes::from(body.to_string());
        good(&self.post_as(path, "application/json", body).await?)
    }

    pub async fn post_as(
        &self,
        path: &str,
        kind: &'static str,
        body: impl Into<Bytes>,
    ) -> Result<Response<Bytes>> {
        let mut request = Request::new(body.into());
        *request.method_mut() = Method::POST;
        let kind = header::HeaderValue::from_static(kind);
        request.headers_mut().insert(header::CONTENT_TYPE, kind);
        self.send(request, path).await
    }

    async fn send(&self, mut request: Request<Bytes>, path: &str) -> Result<Response<Bytes>> {
        let uri = format!("{}{path}", self.base).parse::<Uri>();
        *request.uri_mut() = uri.map_err(CommandError::unusable("--url is no address"))?;
        let bearer = format!("Bearer {}", self.key.expose_secret());
        let bearer = header::HeaderValue::from_str(&bearer);
        let mut bearer = bearer.map_err(CommandError::unusable("the API key is none"))?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        let sent = self.egress.send(request).await;
        let sent = sent.map_err(CommandError::unusable(format!("cannot ask {}", self.base)))?;
        Ok(sent)
    }
}

/// What was answered, if it is good.
///
/// # Errors
/// A conflict is a failure, anything else is wrong usage.
pub fn good(answered: &Response<Bytes>) -> Result<Value> {
    let body: Value = serde_json::from_slice(answered.body()).unwrap_or_default();
    if answered.status().is_success() {
        return Ok(body);
    }
    let detail = body["detail"].as_str().unwrap_or("no reason is given");
    let said = format!("the API answered {}: {detail}", answered.status().as_u16());
    match answered.status().as_u16() {
        409 => Err(CommandError::new(said)),
        _ => Err(CommandError::wrong(said)),
    }
}

/// Only to this machine a key may travel without TLS.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        for (url, here) in [
            ("http://northwind.localhost:8080", true),
            ("http://127.0.0.1:8080", true),
            ("https://[::1]", true),
            ("https://northwind.example", false),
            ("http://localhost.example", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), here, "{url}");
        }
    }
}
