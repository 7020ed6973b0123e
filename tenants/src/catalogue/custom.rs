use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    App, Authorize, BodyFormat, ClientAuth, LintFinding, Pkce, Probe, ProbeMethod, Refresh, Revoke,
    RevokeStyle, Scope, Token,
};

/// The category of apps that an agency described itself.
const OWN: &str = "own";

/// What `/userinfo` answers (OpenID Connect Core §5.1).
const SUBJECT: &str = "/sub";
const EMAIL: &str = "/email";

const OPENID: &str = "openid";
const OFFLINE: &str = "offline_access";

/// The scopes of OpenID Connect Core §5.4 and §11, in plain words.
pub(super) const STANDARD_SCOPES: [(&str, &str); 4] = [
    (OPENID, "Recognise your account"),
    ("profile", "See your name and picture"),
    ("email", "See your email address"),
    (OFFLINE, "Stay connected while you are away"),
];

/// An agency's own app by its addresses, for a provider without metadata.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplicitApp {
    pub slug: String,
    pub name: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    #[serde(default)]
    pub revocation_endpoint: Option<String>,
    #[serde(default)]
    pub userinfo_endpoint: Option<String>,
    /// JSON pointer into the userinfo answer; `/sub` by default.
    #[serde(default)]
    pub account_id: Option<String>,
    /// JSON pointer into the userinfo answer; `/email` by default.
    #[serde(default)]
    pub account_label: Option<String>,
    #[serde(default)]
    pub scopes: Vec<Scope>,
    /// All of `scopes` by default.
    #[serde(default)]
    pub default_scopes: Option<Vec<String>>,
    /// A space by default.
    #[serde(default)]
    pub scope_separator: Option<String>,
    #[serde(default)]
    pub authorize_params: BTreeMap<String, String>,
    #[serde(default)]
    pub token_endpoint_auth_method: ClientAuth,
    #[serde(default)]
    pub pkce: Pkce,
    /// Seconds that a token lives when the answer does not say.
    #[serde(default)]
    pub default_expires_in: Option<u64>,
}

/// Why discovered metadata cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    #[error("the metadata is not a JSON object")]
    NotAnObject,
    #[error("the metadata has no `{0}`")]
    Missing(&'static str),
    #[error("`{0}` in the metadata has the wrong type")]
    WrongType(&'static str),
    /// RFC 8414 §3.3, OpenID Connect Discovery §4.3.
    #[error("the metadata belongs to another issuer")]
    OtherIssuer { configured: String, found: String },
    #[error("the provider does not support the code grant")]
    NoCodeGrant,
    #[error("the provider supports neither client_secret_basic nor client_secret_post")]
    NoClientAuth,
    #[error("the provider requires pushed authorization requests")]
    NeedsPushedRequests,
    #[error("the metadata describes an app that cannot be used")]
    Lint(Vec<LintFinding>),
}

impl App {
    /// An agency's own app from addresses that it typed in; the app has passed [`App::lint`].
    pub fn from_explicit(
        explicit: ExplicitApp,
        allow_http_loopback: bool,
    ) -> Result<Self, Vec<LintFinding>> {
        let mut app = own(
            explicit.slug,
            explicit.name,
            explicit.authorization_endpoint,
            explicit.token_endpoint,
        );
        app.pkce = explicit.pkce;
        app.authorize.params = explicit.authorize_params;
        if let Some(separator) = explicit.scope_separator {
            app.authorize.separator = separator;
        }
        app.token.auth = explicit.token_endpoint_auth_method;
        app.token.default_expires_in = explicit.default_expires_in;
        app.revoke = explicit.revocation_endpoint.map(revoke);
        app.probe = explicit.userinfo_endpoint.map(|url| {
            let id = explicit.account_id.unwrap_or_else(|| SUBJECT.to_owned());
            let label = explicit.account_label.unwrap_or_else(|| EMAIL.to_owned());
            userinfo(url, id, label)
        });
        app.default_scopes = explicit
            .default_scopes
            .unwrap_or_else(|| ids(&explicit.scopes));
        app.scopes = explicit.scopes;
        linted(app, allow_http_loopback)
    }

    /// An agency's own app from metadata already fetched from `issuer` (RFC 8414, OpenID Connect Discovery);
    /// `scopes` are those beyond the standard ones. The app has passed [`App::lint`].
    pub fn from_metadata(
        slug: &str,
        name: &str,
        issuer: &str,
        document: &Value,
        scopes: Vec<Scope>,
        allow_http_loopback: bool,
    ) -> Result<Self, MetadataError> {
        let metadata = Metadata::of(issuer, document)?;
        metadata.supports_code()?;
        let mut app = own(
            slug.to_owned(),
            name.to_owned(),
            metadata.required("authorization_endpoint")?.to_owned(),
            metadata.required("token_endpoint")?.to_owned(),
        );
        app.issuer = Some(issuer.to_owned());
        app.iss_announced = metadata.flag("authorization_response_iss_parameter_supported")?;
        app.pkce = metadata.pkce()?;
        app.token.auth = metadata.client_auth()?;
        app.revoke = metadata
            .text("revocation_endpoint")?
            .map(|url| revoke(url.to_owned()));
        app.probe = metadata
            .text("userinfo_endpoint")?
            .map(|url| userinfo(url.to_owned(), SUBJECT.to_owned(), EMAIL.to_owned()));

        let standard = metadata.standard_scopes()?;
        app.required_scopes = ids(&standard);
        app.required_scopes
            .retain(|id| id == OPENID || id == OFFLINE);
        app.default_scopes = app.required_scopes.clone();
        for id in ids(&scopes) {
            if !app.default_scopes.contains(&id) {
                app.default_scopes.push(id);
            }
        }
        app.scopes = standard;
        app.scopes
            .retain(|known| !scopes.iter().any(|own| own.id == known.id));
        app.scopes.extend(scopes);
        linted(app, allow_http_loopback).map_err(MetadataError::Lint)
    }
}

/// A metadata document that names the issuer it was fetched for (O11).
struct Metadata<'a>(&'a serde_json::Map<String, Value>);

impl<'a> Metadata<'a> {
    fn of(issuer: &str, document: &'a Value) -> Result<Self, MetadataError> {
        let metadata = Self(document.as_object().ok_or(MetadataError::NotAnObject)?);
        let found = metadata.required("issuer")?;
        if found != issuer {
            return Err(MetadataError::OtherIssuer {
                configured: issuer.to_owned(),
                found: found.to_owned(),
            });
        }
        Ok(metadata)
    }

    fn required(&self, field: &'static str) -> Result<&'a str, MetadataError> {
        self.text(field)?.ok_or(MetadataError::Missing(field))
    }

    fn text(&self, field: &'static str) -> Result<Option<&'a str>, MetadataError> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(MetadataError::WrongType(field)),
        }
    }

    fn flag(&self, field: &'static str) -> Result<bool, MetadataError> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(MetadataError::WrongType(field)),
        }
    }

    fn list(&self, field: &'static str) -> Result<Option<Vec<&'a str>>, MetadataError> {
        let wrong = || MetadataError::WrongType(field);
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().ok_or_else(wrong))
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(wrong()),
        }
    }

    /// A missing list says nothing against the code grant, which is the default of all three.
    fn supports_code(&self) -> Result<(), MetadataError> {
        for (field, value) in [
            ("response_types_supported", "code"),
            ("grant_types_supported", "authorization_code"),
            ("response_modes_supported", "query"),
        ] {
            if self.list(field)?.is_some_and(|list| !list.contains(&value)) {
                return Err(MetadataError::NoCodeGrant);
            }
        }
        if self.flag("require_pushed_authorization_requests")? {
            return Err(MetadataError::NeedsPushedRequests);
        }
        Ok(())
    }

    /// Providers that know PKCE often do not list it, and the others ignore what they do not know.
    fn pkce(&self) -> Result<Pkce, MetadataError> {
        let methods = self.list("code_challenge_methods_supported")?;
        if methods.is_some_and(|methods| !methods.contains(&"S256")) {
            return Ok(Pkce::Omit {
                reason:
                    "The provider’s metadata lists methods of PKCE, and S256 is not among them."
                        .to_owned(),
            });
        }
        Ok(Pkce::S256)
    }

    fn client_auth(&self) -> Result<ClientAuth, MetadataError> {
        let Some(methods) = self.list("token_endpoint_auth_methods_supported")? else {
            return Ok(ClientAuth::Basic);
        };
        [
            ("client_secret_basic", ClientAuth::Basic),
            ("client_secret_post", ClientAuth::Post),
            ("none", ClientAuth::None),
        ]
        .into_iter()
        .find(|(method, _)| methods.contains(method))
        .map(|(_, auth)| auth)
        .ok_or(MetadataError::NoClientAuth)
    }

    /// An OpenID provider knows `openid` even where it lists no scopes.
    fn standard_scopes(&self) -> Result<Vec<Scope>, MetadataError> {
        let listed = self.list("scopes_supported")?;
        let is_openid = self.0.contains_key("id_token_signing_alg_values_supported");
        let supported = |id: &str| match &listed {
            Some(list) => list.contains(&id),
            None => is_openid && id == OPENID,
        };
        Ok(STANDARD_SCOPES
            .iter()
            .filter(|(id, _)| supported(id))
            .map(|(id, label)| Scope {
                id: (*id).to_owned(),
                label: (*label).to_owned(),
            })
            .collect())
    }
}

fn own(slug: String, name: String, authorize: String, token: String) -> App {
    App {
        slug,
        name,
        category: OWN.to_owned(),
        docs_url: None,
        verified_on: None,
        issuer: None,
        iss_announced: false,
        pkce: Pkce::S256,
        authorize: Authorize::at(authorize),
        token: Token::at(token),
        refresh: Refresh::default(),
        revoke: None,
        probe: None,
        api: None,
        host_vars: Vec::new(),
        required_scopes: Vec::new(),
        default_scopes: Vec::new(),
        scopes: Vec::new(),
        access: Vec::new(),
        notes: Vec::new(),
    }
}

fn revoke(url: String) -> Revoke {
    Revoke {
        url,
        style: RevokeStyle::Rfc7009,
        body: BodyFormat::Form,
    }
}

fn userinfo(url: String, account_id: String, account_label: String) -> Probe {
    Probe {
        method: ProbeMethod::Get,
        url,
        headers: BTreeMap::new(),
        body: None,
        account_id,
        account_label: Some(account_label),
    }
}

fn ids(scopes: &[Scope]) -> Vec<String> {
    scopes.iter().map(|scope| scope.id.clone()).collect()
}

/// Own apps have no host variables, so a placeholder in an address is a finding.
fn linted(app: App, allow_http_loopback: bool) -> Result<App, Vec<LintFinding>> {
    let findings = app.lint(allow_http_loopback);
    if findings.is_empty() {
        Ok(app)
    } else {
        Err(findings)
    }
}

#[cfg(test)]
mod tests;
