use latchkey_tenants::{
    PageOf, StoreError, Timestamp, Tx, WorkspaceId,
    store::{Audience, MemberSearch, RequestFilter, WorkflowFilter},
};
use serde::Serialize;

use super::{found, path_of};
use crate::{
    console::{
        Desk, connections,
        listing::address,
        names::Names,
        requests::{self, request_state},
        typed::Typed,
        workflows::gate_state,
    },
    http::{PageError, PageResult, Segment},
    person::Work,
};

/// Of each kind; a longer list is on the page of its room.
const SHOWN: i64 = 10;

pub(super) const TEMPLATE: &str = "workspaces/show.html";

#[derive(Serialize)]
pub(super) struct Shown {
    path: String,
    id: String,
    pub name: String,
    pub rename: Typed,
    slug: String,
    created_at: i64,
    closing_at: Option<i64>,
    suspended_at: Option<i64>,
    clients: Vec<Client>,
    invitations: Vec<Invited>,
    workflows: Vec<Linked>,
    requests: Vec<Linked>,
    connections: Vec<Linked>,
    /// Where there are more of each than are shown.
    more_clients: Option<String>,
    more_workflows: Option<String>,
    more_requests: Option<String>,
    more_connections: Option<String>,
    invite: String,
    ask: String,
    add_workflow: String,
}

#[derive(Serialize)]
struct Client {
    path: String,
    name: String,
    email: String,
    last_seen_at: Option<i64>,
}

#[derive(Serialize)]
struct Invited {
    email: String,
    expires_at: i64,
}

#[derive(Serialize)]
struct Linked {
    path: String,
    name: String,
    beside: String,
    state: (&'static str, &'static str),
}

/// `GET /dashboard/workspaces/{workspace}`: what is in it, each leading on.
pub(super) async fn show(desk: Desk<Work>, segment: Segment) -> PageResult {
    let page = Shown::of(&desk, &segment).await?;
    Ok(desk.show(TEMPLATE, &page.name, &page))
}

impl Shown {
    pub async fn of(desk: &Desk<Work>, segment: &Segment) -> Result<Self, PageError> {
        let row = found(desk, segment).await?;
        let workspace = row.workspace;
        let (id, name) = (&workspace.id, workspace.name.to_string());
        let more = |room: &str, count: i64| {
            (count > SHOWN).then(|| address(&format!("/dashboard/{room}"), &[("q", &name)]))
        };
        let mut tx = desk.read().await?;
        let (requests, more_requests) = asked(&mut tx, id, desk.now()).await?;
        Ok(Self {
            path: path_of(id),
            rename: Typed::holding(&*name),
            clients: clients(&mut tx, id).await?,
            invitations: invitations(&mut tx, id).await?,
            workflows: workflows(&mut tx, id).await?,
            connections: living(&mut tx, id).await?,
            more_clients: more("people/clients", row.clients),
            more_workflows: more("workflows", row.workflows),
            more_requests: more("requests", more_requests),
            more_connections: more("connections", row.connections),
            invite: address(
                "/dashboard/people/invite",
                &[("role", "client"), ("workspace", id.as_str())],
            ),
            ask: requests::path_of_new(id, None),
            add_workflow: address("/dashboard/workflows/new", &[("workspace", id.as_str())]),
            requests,
            id: id.to_string(),
            slug: workspace.slug.to_string(),
            created_at: workspace.created_at.micros(),
            closing_at: workspace.closing_at.map(Timestamp::micros),
            suspended_at: workspace.suspended_at.map(Timestamp::micros),
            name,
        })
    }
}

fn first<I>() -> PageOf<I> {
    PageOf {
        after: None,
        limit: SHOWN,
    }
}

async fn clients(tx: &mut Tx, id: &WorkspaceId) -> Result<Vec<Client>, StoreError> {
    let search = MemberSearch {
        audience: Audience::Workspace(id.clone()),
        ..MemberSearch::default()
    };
    let rows = tx.member_rows(&search, &first()).await?;
    Ok(rows
        .into_iter()
        .map(|row| Client {
            path: format!("/dashboard/people/{}", row.member.id),
            email: row.member.email.to_string(),
            name: row
                .member
                .name
                .map_or_else(|| row.member.email.to_string(), |name| name.to_string()),
            last_seen_at: row.last_seen_at.map(Timestamp::micros),
        })
        .collect())
}

async fn invitations(tx: &mut Tx, id: &WorkspaceId) -> Result<Vec<Invited>, StoreError> {
    let rows = tx.invitation_rows(Some(id), "", &first()).await?;
    Ok(rows
        .into_iter()
        .map(|row| Invited {
            email: row.invitation.email.to_string(),
            expires_at: row.invitation.expires_at.micros(),
        })
        .collect())
}

async fn workflows(tx: &mut Tx, id: &WorkspaceId) -> Result<Vec<Linked>, StoreError> {
    let filter = WorkflowFilter {
        workspace_id: Some(id.clone()),
        ..WorkflowFilter::default()
    };
    let workflows = tx.workflows(&filter, &first()).await?;
    Ok(workflows
        .into_iter()
        .map(|workflow| Linked {
            path: format!("/dashboard/workflows/{}", workflow.id),
            name: workflow.name.to_string(),
            beside: String::new(),
            state: gate_state(workflow.gate.state),
        })
        .collect())
}

/// The newest, and how many there are if there are more than can be shown.
async fn asked(
    tx: &mut Tx,
    id: &WorkspaceId,
    now: Timestamp,
) -> Result<(Vec<Linked>, i64), StoreError> {
    let filter = RequestFilter {
        workspace_id: Some(id.clone()),
        ..RequestFilter::default()
    };
    let page = PageOf {
        after: None,
        limit: SHOWN + 1,
    };
    let mut requests = tx.requests(&filter, &page).await?;
    let count = requests.len() as i64;
    requests.truncate(SHOWN as usize);
    let mut shown = Vec::with_capacity(requests.len());
    for request in requests {
        shown.push(Linked {
            path: format!("/dashboard/requests/{}", request.id),
            beside: format!(
                "{} of {} connected",
                request.fulfilled(),
                request.items.len()
            ),
            state: request_state(&request, now),
            name: request.recipient.email.to_string(),
        });
    }
    Ok((shown, count))
}

async fn living(tx: &mut Tx, id: &WorkspaceId) -> Result<Vec<Linked>, StoreError> {
    let rows = tx.connection_rows_of_workspace(id, SHOWN).await?;
    let mut names = Names::default();
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        let connection = row.connection;
        let account = connection.account.as_ref();
        shown.push(Linked {
            path: format!("/dashboard/connections/{}", connection.id),
            name: names.app(tx, &connection.app).await?,
            beside: account.map_or_else(
                || connection.authorized_email.to_string(),
                |account| account.shown().to_owned(),
            ),
            state: connections::standing(connection.status, connection.paused_at.is_some()),
        });
    }
    Ok(shown)
}
