use std::collections::BTreeMap;

use latchkey_tenants::{
    Account, Connection, ConnectionId, ConnectionStatus, MemberId, Receipt, ReceiptOutcome,
    Timestamp, WorkflowId, WorkspaceId, values::Email,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::schema;

/// The living grant that fulfils an item. Its credential is never part of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Connection)]
pub(crate) struct ConnectionView {
    #[schema(value_type = schema::ConnectionId)]
    id: ConnectionId,
    #[schema(value_type = schema::WorkspaceId)]
    workspace_id: WorkspaceId,
    #[schema(value_type = schema::Slug)]
    app: String,
    #[schema(value_type = schema::ConnectionStatus)]
    status: ConnectionStatus,
    /// A code that says why it is in error.
    #[schema(required)]
    error: Option<String>,
    /// Whose account it is; null: the provider could not be asked.
    #[schema(required)]
    account: Option<AccountView>,
    scopes_requested: Vec<String>,
    scopes_granted: Vec<String>,
    /// Asked for, and not granted.
    scopes_missing: Vec<String>,
    /// What the client named before the consent screen, such as its shop.
    host_vars: BTreeMap<String, String>,
    /// Who let it in.
    #[schema(value_type = schema::Email)]
    authorized_email: Email,
    /// The portal member whose it is.
    #[schema(value_type = Option<schema::MemberId>, required)]
    member_id: Option<MemberId>,
    /// Since when its person lets nobody use it.
    #[schema(value_type = Option<schema::Timestamp>, required)]
    paused_at: Option<Timestamp>,
    /// When a token was last fetched; noted within minutes.
    #[schema(value_type = Option<schema::Timestamp>, required)]
    last_used_at: Option<Timestamp>,
    /// The name of the API key that was handed the token then.
    last_used_by: Option<String>,
    /// Of its revocation.
    #[schema(required)]
    receipt: Option<ReceiptView>,
    #[schema(value_type = schema::Timestamp)]
    created_at: Timestamp,
    #[schema(value_type = schema::Timestamp)]
    updated_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
struct AccountView {
    /// The provider's own id.
    id: String,
    /// What a person recognises: address, name, team.
    #[schema(required)]
    label: Option<String>,
}

/// What the provider said when the grant was revoked there.
#[derive(Serialize, ToSchema)]
#[schema(as = Receipt)]
pub(super) struct ReceiptView {
    #[schema(value_type = schema::ReceiptOutcome)]
    provider: ReceiptOutcome,
    #[schema(value_type = schema::Timestamp)]
    at: Timestamp,
}

impl From<Receipt> for ReceiptView {
    fn from(Receipt { provider, at }: Receipt) -> Self {
        Self { provider, at }
    }
}

impl From<Account> for AccountView {
    fn from(Account { id, label }: Account) -> Self {
        Self { id, label }
    }
}

impl From<Connection> for ConnectionView {
    fn from(connection: Connection) -> Self {
        let granted = &connection.scopes_granted;
        let missing = connection.scopes_requested.iter();
        Self {
            scopes_missing: missing
                .filter(|scope| !granted.contains(scope))
                .cloned()
                .collect(),
            id: connection.id,
            workspace_id: connection.workspace_id,
            app: connection.app,
            status: connection.status,
            error: connection.error,
            account: connection.account.map(AccountView::from),
            scopes_requested: connection.scopes_requested,
            scopes_granted: connection.scopes_granted,
            host_vars: connection.host_vars,
            authorized_email: connection.authorized_email,
            member_id: connection.member_id,
            paused_at: connection.paused_at,
            last_used_at: connection.last_used_at,
            last_used_by: connection.last_used_by,
            receipt: connection.receipt.map(ReceiptView::from),
            created_at: connection.created_at,
            updated_at: connection.updated_at,
        }
    }
}

/// A connection with the workflows that it feeds.
#[derive(Serialize, ToSchema)]
pub(super) struct ConnectionDetails {
    #[serde(flatten)]
    connection: ConnectionView,
    #[schema(value_type = Vec<schema::WorkflowId>)]
    workflow_ids: Vec<WorkflowId>,
}

impl ConnectionDetails {
    pub fn of(connection: Connection, workflow_ids: Vec<WorkflowId>) -> Self {
        Self {
            connection: connection.into(),
            workflow_ids,
        }
    }
}
