use secrecy::SecretString;

use super::{
    NewJob, StoreError, Tx,
    conn::Row,
    data_keys::{AGENCY_SCOPE, Cell},
    statement::{args, statements},
};
use crate::{
    EventType, MailId, MailKind, MailStatus, NewEvent, RequestId, Timestamp, WorkspaceId,
    secret::secret_hash, values::Email,
};

statements! {
    CREATE = "insert into mails (id, agency_id, kind, request_id, recipient, secret, data, status, token, created_at, changed_at, theme) values ($2, $1, $3, $4, $5, $6, $7, 'queued', $8, $9, $9, (select theme from agencies where id = $1))";
    ONE = "select m.*, r.workspace_id from mails m left join requests r on r.agency_id = m.agency_id and r.id = m.request_id where m.agency_id = $1 and m.id = $2";
    DONE = "update mails set status = $3, error = $4, sent_at = $5, changed_at = $6, message_id = coalesce(message_id, $7), secret = null where agency_id = $1 and id = $2 and status = 'queued'";
    TROUBLE = "update mails set error = $3, message_id = coalesce(message_id, $4) where agency_id = $1 and id = $2";
    REFUSED = "update mails set refused = 1 where agency_id = $1 and id = $2";
    LAST_TO = "select refused from mails where agency_id = $1 and recipient = $2 and status not in ('queued', 'skipped', 'suppressed') order by id desc limit 1";
    OF_REQUEST = "select m.*, r.workspace_id from mails m left join requests r on r.agency_id = m.agency_id and r.id = m.request_id where m.agency_id = $1 and m.request_id = $2 order by m.id";
    LINK_LIVES = "select 1 as lives from links where agency_id = $1 and hash = $2 and ended_at is null";
}

/// A mail to be written and sent by a job.
pub struct NewMail<'a> {
    pub kind: MailKind,
    pub request_id: Option<&'a RequestId>,
    pub recipient: &'a Email,
    /// What the mail carries, sealed until it is out: by the key of this workspace, or by the agency's own.
    pub secret: Option<(Option<&'a WorkspaceId>, &'a SecretString)>,
    pub data: serde_json::Value,
}

/// A row of the outbox.
#[derive(Debug)]
pub struct Mail {
    pub id: MailId,
    pub kind: MailKind,
    pub request_id: Option<RequestId>,
    pub recipient: Email,
    /// Only while queued, and only from [`Tx::mail`].
    pub secret: Option<SecretString>,
    pub data: serde_json::Value,
    /// The hash of the theme's version that was published when the mail was queued. None: the base theme.
    pub theme: Option<String>,
    pub status: MailStatus,
    /// Why it is not further, or what came back.
    pub error: Option<String>,
    /// Names the mail in its return path and to whoever wants no more reminders. None: it is older than tokens.
    pub token: Option<String>,
    /// As it was first sent with, and so on every try.
    pub message_id: Option<String>,
    pub created_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    /// When it came into its state.
    pub changed_at: Timestamp,
}

impl Tx {
    /// Writes the mail and the job that sends it, in this transaction.
    pub async fn mail_enqueue(&mut self, new: NewMail<'_>) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let id: MailId = self.new_id();
        let token = token(&self.entropy().bytes());
        let sealed = match new.secret {
            Some((workspace, secret)) => {
                Some(self.seal(secret_cell(workspace, &id), secret).await?)
            }
            None => None,
        };
        self.inner
            .execute(
                CREATE,
                args![
                    &agency,
                    &id,
                    new.kind.as_str(),
                    new.request_id,
                    new.recipient,
                    sealed.as_deref(),
                    &new.data.to_string(),
                    &token,
                    now
                ],
            )
            .await?;
        let payload = serde_json::json!({ "mail_id": id });
        self.job_enqueue(NewJob {
            kind: "mail",
            dedupe_key: id.as_str(),
            payload,
            run_at: now,
        })
        .await
    }

    pub async fn mail(&mut self, id: &MailId) -> Result<Option<Mail>, StoreError> {
        let agency = self.agency.clone();
        let Some(row) = self.inner.optional(ONE, args![&agency, id]).await? else {
            return Ok(None);
        };
        let mut mail = mail(&row)?;
        if let Some(sealed) = row.optional_bytes("secret")? {
            let workspace: Option<WorkspaceId> = row.optional_parsed("workspace_id")?;
            let cell = secret_cell(workspace.as_ref(), id);
            mail.secret = Some(self.open(cell, &sealed).await?);
        }
        Ok(Some(mail))
    }

    /// The mails of a request, oldest first, without their secrets.
    pub async fn mails_of(&mut self, request: &RequestId) -> Result<Vec<Mail>, StoreError> {
        let agency = self.agency.clone();
        self.inner
            .all(OF_REQUEST, args![&agency, request])
            .await?
            .iter()
            .map(mail)
            .collect()
    }

    /// A link that was replaced or ended since is not worth a mail.
    pub async fn link_lives(&mut self, secret: &SecretString) -> Result<bool, StoreError> {
        let agency = self.agency.clone();
        Ok(self
            .inner
            .optional(LINK_LIVES, args![&agency, &secret_hash(secret)])
            .await?
            .is_some())
    }

    /// Ends a queued mail's way and forgets its secret; later calls do nothing. `error` names why it was not sent;
    /// `mail.message_id` is what it was sent with.
    pub async fn mail_done(
        &mut self,
        mail: &Mail,
        status: MailStatus,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        let sent_at = (status == MailStatus::Sent).then_some(now);
        let ended = self
            .inner
            .execute(
                DONE,
                args![
                    &agency,
                    &mail.id,
                    status.as_str(),
                    error,
                    sent_at,
                    now,
                    mail.message_id.as_deref()
                ],
            )
            .await?;
        if ended == 0 {
            return Ok(());
        }
        let kind = match status {
            MailStatus::Sent => EventType::MailSent,
            MailStatus::Failed => EventType::MailFailed,
            _ => return Ok(()),
        };
        // Why it failed stands with the mail: it may repeat the address, and the log is never changed.
        let data = serde_json::json!({ "kind": mail.kind, "request_id": mail.request_id });
        self.record(NewEvent {
            kind,
            actor: "system",
            subject: mail.id.as_str(),
            data,
        })
        .await?;
        Ok(())
    }

    /// The relay said that this mail will never be taken.
    pub async fn mail_refused(&mut self, mail: &Mail) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        self.inner
            .execute(REFUSED, args![&agency, &mail.id])
            .await?;
        Ok(())
    }

    /// Whether the last mail to this address was refused for good. One that is taken later makes it good again.
    pub(super) async fn mail_last_refused(
        &mut self,
        recipient: &Email,
    ) -> Result<bool, StoreError> {
        let agency = self.agency.clone();
        let last = self
            .inner
            .optional(LAST_TO, args![&agency, recipient])
            .await?;
        last.map_or(Ok(false), |row| row.flag("refused"))
    }

    /// Notes why the last try did not work; another follows.
    pub async fn mail_trouble(&mut self, mail: &Mail, error: &str) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        self.inner
            .execute(
                TROUBLE,
                args![&agency, &mail.id, error, mail.message_id.as_deref()],
            )
            .await?;
        Ok(())
    }
}

/// In lower case: servers on a bounce's way may not keep the case of an address.
fn token(bytes: &[u8; 16]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn secret_cell<'a>(workspace: Option<&'a WorkspaceId>, id: &'a MailId) -> Cell<'a> {
    Cell {
        scope: workspace.map_or(AGENCY_SCOPE, WorkspaceId::as_str),
        row: id.as_str(),
        field: "secret",
    }
}

fn mail(row: &Row) -> Result<Mail, StoreError> {
    Ok(Mail {
        id: row.parsed("id")?,
        kind: row.parsed("kind")?,
        request_id: row.optional_parsed("request_id")?,
        recipient: row.parsed("recipient")?,
        secret: None,
        data: row.json("data")?,
        theme: row.optional_text("theme")?,
        status: row.parsed("status")?,
        error: row.optional_text("error")?,
        token: row.optional_text("token")?,
        message_id: row.optional_text("message_id")?,
        created_at: row.time("created_at")?,
        sent_at: row.optional_time("sent_at")?,
        changed_at: row
            .optional_time("changed_at")?
            .unwrap_or(row.time("created_at")?),
    })
}
