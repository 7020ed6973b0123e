use latchkey_tenants::{
    Connection, ConnectionStatus, Timestamp, Tx, WorkflowId,
    store::{ConnectionRow, EventFilter},
};
use serde::Serialize;

use super::{path_of, standing, trouble, words::receipt};
use crate::{
    console::{Desk, happened::happened, names::Names, requests},
    http::{PageError, PageResult, Segment},
    person::Work,
};

/// Lines of its history on the page; the audit log has them all.
const LINES: i64 = 30;

#[derive(Serialize)]
struct Shown {
    path: String,
    id: String,
    app: String,
    account: Option<String>,
    account_id: Option<String>,
    owner: String,
    workspace: String,
    workspace_path: String,
    standing: (&'static str, &'static str),
    trouble: Option<String>,
    paused_at: Option<i64>,
    receipt: Option<&'static str>,
    receipt_at: Option<i64>,
    permissions: Vec<Permission>,
    /// Name and page.
    workflows: Vec<(String, String)>,
    created_at: i64,
    last_used_at: Option<i64>,
    last_used_by: Option<String>,
    refreshed_at: Option<i64>,
    expires_at: Option<i64>,
    renews: bool,
    revoked: bool,
    /// Where a request for it is written: of the workflow that uses it, if only one does.
    ask: String,
    history: Vec<Line>,
}

#[derive(Serialize)]
struct Permission {
    scope: String,
    label: String,
    granted: bool,
}

#[derive(Serialize)]
struct Line {
    at: i64,
    what: String,
    who: String,
}

/// `GET /dashboard/connections/{connection}`.
pub(super) async fn show(desk: Desk<Work>, segment: Segment) -> PageResult {
    let id = segment.id()?;
    let mut tx = desk.read().await?;
    let row = tx.connection_row(&id).await?;
    let row = row.ok_or_else(PageError::not_found)?;
    let page = shown(row, &mut tx).await?;
    drop(tx);
    let title = match &page.account {
        Some(account) => format!("{} · {account}", page.app),
        None => page.app.clone(),
    };
    Ok(desk.show("connections/show.html", &title, page))
}

async fn shown(row: ConnectionRow, tx: &mut Tx) -> Result<Shown, PageError> {
    let connection = row.connection;
    let mut names = Names::default();
    let workflows = tx.connection_feeds(&connection.id).await?;
    let only: Option<&WorkflowId> = match &*workflows {
        [(id, _)] => Some(id),
        _ => None,
    };
    let usable = matches!(
        connection.status,
        ConnectionStatus::Active | ConnectionStatus::Pending
    );
    Ok(Shown {
        path: path_of(&connection.id),
        ask: requests::path_of_new(&connection.workspace_id, only),
        id: connection.id.to_string(),
        app: names.app(tx, &connection.app).await?,
        permissions: permissions(&connection, tx).await?,
        history: history(&connection, &mut names, tx).await?,
        account: connection
            .account
            .as_ref()
            .map(|account| account.shown().to_owned()),
        account_id: connection.account.map(|account| account.id),
        owner: connection.authorized_email.to_string(),
        workspace: row.workspace.to_string(),
        workspace_path: format!("/dashboard/workspaces/{}", connection.workspace_id),
        standing: standing(connection.status, connection.paused_at.is_some()),
        trouble: connection.error.as_deref().map(trouble),
        paused_at: connection
            .paused_at
            .filter(|_| usable)
            .map(Timestamp::micros),
        receipt: connection.receipt.map(receipt),
        receipt_at: connection.receipt.map(|receipt| receipt.at.micros()),
        workflows: workflows
            .into_iter()
            .map(|(id, name)| (name.to_string(), format!("/dashboard/workflows/{id}")))
            .collect(),
        created_at: connection.created_at.micros(),
        last_used_at: connection.last_used_at.map(Timestamp::micros),
        last_used_by: connection.last_used_by.clone(),
        refreshed_at: row.refreshed_at.map(Timestamp::micros),
        expires_at: row.expires_at.map(Timestamp::micros),
        renews: row.renews && usable,
        revoked: connection.status == ConnectionStatus::Revoked,
    })
}

/// What was granted, then what was asked for and is missing; of an app without scopes, what its grants open.
async fn permissions(connection: &Connection, tx: &mut Tx) -> Result<Vec<Permission>, PageError> {
    let app = tx.app(&connection.app).await?;
    let granted = connection.scopes_granted.iter().map(|scope| (scope, true));
    let missing = connection.missing_scopes();
    let missing = missing.iter().map(|scope| (scope, false));
    let permission = |(scope, granted): (&String, bool)| {
        let known = app.as_ref().and_then(|app| {
            let mut scopes = app.scopes.iter();
            scopes.find(|known| known.id == *scope)
        });
        Permission {
            scope: scope.clone(),
            label: known.map_or_else(|| scope.clone(), |known| known.label.clone()),
            granted,
        }
    };
    let mut permissions: Vec<_> = granted.chain(missing).map(permission).collect();
    if permissions.is_empty() {
        let fixed = app.iter().flat_map(|app| &app.access);
        permissions.extend(fixed.map(|label| Permission {
            scope: label.clone(),
            label: label.clone(),
            granted: true,
        }));
    }
    Ok(permissions)
}

async fn history(
    connection: &Connection,
    names: &mut Names,
    tx: &mut Tx,
) -> Result<Vec<Line>, PageError> {
    let filter = EventFilter {
        subject: Some(connection.id.to_string()),
        ..EventFilter::default()
    };
    let mut lines = Vec::new();
    for event in tx.events(&filter, LINES).await? {
        lines.push(Line {
            at: event.created_at.micros(),
            what: happened(event.kind),
            who: names.actor(tx, &event.actor).await?,
        });
    }
    Ok(lines)
}
