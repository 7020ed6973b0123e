use std::collections::BTreeMap;

use axum::{Json, http::StatusCode};
use latchkey_tenants::{
    catalogue::{App, ExplicitApp, MetadataError, Pkce, Scope},
    values::{Name, Slug},
};
use serde::Deserialize;
use url::Url;
use utoipa::ToSchema;

use super::{
    super::{
        auth::{AppsWrite, Caller},
        body::Body,
        problem::{FieldError, Problem},
        schema,
        scope::{self, ScopeToken},
    },
    findings::{of_explicit, of_metadata},
    oauth_client::MOST_SCOPES,
    view::{AppDetails, AuthMethod},
};
use crate::{
    oauth::{DiscoveryError, discover},
    platform::Platform,
};

/// An app of the agency's own: either `issuer`, whose metadata says the rest, or the addresses themselves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({
    "slug": "acme-crm", "name": "Acme CRM",
    "authorization_endpoint": "https://idp.example/authorize", "token_endpoint": "https://idp.example/token",
    "scopes": [{"id": "contacts.read", "label": "Read your contacts"}],
})))]
pub(super) struct NewApp {
    /// Unique among the agency's apps and those of the catalogue.
    #[schema(value_type = schema::Slug)]
    slug: Slug,
    #[schema(value_type = schema::Name)]
    name: Name,
    /// An OpenID Connect or OAuth issuer that publishes its metadata (RFC 8414).
    #[schema(value_type = Option<schema::Uri>)]
    issuer: Option<String>,
    /// Required without `issuer`.
    #[schema(value_type = Option<schema::Uri>)]
    authorization_endpoint: Option<String>,
    /// Required without `issuer`.
    #[schema(value_type = Option<schema::Uri>)]
    token_endpoint: Option<String>,
    /// Without it, a revoked connection is forgotten here only.
    #[schema(value_type = Option<schema::Uri>)]
    revocation_endpoint: Option<String>,
    /// Says whose account was connected.
    #[schema(value_type = Option<schema::Uri>)]
    userinfo_endpoint: Option<String>,
    /// JSON pointer into the userinfo answer; `/sub` if nothing is said.
    account_id: Option<String>,
    /// JSON pointer into the userinfo answer; `/email` if nothing is said.
    account_label: Option<String>,
    /// What can be asked for, in plain words for the client. With `issuer`: beyond the standard scopes.
    #[serde(default)]
    #[schema(max_items = 100)]
    scopes: Vec<NewScope>,
    /// Asked for when a slot names no scopes; all of `scopes` if nothing is said.
    #[schema(value_type = Option<Vec<schema::Scope>>)]
    default_scopes: Option<Vec<ScopeToken>>,
    /// Between scopes; a space if nothing is said.
    scope_separator: Option<String>,
    /// Sent to the consent screen besides those of the code flow.
    #[serde(default)]
    authorize_params: BTreeMap<String, String>,
    /// `client_secret_post` if nothing is said.
    token_endpoint_auth_method: Option<AuthMethod>,
    /// Why PKCE is left out, for a provider that breaks on it.
    no_pkce_because: Option<String>,
    /// Seconds that a token lives when the answer does not say.
    #[schema(minimum = 1)]
    default_expires_in: Option<u64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewScope {
    #[schema(value_type = schema::Scope)]
    id: ScopeToken,
    /// As the client reads it: "See your calendars".
    #[schema(value_type = schema::Name)]
    label: String,
}

/// Describe an app
///
/// For a provider that the catalogue does not know. Its addresses are checked, and with `issuer` its metadata is fetched.
#[utoipa::path(
    post,
    path = "/apps",
    tag = "Apps",
    request_body = NewApp,
    responses(
        (status = 201, description = "The new app.", body = AppDetails),
        (status = 409, description = "`slug_taken`: the catalogue or the agency has an app of this slug."),
        (status = 422, description = "`discovery_failed`: the issuer's metadata cannot be fetched or used."),
    ),
    security(("api_key" = ["apps:write"])),
)]
pub(super) async fn create_app(
    caller: Caller<AppsWrite>,
    Body(new): Body<NewApp>,
) -> Result<(StatusCode, Json<AppDetails>), Problem> {
    if new.scopes.len() > MOST_SCOPES {
        let detail = format!("at most {MOST_SCOPES} scopes are expected");
        return Err(Problem::refused_at("/scopes", detail));
    }
    let app = match new.issuer.clone() {
        Some(issuer) => discovered(&caller.platform, new, &issuer).await?,
        None => explicit(&caller.platform, new)?,
    };
    let mut tx = caller.begin().await?;
    tx.app_create(&app, &caller.actor).await?;
    caller.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(AppDetails::of(app, None))))
}

async fn discovered(platform: &Platform, new: NewApp, issuer: &str) -> Result<App, Problem> {
    new.has_nothing_besides_the_issuer()?;
    let url: Url = issuer.parse().map_err(|_| {
        Problem::refused_at("/issuer", "an address like https://idp.example is expected")
    })?;
    let scopes = new.scopes.into_iter().map(Scope::from).collect();
    let app = discover(platform, &new.slug, &new.name, &url, scopes).await;
    app.map_err(|error| match error {
        DiscoveryError::Metadata(MetadataError::Lint(findings)) => {
            Problem::refused(of_metadata(&findings))
        }
        error => discovery_failed(&error),
    })
}

fn discovery_failed(error: &dyn std::error::Error) -> Problem {
    let code = "discovery_failed";
    let detail = format!("The issuer's metadata cannot be used: {error}.");
    let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
    problem.naming(vec![FieldError::at("/issuer", error.to_string())])
}

fn explicit(platform: &Platform, new: NewApp) -> Result<App, Problem> {
    let required = |value: Option<String>, pointer: &str| {
        value.ok_or_else(|| FieldError::at(pointer, "is required, unless `issuer` is given"))
    };
    let authorize = required(new.authorization_endpoint, "/authorization_endpoint");
    let token = required(new.token_endpoint, "/token_endpoint");
    let (authorization_endpoint, token_endpoint) = match (authorize, token) {
        (Ok(authorize), Ok(token)) => (authorize, token),
        (authorize, token) => {
            let missing = [authorize.err(), token.err()];
            return Err(Problem::refused(missing.into_iter().flatten().collect()));
        }
    };
    let explicit = ExplicitApp {
        slug: new.slug.to_string(),
        name: new.name.to_string(),
        authorization_endpoint,
        token_endpoint,
        revocation_endpoint: new.revocation_endpoint,
        userinfo_endpoint: new.userinfo_endpoint,
        account_id: new.account_id,
        account_label: new.account_label,
        scopes: new.scopes.into_iter().map(Scope::from).collect(),
        default_scopes: new.default_scopes.map(scope::texts),
        scope_separator: new.scope_separator,
        authorize_params: new.authorize_params,
        token_endpoint_auth_method: new
            .token_endpoint_auth_method
            .map(Into::into)
            .unwrap_or_default(),
        pkce: new
            .no_pkce_because
            .map_or(Pkce::S256, |reason| Pkce::Omit { reason }),
        default_expires_in: new.default_expires_in,
    };
    App::from_explicit(explicit, platform.egress.policy().allow_loopback)
        .map_err(|findings| Problem::refused(of_explicit(&findings)))
}

impl NewApp {
    /// What the metadata says must not be said a second time.
    fn has_nothing_besides_the_issuer(&self) -> Result<(), Problem> {
        let said = [
            (
                "authorization_endpoint",
                self.authorization_endpoint.is_some(),
            ),
            ("token_endpoint", self.token_endpoint.is_some()),
            ("revocation_endpoint", self.revocation_endpoint.is_some()),
            ("userinfo_endpoint", self.userinfo_endpoint.is_some()),
            ("account_id", self.account_id.is_some()),
            ("account_label", self.account_label.is_some()),
            ("default_scopes", self.default_scopes.is_some()),
            ("scope_separator", self.scope_separator.is_some()),
            ("authorize_params", !self.authorize_params.is_empty()),
            (
                "token_endpoint_auth_method",
                self.token_endpoint_auth_method.is_some(),
            ),
            ("no_pkce_because", self.no_pkce_because.is_some()),
            ("default_expires_in", self.default_expires_in.is_some()),
        ];
        let twice: Vec<_> = said
            .into_iter()
            .filter(|(_, said)| *said)
            .map(|(field, _)| {
                FieldError::at(format!("/{field}"), "comes from the metadata of `issuer`")
            })
            .collect();
        if twice.is_empty() {
            Ok(())
        } else {
            Err(Problem::refused(twice))
        }
    }
}

impl From<NewScope> for Scope {
    fn from(NewScope { id, label }: NewScope) -> Self {
        Self {
            id: id.to_string(),
            label,
        }
    }
}
