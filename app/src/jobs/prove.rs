//! Asks a provider again whose account a new connection is, after it could not say so at once.

use latchkey_tenants::{
    ConnectionId, ConnectionStatus, StoreError,
    store::{ClaimedJob, Credential},
};

use super::kind::JobError;
use crate::{
    oauth::{
        Provider, ProviderProblem,
        protocol::{ProbeError, probe_account},
        provider,
    },
    platform::Platform,
};

/// Proves the connection if it still waits for that. A provider that refuses the token is asked again, by the table of
/// pauses: some take a moment until a new token works everywhere.
pub(super) async fn run(platform: &Platform, job: &ClaimedJob) -> Result<(), JobError> {
    let id = connection_id(job)
        .ok_or_else(|| JobError::Dead("the job names no connection".to_owned()))?;
    let Some((credential, provider)) = load(platform, job, &id).await? else {
        return Ok(());
    };
    let account = match &provider.endpoints.probe {
        Some(url) => {
            let found = probe_account(
                &platform.egress,
                &provider.app,
                url,
                &credential.access_token,
            )
            .await;
            match found {
                Ok(account) => Some(account),
                Err(ProbeError::Unsupported) => None,
                Err(error) => return Err(JobError::Retry(error.to_string())),
            }
        }
        None => None,
    };
    let mut tx = platform.store.begin(&job.agency_id).await?;
    let proven = tx.connection_proven(&id, account.as_ref()).await;
    proven.map_err(|error| JobError::Retry(error.to_string()))?;
    tx.commit().await?;
    platform.changed(&job.agency_id);
    Ok(())
}

/// The connection stays unproven, and its gate says so.
pub(super) async fn gave_up(_: &Platform, job: &ClaimedJob, why: &str) -> Result<(), StoreError> {
    tracing::warn!(job = %job.id, why, "a connection could not be proven");
    Ok(())
}

fn connection_id(job: &ClaimedJob) -> Option<ConnectionId> {
    job.payload.get("connection_id")?.as_str()?.parse().ok()
}

/// None: proven, failed or revoked meanwhile.
async fn load(
    platform: &Platform,
    job: &ClaimedJob,
    id: &ConnectionId,
) -> Result<Option<(Credential, Provider)>, JobError> {
    let mut tx = platform.store.read(&job.agency_id).await?;
    let found = tx.connection_with_credential(id).await?;
    let Some((connection, Some(credential))) = found else {
        return Ok(None);
    };
    if connection.status != ConnectionStatus::Pending {
        return Ok(None);
    }
    match provider(&mut tx, &connection.app, &connection.host_vars).await {
        Ok(provider) => Ok(Some((credential, provider))),
        Err(ProviderProblem::Store(error)) => Err(error.into()),
        Err(problem) => Err(JobError::Retry(problem.to_string())),
    }
}
