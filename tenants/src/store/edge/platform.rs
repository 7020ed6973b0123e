use crate::{
    AgencyId, DomainId, DomainKind, DomainState,
    store::{
        PlatformTx, StoreError, Tx,
        statement::{args, statements},
    },
    values::{Host, Slug},
};

statements! {
    MISSING = "select a.id, a.slug from agencies a where not exists (select 1 from domains d where d.agency_id = a.id and d.kind = 'platform' and d.bound = 1) order by a.id limit $1";
    PRESENT = "select id from domains where agency_id = $1 and kind = 'platform' and bound = 1";
    ADD = "insert into domains (id, agency_id, host, kind, state, bound, bindings_seen, token, findings, created_at, next_check_at, quiet_checks, log_seq, epoch, version) values ($2, $1, $3, $4, $5, 1, 0, $6, '{}', $7, $7, 0, 0, 0, $8) on conflict do nothing";
}

impl PlatformTx {
    /// Agencies whose host `{slug}.{platform host}` is not there yet.
    pub async fn platform_domains_missing(
        &mut self,
        limit: i64,
    ) -> Result<Vec<(AgencyId, Slug)>, StoreError> {
        let rows = self.inner.all(MISSING, args![limit]).await?;
        rows.iter()
            .map(|row| Ok((row.parsed("id")?, row.parsed("slug")?)))
            .collect()
    }
}

impl Tx {
    /// Gives the agency its host `{slug}.{platform host}`, to be checked at once like every other. Does nothing when it
    /// has one, or when the host is somebody else's.
    pub async fn domain_add_platform(&mut self, host: &Host) -> Result<(), StoreError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        let present = self.inner.optional(PRESENT, args![&agency]).await?;
        if present.is_some() {
            return Ok(());
        }
        let id: DomainId = self.new_id();
        let token = self.entropy().short_token();
        let version = self.inner.next_version().await?;
        let add = args![
            &agency,
            &id,
            host,
            DomainKind::Platform.as_str(),
            DomainState::PendingDns.as_str(),
            &token,
            now,
            version
        ];
        self.inner.execute(ADD, add).await?;
        Ok(())
    }
}
