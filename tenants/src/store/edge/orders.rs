//! Orders for certificates: how far they are, and what comes of them.

use std::time::Duration;

use super::{
    domain_checks::{standing, words},
    order_leases::{Held, OrderLease},
};
use crate::{
    CertificateId, Domain, DomainCause, DomainId, DomainMove, DomainState, EventType, NewEvent,
    OrderId, Standing, Timestamp,
    certificate::pack_chain,
    store::{
        StoreError, Tx,
        domain_log::bounded,
        statement::{args, statements},
    },
    values::Host,
};

statements! {
    WANT = "insert into orders (id, agency_id, domain_id, host, purpose, state, attempts, run_at, epoch, created_at) values ($2, $1, $3, $4, 'first', 'wanted', 0, $5, 0, $5) on conflict (domain_id) do nothing";
    PLACED = "update orders set state = 'placed', issuer = $3, url = $4, sealed_key = $5 where agency_id = $1 and id = $2";
    FINALIZING = "update orders set state = 'finalizing' where agency_id = $1 and id = $2";
    FAILED = "update orders set state = 'wanted', issuer = null, url = null, sealed_key = null, attempts = attempts + 1, cause = $3, problem = $4, run_at = $5, lease_owner = null, lease_until = null where agency_id = $1 and id = $2";
    POSTPONED = "update orders set cause = $3, run_at = $4, lease_owner = null, lease_until = null where agency_id = $1 and id = $2";
    DROP = "delete from orders where agency_id = $1 and id = $2";
    DROP_RETIRED = "delete from certificates where agency_id = $1 and domain_id = $2 and in_use = 0";
    RETIRE = "update certificates set in_use = 0 where agency_id = $1 and domain_id = $2 and in_use = 1";
    CERTIFY = "insert into certificates (id, agency_id, domain_id, issuer, serial, chain, sealed_key, not_before, not_after, renew_at, ari_id, ari_next_at, in_use, created_at) values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13)";
    SET_DOMAIN = "update domains set state = $3, cause = $4, problem = $5, next_step = $6, live_at = $7, version = coalesce(cast($8 as bigint), version) where agency_id = $1 and id = $2";
    PAUSE = "update domains set order_after = $3 where agency_id = $1 and id = $2";
}

/// After an order was given up nobody asks for another by himself for so long.
const PAUSE_AFTER_END: Duration = Duration::from_hours(24);
/// An issuer's answer may be so long, in bytes of JSON.
const MAX_PROBLEM: usize = 8 * 1024;

/// A certificate as its issuer gave it.
#[derive(Clone, Copy, Debug)]
pub struct NewCertificate<'a> {
    pub issuer: &'a str,
    /// Hex, lower case.
    pub serial: &'a str,
    /// DER, leaf first.
    pub chain: &'a [Vec<u8>],
    /// Sealed by the edge's key.
    pub sealed_key: &'a [u8],
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub renew_at: Timestamp,
    /// None: its issuer tells no windows for renewal.
    pub ari_id: Option<&'a str>,
}

impl Tx {
    /// An order for a first certificate, unless one is open.
    pub(super) async fn order_want(
        &mut self,
        domain: &DomainId,
        host: &Host,
    ) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let id: OrderId = self.new_id();
        self.inner
            .execute(WANT, args![&agency, &id, domain, host, now])
            .await?;
        Ok(())
    }

    /// The issuer took the order: whoever takes it over goes on at `url`.
    pub async fn order_placed(
        &mut self,
        lease: &OrderLease,
        issuer: &str,
        url: &str,
        sealed_key: &[u8],
    ) -> Result<Held, StoreError> {
        let agency = self.agency.clone();
        let Some(mut domain) = self.order_held(lease).await? else {
            return Ok(Held::Lost);
        };
        let placed = args![&agency, &lease.id, issuer, url, sealed_key];
        self.inner.execute(PLACED, placed).await?;
        let note = serde_json::json!({ "issuer": issuer, "url": url, "purpose": lease.purpose });
        self.domain_note(&domain.id, "order_placed", &note).await?;
        let from = domain.state;
        if let Ok(issuing) = from.after(DomainMove::Order, Standing::Bound) {
            domain.state = issuing;
            self.order_moves(&domain, from, false).await?;
        }
        Ok(Held::Yes)
    }

    /// The issuer was asked to sign.
    pub async fn order_finalizing(&mut self, lease: &OrderLease) -> Result<Held, StoreError> {
        let agency = self.agency.clone();
        if self.order_held(lease).await?.is_none() {
            return Ok(Held::Lost);
        }
        self.inner
            .execute(FINALIZING, args![&agency, &lease.id])
            .await?;
        Ok(Held::Yes)
    }

    /// The certificate is there: it is in use from now on, the one before is kept aside, and the order is over.
    pub async fn order_done(
        &mut self,
        lease: &OrderLease,
        new: NewCertificate<'_>,
    ) -> Result<Held, StoreError> {
        let agency = self.agency.clone();
        let Some(mut domain) = self.order_held(lease).await? else {
            return Ok(Held::Lost);
        };
        self.certificate_put(&domain.id, new).await?;
        self.inner.execute(DROP, args![&agency, &lease.id]).await?;
        self.challenges_end(&domain.host).await?;
        let data = serde_json::json!({
            "host": domain.host,
            "issuer": new.issuer,
            "serial": new.serial,
            "not_after": new.not_after,
            "purpose": lease.purpose,
        });
        self.domain_note(&domain.id, "certificate", &data).await?;
        self.record(NewEvent {
            kind: EventType::CertificateIssued,
            actor: "system",
            subject: domain.id.as_str(),
            data,
        })
        .await?;
        let from = domain.state;
        if let Ok(live) = from.after(DomainMove::GoLive, Standing::Certified) {
            domain.state = live;
            domain.live_at = domain.live_at.or(Some(self.now()));
            domain.forget_cause();
        } else if domain.cause.is_some_and(DomainCause::is_of_order) {
            domain.forget_cause();
        }
        self.order_moves(&domain, from, true).await?;
        Ok(Held::Yes)
    }

    async fn certificate_put(
        &mut self,
        domain: &DomainId,
        new: NewCertificate<'_>,
    ) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        for statement in [DROP_RETIRED, RETIRE] {
            self.inner
                .execute(statement, args![&agency, domain])
                .await?;
        }
        let id: CertificateId = self.new_id();
        let chain = pack_chain(new.chain);
        let certify = args![
            &agency,
            &id,
            domain,
            new.issuer,
            new.serial,
            &chain,
            new.sealed_key,
            new.not_before,
            new.not_after,
            new.renew_at,
            new.ari_id,
            new.ari_id.map(|_| now),
            now
        ];
        self.inner.execute(CERTIFY, certify).await?;
        Ok(())
    }

    /// A try failed. `problem` is what the issuer answered; its `problem` and `next_step`, or else its `detail`, are told to
    /// people. The next try, at `next_at`, is a new order; none: the order is given up, and the next one is not asked for
    /// within a day, unless somebody wants a check. A certificate in use stays.
    pub async fn order_failed(
        &mut self,
        lease: &OrderLease,
        problem: serde_json::Value,
        cause: DomainCause,
        next_at: Option<Timestamp>,
    ) -> Result<Held, StoreError> {
        let agency = self.agency.clone();
        let Some(mut domain) = self.order_held(lease).await? else {
            return Ok(Held::Lost);
        };
        self.challenges_end(&domain.host).await?;
        let said = bounded(&problem, MAX_PROBLEM);
        let note = serde_json::json!({
            "cause": cause,
            "problem": problem,
            "next_at": next_at,
            "attempts": lease.attempts + 1,
        });
        self.domain_note(&domain.id, "order_failed", &note).await?;
        match next_at {
            Some(at) => {
                let failed = args![&agency, &lease.id, cause.as_str(), &said, at];
                self.inner.execute(FAILED, failed).await?;
            }
            None => {
                self.inner.execute(DROP, args![&agency, &lease.id]).await?;
                let after = self.now().plus(PAUSE_AFTER_END);
                self.inner
                    .execute(PAUSE, args![&agency, &domain.id, after])
                    .await?;
            }
        }
        domain.take_cause(cause, &problem);
        let from = domain.state;
        let certified = standing(&domain, self.now()) == Standing::Certified;
        if !certified && let Ok(failing) = from.after(DomainMove::Fail, Standing::Bound) {
            domain.state = failing;
        }
        self.order_moves(&domain, from, false).await?;
        Ok(Held::Yes)
    }

    /// It was not tried: `until` then it waits, and this does not count. What the issuer has of it stays. `problem` is as of
    /// [`Tx::order_failed`], null where the issuer did not speak.
    pub async fn order_postpone(
        &mut self,
        lease: &OrderLease,
        until: Timestamp,
        cause: impl Into<Option<DomainCause>>,
        problem: serde_json::Value,
    ) -> Result<Held, StoreError> {
        let (agency, cause) = (self.agency.clone(), cause.into());
        let Some(mut domain) = self.order_held(lease).await? else {
            return Ok(Held::Lost);
        };
        let code = cause.map(DomainCause::as_str);
        self.inner
            .execute(POSTPONED, args![&agency, &lease.id, code, until])
            .await?;
        if let Some(cause) = cause {
            let note = serde_json::json!({ "cause": cause, "until": until, "problem": problem });
            self.domain_note(&domain.id, "order_postponed", &note)
                .await?;
            domain.take_cause(cause, &problem);
            self.order_moves(&domain, domain.state, false).await?;
        }
        Ok(Held::Yes)
    }

    /// Stores what an order did to its domain; `news`: edges serve something else now.
    async fn order_moves(
        &mut self,
        domain: &Domain,
        from: DomainState,
        news: bool,
    ) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        let moved = from != domain.state;
        if moved {
            self.domain_moved(domain, from).await?;
        }
        let version = match moved || news {
            true => Some(self.inner.next_version().await?),
            false => None,
        };
        let set = args![
            &agency,
            &domain.id,
            domain.state.as_str(),
            domain.cause.map(DomainCause::as_str),
            domain.problem.as_deref(),
            domain.next_step.as_deref(),
            domain.live_at,
            version
        ];
        self.inner.execute(SET_DOMAIN, set).await?;
        Ok(())
    }
}

impl Domain {
    fn forget_cause(&mut self) {
        (self.cause, self.problem, self.next_step) = (None, None, None);
    }

    /// What a check of the DNS found stays: it is nearer to the root.
    fn take_cause(&mut self, cause: DomainCause, problem: &serde_json::Value) {
        if self.cause.is_some_and(|known| !known.is_of_order()) {
            return;
        }
        let said = |name: &str| problem[name].as_str().map(words);
        self.cause = Some(cause);
        self.problem = said("problem").or_else(|| said("detail"));
        self.next_step = said("next_step");
    }
}
