use latchkey_tenants::{
    ConnectionId, ConnectionStatus, Timestamp,
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

const CHIPS: [(&str, &str); 5] = [
    ("", "All"),
    ("error", "Reconnection needed"),
    ("pending", "Not proven yet"),
    ("active", "Working"),
    ("revoked", "Revoked"),
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
        ..ConnectionSearch::default()
    };
    let mut tx = desk.read().await?;
    let found = tx.connection_rows(&search, &asked.page()).await?;
    let counts = tx.connection_counts(None).await?;
    let mut names = Names::default();
    let mut apps = Vec::with_capacity(found.len());
    for row in &found {
        apps.push(names.app(&mut tx, &row.connection.app).await?);
    }
    drop(tx);
    let rows: Vec<_> = found.into_iter().zip(apps).collect();
    let id = |(row, _): &(ConnectionRow, String)| row.connection.id.clone();
    let page: Listed<Row> = asked.listed(&chips(&counts), rows, id, row);
    Ok(desk.show("connections/list.html", "Connections", page))
}

fn chips(counts: &[(ConnectionStatus, i64)]) -> Vec<(&'static str, String)> {
    let all: i64 = counts.iter().map(|(_, count)| count).sum();
    let count = |state: &str| {
        let found = counts.iter().find(|(status, _)| status.as_str() == state);
        found.map_or(0, |(_, count)| *count)
    };
    let chip = |(state, label): &(&'static str, &str)| {
        let count = if state.is_empty() { all } else { count(state) };
        (*state, format!("{label} {count}"))
    };
    CHIPS.iter().map(chip).collect()
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
