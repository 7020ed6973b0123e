//! Where an order begins, or where it was left.

use super::authority::{Authority, OrderStatus, Placed, Wish};
use super::budget::{Counts, OrderKind};
use super::certificate::new_key;
use super::issuer::Asked;
use super::order::{Desk, Errand, Stop, held};
use super::refusal::{Refusal, RefusalKind};
use super::retry;
use crate::snapshot::key_place;
use latchkey_tenants::store::OrderLease;
use latchkey_tenants::{DomainCause, OrderPurpose, Timestamp};
use std::time::Duration;

/// What stood against the issuers that were asked.
#[derive(Default)]
struct Against {
    refused: Option<Stop>,
    /// The first that can be asked again, and when.
    wait: Option<(Timestamp, DomainCause)>,
}

impl Against {
    fn wait(&mut self, until: Timestamp, cause: DomainCause) {
        if self.wait.is_none_or(|(earliest, _)| until < earliest) {
            self.wait = Some((until, cause));
        }
    }
}

impl Desk {
    /// The order that was placed before. None: there is none, or none that can still lead to a certificate.
    pub(super) async fn resume(&self, lease: &OrderLease) -> Result<Option<Errand<'_>>, Stop> {
        let (Some(url), Some(issuer), Some(sealed)) =
            (&lease.url, &lease.issuer, &lease.sealed_key)
        else {
            return Ok(None);
        };
        let Some(asked) = self.issuers.named(issuer) else {
            return Ok(None);
        };
        let Ok(key) = self.edge_key.open(key_place(&lease.host), sealed) else {
            tracing::error!(order = %lease.id, "the key of an order does not open; the order begins anew");
            return Ok(None);
        };
        if let Some(until) = self.issuers.closed_until(asked) {
            return self.away(lease, asked, until);
        }
        let resumed = match self.issuers.authority(asked).await {
            Ok(authority) => authority.resume(url).await,
            Err(refusal) => Err(refusal),
        };
        match resumed {
            Ok(order) => Ok(Some(Errand {
                asked,
                order,
                key,
                sealed_key: sealed.clone(),
            })),
            Err(refusal) if refusal.kind == RefusalKind::Gone => Ok(None),
            Err(refusal) => {
                self.issuers.refused(asked, &refusal).await;
                let soon = self.clock.now().plus(Duration::from_mins(1));
                let until = self.issuers.closed_until(asked).unwrap_or(soon);
                self.away(lease, asked, until)
            }
        }
    }

    /// What may have been finalized there must be asked for there, or there would be two certificates.
    fn away(
        &self,
        lease: &OrderLease,
        asked: &Asked,
        until: Timestamp,
    ) -> Result<Option<Errand<'_>>, Stop> {
        let others = self.issuers.list().iter();
        let mut others = others.filter(|other| other.number != asked.number);
        if !lease.finalizing && others.any(|other| self.issuers.closed_until(other).is_none()) {
            return Ok(None);
        }
        Err(Stop::Wait {
            until,
            cause: Some(DomainCause::IssuerAway),
        })
    }

    /// A new order at the first authority that nothing stands against.
    pub(super) async fn place(&self, lease: &OrderLease) -> Result<Errand<'_>, Stop> {
        let mut against = Against::default();
        for (place, asked) in self.issuers.list().iter().enumerate() {
            if let Some(until) = self.issuers.closed_until(asked) {
                against.wait(until, DomainCause::IssuerAway);
                continue;
            }
            // The checks of the host's DNS have looked at the CAA records for the first one already.
            if place > 0 && !self.permission.permits(&lease.host, &asked.issuer).await {
                continue;
            }
            if let Some(wait) = self.budget_wait(asked, lease).await? {
                let until = self
                    .clock
                    .now()
                    .plus(retry::after_others(wait, &*self.entropy));
                against.wait(until, DomainCause::BudgetSpent);
                continue;
            }
            match self.place_at(asked, lease).await {
                Err(Stop::Refused {
                    issuer,
                    refusal,
                    ended,
                }) if refusal.issuers_fault() => {
                    self.issuers.refused(asked, &refusal).await;
                    against.refused.get_or_insert(Stop::Refused {
                        issuer,
                        refusal,
                        ended,
                    });
                }
                result => return result,
            }
        }
        if let Some(refused) = against.refused {
            return Err(refused);
        }
        let (until, cause) = against.wait.unwrap_or_else(|| {
            let later = self.clock.now().plus(Duration::from_hours(1));
            (later, DomainCause::IssuerAway)
        });
        Err(Stop::Wait {
            until,
            cause: Some(cause),
        })
    }

    async fn place_at<'a>(
        &'a self,
        asked: &'a Asked,
        lease: &OrderLease,
    ) -> Result<Errand<'a>, Stop> {
        let refused = |refusal: Refusal| Stop::Refused {
            issuer: asked.issuer.name().to_owned(),
            refusal,
            ended: false,
        };
        let authority = self.issuers.authority(asked).await.map_err(refused)?;
        let order = self.order(&*authority, lease).await.map_err(refused)?;
        let key = new_key().map_err(|error| refused(Refusal::away(&error.to_string())))?;
        let sealed_key = self
            .edge_key
            .seal(key_place(&lease.host), &key, &*self.entropy);
        let name = asked.issuer.name();
        held(
            self.ledger
                .order_placed(lease, name, order.url(), &sealed_key)
                .await?,
        )?;
        Ok(Errand {
            asked,
            order,
            key,
            sealed_key,
        })
    }

    /// A new order, or one that a process placed which died before it could store the URL.
    async fn order(
        &self,
        authority: &dyn Authority,
        lease: &OrderLease,
    ) -> Result<Box<dyn Placed>, Refusal> {
        if lease.epoch > 1 {
            match authority.find(&lease.host).await {
                Ok(Some(found)) if found.status() != OrderStatus::Invalid => return Ok(found),
                Ok(_) => {}
                // It costs an order of the budget at most.
                Err(refusal) => tracing::debug!(order = %lease.id, %refusal, "no list of orders"),
            }
        }
        let wish = Wish {
            host: &lease.host,
            replaces: lease.replaces.as_deref(),
        };
        match authority.place(wish).await {
            Err(refusal) if wish.replaces.is_some() && refusal.may_be_about_replaces() => {
                let plain = Wish {
                    replaces: None,
                    ..wish
                };
                authority.place(plain).await
            }
            result => result,
        }
    }

    /// How long until the authority's limits leave room for this order. None: now, and it has been taken.
    async fn budget_wait(
        &self,
        asked: &Asked,
        lease: &OrderLease,
    ) -> Result<Option<Duration>, Stop> {
        let name = asked.issuer.name();
        let (mut at_once, mut wait) = (Vec::new(), None);
        for limit in &asked.limits {
            match limit.counts {
                Counts::Orders if limit.counts(order_kind(lease)) => at_once.push(*limit),
                // Taken when the certificate is issued, or the validation failed, as the authority counts.
                _ if limit.counts == Counts::Failures || limit.counts(order_kind(lease)) => {
                    let left = self.ledger.budget_left(name, &lease.host, limit).await?;
                    if left == 0 {
                        wait = wait.max(Some(limit.period));
                    }
                }
                _ => {}
            }
        }
        if wait.is_some() || at_once.is_empty() {
            return Ok(wait);
        }
        let taken = self.ledger.budget_take(name, &lease.host, &at_once).await?;
        for limit in &at_once {
            let left = self.ledger.budget_left(name, &lease.host, limit).await?;
            self.metrics.left(asked, limit.bucket, left);
        }
        Ok(taken.err())
    }

    /// The authority has issued, so the buckets that count certificates have one less, whatever is left in them.
    pub(super) async fn spend_certificate(
        &self,
        asked: &Asked,
        lease: &OrderLease,
    ) -> Result<(), Stop> {
        let kind = order_kind(lease);
        for limit in &asked.limits {
            if limit.counts != Counts::Orders && limit.counts(kind) {
                let limit = std::slice::from_ref(limit);
                let name = asked.issuer.name();
                let _ = self.ledger.budget_take(name, &lease.host, limit).await?;
            }
        }
        Ok(())
    }
}

fn order_kind(lease: &OrderLease) -> OrderKind {
    match (lease.purpose, &lease.replaces) {
        (OrderPurpose::First, _) => OrderKind::New,
        (OrderPurpose::Renewal, None) => OrderKind::SameNames,
        (OrderPurpose::Renewal, Some(_)) => OrderKind::Replaces,
    }
}
