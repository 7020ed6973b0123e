use latchkey_tenants::{AgencyId, ConnectionId, ConnectionStatus, catalogue::RefreshStyle};

use super::{
    access::{Access, AccessError},
    refresh::{self, Need},
};
use crate::platform::Platform;

/// Why a grant was not renewed when somebody asked for it.
#[derive(Debug, thiserror::Error)]
pub enum RefreshNowError {
    /// The provider gave nothing to renew it with.
    #[error("access to this app is not renewed: it lasts until it is revoked")]
    NotRenewed,
    #[error(transparent)]
    Access(#[from] AccessError),
}

/// Renews a grant at the provider, though its token may be fresh, so that a person sees that it works.
pub async fn refresh_now(
    platform: &Platform,
    agency: &AgencyId,
    id: &ConnectionId,
) -> Result<Access, RefreshNowError> {
    let mut tx = platform
        .store
        .read(agency)
        .await
        .map_err(AccessError::from)?;
    let found = tx
        .connection_with_credential(id)
        .await
        .map_err(AccessError::from)?;
    let (connection, credential) = found.ok_or(AccessError::NotFound)?;
    let workspace = tx.workspace(&connection.workspace_id).await;
    let workspace = workspace.map_err(AccessError::from)?;
    if workspace.is_some_and(|workspace| workspace.suspended_at.is_some()) {
        return Err(AccessError::Suspended.into());
    }
    let usable = matches!(
        connection.status,
        ConnectionStatus::Pending | ConnectionStatus::Active
    );
    let credential = credential
        .filter(|_| usable)
        .ok_or(AccessError::ReconnectRequired)?;
    let app = tx.app(&connection.app).await.map_err(AccessError::from)?;
    drop(tx);
    let renews = app.is_some_and(|app| app.refresh.style == RefreshStyle::Standard);
    if !renews || credential.refresh_token.is_none() {
        return Err(RefreshNowError::NotRenewed);
    }
    Ok(refresh::renew(platform, agency, id, credential.expires_at, Need::Asked).await?)
}
