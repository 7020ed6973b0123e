use super::budget::Limit;
use super::ledger::Ledger;
use async_trait::async_trait;
use latchkey_tenants::store::{BudgetUse, Held, NewCertificate, OpenChallenge, OrderLease};
use latchkey_tenants::{
    AgencyId, ChallengeKind, CurrentCertificate, DomainCause, Store, StoreError, Timestamp,
    values::Host,
};
use serde_json::Value;
use std::time::Duration;

/// One statement or more in a transaction of the lease's agency.
macro_rules! in_agency {
    ($store:expr, $agency:expr, $call:ident($($argument:expr),*)) => {{
        let mut tx = $store.begin(&$agency).await?;
        let result = tx.$call($($argument),*).await?;
        tx.commit().await?;
        Ok(result)
    }};
}

macro_rules! in_platform {
    ($store:expr, $call:ident($($argument:expr),*)) => {{
        let mut tx = $store.begin_platform().await?;
        let result = tx.$call($($argument),*).await?;
        tx.commit().await?;
        Ok(result)
    }};
}

#[async_trait]
impl Ledger for Store {
    async fn orders_due(
        &self,
        owner: &str,
        limit: i64,
        lease: Duration,
        after: Option<&AgencyId>,
    ) -> Result<Vec<OrderLease>, StoreError> {
        in_platform!(self, orders_due(owner, limit, lease, after))
    }

    async fn order_keep(&self, order: &OrderLease, lease: Duration) -> Result<Held, StoreError> {
        in_agency!(self, order.agency_id, order_keep(order, lease))
    }

    async fn order_placed(
        &self,
        order: &OrderLease,
        issuer: &str,
        url: &str,
        sealed_key: &[u8],
    ) -> Result<Held, StoreError> {
        in_agency!(
            self,
            order.agency_id,
            order_placed(order, issuer, url, sealed_key)
        )
    }

    async fn order_finalizing(&self, order: &OrderLease) -> Result<Held, StoreError> {
        in_agency!(self, order.agency_id, order_finalizing(order))
    }

    async fn order_done(
        &self,
        order: &OrderLease,
        certificate: NewCertificate<'_>,
    ) -> Result<Held, StoreError> {
        in_agency!(self, order.agency_id, order_done(order, certificate))
    }

    async fn order_failed(
        &self,
        order: &OrderLease,
        problem: Value,
        cause: DomainCause,
        next_at: Option<Timestamp>,
    ) -> Result<Held, StoreError> {
        in_agency!(
            self,
            order.agency_id,
            order_failed(order, problem, cause, next_at)
        )
    }

    async fn order_postpone(
        &self,
        order: &OrderLease,
        until: Timestamp,
        cause: Option<DomainCause>,
        problem: Value,
    ) -> Result<Held, StoreError> {
        in_agency!(
            self,
            order.agency_id,
            order_postpone(order, until, cause, problem)
        )
    }

    async fn challenge_put(
        &self,
        order: &OrderLease,
        kind: ChallengeKind,
        token: &str,
        key_authorization: &str,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let host = &order.host;
        in_agency!(
            self,
            order.agency_id,
            challenge_put(host, kind, token, key_authorization, expires_at)
        )
    }

    async fn challenges_open(&self) -> Result<Vec<OpenChallenge>, StoreError> {
        let mut tx = self.read_platform().await?;
        tx.challenges_open().await
    }

    async fn account(&self, issuer: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut tx = self.read_platform().await?;
        tx.acme_account(issuer).await
    }

    async fn account_put(&self, issuer: &str, sealed: &[u8]) -> Result<bool, StoreError> {
        in_platform!(self, acme_account_put(issuer, sealed))
    }

    async fn budget_take(
        &self,
        issuer: &str,
        host: &Host,
        limits: &[Limit],
    ) -> Result<Result<(), Duration>, StoreError> {
        let keys: Vec<_> = limits.iter().map(|limit| limit.key(host)).collect();
        let uses: Vec<_> = limits
            .iter()
            .zip(&keys)
            .map(|(limit, key)| budget_use(issuer, limit, key))
            .collect();
        in_platform!(self, budget_take(&uses))
    }

    async fn budget_left(
        &self,
        issuer: &str,
        host: &Host,
        limit: &Limit,
    ) -> Result<i64, StoreError> {
        let mut tx = self.read_platform().await?;
        tx.budget_left(&budget_use(issuer, limit, &limit.key(host)))
            .await
    }

    async fn renewals_due(&self, limit: i64) -> Result<Vec<CurrentCertificate>, StoreError> {
        let mut tx = self.read_platform().await?;
        tx.renewals_due(limit).await
    }

    async fn renewal_want(
        &self,
        certificate: &CurrentCertificate,
        replaces: Option<&str>,
    ) -> Result<(), StoreError> {
        let replaces = replaces.map(str::to_owned);
        let wanted: Result<bool, StoreError> = in_agency!(
            self,
            certificate.agency_id,
            renewal_want(certificate, replaces)
        );
        wanted.map(|_| ())
    }

    async fn ari_noted(
        &self,
        certificate: &CurrentCertificate,
        renew_at: Timestamp,
        ari_next_at: Timestamp,
    ) -> Result<(), StoreError> {
        in_agency!(
            self,
            certificate.agency_id,
            ari_noted(&certificate.id, renew_at, ari_next_at)
        )
    }
}

fn budget_use<'a>(issuer: &'a str, limit: &Limit, key: &'a str) -> BudgetUse<'a> {
    BudgetUse {
        issuer,
        bucket: limit.bucket,
        key,
        burst: limit.burst,
        period: limit.period,
    }
}
