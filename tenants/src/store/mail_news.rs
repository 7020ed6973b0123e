//! What became of a mail after a relay took it.

use super::{
    NewMail, PlatformTx, StoreError, Tx,
    statement::{args, statements},
};
use crate::{
    AgencyId, DeliveryNews, EventType, MailId, MailKind, MailStatus, NewEvent, SuppressionReason,
    SuppressionScope, store::Mail,
};

statements! {
    BY_TOKEN = "select agency_id, id from mails where token = $1";
    BY_MESSAGE_ID = "select agency_id, id from mails where message_id = $1 order by id limit 1";
    TURN = "update mails set status = $3, error = coalesce($4, error), changed_at = $5 where agency_id = $1 and id = $2 and status = $6";
    DELAYED = "update mails set error = $3 where agency_id = $1 and id = $2 and status = 'sent'";
}

/// How the sender of news names a mail.
#[derive(Clone, Copy, Debug)]
pub enum MailRef<'a> {
    /// Of its return path.
    Token(&'a str),
    /// Without angle brackets.
    MessageId(&'a str),
}

impl PlatformTx {
    pub async fn mail_named(
        &mut self,
        name: MailRef<'_>,
    ) -> Result<Option<(AgencyId, MailId)>, StoreError> {
        let row = match name {
            MailRef::Token(token) => self.inner.optional(BY_TOKEN, args![token]).await?,
            MailRef::MessageId(id) => self.inner.optional(BY_MESSAGE_ID, args![id]).await?,
        };
        row.map(|row| Ok((row.parsed("agency_id")?, row.parsed("id")?)))
            .transpose()
    }
}

impl Tx {
    /// Notes the news, holds the address back if it bounced or complained, and tells the agency. False: nothing new.
    pub async fn mail_news(
        &mut self,
        id: &MailId,
        news: &DeliveryNews,
    ) -> Result<bool, StoreError> {
        self.take_turn().await?;
        let Some(mail) = self.mail(id).await? else {
            return Ok(false);
        };
        let Some(status) = news.leads_to(mail.status) else {
            return Ok(false);
        };
        let (agency, now) = (self.agency.clone(), self.now());
        let detail = match news {
            DeliveryNews::Bounced { detail } => Some(detail.as_str()),
            DeliveryNews::Delivered => None,
            DeliveryNews::Complained => Some("the recipient marked it as unwanted"),
        };
        let turn = args![
            &agency,
            id,
            status.as_str(),
            detail,
            now,
            mail.status.as_str()
        ];
        self.inner.execute(TURN, turn).await?;
        let reason = match status {
            MailStatus::Bounced => SuppressionReason::Bounced,
            MailStatus::Complained => SuppressionReason::Complained,
            _ => return Ok(true),
        };
        let scope = SuppressionScope::All;
        self.suppress(&mail.recipient, scope, reason, detail, id)
            .await?;
        self.undeliverable(&mail, reason, detail).await?;
        Ok(true)
    }

    /// The receiving side is still trying.
    pub async fn mail_delayed(&mut self, id: &MailId, detail: &str) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        self.inner
            .execute(DELAYED, args![&agency, id, detail])
            .await?;
        Ok(())
    }

    async fn undeliverable(
        &mut self,
        mail: &Mail,
        reason: SuppressionReason,
        detail: Option<&str>,
    ) -> Result<(), StoreError> {
        let kind = match reason {
            SuppressionReason::Complained => EventType::MailComplained,
            _ => EventType::MailBounced,
        };
        // What servers say in full may repeat the address: the mail keeps that, and the log, which is never changed, does not.
        let status = detail.filter(|_| reason == SuppressionReason::Bounced);
        let status = status.and_then(|detail| detail.split_whitespace().next());
        let data = serde_json::json!({ "kind": mail.kind, "request_id": mail.request_id, "status": status });
        self.record(NewEvent {
            kind,
            actor: "system",
            subject: mail.id.as_str(),
            data,
        })
        .await?;
        let Some(contact) = self.agency_contact().await? else {
            return Ok(());
        };
        // What cannot reach the agency is not told to it by mail.
        if mail.kind == MailKind::MailUndeliverable || contact == mail.recipient {
            return Ok(());
        }
        let data = serde_json::json!({
            "mail_id": mail.id, "kind": mail.kind, "recipient": mail.recipient, "reason": reason, "detail": detail,
        });
        self.mail_enqueue(NewMail {
            kind: MailKind::MailUndeliverable,
            request_id: mail.request_id.as_ref(),
            recipient: &contact,
            secret: None,
            data,
        })
        .await
    }
}
