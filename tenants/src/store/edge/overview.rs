//! What whoever runs the installation asks about domains and certificates.

use crate::{
    Domain, DomainCause, DomainId, DomainState, OrderPurpose, Timestamp,
    store::{
        PlatformTx, StoreError,
        conn::Row,
        domains::domain,
        statement::{args, statements},
    },
    values::{Host, Slug},
};

statements! {
    OF_HOST = "select d.*, a.slug as agency_slug, cast(case when d.bound = 1 and (a.primary_host = d.host or (a.primary_host is null and d.kind = 'platform')) then 1 else 0 end as bigint) as is_primary, c.serial, c.issuer, c.not_before, c.not_after from domains d join agencies a on a.id = d.agency_id left join certificates c on c.agency_id = d.agency_id and c.domain_id = d.id and c.in_use = 1 where d.host = $1 order by d.bound desc, d.id desc limit 100";
    ORDER = "select * from orders where domain_id = $1";
    DOMAINS = "select state, count(*) as count from domains group by state order by state";
    ORDERS = "select purpose, state, count(*) as count from orders group by purpose, state order by purpose, state";
    CERTIFICATES = "select case when c.not_after > $1 then 'valid' else 'expired' end as state, count(*) as count, min(case when d.state = 'live' then c.not_after end) as soonest from certificates c join domains d on d.agency_id = c.agency_id and d.id = c.domain_id where c.in_use = 1 group by 1 order by 1";
}

/// A claim to a host, as whoever runs the installation sees it.
#[derive(Clone, Debug)]
pub struct HostClaim {
    pub domain: Domain,
    pub agency: Slug,
    /// The change that edges must have seen to serve it as it is now.
    pub version: i64,
}

/// An order as it stands.
#[derive(Clone, Debug)]
pub struct OpenOrder {
    pub purpose: OrderPurpose,
    /// `wanted`, `placed` or `finalizing`.
    pub state: String,
    pub issuer: Option<String>,
    pub url: Option<String>,
    /// Tries that failed.
    pub attempts: i64,
    pub cause: Option<DomainCause>,
    /// What the issuer answered to the last try that failed.
    pub problem: Option<serde_json::Value>,
    /// When it is due.
    pub run_at: Timestamp,
    /// Which worker is at it, and until when.
    pub lease: Option<(String, Timestamp)>,
    pub created_at: Timestamp,
}

/// How many there are of what.
#[derive(Clone, Debug, Default)]
pub struct EdgeCounts {
    pub domains: Vec<(DomainState, i64)>,
    /// By purpose and state.
    pub orders: Vec<(OrderPurpose, String, i64)>,
    /// Certificates in use, `valid` and `expired`.
    pub certificates: Vec<(String, i64)>,
    /// When the first one of a live domain runs out. What leads elsewhere or waits for its owner is not renewed.
    pub soonest_expiry: Option<Timestamp>,
}

impl PlatformTx {
    /// Every claim to a host, also released ones: who holds it first, then the newest.
    pub async fn domains_of_host(&mut self, host: &Host) -> Result<Vec<HostClaim>, StoreError> {
        let rows = self.inner.all(OF_HOST, args![host]).await?;
        let claim = |row: &Row| {
            Ok(HostClaim {
                domain: domain(row)?,
                agency: row.parsed("agency_slug")?,
                version: row.int("version")?,
            })
        };
        rows.iter().map(claim).collect()
    }

    pub async fn order_of_domain(
        &mut self,
        id: &DomainId,
    ) -> Result<Option<OpenOrder>, StoreError> {
        let row = self.inner.optional(ORDER, args![id]).await?;
        row.as_ref().map(order).transpose()
    }

    pub async fn edge_counts(&mut self) -> Result<EdgeCounts, StoreError> {
        let mut counts = EdgeCounts::default();
        for row in self.inner.all(DOMAINS, &[]).await? {
            counts
                .domains
                .push((row.parsed("state")?, row.int("count")?));
        }
        for row in self.inner.all(ORDERS, &[]).await? {
            let (purpose, state) = (row.parsed("purpose")?, row.text("state")?);
            counts.orders.push((purpose, state, row.int("count")?));
        }
        let now = self.now();
        for row in self.inner.all(CERTIFICATES, args![now]).await? {
            counts
                .certificates
                .push((row.text("state")?, row.int("count")?));
            let soonest = [counts.soonest_expiry, row.optional_time("soonest")?];
            counts.soonest_expiry = soonest.into_iter().flatten().min();
        }
        Ok(counts)
    }
}

fn order(row: &Row) -> Result<OpenOrder, StoreError> {
    let lease = match (
        row.optional_text("lease_owner")?,
        row.optional_time("lease_until")?,
    ) {
        (Some(owner), Some(until)) => Some((owner, until)),
        _ => None,
    };
    let problem = row.optional_text("problem")?;
    Ok(OpenOrder {
        purpose: row.parsed("purpose")?,
        state: row.text("state")?,
        issuer: row.optional_text("issuer")?,
        url: row.optional_text("url")?,
        attempts: row.int("attempts")?,
        cause: row.optional_parsed("cause")?,
        problem: problem.and_then(|text| serde_json::from_str(&text).ok()),
        run_at: row.time("run_at")?,
        lease,
        created_at: row.time("created_at")?,
    })
}
