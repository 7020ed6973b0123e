use axum::Json;
use latchkey_tenants::{
    catalogue::ClientAuth,
    store::NewOauthClient,
    values::{Opaque, Slug},
};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        auth::{AppsRead, AppsWrite, Caller},
        body::Body,
        path::Named,
        problem::Problem,
        schema,
        scope::{self, ScopeToken},
    },
    view::{AuthMethod, OauthClientView},
};
use crate::secret::Secret;

/// Of extra scopes.
pub(super) const MOST_SCOPES: usize = 100;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"client_id": "8f3a", "client_secret": "at-least-something-secret"})))]
pub(super) struct PutOauthClient {
    #[schema(value_type = schema::Opaque)]
    client_id: Opaque,
    /// Required unless the token endpoint takes clients without a secret.
    #[schema(value_type = Option<schema::Secret>)]
    client_secret: Option<Secret>,
    /// Asked for besides those of a slot.
    #[schema(value_type = Option<Vec<schema::Scope>>, max_items = 100)]
    scopes: Option<Vec<ScopeToken>>,
    /// As the app has it, if nothing is said.
    token_endpoint_auth_method: Option<AuthMethod>,
}

/// Store the OAuth client
///
/// Stores or replaces the agency's registration at the provider. The redirect URI to register there is in the answer; it
/// stays the same when the OAuth client is replaced, so a provider that wants it first can be given it first.
#[utoipa::path(
    put,
    path = "/apps/{app}/oauth-client",
    tag = "Apps",
    params(("app" = schema::Slug, Path)),
    request_body = PutOauthClient,
    responses((status = 200, description = "What was stored, without the secret.", body = OauthClientView)),
    security(("api_key" = ["apps:write"])),
)]
pub(super) async fn put_oauth_client(
    caller: Caller<AppsWrite>,
    Named(slug): Named<Slug>,
    Body(put): Body<PutOauthClient>,
) -> Result<Json<OauthClientView>, Problem> {
    let mut tx = caller.begin().await?;
    let app = tx.app(slug.as_str()).await?;
    let app = app.ok_or_else(|| Problem::not_found("app"))?;
    let auth_method = put.token_endpoint_auth_method.map(ClientAuth::from);
    if put.client_secret.is_none() && auth_method.unwrap_or(app.token.auth) != ClientAuth::None {
        let detail = "is required, unless token_endpoint_auth_method is `none`";
        return Err(Problem::refused_at("/client_secret", detail));
    }
    if put
        .scopes
        .as_ref()
        .is_some_and(|scopes| scopes.len() > MOST_SCOPES)
    {
        let detail = format!("at most {MOST_SCOPES} scopes are expected");
        return Err(Problem::refused_at("/scopes", detail));
    }
    let new = NewOauthClient {
        client_id: put.client_id.to_string(),
        client_secret: put.client_secret.map(SecretString::from),
        auth_method,
        scopes: put.scopes.map(scope::texts),
    };
    let client = tx.oauth_client_put(&app.slug, &new, &caller.actor).await?;
    let agency = tx.agency_itself().await?;
    caller.commit(tx).await?;
    let view = OauthClientView::of(client, &agency, &caller.platform.urls);
    Ok(Json(view))
}

/// Show the OAuth client
///
/// With the redirect URI that is registered at the provider and, once another host of yours is primary, the one that it
/// would have there.
#[utoipa::path(
    get,
    path = "/apps/{app}/oauth-client",
    tag = "Apps",
    params(("app" = schema::Slug, Path)),
    responses((status = 200, description = "The OAuth client, without its secret.", body = OauthClientView)),
    security(("api_key" = ["apps:read"])),
)]
pub(super) async fn show_oauth_client(
    caller: Caller<AppsRead>,
    Named(slug): Named<Slug>,
) -> Result<Json<OauthClientView>, Problem> {
    let mut tx = caller.read().await?;
    let client = tx.oauth_client(slug.as_str()).await?;
    let client = client.ok_or_else(|| Problem::not_found("OAuth client"))?;
    let agency = tx.agency_itself().await?;
    let view = OauthClientView::of(client, &agency, &caller.platform.urls);
    Ok(Json(view))
}
