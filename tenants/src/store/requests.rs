use super::{
    NewMail, PlatformTx, StoreError, Tx,
    conn::Row,
    items::ItemDraft,
    search_words::Kind,
    statement::{args, statements},
    workspace_suspension::suspended,
    workspaces::before_id,
};
use crate::{
    ActionError, AgencyId, Asked, EventType, ItemMove, ItemStatus, Lifetime, MailKind, MemberId,
    NewEvent, NewRequest, PageOf, Recipient, Request, RequestId, RequestStatus, WorkspaceId,
    id::kinds::RequestKind,
    values::{Email, Name},
};

/// `$first` is the filter whose index is read along.
macro_rules! list {
    ($first:literal) => {
        concat!(
            "select *, ",
            suspended!("requests"),
            " from requests where agency_id = $1 and ",
            $first,
            "id < $2 and (cast($3 as text) is null or status = $3) and (cast($4 as text) is null or workspace_id = $4) order by id desc limit $5"
        )
    };
}

statements! {
    CREATE = "insert into requests (id, agency_id, workspace_id, recipient_email, recipient_name, note, status, lifetime, resends, created_at, language, member_id) values ($2, $1, $3, $4, $5, $6, 'queued', $7, 0, $8, $9, $10)";
    ONE = concat!("select *, ", suspended!("requests"), " from requests where agency_id = $1 and id = $2");
    LIST = list!("");
    LIST_IN_STATUS = list!("status = $3 and ");
    LIST_OF_WORKSPACE = list!("workspace_id = $4 and ");
    UNOPENED = "select 1 as unopened from requests where agency_id = $1 and id = $2 and opened_at is null";
    OPENED = "update requests set opened_at = $3 where agency_id = $1 and id = $2 and opened_at is null";
    SET_STATUS = "update requests set status = $3 where agency_id = $1 and id = $2 and status = $4";
    DUE = "select agency_id, id from requests where status = 'sent' and expires_at <= $1 and not exists (select 1 from workspaces w where w.agency_id = requests.agency_id and w.id = requests.workspace_id and w.suspended_at is not null) order by expires_at limit $2";
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
        let (recipient, member) = self.request_asked(&new).await?;
        let drafts = self.request_items(&new).await?;
        let id = self
            .request_insert(&new, &recipient, member.as_ref(), actor)
            .await?;
        self.items_insert(&id, &drafts).await?;
        self.reminder_plan_put(&id, new.reminders.as_ref()).await?;
        self.request_existing(&id).await
    }

    /// The request that [`Tx::request_create`] would make, written nowhere; as if it were sent now.
    pub async fn request_draft(&mut self, new: NewRequest) -> Result<Request, ActionError> {
        let (recipient, member_id) = self.request_asked(&new).await?;
        let drafts = self.request_items(&new).await?;
        let now = self.now();
        let items = drafts
            .into_iter()
            .map(|draft| draft.into_item(self.new_id()))
            .collect();
        Ok(Request {
            id: self.new_id(),
            workspace_id: new.workspace_id,
            recipient,
            member_id,
            note: new.note,
            language: new.language,
            status: RequestStatus::Queued,
            lifetime: new.lifetime,
            sent_at: None,
            last_sent_at: None,
            expires_at: Some(now.plus(new.lifetime.duration())),
            opened_at: None,
            resends: 0,
            created_at: now,
            suspended_at: None,
            items,
        })
    }

    async fn request_items(&mut self, new: &NewRequest) -> Result<Vec<ItemDraft>, ActionError> {
        if !self.workspace_takes_more(&new.workspace_id).await? {
            let message = "there is no such workspace";
            return Err(ActionError::invalid("/workspace_id", message));
        }
        self.workspace_check_runs(&new.workspace_id).await?;
        self.item_drafts(&new.workspace_id, &new.slots).await
    }

    /// Their address and name, and the member if it goes into an inbox.
    async fn request_asked(
        &mut self,
        new: &NewRequest,
    ) -> Result<(Recipient, Option<MemberId>), ActionError> {
        let id = match &new.asked {
            Asked::Recipient(recipient) => return Ok((recipient.clone(), None)),
            Asked::Member(id) => id,
        };
        let member = self.member(id).await?;
        let member =
            member.filter(|member| member.workspace_id.as_ref() == Some(&new.workspace_id));
        let member = member.ok_or_else(|| {
            ActionError::invalid("/member_id", "this workspace has no such portal member")
        })?;
        let recipient = Recipient {
            email: member.email,
            name: member.name,
        };
        Ok((recipient, Some(member.id)))
    }

    async fn request_insert(
        &mut self,
        new: &NewRequest,
        recipient: &Recipient,
        member: Option<&MemberId>,
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
                    &recipient.email,
                    recipient.name.as_ref(),
                    new.note.as_ref(),
                    lifetime,
                    now,
                    new.language.as_ref(),
                    member
                ],
            )
            .await?;
        let name = recipient.name.as_ref().map(Name::as_str);
        let texts = [Some(recipient.email.as_str()), name];
        self.search_words_put(Kind::Request, id.as_str(), &texts)
            .await?;
        self.request_event(EventType::RequestCreated, &id, actor)
            .await?;
        Ok(id)
    }

    pub async fn request(&mut self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        let agency = self.agency.clone();
        match self.inner.optional(ONE, args![&agency, id]).await? {
            Some(row) => self.request_whole(&row).await.map(Some),
            None => Ok(None),
        }
    }

    /// The request of a row, with its items.
    pub(super) async fn request_whole(&mut self, row: &Row) -> Result<Request, StoreError> {
        let mut request = request(row)?;
        self.items_fill(std::slice::from_mut(&mut request)).await?;
        Ok(request)
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
        let statement = match filter {
            RequestFilter {
                workspace_id: Some(_),
                ..
            } => LIST_OF_WORKSPACE,
            RequestFilter {
                status: Some(_), ..
            } => LIST_IN_STATUS,
            _ => LIST,
        };
        let rows = self
            .inner
            .all(
                statement,
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
        self.items_fill(&mut requests).await?;
        Ok(requests)
    }

    /// Ends a queued or sent request; what was fulfilled stays.
    pub async fn request_cancel(
        &mut self,
        id: &RequestId,
        actor: &str,
    ) -> Result<Request, ActionError> {
        self.take_turn().await?;
        let request = self.request_existing(id).await?;
        let status = request.status_at(self.now());
        if !matches!(status, RequestStatus::Queued | RequestStatus::Sent) {
            let message = format!("the request is {status} and cannot be cancelled");
            return Err(ActionError::conflict("not_open", message));
        }
        self.request_end(&request, RequestStatus::Cancelled, ItemMove::Cancel, actor)
            .await?;
        if request.status == RequestStatus::Sent {
            self.mail_about(MailKind::Cancelled, &request, &request.recipient.email)
                .await?;
        }
        self.request_existing(id).await
    }

    /// Ends a sent request whose time is up. Doing it twice is doing it once.
    pub async fn request_expire(&mut self, id: &RequestId) -> Result<(), ActionError> {
        self.take_turn().await?;
        let request = self.request_existing(id).await?;
        if request.status == RequestStatus::Sent
            && request.status_at(self.now()) == RequestStatus::Expired
        {
            self.request_end(&request, RequestStatus::Expired, ItemMove::Expire, "system")
                .await?;
        }
        Ok(())
    }

    pub(super) async fn request_end(
        &mut self,
        request: &Request,
        status: RequestStatus,
        action: ItemMove,
        actor: &str,
    ) -> Result<(), ActionError> {
        let agency = self.agency.clone();
        for item in &request.items {
            if item.status == ItemStatus::Held {
                self.item_release(item, actor).await?;
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

    /// Notes that the client saw the page; the first time writes an event.
    pub async fn request_opened(&mut self, id: &RequestId) -> Result<(), StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let unopened = self.inner.optional(UNOPENED, args![&agency, id]).await?;
        if unopened.is_none() {
            return Ok(());
        }
        self.take_turn().await?;
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
        let all = request.fulfilled() == request.items.len();
        if all {
            self.mail_about(MailKind::AllDone, &request, &request.recipient.email)
                .await?;
        }
        if all && let Some(contact) = self.agency_contact().await? {
            self.mail_about(MailKind::AllConnected, &request, &contact)
                .await?;
        }
        Ok(())
    }

    /// A mail without a link.
    async fn mail_about(
        &mut self,
        kind: MailKind,
        request: &Request,
        recipient: &Email,
    ) -> Result<(), StoreError> {
        self.mail_enqueue(NewMail {
            kind,
            request_id: Some(&request.id),
            recipient,
            secret: None,
            data: serde_json::json!({}),
        })
        .await
    }

    pub(super) async fn request_event(
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

/// A request without its items.
pub(super) fn request(row: &Row) -> Result<Request, StoreError> {
    let lifetime = u64::try_from(row.int("lifetime")?).unwrap_or_default();
    Ok(Request {
        id: row.parsed("id")?,
        workspace_id: row.parsed("workspace_id")?,
        recipient: Recipient {
            email: row.parsed("recipient_email")?,
            name: row.optional_parsed("recipient_name")?,
        },
        member_id: row.optional_parsed("member_id")?,
        note: row.optional_parsed("note")?,
        language: row.optional_parsed("language")?,
        status: row.parsed("status")?,
        lifetime: Lifetime::from_seconds(lifetime)
            .map_err(|error| StoreError::corrupt("lifetime", error))?,
        sent_at: row.optional_time("sent_at")?,
        last_sent_at: row.optional_time("last_sent_at")?,
        expires_at: row.optional_time("expires_at")?,
        opened_at: row.optional_time("opened_at")?,
        resends: row.int("resends")?,
        created_at: row.time("created_at")?,
        suspended_at: row.optional_time("suspended_at")?,
        items: Vec::new(),
    })
}
