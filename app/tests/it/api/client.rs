use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, StatusCode};
use latchkey_tenants::{Agency, KeyScope};
use secrecy::ExposeSecret;
use serde_json::Value;
use tower::ServiceExt;

use crate::support::TestApp;

/// The app's routes, called in process.
pub struct Api {
    pub app: TestApp,
    router: Router,
}

/// An agency's program with its key.
pub struct Client<'a> {
    pub api: &'a Api,
    pub agency: Agency,
    pub key: String,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Null when there is no body.
    pub body: Value,
}

impl Api {
    pub async fn start() -> Self {
        let app = TestApp::without_relay().await;
        Self {
            router: latchkey_app::router(app.platform.clone()),
            app,
        }
    }

    /// A program of an agency that may do everything. Of `northwind` there is one already.
    pub async fn agency(&self, slug: &str) -> Client<'_> {
        let agency = match self.app.agency.slug.as_str() == slug {
            true => self.app.agency.clone(),
            false => self.app.test.agency(slug).await,
        };
        let key = self.key(&agency, KeyScope::ALL).await;
        Client {
            api: self,
            agency,
            key,
        }
    }

    pub async fn key(&self, agency: &Agency, scopes: &[KeyScope]) -> String {
        let (_, secret) = self.app.test.api_key(agency, scopes).await;
        secret.expose_secret().to_owned()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let address = request.uri().clone();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let zip = parts
            .headers
            .get("content-type")
            .is_some_and(|kind| kind == "application/zip");
        let body = match body.len() {
            0 => Value::Null,
            _ if zip => Value::Null,
            _ => serde_json::from_slice(&body).unwrap_or_else(|_| {
                panic!("{address}: {}", String::from_utf8_lossy(&body));
            }),
        };
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        };
        answer.check_form();
        answer
    }
}

impl Answer {
    /// Whatever went wrong, it is a problem, and never ours.
    fn check_form(&self) {
        assert!(!self.status.is_server_error(), "{self:?}");
        if self.status.is_client_error() {
            assert_eq!(self.headers["content-type"], "application/problem+json");
            assert_eq!(self.body["status"], self.status.as_u16(), "{self:?}");
            assert!(self.body["code"].is_string() && self.body["title"].is_string());
        }
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The body, if the status is the expected one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self.body
    }

    /// The one value that was refused.
    #[track_caller]
    pub fn refused(&self) -> (&str, &str) {
        assert_eq!(self.status.as_u16(), 422, "{self:?}");
        let errors = self.body["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{self:?}");
        let place = errors[0]["pointer"].as_str();
        let place = place.or(errors[0]["parameter"].as_str());
        (place.unwrap(), errors[0]["detail"].as_str().unwrap())
    }
}

impl Client<'_> {
    pub async fn get(&self, path: &str) -> Answer {
        self.api
            .send(self.request(Method::GET, path, Body::empty()))
            .await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.json(Method::POST, path, &body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.json(Method::PUT, path, &body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.json(Method::PATCH, path, &body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.api
            .send(self.request(Method::DELETE, path, Body::empty()))
            .await
    }

    pub async fn json(&self, method: Method, path: &str, body: &Value) -> Answer {
        let mut request = self.request(method, path, Body::from(body.to_string()));
        request
            .headers_mut()
            .insert("content-type", "application/json".parse().unwrap());
        self.api.send(request).await
    }

    /// A POST with an `Idempotency-Key`.
    pub async fn once(&self, idempotency_key: &str, path: &str, body: Value) -> Answer {
        let mut request = self.request(Method::POST, path, Body::from(body.to_string()));
        let headers = request.headers_mut();
        headers.insert("content-type", "application/json".parse().unwrap());
        headers.insert("idempotency-key", idempotency_key.parse().unwrap());
        self.api.send(request).await
    }

    pub fn request(&self, method: Method, path: &str, body: Body) -> Request<Body> {
        request(method, path, Some(&self.key), body)
    }
}

pub fn request(method: Method, path: &str, key: Option<&str>, body: Body) -> Request<Body> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = format!("/api/v1{path}").parse().unwrap();
    if let Some(key) = key {
        let bearer = format!("Bearer {key}").parse().unwrap();
        request.headers_mut().insert("authorization", bearer);
    }
    request
}
