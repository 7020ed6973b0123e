//! What the person whose connection it is does about it: pause, connect anew, have it as theirs.

use super::{
    NewConnection, StoreError, Tx,
    api_keys::to_json,
    connections::connection,
    statement::{args, statements},
    workspaces::before_id,
};
use crate::{
    ActionError, Asked, Connection, ConnectionId, ConnectionMove, ConnectionStatus, EventType,
    ItemId, Lifetime, Member, MemberId, NewEvent, NewRequest, PageOf, ReminderPlan, SlotRef,
    Timestamp, id::kinds::ConnectionKind, values::Email,
};

statements! {
    SET_PAUSED = "update connections set paused_at = $3, updated_at = $4 where agency_id = $1 and id = $2";
    ADOPT = "update connections set member_id = $2 where agency_id = $1 and workspace_id = $3 and member_id is null and lower(authorized_email) = lower($4) returning id";
    LEAVE_CONNECTIONS = "update connections set member_id = null where agency_id = $1 and member_id = $2";
    LEAVE_REQUESTS = "update requests set member_id = null where agency_id = $1 and member_id = $2";
    OF_ADDRESS = "select * from connections where agency_id = $1 and lower(authorized_email) = lower($2) and id < $3 order by id desc limit $4";
    RENEW = "update connections set account_id = coalesce($3, account_id), account_label = coalesce($4, account_label), scopes_requested = $5, scopes_granted = $6, host_vars = $7, updated_at = $8 where agency_id = $1 and id = $2";
    SLOTS = "select id, workflow_id from slots where agency_id = $1 and connection_id = $2 order by id";
    ITEM = "select id from items where agency_id = $1 and connection_id = $2 order by id desc limit 1";
    OPEN_ITEM = "select i.id from requests r cross join items i cross join item_slots s where i.agency_id = r.agency_id and i.request_id = r.id and s.agency_id = i.agency_id and s.item_id = i.id and r.agency_id = $1 and r.workspace_id = $2 and r.status = 'sent' and r.expires_at > $3 and (r.member_id = $4 or (r.member_id is null and lower(r.recipient_email) = lower($5))) and i.status in ('pending', 'held') and s.slot_id = $6 order by i.id desc limit 1";
}

impl Tx {
    /// Lets nobody use it until it is resumed: no token is handed out and its gates pause. Doing it twice is doing it once.
    pub async fn connection_pause(
        &mut self,
        id: &ConnectionId,
        actor: &str,
    ) -> Result<(), ActionError> {
        self.take_turn().await?;
        let found = self.connection_unended(id).await?;
        if found.paused_at.is_some() {
            return Ok(());
        }
        let now = self.now();
        self.paused_set(id, Some(now), EventType::ConnectionPaused, actor)
            .await
    }

    pub async fn connection_resume(
        &mut self,
        id: &ConnectionId,
        actor: &str,
    ) -> Result<(), ActionError> {
        self.take_turn().await?;
        let found = self.connection_unended(id).await?;
        if found.paused_at.is_none() {
            return Ok(());
        }
        self.paused_set(id, None, EventType::ConnectionResumed, actor)
            .await
    }

    async fn paused_set(
        &mut self,
        id: &ConnectionId,
        since: Option<Timestamp>,
        kind: EventType,
        actor: &str,
    ) -> Result<(), ActionError> {
        let (agency, now) = (self.agency.clone(), self.now());
        self.inner
            .execute(SET_PAUSED, args![&agency, id, since, now])
            .await?;
        self.record(NewEvent {
            kind,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({}),
        })
        .await?;
        self.gates_settle(id).await?;
        Ok(())
    }

    async fn connection_unended(&mut self, id: &ConnectionId) -> Result<Connection, ActionError> {
        let found = self.connection(id).await?;
        let found = found.ok_or(ActionError::NotFound("connection"))?;
        if found.status == ConnectionStatus::Revoked {
            return Err(ActionError::conflict(
                "connection_revoked",
                "the connection is revoked",
            ));
        }
        Ok(found)
    }

    /// What was connected by way of this client's address before they had an account is theirs from now on.
    pub async fn connections_adopt(&mut self, member: &Member) -> Result<(), StoreError> {
        let Some(workspace) = &member.workspace_id else {
            return Ok(());
        };
        self.take_turn().await?;
        let agency = self.agency.clone();
        let rows = self
            .inner
            .all(ADOPT, args![&agency, &member.id, workspace, &member.email])
            .await?;
        for row in rows {
            self.record(NewEvent {
                kind: EventType::ConnectionAdopted,
                actor: &member.actor(),
                subject: &row.text("id")?,
                data: serde_json::json!({}),
            })
            .await?;
        }
        Ok(())
    }

    /// What was a person's who is gone belongs to their address again.
    pub(super) async fn portal_leave(&mut self, member: &MemberId) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        for statement in [LEAVE_CONNECTIONS, LEAVE_REQUESTS] {
            self.inner
                .execute(statement, args![&agency, member])
                .await?;
        }
        Ok(())
    }

    /// Newest first.
    pub async fn connections_of_address(
        &mut self,
        email: &Email,
        page: &PageOf<ConnectionId>,
    ) -> Result<Vec<Connection>, StoreError> {
        let agency = self.agency.clone();
        let after = before_id::<ConnectionKind>(page.after.as_ref().map(ConnectionId::as_str));
        let rows = self
            .inner
            .all(OF_ADDRESS, args![&agency, email, &after, page.limit])
            .await?;
        rows.iter().map(connection).collect()
    }

    /// The item that a connection came from.
    pub async fn item_of_connection(
        &mut self,
        id: &ConnectionId,
    ) -> Result<Option<ItemId>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(ITEM, args![&agency, id]).await?;
        row.map(|row| row.parsed("id")).transpose()
    }

    /// Whether a slot still looks to this connection.
    pub async fn connection_is_needed(&mut self, id: &ConnectionId) -> Result<bool, StoreError> {
        Ok(!self.slots_of_connection(id).await?.is_empty())
    }

    async fn slots_of_connection(&mut self, id: &ConnectionId) -> Result<Vec<SlotRef>, StoreError> {
        let agency = self.agency.clone();
        let rows = self.inner.all(SLOTS, args![&agency, id]).await?;
        rows.iter()
            .map(|row| {
                Ok(SlotRef {
                    workflow_id: row.parsed("workflow_id")?,
                    slot_id: row.parsed("id")?,
                })
            })
            .collect()
    }

    /// The client connected anew, with the same account: the connection has a new credential and works again.
    ///
    /// # Errors
    /// Conflicts `connection_revoked`, `other_account` and `workspace_suspended`; nothing is written.
    pub async fn connection_reconnected(
        &mut self,
        id: &ConnectionId,
        new: &NewConnection<'_>,
    ) -> Result<(), ActionError> {
        self.take_turn().await?;
        let found = self.connection_unended(id).await?;
        self.workspace_check_runs(&found.workspace_id).await?;
        let account = new.account.as_ref();
        if let (Some(before), Some(now)) = (&found.account, account)
            && before.id != now.id
        {
            return Err(ActionError::conflict(
                "other_account",
                "another account was connected than before",
            ));
        }
        let (agency, now) = (self.agency.clone(), self.now());
        self.inner
            .execute(
                RENEW,
                args![
                    &agency,
                    id,
                    account.map(|account| account.id.as_str()),
                    account.and_then(|account| account.label.as_deref()),
                    &to_json(new.scopes_requested),
                    &to_json(new.scopes_granted),
                    &to_json(new.host_vars),
                    now
                ],
            )
            .await?;
        self.connection_words_put(id).await?;
        self.credential_replace(&found, &new.tokens).await?;
        if found.status != ConnectionStatus::Active {
            self.connection_move(&found, ConnectionMove::Prove, None)
                .await?;
        }
        self.record(NewEvent {
            kind: EventType::ConnectionReconnected,
            actor: new.actor,
            subject: id.as_str(),
            data: serde_json::json!({ "before": found.status }),
        })
        .await?;
        self.gates_settle(id).await?;
        Ok(())
    }

    /// A revoked connection that is still needed is asked for once more, in its person's own inbox. Answers the item.
    ///
    /// # Errors
    /// Conflicts `not_needed`, when no workflow looks to it any more, and `workspace_suspended`.
    pub async fn connection_ask_again(
        &mut self,
        id: &ConnectionId,
        member: &Member,
    ) -> Result<ItemId, ActionError> {
        self.take_turn().await?;
        let slots = self.slots_of_connection(id).await?;
        let (Some(first), Some(workspace)) = (slots.first(), &member.workspace_id) else {
            return Err(ActionError::conflict(
                "not_needed",
                "no workflow needs this connection any more",
            ));
        };
        self.workspace_check_runs(workspace).await?;
        let (agency, now) = (self.agency.clone(), self.now());
        let open = self
            .inner
            .optional(
                OPEN_ITEM,
                args![
                    &agency,
                    workspace,
                    now,
                    &member.id,
                    &member.email,
                    &first.slot_id
                ],
            )
            .await?;
        if let Some(row) = open {
            return Ok(row.parsed("id")?);
        }
        let new = NewRequest {
            workspace_id: workspace.clone(),
            asked: Asked::Member(member.id.clone()),
            note: None,
            language: None,
            lifetime: Lifetime::INBOX,
            reminders: Some(ReminderPlan::NONE),
            slots,
        };
        let request = self.request_create(new, &member.actor()).await?;
        self.request_begin(&request, &member.actor()).await?;
        let item = request.items.first().map(|item| item.id.clone());
        item.ok_or(ActionError::NotFound("item"))
    }
}
