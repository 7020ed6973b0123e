//! Domains as their agency sees them. What workers find out about them is in `edge`.

use std::time::Duration;

use super::{
    StoreError, Tx,
    conn::Row,
    edge::bindings::Holder,
    search::pattern,
    statement::{args, statements},
    workspaces::before_id,
};
use crate::{
    ActionError, CertificateSummary, Domain, DomainId, DomainKind, DomainState, EventType,
    NewEvent, PageOf, Timestamp, id::kinds::DomainIdKind, values::Host,
};

statements! {
    CREATE = "insert into domains (id, agency_id, host, kind, state, bound, bindings_seen, token, findings, created_at, next_check_at, quiet_checks, log_seq, epoch, version) values ($2, $1, $3, $4, $5, 0, $6, $7, '{}', $8, $8, 0, 0, 0, 0)";
    ONE = "select d.*, cast(case when d.bound = 1 and (a.primary_host = d.host or (a.primary_host is null and d.kind = 'platform')) then 1 else 0 end as bigint) as is_primary, c.serial, c.issuer, c.not_before, c.not_after from domains d join agencies a on a.id = d.agency_id left join certificates c on c.agency_id = d.agency_id and c.domain_id = d.id and c.in_use = 1 where d.agency_id = $1 and d.id = $2";
    BY_HOST = "select d.*, cast(case when d.bound = 1 and (a.primary_host = d.host or (a.primary_host is null and d.kind = 'platform')) then 1 else 0 end as bigint) as is_primary, c.serial, c.issuer, c.not_before, c.not_after from domains d join agencies a on a.id = d.agency_id left join certificates c on c.agency_id = d.agency_id and c.domain_id = d.id and c.in_use = 1 where d.agency_id = $1 and d.host = $2 and d.state <> 'released'";
    LIST = "select d.*, cast(case when d.bound = 1 and (a.primary_host = d.host or (a.primary_host is null and d.kind = 'platform')) then 1 else 0 end as bigint) as is_primary, c.serial, c.issuer, c.not_before, c.not_after from domains d join agencies a on a.id = d.agency_id left join certificates c on c.agency_id = d.agency_id and c.domain_id = d.id and c.in_use = 1 where d.agency_id = $1 and d.id < $2 and d.state <> 'released' and (cast($3 as text) is null or d.host like $3 escape '!') order by d.id desc limit $4";
    WAITING = "select count(*) as waiting from domains where agency_id = $1 and kind = 'custom' and state not in ('live', 'released')";
    NEW_TOKEN = "update domains set token = $3, bindings_seen = $4, next_check_at = $5, quiet_checks = 0 where agency_id = $1 and id = $2 and bindings_seen < $6 and bound = 0";
    CHECK_NOW = "update domains set next_check_at = case when next_check_at is null or next_check_at > $3 then $3 else next_check_at end, quiet_checks = 0, order_after = null where agency_id = $1 and id = $2 and state <> 'released'";
    WATCH_IT = "update domains set watched_until = $3, next_check_at = case when state = 'live' then next_check_at when next_check_at is null or next_check_at > $4 then $4 else next_check_at end where agency_id = $1 and id = $2 and state <> 'released'";
    RELEASE = "update domains set state = 'released', bound = 0, released_at = $3, quarantine_until = $4, next_check_at = null, lease_owner = null, lease_until = null, epoch = epoch + 1, version = $5 where agency_id = $1 and id = $2";
    DROP_ORDERS = "delete from orders where agency_id = $1 and domain_id = $2";
    DROP_CERTIFICATES = "delete from certificates where agency_id = $1 and domain_id = $2";
    PRIMARY = "select primary_host from agencies where id = $1";
    SET_PRIMARY = "update agencies set primary_host = $2, version = $3 where id = $1";
}

/// Claims of an agency that are not live.
const MAX_WAITING: i64 = 100;
/// For so long after its release a host is not free for other agencies' asking.
const QUARANTINE: Duration = Duration::from_hours(7 * 24);
const CHECK_PAUSE: Duration = Duration::from_secs(2);
const WATCH: Duration = Duration::from_mins(1);
const WATCH_PAUSE: Duration = Duration::from_secs(10);
const WATCHED_CHECK: Duration = Duration::from_secs(5);

/// What became of a claim.
#[derive(Clone, Debug)]
pub enum Claim {
    New(Domain),
    /// The agency had claimed it before.
    Known(Domain),
    /// Another agency holds the host, or released it lately. The claim is stored all the same: its token in the DNS, made
    /// after the other's binding, is what takes the host over.
    Contested(Domain),
}

impl Tx {
    /// # Errors
    /// A conflict `too_many_domains`.
    pub async fn domain_claim(&mut self, host: &Host, actor: &str) -> Result<Claim, ActionError> {
        self.take_turn().await?;
        let known = self.domain_by_host(host).await?;
        if let Some(bound) = known.as_ref().filter(|domain| domain.bound) {
            return Ok(Claim::Known(bound.clone()));
        }
        let (bindings, holder, quarantined) = self.rivals_for(host).await?;
        let contested = holder.is_some() || quarantined;
        let domain = match (known, holder) {
            (Some(known), Some(holder)) => self.domain_new_token(&known, &holder, bindings).await?,
            (Some(known), None) if !contested => return Ok(Claim::Known(known)),
            (Some(known), None) => known,
            (None, _) => self.domain_create(host, bindings, contested, actor).await?,
        };
        Ok(if contested {
            Claim::Contested(domain)
        } else {
            Claim::New(domain)
        })
    }

    async fn domain_create(
        &mut self,
        host: &Host,
        bindings: i64,
        contested: bool,
        actor: &str,
    ) -> Result<Domain, ActionError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let waiting = self.inner.optional(WAITING, args![&agency]).await?;
        if waiting.map_or(Ok(0), |row| row.int("waiting"))? >= MAX_WAITING {
            let message = format!(
                "{MAX_WAITING} domains are not live yet: finish or remove some of them first"
            );
            return Err(ActionError::conflict("too_many_domains", message));
        }
        let id: DomainId = self.new_id();
        let token = self.entropy().short_token();
        let create = args![
            &agency,
            &id,
            host,
            DomainKind::Custom.as_str(),
            DomainState::PendingDns.as_str(),
            bindings,
            &token,
            now
        ];
        self.inner.execute(CREATE, create).await?;
        let data = serde_json::json!({ "host": host, "contested": contested });
        self.domain_note(&id, "claimed", &data).await?;
        self.record(NewEvent {
            kind: EventType::DomainClaimed,
            actor,
            subject: id.as_str(),
            data,
        })
        .await?;
        Ok(self.domain_existing(&id).await?)
    }

    /// A token from before the other's binding may stand in the DNS for years: it proves nothing against it.
    async fn domain_new_token(
        &mut self,
        known: &Domain,
        holder: &Holder,
        bindings: i64,
    ) -> Result<Domain, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let token = self.entropy().short_token();
        let renew = args![
            &agency,
            &known.id,
            &token,
            bindings,
            now,
            holder.bindings_seen
        ];
        if self.inner.execute(NEW_TOKEN, renew).await? > 0 {
            self.domain_note(&known.id, "new_token", &serde_json::json!({}))
                .await?;
        }
        self.domain_existing(&known.id).await
    }

    /// Newest first, without released ones. `text`: a part of the host; empty: any.
    pub async fn domains(
        &mut self,
        text: &str,
        page: &PageOf<DomainId>,
    ) -> Result<Vec<Domain>, StoreError> {
        let wanted = pattern(text);
        let agency = self.agency.clone();
        let after = before_id::<DomainIdKind>(page.after.as_ref().map(DomainId::as_str));
        let rows = self
            .inner
            .all(LIST, args![&agency, &after, wanted.as_deref(), page.limit])
            .await?;
        rows.iter().map(domain).collect()
    }

    /// Released ones too.
    pub async fn domain(&mut self, id: &DomainId) -> Result<Option<Domain>, StoreError> {
        let row = self.domain_row(id).await?;
        row.as_ref().map(domain).transpose()
    }

    /// With the columns that only workers ask for.
    pub(super) async fn domain_row(&mut self, id: &DomainId) -> Result<Option<Row>, StoreError> {
        let agency = self.agency.clone();
        self.inner.optional(ONE, args![&agency, id]).await
    }

    pub(super) async fn domain_existing(&mut self, id: &DomainId) -> Result<Domain, StoreError> {
        let found = self.domain(id).await?;
        found.ok_or_else(|| StoreError::gone("domain"))
    }

    /// The agency's claim to this host that is not released.
    pub async fn domain_by_host(&mut self, host: &Host) -> Result<Option<Domain>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(BY_HOST, args![&agency, host]).await?;
        row.as_ref().map(domain).transpose()
    }

    /// Lets the next check be due now, or two seconds after the last one.
    pub async fn domain_check_now(&mut self, id: &DomainId) -> Result<Domain, ActionError> {
        self.take_turn().await?;
        let found = self.domain(id).await?;
        let found = found.ok_or(ActionError::NotFound("domain"))?;
        let (agency, now) = (self.agency.clone(), self.now());
        let pause_over = found.checked_at.map(|last| last.plus(CHECK_PAUSE));
        let at = pause_over.map_or(now, |over| over.max(now));
        self.inner
            .execute(CHECK_NOW, args![&agency, id, at])
            .await?;
        Ok(self.domain_existing(id).await?)
    }

    /// Somebody looks at it: for a minute it is checked more often, until it is live.
    pub async fn domain_watch(&mut self, id: &DomainId) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let until = now.plus(WATCH);
        let Some(row) = self.domain_row(id).await? else {
            return Ok(());
        };
        if row.optional_time("watched_until")? >= Some(until.minus(WATCH_PAUSE)) {
            return Ok(());
        }
        self.take_turn().await?;
        let watch = args![&agency, id, until, now.plus(WATCHED_CHECK)];
        self.inner.execute(WATCH_IT, watch).await?;
        Ok(())
    }

    /// Gives the host up. The claim stays readable; the same agency can claim the host again at once.
    ///
    /// # Errors
    /// Conflicts `domain_is_primary` and `domain_is_platform`.
    pub async fn domain_release(
        &mut self,
        id: &DomainId,
        actor: &str,
    ) -> Result<Domain, ActionError> {
        self.take_turn().await?;
        let found = self.domain(id).await?;
        let found = found.ok_or(ActionError::NotFound("domain"))?;
        if found.state == DomainState::Released {
            return Ok(found);
        }
        if found.kind == DomainKind::Platform {
            let message = "this host is the agency's for good: it cannot be removed";
            return Err(ActionError::conflict("domain_is_platform", message));
        }
        if found.primary {
            let message = "links and pages live on this domain: make another one primary first";
            return Err(ActionError::conflict("domain_is_primary", message));
        }
        let data = serde_json::json!({ "host": found.host });
        self.record(NewEvent {
            kind: EventType::DomainReleased,
            actor,
            subject: id.as_str(),
            data,
        })
        .await?;
        let quarantine = found.bound.then(|| self.now().plus(QUARANTINE));
        self.domain_end(&found, quarantine).await?;
        Ok(self.domain_existing(id).await?)
    }

    /// Takes the host from the claim, with everything that was made for it. The agency's turn is taken before.
    pub(super) async fn domain_end(
        &mut self,
        domain: &Domain,
        quarantine_until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let note = serde_json::json!({ "from": domain.state });
        self.domain_note(&domain.id, "released", &note).await?;
        self.inner
            .execute(DROP_ORDERS, args![&agency, &domain.id])
            .await?;
        self.inner
            .execute(DROP_CERTIFICATES, args![&agency, &domain.id])
            .await?;
        self.challenges_end(&domain.host).await?;
        // Nobody was told of a claim that never was bound, so nobody has to be told of its end.
        let version = match domain.bound {
            true => self.inner.next_version().await?,
            false => 0,
        };
        let release = args![&agency, &domain.id, now, quarantine_until, version];
        self.inner.execute(RELEASE, release).await?;
        Ok(())
    }

    /// The host where links, pages and cookies live; none: `{slug}.{platform host}`.
    pub async fn agency_primary_host(&mut self) -> Result<Option<Host>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(PRIMARY, args![&agency]).await?;
        row.map_or(Ok(None), |row| row.optional_parsed("primary_host"))
    }

    /// Moves the agency's links, pages and cookies to this domain; none: to `{slug}.{platform host}`. Answers the new
    /// primary host, in the same sense as [`Tx::agency_primary_host`].
    ///
    /// # Errors
    /// A conflict `domain_not_live`.
    pub async fn domain_make_primary(
        &mut self,
        id: Option<&DomainId>,
        actor: &str,
    ) -> Result<Option<Host>, ActionError> {
        self.take_turn().await?;
        let host = match id {
            None => None,
            Some(id) => {
                let found = self.domain(id).await?;
                let found = found.ok_or(ActionError::NotFound("domain"))?;
                if found.kind == DomainKind::Custom && found.state != DomainState::Live {
                    let message = "only a domain that is live can become primary";
                    return Err(ActionError::conflict("domain_not_live", message));
                }
                (found.kind == DomainKind::Custom).then_some(found.host)
            }
        };
        self.primary_host_set(id, host.as_ref(), actor).await?;
        Ok(host)
    }

    pub(super) async fn primary_host_set(
        &mut self,
        id: Option<&DomainId>,
        host: Option<&Host>,
        actor: &str,
    ) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        let previous = self.agency_primary_host().await?;
        if previous.as_ref() == host {
            return Ok(());
        }
        self.record(NewEvent {
            kind: EventType::DomainPrimary,
            actor,
            subject: id.map_or(agency.as_str(), DomainId::as_str),
            data: serde_json::json!({ "host": host, "previous": previous }),
        })
        .await?;
        let version = self.inner.next_version().await?;
        self.inner
            .execute(SET_PRIMARY, args![&agency, host, version])
            .await?;
        Ok(())
    }
}

pub(super) fn domain(row: &Row) -> Result<Domain, StoreError> {
    let certificate = match row.optional_text("serial")? {
        Some(serial) => Some(CertificateSummary {
            serial,
            issuer: row.text("issuer")?,
            not_before: row.time("not_before")?,
            not_after: row.time("not_after")?,
        }),
        None => None,
    };
    Ok(Domain {
        id: row.parsed("id")?,
        agency_id: row.parsed("agency_id")?,
        host: row.parsed("host")?,
        kind: row.parsed("kind")?,
        state: row.parsed("state")?,
        bound: row.flag("bound")?,
        token: row.text("token")?,
        primary: row.flag("is_primary")?,
        cause: row.optional_parsed("cause")?,
        problem: row.optional_text("problem")?,
        next_step: row.optional_text("next_step")?,
        findings: row.json("findings")?,
        created_at: row.time("created_at")?,
        verified_at: row.optional_time("verified_at")?,
        live_at: row.optional_time("live_at")?,
        checked_at: row.optional_time("checked_at")?,
        next_check_at: row.optional_time("next_check_at")?,
        certificate,
    })
}
