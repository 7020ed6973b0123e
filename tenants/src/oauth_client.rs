use secrecy::SecretString;

use crate::{OauthClientId, Timestamp, catalogue::ClientAuth, values::Host};

/// An agency's registration at a provider. Never shared between agencies.
#[derive(Clone, Debug)]
pub struct OauthClient {
    pub id: OauthClientId,
    pub app: String,
    /// 128 random bits that name (agency, app configuration) in the redirect URI.
    pub ctx: String,
    /// The host of the redirect URI that is registered at the provider. None: `{slug}.{platform host}`.
    pub redirect_host: Option<Host>,
    pub client_id: String,
    pub client_secret: Option<SecretString>,
    pub auth_method: Option<ClientAuth>,
    /// Asked for besides those of the slot.
    pub scopes: Option<Vec<String>>,
    pub updated_at: Timestamp,
}
