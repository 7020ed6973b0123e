//! The demo calls the product's API as any agency's program would.

use axum::{
    body::Bytes,
    http::{Method, Request, header},
};
use latchkey_app::egress::{Egress, EgressError};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// An agency's view of `/api/v1`.
#[derive(Clone)]
pub struct Api {
    egress: Egress,
    base: String,
    key: SecretString,
}

#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("the API cannot be asked")]
    Egress(#[from] EgressError),
    #[error("{path} answered {status}: {detail}")]
    Refused {
        path: String,
        status: u16,
        detail: String,
    },
    #[error("the answer of {0} has no `{1}`")]
    Missing(String, &'static str),
}

impl Api {
    pub fn new(egress: Egress, origin: &str, key: SecretString) -> Self {
        Self {
            egress,
            base: format!("{origin}/api/v1"),
            key,
        }
    }

    pub async fn get(&self, path: &str) -> Result<Value, ApiError> {
        self.call(Method::GET, path, &Value::Null).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, ApiError> {
        self.call(Method::POST, path, body).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, ApiError> {
        self.call(Method::PUT, path, body).await
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Value, ApiError> {
        let body = if body.is_null() {
            Bytes::new()
        } else {
            Bytes::from(body.to_string())
        };
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = format!("{}{path}", self.base)
            .parse()
            .map_err(|_| ApiError::Missing(path.to_owned(), "address"))?;
        let headers = request.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/json"),
        );
        let bearer = format!("Bearer {}", self.key.expose_secret());
        if let Ok(mut bearer) = header::HeaderValue::from_str(&bearer) {
            bearer.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, bearer);
        }
        let answer = self.egress.send(request).await?;
        let value: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if answer.status().is_success() {
            return Ok(value);
        }
        let detail = value["detail"]
            .as_str()
            .unwrap_or("no reason given")
            .to_owned();
        Err(ApiError::Refused {
            path: path.to_owned(),
            status: answer.status().as_u16(),
            detail,
        })
    }
}

/// A text of an answer.
pub fn text<'a>(value: &'a Value, name: &'static str) -> Result<&'a str, ApiError> {
    value[name]
        .as_str()
        .ok_or_else(|| ApiError::Missing("an API call".to_owned(), name))
}
