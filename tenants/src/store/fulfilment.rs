use std::{collections::BTreeMap, time::Duration};

use super::{
    NewJob, StoreError, Tx,
    api_keys::to_json,
    credentials::Tokens,
    statement::{args, statements},
};
use crate::{
    Account, ActionError, ConnectionId, ConnectionStatus, EventType, Item, ItemId, ItemMove,
    ItemStatus, NewEvent, Request, RequestStatus,
    connection::missing_scopes,
    values::{Email, Note},
};

statements! {
    CREATE = "insert into connections (id, agency_id, workspace_id, app, status, account_id, account_label, scopes_requested, scopes_granted, host_vars, authorized_email, created_at, updated_at, member_id) values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, (select id from members where agency_id = $1 and workspace_id = $3 and role = 'client' and lower(email) = lower($11)))";
}

/// A provider that could not say whose account it is gets a moment before it is asked again.
const PROVE_AFTER: Duration = Duration::from_secs(10);

/// What came back from the provider, for one item.
pub struct NewConnection<'a> {
    pub item_id: &'a ItemId,
    /// Who let it in. None: who the request was sent to.
    pub authorized_email: Option<&'a Email>,
    /// As the audit log names them.
    pub actor: &'a str,
    /// Whose account it is, as the provider answered; none: it could not be asked.
    pub account: Option<Account>,
    /// A call with the token worked, or the provider offers none. Else a job tries again.
    pub proven: bool,
    pub scopes_requested: &'a [String],
    pub scopes_granted: &'a [String],
    pub host_vars: &'a BTreeMap<String, String>,
    pub tokens: Tokens<'a>,
}

impl Tx {
    /// Writes the connection, its sealed credential, the item's new state, the gates and the events, all or nothing.
    ///
    /// # Errors
    /// Conflicts `item_moved`, when the client came twice, `item_ended` and `request_ended`, when nobody waits for it any
    /// more, and `workspace_suspended`; nothing is written.
    pub async fn connection_fulfil(
        &mut self,
        new: NewConnection<'_>,
    ) -> Result<(ItemStatus, ConnectionId), ActionError> {
        self.take_turn().await?;
        let request = self
            .request_of_item(new.item_id)
            .await?
            .ok_or(ActionError::NotFound("item"))?;
        let mut items = request.items.iter();
        let item = items.find(|item| item.id == *new.item_id).cloned();
        let item = item.ok_or(ActionError::NotFound("item"))?;
        // Said before anything about the request: the last item that is connected completes it.
        if item.status == ItemStatus::Fulfilled {
            return Err(ActionError::conflict(
                "item_moved",
                "the item was connected already",
            ));
        }
        if request.status_at(self.now()) != RequestStatus::Sent {
            return Err(ActionError::conflict(
                "request_ended",
                "the request is not open any more",
            ));
        }
        request.check_runs()?;
        if item.status.is_terminal() {
            let message = format!("the item is {}", item.status);
            return Err(ActionError::conflict("item_ended", message));
        }
        if item.status == ItemStatus::Held {
            self.item_release(&item, new.actor).await?;
        }
        let expected = match (&item.expected_account, &new.account) {
            (None, _) => true,
            (Some(expected), Some(account)) => account.matches(expected.as_str()),
            (Some(_), None) => false,
        };
        let action = if expected {
            ItemMove::Fulfil
        } else {
            ItemMove::Hold
        };
        let status = self
            .item_move(&item.id, ItemStatus::Pending, action)
            .await?;
        let connection = self.connection_insert(&request, &item, &new).await?;
        self.item_set_connection(&item.id, Some(&connection))
            .await?;
        let missing = missing_scopes(new.scopes_requested, new.scopes_granted);
        self.item_connected(&request, &item, (&connection, new.actor), status, &missing)
            .await?;
        Ok((status, connection))
    }

    async fn connection_insert(
        &mut self,
        request: &Request,
        item: &Item,
        new: &NewConnection<'_>,
    ) -> Result<ConnectionId, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let id: ConnectionId = self.new_id();
        let status = if new.proven {
            ConnectionStatus::Active
        } else {
            ConnectionStatus::Pending
        };
        let account = new.account.as_ref();
        self.inner
            .execute(
                CREATE,
                args![
                    &agency,
                    &id,
                    &request.workspace_id,
                    &item.app,
                    status.as_str(),
                    account.map(|account| account.id.as_str()),
                    account.and_then(|account| account.label.as_deref()),
                    &to_json(new.scopes_requested),
                    &to_json(new.scopes_granted),
                    &to_json(new.host_vars),
                    new.authorized_email.unwrap_or(&request.recipient.email),
                    now
                ],
            )
            .await?;
        self.connection_words_put(&id).await?;
        self.credential_insert(&id, &request.workspace_id, &new.tokens)
            .await?;
        if status == ConnectionStatus::Active {
            self.connection_event(EventType::ConnectionActive, &id, serde_json::json!({}))
                .await?;
        } else {
            let payload = serde_json::json!({ "connection_id": id });
            let (kind, dedupe_key) = ("prove", id.as_str());
            let run_at = now.plus(PROVE_AFTER);
            self.job_enqueue(NewJob {
                kind,
                dedupe_key,
                payload,
                run_at,
            })
            .await?;
        }
        Ok(id)
    }

    async fn item_connected(
        &mut self,
        request: &Request,
        item: &Item,
        (connection, actor): (&ConnectionId, &str),
        status: ItemStatus,
        missing: &[String],
    ) -> Result<(), ActionError> {
        let kind = match status {
            ItemStatus::Fulfilled => EventType::ItemFulfilled,
            _ => EventType::ItemHeld,
        };
        let data = serde_json::json!({ "request_id": request.id, "connection_id": connection, "missing_scopes": missing });
        self.record(NewEvent {
            kind,
            actor,
            subject: item.id.as_str(),
            data,
        })
        .await?;
        if status == ItemStatus::Fulfilled {
            self.item_feed_slots(item, connection).await?;
            self.request_settle(&request.id).await?;
        }
        Ok(())
    }

    async fn item_feed_slots(
        &mut self,
        item: &Item,
        connection: &ConnectionId,
    ) -> Result<(), StoreError> {
        for slot in &item.slots {
            self.slot_set_connection(&slot.slot_id, connection).await?;
        }
        self.gates_settle(connection).await
    }

    /// Gives the other account back, so that the client can choose again or the item can end.
    pub(super) async fn item_release(
        &mut self,
        item: &Item,
        actor: &str,
    ) -> Result<(), ActionError> {
        self.item_move(&item.id, ItemStatus::Held, ItemMove::Release)
            .await?;
        self.item_set_connection(&item.id, None).await?;
        if let Some(connection) = &item.connection_id {
            self.connection_revoked(connection, actor).await?;
        }
        Ok(())
    }

    /// Staff take the other account for the expected one, and say why.
    ///
    /// # Errors
    /// Conflicts `not_held` and `request_ended`.
    pub async fn item_accept(
        &mut self,
        id: &ItemId,
        reason: &Note,
        actor: &str,
    ) -> Result<Request, ActionError> {
        let (request, item) = self.held_item(id).await?;
        self.item_move(id, ItemStatus::Held, ItemMove::Accept)
            .await?;
        let connection = &item.connection_id;
        self.item_set_reason(id, Some(reason)).await?;
        let data = serde_json::json!({ "request_id": request.id, "connection_id": connection });
        self.record(NewEvent {
            kind: EventType::ItemAccepted,
            actor,
            subject: id.as_str(),
            data,
        })
        .await?;
        if let Some(connection) = connection {
            self.item_feed_slots(&item, connection).await?;
        }
        self.request_settle(&request.id).await?;
        self.request_existing(&request.id).await
    }

    /// Staff give the other account back: its grant is ended here, and the client can choose again.
    ///
    /// # Errors
    /// Conflicts `not_held` and `request_ended`.
    pub async fn item_give_back(
        &mut self,
        id: &ItemId,
        actor: &str,
    ) -> Result<Request, ActionError> {
        let (request, item) = self.held_item(id).await?;
        self.item_release(&item, actor).await?;
        let data =
            serde_json::json!({ "request_id": request.id, "connection_id": item.connection_id });
        self.record(NewEvent {
            kind: EventType::ItemReleased,
            actor,
            subject: id.as_str(),
            data,
        })
        .await?;
        self.request_existing(&request.id).await
    }

    async fn held_item(&mut self, id: &ItemId) -> Result<(Request, Item), ActionError> {
        self.take_turn().await?;
        let missing = || ActionError::NotFound("item");
        let request = self.request_of_item(id).await?.ok_or_else(missing)?;
        let item = request.items.iter().find(|item| item.id == *id);
        let item = item.cloned().ok_or_else(missing)?;
        if item.status != ItemStatus::Held {
            let message = format!("the app is {} and waits for nobody's decision", item.status);
            return Err(ActionError::conflict("not_held", message));
        }
        if request.status_at(self.now()) != RequestStatus::Sent {
            let message = "the request is not open any more";
            return Err(ActionError::conflict("request_ended", message));
        }
        Ok((request, item))
    }
}
