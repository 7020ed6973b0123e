//! What a client with an account sees: what waits for them, what is theirs, and what happened to it.

use super::{
    StoreError, Surroundings, Tx,
    conn::Row,
    connections::connection,
    statement::{args, statements},
    workspaces::before_id,
};
use crate::{
    Connection, ConnectionId, EventId, EventType, Item, ItemId, ItemStatus, Member, PageOf,
    Request, RequestStatus, Timestamp, WorkflowId, id::kinds::ConnectionKind, values::Name,
};

statements! {
    INBOX = "select i.id, i.app, s.workflow_id, f.name as workflow, r.expires_at from requests r cross join items i cross join item_slots s cross join workflows f where i.agency_id = r.agency_id and i.request_id = r.id and s.agency_id = i.agency_id and s.item_id = i.id and f.agency_id = s.agency_id and f.id = s.workflow_id and r.agency_id = $1 and r.workspace_id = $2 and r.status = 'sent' and r.expires_at > $3 and (r.member_id = $4 or (r.member_id is null and lower(r.recipient_email) = lower($5))) and i.status in ('pending', 'held') order by i.id, s.slot_id limit 2000";
    OF_WORKFLOW = "select r.*, (select w.suspended_at from workspaces w where w.agency_id = r.agency_id and w.id = r.workspace_id) as suspended_at from requests r where r.agency_id = $1 and r.workspace_id = $2 and r.status in ('sent', 'completed') and (r.member_id = $3 or (r.member_id is null and lower(r.recipient_email) = lower($4))) and exists (select 1 from items i join item_slots s on s.agency_id = i.agency_id and s.item_id = i.id where i.agency_id = r.agency_id and i.request_id = r.id and s.workflow_id = $5) order by r.id desc limit 20";
    CONNECTIONS = "select * from connections where agency_id = $1 and member_id = $2 and id < $3 order by id desc limit $4";
    ACTIVITY = "select e.id, e.type, e.created_at, coalesce(c.app, i.app) as app, coalesce(c.account_label, c.account_id, k.account_label, k.account_id) as account from (select id as subject from connections where agency_id = $1 and member_id = $2 union select m.id from connections o cross join items m where o.agency_id = $1 and o.member_id = $2 and m.agency_id = o.agency_id and m.connection_id = o.id union select m.id from requests r cross join items m where r.agency_id = $1 and r.workspace_id = $4 and (r.member_id = $2 or (r.member_id is null and lower(r.recipient_email) = lower($5))) and m.agency_id = r.agency_id and m.request_id = r.id) as own cross join events e left join connections c on c.agency_id = e.agency_id and c.id = e.subject left join items i on i.agency_id = e.agency_id and i.id = e.subject left join connections k on k.agency_id = i.agency_id and k.id = i.connection_id where e.agency_id = $1 and e.seq < coalesce((select seq from events where agency_id = $1 and id = cast($3 as text)), 9223372036854775807) and e.type in ('item.fulfilled', 'item.declined', 'connection.reconnected', 'connection.error', 'connection.revoked', 'connection.paused', 'connection.resumed') and e.subject = own.subject order by e.seq desc limit $6";
}

/// An app that waits for the client, under the first of the workflows that it is for.
#[derive(Clone, Debug)]
pub struct InboxItem {
    pub id: ItemId,
    pub app: String,
    pub workflow_id: WorkflowId,
    pub workflow: Name,
    pub expires_at: Timestamp,
}

/// A line of the audit log that concerns something of the client's.
#[derive(Clone, Debug)]
pub struct Happened {
    pub id: EventId,
    pub kind: EventType,
    pub app: String,
    pub account: Option<String>,
    pub at: Timestamp,
}

impl Tx {
    /// What was sent to this client and waits for them, oldest first. A queued request is not there.
    pub async fn inbox_of(&mut self, member: &Member) -> Result<Vec<InboxItem>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let workspace = member.workspace_id.as_ref();
        let rows = self
            .inner
            .all(
                INBOX,
                args![&agency, workspace, now, &member.id, &member.email],
            )
            .await?;
        let mut items: Vec<InboxItem> = Vec::new();
        for row in &rows {
            let item = inbox_item(row)?;
            if items.last().is_none_or(|last| last.id != item.id) {
                items.push(item);
            }
        }
        Ok(items)
    }

    /// The requests of this client for a workflow, newest first, each with those of its items alone that the workflow needs and
    /// that are open, connected or declined; of an app the newest.
    pub async fn inbox_of_workflow(
        &mut self,
        member: &Member,
        workflow: &WorkflowId,
    ) -> Result<Vec<(Request, Surroundings)>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let workspace = member.workspace_id.as_ref();
        let rows = self
            .inner
            .all(
                OF_WORKFLOW,
                args![&agency, workspace, &member.id, &member.email, workflow],
            )
            .await?;
        let (mut found, mut apps) = (Vec::new(), Vec::new());
        for row in &rows {
            let mut request = self.request_whole(row).await?;
            if request.status_at(now) == RequestStatus::Expired {
                continue;
            }
            request
                .items
                .retain(|item| is_shown(item, workflow) && !apps.contains(&item.app));
            if request.items.is_empty() {
                continue;
            }
            apps.extend(request.items.iter().map(|item| item.app.clone()));
            let around = self.request_surroundings(&request.id).await?;
            found.push((request, around));
        }
        Ok(found)
    }

    /// Newest first.
    pub async fn connections_of_member(
        &mut self,
        member: &Member,
        page: &PageOf<ConnectionId>,
    ) -> Result<Vec<Connection>, StoreError> {
        let agency = self.agency.clone();
        let after = before_id::<ConnectionKind>(page.after.as_ref().map(ConnectionId::as_str));
        let rows = self
            .inner
            .all(CONNECTIONS, args![&agency, &member.id, &after, page.limit])
            .await?;
        rows.iter().map(connection).collect()
    }

    /// Newest first: what happened before `before`.
    pub async fn activity_of(
        &mut self,
        member: &Member,
        before: Option<&EventId>,
        limit: i64,
    ) -> Result<Vec<Happened>, StoreError> {
        let agency = self.agency.clone();
        let workspace = member.workspace_id.as_ref();
        let rows = self
            .inner
            .all(
                ACTIVITY,
                args![&agency, &member.id, before, workspace, &member.email, limit],
            )
            .await?;
        rows.iter().map(happened).collect()
    }
}

fn is_shown(item: &Item, workflow: &WorkflowId) -> bool {
    let of_workflow = |slot: &crate::SlotRef| slot.workflow_id == *workflow;
    let stands = matches!(item.status, ItemStatus::Fulfilled | ItemStatus::Declined);
    (stands || item.status.is_open()) && item.slots.iter().any(of_workflow)
}

fn inbox_item(row: &Row) -> Result<InboxItem, StoreError> {
    Ok(InboxItem {
        id: row.parsed("id")?,
        app: row.text("app")?,
        workflow_id: row.parsed("workflow_id")?,
        workflow: row.parsed("workflow")?,
        expires_at: row.time("expires_at")?,
    })
}

fn happened(row: &Row) -> Result<Happened, StoreError> {
    Ok(Happened {
        id: row.parsed("id")?,
        kind: row.parsed("type")?,
        app: row.text("app")?,
        account: row.optional_text("account")?,
        at: row.time("created_at")?,
    })
}
