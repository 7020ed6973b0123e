use std::{sync::Arc, time::Duration};

use latchkey_tenants::{
    AgencyId, ConnectionId, ConnectionStatus, StoreError, Timestamp, store::Handout,
};
use secrecy::SecretString;

use super::refresh::{self, Need};
use crate::platform::Platform;

/// A token with no more life than this is renewed before it is handed out.
pub(super) const MARGIN: Duration = Duration::from_secs(60);

/// What an engine may know of a grant: never the refresh token.
#[derive(Clone, Debug)]
pub struct Access {
    pub access_token: SecretString,
    /// `Bearer`.
    pub token_type: String,
    /// None: it does not expire.
    pub expires_at: Option<Timestamp>,
    pub scopes: Vec<String>,
}

/// Why no access token is handed out.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AccessError {
    /// Missing, or another agency's, which is the same.
    #[error("there is no such connection")]
    NotFound,
    #[error("another account was connected than the one expected, and nobody has accepted it")]
    Held,
    #[error("the client has paused this connection")]
    Paused,
    /// Staff can resume it.
    #[error("the workspace is suspended: resume it first")]
    Suspended,
    /// Only the client can mend it.
    #[error("the grant is dead: the client has to connect again")]
    ReconnectRequired,
    /// The provider, or the process that asks it, is not done; the grant may be well.
    #[error("the provider does not renew the token now")]
    Busy { retry_after: Duration },
    /// Only the agency can mend it. The text says what.
    #[error("{0}")]
    Misconfigured(String),
    #[error(transparent)]
    Store(#[from] Arc<StoreError>),
}

impl From<StoreError> for AccessError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl AccessError {
    /// It says nothing against the token that is still at hand.
    fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Busy { .. } | Self::Misconfigured(_) | Self::Store(_)
        )
    }
}

impl Access {
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.is_valid(now.plus(MARGIN))
    }

    pub(super) fn is_valid(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// The access token of a connection, renewed at the provider if it is due.
///
/// A fresh one costs one read and no write. Of many callers that find it due, in however many processes, one asks the
/// provider and the others get what it brought. When the provider is out of order the old token is handed out for as
/// long as it lives.
pub async fn access_token(
    platform: &Platform,
    agency: &AgencyId,
    id: &ConnectionId,
) -> Result<Access, AccessError> {
    let found = {
        let mut tx = platform.store.read(agency).await?;
        tx.credential_handout(id).await?
    };
    let access = usable(found.ok_or(AccessError::NotFound)?)?;
    let now = platform.now();
    if access.is_fresh(now) {
        return Ok(access);
    }
    renewed(platform, agency, id, access).await
}

fn usable(found: Handout) -> Result<Access, AccessError> {
    if found.suspended {
        return Err(AccessError::Suspended);
    }
    if found.held {
        return Err(AccessError::Held);
    }
    if found.paused && found.status != ConnectionStatus::Revoked {
        return Err(AccessError::Paused);
    }
    match (found.status, found.token) {
        (ConnectionStatus::Pending | ConnectionStatus::Active, Some(token)) => Ok(Access {
            access_token: token.access_token,
            token_type: token.token_type,
            expires_at: token.expires_at,
            scopes: found.scopes_granted,
        }),
        _ => Err(AccessError::ReconnectRequired),
    }
}

async fn renewed(
    platform: &Platform,
    agency: &AgencyId,
    id: &ConnectionId,
    due: Access,
) -> Result<Access, AccessError> {
    match refresh::renew(platform, agency, id, due.expires_at, Need::Due).await {
        Err(error) if error.is_passing() && due.is_valid(platform.now()) => {
            tracing::debug!(connection = %id, %error, "the old token is handed out once more");
            Ok(due)
        }
        outcome => outcome,
    }
}
