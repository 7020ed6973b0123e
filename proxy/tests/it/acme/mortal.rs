//! Edges that die between any two calls to the store or to an authority, with or without having had the answer.

use super::world::Between;
use async_trait::async_trait;
use latchkey_proxy::acme::{
    Authority, Ledger, Limit, Offer, OfferKind, OrderStatus, Placed, Refusal, RenewalWindow, Wish,
};
use latchkey_tenants::store::{Held, NewCertificate, OpenChallenge, OrderLease};
use latchkey_tenants::{
    AgencyId, ChallengeKind, CurrentCertificate, DomainCause, StoreError, Timestamp, values::Host,
};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Ends a process at its nth call: before it is made, or when it has had its effect but nobody has heard of it.
pub struct Reaper {
    at: usize,
    after: bool,
    calls: AtomicUsize,
    running: AtomicUsize,
    dead: AtomicBool,
    /// Where it struck.
    pub place: Mutex<Option<&'static str>>,
}

impl Reaper {
    pub fn new(at: usize, after: bool) -> Arc<Self> {
        Arc::new(Self {
            at,
            after,
            calls: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            dead: AtomicBool::new(false),
            place: Mutex::default(),
        })
    }

    /// Nothing of the process moves any more.
    pub fn is_over(&self) -> bool {
        self.dead.load(SeqCst) && self.running.load(SeqCst) == 0
    }

    async fn around<T>(&self, place: &'static str, call: impl Future<Output = T>) -> T {
        let struck = self.calls.fetch_add(1, SeqCst) + 1 == self.at;
        if struck && !self.after {
            self.strike(place);
        }
        // Counted before it is looked, so that whoever finds nothing running finds it so for good.
        self.running.fetch_add(1, SeqCst);
        if self.dead.load(SeqCst) {
            self.running.fetch_sub(1, SeqCst);
            return std::future::pending().await;
        }
        let result = call.await;
        if struck {
            self.strike(place);
        }
        self.running.fetch_sub(1, SeqCst);
        if self.dead.load(SeqCst) {
            return std::future::pending().await;
        }
        result
    }

    fn strike(&self, place: &'static str) {
        *self.place.lock().unwrap() = Some(place);
        self.dead.store(true, SeqCst);
    }
}

/// A store seen by a process that will die.
pub struct MortalLedger(pub Arc<dyn Ledger>, pub Arc<Reaper>);

macro_rules! mortal {
    ($self:ident.$call:ident($($argument:expr),*)) => {
        $self.1.around(stringify!($call), $self.0.$call($($argument),*)).await
    };
}

#[async_trait]
impl Ledger for MortalLedger {
    async fn orders_due(
        &self,
        owner: &str,
        limit: i64,
        lease: Duration,
        after: Option<&AgencyId>,
    ) -> Result<Vec<OrderLease>, StoreError> {
        mortal!(self.orders_due(owner, limit, lease, after))
    }

    async fn order_keep(&self, order: &OrderLease, lease: Duration) -> Result<Held, StoreError> {
        mortal!(self.order_keep(order, lease))
    }

    async fn order_placed(
        &self,
        order: &OrderLease,
        issuer: &str,
        url: &str,
        key: &[u8],
    ) -> Result<Held, StoreError> {
        mortal!(self.order_placed(order, issuer, url, key))
    }

    async fn order_finalizing(&self, order: &OrderLease) -> Result<Held, StoreError> {
        mortal!(self.order_finalizing(order))
    }

    async fn order_done(
        &self,
        order: &OrderLease,
        new: NewCertificate<'_>,
    ) -> Result<Held, StoreError> {
        mortal!(self.order_done(order, new))
    }

    async fn order_failed(
        &self,
        order: &OrderLease,
        problem: Value,
        cause: DomainCause,
        at: Option<Timestamp>,
    ) -> Result<Held, StoreError> {
        mortal!(self.order_failed(order, problem, cause, at))
    }

    async fn order_postpone(
        &self,
        order: &OrderLease,
        until: Timestamp,
        cause: Option<DomainCause>,
        problem: Value,
    ) -> Result<Held, StoreError> {
        mortal!(self.order_postpone(order, until, cause, problem))
    }

    async fn challenge_put(
        &self,
        order: &OrderLease,
        kind: ChallengeKind,
        token: &str,
        answer: &str,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        mortal!(self.challenge_put(order, kind, token, answer, until))
    }

    // Asked by the authority's visit, which no process waits for.
    async fn challenges_open(&self) -> Result<Vec<OpenChallenge>, StoreError> {
        self.0.challenges_open().await
    }

    async fn account(&self, issuer: &str) -> Result<Option<Vec<u8>>, StoreError> {
        mortal!(self.account(issuer))
    }

    async fn account_put(&self, issuer: &str, sealed: &[u8]) -> Result<bool, StoreError> {
        mortal!(self.account_put(issuer, sealed))
    }

    async fn budget_take(
        &self,
        issuer: &str,
        host: &Host,
        limits: &[Limit],
    ) -> Result<Result<(), Duration>, StoreError> {
        mortal!(self.budget_take(issuer, host, limits))
    }

    async fn budget_left(
        &self,
        issuer: &str,
        host: &Host,
        limit: &Limit,
    ) -> Result<i64, StoreError> {
        mortal!(self.budget_left(issuer, host, limit))
    }

    async fn renewals_due(&self, limit: i64) -> Result<Vec<CurrentCertificate>, StoreError> {
        self.0.renewals_due(limit).await
    }

    async fn renewal_want(
        &self,
        certificate: &CurrentCertificate,
        replaces: Option<&str>,
    ) -> Result<(), StoreError> {
        mortal!(self.renewal_want(certificate, replaces))
    }

    async fn ari_noted(
        &self,
        certificate: &CurrentCertificate,
        renew_at: Timestamp,
        next: Timestamp,
    ) -> Result<(), StoreError> {
        mortal!(self.ari_noted(certificate, renew_at, next))
    }
}

impl Between for Arc<Reaper> {
    fn wrap(&self, authority: Arc<dyn Authority>) -> Arc<dyn Authority> {
        Arc::new(MortalAuthority(authority, Arc::clone(self)))
    }
}

struct MortalAuthority(Arc<dyn Authority>, Arc<Reaper>);

struct MortalOrder(Box<dyn Placed>, Arc<Reaper>);

impl MortalAuthority {
    fn mortal(&self, order: Box<dyn Placed>) -> Box<dyn Placed> {
        Box::new(MortalOrder(order, Arc::clone(&self.1)))
    }
}

#[async_trait]
impl Authority for MortalAuthority {
    async fn place(&self, wish: Wish<'_>) -> Result<Box<dyn Placed>, Refusal> {
        let order: Result<_, Refusal> = mortal!(self.place(wish));
        order.map(|order| self.mortal(order))
    }

    async fn resume(&self, url: &str) -> Result<Box<dyn Placed>, Refusal> {
        let order: Result<_, Refusal> = mortal!(self.resume(url));
        order.map(|order| self.mortal(order))
    }

    async fn find(&self, host: &Host) -> Result<Option<Box<dyn Placed>>, Refusal> {
        let order: Result<Option<_>, Refusal> = mortal!(self.find(host));
        order.map(|order| order.map(|order| self.mortal(order)))
    }

    async fn renewal_window(&self, ari_id: &str) -> Result<Option<RenewalWindow>, Refusal> {
        mortal!(self.renewal_window(ari_id))
    }
}

#[async_trait]
impl Placed for MortalOrder {
    fn url(&self) -> &str {
        self.0.url()
    }

    fn status(&self) -> OrderStatus {
        self.0.status()
    }

    async fn refresh(&mut self) -> Result<Option<Duration>, Refusal> {
        mortal!(self.refresh())
    }

    async fn challenges(&mut self) -> Result<Vec<Offer>, Refusal> {
        mortal!(self.challenges())
    }

    async fn ready(&mut self, kind: OfferKind) -> Result<(), Refusal> {
        mortal!(self.ready(kind))
    }

    async fn finalize(&mut self, csr: &[u8]) -> Result<(), Refusal> {
        mortal!(self.finalize(csr))
    }

    async fn certificate(&mut self) -> Result<String, Refusal> {
        mortal!(self.certificate())
    }

    async fn why(&mut self) -> Refusal {
        mortal!(self.why())
    }
}
