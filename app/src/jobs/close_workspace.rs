//! Ends what a workspace holds, at the providers first, and then deletes it.

use std::time::Duration;

use futures_util::future::try_join_all;
use latchkey_tenants::{
    ActionError, StoreError, WorkspaceId,
    store::{ClaimedJob, Deletion},
};
use tokio::time::Instant;

use super::kind::JobError;
use crate::{oauth::disconnect, platform::Platform};

/// In one transaction.
const REQUESTS: i64 = 50;
/// At one time, and nobody waits for the end of them.
const CONNECTIONS: i64 = 8;
/// No round is begun after this. A round at providers that are down takes half a minute, and the worker's patience ends
/// after that.
const TIME: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(1);
/// Who ends what is in it, as the log names them: the line of the closing says who wanted that, and nobody is told of each
/// connection by a mail of its own.
const ENDED_BY: &str = "system";

/// Killed on the way, the next one goes on where it was. Of the same workspace a second one finds nothing.
pub(super) async fn run(platform: &Platform, job: &ClaimedJob) -> Result<(), JobError> {
    let (id, actor) =
        named(job).ok_or_else(|| JobError::Dead("the job names no workspace".to_owned()))?;
    let end = Instant::now() + TIME;
    while Instant::now() < end {
        end_requests(platform, job, &id).await?;
        end_connections(platform, job, &id).await?;
        let mut tx = platform.store.begin(&job.agency_id).await?;
        let deletion = tx.workspace_delete(&id, actor).await.map_err(again)?;
        tx.commit().await?;
        platform.changed(&job.agency_id);
        if deletion == Deletion::Done {
            return Ok(());
        }
    }
    Err(JobError::Wait {
        pause: PAUSE,
        why: "there is more to end".to_owned(),
    })
}

/// The workspace stays closed, and the console offers to try again.
pub(super) async fn gave_up(_: &Platform, job: &ClaimedJob, why: &str) -> Result<(), StoreError> {
    tracing::warn!(job = %job.id, why, "a workspace could not be deleted");
    Ok(())
}

async fn end_requests(
    platform: &Platform,
    job: &ClaimedJob,
    id: &WorkspaceId,
) -> Result<(), JobError> {
    let mut tx = platform.store.begin(&job.agency_id).await?;
    tx.workspace_requests_end(id, REQUESTS, ENDED_BY)
        .await
        .map_err(again)?;
    Ok(tx.commit().await?)
}

async fn end_connections(
    platform: &Platform,
    job: &ClaimedJob,
    id: &WorkspaceId,
) -> Result<(), JobError> {
    let mut tx = platform.store.read(&job.agency_id).await?;
    let living = tx.workspace_connections_living(id, CONNECTIONS).await?;
    drop(tx);
    let ends = living
        .iter()
        .map(|connection| disconnect(platform, &job.agency_id, connection, ENDED_BY));
    try_join_all(ends).await.map_err(again)?;
    Ok(())
}

fn named(job: &ClaimedJob) -> Option<(WorkspaceId, &str)> {
    let id = job.payload.get("workspace_id")?.as_str()?.parse().ok()?;
    Some((id, job.payload.get("actor")?.as_str()?))
}

fn again(error: ActionError) -> JobError {
    JobError::Retry(error.to_string())
}
