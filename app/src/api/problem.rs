use std::time::Duration;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use latchkey_tenants::{ActionError, KeyScope, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

use super::{domains::DomainView, themes::ReportView};
use crate::failure::sentence;

pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// Why a call was not done (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(examples(json!({
    "type": "about:blank", "title": "Unprocessable Entity", "status": 422, "code": "invalid_value",
    "detail": "1 value of the body was refused.",
    "errors": [{"pointer": "/slug", "detail": "a slug has 2 to 50 characters of a-z, 0-9 and inner hyphens"}],
})))]
pub(super) struct Problem {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: &'static str,
    /// The name of the status.
    #[schema(value_type = String)]
    title: &'static str,
    /// The HTTP status.
    #[schema(value_type = u16, minimum = 400, maximum = 599)]
    status: u16,
    /// Stable, for programs.
    #[schema(value_type = String, pattern = "^[a-z][a-z_]*$")]
    code: &'static str,
    /// A sentence for people.
    #[schema(value_type = String)]
    detail: Box<str>,
    /// Which values were refused, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Of `domain_taken`: your claim to the host, with the record that proves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    claim: Option<Box<DomainView>>,
    /// Of `theme_refused`: everything that is wrong with the package.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    report: Option<Box<ReportView>>,
    #[serde(skip)]
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

/// One value that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct FieldError {
    /// Where in the body (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pointer: Option<String>,
    /// Which parameter of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parameter: Option<String>,
    /// What is expected there.
    pub detail: String,
}

impl FieldError {
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.into()),
            parameter: None,
            detail: detail.into(),
        }
    }

    pub fn of_parameter(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: Some(name.into()),
            detail: detail.into(),
        }
    }
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: detail.into().into_boxed_str(),
            errors: Vec::new(),
            claim: None,
            report: None,
            header: None,
        }
    }

    /// 422 for values that are wrong in themselves. At least one is named.
    pub fn refused(errors: Vec<FieldError>) -> Self {
        let detail = match errors.len() {
            1 => "1 value was refused.".to_owned(),
            count => format!("{count} values were refused."),
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_value", detail).naming(errors)
    }

    /// With the values that it is about.
    #[must_use]
    pub fn naming(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// With the claim that it is about.
    #[must_use]
    pub fn about(mut self, claim: DomainView) -> Self {
        self.claim = Some(Box::new(claim));
        self
    }

    /// 422 for a theme that must not be published.
    pub fn theme_refused(report: ReportView) -> Self {
        let detail = "The theme was refused: `report` says where, why and what to do.";
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let mut problem = Self::new(status, "theme_refused", detail);
        problem.report = Some(Box::new(report));
        problem
    }

    /// 422 for one value of the body.
    pub fn refused_at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::refused(vec![FieldError::at(pointer, detail)])
    }

    /// Missing, or another agency's, which is the same.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("There is no such {what}."),
        )
    }

    pub fn no_such_call() -> Self {
        let detail =
            "There is no such call; the description of the API is at /api/v1/openapi.json.";
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    pub fn method_not_allowed() -> Self {
        let detail =
            "This address does not take this method; the header Allow names those that it does.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    pub fn conflict(code: &'static str, detail: &str) -> Self {
        Self::new(StatusCode::CONFLICT, code, crate::failure::sentence(detail))
    }

    /// RFC 6750 §3: nothing is said about the key when none was shown.
    pub fn unauthenticated(shown: bool) -> Self {
        let (detail, challenge) = if shown {
            (
                "This API key is not known.",
                "Bearer error=\"invalid_token\"",
            )
        } else {
            ("Send an API key: `Authorization: Bearer lk_...`.", "Bearer")
        };
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail).with(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(challenge),
        )
    }

    pub fn missing_scope(scope: KeyScope) -> Self {
        let detail = format!("This API key lacks the scope `{scope}`.");
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
        let problem = Self::new(StatusCode::FORBIDDEN, "missing_scope", detail);
        match HeaderValue::from_str(&challenge) {
            Ok(challenge) => problem.with(header::WWW_AUTHENTICATE, challenge),
            Err(_) => problem,
        }
    }

    pub fn agency_suspended() -> Self {
        let detail = "This agency is suspended: nothing can be read or done for it.";
        Self::new(StatusCode::FORBIDDEN, "agency_suspended", detail)
    }

    /// A failure of ours. Logged here, once; the caller learns nothing of it.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %crate::failure::chain(error), "an API call failed");
        let detail = "Something went wrong on our side; the same call may work in a moment.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        self.with(
            header::RETRY_AFTER,
            HeaderValue::from(wait.as_secs().max(1)),
        )
    }

    fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let header = self.header.take();
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some((name, value)) = header.map(|header| *header) {
            headers.insert(name, value);
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

impl From<ActionError> for Problem {
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::NotFound(what) => Self::not_found(what),
            ActionError::Conflict { code, message } => Self::conflict(code, &message),
            ActionError::Invalid { field, message } => Self::refused_at(field, message),
            ActionError::Store(error) => Self::internal(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_error_says_nothing_to_the_caller() {
        let error = StoreError::Corrupt {
            column: "client_secret",
            problem: "canary".to_owned(),
        };
        let problem = serde_json::to_string(&Problem::from(error)).unwrap();
        assert!(!problem.contains("canary") && !problem.contains("client_secret"));
    }

    #[test]
    fn a_conflict_reads_as_a_sentence() {
        let error = ActionError::conflict("slug_taken", "the slug is taken: choose another");
        let problem = Problem::from(error);
        assert_eq!(&*problem.detail, "The slug is taken: choose another.");
        assert_eq!((problem.status, problem.title), (409, "Conflict"));
    }
}
