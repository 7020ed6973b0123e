//! What follows from what a check of a domain saw.

use super::{domain_leases::DomainLease, turns::Turn};
use crate::{
    Domain, DomainCause, DomainKind, DomainMove, DomainState, EventType, NewEvent, Standing,
    Timestamp,
    store::{
        StoreError, Tx,
        domain_log::bounded,
        domains::domain,
        statement::{args, statements},
    },
};

statements! {
    HOLD = "update domains set lease_until = lease_until where agency_id = $1 and id = $2 and lease_owner = $3 and epoch = $4";
    CHECKED = "update domains set state = $3, bound = $4, bindings_seen = $5, cause = $6, problem = $7, next_step = $8, findings = $9, checked_at = $10, next_check_at = $11, verified_at = $12, quiet_checks = $13, version = $14, lease_owner = null, lease_until = null where agency_id = $1 and id = $2";
    ORDER_OPEN = "select 1 as open from orders where agency_id = $1 and domain_id = $2";
}

/// What a check saw may be so long, in bytes of JSON.
const MAX_FINDINGS: usize = 16 * 1024;
/// And what is said about it, in characters.
const MAX_WORDS: usize = 2000;

/// What a check found.
#[derive(Clone, Debug)]
pub struct DomainReport {
    /// The agency's token stands in the DNS. Nobody asks for it at platform hosts, or once the host is bound.
    pub proven: bool,
    /// The host leads to this installation, as this agency's.
    pub routed: bool,
    /// What is in the way of a certificate. With `resolver_failed` nothing is known and nothing changes.
    pub cause: Option<DomainCause>,
    pub problem: Option<String>,
    pub next_step: Option<String>,
    pub findings: serde_json::Value,
    /// None: only when somebody asks.
    pub next_check_at: Option<Timestamp>,
    /// A line for the domain's log.
    pub log: Option<(String, serde_json::Value)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainOutcome {
    /// Another worker took the check over: nothing was written.
    LeaseLost,
    Stored {
        from: DomainState,
        to: DomainState,
        /// All is right, but another agency holds the host.
        taken: bool,
    },
}

/// A domain in the middle of a check's storing.
struct Checked {
    domain: Domain,
    bindings_seen: i64,
    /// An order is at it, or failed lately: what it said stands.
    order_has_the_word: bool,
    order_open: bool,
    order_after: Option<Timestamp>,
    quiet_checks: i64,
    version: i64,
    /// Somebody asked for a check after this one began.
    asked_for: Option<Timestamp>,
    standing: Standing,
}

impl Tx {
    /// Stores what a check found and takes the steps that follow: a claim that is proven and routed gets the host and an
    /// order for a certificate, a domain whose DNS left is drifted. The first step of its transaction.
    pub async fn domain_checked(
        &mut self,
        lease: &DomainLease,
        report: DomainReport,
    ) -> Result<DomainOutcome, StoreError> {
        let may_bind = !lease.domain.bound && report.proven && report.is_right();
        let mut binding = None;
        if may_bind {
            binding = Some(self.inner.take_turn_of(Turn::Bindings).await?);
        }
        self.take_turn().await?;
        let Some(mut now) = self.domain_held(lease).await? else {
            return Ok(DomainOutcome::LeaseLost);
        };
        let from = now.domain.state;
        let mut report = report.within_bounds();
        let mut action = next_move(&now, &report);
        let mut taken = false;
        if action == Some(DomainMove::Verify) && !now.domain.bound {
            taken = !self.host_make_free(&now.domain, now.bindings_seen).await?;
            if taken {
                (action, report) = (None, report.taken());
            } else {
                now.domain.bound = true;
                now.bindings_seen = binding.unwrap_or(now.bindings_seen);
            }
        }
        self.domain_take_report(&mut now, action, report).await?;
        Ok(DomainOutcome::Stored {
            from,
            to: now.domain.state,
            taken,
        })
    }

    /// The domain as it is, locked to the end. None: the lease is another's.
    async fn domain_held(&mut self, lease: &DomainLease) -> Result<Option<Checked>, StoreError> {
        let (agency, now, id) = (self.agency.clone(), self.now(), &lease.domain.id);
        let hold = args![&agency, id, &lease.owner, lease.epoch];
        if self.inner.execute(HOLD, hold).await? == 0 {
            return Ok(None);
        }
        let row = self.domain_row(id).await?;
        let row = row.ok_or_else(|| StoreError::gone("domain"))?;
        let order_open = self
            .inner
            .optional(ORDER_OPEN, args![&agency, id])
            .await?
            .is_some();
        let domain = domain(&row)?;
        let order_after = row.optional_time("order_after")?;
        let paused = order_after.is_some_and(|after| after > now);
        let of_order = domain.cause.is_some_and(DomainCause::is_of_order);
        let lease_until = row.optional_time("lease_until")?;
        Ok(Some(Checked {
            bindings_seen: row.int("bindings_seen")?,
            order_has_the_word: of_order && (order_open || paused),
            order_open,
            order_after,
            quiet_checks: row.int("quiet_checks")?,
            version: row.int("version")?,
            asked_for: domain.next_check_at.filter(|at| Some(*at) < lease_until),
            standing: standing(&domain, now),
            domain,
        }))
    }

    async fn domain_take_report(
        &mut self,
        now: &mut Checked,
        action: Option<DomainMove>,
        report: DomainReport,
    ) -> Result<(), StoreError> {
        let before = (
            now.domain.state,
            now.domain.cause,
            now.domain.problem.clone(),
        );
        let right = report.is_right();
        if let Some((kind, detail)) = &report.log {
            self.domain_note(&now.domain.id, kind, detail).await?;
        }
        let next_check_at = match (report.next_check_at, now.asked_for) {
            (Some(next), Some(asked)) => Some(next.min(asked)),
            (next, asked) => next.or(asked),
        };
        let findings = bounded(&report.findings, MAX_FINDINGS);
        if report.cause.is_some() || !now.order_has_the_word {
            now.domain.cause = report.cause;
            now.domain.problem = report.problem;
            now.domain.next_step = report.next_step;
        }
        if let Some(action) = action {
            self.domain_step(now, action).await?;
        }
        if right {
            self.domain_order_if_wanted(now).await?;
        }
        let domain = &now.domain;
        let same = before == (domain.state, domain.cause, domain.problem.clone());
        let quiet_checks = if same { now.quiet_checks + 1 } else { 0 };
        let (agency, at) = (self.agency.clone(), self.now());
        let version = match domain.bound && before.0 != domain.state {
            true => self.inner.next_version().await?,
            false => now.version,
        };
        let checked = args![
            &agency,
            &domain.id,
            domain.state.as_str(),
            domain.bound,
            now.bindings_seen,
            domain.cause.map(DomainCause::as_str),
            domain.problem.as_deref(),
            domain.next_step.as_deref(),
            &findings,
            at,
            next_check_at,
            domain.verified_at,
            quiet_checks,
            version
        ];
        self.inner.execute(CHECKED, checked).await?;
        Ok(())
    }

    async fn domain_step(
        &mut self,
        now: &mut Checked,
        action: DomainMove,
    ) -> Result<(), StoreError> {
        let from = now.domain.state;
        let to = from
            .after(action, now.standing)
            .map_err(|illegal| StoreError::corrupt("state", illegal))?;
        now.domain.state = to;
        match to {
            DomainState::Verified if action == DomainMove::Verify => {
                now.domain.verified_at = Some(self.now());
            }
            DomainState::Failing if now.domain.cause.is_none() => {
                now.domain.cause = Some(DomainCause::OrderFailed);
                now.domain.problem = Some("Its certificate ran out.".to_owned());
            }
            _ => {}
        }
        self.domain_moved(&now.domain, from).await
    }

    /// Says in the domain's log and in the audit log that it came from one state into another.
    pub(super) async fn domain_moved(
        &mut self,
        domain: &Domain,
        from: DomainState,
    ) -> Result<(), StoreError> {
        let note = serde_json::json!({ "from": from, "to": domain.state, "cause": domain.cause });
        self.domain_note(&domain.id, "state", &note).await?;
        let kind = match domain.state {
            DomainState::Verified => EventType::DomainVerified,
            DomainState::Live => EventType::DomainLive,
            DomainState::Failing => EventType::DomainFailing,
            DomainState::Drifted => EventType::DomainDrifted,
            DomainState::PendingDns | DomainState::Issuing | DomainState::Released => return Ok(()),
        };
        let data = serde_json::json!({
            "host": domain.host,
            "cause": domain.cause,
            "problem": domain.problem,
            "next_step": domain.next_step,
        });
        self.record(NewEvent {
            kind,
            actor: "system",
            subject: domain.id.as_str(),
            data,
        })
        .await?;
        Ok(())
    }

    async fn domain_order_if_wanted(&mut self, now: &Checked) -> Result<(), StoreError> {
        let ready = matches!(
            now.domain.state,
            DomainState::Verified | DomainState::Issuing
        );
        let at = self.now();
        let paused = now.order_after.is_some_and(|after| after > at);
        if ready && now.domain.bound && !now.order_open && !paused {
            self.order_want(&now.domain.id, &now.domain.host).await?;
        }
        Ok(())
    }
}

/// The step that follows from a report.
fn next_move(now: &Checked, report: &DomainReport) -> Option<DomainMove> {
    use DomainState as S;
    let domain = &now.domain;
    let proven = report.proven || domain.kind == DomainKind::Platform;
    match domain.state {
        _ if report.cause == Some(DomainCause::ResolverFailed) => None,
        S::PendingDns if proven && report.is_right() => Some(DomainMove::Verify),
        S::Verified | S::Issuing | S::Live | S::Failing if !report.routed => {
            Some(DomainMove::Drift)
        }
        S::Verified | S::Issuing if report.cause.is_some() => Some(DomainMove::Fail),
        S::Live if now.standing != Standing::Certified => Some(DomainMove::Fail),
        S::Drifted if report.routed => Some(DomainMove::Return),
        S::Failing if report.is_right() && !now.order_has_the_word => Some(DomainMove::Return),
        _ => None,
    }
}

pub(super) fn standing(domain: &Domain, now: Timestamp) -> Standing {
    let valid = domain
        .certificate
        .as_ref()
        .is_some_and(|certificate| certificate.not_after > now);
    match (valid, domain.bound) {
        (true, _) => Standing::Certified,
        (false, true) => Standing::Bound,
        (false, false) => Standing::Claimed,
    }
}

impl DomainReport {
    fn is_right(&self) -> bool {
        self.routed && self.cause.is_none()
    }

    fn taken(self) -> Self {
        Self {
            cause: Some(DomainCause::Taken),
            problem: Some("This host is in use elsewhere in this installation.".to_owned()),
            next_step: Some(
                "Add the domain again to get a new token, and put that into the TXT record."
                    .to_owned(),
            ),
            ..self
        }
    }

    fn within_bounds(self) -> Self {
        Self {
            problem: self.problem.map(|text| words(&text)),
            next_step: self.next_step.map(|text| words(&text)),
            ..self
        }
    }
}

/// Text for people that may repeat what strangers' servers said: bounded, on one line.
pub(super) fn words(text: &str) -> String {
    text.chars()
        .take(MAX_WORDS)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
