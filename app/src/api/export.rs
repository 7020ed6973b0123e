//! Everything of a workspace but its secrets, as one JSON document in the shapes of the API.

use axum::body::{Body, Bytes};
use futures_util::stream;
use latchkey_tenants::{
    AgencyId, PageOf, StoreError, Workspace, WorkspaceId,
    store::{
        Audience, ConnectionFilter, InvitationRow, MemberRow, MemberSearch, RequestFilter,
        WorkflowFilter,
    },
};
use serde::Serialize;
use tokio::sync::mpsc;

use super::{
    connections::ConnectionView,
    people::{InvitationView, MemberView},
    requests::RequestView,
    workflows::WorkflowView,
    workspaces::WorkspaceView,
};
use crate::platform::Platform;

/// Rows that are read at one time, and parts that wait for a slow reader.
const BATCH: i64 = 200;
const AHEAD: usize = 2;

type Part = Result<Bytes, StoreError>;

/// Written while it is sent. When the database fails on the way, the answer ends early and is no JSON.
pub(crate) fn workspace_export(
    platform: &Platform,
    agency: &AgencyId,
    workspace: Workspace,
) -> Body {
    let (out, parts) = mpsc::channel(AHEAD);
    let (platform, agency) = (platform.clone(), agency.clone());
    tokio::spawn(async move {
        let Err(Stop::Failed(error)) = write(&platform, &agency, workspace, &out).await else {
            return;
        };
        // Nobody listens any more: nobody is to be told.
        let _ = out.send(Err(error)).await;
    });
    Body::from_stream(stream::unfold(parts, |mut parts| async move {
        parts.recv().await.map(|part: Part| (part, parts))
    }))
}

enum Stop {
    /// The reader went away.
    Gone,
    Failed(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// One list of the document, page by page.
macro_rules! list {
    ($name:literal, $platform:ident, $agency:ident, $out:ident, |$tx:ident, $page:ident| $read:expr, $id:expr, $view:expr) => {
        say($out, concat!(",\"", $name, "\":[")).await?;
        let mut $page = PageOf {
            after: None,
            limit: BATCH,
        };
        loop {
            let mut $tx = $platform.store.read($agency).await?;
            let rows = $read.await?;
            drop($tx);
            let full = rows.len() as i64 == BATCH;
            let last = rows.last().map($id);
            let separator = if $page.after.is_some() { "," } else { "" };
            let views: Vec<String> = rows.into_iter().map(|row| json(&$view(row))).collect();
            if !views.is_empty() {
                say($out, &format!("{separator}{}", views.join(","))).await?;
            }
            match last {
                Some(last) if full => $page.after = Some(last),
                _ => break,
            }
        }
        say($out, "]").await?;
    };
}

async fn write(
    platform: &Platform,
    agency: &AgencyId,
    workspace: Workspace,
    out: &mpsc::Sender<Part>,
) -> Result<(), Stop> {
    let (id, now) = (workspace.id.clone(), platform.now());
    let start = json(&WorkspaceView::from(workspace));
    say(
        out,
        &format!("{{\"exported_at\":\"{now}\",\"workspace\":{start}"),
    )
    .await?;
    people(platform, agency, &id, out).await?;
    let id = Some(id);
    let workflows = WorkflowFilter {
        workspace_id: id.clone(),
        ..WorkflowFilter::default()
    };
    let connections = ConnectionFilter {
        workspace_id: id.clone(),
        ..ConnectionFilter::default()
    };
    let requests = RequestFilter {
        workspace_id: id,
        ..RequestFilter::default()
    };
    list!(
        "workflows",
        platform,
        agency,
        out,
        |tx, page| tx.workflows(&workflows, &page),
        |row| row.id.clone(),
        WorkflowView::from
    );
    list!(
        "connections",
        platform,
        agency,
        out,
        |tx, page| tx.connections(&connections, &page),
        |row| row.id.clone(),
        ConnectionView::from
    );
    list!(
        "requests",
        platform,
        agency,
        out,
        |tx, page| tx.requests(&requests, &page),
        |row| row.id.clone(),
        |row| RequestView::at(row, now)
    );
    say(out, "}\n").await
}

/// Its clients, and who was invited to be one.
async fn people(
    platform: &Platform,
    agency: &AgencyId,
    id: &WorkspaceId,
    out: &mpsc::Sender<Part>,
) -> Result<(), Stop> {
    let people = MemberSearch {
        audience: Audience::Workspace(id.clone()),
        ..MemberSearch::default()
    };
    list!(
        "members",
        platform,
        agency,
        out,
        |tx, page| tx.member_rows(&people, &page),
        |row| row.member.id.clone(),
        |row: MemberRow| MemberView::from(row.member)
    );
    list!(
        "invitations",
        platform,
        agency,
        out,
        |tx, page| tx.invitation_rows(Some(id), "", &page),
        |row| row.invitation.id.clone(),
        |row: InvitationRow| InvitationView::from(row.invitation)
    );
    Ok(())
}

async fn say(out: &mpsc::Sender<Part>, text: &str) -> Result<(), Stop> {
    let part = Bytes::copy_from_slice(text.as_bytes());
    out.send(Ok(part)).await.map_err(|_| Stop::Gone)
}

/// The views hold nothing that JSON has no word for.
fn json(view: &impl Serialize) -> String {
    serde_json::to_string(view).unwrap_or_default()
}
