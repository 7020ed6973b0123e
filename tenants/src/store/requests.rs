use secrecy::SecretString;

use super::{
    NewMail, PlatformTx, StoreError, Tx,
    conn::Row,
    statement::{args, statements},
    workspaces::before_id,
};
use crate::{
    ActionError, AgencyId, EventType, ItemMove, ItemStatus, Lifetime, MAX_RESENDS, MailKind,
    NewEvent, NewRequest, PageOf, RESEND_PAUSE, Recipient, Request, RequestId, RequestStatus,
    WorkspaceId, id::kinds::RequestKind,
};

statements! {
    CREATE = "insert into requests (id, agency_id, workspace_id, recipient_email, recipient_name, note, status, lifetime, resends, created_at) values ($2, $1, $3, $4, $5, $6, 'queued', $7, 0, $8)";
    ONE = "select * from requests where agency_id = $1 and id = $2";
    LIST = "select * from requests where agency_id = $1 and id < $2 and ($3 is null or status = $3) and ($4 is null or workspace_id = $4) order by id desc limit $5";
    SENT = "update requests set status = 'sent', sent_at = coalesce(sent_at, $3), last_sent_at = $3, expires_at = $4, resends = resends + $5 where agency_id = $1 and id = $2";
    OPENED = "update requests set opened_at = $3 where agency_id = $1 and id = $2 and opened_at is null";
    SET_STATUS = "update requests set status = $3 where agency_id = $1 and id = $2 and status = $4";
    RENEWED = "update requests set renewed_as = $3 where agency_id = $1 and id = $2";
    SUCCESSOR = "select renewed_as from requests where agency_id = $1 and id = $2";
    DUE = "select agency_id, id from requests where status = 'sent' and expires_at <= $1 order by expires_at limit $2";
}

/// Which requests to list.
#[derive(Clone, Debug, Default)]
pub struct RequestFilter {
    pub status: Option<RequestStatus>,
    pub workspace_id: Option<WorkspaceId>,
}

impl Tx {
    /// Queues a request: one item for each app that the named slots ask for.
    pub async fn request_create(
        &mut self,
        new: NewRequest,
        actor: &str,
    ) -> Result<Request, ActionError> {
        if self.workspace(&new.workspace_id).await?.is_none() {
            return Err(ActionError::invalid(
                "/workspace_id",
                "there is no such workspace",
            ));
        }
        let drafts = self.item_drafts(&new.workspace_id, &new.slots).await?;
        let id = self.request_insert(&new, actor).await?;
        self.items_insert(&id, &drafts).await?;
        self.request_existing(&id).await
    }

    async fn request_insert(
        &mut self,
        new: &NewRequest,
        actor: &str,
    ) -> Result<RequestId, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let id: RequestId = self.new_id();
        let lifetime = i64::try_from(new.lifetime.seconds()).unwrap_or(i64::MAX);
        self.inner
            .execute(
                CREATE,
                args![
                    &agency,
                    &id,
                    &new.workspace_id,
                    &new.recipient.email,
                    new.recipient.name.as_ref(),
                    new.note.as_ref(),
                    lifetime,
                    now
                ],
            )
            .await?;
        self.request_event(EventType::RequestCreated, &id, actor)
            .await?;
        Ok(id)
    }

    pub async fn request(&mut self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        let agency = self.agency.clone();
        let Some(row) = self.inner.optional(ONE, args![&agency, id]).await? else {
            return Ok(None);
        };
        let mut request = request(&row)?;
        request.items = self
            .items_of(id, id)
            .await?
            .into_iter()
            .map(|(_, item)| item)
            .collect();
        Ok(Some(request))
    }

    /// Like [`Tx::request`] for a request that must be there.
    pub async fn request_existing(&mut self, id: &RequestId) -> Result<Request, ActionError> {
        self.request(id)
            .await?
            .ok_or(ActionError::NotFound("request"))
    }

    /// Newest first.
    pub async fn requests(
        &mut self,
        filter: &RequestFilter,
        page: &PageOf<RequestId>,
    ) -> Result<Vec<Request>, StoreError> {
        let agency = self.agency.clone();
        let after = before_id::<RequestKind>(page.after.as_ref().map(RequestId::as_str));
        let status = filter.status.map(RequestStatus::as_str);
        let rows = self
            .inner
            .all(
                LIST,
                args![
                    &agency,
                    &after,
                    status,
                    filter.workspace_id.as_ref(),
                    page.limit
                ],
            )
            .await?;
        let mut requests = rows.iter().map(request).collect::<Result<Vec<_>, _>>()?;
        let (Some(newest), Some(oldest)) = (requests.first(), requests.last()) else {
            return Ok(requests);
        };
        let (oldest, newest) = (oldest.id.clone(), newest.id.clone());
        for (owner, item) in self.items_of(&oldest, &newest).await? {
            if let Some(request) = requests.iter_mut().find(|request| request.id == owner) {
                request.items.push(item);
            }
        }
        Ok(requests)
    }

    /// Sends a queued request: its clock starts now.
    pub async fn request_send(
        &mut self,
        id: &RequestId,
        actor: &str,
    ) -> Result<Request, ActionError> {
        let request = self.request_existing(id).await?;
        if request.status != RequestStatus::Queued {
            let message = format!(
                "the request is {} already; use resend for a new link",
                request.status
            );
            return Err(ActionError::conflict("not_queued", message));
        }
        let secret = self.link_replace(&request, 0).await?;
        self.request_event(EventType::RequestSent, id, actor)
            .await?;
        self.mail_link(MailKind::Request, &request, &secret).await?;
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
        let request = self.request_existing(id).await?;
        self.check_resend(&request)?;
        let secret = self.link_replace(&request, 1).await?;
        self.request_event(EventType::RequestResent, id, actor)
            .await?;
        self.mail_link(MailKind::FreshLink, &request, &secret)
            .await?;
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
        let request = self.request_existing(id).await?;
        let status = request.status_at(self.now());
        if !matches!(status, RequestStatus::Queued | RequestStatus::Sent)
            || !request.has_open_item()
        {
            let message = format!("the request is {status}: it has nothing that a link could open");
            return Err(ActionError::conflict("nothing_pending", message));
        }
        let secret = self.link_replace(&request, 0).await?;
        self.request_event(EventType::RequestLinkMade, id, actor)
            .await?;
        Ok((self.request_existing(id).await?, secret))
    }

    /// Makes the new link, ends the old ones and starts the clock.
    async fn link_replace(
        &mut self,
        request: &Request,
        resends: i64,
    ) -> Result<SecretString, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let secret = self.link_create(&request.id).await?;
        let end = now.plus(request.lifetime.duration());
        self.inner
            .execute(SENT, args![&agency, &request.id, now, end, resends])
            .await?;
        Ok(secret)
    }

    async fn mail_link(
        &mut self,
        kind: MailKind,
        request: &Request,
        secret: &SecretString,
    ) -> Result<(), StoreError> {
        self.mail_enqueue(NewMail {
            kind,
            request_id: Some(&request.id),
            recipient: &request.recipient.email,
            secret: Some((&request.workspace_id, secret)),
            data: serde_json::json!({}),
        })
        .await
    }

    /// Ends a queued or sent request; what was fulfilled stays.
    pub async fn request_cancel(
        &mut self,
        id: &RequestId,
        actor: &str,
    ) -> Result<Request, ActionError> {
        let request = self.request_existing(id).await?;
        let status = request.status_at(self.now());
        if !matches!(status, RequestStatus::Queued | RequestStatus::Sent) {
            let message = format!("the request is {status} and cannot be cancelled");
            return Err(ActionError::conflict("not_open", message));
        }
        self.request_end(&request, RequestStatus::Cancelled, ItemMove::Cancel, actor)
            .await?;
        if request.status == RequestStatus::Sent {
            self.mail_enqueue(NewMail {
                kind: MailKind::Cancelled,
                request_id: Some(id),
                recipient: &request.recipient.email,
                secret: None,
                data: serde_json::json!({}),
            })
            .await?;
        }
        self.request_existing(id).await
    }

    /// Ends a sent request whose time is up. Doing it twice is doing it once.
    pub async fn request_expire(&mut self, id: &RequestId) -> Result<(), ActionError> {
        let request = self.request_existing(id).await?;
        if request.status == RequestStatus::Sent
            && request.status_at(self.now()) == RequestStatus::Expired
        {
            self.request_end(&request, RequestStatus::Expired, ItemMove::Expire, "system")
                .await?;
        }
        Ok(())
    }

    async fn request_end(
        &mut self,
        request: &Request,
        status: RequestStatus,
        action: ItemMove,
        actor: &str,
    ) -> Result<(), ActionError> {
        let agency = self.agency.clone();
        for item in &request.items {
            if item.status == ItemStatus::Held {
                self.item_move(&item.id, ItemStatus::Held, ItemMove::Release)
                    .await?;
            }
            if item.status.is_open() {
                self.item_move(&item.id, ItemStatus::Pending, action)
                    .await?;
            }
        }
        self.links_end(&request.id).await?;
        self.inner
            .execute(
                SET_STATUS,
                args![
                    &agency,
                    &request.id,
                    status.as_str(),
                    request.status.as_str()
                ],
            )
            .await?;
        let kind = match status {
            RequestStatus::Cancelled => EventType::RequestCancelled,
            _ => EventType::RequestExpired,
        };
        self.request_event(kind, &request.id, actor).await?;
        Ok(())
    }

    /// "Send again" after expiry: the open items in a fresh request, sent at once.
    pub async fn request_renew(
        &mut self,
        id: &RequestId,
        actor: &str,
    ) -> Result<Request, ActionError> {
        self.request_expire(id).await?;
        let old = self.request_existing(id).await?;
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
            workspace_id: old.workspace_id,
            recipient: old.recipient,
            note: old.note,
            lifetime: old.lifetime,
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

    /// What a client's wish for a fresh link does: resend, or send again what expired. Silent when there is nothing to
    /// send or it is too soon, so that the answer never tells.
    pub async fn request_freshen(&mut self, id: &RequestId) -> Result<(), ActionError> {
        let mut id = id.clone();
        let agency = self.agency.clone();
        while let Some(row) = self.inner.optional(SUCCESSOR, args![&agency, &id]).await? {
            match row.optional_parsed("renewed_as")? {
                Some(next) => id = next,
                None => break,
            }
        }
        let result = match self
            .request(&id)
            .await?
            .map(|request| request.status_at(self.now()))
        {
            Some(RequestStatus::Sent) => self.request_resend(&id, "recipient").await,
            Some(RequestStatus::Expired) => self.request_renew(&id, "recipient").await,
            _ => return Ok(()),
        };
        match result {
            Ok(_) | Err(ActionError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Notes that the client saw the page; the first time writes an event.
    pub async fn request_opened(&mut self, id: &RequestId) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        if self.inner.execute(OPENED, args![&agency, id, now]).await? == 1 {
            self.request_event(EventType::RequestOpened, id, "recipient")
                .await?;
        }
        Ok(())
    }

    /// Completes a sent request that waits for nothing any more.
    pub(super) async fn request_settle(&mut self, id: &RequestId) -> Result<(), ActionError> {
        let agency = self.agency.clone();
        let request = self.request_existing(id).await?;
        if request.status != RequestStatus::Sent || request.has_open_item() {
            return Ok(());
        }
        self.inner
            .execute(SET_STATUS, args![&agency, id, "completed", "sent"])
            .await?;
        self.request_event(EventType::RequestCompleted, id, "system")
            .await?;
        if request.fulfilled() == request.items.len()
            && let Some(contact) = self.agency_contact().await?
        {
            self.mail_enqueue(NewMail {
                kind: MailKind::AllConnected,
                request_id: Some(id),
                recipient: &contact,
                secret: None,
                data: serde_json::json!({}),
            })
            .await?;
        }
        Ok(())
    }

    async fn request_event(
        &mut self,
        kind: EventType,
        id: &RequestId,
        actor: &str,
    ) -> Result<(), StoreError> {
        let event = NewEvent {
            kind,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({}),
        };
        self.record(event).await?;
        Ok(())
    }
}

impl PlatformTx {
    /// Sent requests whose time is up, the longest overdue first.
    pub async fn requests_due(
        &mut self,
        limit: i64,
    ) -> Result<Vec<(AgencyId, RequestId)>, StoreError> {
        let now = self.now();
        let rows = self.inner.all(DUE, args![now, limit]).await?;
        rows.iter()
            .map(|row| Ok((row.parsed("agency_id")?, row.parsed("id")?)))
            .collect()
    }
}

fn request(row: &Row) -> Result<Request, StoreError> {
    let lifetime = u64::try_from(row.int("lifetime")?).unwrap_or_default();
    Ok(Request {
        id: row.parsed("id")?,
        workspace_id: row.parsed("workspace_id")?,
        recipient: Recipient {
            email: row.parsed("recipient_email")?,
            name: row.optional_parsed("recipient_name")?,
        },
        note: row.optional_parsed("note")?,
        status: row.parsed("status")?,
        lifetime: Lifetime::from_seconds(lifetime)
            .map_err(|error| StoreError::corrupt("lifetime", error))?,
        sent_at: row.optional_time("sent_at")?,
        last_sent_at: row.optional_time("last_sent_at")?,
        expires_at: row.optional_time("expires_at")?,
        opened_at: row.optional_time("opened_at")?,
        resends: row.int("resends")?,
        created_at: row.time("created_at")?,
        items: Vec::new(),
    })
}
