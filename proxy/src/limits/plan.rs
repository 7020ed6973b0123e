//! The policies, sorted for the data path: for each kind of route those that count it.

use super::config::{LimitsConfig, Policy, Scope, WhenAlone};
use super::fields::whole_seconds;
use super::gcra::Rate;
use super::key::{AgencyKey, Key, Who};
use super::metrics::PolicyMeter;
use super::table::WhenFull;
use super::{LimitMetrics, POLICIES_PER_CLASS};
use crate::RouteClass;
use std::sync::Arc;

pub(super) const MEMBERS: usize = POLICIES_PER_CLASS;

/// What counts requests of one kind of route.
pub(super) struct ClassPlan {
    /// Those of the whole agency first.
    pub members: Vec<Arc<Member>>,
    /// How many of them count the whole agency.
    pub agency_wide: usize,
}

pub(super) struct Member {
    pub name: Arc<str>,
    pub policy: Policy,
    /// Its place in the configuration, by which keys name it.
    pub number: u8,
    /// As `RateLimit-Policy` shows it.
    pub advertised: String,
    pub meter: PolicyMeter,
}

pub(super) fn plans(config: &LimitsConfig, metrics: &LimitMetrics) -> Vec<Arc<ClassPlan>> {
    let members: Vec<_> = (0_u8..)
        .zip(&config.policies)
        .map(|(number, policy)| Arc::new(Member::new(number, policy, metrics)))
        .collect();
    let plan = |class: RouteClass| {
        let counts = members
            .iter()
            .filter(|member| member.policy.classes.contains(&class));
        let mut members: Vec<_> = counts.cloned().collect();
        members.sort_by_key(|member| member.policy.scope == Scope::Client);
        let agency_wide = members
            .iter()
            .filter(|member| member.policy.scope == Scope::Agency)
            .count();
        Arc::new(ClassPlan {
            members,
            agency_wide,
        })
    };
    RouteClass::ALL.into_iter().map(plan).collect()
}

impl Member {
    fn new(number: u8, policy: &Policy, metrics: &LimitMetrics) -> Self {
        let (name, rate) = (&policy.name, policy.rate);
        let window = whole_seconds(rate.window()).max(1);
        Self {
            name: name.as_str().into(),
            number,
            advertised: format!("\"{name}\";q={};w={window}", rate.burst()),
            meter: metrics.policy(name),
            policy: policy.clone(),
        }
    }

    pub fn rate(&self) -> Rate {
        self.policy.rate
    }

    pub fn key(&self, agency: AgencyKey, client: Who) -> Key {
        Key {
            agency,
            who: match self.policy.scope {
                Scope::Agency => Who::Everybody,
                Scope::Client => client,
            },
            policy: self.number,
        }
    }

    pub fn when_full(&self) -> WhenFull {
        match self.policy.when_alone {
            WhenAlone::Share => WhenFull::Share,
            WhenAlone::Whole => WhenFull::Forget,
        }
    }

    /// What a request costs while this edge decides without the others, of which there are `edges` with it. An edge
    /// that charges each request as many times over allows its part of burst and rate, by the same rule and from the
    /// same state. At least one request fits.
    pub fn cost_alone(&self, edges: u32) -> i64 {
        match self.policy.when_alone {
            WhenAlone::Whole => 1,
            WhenAlone::Share => i64::from(edges.max(1)).min(self.rate().burst()),
        }
    }
}
