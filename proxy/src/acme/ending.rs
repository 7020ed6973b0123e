//! What becomes of an order that did not come to its end.

use super::budget::Counts;
use super::issuer::Asked;
use super::order::{Desk, Outcome, Stop};
use super::refusal::Refusal;
use super::retry;
use crate::domains::for_order;
use latchkey_tenants::store::{Held, OrderLease};
use latchkey_tenants::{DomainCause, StoreError, values::Host};
use serde_json::{Value, json};
use std::time::Duration;

impl Desk {
    pub(super) async fn stopped(
        &self,
        lease: &OrderLease,
        stop: Stop,
    ) -> Result<Outcome, StoreError> {
        match stop {
            Stop::Lost => Ok(Outcome::Lost),
            Stop::Store(error) => Err(error),
            Stop::Wait { until, cause } => {
                let reason = cause.map_or("slow", DomainCause::as_str);
                self.metrics.ended("", "put_off", reason);
                let said = cause.map_or(Value::Null, |cause| told(cause, None));
                let held = self
                    .ledger
                    .order_postpone(lease, until, cause, said)
                    .await?;
                Ok(kept(held, Outcome::PutOff))
            }
            Stop::Refused {
                issuer,
                refusal,
                ended,
            } => self.refused(lease, &issuer, &refusal, ended).await,
        }
    }

    async fn refused(
        &self,
        lease: &OrderLease,
        issuer: &str,
        refusal: &Refusal,
        ended: bool,
    ) -> Result<Outcome, StoreError> {
        let asked = self.issuers.named(issuer);
        let number = asked.map_or("", |asked| asked.number.as_str());
        if let Some(asked) = asked {
            self.issuers.refused(asked, refusal).await;
        }
        let (now, entropy) = (self.clock.now(), &*self.entropy);
        let cause = retry::cause(refusal);
        let said = told(cause, Some((issuer, refusal)));
        if refusal.is_temporary() && !ended {
            self.metrics.ended(number, "put_off", refusal.kind.as_str());
            let until = retry::while_away(lease, refusal, now, entropy);
            let held = self.ledger.order_postpone(lease, until, Some(cause), said);
            let held = held.await?;
            return Ok(kept(held, Outcome::PutOff));
        }
        self.metrics.ended(number, "failed", refusal.kind.as_str());
        let wait = match asked {
            Some(asked) if refusal.is_validation() => {
                self.spend_failure(asked, &lease.host).await?
            }
            _ => None,
        };
        let next_at = retry::after_failure(lease, refusal.retry_after.max(wait), now, entropy);
        let held = self
            .ledger
            .order_failed(lease, said, cause, next_at)
            .await?;
        Ok(kept(held, Outcome::Failed))
    }

    /// How long the authority takes no more validations of this host.
    async fn spend_failure(
        &self,
        asked: &Asked,
        host: &Host,
    ) -> Result<Option<Duration>, StoreError> {
        let failures = asked
            .limits
            .iter()
            .find(|limit| limit.counts == Counts::Failures);
        let Some(limit) = failures else {
            return Ok(None);
        };
        let name = asked.issuer.name();
        let taken = self
            .ledger
            .budget_take(name, host, std::slice::from_ref(limit));
        Ok(taken.await?.err())
    }
}

/// What the domain's log keeps and its owner reads.
fn told(cause: DomainCause, by: Option<(&str, &Refusal)>) -> Value {
    let words = for_order(cause, by.map(|(_, refusal)| refusal.detail()));
    json!({
        "problem": words.as_ref().map(|words| &words.problem),
        "next_step": words.as_ref().map(|words| &words.next_step),
        "issuer": by.map(|(issuer, _)| issuer),
        "reason": by.map(|(_, refusal)| refusal.kind),
        "document": by.map(|(_, refusal)| &refusal.document),
    })
}

fn kept(held: Held, outcome: Outcome) -> Outcome {
    match held {
        Held::Yes => outcome,
        Held::Lost => Outcome::Lost,
    }
}
