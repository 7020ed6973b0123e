use std::{collections::BTreeMap, fmt, time::Duration};

use http::Response;
use hyper::body::Bytes;
use latchkey_tenants::catalogue::{App, ClientAuth, Pkce};
use oauth2::{
    AuthType, AuthorizationCode, Client, ClientId, ClientSecret, ExtraTokenFields,
    PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, StandardRevocableToken,
    StandardTokenResponse, TokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
        BasicTokenType,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    answer::token_answer,
    error::TokenError,
    wire::{Reader, Wire},
};
use crate::egress::Egress;

/// An agency's own registration at a provider.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    pub client_id: String,
    pub client_secret: Option<SecretString>,
    /// Instead of the catalogue's way to prove who asks.
    pub auth: Option<ClientAuth>,
}

/// What a token endpoint gave.
#[derive(Clone, Debug)]
pub struct TokenSet {
    /// 1 to 16384 printable ASCII characters.
    pub access_token: SecretString,
    /// None at a refresh: the old one goes on.
    pub refresh_token: Option<SecretString>,
    /// Always `Bearer`: other types are refused.
    pub token_type: String,
    /// At least a second, at most ten years; the catalogue's default when the answer names none, and none when
    /// there is no default either: the token does not expire.
    pub expires_in: Option<Duration>,
    /// None: as asked (RFC 6749 §5.1).
    pub scopes: Option<Vec<String>>,
    pub id_token: Option<SecretString>,
}

/// Trades the code of a callback for tokens (RFC 6749 §4.1.3). `redirect_uri` is the one the flow started with.
pub async fn exchange_code(
    egress: &Egress,
    app: &App,
    token_url: &Url,
    credentials: &ClientCredentials,
    code: &SecretString,
    redirect_uri: &Url,
    verifier: Option<&SecretString>,
) -> Result<TokenSet, TokenError> {
    let client = client(app, credentials)
        .set_token_uri(TokenUrl::from_url(token_url.clone()))
        .set_redirect_uri(RedirectUrl::from_url(redirect_uri.clone()));
    let code = AuthorizationCode::new(code.expose_secret().to_owned());
    let mut request = client.exchange_code(code);
    if let Some(verifier) = verifier.filter(|_| app.pkce == Pkce::S256) {
        let verifier = PkceCodeVerifier::new(verifier.expose_secret().to_owned());
        request = request.set_pkce_verifier(verifier);
    }
    let read = |answer: &Response<Bytes>| read(app, answer);
    let wire = wire(egress, app, token_url, &app.token.params, &read);
    let answer = request.request_async(&wire).await;
    answer.map(TokenSet::from).map_err(plain)
}

/// Renews a grant (RFC 6749 §6).
pub async fn refresh(
    egress: &Egress,
    app: &App,
    refresh_url: &Url,
    credentials: &ClientCredentials,
    refresh_token: &SecretString,
) -> Result<TokenSet, TokenError> {
    let client = client(app, credentials).set_token_uri(TokenUrl::from_url(refresh_url.clone()));
    let token = RefreshToken::new(refresh_token.expose_secret().to_owned());
    let read = |answer: &Response<Bytes>| read(app, answer);
    let wire = wire(egress, app, refresh_url, &app.refresh.params, &read);
    let request = client.exchange_refresh_token(&token);
    let answer = request.request_async(&wire).await;
    answer.map(TokenSet::from).map_err(plain)
}

pub(super) type OAuthClient = Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

type Answer = StandardTokenResponse<IdTokenField, BasicTokenType>;

#[derive(Deserialize, Serialize)]
pub(super) struct IdTokenField {
    id_token: Option<String>,
}

impl fmt::Debug for IdTokenField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdTokenField").finish_non_exhaustive()
    }
}

impl ExtraTokenFields for IdTokenField {}

/// A client that proves itself in exactly one way (RFC 6749 §2.3).
pub(super) fn client(app: &App, credentials: &ClientCredentials) -> OAuthClient {
    let auth = credentials.auth.unwrap_or(app.token.auth);
    let client = Client::new(ClientId::new(credentials.client_id.clone()));
    let client = client.set_auth_type(match auth {
        ClientAuth::Basic => AuthType::BasicAuth,
        ClientAuth::Post | ClientAuth::None => AuthType::RequestBody,
    });
    match &credentials.client_secret {
        Some(secret) if auth != ClientAuth::None => {
            client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
        }
        _ => client,
    }
}

fn wire<'a>(
    egress: &'a Egress,
    app: &'a App,
    url: &'a Url,
    params: &'a BTreeMap<String, String>,
    read: &'a Reader<'a>,
) -> Wire<'a> {
    Wire {
        egress,
        url,
        format: app.token.body,
        client_id_param: &app.token.client_id_param,
        params: Some(params),
        read,
    }
}

fn read(app: &App, answer: &Response<Bytes>) -> Result<Vec<u8>, TokenError> {
    token_answer(app, answer).map(|normal| normal.to_string().into_bytes())
}

/// Only our own error is kept: the crate's hold the body.
fn plain<T: oauth2::ErrorResponse>(error: RequestTokenError<TokenError, T>) -> TokenError {
    match error {
        RequestTokenError::Request(error) => error,
        _ => TokenError::malformed(None),
    }
}

impl From<Answer> for TokenSet {
    fn from(answer: Answer) -> Self {
        let scope = |scope: &oauth2::Scope| (!scope.is_empty()).then(|| scope.to_string());
        Self {
            access_token: answer.access_token().secret().as_str().into(),
            refresh_token: answer
                .refresh_token()
                .map(|token| token.secret().as_str().into()),
            token_type: "Bearer".to_owned(),
            expires_in: answer.expires_in(),
            scopes: answer
                .scopes()
                .map(|scopes| scopes.iter().filter_map(scope).collect()),
            id_token: answer.extra_fields().id_token.as_deref().map(Into::into),
        }
    }
}
