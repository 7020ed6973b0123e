use latchkey_tenants::{
    Agency, OauthClient, Timestamp,
    catalogue::{App, Catalogue, ClientAuth, HostVar, Scope},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::schema;
use crate::{oauth::RedirectUris, urls::Urls};

/// An app in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = App)]
pub(super) struct AppView {
    #[schema(value_type = schema::Slug)]
    pub slug: String,
    pub name: String,
    pub category: String,
    /// `own`: the agency described it itself.
    origin: Origin,
    /// The date on which the definition was read against the provider's own pages; null: unverified.
    #[schema(value_type = Option<schema::Date>, required)]
    verified_on: Option<String>,
    /// The agency registered an OAuth client, so clients can connect.
    has_oauth_client: bool,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Origin {
    Catalogue,
    Own,
}

impl AppView {
    pub fn of(app: &App, has_oauth_client: bool) -> Self {
        let known = Catalogue::builtin().app(&app.slug).is_some();
        Self {
            slug: app.slug.clone(),
            name: app.name.clone(),
            category: app.category.clone(),
            origin: if known {
                Origin::Catalogue
            } else {
                Origin::Own
            },
            verified_on: app.verified_on.clone(),
            has_oauth_client,
        }
    }
}

/// Everything that an agency should know of an app.
#[derive(Serialize, ToSchema)]
pub(super) struct AppDetails {
    #[serde(flatten)]
    app: AppView,
    /// Where the provider explains how to register an OAuth client.
    #[schema(required)]
    docs_url: Option<String>,
    #[schema(required)]
    issuer: Option<String>,
    /// What can be asked for, in plain words. A slot may name other scopes of the provider too.
    scopes: Vec<ScopeView>,
    /// Asked for in every flow, whatever a slot names.
    required_scopes: Vec<String>,
    /// Asked for when a slot names no scopes.
    default_scopes: Vec<String>,
    /// In plain words what a grant opens, where the provider takes no scopes.
    access: Vec<String>,
    /// What the client has to name before the consent screen, such as its shop.
    host_vars: Vec<HostVarView>,
    /// What to know before registering an OAuth client.
    notes: Vec<String>,
    /// The agency's registration; null: none yet.
    #[schema(required)]
    oauth_client: Option<OauthClientView>,
}

impl AppDetails {
    pub fn of(app: App, client: Option<OauthClientView>) -> Self {
        Self {
            app: AppView::of(&app, client.is_some()),
            docs_url: app.docs_url,
            issuer: app.issuer,
            scopes: app.scopes.into_iter().map(ScopeView::from).collect(),
            required_scopes: app.required_scopes,
            default_scopes: app.default_scopes,
            access: app.access,
            host_vars: app.host_vars.into_iter().map(HostVarView::from).collect(),
            notes: app.notes,
            oauth_client: client,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = AppScope)]
struct ScopeView {
    id: String,
    /// As the client reads it.
    label: String,
}

impl From<Scope> for ScopeView {
    fn from(Scope { id, label }: Scope) -> Self {
        Self { id, label }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = HostVar)]
struct HostVarView {
    name: String,
    /// What the client is asked for.
    label: String,
    /// The whole value matches it.
    pattern: String,
    example: String,
}

impl From<HostVar> for HostVarView {
    fn from(var: HostVar) -> Self {
        Self {
            name: var.name,
            label: var.label,
            pattern: var.pattern,
            example: var.example,
        }
    }
}

/// The agency's registration at a provider. Its secret is never shown.
#[derive(Serialize, ToSchema)]
#[schema(as = OauthClient)]
pub(super) struct OauthClientView {
    #[schema(value_type = schema::Slug)]
    app: String,
    #[schema(value_type = schema::Opaque)]
    client_id: String,
    /// The one that flows use: register exactly this at the provider. It stays when the OAuth client is replaced.
    #[schema(format = "uri")]
    redirect_uri: String,
    /// The one on your primary host, where that differs: register it too, then switch.
    #[schema(format = "uri", required)]
    next_redirect_uri: Option<String>,
    /// Null: as the app has it.
    #[schema(required)]
    token_endpoint_auth_method: Option<AuthMethod>,
    /// Asked for besides those of a slot.
    scopes: Vec<String>,
    #[schema(value_type = schema::Timestamp)]
    updated_at: Timestamp,
}

impl OauthClientView {
    pub fn of(client: OauthClient, agency: &Agency, urls: &Urls) -> Self {
        let host = client.redirect_host.as_ref();
        let uris = RedirectUris::of(&client.ctx, host, agency, urls);
        Self {
            app: client.app,
            client_id: client.client_id,
            redirect_uri: uris.now,
            next_redirect_uri: uris.next,
            token_endpoint_auth_method: client.auth_method.map(AuthMethod::from),
            scopes: client.scopes.unwrap_or_default(),
            updated_at: client.updated_at,
        }
    }
}

/// How the OAuth client proves itself at the token endpoint (RFC 7591 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AuthMethod {
    ClientSecretBasic,
    ClientSecretPost,
    None,
}

impl From<ClientAuth> for AuthMethod {
    fn from(auth: ClientAuth) -> Self {
        match auth {
            ClientAuth::Basic => Self::ClientSecretBasic,
            ClientAuth::Post => Self::ClientSecretPost,
            ClientAuth::None => Self::None,
        }
    }
}

impl From<AuthMethod> for ClientAuth {
    fn from(method: AuthMethod) -> Self {
        match method {
            AuthMethod::ClientSecretBasic => Self::Basic,
            AuthMethod::ClientSecretPost => Self::Post,
            AuthMethod::None => Self::None,
        }
    }
}
