use crate::{
    AgencyId, AgencyStatus, CertificateId, DomainId, DomainState, Timestamp,
    certificate::unpack_chain,
    store::{
        PlatformTx, StoreError,
        conn::Row,
        statement::{args, statements},
    },
    values::{Email, Host, Name, Slug},
};

statements! {
    HOSTS = "select d.id, d.agency_id, d.host, d.state, d.bound, d.version, c.id as certificate_id, c.chain, c.sealed_key, c.not_before, c.not_after, c.serial from domains d left join certificates c on c.agency_id = d.agency_id and c.domain_id = d.id and c.in_use = 1 and d.bound = 1 where d.version > $1 and d.version <= $2 and (d.bound = 1 or $1 > 0) order by d.version limit $3";
    AGENCIES = "select id, slug, name, support_email, brand_color, status, version from agencies where version > $1 and version <= $2 order by version limit $3";
}

/// What changed for edges, by the number of the change.
#[derive(Clone, Debug, Default)]
pub struct EdgeChanges {
    /// Every host's last word comes from whom it belongs to now: an entry with `served: false` takes away only the entry of
    /// the same `domain_id`.
    pub hosts: Vec<EdgeHost>,
    pub agencies: Vec<EdgeAgency>,
    /// Ask for what is newer than this next.
    pub up_to: i64,
    /// There is more at once.
    pub more: bool,
    /// Rows that could not be read and are left out: what was known of them goes on.
    pub unreadable: usize,
    /// The domains among them.
    pub unreadable_domains: Vec<DomainId>,
}

/// A host of an agency, as an edge serves it.
#[derive(Clone, Debug)]
pub struct EdgeHost {
    pub host: Host,
    pub domain_id: DomainId,
    pub agency_id: AgencyId,
    pub state: DomainState,
    /// The host is the agency's; false: it was.
    pub served: bool,
    pub certificate: Option<EdgeCertificate>,
    pub version: i64,
}

#[derive(Clone, Debug)]
pub struct EdgeCertificate {
    pub id: CertificateId,
    /// DER, leaf first.
    pub chain: Vec<Vec<u8>>,
    /// PKCS #8, sealed by the edge's key.
    pub sealed_key: Vec<u8>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// Hex, lower case.
    pub serial: String,
}

/// What an edge says in an agency's name.
#[derive(Clone, Debug)]
pub struct EdgeAgency {
    pub id: AgencyId,
    pub slug: Slug,
    pub name: Name,
    pub support_email: Option<Email>,
    /// `#rrggbb`
    pub brand_color: String,
    pub status: AgencyStatus,
    pub version: i64,
}

impl PlatformTx {
    /// The number of the newest change.
    pub async fn edge_version(&mut self) -> Result<i64, StoreError> {
        self.inner.version_now().await
    }

    /// What changed since number `since`, oldest change first, at most `limit` hosts and as many agencies; of a row only its
    /// last change. From 0 it is everything that is served.
    pub async fn edge_changes(
        &mut self,
        since: i64,
        limit: i64,
    ) -> Result<EdgeChanges, StoreError> {
        let (since, limit) = (since.max(0), limit.max(1));
        let now = self.inner.version_now().await?;
        let page = args![since, now, limit];
        let hosts = self.inner.all(HOSTS, page).await?;
        let agencies = self.inner.all(AGENCIES, page).await?;
        let up_to = now
            .min(end_of(&hosts, limit)?)
            .min(end_of(&agencies, limit)?);
        let mut changes = EdgeChanges {
            up_to,
            more: up_to < now,
            ..EdgeChanges::default()
        };
        for row in &hosts {
            if row.int("version")? <= up_to {
                match host(row) {
                    Ok(host) => changes.hosts.push(host),
                    Err(_) => {
                        changes.unreadable += 1;
                        changes.unreadable_domains.extend(row.parsed("id").ok());
                    }
                }
            }
        }
        for row in &agencies {
            if row.int("version")? <= up_to {
                match agency(row) {
                    Ok(agency) => changes.agencies.push(agency),
                    Err(_) => changes.unreadable += 1,
                }
            }
        }
        Ok(changes)
    }
}

/// Up to where a list that may have been cut is whole.
fn end_of(rows: &[Row], limit: i64) -> Result<i64, StoreError> {
    match rows.last() {
        Some(last) if i64::try_from(rows.len()).is_ok_and(|count| count >= limit) => {
            last.int("version")
        }
        _ => Ok(i64::MAX),
    }
}

fn host(row: &Row) -> Result<EdgeHost, StoreError> {
    let served = row.flag("bound")?;
    let certificate = match row.optional_parsed("certificate_id")? {
        Some(id) if served => Some(certificate(row, id)?),
        _ => None,
    };
    Ok(EdgeHost {
        host: row.parsed("host")?,
        domain_id: row.parsed("id")?,
        agency_id: row.parsed("agency_id")?,
        state: row.parsed("state")?,
        served,
        certificate,
        version: row.int("version")?,
    })
}

fn certificate(row: &Row, id: CertificateId) -> Result<EdgeCertificate, StoreError> {
    let chain = unpack_chain(&row.bytes("chain")?);
    Ok(EdgeCertificate {
        id,
        chain: chain.ok_or_else(|| StoreError::corrupt("chain", "it is cut"))?,
        sealed_key: row.bytes("sealed_key")?,
        not_before: row.time("not_before")?,
        not_after: row.time("not_after")?,
        serial: row.text("serial")?,
    })
}

fn agency(row: &Row) -> Result<EdgeAgency, StoreError> {
    Ok(EdgeAgency {
        id: row.parsed("id")?,
        slug: row.parsed("slug")?,
        name: row.parsed("name")?,
        support_email: row.optional_parsed("support_email")?,
        brand_color: row.text("brand_color")?,
        status: row.parsed("status")?,
        version: row.int("version")?,
    })
}
