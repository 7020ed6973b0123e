use axum::{extract::State, response::Response};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use latchkey_tenants::{
    Connection, ConnectionId, Member, PageOf, StoreError, Tx, store::InboxItem,
};
use latchkey_themes::{
    Page, initial,
    page::{ConnectionRow, ConnectionState, OutstandingRequest, PortalHome},
};
use ring::digest;

use super::{
    CONNECTIONS, connection_path,
    listing::{older, page_of, path_to},
};
use crate::{
    http::{PageResult, Query, Respond},
    jobs::app_name,
    link::{Watcher, live},
    person::{Client, see_other},
    platform::Platform,
    urls::Urls,
};

/// `GET /portal`: the door of clients.
pub(super) async fn door(_: Client) -> Response {
    see_other(CONNECTIONS)
}

/// `GET /portal/connections`: what is asked for, by workflow, and what is connected.
pub(super) async fn show(
    State(platform): State<Platform>,
    query: Query,
    client: Client,
) -> PageResult {
    let person = client.person;
    let wanted = page_of(&query);
    let mut tx = platform.store.read(&person.site.agency.id).await?;
    let known = Known::read(&mut tx, person.member(), &wanted).await?;
    let page = PortalHome {
        csrf: person.csrf(),
        events_path: path_to(&format!("{CONNECTIONS}/events"), &wanted),
        seen: known.digest(),
        awaiting: known.inbox.len(),
        requests: requests(&mut tx, person.member(), &known.inbox).await?,
        connections: rows(&mut tx, &known.connections, connection_path).await?,
        older_path: known.older_path,
    };
    drop(tx);
    let page = Page::PortalHome(page);
    Ok(Respond::new(&platform, &person.site).page(StatusCode::OK, &page))
}

/// `GET /portal/connections/events`: says whenever the page would be another one.
pub(super) async fn events(
    State(platform): State<Platform>,
    query: Query,
    headers: http::HeaderMap,
    client: Client,
) -> PageResult {
    let wanted = page_of(&query);
    let watcher = Watcher::new(platform, client.person.site, headers);
    Ok(live(watcher, "state", move |watcher| {
        let wanted = wanted.clone();
        async move {
            let Some((session, _)) = watcher.session().await? else {
                return Ok(None);
            };
            let mut tx = watcher.read().await?;
            let known = Known::read(&mut tx, &session.member, &wanted).await?;
            Ok(Some(known.digest()))
        }
    }))
}

/// What the page is made of.
struct Known {
    inbox: Vec<InboxItem>,
    connections: Vec<Connection>,
    older_path: Option<String>,
}

impl Known {
    async fn read(
        tx: &mut Tx,
        member: &Member,
        page: &PageOf<ConnectionId>,
    ) -> Result<Self, StoreError> {
        let mut connections = tx.connections_of_member(member, page).await?;
        Ok(Self {
            inbox: tx.inbox_of(member).await?,
            older_path: older(CONNECTIONS, &mut connections),
            connections,
        })
    }

    /// Another one whenever the page would be.
    fn digest(&self) -> String {
        let mut hash = digest::Context::new(&digest::SHA256);
        for item in &self.inbox {
            hash.update(item.id.as_str().as_bytes());
        }
        for one in &self.connections {
            hash.update(one.id.as_str().as_bytes());
            hash.update(one.status.as_str().as_bytes());
            hash.update(&[u8::from(one.paused_at.is_some())]);
        }
        URL_SAFE_NO_PAD.encode(&hash.finish().as_ref()[..12])
    }
}

/// One entry for each workflow, in the order in which they were asked for.
async fn requests(
    tx: &mut Tx,
    member: &Member,
    inbox: &[InboxItem],
) -> Result<Vec<OutstandingRequest>, StoreError> {
    let workspace = match &member.workspace_id {
        Some(id) => tx.workspace(id).await?,
        None => None,
    };
    let workspace = workspace.map_or_else(String::new, |found| found.name.to_string());
    let mut requests: Vec<OutstandingRequest> = Vec::new();
    for item in inbox {
        let path = Urls::portal_workflow_path(&item.workflow_id);
        let app = app_name(tx, &item.app).await?;
        let end = item.expires_at.date_time();
        if let Some(known) = requests.iter_mut().find(|known| known.path == path) {
            known.apps.push(app);
            known.expires_at = known.expires_at.min(Some(end));
            continue;
        }
        requests.push(OutstandingRequest {
            workflow: item.workflow.to_string(),
            workspace: workspace.clone(),
            apps: vec![app],
            path,
            expires_at: Some(end),
        });
    }
    Ok(requests)
}

/// Rows of a table of connections.
pub(super) async fn rows(
    tx: &mut Tx,
    connections: &[Connection],
    path: impl Fn(&ConnectionId) -> String,
) -> Result<Vec<ConnectionRow>, StoreError> {
    let mut rows = Vec::with_capacity(connections.len());
    for connection in connections {
        rows.push(row(tx, connection, path(&connection.id)).await?);
    }
    Ok(rows)
}

pub(super) async fn row(
    tx: &mut Tx,
    connection: &Connection,
    path: String,
) -> Result<ConnectionRow, StoreError> {
    let app = app_name(tx, &connection.app).await?;
    let account = connection.account.as_ref();
    Ok(ConnectionRow {
        initial: initial(&app),
        app,
        label: account.map(|account| account.shown().to_owned()),
        state: state(connection),
        path,
    })
}

fn state(connection: &Connection) -> ConnectionState {
    use latchkey_tenants::ConnectionStatus as Status;
    match connection.status {
        Status::Revoked => ConnectionState::Revoked,
        _ if connection.paused_at.is_some() => ConnectionState::Paused,
        Status::Pending => ConnectionState::Pending,
        Status::Active => ConnectionState::Active,
        Status::Error => ConnectionState::Error,
    }
}
