//! Checks the domains that are due, and tells the store.

use super::caa::CaaIssuer;
use super::dns::Dns;
use super::findings::Expected;
use super::metrics::DomainMetrics;
use super::probe::Probe;
use super::report::report;
use super::verdict::Verdict;
use super::{Check, Findings, check_once};
use latchkey_tenants::store::{DomainLease, DomainOutcome};
use latchkey_tenants::{DomainKind, Store, StoreError, Timestamp, edge_name};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Other processes make domains due too, so the table is looked at this often.
const POLL: Duration = Duration::from_millis(300);
/// The longest pause between two tries while the store is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A check ends long before: its questions have ten seconds, the knock at port 80 eight.
const LEASE: Duration = Duration::from_secs(60);
/// A check that still runs so long after a stop is left to another edge.
const DRAIN: Duration = Duration::from_secs(5);
/// Agencies that get their host at the platform at once.
const NEW_AGENCIES: i64 = 100;
const COUNT_EVERY: Duration = Duration::from_secs(60);

/// Checks domains. Several edges share the work: each domain is leased to one of them at a time.
pub struct DomainWorker {
    pub store: Store,
    pub dns: Dns,
    pub metrics: Arc<DomainMetrics>,
    /// The authorities that would be asked, as far as they are known by now.
    pub issuers: watch::Receiver<Arc<[CaaIssuer]>>,
    /// None: nobody knocks at port 80.
    pub probe: Option<Probe>,
    /// Tells this edge from others.
    pub owner: String,
    /// Agencies live at `{slug}.` of it.
    pub platform_host: String,
    /// Hosts at the platform are taken to lead here without a look at DNS: for machines that only they themselves reach.
    pub trust_platform: bool,
    /// Domains that are checked at once.
    pub at_once: usize,
    /// Wakes the worker: something in this process made a domain due.
    pub wishes: Arc<Notify>,
}

impl DomainWorker {
    /// Until `stop`; checks that run then have a moment to end.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut checks = JoinSet::new();
        let mut news = News::default();
        let mut pause = POLL;
        while !*stop.borrow() {
            match self.look(&mut news, &mut checks).await {
                Ok(_) => pause = POLL,
                Err(error) => {
                    self.metrics.unstored.inc();
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    tracing::warn!(%error, "cannot look for domains to check; what is served goes on");
                }
            }
            tokio::select! {
                stopped = stop.wait_for(|stop| *stop) => drop(stopped),
                Some(ended) = checks.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "a check of a domain broke off; it is done again");
                    }
                }
                () = self.wishes.notified() => {}
                () = sleep(pause) => {}
            }
        }
        let rest = async { while checks.join_next().await.is_some() {} };
        if timeout(DRAIN, rest).await.is_err() {
            tracing::info!("checks of domains that did not end are left to another edge");
        }
    }

    /// Checks every domain that is due now, and says how many that were.
    ///
    /// # Errors
    /// When the store cannot be asked which those are.
    pub async fn run_due(self: &Arc<Self>) -> Result<usize, StoreError> {
        let mut checks = JoinSet::new();
        let mut news = News::default();
        let mut count = 0;
        loop {
            count += self.look(&mut news, &mut checks).await?;
            if checks.join_next().await.is_none() {
                return Ok(count);
            }
        }
    }

    /// Starts checks while there is room.
    async fn look(
        self: &Arc<Self>,
        news: &mut News,
        checks: &mut JoinSet<()>,
    ) -> Result<usize, StoreError> {
        let now = self.store.now();
        self.read_news(news, now).await?;
        let room = self.at_once.saturating_sub(checks.len());
        if room == 0 || !self.is_any_due(now).await? {
            return Ok(0);
        }
        let mut tx = self.store.begin_platform().await?;
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        let leases = tx.domains_due(&self.owner, limit, LEASE).await?;
        tx.commit().await?;
        let started = leases.len();
        for lease in leases {
            let this = Arc::clone(self);
            checks.spawn(async move { this.check(lease).await });
        }
        Ok(started)
    }

    /// Looking takes no write lock; claiming does.
    async fn is_any_due(&self, now: Timestamp) -> Result<bool, StoreError> {
        let next = self.store.read_platform().await?.domains_next().await?;
        Ok(next.is_some_and(|next| next <= now))
    }

    /// New agencies, once the store has changed at all; and now and then how many there are of what.
    async fn read_news(&self, news: &mut News, now: Timestamp) -> Result<(), StoreError> {
        let version = self.store.read_platform().await?.edge_version().await?;
        if news.version != Some(version) {
            self.add_platform_domains().await?;
            news.version = Some(version);
        }
        if news.counted_at.is_none_or(|at| at.plus(COUNT_EVERY) <= now) {
            let counts = self.store.read_platform().await?.edge_counts().await?;
            self.metrics.counted(&counts);
            news.counted_at = Some(now);
        }
        Ok(())
    }

    async fn add_platform_domains(&self) -> Result<(), StoreError> {
        loop {
            let mut tx = self.store.read_platform().await?;
            let missing = tx.platform_domains_missing(NEW_AGENCIES).await?;
            drop(tx);
            let mut added = 0;
            for (agency, slug) in &missing {
                let Some(host) = edge_name(slug, &self.platform_host) else {
                    tracing::error!(%slug, "the platform's host is too long for this agency's");
                    continue;
                };
                let mut tx = self.store.begin(agency).await?;
                tx.domain_add_platform(&host).await?;
                tx.commit().await?;
                added += 1;
            }
            if added == 0 || i64::try_from(missing.len()).unwrap_or(0) < NEW_AGENCIES {
                return Ok(());
            }
        }
    }

    async fn check(&self, lease: DomainLease) {
        let Some(expected) = self.expected(&lease) else {
            tracing::error!(slug = %lease.agency_slug, "the platform's host is too long for this agency's");
            return;
        };
        let timer = self.metrics.seconds.start_timer();
        let check = if self.trust_platform && expected.kind == DomainKind::Platform {
            taken_on_trust()
        } else {
            check_once(&self.dns, &expected, self.probe_for(&lease)).await
        };
        timer.observe_duration();
        match self.tell(&lease, &check, &expected).await {
            Ok(DomainOutcome::Stored { from, to, .. }) => {
                self.metrics.checked(check.verdict.cause);
                if from != to {
                    tracing::info!(domain = %lease.domain.id, %from, %to, "a domain moved");
                }
            }
            Ok(DomainOutcome::LeaseLost) => self.metrics.lost.inc(),
            // The lease runs out, and the domain is checked again.
            Err(error) => {
                self.metrics.unstored.inc();
                tracing::warn!(domain = %lease.domain.id, %error, "cannot store what a check found");
            }
        }
    }

    async fn tell(
        &self,
        lease: &DomainLease,
        check: &Check,
        expected: &Expected,
    ) -> Result<DomainOutcome, StoreError> {
        let report = report(
            lease,
            check,
            expected,
            self.store.now(),
            self.store.entropy(),
        );
        let mut tx = self.store.begin(&lease.domain.agency_id).await?;
        let outcome = tx.domain_checked(lease, report).await?;
        tx.commit().await?;
        Ok(outcome)
    }

    fn expected(&self, lease: &DomainLease) -> Option<Expected> {
        let domain = &lease.domain;
        Some(Expected {
            host: domain.host.clone(),
            kind: domain.kind,
            bound: domain.bound,
            token: domain.token.clone(),
            target: edge_name(&lease.agency_slug, &self.platform_host)?,
            contested: lease.contested_by,
            issuers: Arc::clone(&self.issuers.borrow()),
        })
    }

    /// A host that is served over HTTPS already need not show that a certificate can be had; the renewal will.
    fn probe_for(&self, lease: &DomainLease) -> Option<&Probe> {
        let served = lease.domain.certificate.is_some();
        self.probe.as_ref().filter(|_| !served)
    }
}

/// What the worker knew when it last looked.
#[derive(Default)]
struct News {
    version: Option<i64>,
    counted_at: Option<Timestamp>,
}

fn taken_on_trust() -> Check {
    Check {
        findings: Findings::default(),
        verdict: Verdict {
            proven: true,
            routed: true,
            cause: None,
            conclusive: true,
        },
        words: None,
    }
}
