//! Whose a host is, over the whole installation.

use crate::{
    AgencyId, Domain, DomainId, DomainKind, DomainState, EventType, NewEvent,
    store::{
        Inner, StoreError, Tx,
        conn::Row,
        statement::{args, statements},
    },
    values::Host,
};

statements! {
    HOLDER = "select id, agency_id, kind, state, bindings_seen from domains where host = $1 and bound = 1";
    QUARANTINED = "select 1 as held from domains where host = $1 and agency_id <> $2 and quarantine_until > $3 limit 1";
    BINDINGS = "select version from edge_version where name = 'bindings'";
}

/// The claim that a host is bound to.
pub(in crate::store) struct Holder {
    pub id: DomainId,
    pub agency_id: AgencyId,
    pub kind: DomainKind,
    pub state: DomainState,
    /// Its own number among all bindings.
    pub bindings_seen: i64,
}

impl Holder {
    /// Whether a proven and routed claim takes the host over: the holder's DNS has left, or the proof is newer than the
    /// binding. `seen` is how many bindings there were when the claim's token was made.
    fn gives_way(&self, seen: i64) -> bool {
        self.kind == DomainKind::Custom
            && (self.state == DomainState::Drifted || seen >= self.bindings_seen)
    }
}

impl Tx {
    /// How many bindings there were, who holds the host, and whether another agency released it lately.
    pub(in crate::store) async fn rivals_for(
        &mut self,
        host: &Host,
    ) -> Result<(i64, Option<Holder>, bool), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        self.across_agencies(async |inner| {
            let row = inner.optional(BINDINGS, &[]).await?;
            let row = row.ok_or_else(|| StoreError::gone("edge_version"))?;
            let holder = inner.holder_of(host).await?;
            let quarantined = args![host, &agency, now];
            let quarantined = inner.optional(QUARANTINED, quarantined).await?;
            Ok((row.int("version")?, holder, quarantined.is_some()))
        })
        .await
    }

    /// Takes the host from whoever has to give way. False: somebody else keeps it. The turns of bindings and of the agency
    /// are taken before: so nobody else takes a second agency's turn, and nobody waits in a circle.
    pub(super) async fn host_make_free(
        &mut self,
        domain: &Domain,
        seen: i64,
    ) -> Result<bool, StoreError> {
        if let Some(holder) = self.holder_of(&domain.host).await? {
            self.as_agency(&holder.agency_id, async |tx| tx.take_turn().await)
                .await?;
        }
        // It may have been released while we waited for its agency's turn.
        let Some(holder) = self.holder_of(&domain.host).await? else {
            return Ok(true);
        };
        if !holder.gives_way(seen) {
            return Ok(false);
        }
        let data = |moved: &str| serde_json::json!({ "host": domain.host, "moved": moved });
        self.as_agency(&holder.agency_id, async |tx| {
            let lost = tx.domain_existing(&holder.id).await?;
            if lost.primary {
                tx.primary_host_set(Some(&lost.id), None, "system").await?;
            }
            tx.record(NewEvent {
                kind: EventType::DomainTransferred,
                actor: "system",
                subject: lost.id.as_str(),
                data: data("away"),
            })
            .await?;
            tx.domain_end(&lost, None).await
        })
        .await?;
        self.record(NewEvent {
            kind: EventType::DomainTransferred,
            actor: "system",
            subject: domain.id.as_str(),
            data: data("here"),
        })
        .await?;
        Ok(true)
    }

    async fn holder_of(&mut self, host: &Host) -> Result<Option<Holder>, StoreError> {
        self.across_agencies(async |inner| inner.holder_of(host).await)
            .await
    }
}

impl Inner {
    async fn holder_of(&mut self, host: &Host) -> Result<Option<Holder>, StoreError> {
        let row = self.optional(HOLDER, args![host]).await?;
        row.as_ref().map(holder).transpose()
    }
}

fn holder(row: &Row) -> Result<Holder, StoreError> {
    Ok(Holder {
        id: row.parsed("id")?,
        agency_id: row.parsed("agency_id")?,
        kind: row.parsed("kind")?,
        state: row.parsed("state")?,
        bindings_seen: row.int("bindings_seen")?,
    })
}
