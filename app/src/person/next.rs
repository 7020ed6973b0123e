use std::time::Duration;

use axum::response::Response;
use http::{HeaderMap, Method, header::SET_COOKIE, request::Parts};
use latchkey_tenants::{ConnectionId, WorkflowId};
use secrecy::{ExposeSecret, SecretString};

use crate::http::{clear_cookie, cookie, set_cookie};

const COOKIE: &str = "__Host-next";
const LIFETIME: Duration = Duration::from_mins(20);

/// Where somebody wanted to go who had to sign in first: one of these and nothing else (O8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Account,
    Sessions,
    Connections,
    Workflow(WorkflowId),
    Connection(ConnectionId),
}

impl Next {
    pub fn of_path(path: &str) -> Option<Self> {
        match path {
            "/account" => return Some(Self::Account),
            "/account/sessions" => return Some(Self::Sessions),
            "/portal/connections" => return Some(Self::Connections),
            _ => {}
        }
        let rest = path.strip_prefix("/portal/connections/")?;
        match rest.strip_prefix("workflows/") {
            Some(id) => id.parse().ok().map(Self::Workflow),
            None => rest.parse().ok().map(Self::Connection),
        }
    }

    pub fn path(&self) -> String {
        match self {
            Self::Account => "/account".to_owned(),
            Self::Sessions => "/account/sessions".to_owned(),
            Self::Connections => "/portal/connections".to_owned(),
            Self::Workflow(id) => format!("/portal/connections/workflows/{id}"),
            Self::Connection(id) => format!("/portal/connections/{id}"),
        }
    }

    /// Notes in the browser where it wanted to go.
    pub fn remember(parts: &Parts, mut response: Response) -> Response {
        let wanted = Some(&parts.method).filter(|method| **method == Method::GET);
        if let Some(next) = wanted.and_then(|_| Self::of_path(parts.uri.path())) {
            let value = SecretString::from(next.path());
            let cookie = set_cookie(COOKIE, &value, LIFETIME);
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    /// Where the browser wanted to go, and the header that forgets it.
    pub fn take(headers: &HeaderMap, response: &mut Response) -> Option<Self> {
        let noted = cookie(headers, COOKIE)?;
        response
            .headers_mut()
            .append(SET_COOKIE, clear_cookie(COOKIE));
        Self::of_path(noted.expose_secret())
    }

    pub fn noted(headers: &HeaderMap) -> Option<Self> {
        Self::of_path(cookie(headers, COOKIE)?.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o8_nothing_but_pages_of_ours_comes_next() {
        for path in [
            "/account",
            "/portal/connections",
            "/portal/connections/con_01kc76xp00hezapqm44qap4thw",
            "/portal/connections/workflows/wfl_01kc76xp00hezapqm44qap4thw",
        ] {
            assert_eq!(Next::of_path(path).unwrap().path(), path);
        }
        for path in [
            "",
            "/",
            "//evil.example",
            "https://evil.example/account",
            "/portal/connections//evil.example",
            "/portal/connections/workflows/../../x",
            "/account?x",
            "/\\evil.example",
        ] {
            assert_eq!(Next::of_path(path), None, "{path}");
        }
    }
}
