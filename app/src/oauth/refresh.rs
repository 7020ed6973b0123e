//! One refresher for each grant: callers in this process collapse into one task, processes take a lease.

mod attempt;

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use latchkey_tenants::{AgencyId, ConnectionId, Entropy, Timestamp};
use tokio::sync::watch;

use super::access::{Access, AccessError};
use crate::platform::Platform;

type Outcome = Result<Access, AccessError>;
type Running = watch::Receiver<Option<Outcome>>;

/// After a failure that names no time of its own, the provider is left alone for so long.
const PAUSE: Duration = Duration::from_secs(5);
/// Pauses that are remembered; an agency's grants at one broken provider fit in.
const MAX_PAUSES: usize = 10_000;

/// The refreshes that run in this process, and the grants that it leaves alone for a while.
pub(crate) struct Refreshes {
    /// Names this process in the leases it takes.
    owner: String,
    running: Mutex<HashMap<ConnectionId, Running>>,
    pauses: Mutex<HashMap<ConnectionId, (Timestamp, AccessError)>>,
}

impl Refreshes {
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self {
            owner: entropy.short_token(),
            running: Mutex::default(),
            pauses: Mutex::default(),
        }
    }

    pub(super) fn owner(&self) -> &str {
        &self.owner
    }

    /// Why this grant is left alone at `now`, with the time that is left of it.
    fn pause(&self, id: &ConnectionId, now: Timestamp) -> Option<AccessError> {
        let pauses = lock(&self.pauses);
        let (until, error) = pauses.get(id)?;
        let left = u64::try_from(until.micros().saturating_sub(now.micros())).unwrap_or(0);
        if left == 0 {
            return None;
        }
        Some(match error {
            AccessError::Busy { .. } => AccessError::Busy {
                retry_after: Duration::from_micros(left),
            },
            error => error.clone(),
        })
    }

    /// A provider that asks to be left alone is, and so is one that said no a moment ago.
    fn note(&self, id: &ConnectionId, outcome: &Outcome, now: Timestamp) {
        let pause = match outcome {
            Err(AccessError::Busy { retry_after }) => *retry_after,
            Err(AccessError::Misconfigured(_) | AccessError::ReconnectRequired) => PAUSE,
            _ => {
                lock(&self.pauses).remove(id);
                return;
            }
        };
        if let Err(error) = outcome {
            let mut pauses = lock(&self.pauses);
            if pauses.len() >= MAX_PAUSES {
                pauses.retain(|_, (until, _)| *until > now);
            }
            if pauses.len() < MAX_PAUSES {
                pauses.insert(id.clone(), (now.plus(pause), error.clone()));
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// When a grant is renewed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Its token is not fresh any more.
    Due,
    /// Somebody asked for it, fresh or not.
    Asked,
}

/// Renews a grant whose token ends at `due`, or waits for whoever is at it already.
///
/// The work is a task of its own: a caller that goes away does not lose a new refresh token on its way to the store.
pub(super) async fn renew(
    platform: &Platform,
    agency: &AgencyId,
    id: &ConnectionId,
    due: Option<Timestamp>,
    need: Need,
) -> Outcome {
    if let Some(error) = platform.refreshes.pause(id, platform.now()) {
        return Err(error);
    }
    let mut running = join(platform, agency, id, due, need);
    let outcome = running.wait_for(Option::is_some).await;
    match outcome.ok().and_then(|outcome| outcome.clone()) {
        Some(outcome) => outcome,
        // The task ended without a word: it panicked, or the process stops.
        None => Err(AccessError::Busy { retry_after: PAUSE }),
    }
}

fn join(
    platform: &Platform,
    agency: &AgencyId,
    id: &ConnectionId,
    due: Option<Timestamp>,
    need: Need,
) -> Running {
    let mut running = lock(&platform.refreshes.running);
    if let Some(running) = running.get(id) {
        return running.clone();
    }
    let (sender, receiver) = watch::channel(None);
    running.insert(id.clone(), receiver.clone());
    let leave = Leave(platform.clone(), id.clone());
    let agency = agency.clone();
    tokio::spawn(async move {
        let Leave(platform, id) = &leave;
        let outcome = attempt::renew(platform, &agency, id, due, need).await;
        platform.refreshes.note(id, &outcome, platform.now());
        // Before the word is out, so that whoever comes after it reads the store anew.
        drop(leave);
        sender.send_replace(Some(outcome));
    });
    receiver
}

/// Takes the task off the list, however it ends.
struct Leave(Platform, ConnectionId);

impl Drop for Leave {
    fn drop(&mut self) {
        lock(&self.0.refreshes.running).remove(&self.1);
    }
}
