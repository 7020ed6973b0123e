//! Decides over all policies of a request from this edge's own counters.

use super::gcra::Decision;
use super::key::{AgencyKey, Key, Who};
use super::plan::{ClassPlan, MEMBERS, Member};
use super::table::Table;
use std::sync::Arc;

/// Who asks, and what counts it.
#[derive(Clone)]
pub(super) struct Asked {
    pub agency: AgencyKey,
    pub client: Who,
    pub plan: Arc<ClassPlan>,
}

/// By the order of the plan's members; what is beyond them means nothing.
pub(super) type Decisions = [Decision; MEMBERS];

impl Asked {
    pub fn members(&self) -> impl DoubleEndedIterator<Item = (usize, &Member, Key)> {
        let members = self.plan.members.iter().enumerate();
        members.map(|(place, member)| (place, &**member, member.key(self.agency, self.client)))
    }

    /// The policy that refuses, and of several the one that does so for the longest.
    pub fn refused_by(&self, decisions: &Decisions) -> Option<usize> {
        let refusing = self.plan.members.iter().zip(decisions).enumerate();
        refusing
            .filter(|(_, (member, decision))| !member.policy.shadow && !decision.allowed)
            .max_by_key(|(_, (_, decision))| decision.retry_after)
            .map(|(place, _)| place)
    }
}

/// Takes from every allowance of the request, or from none if one that is not a shadow refuses.
pub(super) fn take(
    table: &Table,
    asked: &Asked,
    now: i64,
    cost: impl Fn(&Member) -> i64,
) -> Decisions {
    // What the whole agency shares is looked at first: a flood that it refuses adds no clients to the table.
    let looked = asked
        .members()
        .take(asked.plan.agency_wide)
        .any(|(_, member, key)| {
            !member.policy.shadow && !table.look(&key, now, member.rate(), cost(member)).allowed
        });
    if looked {
        return look(table, asked, now, cost);
    }
    let mut decisions = Decisions::default();
    // And taken from last: one client's flood, which its own policies refuse, never touches it.
    for (place, member, key) in asked.members().rev() {
        let decision = table.take(&key, now, member.rate(), cost(member), member.when_full());
        decisions[place] = decision;
        if !decision.allowed && !member.policy.shadow {
            give_back(table, asked, &decisions, &cost);
            decisions = look(table, asked, now, cost);
            // A racer may have given back meanwhile; this request was refused nevertheless.
            decisions[place] = decision;
            return decisions;
        }
    }
    decisions
}

/// Gives back what [`take`] used: all that `decisions` allowed.
pub(super) fn give_back(
    table: &Table,
    asked: &Asked,
    decisions: &Decisions,
    cost: impl Fn(&Member) -> i64,
) {
    for (place, member, key) in asked.members() {
        if decisions[place].allowed {
            table.give_back(&key, member.rate(), cost(member));
        }
    }
}

/// What a refused request is told: who refuses, and how full the others are without it.
fn look(table: &Table, asked: &Asked, now: i64, cost: impl Fn(&Member) -> i64) -> Decisions {
    let mut decisions = Decisions::default();
    for (place, member, key) in asked.members() {
        let decision = table.look(&key, now, member.rate(), cost(member));
        decisions[place] = match decision.allowed {
            true => table.look(&key, now, member.rate(), 0),
            false => decision,
        };
    }
    decisions
}
