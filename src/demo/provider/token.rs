use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{
    Account, Client, ProviderState,
    ledger::{ACCESS_LIFETIME, Digest, Fresh, Grant, GrantError, Proof},
    params::{Params, ParamsError},
};

/// RFC 6749 §5.2.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error(transparent)]
    Params(#[from] ParamsError),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("the client shows its secret twice")]
    TwoSecrets,
    #[error("the client is unknown or its secret is wrong")]
    Client,
    #[error(transparent)]
    Grant(#[from] GrantError),
    #[error("the token belongs to another client")]
    ForeignToken,
    #[error("only authorization_code and refresh_token are answered here")]
    GrantType,
    #[error("the sample provider could not write its state")]
    Write(#[from] std::io::Error),
}

/// `POST /token`, RFC 6749 §4.1.3 and §6.
pub async fn exchange(
    State(state): State<ProviderState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, TokenError> {
    let params = Params::from_form(&headers, &body)?;
    let client = authenticate(&state, &headers, &params)?;
    match params.value("grant_type") {
        Some("authorization_code") => redeem(&state, client, &params),
        Some("refresh_token") => refresh(&state, client, &params),
        Some(_) => Err(TokenError::GrantType),
        None => Err(TokenError::Missing("grant_type")),
    }
}

/// `POST /revoke`, RFC 7009 §2.
pub async fn revoke(
    State(state): State<ProviderState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, TokenError> {
    let params = Params::from_form(&headers, &body)?;
    let client = authenticate(&state, &headers, &params)?;
    let token = required(&params, "token")?;
    if !state.change(|ledger| ledger.revoke(token, &client.id))? {
        return Err(TokenError::ForeignToken);
    }
    Ok(StatusCode::OK)
}

/// `GET /userinfo`: who gave the access, to the bearer of an access token (RFC 6750 §2.1).
pub async fn userinfo(State(state): State<ProviderState>, headers: HeaderMap) -> Response {
    let Some(token) = credentials(&headers, "Bearer") else {
        // RFC 6750 §3.1: no error code for a caller who showed nothing.
        return challenge("Bearer realm=\"sample\"");
    };
    let now = state.now();
    let account = state
        .ledger()
        .grant_by_access(token, now)
        .and_then(|grant| Account::by_sub(&grant.account));
    let Some(account) = account else {
        return challenge("Bearer realm=\"sample\", error=\"invalid_token\"");
    };
    let answer = json!({
        "sub": account.sub,
        "name": account.name,
        "email": account.email,
        "email_verified": true,
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

fn redeem(state: &ProviderState, client: &Client, params: &Params) -> Result<Response, TokenError> {
    let code = required(params, "code")?;
    let proof = Proof {
        client_id: &client.id,
        redirect_uri: required(params, "redirect_uri")?,
        verifier: required(params, "code_verifier")?,
    };
    let fresh = Fresh::draw(state.entropy());
    let now = state.now();
    let grant = state.change(|ledger| ledger.redeem(code, &proof, now, &fresh))??;
    Ok(tokens(&fresh, &grant))
}

fn refresh(
    state: &ProviderState,
    client: &Client,
    params: &Params,
) -> Result<Response, TokenError> {
    let token = required(params, "refresh_token")?;
    let asked = params.value("scope").unwrap_or_default();
    let fresh = Fresh::draw(state.entropy());
    let now = state.now();
    let grant = state.change(|ledger| ledger.refresh(token, &client.id, asked, now, &fresh))??;
    Ok(tokens(&fresh, &grant))
}

fn tokens(fresh: &Fresh, grant: &Grant) -> Response {
    let answer = json!({
        "access_token": fresh.access,
        "token_type": "Bearer",
        "expires_in": ACCESS_LIFETIME.as_secs(),
        "refresh_token": fresh.refresh,
        "scope": grant.scopes.join(" "),
    });
    (
        [
            (header::CACHE_CONTROL, "no-store"),
            (header::PRAGMA, "no-cache"),
        ],
        Json(answer),
    )
        .into_response()
}

fn required<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, TokenError> {
    params.value(name).ok_or(TokenError::Missing(name))
}

/// RFC 6749 §2.3.1: Basic or form, not both.
fn authenticate<'a>(
    state: &'a ProviderState,
    headers: &HeaderMap,
    params: &Params,
) -> Result<&'a Client, TokenError> {
    let (id, secret) = match (credentials(headers, "Basic"), params.value("client_secret")) {
        (Some(_), Some(_)) => return Err(TokenError::TwoSecrets),
        (Some(basic), None) => basic_pair(basic).ok_or(TokenError::Client)?,
        (None, Some(secret)) => {
            let id = params.value("client_id").ok_or(TokenError::Client)?;
            (id.to_owned(), secret.to_owned())
        }
        (None, None) => return Err(TokenError::Client),
    };
    state
        .client(&id)
        // Digests are compared, so the time it takes tells nothing about the secret.
        .filter(|client| client.secret == Digest::of(&secret))
        .ok_or(TokenError::Client)
}

fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (given, rest) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

/// Id and secret are form-encoded before they are joined by the colon.
fn basic_pair(encoded: &str) -> Option<(String, String)> {
    let joined = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = joined.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

fn form_decoded(text: &str) -> Option<String> {
    let field = format!("v={text}");
    let params = Params::parse(field.as_bytes()).ok()?;
    params.value("v").map(str::to_owned)
}

fn challenge(value: &'static str) -> Response {
    (
        StatusCode::UNAUTHORIZED,
        [(header::WWW_AUTHENTICATE, value)],
    )
        .into_response()
}

impl TokenError {
    fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Params(_) | Self::Missing(_) | Self::TwoSecrets => {
                (StatusCode::BAD_REQUEST, "invalid_request")
            }
            Self::Client => (StatusCode::UNAUTHORIZED, "invalid_client"),
            Self::Grant(GrantError::Scope) => (StatusCode::BAD_REQUEST, "invalid_scope"),
            Self::Grant(_) | Self::ForeignToken => (StatusCode::BAD_REQUEST, "invalid_grant"),
            Self::GrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            Self::Write(_) => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
        }
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        if let Self::Write(error) = &self {
            tracing::error!(%error, "the sample provider could not write its state");
        }
        let (status, code) = self.code();
        let body = Json(json!({"error": code, "error_description": self.to_string()}));
        let mut response = (status, [(header::CACHE_CONTROL, "no-store")], body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let basic = header::HeaderValue::from_static("Basic realm=\"sample\"");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, basic);
        }
        response
    }
}
