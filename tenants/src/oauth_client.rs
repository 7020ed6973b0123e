use secrecy::SecretString;

use crate::{OauthClientId, Timestamp, catalogue::ClientAuth};

/// An agency's registration at a provider. Never shared between agencies.
#[derive(Clone, Debug)]
pub struct OauthClient {
    pub id: OauthClientId,
    pub app: String,
    /// 128 random bits that name (agency, app configuration) in the redirect URI.
    pub ctx: String,
    pub client_id: String,
    pub client_secret: Option<SecretString>,
    pub auth_method: Option<ClientAuth>,
    /// Asked for besides those of the slot.
    pub scopes: Option<Vec<String>>,
    pub updated_at: Timestamp,
}
