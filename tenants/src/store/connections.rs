use super::{
    StoreError, Tx,
    api_keys::to_json,
    conn::Row,
    search_words::Kind,
    statement::{args, statements},
    workspaces::before_id,
};
use crate::{
    Account, ActionError, ApiKeyId, Connection, ConnectionId, ConnectionMove, ConnectionStatus,
    EventType, ItemMove, ItemStatus, MailKind, NewEvent, PageOf, Receipt, ReceiptOutcome,
    Timestamp, WorkspaceId, id::kinds::ConnectionKind, store::NewMail,
};

/// `$first` is the filter whose index is read along.
macro_rules! list {
    ($first:literal) => {
        concat!(
            "select * from connections where agency_id = $1 and ",
            $first,
            "id < $2 and (cast($3 as text) is null or status = $3) and (cast($4 as text) is null or workspace_id = $4) and (cast($5 as text) is null or app = $5) order by id desc limit $6"
        )
    };
}

statements! {
    ONE = "select * from connections where agency_id = $1 and id = $2";
    LIST = list!("");
    LIST_IN_STATUS = list!("status = $3 and ");
    LIST_OF_WORKSPACE = list!("workspace_id = $4 and ");
    LIST_OF_APP = list!("app = $5 and ");
    MOVE = "update connections set status = $3, error = $4, updated_at = $5 where agency_id = $1 and id = $2 and status = $6";
    SET_ACCOUNT = "update connections set account_id = $3, account_label = $4 where agency_id = $1 and id = $2";
    SET_RECEIPT = "update connections set receipt = $3, receipt_at = $4 where agency_id = $1 and id = $2";
    SET_SCOPES = "update connections set scopes_granted = $3 where agency_id = $1 and id = $2";
    USED = "update connections set last_used_at = $3, last_used_by = (select name from api_keys where agency_id = $1 and id = $4) where agency_id = $1 and id = $2 and (last_used_at is null or last_used_at < $3)";
}

/// Which connections to list.
#[derive(Clone, Debug, Default)]
pub struct ConnectionFilter {
    pub status: Option<ConnectionStatus>,
    pub workspace_id: Option<WorkspaceId>,
    pub app: Option<String>,
}

impl Tx {
    pub async fn connection(
        &mut self,
        id: &ConnectionId,
    ) -> Result<Option<Connection>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(ONE, args![&agency, id]).await?;
        row.as_ref().map(connection).transpose()
    }

    /// Newest first.
    pub async fn connections(
        &mut self,
        filter: &ConnectionFilter,
        page: &PageOf<ConnectionId>,
    ) -> Result<Vec<Connection>, StoreError> {
        let agency = self.agency.clone();
        let after = before_id::<ConnectionKind>(page.after.as_ref().map(ConnectionId::as_str));
        let status = filter.status.map(ConnectionStatus::as_str);
        let statement = match filter {
            ConnectionFilter {
                workspace_id: Some(_),
                ..
            } => LIST_OF_WORKSPACE,
            ConnectionFilter { app: Some(_), .. } => LIST_OF_APP,
            ConnectionFilter {
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
                    filter.app.as_deref(),
                    page.limit
                ],
            )
            .await?;
        rows.iter().map(connection).collect()
    }

    /// A refresh can narrow what was granted (RFC 6749 §6).
    pub async fn connection_scopes(
        &mut self,
        id: &ConnectionId,
        granted: &[String],
    ) -> Result<(), StoreError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        self.inner
            .execute(SET_SCOPES, args![&agency, id, &to_json(granted)])
            .await?;
        Ok(())
    }

    /// A call with its token worked, and may have told whose account it is.
    pub async fn connection_proven(
        &mut self,
        id: &ConnectionId,
        account: Option<&Account>,
    ) -> Result<(), ActionError> {
        self.take_turn().await?;
        let Some(found) = self.connection(id).await? else {
            return Err(ActionError::NotFound("connection"));
        };
        if matches!(
            found.status,
            ConnectionStatus::Pending | ConnectionStatus::Error
        ) {
            self.connection_move(&found, ConnectionMove::Prove, None)
                .await?;
            if let Some(account) = account {
                let agency = self.agency.clone();
                let (account_id, label) = (account.id.as_str(), account.label.as_deref());
                self.inner
                    .execute(SET_ACCOUNT, args![&agency, id, account_id, label])
                    .await?;
                self.connection_words_put(id).await?;
            }
            self.connection_event(EventType::ConnectionActive, id, serde_json::json!({}))
                .await?;
            self.gates_settle(id).await?;
        }
        Ok(())
    }

    /// After its account was written: it is found by that from here on.
    pub(super) async fn connection_words_put(
        &mut self,
        id: &ConnectionId,
    ) -> Result<(), StoreError> {
        let Some(connection) = self.connection(id).await? else {
            return Ok(());
        };
        let account = connection.account.as_ref();
        let texts = [
            Some(connection.app.as_str()),
            account.map(|account| account.id.as_str()),
            account.and_then(|account| account.label.as_deref()),
            Some(connection.authorized_email.as_str()),
        ];
        self.search_words_put(Kind::Connection, id.as_str(), &texts)
            .await
    }

    /// The provider says that the grant is dead: gates pause and the agency is told. Once is enough.
    pub async fn connection_failed(
        &mut self,
        id: &ConnectionId,
        code: &str,
    ) -> Result<(), ActionError> {
        self.take_turn().await?;
        let Some(found) = self.connection(id).await? else {
            return Err(ActionError::NotFound("connection"));
        };
        if found.status != ConnectionStatus::Active {
            return Ok(());
        }
        self.connection_move(&found, ConnectionMove::Fail, Some(code))
            .await?;
        let data = serde_json::json!({ "code": code });
        self.connection_event(EventType::ConnectionError, id, data)
            .await?;
        self.gates_settle(id).await?;
        if let Some(contact) = self.agency_contact().await? {
            let data = serde_json::json!({ "connection_id": id });
            let kind = MailKind::ReconnectNeeded;
            let mail = NewMail {
                kind,
                request_id: None,
                recipient: &contact,
                secret: None,
                data,
            };
            self.mail_enqueue(mail).await?;
        }
        Ok(())
    }

    /// Ends the connection here: its credential is destroyed, its items are revoked, its gates pause.
    /// Doing it twice is doing it once.
    pub async fn connection_revoked(
        &mut self,
        id: &ConnectionId,
        actor: &str,
    ) -> Result<(), ActionError> {
        self.take_turn().await?;
        let found = self
            .connection(id)
            .await?
            .ok_or(ActionError::NotFound("connection"))?;
        if found.status == ConnectionStatus::Revoked {
            return Ok(());
        }
        self.connection_move(&found, ConnectionMove::Revoke, None)
            .await?;
        self.credential_delete(id).await?;
        for (item, request, status) in self.items_of_connection(id).await? {
            if status == ItemStatus::Fulfilled {
                self.item_move(&item, status, ItemMove::Revoke).await?;
                let data = serde_json::json!({ "request_id": request, "connection_id": id });
                let kind = EventType::ItemRevoked;
                self.record(NewEvent {
                    kind,
                    actor,
                    subject: item.as_str(),
                    data,
                })
                .await?;
            }
        }
        let kind = EventType::ConnectionRevoked;
        let data = serde_json::json!({ "app": found.app });
        self.record(NewEvent {
            kind,
            actor,
            subject: id.as_str(),
            data,
        })
        .await?;
        self.gates_settle(id).await?;
        self.tell_revoked(id, actor)
            .await
            .map_err(ActionError::from)
    }

    /// What a program of the agency ends is no news to it.
    async fn tell_revoked(&mut self, id: &ConnectionId, actor: &str) -> Result<(), StoreError> {
        let person = actor.strip_prefix("member:").and_then(|id| id.parse().ok());
        let (Some(person), Some(contact)) = (person, self.agency_contact().await?) else {
            return Ok(());
        };
        let by = self.member(&person).await?;
        let by = by.map(|member| {
            member
                .name
                .map_or(member.email.to_string(), |name| name.to_string())
        });
        let data = serde_json::json!({ "connection_id": id, "by": by });
        self.mail_enqueue(NewMail {
            kind: MailKind::Revoked,
            request_id: None,
            recipient: &contact,
            secret: None,
            data,
        })
        .await
    }

    /// Keeps what the provider answered to the revocation.
    pub async fn connection_receipt(
        &mut self,
        id: &ConnectionId,
        outcome: ReceiptOutcome,
    ) -> Result<Receipt, StoreError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        self.inner
            .execute(SET_RECEIPT, args![&agency, id, outcome.as_str(), now])
            .await?;
        Ok(Receipt {
            provider: outcome,
            at: now,
        })
    }

    /// Notes the key by its name of now, so that it can be told when the key is gone.
    pub async fn connection_used(
        &mut self,
        id: &ConnectionId,
        at: Timestamp,
        by: &ApiKeyId,
    ) -> Result<(), StoreError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        self.inner.execute(USED, args![&agency, id, at, by]).await?;
        Ok(())
    }

    pub(super) async fn connection_move(
        &mut self,
        connection: &Connection,
        action: ConnectionMove,
        error: Option<&str>,
    ) -> Result<(), ActionError> {
        let from = connection.status;
        let to = from
            .after(action)
            .map_err(|error| ActionError::conflict("illegal_move", error.to_string()))?;
        let (agency, now) = (self.agency.clone(), self.now());
        let moved = self
            .inner
            .execute(
                MOVE,
                args![
                    &agency,
                    &connection.id,
                    to.as_str(),
                    error,
                    now,
                    from.as_str()
                ],
            )
            .await?;
        if moved == 1 {
            Ok(())
        } else {
            Err(ActionError::conflict(
                "connection_moved",
                format!("the connection is not {from} any more"),
            ))
        }
    }

    pub(super) async fn connection_event(
        &mut self,
        kind: EventType,
        id: &ConnectionId,
        data: serde_json::Value,
    ) -> Result<(), StoreError> {
        self.record(NewEvent {
            kind,
            actor: "system",
            subject: id.as_str(),
            data,
        })
        .await?;
        Ok(())
    }
}

pub(super) fn connection(row: &Row) -> Result<Connection, StoreError> {
    let account = row
        .optional_text("account_id")?
        .map(|id| {
            Ok::<_, StoreError>(Account {
                id,
                label: row.optional_text("account_label")?,
            })
        })
        .transpose()?;
    let receipt = match row.optional_parsed("receipt")? {
        Some(provider) => Some(Receipt {
            provider,
            at: row.time("receipt_at")?,
        }),
        None => None,
    };
    Ok(Connection {
        id: row.parsed("id")?,
        workspace_id: row.parsed("workspace_id")?,
        app: row.text("app")?,
        status: row.parsed("status")?,
        account,
        scopes_requested: row.json("scopes_requested")?,
        scopes_granted: row.json("scopes_granted")?,
        host_vars: row.json("host_vars")?,
        authorized_email: row.parsed("authorized_email")?,
        member_id: row.optional_parsed("member_id")?,
        paused_at: row.optional_time("paused_at")?,
        error: row.optional_text("error")?,
        receipt,
        last_used_at: row.optional_time("last_used_at")?,
        last_used_by: row.optional_text("last_used_by")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
