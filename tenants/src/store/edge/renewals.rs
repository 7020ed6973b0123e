use crate::{
    CertificateId, CurrentCertificate, OrderId, Timestamp,
    store::{
        PlatformTx, StoreError, Tx,
        conn::Row,
        statement::{args, statements},
    },
};

statements! {
    DUE = "select c.id, c.agency_id, c.domain_id, d.host, c.issuer, c.serial, c.ari_id, c.not_before, c.not_after, c.renew_at, c.ari_next_at from certificates c join domains d on d.agency_id = c.agency_id and d.id = c.domain_id where c.id in (select id from certificates where in_use = 1 and renew_at <= $1 union select id from certificates where in_use = 1 and ari_next_at <= $1) and d.bound = 1 and d.state <> 'drifted' and (d.order_after is null or d.order_after <= $1) and not exists (select 1 from orders o where o.agency_id = c.agency_id and o.domain_id = c.domain_id) order by c.not_after, c.id limit $2";
    WANT = "insert into orders (id, agency_id, domain_id, host, purpose, state, replaces, attempts, run_at, epoch, created_at) select $2, c.agency_id, c.domain_id, d.host, 'renewal', 'wanted', $4, 0, cast($5 as bigint), 0, cast($5 as bigint) from certificates c join domains d on d.agency_id = c.agency_id and d.id = c.domain_id where c.agency_id = $1 and c.id = $3 and c.in_use = 1 and d.bound = 1 and (d.order_after is null or d.order_after <= cast($5 as bigint)) on conflict (domain_id) do nothing";
    NOTED = "update certificates set renew_at = $3, ari_next_at = $4 where agency_id = $1 and id = $2 and in_use = 1";
}

impl PlatformTx {
    /// Certificates in use that are to be renewed, or whose issuer is to be asked, soonest to run out first. Without those
    /// that an order is at, or whose last order was just given up, or whose host's DNS has left.
    pub async fn renewals_due(
        &mut self,
        limit: i64,
    ) -> Result<Vec<CurrentCertificate>, StoreError> {
        let now = self.now();
        let rows = self.inner.all(DUE, args![now, limit]).await?;
        rows.iter().map(certificate).collect()
    }
}

impl Tx {
    /// Opens an order that renews this certificate. False: there is an open one, or the certificate is no longer in use.
    pub async fn renewal_want(
        &mut self,
        certificate: &CurrentCertificate,
        replaces: Option<String>,
    ) -> Result<bool, StoreError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        let id: OrderId = self.new_id();
        let want = args![&agency, &id, &certificate.id, replaces.as_deref(), now];
        Ok(self.inner.execute(WANT, want).await? > 0)
    }

    /// What the issuer says about a certificate in use: when to renew it, and when to ask again.
    pub async fn ari_noted(
        &mut self,
        id: &CertificateId,
        renew_at: Timestamp,
        ari_next_at: impl Into<Option<Timestamp>>,
    ) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        let noted = args![&agency, id, renew_at, ari_next_at.into()];
        self.inner.execute(NOTED, noted).await?;
        Ok(())
    }
}

fn certificate(row: &Row) -> Result<CurrentCertificate, StoreError> {
    Ok(CurrentCertificate {
        id: row.parsed("id")?,
        agency_id: row.parsed("agency_id")?,
        domain_id: row.parsed("domain_id")?,
        host: row.parsed("host")?,
        issuer: row.text("issuer")?,
        serial: row.text("serial")?,
        ari_id: row.optional_text("ari_id")?,
        not_before: row.time("not_before")?,
        not_after: row.time("not_after")?,
        renew_at: row.time("renew_at")?,
        ari_next_at: row.optional_time("ari_next_at")?,
    })
}
