use std::collections::BTreeSet;

use super::{
    NewJob, StoreError, Tx,
    statement::{args, statements},
    workspace_suspension::suspended,
    workspaces::workspace,
};
use crate::{
    ActionError, ConnectionId, EventType, ItemMove, MailId, NewEvent, ReceiptOutcome,
    RequestStatus, Workspace, WorkspaceId,
};

statements! {
    CLOSE = "update workspaces set closing_at = $3 where agency_id = $1 and id = $2 and closing_at is null returning *";
    OPEN_REQUESTS = concat!("select *, ", suspended!("requests"), " from requests where agency_id = $1 and workspace_id = $2 and status in ('queued', 'sent') order by id limit $3");
    LIVING = "select id from connections where agency_id = $1 and workspace_id = $2 and status <> 'revoked' order by id limit $3";
    RECEIPTS = "select coalesce(receipt, 'failed') as outcome, count(*) as connections from connections where agency_id = $1 and workspace_id = $2 group by coalesce(receipt, 'failed')";
    ADDRESSES = "select lower(email) as email from members where agency_id = $1 and workspace_id = $2 union select lower(email) from invitations where agency_id = $1 and workspace_id = $2 union select lower(recipient_email) from requests where agency_id = $1 and workspace_id = $2 union select lower(authorized_email) from connections where agency_id = $1 and workspace_id = $2 union select lower(l.email) from links l join requests r on r.agency_id = l.agency_id and r.id = l.request_id where l.agency_id = $1 and r.workspace_id = $2 and l.email is not null except select lower(email) from members where agency_id = $1 and (workspace_id is null or workspace_id <> $2) except select lower(email) from invitations where agency_id = $1 and (workspace_id is null or workspace_id <> $2) except select lower(recipient_email) from requests where agency_id = $1 and workspace_id <> $2 except select lower(authorized_email) from connections where agency_id = $1 and workspace_id <> $2 except select lower(l.email) from links l join requests r on r.agency_id = l.agency_id and r.id = l.request_id where l.agency_id = $1 and r.workspace_id <> $2 and l.email is not null";
    LOOSE_MAILS = "select id, lower(recipient) as recipient, lower(data) as data from mails where agency_id = $1 and request_id is null";
    DROP_MAIL = "delete from mails where agency_id = $1 and id = $2";
    DROP_MAIL_JOB = "delete from jobs where agency_id = $1 and dedupe_key = $1 || '/' || cast($2 as text)";
    DROP_MAIL_JOBS = "delete from jobs where agency_id = $1 and kind = 'mail' and dedupe_key in (select m.agency_id || '/' || m.id from mails m join requests r on r.agency_id = m.agency_id and r.id = m.request_id where m.agency_id = $1 and r.workspace_id = $2)";
    DROP_MAILS = "delete from mails where agency_id = $1 and request_id in (select id from requests where agency_id = $1 and workspace_id = $2)";
    DROP_SUPPRESSIONS = "delete from suppressions where agency_id = $1 and email = $2";
    DROP_SIGN_INS = "delete from sign_ins where agency_id = $1 and lower(email) = $2";
    DROP_ADDRESS_SESSIONS = "delete from address_sessions where agency_id = $1 and lower(email) = $2";
    DROP_WORDS = "delete from search_words where agency_id = $1 and id in (select cast($2 as text) union all select id from workflows where agency_id = $1 and workspace_id = $2 union all select id from requests where agency_id = $1 and workspace_id = $2 union all select id from connections where agency_id = $1 and workspace_id = $2)";
    DELETE = "delete from workspaces where agency_id = $1 and id = $2";
}

/// The job that ends what a workspace holds and then deletes it. Its payload names `workspace_id` and `actor`.
pub const CLOSE_WORKSPACE: &str = "close_workspace";

/// What came of a try to delete a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    Done,
    /// Something in it is not ended: end that first.
    NotYet,
}

impl Tx {
    /// Lets nothing more into the workspace, and has a job end its requests and connections and delete it. Doing it twice
    /// only adds a job, which finds less to do.
    pub async fn workspace_close(
        &mut self,
        id: &WorkspaceId,
        actor: &str,
    ) -> Result<Workspace, ActionError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        let closed = self.inner.optional(CLOSE, args![&agency, id, now]).await?;
        let closing = match &closed {
            Some(row) => {
                self.record(NewEvent {
                    kind: EventType::WorkspaceClosing,
                    actor,
                    subject: id.as_str(),
                    data: serde_json::json!({}),
                })
                .await?;
                workspace(row)?
            }
            None => {
                let known = self.workspace(id).await?;
                known.ok_or(ActionError::NotFound("workspace"))?
            }
        };
        self.job_enqueue(NewJob {
            kind: CLOSE_WORKSPACE,
            dedupe_key: &format!("{CLOSE_WORKSPACE}/{id}/{}", now.micros()),
            payload: serde_json::json!({ "workspace_id": id, "actor": actor }),
            run_at: now,
        })
        .await?;
        Ok(closing)
    }

    /// Ends requests of the workspace that are still open, without a mail, and says how many.
    pub async fn workspace_requests_end(
        &mut self,
        id: &WorkspaceId,
        limit: i64,
        actor: &str,
    ) -> Result<usize, ActionError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        let rows = self
            .inner
            .all(OPEN_REQUESTS, args![&agency, id, limit])
            .await?;
        for row in &rows {
            let request = self.request_whole(row).await?;
            self.request_end(&request, RequestStatus::Cancelled, ItemMove::Cancel, actor)
                .await?;
        }
        Ok(rows.len())
    }

    /// Connections of the workspace that were not revoked.
    pub async fn workspace_connections_living(
        &mut self,
        id: &WorkspaceId,
        limit: i64,
    ) -> Result<Vec<ConnectionId>, StoreError> {
        let agency = self.agency.clone();
        let rows = self.inner.all(LIVING, args![&agency, id, limit]).await?;
        rows.iter().map(|row| row.parsed("id")).collect()
    }

    /// Deletes the workspace and everything in it: its data key first of all, then what is sealed with it, its clients, and
    /// what was written to them. What stays are lines of the audit log, which name ids.
    ///
    /// # Errors
    /// A conflict `not_closing` when nobody asked for it.
    pub async fn workspace_delete(
        &mut self,
        id: &WorkspaceId,
        actor: &str,
    ) -> Result<Deletion, ActionError> {
        self.take_turn().await?;
        let Some(found) = self.workspace(id).await? else {
            return Ok(Deletion::Done);
        };
        if found.closing_at.is_none() {
            let message = "nobody asked for this workspace to be deleted";
            return Err(ActionError::conflict("not_closing", message));
        }
        let agency = self.agency.clone();
        let open = self.inner.all(OPEN_REQUESTS, args![&agency, id, 1]).await?;
        let living = self.workspace_connections_living(id, 1).await?;
        if !open.is_empty() || !living.is_empty() {
            return Ok(Deletion::NotYet);
        }
        let ended = self.connections_ended(id).await?;
        self.delete_data_key(id.as_str()).await?;
        self.correspondence_delete(id).await?;
        self.inner.execute(DROP_WORDS, args![&agency, id]).await?;
        self.inner.execute(DELETE, args![&agency, id]).await?;
        self.record(NewEvent {
            kind: EventType::WorkspaceDeleted,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({ "connections": ended }),
        })
        .await?;
        Ok(Deletion::Done)
    }

    /// How many connections ended with which word of their provider.
    async fn connections_ended(
        &mut self,
        id: &WorkspaceId,
    ) -> Result<serde_json::Value, StoreError> {
        let agency = self.agency.clone();
        let mut ended = serde_json::Map::new();
        for row in self.inner.all(RECEIPTS, args![&agency, id]).await? {
            let outcome: ReceiptOutcome = row.parsed("outcome")?;
            ended.insert(outcome.to_string(), row.int("connections")?.into());
        }
        Ok(ended.into())
    }

    /// Mails to the people of this workspace, and what else is kept by their addresses, unless they are people of another
    /// workspace or staff too.
    async fn correspondence_delete(&mut self, id: &WorkspaceId) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        let mut addresses = BTreeSet::new();
        for row in self.inner.all(ADDRESSES, args![&agency, id]).await? {
            addresses.insert(row.text("email")?);
        }
        for row in self.inner.all(LOOSE_MAILS, args![&agency]).await? {
            let (recipient, data) = (row.text("recipient")?, row.text("data")?);
            let about = |address: &String| data.contains(address.as_str());
            if addresses.contains(&recipient) || addresses.iter().any(about) {
                let mail: MailId = row.parsed("id")?;
                for statement in [DROP_MAIL_JOB, DROP_MAIL] {
                    self.inner.execute(statement, args![&agency, &mail]).await?;
                }
            }
        }
        for statement in [DROP_MAIL_JOBS, DROP_MAILS] {
            self.inner.execute(statement, args![&agency, id]).await?;
        }
        for address in &addresses {
            for statement in [DROP_SUPPRESSIONS, DROP_SIGN_INS, DROP_ADDRESS_SESSIONS] {
                self.inner
                    .execute(statement, args![&agency, address])
                    .await?;
            }
        }
        Ok(())
    }
}
