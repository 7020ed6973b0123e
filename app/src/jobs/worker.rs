use std::{panic::AssertUnwindSafe, pin::pin, time::Duration};

use futures_util::FutureExt;
use latchkey_tenants::{StoreError, store::ClaimedJob};
use latchkey_themes::smtp;
use tokio::{task::JoinSet, time::timeout};

use super::{
    kind::{JobError, KINDS, Kind},
    retry, sweep,
};
use crate::{failure::chain, mail::check_due, platform::Platform};

/// As many as a relay is given connections: a mail waits most of its time for answers.
const AT_ONCE: usize = smtp::CONNECTIONS as usize;
/// Other processes write jobs too, so the table is looked at this often.
const POLL: Duration = Duration::from_secs(1);
/// Sender domains are looked for this often.
const SENDERS: Duration = Duration::from_secs(2);
/// A job ends before its claim does (two minutes), so that it is never run by two workers at once.
const PATIENCE: Duration = Duration::from_secs(90);

/// Runs due jobs, a few at a time, and the sweep.
pub struct Worker {
    platform: Platform,
    kinds: &'static [Kind],
}

impl Worker {
    pub fn new(platform: Platform) -> Self {
        Self {
            platform,
            kinds: KINDS,
        }
    }

    /// Works until `stop` resolves and what is running then has ended.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let stop = stop.shared();
        tokio::join!(
            self.work(stop.clone()),
            sweep::run(&self.platform, stop.clone()),
            senders(&self.platform, stop)
        );
    }

    async fn work(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut running = JoinSet::new();
        loop {
            let (_, look_again) = self.start_due(&mut running).await;
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(_) = running.join_next() => {}
                () = self.platform.bus.work() => {}
                () = tokio::time::sleep(look_again) => {}
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Sweeps, runs every job that is due now, and says how many that were.
    pub async fn run_due(&self) -> usize {
        sweep::once(&self.platform).await;
        let mut running = JoinSet::new();
        let mut count = 0;
        loop {
            count += self.start_due(&mut running).await.0;
            if running.join_next().await.is_none() {
                return count;
            }
        }
    }

    /// Checks every sender domain that is due, and says how many that were.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn check_senders(&self) -> Result<usize, StoreError> {
        check_due(&self.platform).await
    }

    /// Starts due jobs while there is room: how many, and when to look again.
    async fn start_due(&self, running: &mut JoinSet<()>) -> (usize, Duration) {
        let mut started = 0;
        while running.len() < AT_ONCE {
            match self.claim().await {
                Ok(Claim::Job(job)) => {
                    started += 1;
                    running.spawn(run_one(self.platform.clone(), self.kinds, job));
                }
                Ok(Claim::Nothing { look_again }) => return (started, look_again),
                Err(error) => {
                    tracing::error!(error = %chain(&error), "cannot look for jobs");
                    break;
                }
            }
        }
        (started, POLL)
    }

    /// Looks before it claims, because looking takes no write lock.
    async fn claim(&self) -> Result<Claim, StoreError> {
        let next = self
            .platform
            .store
            .read_platform()
            .await?
            .jobs_next()
            .await?;
        let now = self.platform.now();
        if next.is_some_and(|next| next <= now) {
            let mut tx = self.platform.store.begin_platform_repeatable().await?;
            let job = tx.job_claim().await?;
            tx.commit().await?;
            return Ok(job.map_or(Claim::Nothing { look_again: POLL }, Claim::Job));
        }
        let until = next.map(|next| next.micros().saturating_sub(now.micros()));
        let until = until.and_then(|micros| u64::try_from(micros).ok());
        let look_again = until.map_or(POLL, |micros| Duration::from_micros(micros).min(POLL));
        Ok(Claim::Nothing { look_again })
    }
}

/// Checks sender domains: DNS takes its time, which the sweep has not.
async fn senders(platform: &Platform, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return,
            () = tokio::time::sleep(SENDERS) => {}
        }
        let checked = tokio::select! {
            () = &mut stop => return,
            checked = check_due(platform) => checked,
        };
        if let Err(error) = checked {
            tracing::error!(error = %chain(&error), "sender domains cannot be checked");
        }
    }
}

enum Claim {
    Job(ClaimedJob),
    Nothing { look_again: Duration },
}

async fn run_one(platform: Platform, kinds: &'static [Kind], job: ClaimedJob) {
    let kind = kinds.iter().find(|kind| kind.name == job.kind);
    let result = match kind {
        _ if retry::used_up(job.attempts) => Err(JobError::Dead(
            "whoever ran the job ended each time before it was done".to_owned(),
        )),
        Some(kind) => attempt(&platform, kind, &job).await,
        None => Err(JobError::Dead(format!(
            "no job is called `{}` in this version",
            job.kind
        ))),
    };
    if let Err(error) = settle(&platform, kind, &job, result).await {
        // The claim runs out, and the job is run again.
        tracing::error!(job = %job.id, kind = job.kind, error = %chain(&error), "cannot note how a job went");
    }
}

async fn attempt(platform: &Platform, kind: &Kind, job: &ClaimedJob) -> Result<(), JobError> {
    let work = AssertUnwindSafe((kind.run)(platform, job)).catch_unwind();
    match timeout(PATIENCE, work).await {
        Ok(Ok(result)) => result,
        // What a panic says may hold anything, so it is not repeated.
        Ok(Err(_)) => Err(JobError::Retry("the job panicked".to_owned())),
        Err(_) => Err(JobError::Retry("the job took too long".to_owned())),
    }
}

async fn settle(
    platform: &Platform,
    kind: Option<&Kind>,
    job: &ClaimedJob,
    result: Result<(), JobError>,
) -> Result<(), StoreError> {
    let pause = || retry::pause_after(job.attempts, &*platform.entropy);
    let (why, again) = match result {
        Ok(()) => {
            let mut tx = platform.store.begin_platform_repeatable().await?;
            tx.job_done(&job.id).await?;
            return tx.commit().await;
        }
        Err(JobError::Wait { pause, why }) => {
            tracing::warn!(job = %job.id, kind = job.kind, why, "a job waits");
            let mut tx = platform.store.begin_platform().await?;
            tx.job_postpone(&job.id, platform.now().plus(pause), &why)
                .await?;
            return tx.commit().await;
        }
        Err(JobError::Retry(why)) => (why, pause()),
        Err(JobError::Dead(why)) => (why, None),
    };
    if let Some(pause) = again {
        tracing::warn!(job = %job.id, kind = job.kind, attempts = job.attempts, why, "a job is tried again later");
        let mut tx = platform.store.begin_platform().await?;
        tx.job_retry(&job.id, platform.now().plus(pause), &why)
            .await?;
        return tx.commit().await;
    }
    tracing::error!(job = %job.id, kind = job.kind, attempts = job.attempts, why, "a job is given up");
    if let Some(kind) = kind {
        (kind.gave_up)(platform, job, &why).await?;
    }
    let mut tx = platform.store.begin_platform().await?;
    tx.job_dead(&job.id, &why).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests;
