use latchkey_tenants::{
    ConnectionId, ConnectionStatus, Counted, StoreError, Timestamp, Tx,
    store::{ConnectionRow, ConnectionSearch},
};
use serde::Serialize;

use super::{PATH, path_of, standing, trouble};
use crate::{
    console::{
        Desk,
        listing::{Asked, Listed},
        names::Names,
    },
    http::{PageResult, Query},
    person::Work,
};

const LABELS: [(ConnectionStatus, &str); 4] = [
    (ConnectionStatus::Error, "Reconnection needed"),
    (ConnectionStatus::Pending, "Not proven yet"),
    (ConnectionStatus::Active, "Working"),
    (ConnectionStatus::Revoked, "Revoked"),
];

#[derive(Serialize)]
struct Row {
    path: String,
    app: String,
    account: Option<String>,
    owner: String,
    workspace: String,
    workspace_path: String,
    standing: (&'static str, &'static str),
    trouble: Option<String>,
    last_used_at: Option<i64>,
    refreshed_at: Option<i64>,
}

/// `GET /dashboard/connections`: newest first.
pub(super) async fn show(desk: Desk<Work>, query: Query) -> PageResult {
    let asked: Asked<ConnectionId> = Asked::of(PATH, &query)?;
    let search = ConnectionSearch {
        status: asked.state(),
        text: asked.text.clone(),
    };
    let mut tx = desk.read().await?;
    let found = tx.connection_rows(&search, &asked.page()).await?;
    let states = match asked.text.is_empty() {
        true => counted(&mut tx).await?,
        false => named(),
    };
    let mut names = Names::default();
    let mut apps = Vec::with_capacity(found.len());
    for row in &found {
        apps.push(names.app(&mut tx, &row.connection.app).await?);
    }
    drop(tx);
    let rows: Vec<_> = found.into_iter().zip(apps).collect();
    let id = |(row, _): &(ConnectionRow, String)| row.connection.id.clone();
    let page: Listed<Row> = asked.listed(&states, rows, id, row);
    Ok(desk.show("connections/list.html", "Connections", page))
}

/// Each filter with how many there are.
async fn counted(tx: &mut Tx) -> Result<Vec<(&'static str, String)>, StoreError> {
    let mut counts = Vec::with_capacity(LABELS.len());
    for (status, _) in LABELS {
        counts.push(tx.connection_count(status).await?);
    }
    let all: Counted = counts.iter().copied().sum();
    let mut states = vec![("", format!("All {all}"))];
    states.extend(
        LABELS
            .iter()
            .zip(counts)
            .map(|((status, label), count)| (status.as_str(), format!("{label} {count}"))),
    );
    Ok(states)
}

/// Each filter, beside a search, which finds fewer.
fn named() -> Vec<(&'static str, String)> {
    let states = LABELS.map(|(status, label)| (status.as_str(), label.to_owned()));
    std::iter::once(("", "All".to_owned()))
        .chain(states)
        .collect()
}

fn row((row, app): (ConnectionRow, String)) -> Row {
    let connection = row.connection;
    Row {
        path: path_of(&connection.id),
        app,
        account: connection
            .account
            .as_ref()
            .map(|account| account.shown().to_owned()),
        owner: connection.authorized_email.to_string(),
        workspace: row.workspace.to_string(),
        workspace_path: format!("/dashboard/workspaces/{}", connection.workspace_id),
        standing: standing(connection.status, connection.paused_at.is_some()),
        trouble: connection.error.as_deref().map(trouble),
        last_used_at: connection.last_used_at.map(Timestamp::micros),
        refreshed_at: row.refreshed_at.map(Timestamp::micros),
    }
}
