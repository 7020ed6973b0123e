use std::{fmt, time::Duration};

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::retry_after::retry_after;
use crate::egress::EgressError;

/// Why a token endpoint gave no token. Holds no text of the answer besides a short error code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenError {
    pub kind: TokenErrorKind,
    /// The provider's own code, 1-40 of `a-z_`.
    pub code: Option<String>,
    /// Of the answer; none when there was no answer.
    pub status: Option<u16>,
    /// With kind `Network`, and `Malformed` for an answer that was too large to read.
    pub egress: Option<EgressError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenErrorKind {
    /// The code or refresh token is dead: used, expired or revoked.
    InvalidGrant,
    /// The agency's client id or secret is wrong.
    InvalidClient,
    UnauthorizedClient,
    AccessDenied,
    InvalidScope,
    /// The provider says no, and will say so again.
    OtherTerminal,
    /// The provider is busy or out of order.
    Transient {
        retry_after: Option<Duration>,
    },
    /// An answer that is none: HTML, broken JSON, a redirect, an unusable token. Says nothing about the grant.
    Malformed,
    /// No answer. Whether the provider acted on the request is unknown.
    Network,
}

impl TokenErrorKind {
    /// The same request would fail again.
    pub fn is_terminal(self) -> bool {
        !matches!(
            self,
            Self::Transient { .. } | Self::Malformed | Self::Network
        )
    }
}

impl TokenError {
    /// The same request would fail again.
    pub fn is_terminal(&self) -> bool {
        self.kind.is_terminal()
    }

    pub(super) fn malformed(status: Option<StatusCode>) -> Self {
        Self {
            kind: TokenErrorKind::Malformed,
            code: None,
            status: status.map(|status| status.as_u16()),
            egress: None,
        }
    }

    /// What an answer says that holds no token. `body` is none when it could not be read.
    pub(super) fn from_answer(
        status: StatusCode,
        headers: &HeaderMap,
        body: Option<&Value>,
    ) -> Self {
        let code = body.and_then(error_code);
        let named = code.as_deref().and_then(kind_of_code);
        let busy = is_busy(status) || named == Some(BUSY);
        let kind = match named {
            // However busy it says it is: a dead grant stays dead.
            Some(TokenErrorKind::InvalidGrant) => TokenErrorKind::InvalidGrant,
            _ if busy => TokenErrorKind::Transient {
                retry_after: retry_after(headers),
            },
            Some(kind) => kind,
            None if body.is_none() || status.is_redirection() => TokenErrorKind::Malformed,
            None if status == StatusCode::UNAUTHORIZED => TokenErrorKind::InvalidClient,
            None => TokenErrorKind::OtherTerminal,
        };
        Self {
            kind,
            code,
            status: Some(status.as_u16()),
            egress: None,
        }
    }
}

impl From<EgressError> for TokenError {
    fn from(error: EgressError) -> Self {
        let kind = match error {
            EgressError::TooLarge { .. } => TokenErrorKind::Malformed,
            _ => TokenErrorKind::Network,
        };
        Self {
            kind,
            code: None,
            status: None,
            egress: Some(error),
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TokenErrorKind::InvalidGrant => "the provider does not know this grant any more",
            TokenErrorKind::InvalidClient => "the provider rejects the client id or secret",
            TokenErrorKind::UnauthorizedClient => "the provider does not allow this client to ask",
            TokenErrorKind::AccessDenied => "the provider denies access",
            TokenErrorKind::InvalidScope => "the provider rejects the permissions asked for",
            TokenErrorKind::OtherTerminal => "the provider rejects the request",
            TokenErrorKind::Transient { .. } => "the provider is busy or out of order",
            TokenErrorKind::Malformed => "the provider's answer cannot be used",
            TokenErrorKind::Network => "the provider gave no answer",
        })?;
        if let Some(code) = &self.code {
            write!(f, " ({code})")?;
        }
        if let Some(status) = self.status {
            write!(f, " [HTTP {status}]")?;
        }
        if let Some(error) = &self.egress {
            write!(f, ": {error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for TokenError {}

pub(super) fn is_busy(status: StatusCode) -> bool {
    status.is_server_error()
        || status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT
}

/// An answer that says no, whatever its status.
pub(super) fn says_no(body: &Value) -> bool {
    let failed = |name| body.get(name) == Some(&Value::Bool(false));
    let filled = |name| match body.get(name) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(fields)) => !fields.is_empty(),
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::Bool(true)) => true,
    };
    failed("ok") || failed("success") || filled("error") || filled("errors")
}

/// The error code of an answer, where the standard puts it or where providers do.
pub(super) fn error_code(body: &Value) -> Option<String> {
    const PLACES: &[&str] = &[
        "/error",
        "/error/code",
        "/error/type",
        "/errors/0/code",
        "/error_code",
        "/errorCode",
        "/code",
        "/status",
    ];
    let texts = PLACES
        .iter()
        .filter_map(|place| body.pointer(place)?.as_str());
    texts
        .map(str::to_ascii_lowercase)
        .find(|code| is_code(code))
}

fn is_code(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

const BUSY: TokenErrorKind = TokenErrorKind::Transient { retry_after: None };

/// The codes of RFC 6749 §5.2, and other spellings of them in use.
fn kind_of_code(code: &str) -> Option<TokenErrorKind> {
    Some(match code {
        "invalid_grant"
        | "bad_verification_code"
        | "bad_refresh_token"
        | "invalid_code"
        | "invalid_auth_code"
        | "bad_auth_code"
        | "code_expired"
        | "code_already_used"
        | "invalid_refresh_token"
        | "invalid_token"
        | "invalid_auth"
        | "token_revoked"
        | "token_expired"
        | "expired_token"
        | "account_inactive" => TokenErrorKind::InvalidGrant,
        "invalid_client"
        | "incorrect_client_credentials"
        | "bad_client_secret"
        | "invalid_client_id"
        | "bad_client_id" => TokenErrorKind::InvalidClient,
        "unauthorized_client" => TokenErrorKind::UnauthorizedClient,
        "access_denied" => TokenErrorKind::AccessDenied,
        "invalid_scope" => TokenErrorKind::InvalidScope,
        "temporarily_unavailable"
        | "service_unavailable"
        | "server_error"
        | "internal_error"
        | "slow_down"
        | "rate_limited"
        | "ratelimited"
        | "rate_limit_exceeded"
        | "rate_limit_error"
        | "request_timeout" => BUSY,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(status: u16, body: Option<Value>) -> TokenErrorKind {
        let status = StatusCode::from_u16(status).unwrap();
        TokenError::from_answer(status, &HeaderMap::new(), body.as_ref()).kind
    }

    #[test]
    fn r4_a_busy_status_never_masks_a_dead_grant() {
        for status in [200, 400, 401, 429, 500, 503] {
            let body = json!({"error": "invalid_grant"});
            assert_eq!(kind(status, Some(body)), TokenErrorKind::InvalidGrant);
        }
        for (status, code) in [
            (429, "invalid_client"),
            (503, "other"),
            (502, "access_denied"),
        ] {
            assert_eq!(kind(status, Some(json!({"error": code}))), BUSY);
        }
    }

    #[test]
    fn r4_terminal_and_passing_errors_are_told_apart() {
        use TokenErrorKind::*;
        for (status, body, expected) in [
            (400, json!({"error": "invalid_client"}), InvalidClient),
            (
                400,
                json!({"error": "unauthorized_client"}),
                UnauthorizedClient,
            ),
            (400, json!({"error": "access_denied"}), AccessDenied),
            (400, json!({"error": "invalid_scope"}), InvalidScope),
            (400, json!({"error": "invalid_request"}), OtherTerminal),
            (400, json!({"error": "temporarily_unavailable"}), BUSY),
            (200, json!({"ok": false, "error": "ratelimited"}), BUSY),
            (200, json!({"error": "bad_verification_code"}), InvalidGrant),
            (400, json!({"status": "BAD_REFRESH_TOKEN"}), InvalidGrant),
            (
                400,
                json!({"error": {"code": "invalid_grant"}}),
                InvalidGrant,
            ),
            (401, json!({"message": "who?"}), InvalidClient),
            (403, json!({}), OtherTerminal),
        ] {
            assert_eq!(kind(status, Some(body.clone())), expected, "{body}");
            assert_eq!(expected.is_terminal(), expected != BUSY);
        }
        for (status, expected) in [
            (200, Malformed),
            (302, Malformed),
            (403, Malformed),
            (503, BUSY),
        ] {
            assert_eq!(kind(status, None), expected);
            assert!(!expected.is_terminal());
        }
    }

    #[test]
    fn o19_only_short_plain_codes_are_kept() {
        for (body, code) in [
            (json!({"error": "invalid_request"}), Some("invalid_request")),
            (json!({"error": "Not a code, but a sentence"}), None),
            (json!({"error": "tok-4f9c"}), None),
            (json!({"error": "a".repeat(41)}), None),
            (json!({"error": ["invalid_grant"]}), None),
            (json!({"error": "x\ninjected"}), None),
            (json!({"error": ""}), None),
        ] {
            assert_eq!(error_code(&body).as_deref(), code, "{body}");
        }
    }
}
