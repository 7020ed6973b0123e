use secrecy::SecretString;

use super::{
    NewJob, NewMail, StoreError, Tx,
    statement::{args, statements},
};
use crate::{
    ActionError, EventType, ItemStatus, MAX_RESENDS, MailKind, NewRequest, RESEND_PAUSE, Request,
    RequestId, RequestStatus,
};

statements! {
    SENT = "update requests set status = 'sent', sent_at = coalesce(sent_at, $3), last_sent_at = $3, expires_at = $4, resends = resends + $5 where agency_id = $1 and id = $2";
    RENEWED = "update requests set renewed_as = $3 where agency_id = $1 and id = $2";
    SUCCESSOR = "select renewed_as from requests where agency_id = $1 and id = $2";
}

/// The kind of the job that sends a fresh link, if there is one to send.
pub const FRESH_LINK: &str = "fresh_link";

impl Tx {
    /// The request, in the agency's turn, if its workspace lets it be sent.
    async fn request_that_runs(&mut self, id: &RequestId) -> Result<Request, ActionError> {
        self.take_turn().await?;
        let request = self.request_existing(id).await?;
        request.check_runs()?;
        Ok(request)
    }

    /// Sends a queued request: its clock starts now.
    ///
    /// # Errors
    /// Conflicts `not_queued` and, as of every sending, `workspace_suspended`.
    pub async fn request_send(
        &mut self,
        id: &RequestId,
        actor: &str,
    ) -> Result<Request, ActionError> {
        let request = self.request_that_runs(id).await?;
        if request.status != RequestStatus::Queued {
            let message = format!(
                "the request is {} already; use resend for a new link",
                request.status
            );
            return Err(ActionError::conflict("not_queued", message));
        }
        let secret = self.link_replace(&request).await?;
        self.request_begin(&request, actor).await?;
        self.mail_ask(MailKind::Request, &request, secret.as_ref())
            .await?;
        self.reminders_plan(&request).await?;
        self.request_existing(id).await
    }

    /// A new link by mail: the old one is dead at once and the clock starts again.
    ///
    /// # Errors
    /// Conflicts `not_sent`, `nothing_pending`, `resend_too_soon` (one a minute) and `resend_limit` (ten).
    pub async fn request_resend(
        &mut self,
        id: &RequestId,
        actor: &str,
    ) -> Result<Request, ActionError> {
        self.resend_as(MailKind::LinkReplaced, id, actor).await
    }

    async fn resend_as(
        &mut self,
        kind: MailKind,
        id: &RequestId,
        actor: &str,
    ) -> Result<Request, ActionError> {
        let request = self.request_that_runs(id).await?;
        self.check_resend(&request)?;
        let secret = self.link_replace(&request).await?;
        self.clock_start(&request, 1).await?;
        self.request_event(EventType::RequestResent, id, actor)
            .await?;
        // Nothing was replaced where there is no link.
        let kind = secret.as_ref().map_or(MailKind::Request, |_| kind);
        self.mail_ask(kind, &request, secret.as_ref()).await?;
        self.reminders_plan(&request).await?;
        self.request_existing(id).await
    }

    fn check_resend(&self, request: &Request) -> Result<(), ActionError> {
        let now = self.now();
        match request.status_at(now) {
            RequestStatus::Sent if request.has_open_item() => {}
            RequestStatus::Sent | RequestStatus::Completed => {
                return Err(ActionError::conflict(
                    "nothing_pending",
                    "nothing of this request is pending",
                ));
            }
            status => {
                let message = format!("the request is {status}; only a sent request can be resent");
                return Err(ActionError::conflict("not_sent", message));
            }
        }
        if request.resends >= MAX_RESENDS {
            let message =
                format!("the request was resent {MAX_RESENDS} times: cancel it and send a new one");
            return Err(ActionError::conflict("resend_limit", message));
        }
        let resent = request.last_sent_at.filter(|_| request.resends > 0);
        if resent.is_some_and(|last| now < last.plus(RESEND_PAUSE)) {
            let message = "the link was resent less than a minute ago: wait a moment";
            return Err(ActionError::conflict("resend_too_soon", message));
        }
        Ok(())
    }

    /// A fresh link for staff to copy; the old one is dead at once. Sends no mail.
    pub async fn request_make_link(
        &mut self,
        id: &RequestId,
        actor: &str,
    ) -> Result<(Request, SecretString), ActionError> {
        let request = self.request_that_runs(id).await?;
        let status = request.status_at(self.now());
        if !matches!(status, RequestStatus::Queued | RequestStatus::Sent)
            || !request.has_open_item()
        {
            let message = format!("the request is {status}: it has nothing that a link could open");
            return Err(ActionError::conflict("nothing_pending", message));
        }
        let secret = self.link_create(&request.id).await?;
        self.clock_start(&request, 0).await?;
        self.request_event(EventType::RequestLinkMade, id, actor)
            .await?;
        Ok((self.request_existing(id).await?, secret))
    }

    /// Ends the old links and makes a new one. None: it is asked for in an inbox.
    async fn link_replace(
        &mut self,
        request: &Request,
    ) -> Result<Option<SecretString>, StoreError> {
        if request.member_id.is_none() {
            return self.link_create(&request.id).await.map(Some);
        }
        self.links_end(&request.id).await?;
        Ok(None)
    }

    /// It is open from now on.
    pub(super) async fn request_begin(
        &mut self,
        request: &Request,
        actor: &str,
    ) -> Result<(), StoreError> {
        self.clock_start(request, 0).await?;
        self.request_event(EventType::RequestSent, &request.id, actor)
            .await
    }

    async fn clock_start(&mut self, request: &Request, resends: i64) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let end = now.plus(request.lifetime.duration());
        self.inner
            .execute(SENT, args![&agency, &request.id, now, end, resends])
            .await?;
        Ok(())
    }

    async fn mail_ask(
        &mut self,
        kind: MailKind,
        request: &Request,
        secret: Option<&SecretString>,
    ) -> Result<(), StoreError> {
        self.mail_enqueue(NewMail {
            kind,
            request_id: Some(&request.id),
            recipient: &request.recipient.email,
            secret: secret.map(|secret| (Some(&request.workspace_id), secret)),
            data: serde_json::json!({}),
        })
        .await
    }

    /// "Send again" after expiry: the open items in a fresh request, sent at once.
    ///
    /// # Errors
    /// Conflicts `not_expired` and `renewed_already`: then the fresh request is the one to send again.
    pub async fn request_renew(
        &mut self,
        id: &RequestId,
        actor: &str,
    ) -> Result<Request, ActionError> {
        self.request_that_runs(id).await?;
        self.request_expire(id).await?;
        let old = self.request_existing(id).await?;
        if let Some(fresh) = self.request_successor(id).await? {
            let message = format!("the request was sent again already, as {fresh}");
            return Err(ActionError::conflict("renewed_already", message));
        }
        let open = |status| matches!(status, ItemStatus::Expired | ItemStatus::Pending);
        let slots: Vec<_> = old
            .items
            .iter()
            .filter(|item| open(item.status))
            .flat_map(|item| item.slots.clone())
            .collect();
        if old.status != RequestStatus::Expired || slots.is_empty() {
            let message = "only an expired request with something open can be sent again";
            return Err(ActionError::conflict("not_expired", message));
        }
        let new = NewRequest {
            asked: old.asked(),
            workspace_id: old.workspace_id,
            note: old.note,
            language: old.language,
            lifetime: old.lifetime,
            reminders: self.reminder_plan(id).await?,
            slots,
        };
        let fresh = self.request_create(new, actor).await?;
        let agency = self.agency.clone();
        self.inner
            .execute(RENEWED, args![&agency, id, &fresh.id])
            .await?;
        self.request_event(EventType::RequestRenewed, id, actor)
            .await?;
        self.request_send(&fresh.id, actor).await
    }

    /// Notes a client's wish for a fresh link, whether there is a request behind it or not: its job finds that out, where
    /// nobody waits for the answer.
    pub async fn fresh_ask(&mut self, request: Option<&RequestId>) -> Result<(), StoreError> {
        let (wish, now) = (self.entropy().short_token(), self.now());
        self.job_enqueue(NewJob {
            kind: FRESH_LINK,
            dedupe_key: &format!("{FRESH_LINK}/{wish}"),
            payload: serde_json::json!({ "request_id": request }),
            run_at: now,
        })
        .await
    }

    /// What a client's wish for a fresh link does: resend, or send again what expired. Silent when there is nothing to
    /// send or it is too soon, so that the answer never tells.
    pub async fn request_freshen(&mut self, id: &RequestId) -> Result<(), ActionError> {
        self.take_turn().await?;
        let mut id = id.clone();
        while let Some(fresh) = self.request_successor(&id).await? {
            id = fresh;
        }
        let result = match self
            .request(&id)
            .await?
            .map(|request| request.status_at(self.now()))
        {
            Some(RequestStatus::Sent) => {
                self.resend_as(MailKind::FreshLink, &id, "recipient").await
            }
            Some(RequestStatus::Expired) => self.request_renew(&id, "recipient").await,
            _ => return Ok(()),
        };
        match result {
            Ok(_) | Err(ActionError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The request that it was sent again as.
    async fn request_successor(&mut self, id: &RequestId) -> Result<Option<RequestId>, StoreError> {
        let agency = self.agency.clone();
        match self.inner.optional(SUCCESSOR, args![&agency, id]).await? {
            Some(row) => row.optional_parsed("renewed_as"),
            None => Ok(None),
        }
    }
}
