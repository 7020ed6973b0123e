//! What certificates need of the store. A trait, so that a year of renewals can be tried out in a second.

use super::budget::Limit;
use async_trait::async_trait;
use latchkey_tenants::store::{Held, NewCertificate, OpenChallenge, OrderLease};
use latchkey_tenants::{
    AgencyId, ChallengeKind, CurrentCertificate, DomainCause, StoreError, Timestamp, values::Host,
};
use serde_json::Value;
use std::time::Duration;

/// Each call is one transaction. What takes a lease writes only while it is held.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// Leases at most `limit` of the orders that are due: agencies in turn from the one that follows `after`, of each the
    /// urgent ones first.
    async fn orders_due(
        &self,
        owner: &str,
        limit: i64,
        lease: Duration,
        after: Option<&AgencyId>,
    ) -> Result<Vec<OrderLease>, StoreError>;

    /// Holds it for another `lease`.
    async fn order_keep(&self, order: &OrderLease, lease: Duration) -> Result<Held, StoreError>;

    async fn order_placed(
        &self,
        order: &OrderLease,
        issuer: &str,
        url: &str,
        sealed_key: &[u8],
    ) -> Result<Held, StoreError>;

    async fn order_finalizing(&self, order: &OrderLease) -> Result<Held, StoreError>;

    /// Puts the certificate to use and ends the order.
    async fn order_done(
        &self,
        order: &OrderLease,
        certificate: NewCertificate<'_>,
    ) -> Result<Held, StoreError>;

    /// Forgets what was placed and ends its challenges. `next_at`: None gives up.
    async fn order_failed(
        &self,
        order: &OrderLease,
        problem: Value,
        cause: DomainCause,
        next_at: Option<Timestamp>,
    ) -> Result<Held, StoreError>;

    /// Nothing went wrong with the host: what was placed stays, and no attempt is counted. `cause`: None tells nobody.
    async fn order_postpone(
        &self,
        order: &OrderLease,
        until: Timestamp,
        cause: Option<DomainCause>,
        problem: Value,
    ) -> Result<Held, StoreError>;

    /// False: the host is the agency's no more.
    async fn challenge_put(
        &self,
        order: &OrderLease,
        kind: ChallengeKind,
        token: &str,
        key_authorization: &str,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// All that are open, newest first.
    async fn challenges_open(&self) -> Result<Vec<OpenChallenge>, StoreError>;

    async fn account(&self, issuer: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// False: somebody else was first; read theirs.
    async fn account_put(&self, issuer: &str, sealed: &[u8]) -> Result<bool, StoreError>;

    /// One of each, or none and how long to wait.
    async fn budget_take(
        &self,
        issuer: &str,
        host: &Host,
        limits: &[Limit],
    ) -> Result<Result<(), Duration>, StoreError>;

    async fn budget_left(
        &self,
        issuer: &str,
        host: &Host,
        limit: &Limit,
    ) -> Result<i64, StoreError>;

    /// Certificates in use that are to be renewed or asked about, without an open order.
    async fn renewals_due(&self, limit: i64) -> Result<Vec<CurrentCertificate>, StoreError>;

    async fn renewal_want(
        &self,
        certificate: &CurrentCertificate,
        replaces: Option<&str>,
    ) -> Result<(), StoreError>;

    async fn ari_noted(
        &self,
        certificate: &CurrentCertificate,
        renew_at: Timestamp,
        ari_next_at: Timestamp,
    ) -> Result<(), StoreError>;
}
