//! Which orders are due, and who works on them.

use std::time::Duration;

use super::turns::Turn;
use crate::{
    AgencyId, Domain, DomainId, OrderId, OrderPurpose, Timestamp,
    store::{
        PlatformTx, StoreError, Tx,
        conn::Row,
        statement::{args, statements},
    },
    values::Host,
};

statements! {
    DUE = "select 1 as due from orders o join domains d on d.agency_id = o.agency_id and d.id = o.domain_id where o.run_at <= $1 and (o.lease_until is null or o.lease_until <= $1) and d.bound = 1 and (d.state in ('verified', 'issuing', 'live') or (d.state = 'failing' and d.cause in ('order_failed', 'rate_limited', 'budget_spent', 'issuer_away'))) limit 1";
    LEASE = "update orders set lease_owner = $1, lease_until = $3, epoch = epoch + 1 where id in (select o.id from orders o join domains d on d.agency_id = o.agency_id and d.id = o.domain_id left join certificates c on c.agency_id = o.agency_id and c.domain_id = o.domain_id and c.in_use = 1 where o.run_at <= $2 and (o.lease_until is null or o.lease_until <= $2) and d.bound = 1 and (d.state in ('verified', 'issuing', 'live') or (d.state = 'failing' and d.cause in ('order_failed', 'rate_limited', 'budget_spent', 'issuer_away'))) order by row_number() over (partition by o.agency_id order by coalesce(c.not_after, 0), o.run_at, o.id), case when o.agency_id > $5 then 0 else 1 end, o.agency_id limit $4) and run_at <= $2 and (lease_until is null or lease_until <= $2) returning *";
    HOLD = "update orders set lease_until = lease_until where agency_id = $1 and id = $2 and lease_owner = $3 and epoch = $4";
    EXTEND = "update orders set lease_until = $3 where agency_id = $1 and id = $2";
}

/// An order that one worker is at: until the lease ends, and as long as nobody took it over.
#[derive(Clone, Debug)]
pub struct OrderLease {
    pub id: OrderId,
    pub agency_id: AgencyId,
    pub domain_id: DomainId,
    pub host: Host,
    pub purpose: OrderPurpose,
    /// Where it was placed; none: not yet, or the last try failed.
    pub issuer: Option<String>,
    /// What the certificate to be replaced is called (RFC 9773 §5).
    pub replaces: Option<String>,
    /// The order at the issuer: to be gone on with, not to be repeated.
    pub url: Option<String>,
    /// The issuer was asked to sign.
    pub finalizing: bool,
    pub sealed_key: Option<Vec<u8>>,
    /// Tries that failed.
    pub attempts: i64,
    pub created_at: Timestamp,
    pub owner: String,
    /// Counts leases: only the holder of the newest may write.
    pub epoch: i64,
}

/// Whether the lease still was the caller's. Where it was lost nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Held {
    Yes,
    Lost,
}

impl PlatformTx {
    /// Leases up to `limit` orders that are due: agencies in turn, beginning with the one that follows `after`; of each,
    /// hosts without a certificate first, then those whose runs out soonest. Orders of hosts whose DNS is not right wait.
    pub async fn orders_due(
        &mut self,
        owner: &str,
        limit: i64,
        lease: Duration,
        after: Option<&AgencyId>,
    ) -> Result<Vec<OrderLease>, StoreError> {
        let now = self.now();
        if self.inner.optional(DUE, args![now]).await?.is_none() {
            return Ok(Vec::new());
        }
        self.inner.take_turn_of(Turn::Leases).await?;
        let until = now.plus(lease);
        let after = after.map_or("", AgencyId::as_str);
        let claimed = args![owner, now, until, limit, after];
        let rows = self.inner.all(LEASE, claimed).await?;
        let leases: Result<Vec<_>, _> = rows.iter().map(|row| leased(row, owner)).collect();
        let mut leases = leases?;
        leases.sort_by_key(|lease| lease.created_at);
        Ok(leases)
    }
}

impl Tx {
    /// The lease lasts so long from now.
    pub async fn order_keep(
        &mut self,
        lease: &OrderLease,
        for_another: Duration,
    ) -> Result<Held, StoreError> {
        let until = self.now().plus(for_another);
        let agency = self.agency.clone();
        if self.order_held(lease).await?.is_none() {
            return Ok(Held::Lost);
        }
        self.inner
            .execute(EXTEND, args![&agency, &lease.id, until])
            .await?;
        Ok(Held::Yes)
    }

    /// The order's domain, both locked to the end. None: the lease is another's, or the domain was released.
    pub(super) async fn order_held(
        &mut self,
        lease: &OrderLease,
    ) -> Result<Option<Domain>, StoreError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        let hold = args![&agency, &lease.id, &lease.owner, lease.epoch];
        if self.inner.execute(HOLD, hold).await? == 0 {
            return Ok(None);
        }
        self.domain_existing(&lease.domain_id).await.map(Some)
    }
}

fn leased(row: &Row, owner: &str) -> Result<OrderLease, StoreError> {
    Ok(OrderLease {
        id: row.parsed("id")?,
        agency_id: row.parsed("agency_id")?,
        domain_id: row.parsed("domain_id")?,
        host: row.parsed("host")?,
        purpose: row.parsed("purpose")?,
        issuer: row.optional_text("issuer")?,
        replaces: row.optional_text("replaces")?,
        url: row.optional_text("url")?,
        finalizing: row.text("state")? == "finalizing",
        sealed_key: row.optional_bytes("sealed_key")?,
        attempts: row.int("attempts")?,
        created_at: row.time("created_at")?,
        owner: owner.to_owned(),
        epoch: row.int("epoch")?,
    })
}
