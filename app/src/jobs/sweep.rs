//! What is due by the clock alone. Every process sweeps; each step is one that can be done twice.

use std::{collections::HashMap, pin::pin, time::Duration};

use latchkey_tenants::{ActionError, AgencyId, ApiKeyId, ConnectionId, StoreError};
use tokio::time::{MissedTickBehavior, interval};

use crate::{failure::chain, platform::Platform, usage::Use};

const EXPIRE_EVERY: Duration = Duration::from_secs(1);
/// A process that is killed loses so much of when connections were last used.
const FLUSH_EVERY: Duration = Duration::from_secs(10);
const TIDY_EVERY: Duration = Duration::from_mins(1);
/// Requests that are ended between two looks at the clock.
const BATCH: i64 = 100;

/// Sweeps until `stop` resolves; what is in memory is written before it returns.
pub(super) async fn run(platform: &Platform, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let [mut expiry, mut flush, mut tidying] =
        [EXPIRE_EVERY, FLUSH_EVERY, TIDY_EVERY].map(|every| {
            let mut ticks = interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            _ = tidying.tick() => log("tidying", tidy(platform).await),
            _ = flush.tick() => log("usage", flush_usage(platform).await),
            _ = expiry.tick() => {
                log("expiry", expire(platform).await);
                log("reminders", remind(platform).await);
                log("domains", tell_of_domains(platform).await);
            }
        }
    }
    log("usage", flush_usage(platform).await);
}

/// Everything, now.
pub(super) async fn once(platform: &Platform) {
    log("expiry", expire(platform).await);
    log("reminders", remind(platform).await);
    log("domains", tell_of_domains(platform).await);
    log("usage", flush_usage(platform).await);
    log("tidying", tidy(platform).await);
}

fn log(what: &str, result: Result<(), StoreError>) {
    if let Err(error) = result {
        tracing::error!(what, error = %chain(&error), "the sweep failed and will be tried again");
    }
}

/// Ends every sent request whose time is up. One that cannot be ended does not hold up the others.
async fn expire(platform: &Platform) -> Result<(), StoreError> {
    loop {
        let due = platform
            .store
            .read_platform()
            .await?
            .requests_due(BATCH)
            .await?;
        let mut ended = 0;
        for (agency, request) in &due {
            let mut tx = platform.store.begin(agency).await?;
            match tx.request_expire(request).await {
                Ok(()) => {
                    tx.commit().await?;
                    platform.changed(agency);
                    ended += 1;
                }
                Err(ActionError::Store(error @ StoreError::Database(_))) => return Err(error),
                Err(error) => tracing::error!(%request, %error, "a request cannot be ended"),
            }
        }
        // A batch of nothing but refusals would come back for ever.
        if ended == 0 || due.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            return Ok(());
        }
    }
}

/// Sends what reminds those who have not connected yet.
async fn remind(platform: &Platform) -> Result<(), StoreError> {
    loop {
        let due = platform
            .store
            .read_platform()
            .await?
            .reminders_due(BATCH)
            .await?;
        for one in &due {
            let mut tx = platform.store.begin(&one.agency).await?;
            tx.reminder_send(&one.request, one.step).await?;
            tx.commit().await?;
            platform.changed(&one.agency);
        }
        if due.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            return Ok(());
        }
    }
}

/// Tells agencies of their domains that went live, or away.
async fn tell_of_domains(platform: &Platform) -> Result<(), StoreError> {
    loop {
        let untold = platform
            .store
            .read_platform()
            .await?
            .domains_untold(BATCH)
            .await?;
        for (agency, domain) in &untold {
            let mut tx = platform.store.begin(agency).await?;
            tx.domain_tell(domain).await?;
            tx.commit().await?;
            platform.changed(agency);
        }
        if untold.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            return Ok(());
        }
    }
}

/// When what an agency has was last used.
#[derive(Default)]
struct Used {
    connections: Vec<(ConnectionId, Use<ApiKeyId>)>,
    keys: Vec<(ApiKeyId, Use<()>)>,
}

/// Writes when connections and keys were last used.
pub(crate) async fn flush_usage(platform: &Platform) -> Result<(), StoreError> {
    let mut by_agency: HashMap<AgencyId, Used> = HashMap::new();
    for (connection, used) in platform.usage.take() {
        let all = by_agency.entry(used.agency.clone()).or_default();
        all.connections.push((connection, used));
    }
    for (key, used) in platform.key_usage.take() {
        let all = by_agency.entry(used.agency.clone()).or_default();
        all.keys.push((key, used));
    }
    let mut failure = None;
    for (agency, used) in by_agency {
        if let Err(error) = write_usage(platform, &agency, &used).await {
            for (connection, used) in used.connections {
                platform.usage.note(&connection, used);
            }
            for (key, used) in used.keys {
                platform.key_usage.note(&key, used);
            }
            failure = Some(error);
        }
    }
    failure.map_or(Ok(()), Err)
}

async fn write_usage(
    platform: &Platform,
    agency: &AgencyId,
    used: &Used,
) -> Result<(), StoreError> {
    let mut tx = platform.store.begin(agency).await?;
    for (connection, used) in &used.connections {
        tx.connection_used(connection, used.at, &used.by).await?;
    }
    for (key, used) in &used.keys {
        tx.api_key_used(key, used.at).await?;
    }
    tx.commit().await
}

/// Forgets what has had its time.
async fn tidy(platform: &Platform) -> Result<(), StoreError> {
    platform.limits.tidy();
    let mut tx = platform.store.begin_platform().await?;
    tx.link_sessions_drop_ended().await?;
    tx.sign_ins_drop_ended().await?;
    tx.sessions_drop_ended().await?;
    tx.ceremonies_drop_ended().await?;
    tx.address_sessions_drop_ended().await?;
    tx.flows_drop_ended().await?;
    tx.idempotency_drop_old().await?;
    tx.jobs_drop_done().await?;
    tx.commit().await
}

#[cfg(test)]
mod tests;
