use std::time::Duration;

use super::{
    PlatformTx, StoreError, Tx,
    conn::Row,
    statement::{args, statements},
};
use crate::{AgencyId, JobId, Timestamp};

statements! {
    ENQUEUE = "insert into jobs (id, agency_id, kind, dedupe_key, payload, status, attempts, run_at, created_at) values ($2, $1, $3, $4, $5, 'ready', 0, $6, $7) on conflict (dedupe_key) do nothing";
    CLAIM = "update jobs set status = 'running', attempts = attempts + 1, locked_until = $2 where id = (select id from (select id, run_at from (select id, run_at from jobs where status = 'ready' and run_at <= $1 order by run_at, id limit 1) as ready union all select id, run_at from (select id, run_at from jobs where status = 'running' and locked_until <= $1 order by run_at, id limit 1) as abandoned) as due order by run_at, id limit 1) and run_at <= $1 and (status = 'ready' or (status = 'running' and locked_until <= $1)) returning id, agency_id, kind, payload, attempts";
    DONE = "update jobs set status = 'done', locked_until = null, error = null where id = $1";
    RETRY = "update jobs set status = 'ready', run_at = $2, locked_until = null, error = $3 where id = $1";
    POSTPONE = "update jobs set status = 'ready', attempts = attempts - 1, run_at = $2, locked_until = null, error = $3 where id = $1";
    DEAD = "update jobs set status = 'dead', locked_until = null, error = $2 where id = $1";
    OPEN = "select count(*) as open from jobs where status in ('ready', 'running')";
    DUE = "select 1 as due from jobs where run_at <= $1 and (status = 'ready' or (status = 'running' and locked_until <= $1)) limit 1";
    NEXT = "select min(due_at) as due_at from (select min(run_at) as due_at from jobs where status = 'ready' union all select min(locked_until) from jobs where status = 'running') as soonest";
    DROP_DONE = "delete from jobs where status = 'done' and created_at < $1";
}

/// A worker that died gives its job back after this long.
const LOCK: Duration = Duration::from_mins(2);
/// Done jobs are remembered so long, so that a second copy is known as one.
const DONE_KEPT: Duration = Duration::from_hours(7 * 24);

/// Work to be done after the transaction, by name.
pub struct NewJob<'a> {
    pub kind: &'a str,
    /// A second job of the agency with this key is no job.
    pub dedupe_key: &'a str,
    pub payload: serde_json::Value,
    pub run_at: Timestamp,
}

/// A job that this worker holds.
#[derive(Debug)]
pub struct ClaimedJob {
    pub id: JobId,
    pub agency_id: AgencyId,
    pub kind: String,
    pub payload: serde_json::Value,
    /// This try included.
    pub attempts: i64,
}

impl Tx {
    pub async fn job_enqueue(&mut self, job: NewJob<'_>) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let id: JobId = self.new_id();
        let dedupe_key = format!("{agency}/{}", job.dedupe_key);
        self.inner
            .execute(
                ENQUEUE,
                args![
                    &agency,
                    &id,
                    job.kind,
                    &dedupe_key,
                    &job.payload.to_string(),
                    job.run_at,
                    now
                ],
            )
            .await?;
        Ok(())
    }
}

impl PlatformTx {
    /// The job that is due longest; none: nothing is due.
    pub async fn job_claim(&mut self) -> Result<Option<ClaimedJob>, StoreError> {
        let now = self.now();
        loop {
            let claim = args![now, now.plus(LOCK)];
            if let Some(row) = self.inner.optional(CLAIM, claim).await? {
                return claimed(&row).map(Some);
            }
            // On Postgres another worker may have taken the job that was meant: then the next one is.
            if self.inner.optional(DUE, args![now]).await?.is_none() {
                return Ok(None);
            }
        }
    }

    pub async fn job_done(&mut self, id: &JobId) -> Result<(), StoreError> {
        self.inner.execute(DONE, args![id]).await?;
        Ok(())
    }

    /// Another try at `at`. `error` must not hold a secret.
    pub async fn job_retry(
        &mut self,
        id: &JobId,
        at: Timestamp,
        error: &str,
    ) -> Result<(), StoreError> {
        self.inner.execute(RETRY, args![id, at, error]).await?;
        Ok(())
    }

    /// Like [`PlatformTx::job_retry`], but this try does not count.
    pub async fn job_postpone(
        &mut self,
        id: &JobId,
        at: Timestamp,
        error: &str,
    ) -> Result<(), StoreError> {
        self.inner.execute(POSTPONE, args![id, at, error]).await?;
        Ok(())
    }

    pub async fn job_dead(&mut self, id: &JobId, error: &str) -> Result<(), StoreError> {
        self.inner.execute(DEAD, args![id, error]).await?;
        Ok(())
    }

    /// Jobs that are ready or running.
    pub async fn jobs_open(&mut self) -> Result<i64, StoreError> {
        let row = self.inner.optional(OPEN, &[]).await?;
        row.map_or(Ok(0), |row| row.int("open"))
    }

    /// When the next job is due, or a running one is taken for abandoned.
    pub async fn jobs_next(&mut self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.inner.optional(NEXT, &[]).await?;
        row.map_or(Ok(None), |row| row.optional_time("due_at"))
    }

    pub async fn jobs_drop_done(&mut self) -> Result<u64, StoreError> {
        let before = self.now().minus(DONE_KEPT);
        self.inner.execute(DROP_DONE, args![before]).await
    }
}

fn claimed(row: &Row) -> Result<ClaimedJob, StoreError> {
    Ok(ClaimedJob {
        id: row.parsed("id")?,
        agency_id: row.parsed("agency_id")?,
        kind: row.text("kind")?,
        payload: row.json("payload")?,
        attempts: row.int("attempts")?,
    })
}
