//! The ledger in memory: as the store keeps it, but a year long in seconds.

use async_trait::async_trait;
use latchkey_proxy::acme::{Ledger, Limit};
use latchkey_tenants::store::{Held, NewCertificate, OpenChallenge, OrderLease};
use latchkey_tenants::{
    AgencyId, CertificateId, ChallengeKind, Clock, CurrentCertificate, DomainCause, DomainId,
    Entropy, ManualClock, OrderId, OrderPurpose, SeededEntropy, StoreError, Timestamp,
    values::Host,
};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// Hosts of many agencies with their orders and certificates.
pub struct MemoryLedger {
    clock: Arc<ManualClock>,
    entropy: SeededEntropy,
    state: Mutex<State>,
}

#[derive(Default)]
pub struct State {
    pub hosts: HashMap<Host, HostState>,
    /// Orders by when they are due, leased ones by when their lease ends.
    queue: BTreeSet<(Timestamp, Host)>,
    pub budgets: HashMap<String, Timestamp>,
    pub accounts: HashMap<String, Vec<u8>>,
    pub challenges: Vec<OpenChallenge>,
    /// How often the challenges were asked for.
    pub looks: usize,
}

pub struct HostState {
    pub agency_id: AgencyId,
    pub domain_id: DomainId,
    pub current: Option<CurrentCertificate>,
    pub order: Option<Order>,
    pub issued: usize,
    pub cause: Option<DomainCause>,
}

pub struct Order {
    lease: OrderLease,
    run_at: Timestamp,
    until: Option<Timestamp>,
}

impl State {
    /// Changes one host and keeps the queue right.
    fn change<T>(&mut self, host: &Host, write: impl FnOnce(&mut HostState) -> T) -> T {
        let entry = |state: &HostState| {
            let order = state.order.as_ref()?;
            Some((order.until.unwrap_or(order.run_at), host.clone()))
        };
        let state = self.hosts.get_mut(host).unwrap();
        let before = entry(state);
        let result = write(state);
        let after = entry(state);
        if let Some(before) = before {
            self.queue.remove(&before);
        }
        self.queue.extend(after);
        result
    }
}

impl MemoryLedger {
    pub fn new(clock: &Arc<ManualClock>) -> Self {
        Self {
            clock: Arc::clone(clock),
            entropy: SeededEntropy::new(5),
            state: Mutex::default(),
        }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A host that has no certificate yet and wants its first.
    pub fn wish(&self, host: &str, agency: &AgencyId) {
        let host: Host = host.parse().unwrap();
        let domain_id = DomainId::new(&*self.clock, &self.entropy);
        let order = self.order(&host, agency, &domain_id, OrderPurpose::First, None);
        let state = HostState {
            agency_id: agency.clone(),
            domain_id,
            current: None,
            order: None,
            issued: 0,
            cause: None,
        };
        let mut all = self.state();
        all.hosts.insert(host.clone(), state);
        all.change(&host, |state| state.order = Some(order));
    }

    /// A host that has one.
    pub fn seed(
        &self,
        host: &str,
        agency: &AgencyId,
        issuer: &str,
        ari_id: String,
        life: (Timestamp, Timestamp),
        renew_at: Timestamp,
    ) {
        let host: Host = host.parse().unwrap();
        let domain_id = DomainId::new(&*self.clock, &self.entropy);
        let current = CurrentCertificate {
            id: CertificateId::new(&*self.clock, &self.entropy),
            agency_id: agency.clone(),
            domain_id: domain_id.clone(),
            host: host.clone(),
            issuer: issuer.to_owned(),
            serial: "01".to_owned(),
            ari_id: Some(ari_id),
            not_before: life.0,
            not_after: life.1,
            renew_at,
            ari_next_at: Some(self.clock.now()),
        };
        let state = HostState {
            agency_id: agency.clone(),
            domain_id,
            current: Some(current),
            order: None,
            issued: 1,
            cause: None,
        };
        self.state().hosts.insert(host, state);
    }

    pub fn agency(&self) -> AgencyId {
        AgencyId::new(&*self.clock, &self.entropy)
    }

    /// Nothing of this limit is left for the host until `end`.
    pub fn use_up(&self, issuer: &str, host: &str, limit: &Limit, end: Timestamp) {
        let full = end.plus(limit.period * u32::try_from(limit.burst).unwrap());
        let bucket = bucket(issuer, &host.parse().unwrap(), limit);
        self.state().budgets.insert(bucket, full);
    }

    fn order(
        &self,
        host: &Host,
        agency: &AgencyId,
        domain: &DomainId,
        purpose: OrderPurpose,
        replaces: Option<&str>,
    ) -> Order {
        let now = self.clock.now();
        Order {
            lease: OrderLease {
                id: OrderId::new(&*self.clock, &self.entropy),
                agency_id: agency.clone(),
                domain_id: domain.clone(),
                host: host.clone(),
                issuer: None,
                purpose,
                replaces: replaces.map(str::to_owned),
                url: None,
                sealed_key: None,
                finalizing: false,
                attempts: 0,
                created_at: now,
                owner: String::new(),
                epoch: 0,
            },
            run_at: now,
            until: None,
        }
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Timestamp> {
        let state = self.state();
        let dues = state.hosts.values().flat_map(|host| match &host.order {
            Some(order) => [Some(order.until.unwrap_or(order.run_at)), None],
            None => match &host.current {
                Some(current) => [Some(current.renew_at), current.ari_next_at],
                None => [None, None],
            },
        });
        dues.flatten().min()
    }

    fn held<T>(&self, lease: &OrderLease, write: impl FnOnce(&mut HostState) -> T) -> Held {
        let mut state = self.state();
        let mine = state.hosts[&lease.host]
            .order
            .as_ref()
            .is_some_and(|order| {
                (order.lease.epoch, &order.lease.owner) == (lease.epoch, &lease.owner)
                    && order.until.is_some()
            });
        if !mine {
            return Held::Lost;
        }
        state.change(&lease.host, write);
        Held::Yes
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn orders_due(
        &self,
        owner: &str,
        limit: i64,
        lease: Duration,
        _after: Option<&AgencyId>,
    ) -> Result<Vec<OrderLease>, StoreError> {
        let now = self.clock.now();
        let mut state = self.state();
        let due = state
            .queue
            .iter()
            .take_while(|(at, _)| *at <= now)
            .take(usize::try_from(limit).unwrap());
        let due: Vec<Host> = due.map(|(_, host)| host.clone()).collect();
        let leases = due.iter().map(|host| {
            state.change(host, |state| {
                let order = state.order.as_mut().unwrap();
                order.until = Some(now.plus(lease));
                order.lease.owner = owner.to_owned();
                order.lease.epoch += 1;
                order.lease.clone()
            })
        });
        Ok(leases.collect())
    }

    async fn order_keep(&self, order: &OrderLease, lease: Duration) -> Result<Held, StoreError> {
        let until = self.clock.now().plus(lease);
        Ok(self.held(order, |host| {
            host.order.as_mut().unwrap().until = Some(until)
        }))
    }

    async fn order_placed(
        &self,
        order: &OrderLease,
        issuer: &str,
        url: &str,
        sealed_key: &[u8],
    ) -> Result<Held, StoreError> {
        Ok(self.held(order, |host| {
            let lease = &mut host.order.as_mut().unwrap().lease;
            lease.issuer = Some(issuer.to_owned());
            lease.url = Some(url.to_owned());
            lease.sealed_key = Some(sealed_key.to_vec());
            lease.finalizing = false;
        }))
    }

    async fn order_finalizing(&self, order: &OrderLease) -> Result<Held, StoreError> {
        Ok(self.held(order, |host| {
            host.order.as_mut().unwrap().lease.finalizing = true
        }))
    }

    async fn order_done(
        &self,
        order: &OrderLease,
        new: NewCertificate<'_>,
    ) -> Result<Held, StoreError> {
        let now = self.clock.now();
        Ok(self.held(order, |host| {
            host.order = None;
            host.issued += 1;
            host.cause = None;
            host.current = Some(CurrentCertificate {
                id: CertificateId::new(&*self.clock, &self.entropy),
                agency_id: host.agency_id.clone(),
                domain_id: host.domain_id.clone(),
                host: order.host.clone(),
                issuer: new.issuer.to_owned(),
                serial: new.serial.to_owned(),
                ari_id: new.ari_id.map(str::to_owned),
                not_before: new.not_before,
                not_after: new.not_after,
                renew_at: new.renew_at,
                ari_next_at: new.ari_id.map(|_| now),
            });
        }))
    }

    async fn order_failed(
        &self,
        order: &OrderLease,
        _problem: Value,
        cause: DomainCause,
        next_at: Option<Timestamp>,
    ) -> Result<Held, StoreError> {
        Ok(self.held(order, |host| {
            host.cause = Some(cause);
            let Some(next_at) = next_at else {
                host.order = None;
                return;
            };
            let order = host.order.as_mut().unwrap();
            order.lease.attempts += 1;
            (
                order.lease.url,
                order.lease.sealed_key,
                order.lease.finalizing,
            ) = (None, None, false);
            (order.run_at, order.until) = (next_at, None);
        }))
    }

    async fn order_postpone(
        &self,
        order: &OrderLease,
        until: Timestamp,
        cause: Option<DomainCause>,
        _problem: Value,
    ) -> Result<Held, StoreError> {
        Ok(self.held(order, |host| {
            host.cause = cause;
            let order = host.order.as_mut().unwrap();
            (order.run_at, order.until) = (until, None);
        }))
    }

    async fn challenge_put(
        &self,
        _: &OrderLease,
        _: ChallengeKind,
        _: &str,
        _: &str,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn challenges_open(&self) -> Result<Vec<OpenChallenge>, StoreError> {
        let mut state = self.state();
        state.looks += 1;
        Ok(state.challenges.clone())
    }

    async fn account(&self, issuer: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state().accounts.get(issuer).cloned())
    }

    async fn account_put(&self, issuer: &str, sealed: &[u8]) -> Result<bool, StoreError> {
        Ok(self
            .state()
            .accounts
            .insert(issuer.to_owned(), sealed.to_vec())
            .is_none())
    }

    async fn budget_take(
        &self,
        issuer: &str,
        host: &Host,
        limits: &[Limit],
    ) -> Result<Result<(), Duration>, StoreError> {
        let now = self.clock.now();
        let mut state = self.state();
        for limit in limits {
            let tat = state
                .budgets
                .entry(bucket(issuer, host, limit))
                .or_default();
            let next = (*tat).max(now).plus(limit.period);
            let allowed = now.plus(limit.period * u32::try_from(limit.burst).unwrap());
            if next > allowed {
                return Ok(Err(Duration::from_micros(
                    (next.micros() - allowed.micros()).unsigned_abs(),
                )));
            }
            *tat = next;
        }
        Ok(Ok(()))
    }

    async fn budget_left(
        &self,
        issuer: &str,
        host: &Host,
        limit: &Limit,
    ) -> Result<i64, StoreError> {
        let state = self.state();
        let tat = state
            .budgets
            .get(&bucket(issuer, host, limit))
            .copied()
            .unwrap_or_default();
        let used = (tat.micros() - self.clock.now().micros()).max(0);
        let period = i64::try_from(limit.period.as_micros()).unwrap();
        Ok((limit.burst - (used + period - 1) / period).max(0))
    }

    async fn renewals_due(&self, limit: i64) -> Result<Vec<CurrentCertificate>, StoreError> {
        let now = self.clock.now();
        let state = self.state();
        let due = state
            .hosts
            .values()
            .filter(|host| host.order.is_none())
            .filter_map(|host| host.current.as_ref());
        let due =
            due.filter(|one| one.renew_at <= now || one.ari_next_at.is_some_and(|at| at <= now));
        Ok(due.take(usize::try_from(limit).unwrap()).cloned().collect())
    }

    async fn renewal_want(
        &self,
        certificate: &CurrentCertificate,
        replaces: Option<&str>,
    ) -> Result<(), StoreError> {
        let order = self.order(
            &certificate.host,
            &certificate.agency_id,
            &certificate.domain_id,
            OrderPurpose::Renewal,
            replaces,
        );
        self.state().change(&certificate.host, |host| {
            host.order.get_or_insert(order);
        });
        Ok(())
    }

    async fn ari_noted(
        &self,
        certificate: &CurrentCertificate,
        renew_at: Timestamp,
        ari_next_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let current = state
            .hosts
            .get_mut(&certificate.host)
            .unwrap()
            .current
            .as_mut()
            .unwrap();
        if current.id == certificate.id {
            (current.renew_at, current.ari_next_at) = (renew_at, Some(ari_next_at));
        }
        Ok(())
    }
}

fn bucket(issuer: &str, host: &Host, limit: &Limit) -> String {
    format!("{issuer} {} {}", limit.bucket, limit.key(host))
}

/// Chance that is the same every time.
pub fn dyn_entropy(seed: u64) -> Arc<dyn Entropy> {
    Arc::new(SeededEntropy::new(seed))
}
