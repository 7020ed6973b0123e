use latchkey_tenants::{
    Capability, MemberId, Timestamp,
    store::{Audience, MemberRow, MemberSearch},
};
use serde::Serialize;

use super::tabs::{Tab, tabs};
use crate::{
    console::{
        Desk,
        listing::{Asked, Listed},
    },
    http::{PageResult, Query},
    person::Work,
};

pub(super) const PATH: &str = "/dashboard/people/clients";

#[derive(Serialize)]
struct Clients {
    tabs: Vec<Tab>,
    list: Listed<Row>,
}

#[derive(Serialize)]
struct Row {
    id: MemberId,
    name: String,
    email: String,
    workspace: Option<String>,
    workspace_path: Option<String>,
    last_seen_at: Option<i64>,
}

/// `GET /dashboard/people/clients`: those who have an account in a workspace.
pub(super) async fn show(desk: Desk<Work>, query: Query) -> PageResult {
    let asked: Asked<MemberId> = Asked::of(PATH, &query)?;
    let search = MemberSearch {
        audience: Audience::Clients,
        text: asked.text.clone(),
    };
    let mut tx = desk.read().await?;
    let found = tx.member_rows(&search, &asked.page()).await?;
    drop(tx);
    let id = |row: &MemberRow| row.member.id.clone();
    let page = Clients {
        tabs: tabs(PATH, desk.may(Capability::Manage)),
        list: asked.listed(&[], found, id, row),
    };
    Ok(desk.show("people/clients.html", "Clients", page))
}

fn row(row: MemberRow) -> Row {
    let member = row.member;
    Row {
        workspace_path: member
            .workspace_id
            .map(|id| format!("/dashboard/workspaces/{id}")),
        workspace: row.workspace.map(|name| name.to_string()),
        email: member.email.to_string(),
        name: member
            .name
            .map_or_else(|| member.email.to_string(), |name| name.to_string()),
        last_seen_at: row.last_seen_at.map(Timestamp::micros),
        id: member.id,
    }
}
