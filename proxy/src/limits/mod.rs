//! Limits: how often, and how many at once, an agency's hosts may be asked.
//!
//! Every request is counted under a few policies ([`Policy`]) and holds a place among those that run ([`Permit`]). The
//! rule is [`gcra::decide`], here as in Redis. With Redis ([`SharedConfig`]) all edges count together:
//!
//! - What this edge's own counters refuse under the whole limit is refused without asking, because the edges together
//!   cannot have used less. What Redis refused is remembered there, so a flood ends here.
//! - What they allow is decided by Redis, in one round trip for all policies, within the budget.
//! - While Redis is away this edge decides alone, each policy as its [`WhenAlone`] says, from the same counters.

mod concurrency;
mod config;
mod courier;
mod fields;
pub mod gcra;
mod key;
mod local;
mod metrics;
mod ping;
mod plan;
mod shared;
mod table;
#[cfg(test)]
mod tests;

pub use concurrency::{Crowded, Permit};
pub use config::{
    Concurrency, LimitsConfig, LimitsError, POLICIES_PER_CLASS, Policy, Scope, SharedConfig,
    WhenAlone,
};
pub use fields::{Fields, RATE_LIMIT, RATE_LIMIT_POLICY};
pub use gcra::Rate;
pub use metrics::LimitMetrics;
pub use ping::{PingError, ping};

use crate::RouteClass;
use crate::snapshot::AgencyEntry;
use concurrency::{Agency, Slots};
use fields::whole_seconds;
use key::{AgencyKey, Who};
use latchkey_tenants::{Clock, Entropy};
use local::{Asked, Decisions};
use metrics::Source;
use plan::{ClassPlan, Member, plans};
use shared::Shared;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use table::Table;

/// How often [`Limiter::run`] tends to things, and how often it looks for counters that are away.
const TEND: Duration = Duration::from_secs(1);
const TEND_AWAY: Duration = Duration::from_millis(250);

/// Decides whom the edge serves. One for the whole edge.
pub struct Limiter {
    /// By [`RouteClass::index`].
    plans: Vec<Arc<ClassPlan>>,
    table: Table,
    slots: Slots,
    shared: Option<Arc<Shared>>,
    clock: Arc<dyn Clock>,
    jitter: AtomicU64,
    metrics: LimitMetrics,
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Admission {
    /// It is served; the permit is held for as long as it runs.
    Allowed { permit: Permit, fields: Fields },
    /// 429: too often.
    Limited {
        /// Whole seconds, some of them by chance so that not everybody comes back at once.
        retry_after: Duration,
        /// The policy that refuses, by name.
        policy: Arc<str>,
        fields: Fields,
    },
    /// 503: too many run.
    Busy {
        /// As above.
        retry_after: Duration,
        limit: Crowded,
    },
}

struct Verdict {
    decisions: Decisions,
    source: Source,
}

impl Limiter {
    /// Needs no runtime and reaches for nothing: the shared counters count as away until [`Self::tend`] found them.
    pub fn new(
        config: LimitsConfig,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
        metrics: &LimitMetrics,
    ) -> Result<Self, LimitsError> {
        config.check()?;
        let plans = plans(&config, metrics);
        let shared = match config.shared {
            Some(shared) => Some(Arc::new(Shared::new(
                shared,
                clock.clone(),
                metrics.clone(),
            )?)),
            None => None,
        };
        Ok(Self {
            plans,
            table: Table::new(config.most_keys),
            slots: Slots::new(config.concurrency),
            shared,
            clock,
            jitter: AtomicU64::new(u64::from_le_bytes(entropy.bytes())),
            metrics: metrics.clone(),
        })
    }

    /// Decides over one request of `client` before any of its body is read. Hosts of no agency count as one more. Only
    /// with shared counters does this ever wait, and then no longer than the budget.
    pub async fn admit(
        &self,
        agency: Option<&AgencyEntry>,
        client: IpAddr,
        class: RouteClass,
    ) -> Admission {
        let asked = Asked {
            agency: agency.map_or(AgencyKey::NONE, |agency| AgencyKey::of(&agency.id)),
            client: Who::client(client),
            plan: self.plans[class.index()].clone(),
        };
        let agency = self.slots.agency(asked.agency);
        // Held while the counters are asked, too: it bounds how many wait for them.
        let permit = match self.slots.enter(agency.clone()) {
            Ok(permit) => permit,
            Err(limit) => {
                self.metrics.crowded(limit);
                return Admission::Busy {
                    retry_after: self.retry_after(1),
                    limit,
                };
            }
        };
        let verdict = match &self.shared {
            None => self.decide(&asked, Source::Local, |_| 1),
            Some(shared) if shared.is_up() => self.decide_together(shared, &agency, &asked).await,
            Some(shared) => self.decide_alone(shared, &asked),
        };
        self.answer(asked, verdict, permit)
    }

    /// Forgets what says nothing any more, and asks after the shared counters.
    pub async fn tend(&self) {
        let keys = self.table.sweep(self.clock.now().micros());
        self.slots.sweep();
        self.metrics
            .keys
            .set(i64::try_from(keys).unwrap_or(i64::MAX));
        self.metrics
            .keys_turned_away
            .inc_by(self.table.turned_away());
        self.metrics.running.set(i64::from(self.slots.running()));
        if let Some(shared) = &self.shared {
            shared.call_in().await;
        }
    }

    /// Tends for ever. Runs beside the listeners; whoever stops it drops it.
    pub async fn run(&self) {
        loop {
            self.tend().await;
            let away = self.shared.as_ref().is_some_and(|shared| !shared.is_up());
            tokio::time::sleep(if away { TEND_AWAY } else { TEND }).await;
        }
    }

    fn decide(&self, asked: &Asked, source: Source, cost: impl Fn(&Member) -> i64) -> Verdict {
        let now = self.clock.now().micros();
        Verdict {
            decisions: local::take(&self.table, asked, now, cost),
            source,
        }
    }

    fn decide_alone(&self, shared: &Shared, asked: &Asked) -> Verdict {
        let edges = shared.edges();
        self.decide(asked, Source::Fallback, |member| member.cost_alone(edges))
    }

    async fn decide_together(
        &self,
        shared: &Arc<Shared>,
        agency: &Arc<Agency>,
        asked: &Asked,
    ) -> Verdict {
        let start = self.clock.now().micros();
        let own = self.decide(asked, Source::Local, |_| 1);
        if asked.refused_by(&own.decisions).is_some() {
            return own;
        }
        let Some(decisions) = courier::ask(shared, agency, asked).await else {
            local::give_back(&self.table, asked, &own.decisions, |_| 1);
            return self.decide_alone(shared, asked);
        };
        if asked.refused_by(&decisions).is_some() {
            local::give_back(&self.table, asked, &own.decisions, |_| 1);
        }
        for (place, _, key) in asked.members() {
            // Counted from before the question went out, so that nothing is refused here that Redis would allow.
            self.table.raise(&key, start + decisions[place].reset_after);
        }
        Verdict {
            decisions,
            source: Source::Shared,
        }
    }

    fn answer(&self, asked: Asked, verdict: Verdict, permit: Permit) -> Admission {
        let Verdict { decisions, source } = verdict;
        let refused_by = asked.refused_by(&decisions);
        for (place, member, _) in asked.members() {
            let meter = match decisions[place].allowed {
                false if member.policy.shadow => &member.meter.shadowed,
                true if refused_by.is_none() => &member.meter.allowed,
                false if refused_by == Some(place) => &member.meter.limited,
                _ => continue,
            };
            meter[source as usize].inc();
        }
        let Some(place) = refused_by else {
            let fields = Fields {
                plan: asked.plan,
                decisions,
            };
            return Admission::Allowed { permit, fields };
        };
        Admission::Limited {
            retry_after: self.retry_after(whole_seconds(decisions[place].retry_after)),
            policy: asked.plan.members[place].name.clone(),
            fields: Fields {
                plan: asked.plan,
                decisions,
            },
        }
    }

    /// At least `seconds`, and up to a quarter more.
    fn retry_after(&self, seconds: u64) -> Duration {
        let seconds = seconds.max(1);
        let spread = (seconds / 4).max(1) + 1;
        Duration::from_secs(seconds + self.chance() % spread)
    }

    /// Splitmix64 over a seed from [`Entropy`]: chance enough to spread clients, without a system call in a flood.
    fn chance(&self) -> u64 {
        let step = 0x9e37_79b9_7f4a_7c15_u64;
        let mut mixed = self
            .jitter
            .fetch_add(step, Ordering::Relaxed)
            .wrapping_add(step);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
