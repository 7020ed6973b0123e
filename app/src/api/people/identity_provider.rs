use axum::Json;
use latchkey_tenants::{
    Agency,
    store::{IdentityProvider, NewIdentityProvider},
    values::Opaque,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::{
    auth::{Caller, MembersRead, MembersWrite},
    body::Body,
    problem::Problem,
    schema,
};
use crate::{
    secret::Secret,
    sign_in::{check_issuer, redirect_uris},
    urls::Urls,
};

/// The agency's own OpenID provider, by which its staff may sign in.
#[derive(Serialize, ToSchema)]
#[schema(as = IdentityProvider)]
pub(super) struct IdentityProviderView {
    /// Null: none is stored.
    #[schema(value_type = Option<schema::Uri>, required)]
    issuer: Option<String>,
    #[schema(value_type = Option<schema::Opaque>, required)]
    client_id: Option<String>,
    /// To register there: where people come back to, on each host on which they sign in.
    #[schema(value_type = Vec<schema::Uri>)]
    redirect_uris: Vec<String>,
}

impl IdentityProviderView {
    fn of(provider: Option<IdentityProvider>, agency: &Agency, urls: &Urls) -> Self {
        let Some(provider) = provider else {
            return Self {
                issuer: None,
                client_id: None,
                redirect_uris: Vec::new(),
            };
        };
        Self {
            redirect_uris: redirect_uris(urls, agency, &provider.ctx),
            issuer: Some(provider.issuer),
            client_id: Some(provider.client_id),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PutIdentityProvider, examples(json!({"issuer": "https://idp.example", "client_id": "8f3a", "client_secret": "at-least-something-secret"})))]
pub(super) struct Put {
    /// It publishes its metadata and signs with keys that it publishes.
    #[schema(value_type = schema::Uri)]
    issuer: String,
    #[schema(value_type = schema::Opaque)]
    client_id: Opaque,
    #[schema(value_type = schema::Secret)]
    client_secret: Secret,
}

/// Store the identity provider
///
/// Staff may then sign in there, by their verified address. Another issuer forgets who was who at the one before.
#[utoipa::path(
    put,
    path = "/identity-provider",
    tag = "People",
    request_body = Put,
    responses(
        (status = 200, description = "What was stored, without the secret.", body = IdentityProviderView),
        (status = 422, description = "The issuer's metadata cannot be fetched or used."),
    ),
    security(("api_key" = ["members:write"])),
)]
pub(super) async fn store_identity_provider(
    caller: Caller<MembersWrite>,
    Body(put): Body<Put>,
) -> Result<Json<IdentityProviderView>, Problem> {
    let issuer = check_issuer(&caller.platform, &put.issuer)
        .await
        .map_err(|why| Problem::refused_at("/issuer", why))?;
    let mut tx = caller.begin().await?;
    let new = NewIdentityProvider {
        issuer: &issuer,
        client_id: put.client_id.as_str(),
        client_secret: &SecretString::from(put.client_secret),
    };
    tx.identity_provider_put(new, &caller.actor).await?;
    let (provider, agency) = (tx.identity_provider().await?, tx.agency_itself().await?);
    caller.commit(tx).await?;
    let urls = &caller.platform.urls;
    Ok(Json(IdentityProviderView::of(provider, &agency, urls)))
}

/// Show the identity provider
#[utoipa::path(
    get,
    path = "/identity-provider",
    tag = "People",
    responses((status = 200, description = "The provider, without its secret.", body = IdentityProviderView)),
    security(("api_key" = ["members:read"])),
)]
pub(super) async fn show_identity_provider(
    caller: Caller<MembersRead>,
) -> Result<Json<IdentityProviderView>, Problem> {
    let mut tx = caller.read().await?;
    let (provider, agency) = (tx.identity_provider().await?, tx.agency_itself().await?);
    let urls = &caller.platform.urls;
    Ok(Json(IdentityProviderView::of(provider, &agency, urls)))
}
