//! Domains that an agency's mails come from, and the checks of their records.

use std::time::Duration;

use super::{
    PlatformTx, StoreError, Tx,
    conn::Row,
    statement::{args, statements},
};
use crate::{
    ActionError, AgencyId, EventType, NewEvent, SenderDomain, SenderDomainId, SenderState,
    SenderVerdict, values::Host,
};

statements! {
    CREATE = "insert into sender_domains (id, agency_id, host, token, state, findings, failures, quiet_checks, created_at, next_check_at) values ($2, $1, $3, $4, 'pending', '{}', 0, 0, $5, $5)";
    BY_HOST = "select * from sender_domains where agency_id = $1 and host = $2";
    ONE = "select * from sender_domains where agency_id = $1 and id = $2";
    LIST = "select * from sender_domains where agency_id = $1 order by id";
    VERIFIED = "select * from sender_domains where agency_id = $1 and state = 'verified' order by verified_at, id limit 1";
    CHECK_NOW = "update sender_domains set quiet_checks = 0, next_check_at = case when next_check_at > $3 then $3 else next_check_at end where agency_id = $1 and id = $2";
    RELEASE = "delete from sender_domains where agency_id = $1 and id = $2";
    REPORT = "update sender_domains set state = $3, findings = $4, problem = $5, failures = $6, quiet_checks = quiet_checks + 1, verified_at = case when $3 = 'verified' then coalesce(verified_at, $7) else null end, checked_at = $7, next_check_at = $8 where agency_id = $1 and id = $2";
    CLAIM = "update sender_domains set next_check_at = $2 where id = (select id from sender_domains where next_check_at <= $1 order by next_check_at limit 1) and next_check_at <= $1 returning agency_id, id";
    RIVALS = "update sender_domains set next_check_at = $3 where host = $1 and id <> $2 and state = 'verified'";
}

/// Of one agency.
const MOST: usize = 10;
/// A checker that died gives its domain back after this long.
const LEASE: Duration = Duration::from_mins(2);
/// The earliest moment of a check that was asked for, after the last one.
const CHECK_PAUSE: Duration = Duration::from_secs(2);

impl Tx {
    /// The agency's claim to send from a host, and whether it is new.
    ///
    /// # Errors
    /// A conflict `too_many_sender_domains`.
    pub async fn sender_domain_claim(
        &mut self,
        host: &Host,
        actor: &str,
    ) -> Result<(SenderDomain, bool), ActionError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        if let Some(row) = self.inner.optional(BY_HOST, args![&agency, host]).await? {
            return Ok((sender_domain(&row)?, false));
        }
        if self.sender_domains().await?.len() >= MOST {
            let message = format!("an agency has at most {MOST} sender domains: remove one first");
            return Err(ActionError::conflict("too_many_sender_domains", message));
        }
        let id: SenderDomainId = self.new_id();
        let token = token(&self.entropy().bytes::<8>());
        let create = args![&agency, &id, host, &token, now];
        self.inner.execute(CREATE, create).await?;
        self.sender_event(EventType::SenderClaimed, &id, host, actor)
            .await?;
        Ok((self.sender_domain_existing(&id).await?, true))
    }

    pub async fn sender_domain(
        &mut self,
        id: &SenderDomainId,
    ) -> Result<Option<SenderDomain>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(ONE, args![&agency, id]).await?;
        row.as_ref().map(sender_domain).transpose()
    }

    pub async fn sender_domain_existing(
        &mut self,
        id: &SenderDomainId,
    ) -> Result<SenderDomain, ActionError> {
        let found = self.sender_domain(id).await?;
        found.ok_or(ActionError::NotFound("sender domain"))
    }

    /// Oldest first; there are few.
    pub async fn sender_domains(&mut self) -> Result<Vec<SenderDomain>, StoreError> {
        let agency = self.agency.clone();
        let rows = self.inner.all(LIST, args![&agency]).await?;
        rows.iter().map(sender_domain).collect()
    }

    /// Where the agency's mails come from: its sender domain that is verified longest.
    pub async fn sender_domain_verified(&mut self) -> Result<Option<SenderDomain>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(VERIFIED, args![&agency]).await?;
        row.as_ref().map(sender_domain).transpose()
    }

    /// The next check comes as soon as it may.
    pub async fn sender_domain_check_now(
        &mut self,
        id: &SenderDomainId,
    ) -> Result<SenderDomain, ActionError> {
        self.take_turn().await?;
        let domain = self.sender_domain_existing(id).await?;
        let (agency, now) = (self.agency.clone(), self.now());
        let soonest = domain
            .checked_at
            .map(|at| at.plus(CHECK_PAUSE))
            .unwrap_or(now);
        let at = soonest.max(now);
        self.inner
            .execute(CHECK_NOW, args![&agency, id, at])
            .await?;
        self.sender_domain_existing(id).await
    }

    /// Mails leave from elsewhere from now on.
    pub async fn sender_domain_release(
        &mut self,
        id: &SenderDomainId,
        actor: &str,
    ) -> Result<SenderDomain, ActionError> {
        self.take_turn().await?;
        let domain = self.sender_domain_existing(id).await?;
        let agency = self.agency.clone();
        self.inner.execute(RELEASE, args![&agency, id]).await?;
        self.sender_event(EventType::SenderReleased, id, &domain.host, actor)
            .await?;
        Ok(domain)
    }

    /// What a check found. Nothing when the domain was removed meanwhile.
    pub async fn sender_domain_report(
        &mut self,
        id: &SenderDomainId,
        verdict: &SenderVerdict,
        findings: &serde_json::Value,
    ) -> Result<Option<SenderState>, StoreError> {
        self.take_turn().await?;
        let Some(domain) = self.sender_domain(id).await? else {
            return Ok(None);
        };
        let (agency, now) = (self.agency.clone(), self.now());
        let (state, failures) = domain.state.after(verdict, domain.failures);
        let pause = state.pause(failures, domain.quiet_checks, &*self.entropy());
        let problem = match verdict {
            SenderVerdict::Good => None,
            SenderVerdict::Wrong(why) | SenderVerdict::Unknown(why) => Some(why.as_str()),
        };
        let text = findings.to_string();
        let report = args![
            &agency,
            id,
            state.as_str(),
            &text,
            problem,
            failures,
            now,
            now.plus(pause)
        ];
        self.inner.execute(REPORT, report).await?;
        let event = match state {
            SenderState::Verified => EventType::SenderVerified,
            _ => EventType::SenderDrifted,
        };
        if state != domain.state {
            self.sender_event(event, id, &domain.host, "system").await?;
        }
        Ok(Some(state))
    }

    async fn sender_event(
        &mut self,
        kind: EventType,
        id: &SenderDomainId,
        host: &Host,
        actor: &str,
    ) -> Result<(), StoreError> {
        self.record(NewEvent {
            kind,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({ "host": host }),
        })
        .await?;
        Ok(())
    }
}

impl PlatformTx {
    /// The domain whose check is due longest, for this process alone for two minutes.
    pub async fn sender_domain_due(
        &mut self,
    ) -> Result<Option<(AgencyId, SenderDomainId)>, StoreError> {
        let now = self.now();
        let claim = args![now, now.plus(LEASE)];
        let row = self.inner.optional(CLAIM, claim).await?;
        row.map(|row| Ok((row.parsed("agency_id")?, row.parsed("id")?)))
            .transpose()
    }

    /// The host was proven by one agency: whoever else sends from it is looked at again at once.
    pub async fn sender_domain_rivals(
        &mut self,
        host: &Host,
        holder: &SenderDomainId,
    ) -> Result<(), StoreError> {
        let now = self.now();
        self.inner.execute(RIVALS, args![host, holder, now]).await?;
        Ok(())
    }
}

/// Lower case: it is part of a DNS name.
fn token(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sender_domain(row: &Row) -> Result<SenderDomain, StoreError> {
    Ok(SenderDomain {
        id: row.parsed("id")?,
        host: row.parsed("host")?,
        token: row.text("token")?,
        state: row.parsed("state")?,
        findings: row.json("findings")?,
        problem: row.optional_text("problem")?,
        created_at: row.time("created_at")?,
        verified_at: row.optional_time("verified_at")?,
        checked_at: row.optional_time("checked_at")?,
        next_check_at: row.time("next_check_at")?,
        failures: row.int("failures")?,
        quiet_checks: row.int("quiet_checks")?,
    })
}
