//! What the store is told about a check.

use super::Check;
use super::findings::{Expected, Findings};
use super::schedule::{Situation, pause};
use super::verdict::Verdict;
use latchkey_tenants::store::{DomainLease, DomainReport};
use latchkey_tenants::{DomainCause, DomainState, Entropy, Timestamp};
use serde_json::{Value, json};

pub(super) fn report(
    lease: &DomainLease,
    check: &Check,
    expected: &Expected,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> DomainReport {
    let Check {
        findings,
        verdict,
        words,
    } = check;
    let state = state_after(lease, verdict);
    let changed = has_changed(lease, check);
    let moved = state != lease.domain.state;
    let situation = Situation {
        state,
        cause: verdict.cause,
        age: lease.age,
        watched: lease.watched,
        quiet_checks: if changed || moved {
            0
        } else {
            lease.quiet_checks
        },
    };
    DomainReport {
        proven: verdict.proven,
        routed: routed(lease, verdict),
        cause: verdict.cause,
        problem: words.as_ref().map(|words| words.problem.clone()),
        next_step: words.as_ref().map(|words| words.next_step.clone()),
        findings: serde_json::to_value(findings).unwrap_or(Value::Null),
        next_check_at: pause(situation, entropy).map(|pause| now.plus(pause)),
        log: changed.then(|| ("check".to_owned(), line(findings, verdict, expected))),
    }
}

/// Where nothing could be found out, everything stays: what led here still does, what had left has not come back.
fn routed(lease: &DomainLease, verdict: &Verdict) -> bool {
    if verdict.conclusive {
        verdict.routed
    } else {
        !matches!(
            lease.domain.state,
            DomainState::PendingDns | DomainState::Drifted
        )
    }
}

/// The state that the store will come to, as far as the time of the next check depends on it.
fn state_after(lease: &DomainLease, verdict: &Verdict) -> DomainState {
    use DomainState as S;
    let right = verdict.routed && verdict.cause.is_none();
    match lease.domain.state {
        state if !verdict.conclusive => state,
        S::PendingDns if verdict.proven && right => S::Verified,
        S::Verified | S::Issuing | S::Live | S::Failing if !verdict.routed => S::Drifted,
        S::Verified | S::Issuing if verdict.cause.is_some() => S::Failing,
        S::Drifted if verdict.routed && lease.domain.certificate.is_some() => S::Live,
        S::Drifted if verdict.routed => S::Verified,
        state => state,
    }
}

/// A check that finds what the last one found leaves no line in the log.
fn has_changed(lease: &DomainLease, check: &Check) -> bool {
    let domain = &lease.domain;
    let first = domain.checked_at.is_none();
    // What an order said stands until the order says otherwise.
    let before = domain.cause.filter(|cause| !cause.is_of_order());
    let problem = before.and(domain.problem.as_deref());
    let words = check.words.as_ref();
    first || before != check.verdict.cause || problem != words.map(|words| words.problem.as_str())
}

fn line(findings: &Findings, verdict: &Verdict, expected: &Expected) -> Value {
    let leads_to: Vec<Value> = findings
        .paths
        .iter()
        .map(|path| {
            let addresses: Vec<_> = path.addresses().take(8).collect();
            json!({ "over": path.hops, "to": addresses, "servers": path.servers })
        })
        .collect();
    let txt = expected.asks_for_proof().then_some(&findings.txt);
    json!({
        "cause": verdict.cause.map(DomainCause::as_str),
        "proven": verdict.proven,
        "routed": verdict.routed,
        "leads_to": leads_to,
        "expected": expected.target,
        "txt": txt.map(|txt| (&txt.everywhere, &txt.somewhere)),
        "caa": findings.caa.records.iter().take(5).map(ToString::to_string).collect::<Vec<_>>(),
    })
}
