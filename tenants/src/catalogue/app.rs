use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One provider as the catalogue knows it, or as an agency described it itself.
///
/// URLs may hold `{name}` placeholders, filled from `host_vars` by strict patterns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// 2-50 of a-z 0-9 and inner hyphens.
    pub slug: String,
    pub name: String,
    pub category: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docs_url: Option<String>,
    /// The date (YYYY-MM-DD) on which the row was read against the provider's own pages; none: unverified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_on: Option<String>,
    /// RFC 8414 issuer; when set, `iss` of an answer must equal it (RFC 9207).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The provider announces `iss` in its answers, so that an answer without it is refused.
    #[serde(default)]
    pub iss_announced: bool,
    #[serde(default)]
    pub pkce: Pkce,
    pub authorize: Authorize,
    pub token: Token,
    #[serde(default)]
    pub refresh: Refresh,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke: Option<Revoke>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// Where the provider's API lives, when one address serves every account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<Api>,
    /// What the client has to name before the consent screen, such as its shop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host_vars: Vec<HostVar>,
    /// Asked for in every flow, whatever a slot names: without them there is no refresh token, or the probe fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_scopes: Vec<String>,
    /// Asked for when a slot names no scopes; ids out of `scopes`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub default_scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Scope>,
    /// In plain words what a grant opens, where the provider fixes it on the OAuth client and takes no scopes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<String>,
    /// What an agency should know before it registers its OAuth client.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// RFC 7636. `Omit` only with a reason: the provider breaks on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pkce {
    #[default]
    S256,
    Omit {
        reason: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authorize {
    pub url: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// Between scopes; RFC 6749 says a space.
    #[serde(default = "space", skip_serializing_if = "is_space")]
    pub separator: String,
    #[serde(default = "scope_param")]
    pub scope_param: String,
    #[serde(default = "client_id_param")]
    pub client_id_param: String,
    /// Origins to which the consent URL leads at once, before it shows a page: browsers hold every hop of a form's
    /// redirects against `form-action`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    pub url: String,
    #[serde(default)]
    pub auth: ClientAuth,
    #[serde(default)]
    pub body: BodyFormat,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    #[serde(default = "client_id_param")]
    pub client_id_param: String,
    /// JSON pointer to the object that holds the token fields, when it is not the whole answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_pointer: Option<String>,
    /// Lifetime in seconds when the answer names none; none: the token does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_expires_in: Option<u64>,
}

impl Authorize {
    /// As RFC 6749 has it.
    pub fn at(url: String) -> Self {
        Self {
            url,
            params: BTreeMap::new(),
            separator: space(),
            scope_param: scope_param(),
            client_id_param: client_id_param(),
            hops: Vec::new(),
        }
    }
}

impl Token {
    /// As RFC 6749 has it.
    pub fn at(url: String) -> Self {
        Self {
            url,
            auth: ClientAuth::default(),
            body: BodyFormat::default(),
            params: BTreeMap::new(),
            client_id_param: client_id_param(),
            response_pointer: None,
            default_expires_in: None,
        }
    }
}

/// RFC 6749 §2.3.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    #[serde(alias = "client_secret_post")]
    #[default]
    Post,
    #[serde(alias = "client_secret_basic")]
    Basic,
    None,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyFormat {
    #[default]
    Form,
    Json,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// When it is not the token endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default)]
    pub style: RefreshStyle,
    #[serde(default)]
    pub rotates: Rotation,
    /// The grant dies when it is not refreshed for so many days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_days: Option<u32>,
    /// The grant dies so many days after consent whatever happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absolute_days: Option<u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshStyle {
    /// RFC 6749 §6.
    #[default]
    Standard,
    /// No refresh token: the client connects again when the token ends, if it ends.
    None,
}

/// Whether a refresh answers a new refresh token that replaces the old one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    Always,
    #[default]
    Maybe,
    Never,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    pub url: String,
    #[serde(default)]
    pub style: RevokeStyle,
    /// How the fields of RFC 7009 travel.
    #[serde(default)]
    pub body: BodyFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokeStyle {
    /// `token` and `token_type_hint` in a form, client authenticated (RFC 7009).
    #[default]
    Rfc7009,
    /// POST with the access token as bearer, empty body.
    BearerPost,
    /// DELETE with the access token as bearer.
    BearerDelete,
}

/// A call with the fresh access token that answers whose account it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    #[serde(default)]
    pub method: ProbeMethod,
    pub url: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// JSON to POST, such as a GraphQL query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// JSON pointer to a stable account id.
    pub account_id: String,
    /// JSON pointer to what a person recognises: address, name, team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_label: Option<String>,
}

/// The provider's API as calls with the credential reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// What every call's address begins with.
    pub url: String,
    /// Header that carries the bare access token, also in the probe; none: `Authorization: Bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_header: Option<String>,
    /// Sent with every call unless the caller sets them, such as the API's version.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ProbeMethod {
    #[default]
    Get,
    Post,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostVar {
    /// The placeholder's name, `a-z_`.
    pub name: String,
    /// What the client is asked for, e.g. "Your shop's address".
    pub label: String,
    /// Anchored when compiled; must not admit `/`, `@`, `:`, `?`, `#` or white space.
    pub pattern: String,
    pub example: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    pub id: String,
    /// In plain words, as the client reads it: "See your calendars".
    pub label: String,
}

impl App {
    /// The scopes of one flow: what the slot asked, or the default, and what every flow needs.
    pub fn scopes_for(&self, asked: &[String]) -> Vec<String> {
        let wanted = if asked.is_empty() {
            &self.default_scopes
        } else {
            asked
        };
        let mut scopes: Vec<String> = Vec::new();
        for id in self.required_scopes.iter().chain(wanted) {
            if !scopes.contains(id) {
                scopes.push(id.clone());
            }
        }
        scopes
    }
}

fn space() -> String {
    " ".to_owned()
}

fn is_space(text: &str) -> bool {
    text == " "
}

fn scope_param() -> String {
    "scope".to_owned()
}

fn client_id_param() -> String {
    "client_id".to_owned()
}
