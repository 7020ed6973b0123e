use std::time::Duration;

use http::{
    HeaderName, HeaderValue, Method, Request, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION},
};
use hyper::body::Bytes;
use latchkey_tenants::catalogue::{App, BodyFormat, Revoke, RevokeStyle};
use oauth2::{AccessToken, RefreshToken, RequestTokenError, RevocationUrl, StandardRevocableToken};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    answer::read_object,
    error::{TokenError, TokenErrorKind, says_no},
    token::{ClientCredentials, client},
    wire::Wire,
};
use crate::egress::{Egress, EgressError};

/// Which of a grant's tokens is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenHint {
    AccessToken,
    RefreshToken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokeOutcome {
    /// The provider says that the token is worth nothing now, or was already.
    Revoked,
    /// The provider offers no call for this.
    Unsupported,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RevokeError {
    /// Not now: busy, or no answer.
    #[error("the provider could not revoke the grant now")]
    Retry { after: Option<Duration> },
    #[error("the provider did not revoke the grant: {0}")]
    Failed(TokenError),
}

/// Asks the provider to end a grant. Call it with the refresh token where there is one; the bearer styles need
/// the access token, whatever the hint.
pub async fn revoke(
    egress: &Egress,
    app: &App,
    revoke_url: &Url,
    credentials: &ClientCredentials,
    token: &SecretString,
    hint: TokenHint,
) -> Result<RevokeOutcome, RevokeError> {
    let Some(row) = &app.revoke else {
        return Ok(RevokeOutcome::Unsupported);
    };
    let answer = match row.style {
        RevokeStyle::Rfc7009 => {
            let token = match hint {
                TokenHint::AccessToken => AccessToken::new(token.expose_secret().into()).into(),
                TokenHint::RefreshToken => RefreshToken::new(token.expose_secret().into()).into(),
            };
            standard(egress, app, revoke_url, credentials, row.body, token).await
        }
        RevokeStyle::BearerPost => bearer(egress, app, Method::POST, revoke_url, token).await,
        RevokeStyle::BearerDelete => bearer(egress, app, Method::DELETE, revoke_url, token).await,
    };
    match answer {
        Ok(()) => Ok(RevokeOutcome::Revoked),
        Err(error) => outcome(row, error),
    }
}

/// RFC 7009 §2.1.
async fn standard(
    egress: &Egress,
    app: &App,
    url: &Url,
    credentials: &ClientCredentials,
    format: BodyFormat,
    token: StandardRevocableToken,
) -> Result<(), TokenError> {
    let mut secure = url.clone();
    // Any other scheme is refused by the crate; `wire` sends to the real URL, and `Egress` judges that one.
    let _ = secure.set_scheme("https");
    let client = client(app, credentials).set_revocation_url(RevocationUrl::from_url(secure));
    let wire = Wire {
        egress,
        url,
        format,
        client_id_param: &app.token.client_id_param,
        params: None,
        read: &|answer| read(answer).map(|()| Vec::new()),
    };
    let Ok(request) = client.revoke_token(token) else {
        return Err(TokenError::malformed(None));
    };
    match request.request_async(&wire).await {
        Ok(()) => Ok(()),
        Err(RequestTokenError::Request(error)) => Err(error),
        Err(_) => Err(TokenError::malformed(None)),
    }
}

async fn bearer(
    egress: &Egress,
    app: &App,
    method: Method,
    url: &Url,
    token: &SecretString,
) -> Result<(), TokenError> {
    let mut request = Request::builder()
        .method(method)
        .uri(url.as_str())
        .header(ACCEPT, "application/json");
    for (name, value) in app.api.iter().flat_map(|api| &api.headers) {
        request = request.header(name, value);
    }
    let mut request = request
        .body(Bytes::new())
        .map_err(|_| TokenError::malformed(None))?;
    let (name, value) = access_header(app, token).ok_or(TokenError::malformed(None))?;
    request.headers_mut().insert(name, value);
    read(&egress.send(request).await?)
}

/// The header in which a provider takes its access token.
pub(super) fn access_header(app: &App, token: &SecretString) -> Option<(HeaderName, HeaderValue)> {
    let token = token.expose_secret();
    let own = app.api.as_ref().and_then(|api| api.token_header.as_deref());
    let (name, value) = match own {
        Some(name) => (name.parse().ok()?, HeaderValue::from_str(token)),
        None => {
            let value = HeaderValue::from_str(&format!("Bearer {token}"));
            (AUTHORIZATION, value)
        }
    };
    let mut value = value.ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

fn read(answer: &Response<Bytes>) -> Result<(), TokenError> {
    let status = answer.status();
    let body = read_object(answer.headers(), answer.body());
    // The status is what counts (RFC 7009 §2.2), but some say no under a 200.
    if status.is_success() && !body.as_ref().is_some_and(says_no) {
        return Ok(());
    }
    let (headers, body) = (answer.headers(), body.as_ref());
    Err(TokenError::from_answer(status, headers, body))
}

fn outcome(row: &Revoke, error: TokenError) -> Result<RevokeOutcome, RevokeError> {
    let by_access_token = row.style != RevokeStyle::Rfc7009;
    let unauthorized = error.status == Some(StatusCode::UNAUTHORIZED.as_u16());
    match &error.kind {
        // A token that the provider does not know is revoked.
        TokenErrorKind::InvalidGrant => Ok(RevokeOutcome::Revoked),
        _ if by_access_token && unauthorized => Ok(RevokeOutcome::Revoked),
        _ if error.code.as_deref() == Some("unsupported_token_type") => {
            Ok(RevokeOutcome::Unsupported)
        }
        TokenErrorKind::Transient { retry_after } => Err(RevokeError::Retry {
            after: *retry_after,
        }),
        TokenErrorKind::Network if !matches!(error.egress, Some(EgressError::Refused { .. })) => {
            Err(RevokeError::Retry { after: None })
        }
        _ => Err(RevokeError::Failed(error)),
    }
}
