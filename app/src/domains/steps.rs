use latchkey_tenants::{
    ActionError, AgencyId, Domain, DomainId, DomainState, StoreError, Tx, edge_name,
};

use crate::platform::Platform;

/// A new agency's first host is written down by whoever comes first, an edge, its own program or its staff.
pub(crate) async fn add_first_host(
    platform: &Platform,
    agency: &AgencyId,
) -> Result<(), StoreError> {
    let mut tx = platform.store.read(agency).await?;
    let slug = tx.agency_itself().await?.slug;
    let Some(host) = edge_name(&slug, platform.urls.platform_host()) else {
        return Ok(());
    };
    if tx.domain_by_host(&host).await?.is_some() {
        return Ok(());
    }
    drop(tx);
    let mut tx = platform.store.begin(agency).await?;
    tx.domain_add_platform(&host).await?;
    tx.commit().await?;
    platform.changed(agency);
    Ok(())
}

/// The domain, which is checked every few seconds for the next minute unless it is live or released.
pub(crate) async fn watch(
    platform: &Platform,
    agency: &AgencyId,
    id: &DomainId,
) -> Result<Option<Domain>, StoreError> {
    let found = platform.store.read(agency).await?.domain(id).await?;
    let Some(domain) = found else {
        return Ok(None);
    };
    if matches!(domain.state, DomainState::Live | DomainState::Released) {
        return Ok(Some(domain));
    }
    let mut tx = platform.store.begin(agency).await?;
    tx.domain_watch(id).await?;
    let watched = tx.domain(id).await?;
    tx.commit().await?;
    Ok(watched)
}

/// Gives a host up on which no redirect URI is registered any more.
///
/// # Errors
/// A conflict `domain_in_use`, besides those of the store.
pub(crate) async fn release(
    tx: &mut Tx,
    id: &DomainId,
    actor: &str,
) -> Result<Domain, ActionError> {
    let domain = tx.domain_release(id, actor).await?;
    // Looked at after the release, which took the agency's turn; who leaves now without a commit has released nothing.
    let clients = tx.oauth_client_contexts().await?;
    let on_it = clients
        .iter()
        .filter(|client| client.redirect_host.as_ref() == Some(&domain.host));
    let apps: Vec<&str> = on_it.map(|client| client.app.as_str()).collect();
    if apps.is_empty() {
        return Ok(domain);
    }
    let message = format!(
        "the redirect URIs of {} are on {}: register the ones on another host and switch first",
        apps.join(", "),
        domain.host
    );
    Err(ActionError::conflict("domain_in_use", message))
}
