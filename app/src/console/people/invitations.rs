use latchkey_tenants::{
    Capability, InvitationId,
    store::{InvitationRow, InvitationStatus},
};
use serde::Serialize;

use super::tabs::{Tab, said, tabs};
use crate::{
    console::{
        Desk,
        listing::{Asked, Listed},
        told,
    },
    http::{PageResult, Query, Segment},
    person::{Sent, Work},
};

pub(super) const PATH: &str = "/dashboard/people/invitations";

#[derive(Serialize)]
struct Invitations {
    tabs: Vec<Tab>,
    list: Listed<Row>,
}

#[derive(Serialize)]
struct Row {
    path: String,
    email: String,
    name: Option<String>,
    role: &'static str,
    workspace: Option<String>,
    late: bool,
    expires_at: i64,
}

/// `GET /dashboard/people/invitations`: those that wait to be taken up, or did in vain.
pub(super) async fn show(desk: Desk<Work>, query: Query) -> PageResult {
    let asked: Asked<InvitationId> = Asked::of(PATH, &query)?;
    let mut tx = desk.read().await?;
    let found = tx.invitation_rows(None, &asked.text, &asked.page()).await?;
    drop(tx);
    let id = |row: &InvitationRow| row.invitation.id.clone();
    let page = Invitations {
        tabs: tabs(PATH, desk.may(Capability::Manage)),
        list: asked.listed(&[], found, id, row),
    };
    Ok(desk.show("people/invitations.html", "Invitations", page))
}

/// `POST /dashboard/people/invitations/{invitation}/resend`.
pub(super) async fn resend(
    segment: Segment,
    Sent { by: desk, .. }: Sent<Desk<Work>>,
) -> PageResult {
    let id = segment.id()?;
    let mut tx = desk.begin().await?;
    let role = desk.member().role;
    let outcome = tx.invitation_resend(&id, role, &desk.actor()).await;
    if outcome.is_ok() {
        desk.commit(tx).await?;
    }
    told(
        PATH,
        outcome,
        "Sent again. The link of the mail before is dead.",
    )
}

/// `POST /dashboard/people/invitations/{invitation}/withdraw`.
pub(super) async fn withdraw(
    segment: Segment,
    Sent { by: desk, .. }: Sent<Desk<Work>>,
) -> PageResult {
    let id = segment.id()?;
    let mut tx = desk.begin().await?;
    let role = desk.member().role;
    let outcome = tx.invitation_withdraw(&id, role, &desk.actor()).await;
    if outcome.is_ok() {
        desk.commit(tx).await?;
    }
    told(PATH, outcome, "Withdrawn. Its link is dead.")
}

fn row(row: InvitationRow) -> Row {
    let invitation = row.invitation;
    Row {
        path: format!("{PATH}/{}", invitation.id),
        email: invitation.email.to_string(),
        name: invitation.name.map(|name| name.to_string()),
        role: said(invitation.role),
        workspace: row.workspace.map(|name| name.to_string()),
        late: invitation.status == InvitationStatus::Expired,
        expires_at: invitation.expires_at.micros(),
    }
}
