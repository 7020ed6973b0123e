//! Which domains are due for a check, and who does it.

use std::time::Duration;

use super::turns::Turn;
use crate::{
    Domain, DomainId, Timestamp,
    store::{
        PlatformTx, StoreError,
        conn::Row,
        domains::domain,
        statement::{args, statements},
    },
    values::Slug,
};

statements! {
    DUE = "select 1 as due from domains where next_check_at <= $1 and (lease_until is null or lease_until <= $1) limit 1";
    NEXT = "select min(next_check_at) as next from domains";
    LEASE = "update domains set lease_owner = $1, lease_until = $3, next_check_at = $3, epoch = epoch + 1 where id in (select id from domains where next_check_at <= $2 and (lease_until is null or lease_until <= $2) order by next_check_at, id limit $4) and next_check_at <= $2 and (lease_until is null or lease_until <= $2) returning id";
    LEASED = "select d.*, a.slug as agency_slug, cast(case when d.bound = 1 and (a.primary_host = d.host or (a.primary_host is null and d.kind = 'platform')) then 1 else 0 end as bigint) as is_primary, c.serial, c.issuer, c.not_before, c.not_after, (select count(*) from domains o where o.host = d.host and o.bound = 1 and o.agency_id <> d.agency_id) as contested from domains d join agencies a on a.id = d.agency_id left join certificates c on c.agency_id = d.agency_id and c.domain_id = d.id and c.in_use = 1 where d.id = $1";
}

/// A domain that one worker checks: until the lease ends, and as long as nobody took it over.
#[derive(Clone, Debug)]
pub struct DomainLease {
    pub domain: Domain,
    pub agency_slug: Slug,
    /// Another agency holds the host.
    pub contested_by: bool,
    pub owner: String,
    /// Counts leases: only the holder of the newest may write.
    pub epoch: i64,
    /// Since its claim.
    pub age: Duration,
    /// Somebody looks at it.
    pub watched: bool,
    /// Checks in a row that found nothing new.
    pub quiet_checks: i64,
}

impl PlatformTx {
    /// When the next domain is due, or the first lease ends. Takes no lock.
    pub async fn domains_next(&mut self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.inner.optional(NEXT, args![]).await?;
        row.map_or(Ok(None), |row| row.optional_time("next"))
    }

    /// Leases up to `limit` domains that are due, longest due first.
    pub async fn domains_due(
        &mut self,
        owner: &str,
        limit: i64,
        lease: Duration,
    ) -> Result<Vec<DomainLease>, StoreError> {
        let now = self.now();
        if self.inner.optional(DUE, args![now]).await?.is_none() {
            return Ok(Vec::new());
        }
        self.inner.take_turn_of(Turn::Leases).await?;
        let until = now.plus(lease);
        let claimed = self
            .inner
            .all(LEASE, args![owner, now, until, limit])
            .await?;
        let mut leases = Vec::with_capacity(claimed.len());
        for row in &claimed {
            let id: DomainId = row.parsed("id")?;
            let row = self.inner.optional(LEASED, args![&id]).await?;
            let row = row.ok_or_else(|| StoreError::gone("domain"))?;
            leases.push(leased(&row, owner, now)?);
        }
        leases.sort_by_key(|lease| lease.domain.created_at);
        Ok(leases)
    }
}

fn leased(row: &Row, owner: &str, now: Timestamp) -> Result<DomainLease, StoreError> {
    let domain = domain(row)?;
    let age = now.micros().saturating_sub(domain.created_at.micros());
    Ok(DomainLease {
        agency_slug: row.parsed("agency_slug")?,
        contested_by: row.flag("contested")?,
        owner: owner.to_owned(),
        epoch: row.int("epoch")?,
        age: Duration::from_micros(u64::try_from(age).unwrap_or(0)),
        watched: row
            .optional_time("watched_until")?
            .is_some_and(|until| until > now),
        quiet_checks: row.int("quiet_checks")?,
        domain,
    })
}
