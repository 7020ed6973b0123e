//! What an agency hears by mail of its domains. The edge moves them and knows no mails, so whoever sends mails looks.

use std::time::Duration;

use super::{
    NewMail, PlatformTx, StoreError, Tx,
    statement::{args, statements},
};
use crate::{AgencyId, DomainId, DomainState, MailKind};

statements! {
    UNTOLD = "select agency_id, id from domains where kind = 'custom' and state in ('live', 'drifted') and (told is null or told <> state) and (told_at is null or told_at <= $1) order by id limit $2";
    TELL = "update domains set told = state, told_at = $3 where agency_id = $1 and id = $2 and kind = 'custom' and state in ('live', 'drifted') and (told is null or told <> state) returning state";
}

/// A domain that comes and goes is told of this often at the most.
const PAUSE: Duration = Duration::from_mins(10);

impl PlatformTx {
    /// Domains of agencies' own that went live, or away, since their agency last heard of them.
    pub async fn domains_untold(
        &mut self,
        limit: i64,
    ) -> Result<Vec<(AgencyId, DomainId)>, StoreError> {
        let before = self.now().minus(PAUSE);
        let rows = self.inner.all(UNTOLD, args![before, limit]).await?;
        rows.iter()
            .map(|row| Ok((row.parsed("agency_id")?, row.parsed("id")?)))
            .collect()
    }
}

impl Tx {
    /// Mails the agency that its domain is live, or that its DNS leads elsewhere. True: a mail was written. Doing it twice
    /// is doing it once.
    pub async fn domain_tell(&mut self, id: &DomainId) -> Result<bool, StoreError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        let told = self.inner.optional(TELL, args![&agency, id, now]).await?;
        let (Some(row), Some(contact)) = (told, self.agency_contact().await?) else {
            return Ok(false);
        };
        let kind = match row.parsed("state")? {
            DomainState::Live => MailKind::DomainLive,
            _ => MailKind::DomainDrifted,
        };
        let data = serde_json::json!({ "domain_id": id });
        self.mail_enqueue(NewMail {
            kind,
            request_id: None,
            recipient: &contact,
            secret: None,
            data,
        })
        .await?;
        Ok(true)
    }
}
