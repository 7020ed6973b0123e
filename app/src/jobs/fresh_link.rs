//! Sends the fresh link that a client wished for, if there is one to send.

use latchkey_tenants::{RequestId, StoreError, store::ClaimedJob};

use super::kind::JobError;
use crate::platform::Platform;

/// A wish that leads to no request is done at once.
pub(super) async fn run(platform: &Platform, job: &ClaimedJob) -> Result<(), JobError> {
    let id = job.payload.get("request_id").and_then(|id| id.as_str());
    let Some(Ok(id)) = id.map(str::parse::<RequestId>) else {
        return Ok(());
    };
    let mut tx = platform.store.begin(&job.agency_id).await?;
    let sent = tx.request_freshen(&id).await;
    sent.map_err(|error| JobError::Retry(error.to_string()))?;
    tx.commit().await?;
    platform.changed(&job.agency_id);
    Ok(())
}

/// Whoever wished for it can do so again.
pub(super) async fn gave_up(_: &Platform, job: &ClaimedJob, why: &str) -> Result<(), StoreError> {
    tracing::warn!(job = %job.id, why, "a fresh link could not be sent");
    Ok(())
}
