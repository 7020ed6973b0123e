//! Looks for orders and renewals that are due, and works on several at once.

use super::order::{Desk, Outcome};
use super::renewal::Renewals;
use latchkey_tenants::store::{Held, OrderLease};
use latchkey_tenants::{AgencyId, StoreError};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// How long an order belongs to a process that has died.
const LEASE: Duration = Duration::from_secs(60);
const KEEP_EVERY: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(300);
const RENEWALS_EVERY: Duration = Duration::from_secs(60);
/// Between looks while the store is away, longer with every time.
const STORE_AWAY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// One per process.
pub struct Worker {
    desk: Arc<Desk>,
    renewals: Renewals,
    /// This process, among all that share the store.
    owner: String,
    parallel: usize,
    running: AtomicUsize,
    /// The agency whose order was taken last.
    last_turn: Mutex<Option<AgencyId>>,
    wake: Arc<Notify>,
}

impl Worker {
    /// `parallel`: orders at the same time.
    pub fn new(desk: Arc<Desk>, owner: String, parallel: usize) -> Self {
        let renewals = Renewals {
            ledger: Arc::clone(&desk.ledger),
            issuers: Arc::clone(&desk.issuers),
            clock: Arc::clone(&desk.clock),
            entropy: Arc::clone(&desk.entropy),
            metrics: desk.metrics.clone(),
            parallel,
        };
        Self {
            desk,
            renewals,
            owner,
            parallel: parallel.max(1),
            running: AtomicUsize::new(0),
            last_turn: Mutex::default(),
            wake: Arc::default(),
        }
    }

    /// To be told when this process has made a wish, so that nobody waits for the next look.
    pub fn wake(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// Works until `stop`; then takes nothing new and returns when what is running has come to a rest, at most after
    /// `grace`. What is cut off then goes on in another process.
    pub async fn run(self: Arc<Self>, stop: impl Future<Output = ()>, grace: Duration) {
        let mut orders = JoinSet::new();
        let looking = async {
            tokio::join!(self.look_for_orders(&mut orders), self.look_for_renewals());
        };
        tokio::select! {
            () = stop => {}
            () = looking => {}
        }
        let rest = async { while orders.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, rest).await.is_err() {
            tracing::info!(orders = orders.len(), "orders are left to another process");
        }
    }

    /// Renewals, then orders until none is due: one round of what [`Worker::run`] does all the time.
    pub async fn pass(self: &Arc<Self>) -> Result<Vec<Outcome>, StoreError> {
        self.renewals.pass().await?;
        let (mut orders, mut outcomes) = (JoinSet::new(), Vec::new());
        loop {
            let taken = self.take_orders(&mut orders).await?;
            match orders.join_next().await {
                Some(Ok(outcome)) => outcomes.push(outcome),
                Some(Err(error)) => tracing::error!(%error, "an order was cut off"),
                None if taken == 0 => return Ok(outcomes),
                None => {}
            }
        }
    }

    async fn look_for_orders(self: &Arc<Self>, orders: &mut JoinSet<Outcome>) {
        let mut away = Away::default();
        loop {
            let pause = match self.look(orders).await {
                Ok(()) => {
                    away = Away::default();
                    LOOK_EVERY
                }
                Err(error) => away.pause(&error),
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.wake.notified() => {}
                // A place is free.
                Some(_) = orders.join_next() => {}
            }
        }
    }

    async fn look(self: &Arc<Self>, orders: &mut JoinSet<Outcome>) -> Result<(), StoreError> {
        while orders.try_join_next().is_some() {}
        self.take_orders(orders).await?;
        self.desk.board.refresh().await
    }

    /// Fills the free places; returns how many.
    async fn take_orders(
        self: &Arc<Self>,
        orders: &mut JoinSet<Outcome>,
    ) -> Result<usize, StoreError> {
        let free = self
            .parallel
            .saturating_sub(self.running.load(Ordering::Acquire));
        // Taken while nobody can be asked, thousands of orders would only be put off again.
        if free == 0 || self.desk.issuers.all_closed() {
            return Ok(0);
        }
        let limit = i64::try_from(free).unwrap_or(i64::MAX);
        let last = self.last_turn().clone();
        let leases = self
            .desk
            .ledger
            .orders_due(&self.owner, limit, LEASE, last.as_ref())
            .await?;
        let taken = leases.len();
        if let Some(agency) = last_in_turn(&leases, last.as_ref()) {
            *self.last_turn() = Some(agency);
        }
        for lease in leases {
            let (this, place) = (Arc::clone(self), Place::taken(self));
            orders.spawn(async move {
                let _place = place;
                this.work(&lease).await
            });
        }
        Ok(taken)
    }

    fn last_turn(&self) -> MutexGuard<'_, Option<AgencyId>> {
        self.last_turn
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on it for as long as it is held.
    async fn work(&self, lease: &OrderLease) -> Outcome {
        tokio::select! {
            outcome = self.desk.work(lease) => outcome,
            () = self.lost(lease) => {
                self.desk.board.remove(&lease.host);
                Outcome::Lost
            }
        }
    }

    /// Holds the lease; returns when another process has it.
    async fn lost(&self, lease: &OrderLease) {
        loop {
            tokio::time::sleep(KEEP_EVERY).await;
            match self.desk.ledger.order_keep(lease, LEASE).await {
                Ok(Held::Yes) => {}
                Ok(Held::Lost) => return,
                // Every write asks for the lease again, so nothing is overwritten meanwhile.
                Err(error) => tracing::warn!(order = %lease.id, %error, "a lease cannot be kept"),
            }
        }
    }

    async fn look_for_renewals(&self) {
        let mut away = Away::default();
        loop {
            let pause = match self.renewals.pass().await {
                Ok(dealt_with) => {
                    if dealt_with > 0 {
                        self.wake.notify_one();
                    }
                    away = Away::default();
                    RENEWALS_EVERY
                }
                Err(error) => away.pause(&error),
            };
            tokio::time::sleep(pause).await;
        }
    }
}

/// The agency with which the round ended that began after `after`: of those with the most orders taken the last.
fn last_in_turn(leases: &[OrderLease], after: Option<&AgencyId>) -> Option<AgencyId> {
    let mut counts = BTreeMap::new();
    for lease in leases {
        *counts.entry(&lease.agency_id).or_insert(0) += 1;
    }
    let most = counts.values().max().copied();
    let round = counts.iter().filter(|(_, count)| Some(**count) == most);
    let last = round.max_by_key(|(agency, _)| (Some(**agency) <= after, **agency));
    last.map(|(agency, _)| (*agency).clone())
}

/// A place among those that work; free again when dropped, also by a panic.
struct Place(Arc<Worker>);

impl Place {
    fn taken(worker: &Arc<Worker>) -> Self {
        worker.running.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(worker))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The store's absence: said once, and asked after more and more rarely.
#[derive(Default)]
struct Away(Option<Duration>);

impl Away {
    fn pause(&mut self, error: &StoreError) -> Duration {
        let (first, longest) = STORE_AWAY;
        let pause = match self.0 {
            Some(pause) => (pause * 2).min(longest),
            None => {
                tracing::warn!(%error, "orders and renewals wait for the store");
                first
            }
        };
        self.0 = Some(pause);
        pause
    }
}
