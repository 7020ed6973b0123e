use super::{
    StoreError, Tx,
    conn::Row,
    search::pattern,
    statement::{args, statements},
};
use crate::{
    ActionError, EventType, MailId, NewEvent, SuppressionReason, SuppressionScope, Timestamp,
    values::Email,
};

statements! {
    ADD = "insert into suppressions (agency_id, email, scope, reason, detail, mail_id, created_at) values ($1, $2, $3, $4, $5, $6, $7) on conflict (agency_id, email, scope) do nothing";
    HOLDS = "select * from suppressions where agency_id = $1 and email = $2 and (scope = 'all' or scope = $3) order by scope limit 1";
    LIST = "select * from suppressions where agency_id = $1 and email > $2 and (cast($4 as text) is null or email like $4 escape '!') order by email, scope limit $3";
    REMOVE = "delete from suppressions where agency_id = $1 and email = $2";
}

/// An address that gets nothing more of an agency, or no reminders.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// In lower case: people who cannot be reached under one spelling cannot under another.
    pub email: Email,
    pub scope: SuppressionScope,
    pub reason: SuppressionReason,
    /// What the receiving side said.
    pub detail: Option<String>,
    pub mail_id: Option<MailId>,
    pub created_at: Timestamp,
}

/// Of one page.
const MOST_ON_A_PAGE: i64 = 1000;

impl Tx {
    pub(super) async fn suppress(
        &mut self,
        email: &Email,
        scope: SuppressionScope,
        reason: SuppressionReason,
        detail: Option<&str>,
        mail: &MailId,
    ) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let email = key(email);
        let add = args![
            &agency,
            &email,
            scope.as_str(),
            reason.as_str(),
            detail,
            mail,
            now
        ];
        self.inner.execute(ADD, add).await?;
        Ok(())
    }

    /// Why nothing of this kind goes to the address.
    pub async fn suppression_of(
        &mut self,
        email: &Email,
        scope: SuppressionScope,
    ) -> Result<Option<Suppression>, StoreError> {
        let agency = self.agency.clone();
        let row = self
            .inner
            .optional(HOLDS, args![&agency, &key(email), scope.as_str()])
            .await?;
        row.as_ref().map(suppression).transpose()
    }

    /// By address, those after `after` that have `part` in them; an empty part is in all.
    pub async fn suppressions(
        &mut self,
        part: &str,
        after: Option<&Email>,
        limit: i64,
    ) -> Result<Vec<Suppression>, StoreError> {
        let agency = self.agency.clone();
        let after = after.map(Email::as_str).unwrap_or_default();
        let limit = limit.min(MOST_ON_A_PAGE);
        let like = pattern(part);
        let list = args![&agency, after, limit, like.as_deref()];
        let rows = self.inner.all(LIST, list).await?;
        rows.iter().map(suppression).collect()
    }

    /// The address gets mail again.
    ///
    /// # Errors
    /// Not found when nothing is held back from it.
    pub async fn suppression_remove(
        &mut self,
        email: &Email,
        actor: &str,
    ) -> Result<(), ActionError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        let email = key(email);
        if self.inner.execute(REMOVE, args![&agency, &email]).await? == 0 {
            return Err(ActionError::NotFound("suppression"));
        }
        self.record(NewEvent {
            kind: EventType::SuppressionRemoved,
            actor,
            subject: &email,
            data: serde_json::json!({}),
        })
        .await?;
        Ok(())
    }
}

fn key(email: &Email) -> String {
    email.as_str().to_ascii_lowercase()
}

fn suppression(row: &Row) -> Result<Suppression, StoreError> {
    Ok(Suppression {
        email: row.parsed("email")?,
        scope: row.parsed("scope")?,
        reason: row.parsed("reason")?,
        detail: row.optional_text("detail")?,
        mail_id: row.optional_parsed("mail_id")?,
        created_at: row.time("created_at")?,
    })
}
